"""What a witness cosigned last of each log, durable before anybody hears of it.

The file lies outside the node's data directory, as the log's own head does: a witness that is restored from a
backup would cosign a second history and never know.

    HeadMoved (Conflict)        the stored head is not the one the caller built upon
    StoreFailed (Unavailable)   the disk refused; the heads are as before
"""

import hashlib
import sqlite3
from pathlib import Path
from threading import Condition, Lock
from typing import Protocol, Self

from haechi.errors import HaechiError
from haechi.log.headstore import HeadMoved
from haechi.log.store import Head, StoreFailed
from haechi.network.memory import SignedHead

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS cosigned"
    " (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL) STRICT"
)
_PUT = "INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?)"


class WitnessStore(Protocol):
    """The last cosigned head of each log. Threads may share it."""

    def held(self, origin: str) -> SignedHead | None:
        """The head last cosigned, with its note; None for a log that was never cosigned."""
        ...

    def named(self, origin_hash: str) -> SignedHead | None:
        """The same by the hex SHA-256 of the origin."""
        ...

    def advance(self, origin: str, old: Head | None, new: SignedHead) -> None:
        """Replace exactly `old` by `new`; on return it is durable. Raises HeadMoved, StoreFailed."""
        ...


class _Change:
    """One advance that waits for its commit, or for its turn to make the next one.

    called: held until one of both has come. With a lock each nobody else is woken, and wakes are dear.
    """

    __slots__ = ("called", "done", "error", "new", "origin")

    def __init__(self, origin: str, new: SignedHead) -> None:
        self.origin = origin
        self.new = new
        self.done = False
        self.error: HaechiError | None = None
        self.called = Lock()
        self.called.acquire()


class MemoryWitnessStore:
    """The heads of a witness that forgets them when it ends; for federations in memory."""

    def __init__(self) -> None:
        self._heads: dict[str, SignedHead] = {}
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def held(self, origin: str) -> SignedHead | None:
        """See WitnessStore."""
        return self._heads.get(origin)

    def named(self, origin_hash: str) -> SignedHead | None:
        """See WitnessStore."""
        return self._heads.get(self._names.get(origin_hash, ""))

    def advance(self, origin: str, old: Head | None, new: SignedHead) -> None:
        """See WitnessStore."""
        with self._lock:
            require_step(origin, self._heads.get(origin), old, new)
            self.take(origin, new)

    def heads(self) -> dict[str, SignedHead]:
        """The head last cosigned of every log."""
        return dict(self._heads)

    def take(self, origin: str, new: SignedHead) -> None:
        """Remember a head that is known to go on from the last."""
        self._heads[origin] = new
        self._names[hashlib.sha256(origin.encode()).hexdigest()] = origin


class SqliteWitnessStore:
    """The heads of a witness in one SQLite file (WAL, synced at every commit).

    Always true: what `held` answers is on the disk. Requests that arrive while a commit is being synced share
    the next one: one sync serves them all, and each is answered after it only.
    """

    def __init__(self, path: Path) -> None:
        """The store at `path`, made when it is not there; raises StoreFailed."""
        self.path = path
        self._committed = MemoryWitnessStore()
        self._waiting: list[_Change] = []
        self._turn = Condition()
        self._committing = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _SCHEMA):
                self._db.execute(line)
            for origin, size, root, note in self._db.execute("SELECT * FROM cosigned"):
                self._committed.take(origin, SignedHead(Head(size, root), note))
        except (sqlite3.Error, OSError) as error:
            raise StoreFailed(path=str(path), why=str(error)) from error

    def held(self, origin: str) -> SignedHead | None:
        """See WitnessStore."""
        return self._committed.held(origin)

    def named(self, origin_hash: str) -> SignedHead | None:
        """See WitnessStore."""
        return self._committed.named(origin_hash)

    def heads(self) -> dict[str, SignedHead]:
        """The head last cosigned of every log."""
        return self._committed.heads()

    def advance(self, origin: str, old: Head | None, new: SignedHead) -> None:
        """See WitnessStore."""
        change = _Change(origin, new)
        with self._turn:
            if any(other.origin == origin for other in self._waiting):
                raise HeadMoved(origin=origin, expected=str(old), got="another advance")
            held = self._committed.held(origin)
            require_step(origin, held, old, new)
            if (
                held is not None and held.head == new.head
            ):  # seen again, and later: the head is durable already
                self._committed.take(origin, new)
                return
            self._waiting.append(change)
            follows, self._committing = self._committing, True
        if follows:
            change.called.acquire()
        if not change.done:
            self._lead(change)
        if change.error is not None:
            raise change.error

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            while self._committing:
                self._turn.wait()
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lead(self, own: _Change) -> None:
        """Commit everything that waits and answer it; whoever came meanwhile makes the next commit."""
        with self._turn:
            batch = list(self._waiting)
        error = self._commit(batch)
        with self._turn:
            del self._waiting[: len(batch)]
            for change in batch:
                change.error, change.done = error, True
                if error is None:
                    self._committed.take(change.origin, change.new)
            called = self._waiting[:1] + [change for change in batch if change is not own]
            self._committing = bool(self._waiting)
            self._turn.notify_all()  # one that closes the file
        for change in called:
            change.called.release()

    def _commit(self, batch: list[_Change]) -> HaechiError | None:
        rows = [(one.origin, one.new.head.size, one.new.head.root, one.new.note) for one in batch]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_PUT, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            failed = StoreFailed(path=str(self.path), why=str(error))
            try:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            except sqlite3.Error as worse:
                return StoreFailed(path=str(self.path), why=f"{error}; {worse}")
            return failed
        return None


def require_step(origin: str, held: SignedHead | None, old: Head | None, new: SignedHead) -> None:
    """Raise HeadMoved unless `old` is what is held and `new` does not fall behind it."""
    got = None if held is None else held.head
    if got != old:
        raise HeadMoved(origin=origin, expected=_shown(old), got=_shown(got))
    if got is not None and (new.head.size < got.size or (new.head.size == got.size and new.head != got)):
        raise HeadMoved(origin=origin, expected=f"more than {got.size} entries", got=_shown(new.head))


def _shown(head: Head | None) -> str:
    return "none" if head is None else f"{head.size} {head.root.hex()[:16]}"
