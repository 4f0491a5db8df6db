"""COSE_Sign1 envelopes (RFC 9052 section 4.2), decoded strictly and signed over the bytes as sent.

    BadInput
    └── EnvelopeMalformed     well-formed CBOR that is not the COSE_Sign1 we accept

Statements and receipts are both made of this; what their headers must hold is theirs to say.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.statement import cbor
from haechi.statement.sentence import Sentence
from haechi.words import Text

ALG = 1
CRIT = 2
CONTENT_TYPE = 3
KID = 4
CWT_CLAIMS = 15
COSE_SIGN1_TAG = 0xD2  # tag 18, one byte
MAX_HEADER_BYTES = 8 * 1024  # the longest names and an ML-DSA-65 key take less than 6 KiB
_BEGIN = bytes((COSE_SIGN1_TAG, 0x84))  # the tag and an array of 4

Header = dict[object, object]


class EnvelopeMalformed(BadInput):
    """Not an acceptable COSE_Sign1; facts: why."""

    code = "statement.envelope"
    what = Sentence("not a valid COSE_Sign1 envelope: {why}", "올바른 COSE_Sign1 봉투가 아닙니다: {why}")
    hint = Text(
        "sign with `haechi sign`, or see docs/reference/statement-format.md",
        "`haechi sign` 으로 서명하거나 docs/reference/statement-format.md를 보세요",
    )


class Sign1(msgspec.Struct, frozen=True):
    """The four parts of one envelope. `protected_raw` is kept as sent, for it is what was signed."""

    protected_raw: bytes
    protected: Mapping[object, object]
    unprotected: Mapping[object, object]
    payload: bytes | None
    signature: bytes

    @property
    def alg(self) -> int:
        """The algorithm number of the protected header (checked at decoding)."""
        return cast("int", self.protected[ALG])

    def signed_bytes(self, detached: bytes | None = None) -> bytes:
        """The Sig_structure bytes; `detached` stands in for a nil payload."""
        payload = self.payload if self.payload is not None else detached
        if payload is None:
            raise EnvelopeMalformed(
                why=Text("the payload is detached and was not supplied", "분리된 페이로드가 주어지지 않음")
            )
        return sig_structure(self.protected_raw, payload)

    def encode(self, unprotected: Mapping[object, object] | None = None) -> bytes:
        """The tagged envelope; `unprotected` replaces the unprotected map (never signed)."""
        chosen = self.unprotected if unprotected is None else unprotected
        return encode_sign1(self.protected_raw, chosen, self.payload, self.signature)


def sig_structure(protected_raw: bytes, payload: bytes) -> bytes:
    """`["Signature1", protected, h'', payload]`, the bytes that are signed (RFC 9052 section 4.4)."""
    return b"".join(
        (
            b"\x84\x6aSignature1",
            cbor.head(2, len(protected_raw)),
            protected_raw,
            b"\x40",
            cbor.head(2, len(payload)),
            payload,
        )
    )


def encode_sign1(
    protected_raw: bytes, unprotected: Mapping[object, object], payload: bytes | None, signature: bytes
) -> bytes:
    """A tagged COSE_Sign1 with definite lengths and sorted unprotected keys."""
    encoded = cbor.encode(dict(unprotected), where="unprotected header") if unprotected else b"\xa0"
    return join_sign1(protected_raw, encoded, payload, signature)


def join_sign1(
    protected_raw: bytes, unprotected_raw: bytes, payload: bytes | None, signature: bytes
) -> bytes:
    """`encode_sign1` for an unprotected header that is encoded already."""
    return b"".join(
        (
            _BEGIN,
            cbor.head(2, len(protected_raw)),
            protected_raw,
            unprotected_raw,
            b"\xf6" if payload is None else cbor.head(2, len(payload)) + payload,
            cbor.head(2, len(signature)),
            signature,
        )
    )


def decode_sign1(raw: bytes, *, where: str, max_bytes: int) -> Sign1:
    """The parts of a tagged COSE_Sign1; any looseness in encoding or headers is refused.

    Refused: a missing tag, an empty protected header or one above 8 KiB, `crit` (we understand none), a
    header label in both maps, a payload that is neither bytes nor nil. Raises TooLarge, CborMalformed,
    EnvelopeMalformed.
    """
    envelope = open_sign1(raw, where=where, max_bytes=max_bytes)
    require_strict_header(envelope, where=where)
    return envelope


def require_strict_header(envelope: Sign1, *, where: str) -> None:
    """Raise CborMalformed unless the protected header is strict CBOR, keys in any order."""
    cbor.decode(
        envelope.protected_raw, where=f"{where} header", max_bytes=MAX_HEADER_BYTES, sorted_keys=False
    )


def open_sign1(raw: bytes, *, where: str, max_bytes: int) -> Sign1:
    """As `decode_sign1`, but whether the protected header is strict CBOR is left to the caller to check."""
    if raw[:1] != _BEGIN[:1]:
        raise EnvelopeMalformed(
            why=Text("it does not begin with CBOR tag 18", "CBOR 태그 18로 시작하지 않음")
        )
    if len(raw) > max_bytes:
        raise TooLarge(what_is=where, limit=max_bytes, got=len(raw))
    parts = _parts(raw, where, max_bytes)
    if not isinstance(parts, list):
        raise EnvelopeMalformed(why=Text("it is not an array", "배열이 아님"))
    fields = cast("list[object]", parts)
    if len(fields) != 4:
        raise EnvelopeMalformed(
            why=Text(f"it has {len(fields)} parts instead of 4", f"4개여야 할 부분이 {len(fields)}개임")
        )
    protected_raw, unprotected, payload, signature = fields
    if not isinstance(protected_raw, bytes) or not isinstance(signature, bytes):
        raise EnvelopeMalformed(
            why=Text(
                "the protected header and the signature must be byte strings",
                "보호 헤더와 서명은 바이트열이어야 함",
            )
        )
    if not isinstance(unprotected, dict):
        raise EnvelopeMalformed(why=Text("the unprotected header must be a map", "비보호 헤더는 맵이어야 함"))
    if payload is not None and not isinstance(payload, bytes):
        raise EnvelopeMalformed(
            why=Text("the payload must be a byte string or nil", "페이로드는 바이트열이나 null이어야 함")
        )
    protected = _protected_header(protected_raw, where)
    unprotected_map = cast("Header", unprotected)
    if unprotected_map and protected.keys() & unprotected_map.keys():
        raise EnvelopeMalformed(
            why=Text("a header label is in both headers", "같은 헤더 레이블이 두 헤더에 있음")
        )
    return Sign1(protected_raw, protected, unprotected_map, payload, signature)


def _parts(raw: bytes, where: str, max_bytes: int) -> object:
    """What follows the tag, strictly decoded; nearly always four parts with nothing in the second."""
    parts = cbor.parse(raw[1:], where=where, max_bytes=max_bytes, sorted_keys=False)
    if isinstance(parts, list) and len(fields := cast("list[object]", parts)) == 4:
        protected_raw, unprotected, payload, signature = fields
        if (
            isinstance(protected_raw, bytes)
            and unprotected == {}
            and isinstance(payload, bytes)
            and isinstance(signature, bytes)
            and join_sign1(protected_raw, b"\xa0", payload, signature) == raw
        ):
            return fields
    return cbor.decode(raw[1:], where=where, max_bytes=max_bytes, sorted_keys=False)


def _protected_header(protected_raw: bytes, where: str) -> Header:
    if not protected_raw:
        raise EnvelopeMalformed(why=Text("the protected header is empty", "보호 헤더가 비어 있음"))
    header = cbor.parse(protected_raw, where=f"{where} header", max_bytes=MAX_HEADER_BYTES, sorted_keys=False)
    if not isinstance(header, dict):
        raise EnvelopeMalformed(why=Text("the protected header must hold a map", "보호 헤더는 맵이어야 함"))
    labels = cast("Header", header)
    if CRIT in labels:
        raise EnvelopeMalformed(
            why=Text("critical headers (crit) are not understood here", "필수 헤더(crit)는 지원하지 않음")
        )
    if type(labels.get(ALG)) is not int:
        raise EnvelopeMalformed(
            why=Text("the protected header names no algorithm", "보호 헤더에 알고리즘이 없음")
        )
    return labels
