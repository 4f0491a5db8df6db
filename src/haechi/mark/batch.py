"""A batch of marks: one log entry for up to 2^24 items, and an offline proof for each.

    BadInput
    ├── BatchEmpty        a batch needs at least one item
    └── ProofUnreadable   bytes that are no proof file of one item

A leaf of the tree is an item's deterministic CBOR; the root stands in the signed `content_mark`. A proof
file carries the item, its path and the digest of the statement, and needs nothing but that statement.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple, cast

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.hashes import leaf_hash, leaf_hashes, parents
from haechi.log.merkle import ProofMalformed, inclusion_nodes, root_from_inclusion
from haechi.misfit import misfit_of
from haechi.statement import cbor
from haechi.statement.claims import Claim, ClaimMalformed, Digest, plain_claim
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.content_mark import (
    MOST_IN_BATCH,
    NAME,
    Batch,
    ContentMark,
    MarkedItem,
    check_item,
)
from haechi.words import Text

MAX_ITEM_BYTES = 16 * 1024
MAX_PROOF_BYTES = 32 * 1024
PROOF_MARK = b"haechi-mark-proof/1\n"

declare(
    "mark.batch",
    Text("The item is in the batch that was logged", "로그에 기록된 묶음에 항목이 들어 있음"),
    {
        "included": (
            Verdict.HOLDS,
            Text(
                "item {index} of {size}, under the signed root",
                "{size}건 중 {index}번 항목, 서명된 루트 아래",
            ),
        ),
        "mismatch": (
            Verdict.FAILS,
            Text(
                "the proof leads to another root than the signed one", "증명이 서명된 루트와 다른 루트에 이름"
            ),
        ),
        "other-statement": (
            Verdict.FAILS,
            Text(
                "the proof is for the statement {expected}, not {got}",
                "증명은 진술 {got}이 아니라 {expected}에 대한 것임",
            ),
        ),
    },
)


class BatchEmpty(BadInput):
    """A batch without items, or with too many; facts: limit, got."""

    code = "mark.batch.size"
    what = Text("a batch holds 1 to {limit} items, got {got}", "묶음에는 1~{limit}건을 담습니다: {got}건")
    hint = Text("split it into several batches", "여러 묶음으로 나누세요")


class ProofUnreadable(BadInput):
    """Bytes that are no proof file; facts: why."""

    code = "mark.batch.proof-unreadable"
    what = Text("not a proof of a marked item: {why}", "표시 항목의 증명 파일이 아닙니다: {why}")
    hint = Text("ask the maker for the item's proof again", "제작자에게 항목의 증명을 다시 요청하세요")


def encode_item(item: MarkedItem) -> bytes:
    """The deterministic CBOR of an item: the leaf of its batch."""
    return cbor.encode(plain_claim(item), where="item")


def decode_item(raw: bytes, facts: Facts) -> MarkedItem:
    """The checked item in `raw`; raises TooLarge, CborMalformed, ClaimMalformed, UnknownName."""
    value = cbor.decode(raw, where="item", max_bytes=MAX_ITEM_BYTES)
    try:
        item = msgspec.convert(value, MarkedItem, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise ClaimMalformed(kind=NAME, why=misfit_of(error)) from error
    check_item(item, facts)
    if encode_item(item) != raw:
        why = Text("a field is not in its one allowed form", "정해진 한 가지 형식이 아닌 항목이 있음")
        raise ClaimMalformed(kind=NAME, why=why)
    return item


class ItemProof(Claim, frozen=True, kw_only=True):
    """An item, where it stands, and the statement that holds the root over it."""

    statement: Digest
    item: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_ITEM_BYTES)]
    index: Annotated[int, msgspec.Meta(ge=0, lt=MOST_IN_BATCH)]
    size: Annotated[int, msgspec.Meta(ge=1, le=MOST_IN_BATCH)]
    path: Annotated[tuple[Digest, ...], msgspec.Meta(max_length=24)] = ()

    def to_bytes(self) -> bytes:
        """The proof file."""
        return PROOF_MARK + cbor.encode(plain_claim(self), where="proof")

    @classmethod
    def from_bytes(cls, raw: bytes) -> "ItemProof":
        """The proof in a file; raises TooLarge, ProofUnreadable, CborMalformed."""
        if len(raw) > MAX_PROOF_BYTES:
            raise TooLarge(what_is=Text("proof", "증명"), limit=MAX_PROOF_BYTES, got=len(raw))
        if not raw.startswith(PROOF_MARK):
            why = Text("it does not begin with the proof's mark", "증명 표시로 시작하지 않음")
            raise ProofUnreadable(why=why)
        value = cbor.decode(raw[len(PROOF_MARK) :], where="proof", max_bytes=MAX_PROOF_BYTES)
        try:
            return msgspec.convert(value, cls, builtin_types=(bytes,))
        except msgspec.ValidationError as error:
            raise ProofUnreadable(why=misfit_of(error)) from error


class Tree:
    """The Merkle tree over a batch (RFC 9162), kept whole so that every proof is a few look-ups.

    Always true: row 0 holds the leaf hashes; an odd last node rises unchanged into the row above.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        """leaves: encoded items, in order; raises BatchEmpty."""
        row = leaf_hashes(leaves)
        if not 1 <= len(row) <= MOST_IN_BATCH:
            raise BatchEmpty(limit=MOST_IN_BATCH, got=len(row))
        self._rows = [row]
        while len(row) > 1:
            above = parents(row[at] + row[at + 1] for at in range(0, len(row) - 1, 2))
            row = [*above, row[-1]] if len(row) % 2 else above
            self._rows.append(row)

    @property
    def size(self) -> int:
        """How many items."""
        return len(self._rows[0])

    @property
    def root(self) -> bytes:
        """The root hash."""
        return self._rows[-1][0]

    def path(self, index: int) -> tuple[bytes, ...]:
        """The siblings of an item's leaf, from the leaf upwards; raises OutOfTree."""
        return tuple(self._rows[level][at] for level, at in inclusion_nodes(index, self.size))


class Built(NamedTuple):
    """A batch ready to be signed. leaves: the encoded items; claim: what the statement says."""

    claim: ContentMark
    leaves: tuple[bytes, ...]
    tree: Tree

    def proofs(self, statement: bytes) -> Iterator[ItemProof]:
        """A proof for each item, for the signed statement with this digest."""
        for index, leaf in enumerate(self.leaves):
            path = self.tree.path(index)
            yield ItemProof(statement=statement, item=leaf, index=index, size=self.tree.size, path=path)


def build_batch(items: Sequence[MarkedItem], facts: Facts, file: EvidenceRef | None = None) -> Built:
    """The claim over all items; raises BatchEmpty, ClaimMalformed, UnknownName.

    file: the reference to `items_file`, when that is to be kept beside the log.
    """
    if not items:
        raise BatchEmpty(limit=MOST_IN_BATCH, got=0)
    for item in items:
        check_item(item, facts)
    leaves = tuple(map(encode_item, items))
    tree = Tree(leaves)
    times = [item.made for item in items]
    batch = Batch(root=tree.root, size=tree.size, first=min(times), last=max(times), items=file)
    return Built(ContentMark(batch=batch), leaves, tree)


def items_file(items: Iterable[MarkedItem]) -> bytes:
    """All items as one file: each with its length (4 bytes, big-endian) before it."""
    return b"".join(len(leaf).to_bytes(4) + leaf for leaf in map(encode_item, items))


def leaves_in(raw: bytes) -> Iterator[bytes]:
    """The encoded items of such a file; raises ProofUnreadable where it does not have the form."""
    at = 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4])
        leaf = raw[at + 4 : at + 4 + size]
        if not 0 < size <= MAX_ITEM_BYTES or len(leaf) != size:
            raise ProofUnreadable(why=Text(f"item at byte {at}", f"{at}바이트 위치의 항목"))
        yield leaf
        at += 4 + size


def check_item_proof(proof: ItemProof, statement: bytes, batch: Batch) -> Finding:
    """Whether the item is under the signed root; the statement itself must be verified beside this."""
    if proof.statement != statement:
        return found("mark.batch.other-statement", expected=proof.statement.hex(), got=statement.hex())
    try:
        root = root_from_inclusion(leaf_hash(proof.item), proof.index, proof.size, list(proof.path))
    except ProofMalformed:
        return found("mark.batch.mismatch")
    if proof.size != batch.size or root != batch.root:
        return found("mark.batch.mismatch")
    return found("mark.batch.included", index=proof.index, size=proof.size)


def item_of(claim: ContentMark, proof: ItemProof | None, facts: Facts) -> MarkedItem | None:
    """The item that a statement speaks of: its own, or the one that a proof shows in its batch."""
    if claim.item is not None:
        return claim.item
    return None if proof is None else decode_item(proof.item, facts)


def plain_item(item: MarkedItem) -> dict[str, Any]:
    """The item as plain values."""
    return cast("dict[str, Any]", plain_claim(item))
