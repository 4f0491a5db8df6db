"""What is known of marks: statements with their items, and the files kept beside them, by mark and likeness.

A `Book` is filled from statements that the caller has checked; it holds nothing that was not in one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, overall
from haechi.mark.batch import ItemProof, Tree, check_item_proof, decode_item, leaves_in
from haechi.statement.claims import claim_of
from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Statement
from haechi.statement.kinds.content_mark import NAME, Batch, ContentMark, MarkedItem

MOST_FILE_BYTES = 64 << 20
MOST_FILES = 100_000
MOST_ANSWERS = 16


class LogRecord(NamedTuple):
    """One item as a statement tells it. findings: checks on that statement; origin: where it was found;
    proof: of an item in a batch.
    """

    item: MarkedItem
    statement: bytes
    issuer: str
    origin: str
    findings: tuple[Finding, ...]
    proof: ItemProof | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the statement held."""
        return overall(self.findings)


class Registry(Protocol):
    """Where statements about marks are looked up: a folder, a node, nothing."""

    def by_mark(self, payload: str) -> Sequence[LogRecord]:
        """Records of items whose watermark carries this payload (hexadecimal)."""
        ...

    def by_likeness(self, pdqs: Sequence[str]) -> Sequence[LogRecord]:
        """Records of items that look like one of these PDQ hashes."""
        ...

    def blob(self, digest: bytes) -> bytes | None:
        """A file kept beside the log, if it is at hand."""
        ...


class Nowhere:
    """No registry at all: every look-up is empty, and says so."""

    def by_mark(self, payload: str) -> Sequence[LogRecord]:  # noqa: ARG002  # as the protocol names it
        """Nothing."""
        return ()

    def by_likeness(self, pdqs: Sequence[str]) -> Sequence[LogRecord]:  # noqa: ARG002
        """Nothing."""
        return ()

    def blob(self, digest: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None


class Book:
    """Records in memory, found by payload and by likeness.

    Always true: every record came from one `add`; a payload may have several, oldest first.
    """

    def __init__(self) -> None:
        self._by_mark: dict[str, list[LogRecord]] = {}
        self._pending: list[tuple[LogRecord, str]] = []
        self._by_digest: dict[bytes, list[LogRecord]] = {}
        self._texts: list[LogRecord] = []
        self._blobs: dict[bytes, bytes] = {}
        self._index: Any = None
        self._count = 0

    def __len__(self) -> int:
        """How many records."""
        return self._count

    def add(self, record: LogRecord) -> None:
        """Take in one record."""
        prints = record.item.fingerprints
        for payload in {mark.payload for mark in record.item.marks if mark.payload is not None}:
            self._by_mark.setdefault(payload, []).append(record)
        self._by_digest.setdefault(record.item.digest, []).append(record)
        if prints is not None:
            hashes = prints.frames if prints.pdq is None else (prints.pdq, *prints.frames)
            self._pending += [(record, each) for each in hashes]
        if prints is not None and prints.minhash is not None:
            self._texts.append(record)
        self._count += 1

    def add_blob(self, digest: bytes, data: bytes) -> None:
        """Take in a file that is kept beside the log."""
        self._blobs[digest] = data

    def by_mark(self, payload: str) -> Sequence[LogRecord]:
        """Records with this payload."""
        return self._by_mark.get(payload, [])[:MOST_ANSWERS]

    def by_likeness(self, pdqs: Sequence[str]) -> Sequence[LogRecord]:
        """The nearest records to any of the hashes, nearest first."""
        from haechi.mark.fingerprint import FingerprintIndex  # needs the extra

        if self._index is None:
            self._index = FingerprintIndex[LogRecord]()
        self._index.add(self._pending)
        self._pending = []
        near = [hit for pdq in pdqs for hit in self._index.near(pdq, MOST_ANSWERS)]
        ordered = sorted(near, key=lambda hit: hit.distance)
        found = {(hit.key.statement, hit.key.item.digest): hit.key for hit in ordered}
        return list(found.values())[:MOST_ANSWERS]

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Records of exactly this file, oldest first."""
        return self._by_digest.get(digest, [])[:MOST_ANSWERS]

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Records of texts that share fingerprints with this one, nearest first."""
        from haechi.mark.text.prints import MINHASH_SAME, minhash_alike  # needs the extra

        rated = [
            (minhash_alike(minhash, prints.minhash), record)
            for record in self._texts
            if (prints := record.item.fingerprints) is not None and prints.minhash is not None
        ]
        near = sorted((each for each in rated if each[0] >= MINHASH_SAME), key=lambda each: -each[0])
        return [record for _share, record in near[:MOST_ANSWERS]]

    def blob(self, digest: bytes) -> bytes | None:
        """A file that was taken in."""
        return self._blobs.get(digest)


def records_of(
    statement: Statement,
    facts: Facts,
    origin: str,
    findings: Sequence[Finding],
    blobs: Mapping[bytes, bytes],
    proofs: Iterable[ItemProof] = (),
) -> list[LogRecord]:
    """The records that a checked `content_mark` gives; none for a statement of another kind.

    Of a batch: the items in its file, where `blobs` has that, whose root must be the signed one; else those
    of `proofs` that hold. Raises nothing for bad files: they give no record.
    """
    try:
        claim = claim_of(statement, facts) if statement.about.kind == NAME else None
    except BadInput:
        return []
    if not isinstance(claim, ContentMark):
        return []
    about = (statement.digest, statement.about.issuer, origin, tuple(findings))
    if claim.item is not None:
        return [LogRecord(claim.item, *about)]
    if claim.batch is None:
        return []
    file = claim.batch.items
    if file is not None and file.digest in blobs:
        return [
            LogRecord(item, *about, proof)
            for item, proof in _items_in(blobs[file.digest], claim.batch, statement.digest, facts)
        ]
    records: list[LogRecord] = []
    for proof in proofs:
        finding = check_item_proof(proof, statement.digest, claim.batch)
        if finding.verdict is Verdict.HOLDS:
            item = decode_item(proof.item, facts)
            records.append(LogRecord(item, *about[:3], (*about[3], finding), proof))
    return records


def _items_in(raw: bytes, batch: Batch, statement: bytes, facts: Facts) -> list[tuple[MarkedItem, ItemProof]]:
    try:
        leaves = list(leaves_in(raw))
        tree = Tree(leaves)
        if (tree.root, tree.size) != (batch.root, batch.size):
            return []
        return [
            (
                decode_item(leaf, facts),
                ItemProof(statement=statement, item=leaf, index=at, size=tree.size, path=tree.path(at)),
            )
            for at, leaf in enumerate(leaves)
        ]
    except BadInput:
        return []


class Contents(NamedTuple):
    """What lies in a folder of records: statements, proofs of items, and all other files by their digest."""

    statements: list[Statement]
    proofs: list[ItemProof]
    blobs: dict[bytes, bytes]


def contents_of(folder: Path) -> Contents:
    """The statements, proofs and kept files in a folder, whatever their names.

    Files that are none of these are kept by their digest. Large and surplus files are passed over.
    """
    found = Contents([], [], {})
    for path in sorted(folder.rglob("*"))[:MOST_FILES]:
        if not path.is_file() or path.stat().st_size > MOST_FILE_BYTES:
            continue
        raw = path.read_bytes()
        if path.suffix == ".cose" and len(raw) <= MAX_TRANSPARENT_BYTES:
            try:
                found.statements.append(Statement.from_bytes(raw))
            except BadInput:
                continue
        elif path.suffix == ".proof":
            try:
                found.proofs.append(ItemProof.from_bytes(raw))
            except BadInput:
                continue
        else:
            found.blobs[hashlib.sha256(raw).digest()] = raw
    return found


def read_folder(folder: Path, facts: Facts) -> Book:
    """The records in a folder; signatures are checked."""
    book = Book()
    statements, proofs, blobs = contents_of(folder)
    for digest, raw in blobs.items():
        book.add_blob(digest, raw)
    by_statement: dict[bytes, list[ItemProof]] = {}
    for proof in proofs:
        by_statement.setdefault(proof.statement, []).append(proof)
    for statement in statements:
        checks = [statement.check_signature()]
        own = by_statement.get(statement.digest, [])
        for record in records_of(statement, facts, str(folder), checks, blobs, own):
            book.add(record)
    return book
