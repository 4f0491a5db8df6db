"""What a statement says of itself, read quickly and without trust: for the index, before any check.

Nothing here decides anything. The strict reading is `Statement.from_bytes`, about three times as slow.
"""

from typing import Any, NamedTuple

import msgspec

from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.statement import cbor
from haechi.statement.claims import AnyKind, Claim, UnknownKind, examine_claim, kind_of
from haechi.statement.envelope import (
    HAECHI,
    IAT,
    ISS,
    MAX_NAME_CHARS,
    MAX_STATEMENT_BYTES,
    PAYLOAD_HASH_ALG,
    PREIMAGE_CONTENT_TYPE,
    SUB,
    About,
    Sharing,
    Statement,
)
from haechi.statement.sign1 import COSE_SIGN1_TAG, CWT_CLAIMS, KID

_MAX_KIND_CHARS = 40
_MAX_TIME = 1 << 53
_SHARING = {str(level): level for level in Sharing}
_NOT_A_STATEMENT = (
    BadInput,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    RecursionError,
    MemoryError,
)


class Glance(NamedTuple):
    """What the header says. issued_at: Unix seconds as the issuer wrote them; kid: 32 bytes."""

    kind: str
    issuer: str
    subject: str
    issued_at: int
    kid: bytes
    sharing: Sharing


class Body(NamedTuple):
    """The payload; for a hash envelope the 32-byte digest, with the media type of the file it is of."""

    payload: bytes
    preimage_type: str | None


class FileRef(NamedTuple):
    """A file that a statement rests on. size: bytes; None where only the digest was signed."""

    digest: bytes
    size: int | None
    media_type: str


class References(NamedTuple):
    """Digests of the statements that one speaks about, and the files that it rests on."""

    targets: tuple[bytes, ...]
    files: tuple[FileRef, ...]


NO_REFERENCES = References((), ())


def glance(raw: bytes) -> tuple[Glance, Body] | None:
    """Header and payload of what looks like a statement; None for what surely is none. Raises nothing."""
    if len(raw) > MAX_STATEMENT_BYTES or raw[:1] != bytes((COSE_SIGN1_TAG,)):
        return None
    # Any instead of object: `cast` is a call, and this runs for every entry of every mirrored log.
    parts: Any
    header: Any
    try:
        parts = cbor.parse(raw[1:], where="statement", max_bytes=MAX_STATEMENT_BYTES)
        header = cbor.parse(parts[0], where="header", max_bytes=MAX_STATEMENT_BYTES)
        claims, ours = header[CWT_CLAIMS], header[HAECHI]
        level = _SHARING[ours["tlp"]]
        said = Glance(ours["kind"], claims[ISS], claims[SUB], claims[IAT], header[KID], level)
        preimage_type = header[PREIMAGE_CONTENT_TYPE] if PAYLOAD_HASH_ALG in header else None
        body = Body(parts[2], preimage_type)
        fits = _fits(said) and type(body.payload) is bytes and type(preimage_type) in (str, type(None))
    except _NOT_A_STATEMENT:
        return None
    return (said, body) if fits else None


def _fits(said: Glance) -> bool:
    """Whether everything has its type and its bounds: until now it was only taken out of maps."""
    kind, issuer, subject, issued_at, kid, _ = said
    return (
        type(kind) is type(issuer) is type(subject) is str
        and type(issued_at) is int
        and type(kid) is bytes
        and 0 < len(kind) <= _MAX_KIND_CHARS
        and 0 < len(issuer) <= MAX_NAME_CHARS
        and 0 < len(subject) <= MAX_NAME_CHARS
        and 0 <= issued_at < _MAX_TIME
        and len(kid) == 32
        and kind.isprintable()
        and issuer.isprintable()
        and subject.isprintable()
    )


def glance_of(statement: Statement, claim: Claim | None) -> tuple[Glance, References]:
    """What `glance` and `references` find in `statement.raw`, without reading it again.

    claim: as decoded from its payload; None when it is encrypted or only its digest is signed.
    """
    return said_by(statement.about, statement.kid), references_of(statement, claim)


def said_by(about: About, kid: bytes) -> Glance:
    """What the header of a statement says."""
    return Glance(about.kind, about.issuer, about.subject, about.issued_at, kid, about.sharing)


def references_of(statement: Statement, claim: Claim | None) -> References:
    """What a statement refers to; claim: as for `glance_of`."""
    if (hashed := statement.hash_envelope) is not None:
        return References((), (FileRef(statement.payload, None, hashed.content_type),))
    return NO_REFERENCES if claim is None else _referred(kind_of(statement.about.kind), claim)


def files_named(statement: Statement, facts: Facts) -> tuple[FileRef, ...]:
    """The files that a statement rests on: those its claim names, or the one of which it signs the digest."""
    return references_of(statement, examine_claim(statement, facts)[1]).files


def references(kind: str, body: Body) -> References:
    """What a checked statement refers to; nothing when its kind is unknown here. Raises nothing."""
    if body.preimage_type is not None:
        return References((), (FileRef(body.payload, None, body.preimage_type),))
    try:
        form = kind_of(kind)
        claim = msgspec.convert(
            cbor.parse(body.payload, where="claim", max_bytes=MAX_STATEMENT_BYTES),
            form.payload,
            builtin_types=(bytes,),
        )
    except (UnknownKind, *_NOT_A_STATEMENT):
        return NO_REFERENCES
    return _referred(form, claim)


def _referred(kind: AnyKind, claim: Claim) -> References:
    files = tuple(FileRef(ref.digest, ref.size, ref.media_type) for ref in kind.evidence(claim))
    return References(kind.targets(claim), files)
