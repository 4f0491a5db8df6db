"""What a log keeps, and what every store of it must promise.

A store holds one tree of one origin, in one of two roles: `own` (a sequencer decides the order) or
`mirror` (another node decided it, and its tiles were verified). Both are grown by `append` alone.

    StoreLocked (Unavailable)   another process writes to this directory
    StoreFailed (Unavailable)   the disk refused; the transaction was undone
    StoreDamaged (Conflict)     what is stored contradicts itself; run fsck
    StoreMoved (Conflict)       the stored head is not the one this writer built upon
    RootMismatch (Conflict)     the grown tree has another root than the caller demands
    StoreRetired (Conflict)     the log goes on in another store; this one is only read
    TermsChanged (Unavailable)  the terms of admission changed before the entry had its place
    NotStored (NotFound)        no such entry, tile or bundle (yet)
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

from haechi.errors import BadInput, Conflict, NotFound, Unavailable
from haechi.words import Text

CHECKPOINTS_KEPT = 256
"""How many published checkpoints a store keeps, the newest."""


class Head(NamedTuple):
    """Size and root of a tree: what a checkpoint says, without origin and signature."""

    size: int
    root: bytes


class Terms(NamedTuple):
    """By what an entry was admitted. under: index of the entry that set the terms; sets: it sets new ones."""

    under: int
    sets: bool


class Entry(NamedTuple):
    """One entry: its digest (32 bytes, the leaf's data) and the statement, or None where it is not held.

    terms: for logs that several processes admit to; the place is then refused once the terms have changed.
    said: what was read in the statement when it was admitted, for the other processes of such a log
    (`Intake.told`); one MessagePack value, whose meaning is theirs.
    """

    digest: bytes
    statement: bytes | None
    terms: Terms | None = None
    said: bytes | None = None


class Published(NamedTuple):
    """A signed checkpoint as it was published: the size it covers, the note's bytes, unix seconds."""

    size: int
    note: bytes
    at: int


class Role(StrEnum):
    """Who decides the order of the entries."""

    OWN = "own"
    MIRROR = "mirror"


class StoreLocked(Unavailable):
    """Another process has the store open for writing; facts: path."""

    code = "log.store-locked"
    what = Text(
        "another process writes to the log at {path}", "다른 프로세스가 {path}의 로그에 쓰고 있습니다"
    )
    hint = Text(
        "stop the other process, or open the log for reading", "다른 프로세스를 멈추거나 읽기용으로 여세요"
    )


class StoreFailed(Unavailable):
    """The disk or the database refused; facts: path, why."""

    code = "log.store-failed"
    what = Text(
        "the log at {path} could not be read or written: {why}",
        "{path}의 로그를 읽거나 쓸 수 없습니다: {why}",
    )
    hint = Text(
        "free or mend the disk and send again; sending twice gives the same index",
        "디스크를 비우거나 고친 뒤 다시 보내세요. 두 번 보내도 같은 번호를 받습니다",
    )


class StoreDamaged(Conflict):
    """The stored data contradicts itself; facts: path, why."""

    code = "log.store-damaged"
    what = Text("the log at {path} is damaged: {why}", "{path}의 로그가 손상되었습니다: {why}")
    hint = Text(
        "run fsck, then restore the damaged parts from a mirror",
        "fsck를 실행하고 손상된 부분을 미러에서 복구하세요",
    )


class StoreMoved(Conflict):
    """Someone else wrote to the store; facts: expected, got (sizes)."""

    code = "log.store-moved"
    what = Text(
        "the log changed under its writer: expected {expected} entries, got {got}",
        "쓰는 동안 로그가 바뀌었습니다: 예상 항목 {expected}개, 실제 {got}개",
    )
    hint = Text(
        "open the log again; look for a second writer",
        "로그를 다시 열고 다른 작성자가 있는지 확인하세요",
    )


class StoreRetired(Conflict):
    """The log was moved; facts: path, moved_to."""

    code = "log.store-retired"
    what = Text(
        "the log at {path} was moved to {moved_to} and signs nothing here any more",
        "{path}의 로그는 {moved_to}(으)로 옮겨져 이곳에서는 더 이상 서명하지 않습니다",
    )
    hint = Text(
        "start the node with the settings that `haechi migrate` wrote",
        "`haechi migrate` 가 적은 설정으로 노드를 시작하세요",
    )


class RootMismatch(Conflict):
    """The tree grown from the given entries is not the promised one; facts: size, expected, got."""

    code = "log.root-mismatch"
    what = Text(
        "root mismatch at size {size}: expected {expected}, got {got}",
        "크기 {size}에서 루트가 다릅니다: 예상 {expected}, 실제 {got}",
    )
    hint = Text("nothing was stored; fetch the entries again", "저장된 것은 없습니다. 항목을 다시 받으세요")


class DigestMismatch(BadInput):
    """A statement whose SHA-256 is not its entry; facts: expected, got (hex)."""

    code = "log.digest-mismatch"
    what = Text(
        "the statement does not match its entry: expected {expected}, got {got}",
        "진술이 항목과 맞지 않습니다: 예상 {expected}, 실제 {got}",
    )
    hint = Text("send the statement's bytes as they were signed", "서명한 그대로의 진술 바이트를 보내세요")


class TermsChanged(Unavailable):
    """The policy changed between admission and place; facts: none."""

    code = "log.terms-changed"
    what = Text(
        "the registration policy changed while the statement was on its way",
        "진술이 처리되는 동안 등록 정책이 바뀌었습니다",
    )
    hint = Text("send it again; it is then judged by the new policy", "다시 보내면 새 정책으로 판단합니다")


class NotStored(NotFound):
    """No such part of the tree here; facts: what_is, name."""

    code = "log.not-stored"
    hint = Text("the log may not have grown that far yet", "로그가 아직 거기까지 늘어나지 않았을 수 있습니다")


class View(Protocol):
    """One state of a store, for reading. Everything below `head().size` is there and never changes."""

    def head(self) -> Head:
        """The durable head; size 0 for an empty store."""
        ...

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """The first `width` hashes (32 bytes each) of a tile; None when it is not stored that wide."""
        ...

    def tree_tile(self, level: int, n: int, width: int) -> bytes | None:
        """As `tile`, for a TileTree: a whole one may be followed by its middle (see Tile)."""
        ...

    def entries(self, n: int, width: int) -> bytes | None:
        """The first `width` entries of bundle `n` as tlog-tiles encodes them; None when not stored."""
        ...

    def digest(self, index: int) -> bytes:
        """The entry at `index`; raises NotStored."""
        ...

    def statement(self, index: int) -> bytes | None:
        """The statement of entry `index`; None when it is withdrawn or was never held. Raises NotStored."""
        ...

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        """Index and bytes of the statements held in [start, start + count), one at a time."""
        ...

    def holding(self, start: int, count: int) -> set[int]:
        """Which entries of [start, start + count) have a statement here."""
        ...

    def index_of(self, digest: bytes) -> int | None:
        """Where this entry is; None when it is not in the log. Of doubles in a mirror, one of the places."""
        ...

    def published(self) -> Published | None:
        """The newest published checkpoint."""
        ...

    def published_at(self, size: int) -> Published | None:
        """The published checkpoint of exactly this size, while it is kept."""
        ...


class IndexPart(NamedTuple):
    """A stored part of the digest index: records of the entries [first, first + size), sorted.

    A record is the first 8 bytes of a digest and the entry's index in 5 bytes, big-endian.
    """

    first: int
    size: int
    records: Iterator[bytes]


class Auditable(View, Protocol):
    """A view that also shows what no reader needs, for checks."""

    def checkpoints(self) -> list[Published]:
        """Every published checkpoint that is kept, the newest first; a few hundred at most."""
        ...

    def index_parts(self) -> Iterator[IndexPart]:
        """The stored parts of the digest index, in the order of their entries."""
        ...

    def storage_faults(self) -> Iterator[str]:
        """What the database says is wrong with its own structure, a line each; nothing when all is well."""
        ...


class Store(Auditable, Protocol):
    """A durable tree with its statements. One writer at a time, any number of readers."""

    @property
    def origin(self) -> str:
        """The log's origin."""
        ...

    @property
    def role(self) -> Role:
        """Whether this is the log itself or a mirror of it."""
        ...

    @property
    def first_batch(self) -> int:
        """Size after the first append (the log's genesis); 0 while the store is empty."""
        ...

    def append(self, entries: Sequence[Entry], expect: Head | None = None) -> Head:
        """Add entries in this order and make them durable, all or none; the new head.

        Statements are trusted to match their digests (the sequencer and the mirror checked them).

        expect: the head the grown tree must have (a mirror's verified checkpoint).
        Raises RootMismatch, StoreFailed, StoreMoved; after any of them the store is as before.
        """
        ...

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Index of each of these digests that is in the log: `index_of` for many, for the writer."""
        ...

    def keep_statement(self, index: int, statement: bytes) -> None:
        """Keep the bytes of an entry that came without; raises DigestMismatch, NotStored, StoreFailed."""
        ...

    def withdraw(self, index: int) -> bool:
        """Erase a statement's bytes, its entry stays; whether there was anything to erase."""
        ...

    def publish(self, checkpoint: Published) -> None:
        """Keep a signed checkpoint as the newest; same size again replaces it (more cosignatures)."""
        ...

    def snapshot(self) -> AbstractContextManager[Auditable]:
        """One unchanging view while the context is open; held long, it keeps the journal growing."""
        ...

    def close(self) -> None:
        """Release files and locks. Closing twice is harmless."""
        ...
