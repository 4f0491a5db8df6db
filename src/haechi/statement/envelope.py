"""A signed statement: an issuer says something of a kind about a subject (RFC 9943 section 6).

The public key travels along in the header (`cnf`), so the signature can always be checked; whether that key
may speak for that issuer is another check, made against what the reader trusts. A hash envelope (RFC 9995)
signs the digest of a file instead of a payload. `header.py` says what the protected header holds.

What is logged is `digest`: SHA-256 over the statement with an empty unprotected header. Nobody but the holder
of the key can make a second statement of the same words: every part has one encoding, and every signature
scheme here gives one signature per signing (ES256 by the lower s, Ed25519 by the strict profile).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.statement.header import (
    ANYBODY,
    CNF,
    ENCRYPTED,
    HAECHI,
    IAT,
    ISS,
    MAX_NAME_CHARS,
    PAYLOAD_HASH_ALG,
    PAYLOAD_LOCATION,
    PREIMAGE_CONTENT_TYPE,
    SUB,
    About,
    HashEnvelope,
    Sharing,
    content_type_of,
    read_header,
    write_header,
)
from haechi.statement.keys import ALGS, PublicKey, SigningKey
from haechi.statement.sentence import Sentence, reason_of
from haechi.statement.sign1 import EnvelopeMalformed, Sign1, encode_sign1, open_sign1, sig_structure
from haechi.words import Text

__all__ = [
    "ANYBODY",
    "CNF",
    "ENCRYPTED",
    "HAECHI",
    "IAT",
    "ISS",
    "MAX_NAME_CHARS",
    "MAX_RECEIPTS",
    "MAX_STATEMENT_BYTES",
    "MAX_TRANSPARENT_BYTES",
    "PAYLOAD_HASH_ALG",
    "PAYLOAD_LOCATION",
    "PREIMAGE_CONTENT_TYPE",
    "RECEIPTS",
    "SUB",
    "About",
    "HashEnvelope",
    "Sharing",
    "Statement",
    "check_format",
    "content_type_of",
    "labelled_for_anybody",
    "sign_statement",
]

MAX_STATEMENT_BYTES = 64 * 1024
MAX_TRANSPARENT_BYTES = MAX_STATEMENT_BYTES + 64 * 1024  # a statement with receipts in its header
MAX_RECEIPTS = 16
RECEIPTS = 394

declare(
    "statement.format",
    Text("Statement is well-formed", "진술 형식"),
    {
        "strict": (
            Verdict.HOLDS,
            Text("strict COSE_Sign1, one encoding only", "엄격한 COSE_Sign1, 인코딩이 하나뿐임"),
        ),
        "malformed": (Verdict.FAILS, Sentence("not a statement: {why}", "진술이 아님: {why}")),
    },
)
declare(
    "statement.signature",
    Text("Signature of the issuer's key", "발행자 키의 서명"),
    {
        "valid": (
            Verdict.HOLDS,
            Text("signed by key {key} ({alg})", "키 {key}({alg})로 서명됨"),
        ),
        "invalid": (
            Verdict.FAILS,
            Text("the signature is not of key {key}", "키 {key}의 서명이 아님"),
        ),
        "wrong-algorithm": (
            Verdict.FAILS,
            Text("algorithm {alg} does not fit key {key}", "알고리즘 {alg}은(는) 키 {key}에 맞지 않음"),
        ),
        "key-unknown": (
            Verdict.UNDECIDED,
            Text(
                "key {key} is neither in the statement nor known here",
                "키 {key}이(가) 진술에도 여기에도 없음",
            ),
        ),
    },
)


class Statement(msgspec.Struct, frozen=True):
    """One signed statement. From outside it is made by `from_bytes` only, so it is always well-formed."""

    raw: bytes
    digest: bytes
    about: About
    kid: bytes
    key: PublicKey | None
    payload: bytes
    hash_envelope: HashEnvelope | None
    receipts: tuple[bytes, ...]
    envelope: Sign1

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Statement":
        """The statement in `raw`, with or without receipts in its unprotected header.

        `.raw` and `.digest` are of the statement alone. Raises TooLarge, CborMalformed, EnvelopeMalformed,
        KeyMalformed, SealMalformed.
        """
        envelope = open_sign1(raw, where="statement", max_bytes=MAX_TRANSPARENT_BYTES)
        receipts = _read_receipts(envelope.unprotected) if envelope.unprotected else ()
        bare = envelope.encode({}) if receipts else raw
        if len(bare) > MAX_STATEMENT_BYTES:
            raise TooLarge(what_is=Text("statement", "진술"), limit=MAX_STATEMENT_BYTES, got=len(bare))
        payload = envelope.payload
        if payload is None:
            raise EnvelopeMalformed(
                why=Text("a statement carries its payload", "진술은 페이로드를 담아야 함")
            )
        header = read_header(envelope)
        if header.about.sharing in ENCRYPTED and header.hash_envelope is None:
            from haechi.statement.sealed import read_sealed  # few need encryption, and it takes long to load

            read_sealed(payload)
        return cls(
            raw=bare,
            digest=hashlib.sha256(bare).digest(),
            about=header.about,
            kid=header.kid,
            key=header.key,
            payload=payload,
            hash_envelope=header.hash_envelope,
            receipts=receipts,
            envelope=envelope,
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether the payload is encrypted content, which only its recipients can read."""
        return self.about.sharing in ENCRYPTED and self.hash_envelope is None

    @property
    def digest_hex(self) -> str:
        """The digest as people and paths show it: 64 lower-case hex digits."""
        return self.digest.hex()

    @property
    def is_signed(self) -> bool:
        """`check_signature` in short: the key that travels along is the one named, and it signed this."""
        key = self.key
        return (
            key is not None
            and key.thumbprint == self.kid
            and key.verifies(self.envelope.alg, self.envelope.signature, self.envelope.signed_bytes())
        )

    def check_signature(self, known: PublicKey | None = None) -> Finding:
        """Whether the key named by `kid` signed this. `known` serves when no key travels along."""
        key, shown = self.key or known, self.kid.hex()[:16]
        if key is None or key.thumbprint != self.kid:
            return found("statement.signature.key-unknown", key=shown)
        if self.envelope.alg not in ALGS[key.family]:
            return found("statement.signature.wrong-algorithm", key=shown, alg=self.envelope.alg)
        if not key.verifies(self.envelope.alg, self.envelope.signature, self.envelope.signed_bytes()):
            return found("statement.signature.invalid", key=shown)
        return found("statement.signature.valid", key=shown, alg=str(key.family))

    def with_receipts(self, receipts: Sequence[bytes]) -> bytes:
        """A SCITT transparent statement: the same signed bytes with receipts in header 394."""
        return self.envelope.encode({RECEIPTS: list(receipts)})


def sign_statement(
    key: SigningKey, about: About, payload: bytes, *, hash_envelope: HashEnvelope | None = None
) -> Statement:
    """A new statement over `payload` (canonical CBOR of the kind, or a SHA-256 for a hash envelope).

    Raises the same errors as decoding: what could not be read back is never handed out.
    """
    protected_raw = write_header(about, key.alg, key.public, hash_envelope)
    signature = key.sign(sig_structure(protected_raw, payload))
    return Statement.from_bytes(encode_sign1(protected_raw, {}, payload, signature))


_LABELS = tuple(
    b"\x66haechi\xa2\x63tlp" + bytes((0x60 + len(level),)) + level.encode() + b"\x64kind"
    for level in sorted(ANYBODY)
)


def labelled_for_anybody(raw: bytes) -> bool:
    """Whether anybody may have a strict statement by its label: CLEAR, or encrypted; read without decoding.

    For bulk copies of statements that were decoded strictly before. It errs towards "no": the `haechi` label
    must be the header's last, as sorting puts it, so its bytes inside a name do not count.
    """
    if raw[:2] != b"\xd2\x84":
        return False
    extra = {0x58: 1, 0x59: 2}.get(raw[2], 0)
    size = int.from_bytes(raw[3 : 3 + extra], "big") if extra else raw[2] & 0x1F
    protected = raw[3 + extra : 3 + extra + size]
    return any(_ends_with(protected, label) for label in _LABELS)


def _ends_with(protected: bytes, label: bytes) -> bool:
    _, found, kind = protected.rpartition(label)
    # What follows must be one text, the kind, to the last byte.
    width = 2 if kind[:1] == b"\x78" else 1
    return (
        bool(found)
        and len(kind) > width
        and len(kind) - width == kind[width - 1] & (0x1F if width == 1 else 0xFF)
    )


def check_format(raw: bytes) -> tuple[Finding, Statement | None]:
    """Whether `raw` is a statement at all, and the statement when it is."""
    try:
        statement = Statement.from_bytes(raw)
    except BadInput as error:
        return found("statement.format.malformed", why=reason_of(error)), None
    return found("statement.format.strict"), statement


def _read_receipts(unprotected: Mapping[object, object]) -> tuple[bytes, ...]:
    receipts = unprotected.get(RECEIPTS)
    if len(unprotected) != 1 or not isinstance(receipts, list):
        raise EnvelopeMalformed(
            why=Text(
                "only receipts (394) may stand in the unprotected header",
                "비보호 헤더에는 영수증(394)만 둘 수 있음",
            )
        )
    items = cast("list[object]", receipts)
    if not 0 < len(items) <= MAX_RECEIPTS or not all(type(item) is bytes for item in items):
        raise EnvelopeMalformed(
            why=Text(
                f"receipts (394) must be 1 to {MAX_RECEIPTS} byte strings",
                f"영수증(394)은 바이트열 1~{MAX_RECEIPTS}개여야 함",
            )
        )
    return tuple(cast("list[bytes]", items))
