"""The one place where entries get their order: a writer thread, group commit, and the head that is signed.

    Conflict
    └── RolledBack        the log is older than, or another than, the head it already stood behind
    Refused
    └── GenesisTooSmall   a log begins with two entries or more

and, from `haechi.log.backlog`, Busy and SequencerStopped.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Self, cast

from haechi.errors import Conflict, HaechiError, Refused, Unavailable
from haechi.log.backlog import Backlog, Busy, Part, Placed, SequencerStopped, Tuning
from haechi.log.headstore import HeadStore
from haechi.log.intake import Intake, check_digests
from haechi.log.store import Entry, Head, Published, Role, Store, StoreFailed
from haechi.log.tiles import TileTree
from haechi.words import Text

__all__ = [
    "MIN_SIZE",
    "Busy",
    "GenesisTooSmall",
    "Placed",
    "Publisher",
    "RolledBack",
    "Sequencer",
    "SequencerStopped",
    "Tuning",
]

MIN_SIZE = 2
"""RFC 9942 demands a path of at least one hash, and a tree of one entry has none: size 1 is never signed."""


class RolledBack(Conflict):
    """The log and its stored head disagree; facts: origin, expected, got (size and root)."""

    code = "log.rolled-back"
    what = Text(
        "{origin} was rolled back or replaced: it stood behind {expected}, the log here has {got}",
        "{origin} 로그가 되돌려졌거나 바뀌었습니다: 이미 책임진 헤드 {expected}, 이곳의 로그 {got}",
    )
    hint = Text(
        "this is an old or foreign copy and must not sign: fetch the missing entries from a mirror",
        "오래되었거나 다른 사본이므로 서명할 수 없습니다. 빠진 항목을 미러에서 가져오세요",
    )


class GenesisTooSmall(Refused):
    """A log would begin with too few entries; facts: got."""

    code = "log.genesis-too-small"
    what = Text(
        "a log begins with at least 2 entries (its key and its policy), got {got}",
        "로그는 최소 2개 항목(키와 정책)으로 시작합니다. 받은 항목 {got}개",
    )
    hint = Text("register the key event and the policy together", "키 이벤트와 정책을 함께 등록하세요")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Signs heads: `sign(head, unix seconds)` gives a signed checkpoint. At most every `every_s` seconds."""

    sign: Callable[[Head, int], bytes]
    clock: Callable[[], int]
    every_s: float = 0.2


class Sequencer(Intake):
    """Decides the order of entries and makes them durable before anybody hears of it.

    Always true:
    1. A future is resolved, and a head is signed, only after the entries are in a committed transaction and
       the head store has advanced to a head that covers them. So a signed head never covers data that is not
       durable, and every acknowledged entry survives the end of the process at any instruction.
    2. The head store never names a head that the store does not have.
    3. An entry digest is in the log once; sending it again gives the first index.
    4. No head below two entries is stored as the log's head or signed.
    5. After a failed transaction nothing of it was acknowledged, and the log goes on from the state before.
       After a failed head store, or a log found damaged, nothing is accepted until it is opened again.
    """

    def __init__(
        self, store: Store, heads: HeadStore, publisher: Publisher | None = None, tuning: Tuning | None = None
    ) -> None:
        """The sequencer of an existing log; store and head store stay the caller's to close.

        Raises RolledBack when the log is not what the head store remembers (there is no way around it),
        GenesisTooSmall when it was never begun.
        """
        self._store = store
        self._heads = heads
        self._publisher = publisher
        self._head = reconcile(store, heads)
        newest = store.published()
        self._published_size = newest.size if newest else 0
        self._publishing = threading.Lock()
        self._publish_at_s = 0.0
        self.publish_failure: Unavailable | None = None
        super().__init__(Backlog(tuning or Tuning()))
        self._thread = threading.Thread(target=self._run, name="haechi-sequencer", daemon=True)
        self._thread.start()

    @classmethod
    def create(
        cls,
        store: Store,
        heads: HeadStore,
        genesis: Sequence[Entry],
        publisher: Publisher | None = None,
        tuning: Tuning | None = None,
    ) -> Self:
        """Begin a log with these entries, committed together; then as the constructor.

        Raises GenesisTooSmall, DigestMismatch, RolledBack when store or head store are not empty,
        StoreFailed, HeadStoreBroken.
        """
        if len({entry.digest for entry in genesis}) != max(len(genesis), MIN_SIZE):
            raise GenesisTooSmall(got=len({entry.digest for entry in genesis}))
        check_digests(genesis)
        if store.head().size or heads.current() is not None:
            raise rolled_back(store, heads)
        # A crash after the append is mended at opening: an empty head store and a first batch alone.
        heads.advance(None, store.append(genesis))
        return cls(store, heads, publisher, tuning)

    @property
    def head(self) -> Head:
        """The newest durable head: what may be signed."""
        return self._head

    @property
    def leading(self) -> bool:
        """Whether this process decides the order: always, where a log has one process."""
        return True

    @property
    def stopped(self) -> str | None:
        """Why no entries are accepted any more; None while they are."""
        return self._backlog.closed

    def publish(self, now_s: int) -> Published | None:
        """The newest checkpoint, signed and stored first when the log has grown since the last.

        now_s: unix seconds. None when nothing was ever published and there is no publisher.
        Raises StoreFailed, and what the signing callable raises.
        """
        with self._publishing:
            head = self._head
            if self._publisher is not None and head.size > self._published_size:
                note = self._publisher.sign(head, now_s)
                self._store.publish(Published(head.size, note, now_s))
                self._published_size = head.size
            return self._store.published()

    def close(self) -> None:
        """Accept no more, commit what waits, publish, and end the thread. Closing twice is harmless."""
        self._backlog.close("closed")
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        why = "it failed in a way that was not foreseen"
        try:
            while (parts := self._backlog.take(self._until_publish_s())) is not None:
                if parts:
                    self._commit(parts)
                if self._until_publish_s() == 0:
                    self._publish_quietly()
            if self._has_grown():
                self._publish_quietly()
        except HaechiError as error:
            why = str(error)
        finally:
            left = self._backlog.close(why)
            self._backlog.drop(left)
            for job in left:
                job.fail(SequencerStopped(why=why))

    def _commit(self, parts: Sequence[Part]) -> None:
        """One batch: durable and answered, or failed and undone. Raises what must stop the sequencer."""
        try:
            places = self._place([entry for part in parts for entry in part.entries])
        except StoreFailed as error:
            self._fail(parts, error)
            return
        except BaseException as error:
            self._fail(parts, error)
            raise
        at = 0
        for job, entries in parts:
            job.places += places[at : at + len(entries)]
            at += len(entries)
            if len(job.places) == len(job.entries):
                job.answer(job.places)

    def _place(self, entries: Sequence[Entry]) -> list[Placed]:
        if self._store.head() != self._head:
            # A commit that reported a failure was carried out all the same.
            self._head = reconcile(self._store, self._heads)
        digests = [entry.digest for entry in entries]
        known = self._store.find(digests)
        if not known and len(set(digests)) == len(digests):
            size = self._head.size
            self._append(entries)
            return _places(range(size, size + len(entries)), self._head)
        fresh: dict[bytes, Entry] = {}
        for entry in entries:
            if entry.digest not in known:
                fresh.setdefault(entry.digest, entry)
        known.update(zip(fresh, range(self._head.size, self._head.size + len(fresh)), strict=True))
        if fresh:
            self._append([*fresh.values()])
        return _places([known[digest] for digest in digests], self._head)

    def _append(self, entries: Sequence[Entry]) -> None:
        """First the log, then the head that stands behind it: a crash between leaves the log ahead."""
        head = self._store.append(entries)
        self._heads.advance(self._head, head)
        self._head = head

    def _fail(self, parts: Sequence[Part], error: BaseException) -> None:
        jobs = [part.job for part in parts]
        self._backlog.drop(jobs)
        for job in jobs:
            job.fail(error)

    def _has_grown(self) -> bool:
        return self._publisher is not None and self._head.size > self._published_size

    def _until_publish_s(self) -> float | None:
        """Seconds until a checkpoint is due; None when nothing is to be published."""
        return max(0.0, self._publish_at_s - time.monotonic()) if self._has_grown() else None

    def _publish_quietly(self) -> None:
        """Publish; a disk or a signing device that does not answer is remembered and tried again later."""
        if self._publisher is None:
            return
        self._publish_at_s = time.monotonic() + self._publisher.every_s
        try:
            self.publish(self._publisher.clock())
        except Unavailable as error:
            self.publish_failure = error
        else:
            self.publish_failure = None


def reconcile(store: Store, heads: HeadStore, head: Head | None = None) -> Head:
    """The head both agree on, after carrying a head store that a crash left behind forward.

    head: the store's, where the caller has just asked for it.
    Raises RolledBack, GenesisTooSmall, TileDamaged, HeadStoreBroken.
    """
    head, stored = head or store.head(), heads.current()
    if store.origin != heads.origin:
        raise rolled_back(store, heads)
    if store.role is not Role.OWN:
        raise rolled_back(store, heads)
    if stored is None and head.size not in {0, store.first_batch}:
        raise rolled_back(store, heads)
    if stored is not None and head.size < stored.size:
        raise rolled_back(store, heads)
    if stored is not None and TileTree(store.tree_tile).root(stored.size) != stored.root:
        raise rolled_back(store, heads)
    if head.size < MIN_SIZE:
        raise GenesisTooSmall(got=head.size)
    heads.advance(stored, head)
    return head


def rolled_back(store: Store, heads: HeadStore) -> RolledBack:
    """The error that names both heads."""
    stored, head = heads.current(), store.head()
    expected = f"{stored.size} {stored.root.hex()[:16]}" if stored else "nothing yet"
    return RolledBack(
        origin=heads.origin, expected=expected, got=f"{head.size} {head.root.hex()[:16]} ({store.origin})"
    )


# `Placed._make` is a Python function and would be a call for each entry; this is what it does.
_placed = cast("Callable[[tuple[int, Head]], Placed]", partial(tuple.__new__, Placed))  # pyright: ignore[reportUnknownMemberType]  # of any tuple


def _places(indices: Iterable[int], head: Head) -> list[Placed]:
    return [*map(_placed, zip(indices, repeat(head), strict=False))]
