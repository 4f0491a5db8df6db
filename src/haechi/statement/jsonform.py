"""Statements and claims as JSON, for twins of pages, `--json` and payload files written by hand.

JSON has no bytes: a 32-byte digest is `"sha256:<64 hex>"`, any other byte string `"hex:<hex>"`; a text that
happens to read like one of these gets `text:` in front. The signed form is always CBOR; JSON is a view of it
and is never signed.
"""

import re
from typing import cast

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import AnyKind, Claim, UnknownKind, claim_of, kind_of, plain_claim
from haechi.statement.envelope import Statement
from haechi.words import Text

_SPELLED = re.compile(r"(?:sha256:(?P<digest>[0-9a-f]{64})|hex:(?P<hex>(?:[0-9a-f]{2})*))\Z")
_ESCAPED = re.compile(r"text:(?:text:)*(?:sha256:[0-9a-f]{64}|hex:(?:[0-9a-f]{2})*)\Z")
_BYTES_SCHEMA = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|hex:([0-9a-f]{2})*)$"}
_DIGEST_SCHEMA = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_BASE64_OF_32 = 44  # how msgspec counts 32 bytes in a schema


def to_json(value: object) -> object:
    """Plain values with byte strings spelled out; dicts keep their order."""
    if isinstance(value, bytes):
        return f"sha256:{value.hex()}" if len(value) == 32 else f"hex:{value.hex()}"
    if isinstance(value, str):
        return f"text:{value}" if _SPELLED.match(value) or _ESCAPED.match(value) else value
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in cast("list[object]", value)]
    return value


def from_json(value: object) -> object:
    r"""Plain values with spelled-out byte strings read back; undoes `to_json`.

    >>> from_json({"a": "hex:00ff", "b": "plain", "c": "text:hex:00ff"})
    {'a': b'\x00\xff', 'b': 'plain', 'c': 'hex:00ff'}
    """
    if isinstance(value, str):
        spelled = _SPELLED.match(value)
        if spelled:
            return bytes.fromhex(spelled["digest"] or spelled["hex"] or "")
        return value.removeprefix("text:") if _ESCAPED.match(value) else value
    if isinstance(value, dict):
        return {k: from_json(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, list):
        return [from_json(item) for item in cast("list[object]", value)]
    return value


def claim_json(claim: Claim) -> object:
    """A claim as JSON values."""
    return to_json(plain_claim(claim))


def statement_json(statement: Statement, facts: Facts) -> dict[str, object]:
    """Everything a statement says, as JSON values; `claim` is null when only its digest is signed."""
    about, envelope = statement.about, statement.hash_envelope
    key = statement.key
    try:
        claim = claim_of(statement, facts)
        title: Text | None = kind_of(about.kind).title
    except UnknownKind:
        claim, title = None, None
    return {
        "digest": statement.digest_hex,
        "kind": about.kind,
        "title": None if title is None else {"en": title.en, "ko": title.ko},
        "issuer": about.issuer,
        "subject": about.subject,
        "issued_at": about.issued_at,
        "sharing": str(about.sharing),
        "key": {"thumbprint": statement.kid.hex(), "family": None if key is None else str(key.family)},
        "bytes": len(statement.raw),
        "claim": None if claim is None else claim_json(claim),
        "hash_envelope": None
        if envelope is None
        else {
            "payload": to_json(statement.payload),
            "content_type": envelope.content_type,
            "location": envelope.location,
        },
        "facts_version": facts.version,
    }


def json_schema(kind: AnyKind) -> dict[str, object]:
    """The JSON Schema (2020-12) of a kind's payload in its JSON form; `x-title-ko` holds Korean titles."""
    schema = cast("dict[str, object]", _spell_bytes(msgspec.json.schema(kind.payload)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:haechi:kind:{kind.name}",
        "title": kind.title.en,
        "x-title-ko": kind.title.ko,
        "description": kind.about.en,
        "x-description-ko": kind.about.ko,
        **schema,
    }


def _spell_bytes(node: object) -> object:
    if isinstance(node, dict):
        members = cast("dict[str, object]", node)
        if members.get("contentEncoding") == "base64":
            titles = {name: value for name, value in members.items() if name in ("title", "x-title-ko")}
            exact = members.get("minLength") == members.get("maxLength") == _BASE64_OF_32
            return {**titles, **(_DIGEST_SCHEMA if exact else _BYTES_SCHEMA)}
        return {name: _spell_bytes(value) for name, value in members.items()}
    if isinstance(node, list):
        return [_spell_bytes(item) for item in cast("list[object]", node)]
    return node
