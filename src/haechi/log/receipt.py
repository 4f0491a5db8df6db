"""COSE receipts (RFC 9942, vds 1 = RFC9162_SHA256): proofs of inclusion and consistency, signed by the log.

    BadInput
    └── ReceiptMalformed      not a receipt of the profile below

Our receipts also put the tree size into the protected header (text label `haechi.size`): the signature of
RFC 9942 binds the root only, so a receipt for leaf 5 of 8 would verify as well with size 7. Receipts of
other makers, without that label, are accepted; their size is then a hint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from haechi.errors import BadInput
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.merkle import ProofMalformed, check_consistency, leaf_hash, root_from_inclusion
from haechi.statement import cbor
from haechi.statement.keys import PublicKey, SigningKey
from haechi.statement.sign1 import ALG, CWT_CLAIMS, KID, Sign1, decode_sign1, encode_sign1, sig_structure
from haechi.words import Text

MAX_RECEIPT_BYTES = 16 * 1024
VDS, VDP = 395, 396
RFC9162_SHA256 = 1
INCLUSION, CONSISTENCY = -1, -2
SIZE = "haechi.size"
_ISS, _SUB = 1, 2
_MAX_PATH = 64

declare(
    "log.receipt",
    Text("Receipt signed by the log", "로그가 서명한 영수증"),
    {
        "valid": (
            Verdict.HOLDS,
            Text("{origin} signed a tree of {size} entries that holds this one at {index}", "{origin}이(가) 이 항목을 {index}번에 담은 항목 {size}개의 트리에 서명함"),
        ),
        "invalid": (
            Verdict.FAILS,
            Text("the root recomputed from the entry is not the one that was signed", "항목에서 다시 계산한 루트가 서명된 루트가 아님"),
        ),
        "malformed": (Verdict.FAILS, Text("not a receipt: {why}", "영수증이 아님: {why}")),
        "key-unknown": (
            Verdict.UNDECIDED,
            Text("the receipt's key {key} is not pinned here", "영수증의 키 {key}이(가) 여기에 고정되어 있지 않음"),
        ),
        "wrong-subject": (
            Verdict.FAILS,
            Text("the receipt is about {got}, the statement about {expected}", "영수증의 대상은 {got}, 진술의 대상은 {expected}"),
        ),
    },
)


class ReceiptMalformed(BadInput):
    """Bytes that are no receipt of this profile; facts: why."""

    code = "log.receipt-malformed"
    what = Text("not a COSE receipt: {why}", "COSE 영수증이 아닙니다: {why}")
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
    """A decoded receipt. Exactly one proof, of inclusion or of consistency."""

    raw: bytes
    origin: str | None
    subject: str | None
    kid: bytes | None
    proof: InclusionProof | ConsistencyProof
    envelope: Sign1

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Receipt":
        """The receipt in `raw`; raises TooLarge, CborMalformed, EnvelopeMalformed, ReceiptMalformed."""
        envelope = decode_sign1(raw, where="receipt", max_bytes=MAX_RECEIPT_BYTES)
        header = envelope.protected
        if header.get(VDS) != RFC9162_SHA256:
            raise ReceiptMalformed(why="the verifiable data structure is not RFC9162_SHA256 (1)")
        if envelope.payload is not None:
            raise ReceiptMalformed(why="the root must be detached")
        proof = _read_proof(envelope)
        claimed = header.get(SIZE)
        size = proof.size if isinstance(proof, InclusionProof) else proof.new
        if claimed is not None and claimed != size:
            raise ReceiptMalformed(why=f"signed for size {claimed}, proof for size {size}")
        claims = header.get(CWT_CLAIMS, {})
        names = cast("dict[object, object]", claims) if isinstance(claims, dict) else {}
        kid = header.get(KID)
        return cls(
            raw=raw,
            origin=_text_or_none(names.get(_ISS)),
            subject=_text_or_none(names.get(_SUB)),
            kid=kid if isinstance(kid, bytes) else None,
            proof=proof,
            envelope=envelope,
        )

    def verifies(self, key: PublicKey, root: bytes) -> bool:
        """Whether `key` signed this receipt over the detached `root`."""
        return key.verifies(
            self.envelope.alg, self.envelope.signature, self.envelope.signed_bytes(detached=root)
        )


class ReceiptSigner:
    """Signs receipts of one log. The header parts that never change are encoded once."""

    def __init__(self, origin: str, key: SigningKey) -> None:
        self.origin = origin
        self.key = key

    def inclusion(self, proof: InclusionProof, root: bytes, subject: str) -> bytes:
        """A receipt that the entry is in the tree with this root (RFC 9942 section 5.2)."""
        body = cbor.encode([proof.size, proof.index, list(proof.path)])
        return self._sign(proof.size, root, subject, {INCLUSION: [body]})

    def consistency(self, proof: ConsistencyProof, new_root: bytes, subject: str) -> bytes:
        """A receipt that the newer tree extends the older one (RFC 9942 section 5.3)."""
        body = cbor.encode([proof.old, proof.new, list(proof.path)])
        return self._sign(proof.new, new_root, subject, {CONSISTENCY: [body]})

    def _sign(self, size: int, root: bytes, subject: str, proofs: dict[object, object]) -> bytes:
        protected = cbor.encode(
            {
                ALG: self.key.alg,
                KID: self.key.public.thumbprint,
                CWT_CLAIMS: {_ISS: self.origin, _SUB: subject},
                VDS: RFC9162_SHA256,
                SIZE: size,
            }
        )
        signature = self.key.sign(sig_structure(protected, root))
        return encode_sign1(protected, {VDP: proofs}, None, signature)


def check_receipt(raw: bytes, entry: bytes, subject: str, keys: Sequence[PublicKey]) -> Finding:
    """Whether one of `keys` signed a tree that holds `entry` (32-byte statement digest).

    subject: the statement's; a receipt that names another subject fails.
    """
    try:
        receipt = Receipt.from_bytes(raw)
        if not isinstance(receipt.proof, InclusionProof):
            raise ReceiptMalformed(why="it proves consistency, not inclusion")
        proof = receipt.proof
        root = root_from_inclusion(leaf_hash(entry), proof.index, proof.size, proof.path)
    except ProofMalformed as error:
        return found("log.receipt.malformed", why=error.say("en"))
    except BadInput as error:
        return found("log.receipt.malformed", why=error.say("en"))
    if receipt.subject is not None and receipt.subject != subject:
        return found("log.receipt.wrong-subject", got=receipt.subject, expected=subject)
    key = _pinned(receipt, keys)
    if key is None:
        shown = receipt.kid.hex()[:16] if receipt.kid else "?"
        return found("log.receipt.key-unknown", key=shown)
    if not receipt.verifies(key, root):
        return found("log.receipt.invalid", size=proof.size, index=proof.index)
    return found("log.receipt.valid", origin=receipt.origin or "?", size=proof.size, index=proof.index)


def check_consistency_receipt(
    raw: bytes, old_root: bytes, new_root: bytes, keys: Sequence[PublicKey]
) -> Finding:
    """Whether one of `keys` signed that the tree with `new_root` extends the one with `old_root`."""
    try:
        receipt = Receipt.from_bytes(raw)
        if not isinstance(receipt.proof, ConsistencyProof):
            raise ReceiptMalformed(why="it proves inclusion, not consistency")
    except BadInput as error:
        return found("log.receipt.malformed", why=error.say("en"))
    proof = receipt.proof
    consistent = check_consistency(proof.old, proof.new, proof.path, old_root, new_root)
    if consistent.verdict is not Verdict.HOLDS:
        return consistent
    key = _pinned(receipt, keys)
    if key is None:
        return found("log.receipt.key-unknown", key=receipt.kid.hex()[:16] if receipt.kid else "?")
    if not receipt.verifies(key, new_root):
        return found("log.receipt.invalid", size=proof.new, index=proof.old)
    return consistent


def _pinned(receipt: Receipt, keys: Sequence[PublicKey]) -> PublicKey | None:
    for key in keys:
        # Other makers' kid need not be a thumbprint; a single pinned key is then the one meant.
        if receipt.kid == key.thumbprint or (len(keys) == 1 and receipt.kid and len(receipt.kid) != 32):
            return key
    return None


def _read_proof(envelope: Sign1) -> InclusionProof | ConsistencyProof:
    match dict(envelope.unprotected):
        case {396: {-1: [bytes(body)], **others}, **rest} if not others and not rest:
            size, index, path = _numbers_and_path(body)
            return InclusionProof(size, index, path)
        case {396: {-2: [bytes(body)], **others}, **rest} if not others and not rest:
            old, new, path = _numbers_and_path(body)
            return ConsistencyProof(old, new, path)
        case _:
            raise ReceiptMalformed(why="the unprotected header must hold exactly one proof (396)")


def _numbers_and_path(body: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    match cbor.decode(body, where="receipt proof", max_bytes=MAX_RECEIPT_BYTES):
        case [int(first), int(second), list(path)] if not isinstance(first, bool) and not isinstance(second, bool):
            hashes = cast("list[object]", path)
        case _:
            raise ReceiptMalformed(why="a proof is two sizes and a path")
    if len(hashes) > _MAX_PATH or not all(isinstance(h, bytes) and len(h) == 32 for h in hashes):
        raise ReceiptMalformed(why="the path must be at most 64 hashes of 32 bytes")
    return first, second, tuple(cast("list[bytes]", hashes))


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
