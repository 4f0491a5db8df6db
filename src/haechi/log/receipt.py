"""COSE receipts (RFC 9942, vds 1 = RFC9162_SHA256): proofs of inclusion and consistency, signed by the log.

    BadInput
    └── ReceiptMalformed      not a receipt of the profile below

Our receipts also put the tree size into the protected header (text label `haechi.size`): the signature of
RFC 9942 binds the root only, so a receipt for leaf 5 of 8 would verify as well with size 7. With the size
signed, one index and one older size fit the path. Receipts of other makers, without that label, are accepted;
their size and index are then a hint, and the finding says so. They may sign ES256 with either of its two s
values: a receipt is never known by its digest, so a second form of one harms nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from haechi.errors import BadInput
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.merkle import check_consistency, leaf_hash, root_from_inclusion
from haechi.statement import cbor
from haechi.statement.header import MAX_NAME_CHARS
from haechi.statement.keys import PublicKey, SigningKey
from haechi.statement.sentence import Sentence, reason_of
from haechi.statement.sign1 import (
    CWT_CLAIMS,
    KID,
    Sign1,
    join_sign1,
    open_sign1,
    require_strict_header,
    sig_structure,
)
from haechi.words import Text

MAX_RECEIPT_BYTES = 16 * 1024
VDS, VDP = 395, 396
RFC9162_SHA256 = 1
INCLUSION, CONSISTENCY = -1, -2
SIZE = "haechi.size"
_ISS, _SUB = 1, 2
_MAX_PATH = 64
_HASH = b"\x58\x20"  # stands before each hash of a path
# {396: {-1: [proof]}} and {396: {-2: [proof]}} up to the proof's own byte string.
_INCLUSION_BEGIN, _CONSISTENCY_BEGIN = b"\xa1\x19\x01\x8c\xa1\x20\x81", b"\xa1\x19\x01\x8c\xa1\x21\x81"

declare(
    "log.receipt",
    Text("Receipt signed by the log", "로그가 서명한 영수증"),
    {
        "valid": (
            Verdict.HOLDS,
            Text(
                "{origin} signed a tree of {size} entries that holds this one at {index}",
                "{origin}이(가) 이 항목을 {index}번에 담은 항목 {size}개의 트리에 서명함",
            ),
        ),
        "valid-root": (
            Verdict.HOLDS,
            Text(
                "{origin} signed the root of a tree that holds this entry; its place was not signed",
                "{origin}이(가) 이 항목을 담은 트리의 루트에 서명함. 항목의 위치는 서명되지 않음",
            ),
        ),
        "invalid": (
            Verdict.FAILS,
            Text(
                "the root recomputed from the entry is not the one that was signed",
                "항목에서 다시 계산한 루트가 서명된 루트가 아님",
            ),
        ),
        "malformed": (Verdict.FAILS, Sentence("not a receipt: {why}", "영수증이 아님: {why}")),
        "key-unknown": (
            Verdict.UNDECIDED,
            Text(
                "the receipt's key {key} is not pinned here",
                "영수증의 키 {key}이(가) 여기에 고정되어 있지 않음",
            ),
        ),
        "wrong-subject": (
            Verdict.FAILS,
            Text(
                "the receipt is about {got}, the statement about {expected}",
                "영수증의 대상은 {got}, 진술의 대상은 {expected}",
            ),
        ),
    },
)


class ReceiptMalformed(BadInput):
    """Bytes that are no receipt of this profile; facts: why."""

    code = "log.receipt-malformed"
    what = Sentence("not a COSE receipt: {why}", "COSE 영수증이 아닙니다: {why}")
    hint = Text("ask the log for the receipt again", "로그에 영수증을 다시 요청하세요")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Entry `index` of a tree of `size`; path: 32-byte hashes from the leaf upwards."""

    size: int
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """The tree of `new` entries begins with the tree of `old`."""

    old: int
    new: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A decoded receipt. Exactly one proof, of inclusion or of consistency.

    size_signed: whether the signature covers the tree size, and with it the index.
    """

    raw: bytes
    origin: str | None
    subject: str | None
    kid: bytes | None
    proof: InclusionProof | ConsistencyProof
    size_signed: bool
    envelope: Sign1

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Receipt":
        """The receipt in `raw`; raises TooLarge, CborMalformed, EnvelopeMalformed, ReceiptMalformed."""
        envelope = open_sign1(raw, where="receipt", max_bytes=MAX_RECEIPT_BYTES)
        header = envelope.protected
        vds, kid = header.get(VDS), header.get(KID)
        if type(vds) is not int or vds != RFC9162_SHA256:
            raise _malformed(
                "the verifiable data structure is not RFC9162_SHA256 (1)",
                "검증 가능 자료 구조가 RFC9162_SHA256(1)이 아님",
            )
        if envelope.payload is not None:
            raise _malformed("the root must be detached", "루트는 분리되어 있어야 함")
        if kid is not None and type(kid) is not bytes:
            raise _malformed("kid must be a byte string", "kid는 바이트열이어야 함")
        names = _claims(header)
        proof = _read_proof(envelope)
        size = proof.size if isinstance(proof, InclusionProof) else proof.new
        receipt = cls(
            raw=raw,
            origin=_name(names, _ISS),
            subject=_name(names, _SUB),
            kid=kid,
            proof=proof,
            size_signed=SIZE in header,
            envelope=envelope,
        )
        if not _in_our_form(receipt, size):
            require_strict_header(envelope, where="receipt")
            _require_size(header, size)
        return receipt

    def verifies(self, key: PublicKey, root: bytes) -> bool:
        """Whether `key` signed this receipt over the detached `root`."""
        return key.verifies(
            self.envelope.alg, self.envelope.signature, self.envelope.signed_bytes(detached=root)
        )


class ReceiptSigner:
    """Signs receipts of one log. What all of them share, and all under one root, is encoded once."""

    def __init__(self, origin: str, key: SigningKey) -> None:
        self.origin = origin
        self.key = key
        self._under: tuple[int, bytes] = (-1, b"")

    def inclusion(self, proof: InclusionProof, root: bytes, subject: str) -> bytes:
        """A receipt that the entry is in the tree with this root (RFC 9942 section 5.2)."""
        body = _proof_bytes(proof.size, proof.index, proof.path)
        return self._sign(proof.size, root, subject, _INCLUSION_BEGIN, body)

    def consistency(self, proof: ConsistencyProof, new_root: bytes, subject: str) -> bytes:
        """A receipt that the newer tree extends the older one (RFC 9942 section 5.3)."""
        body = _proof_bytes(proof.old, proof.new, proof.path)
        return self._sign(proof.new, new_root, subject, _CONSISTENCY_BEGIN, body)

    def _sign(self, size: int, root: bytes, subject: str, begin: bytes, body: bytes) -> bytes:
        known, under = self._under
        try:
            if known != size:
                under = _size_label(size)
                self._under = (size, under)
            protected = self._of + cbor.text(subject) + under
        except cbor.Breach as breach:
            raise _misnamed(breach) from None
        signature = self.key.sign(sig_structure(protected, root))
        return join_sign1(protected, begin + cbor.head(2, len(body)) + body, None, signature)

    @cached_property
    def _of(self) -> bytes:
        return _before_subject(self.key.alg, self.key.public.thumbprint, self.origin)


def check_receipt(raw: bytes, entry: bytes, subject: str, keys: Sequence[PublicKey]) -> Finding:
    """Whether one of `keys` signed a tree that holds `entry` (32-byte statement digest).

    subject: the statement's; a receipt that names another subject fails. keys: of the log that the receipt
    names as its origin, never of several logs at once, or one log could sign in another's name.
    """
    try:
        receipt = Receipt.from_bytes(raw)
    except BadInput as error:
        return found("log.receipt.malformed", why=reason_of(error))
    return judge_receipt(receipt, entry, subject, keys)


def judge_receipt(receipt: Receipt, entry: bytes, subject: str, keys: Sequence[PublicKey]) -> Finding:
    """`check_receipt` for one that was read already, for callers who choose the keys by its origin."""
    try:
        if not isinstance(receipt.proof, InclusionProof):
            raise _malformed("it proves consistency, not inclusion", "포함이 아니라 일관성을 증명함")
        proof = receipt.proof
        root = root_from_inclusion(leaf_hash(entry), proof.index, proof.size, proof.path)
    except BadInput as error:
        return found("log.receipt.malformed", why=reason_of(error))
    if receipt.subject is not None and receipt.subject != subject:
        return found("log.receipt.wrong-subject", got=receipt.subject, expected=subject)
    key = _pinned(receipt, keys)
    if key is None:
        return found("log.receipt.key-unknown", key=_shown(receipt.kid))
    if not receipt.verifies(key, root):
        return found("log.receipt.invalid", size=proof.size, index=proof.index)
    origin = receipt.origin or "?"
    if not receipt.size_signed:
        return found("log.receipt.valid-root", origin=origin)
    return found("log.receipt.valid", origin=origin, size=proof.size, index=proof.index)


def check_consistency_receipt(
    raw: bytes, old_root: bytes, new_root: bytes, keys: Sequence[PublicKey]
) -> Finding:
    """Whether one of `keys` signed that the tree with `new_root` extends the one with `old_root`."""
    try:
        receipt = Receipt.from_bytes(raw)
        if not isinstance(receipt.proof, ConsistencyProof):
            raise _malformed("it proves inclusion, not consistency", "일관성이 아니라 포함을 증명함")
    except BadInput as error:
        return found("log.receipt.malformed", why=reason_of(error))
    proof = receipt.proof
    consistent = check_consistency(proof.old, proof.new, proof.path, old_root, new_root)
    if consistent.verdict is not Verdict.HOLDS:
        return consistent
    key = _pinned(receipt, keys)
    if key is None:
        return found("log.receipt.key-unknown", key=_shown(receipt.kid))
    if not receipt.verifies(key, new_root):
        return found("log.receipt.invalid", size=proof.new, index=proof.old)
    return consistent


def _pinned(receipt: Receipt, keys: Sequence[PublicKey]) -> PublicKey | None:
    for key in keys:
        # Other makers' kid need not be a thumbprint; a single pinned key is then the one meant.
        if receipt.kid == key.thumbprint or (len(keys) == 1 and receipt.kid and len(receipt.kid) != 32):
            return key
    return None


def _shown(kid: bytes | None) -> str:
    return kid.hex()[:16] if kid else "?"


def _in_our_form(receipt: Receipt, size: int) -> bool:
    """Whether the protected header is, byte for byte, what `ReceiptSigner` writes for this size."""
    kid, origin, subject = receipt.kid, receipt.origin, receipt.subject
    if kid is None or origin is None or subject is None:
        return False
    return _protected(receipt.envelope.alg, kid, origin, subject, size) == receipt.envelope.protected_raw


def _protected(alg: int, kid: bytes, origin: str, subject: str, size: int) -> bytes:
    """Our protected header in its one encoding: alg, kid, CWT claims (iss, sub), vds, `haechi.size`."""
    try:
        return _before_subject(alg, kid, origin) + cbor.text(subject) + _size_label(size)
    except cbor.Breach as breach:
        raise _misnamed(breach) from None


def _before_subject(alg: int, kid: bytes, origin: str) -> bytes:
    kid_bytes = cbor.head(2, len(kid)) + kid
    return (
        b"\xa5\x01" + cbor.number(alg) + b"\x04" + kid_bytes + b"\x0f\xa2\x01" + cbor.text(origin) + b"\x02"
    )


def _size_label(size: int) -> bytes:
    return b"\x19\x01\x8b\x01\x6bhaechi.size" + cbor.number(size)


def _misnamed(breach: cbor.Breach) -> cbor.CborMalformed:
    return cbor.CborMalformed(where="receipt header", rule=breach.rule, why=breach.why)


def _proof_bytes(first: int, second: int, path: Sequence[bytes]) -> bytes:
    """`[size, index, path]` or `[old, new, path]` of 32-byte hashes in its one encoding."""
    hashes = _HASH.join((cbor.head(4, len(path)), *path))
    return b"\x83" + cbor.number(first) + cbor.number(second) + hashes


def _claims(header: Mapping[object, object]) -> Mapping[object, object]:
    claims = header.get(CWT_CLAIMS, {})
    if not isinstance(claims, dict):
        raise _malformed("the CWT claims (15) must be a map", "CWT 클레임(15)은 맵이어야 함")
    return cast("dict[object, object]", claims)


def _name(claims: Mapping[object, object], label: int) -> str | None:
    name = claims.get(label)
    if name is None and label not in claims:
        return None
    if type(name) is not str or not 0 < len(name) <= MAX_NAME_CHARS or "\n" in name:
        raise _malformed(
            f"iss (1) and sub (2) must be one line of 1 to {MAX_NAME_CHARS} characters",
            f"iss(1)와 sub(2)는 한 줄, 1~{MAX_NAME_CHARS}자여야 함",
        )
    return name


def _require_size(header: Mapping[object, object], size: int) -> None:
    if SIZE not in header:
        return
    claimed = header[SIZE]
    if type(claimed) is not int or claimed != size:
        raise _malformed("signed for another tree size than the proof's", "증명과 다른 트리 크기로 서명됨")


def _read_proof(envelope: Sign1) -> InclusionProof | ConsistencyProof:
    vdp = envelope.unprotected.get(VDP)
    proofs = cast("dict[object, object]", vdp) if isinstance(vdp, dict) else {}
    if len(envelope.unprotected) != 1 or len(proofs) != 1:
        raise _not_one_proof()
    label, listed = next(iter(proofs.items()))
    bodies = cast("list[object]", listed) if isinstance(listed, list) else []
    if label not in (INCLUSION, CONSISTENCY) or len(bodies) != 1:
        raise _not_one_proof()
    body = bodies[0]
    if type(body) is not bytes:
        raise _not_one_proof()
    first, second, path = _numbers_and_path(body)
    return (
        InclusionProof(first, second, path) if label == INCLUSION else ConsistencyProof(first, second, path)
    )


def _not_one_proof() -> ReceiptMalformed:
    return _malformed(
        "the unprotected header must hold exactly one proof (396)",
        "비보호 헤더에는 증명(396)이 하나만 있어야 함",
    )


def _numbers_and_path(body: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    parts = cbor.parse(body, where="receipt proof", max_bytes=MAX_RECEIPT_BYTES)
    fields = cast("list[object]", parts) if isinstance(parts, list) else []
    if len(fields) != 3 or not isinstance(fields[2], list):
        raise _malformed("a proof is two sizes and a path", "증명은 두 크기와 경로로 이루어져야 함")
    first, second, path = fields[0], fields[1], cast("list[object]", fields[2])
    if type(first) is not int or type(second) is not int or min(first, second) < 0:
        raise _malformed("a proof is two sizes and a path", "증명은 두 크기와 경로로 이루어져야 함")
    hashes = [node for node in path if type(node) is bytes and len(node) == 32]
    if len(path) > _MAX_PATH or len(hashes) != len(path):
        raise _malformed(
            "the path must be at most 64 hashes of 32 bytes", "경로는 32바이트 해시 64개 이하여야 함"
        )
    if _proof_bytes(first, second, hashes) != body:
        raise cbor.refusal(body, where="receipt proof")
    return first, second, tuple(hashes)


def _malformed(en: str, ko: str) -> ReceiptMalformed:
    return ReceiptMalformed(why=Text(en, ko))
