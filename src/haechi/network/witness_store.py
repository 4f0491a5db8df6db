"""What a witness cosigned last of each log, durable before anybody hears of it.

The file lies outside the node's data directory, as the log's own head does: a witness that is restored from a
backup would cosign a second history and never know.

    HeadMoved (Conflict)        the stored head is not the one the caller built upon
    StoreFailed (Unavailable)   the disk refused; the heads are as before
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol, Self

from haechi.errors import HaechiError
from haechi.log.headstore import HeadMoved
from haechi.log.store import Head, StoreFailed
from haechi.network.memory import SignedHead

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS cosigned"
    " (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL) STRICT"
)
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    # A log of writes that begins anew this soon is written over and not made longer: a sync then has no
    # length to write down, which is a third of what it costs.
    "PRAGMA wal_autocheckpoint=128",
    _SCHEMA,
)
_Row = tuple[str, int, bytes, bytes]
# Not OR REPLACE: that moves a row and its name in the index to other pages, each to be written and synced.
_PUT = (
    "INSERT INTO cosigned VALUES (?, ?, ?, ?)"
    " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note"
)


class Step(NamedTuple):
    """Replace exactly the head `old` of a log by `new`."""

    origin: str
    old: Head | None
    new: SignedHead


class WitnessStore(Protocol):
    """The last cosigned head of each log. Threads may share it."""

    def held(self, origin: str) -> SignedHead | None:
        """The head last cosigned, with its note; None for a log that was never cosigned."""
        ...

    def named(self, origin_hash: str) -> SignedHead | None:
        """The same by the hex SHA-256 of the origin."""
        ...

    def advance_all(self, steps: Sequence[Step]) -> list[HaechiError | None]:
        """Take each step, in their order: what refused it (HeadMoved, StoreFailed), or None.

        On return every step that was not refused is durable; one sync serves all of them.
        """
        ...


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

    def advance_all(self, steps: Sequence[Step]) -> list[HaechiError | None]:
        """See WitnessStore."""
        with self._lock:
            stepped = _Stepped(self._heads.get)
            refused = [stepped.refusal(step) for step in steps]
            for origin, new in stepped.heads.items():
                self.take(origin, new)
        return refused

    def heads(self) -> dict[str, SignedHead]:
        """The head last cosigned of every log."""
        return dict(self._heads)

    def take(self, origin: str, new: SignedHead) -> None:
        """Remember a head that is known to go on from the last."""
        if origin not in self._heads:
            self._names[hashlib.sha256(origin.encode()).hexdigest()] = origin
        self._heads[origin] = new


class _Stepped:
    """The heads of a store as they are after steps that are not yet durable."""

    def __init__(self, before: Callable[[str], SignedHead | None]) -> None:
        self._before = before
        self.heads: dict[str, SignedHead] = {}

    def refusal(self, step: Step) -> HaechiError | None:
        """Take a step, unless it does not go on from the head that is held by then."""
        origin, old, new = step
        try:
            require_step(origin, self.heads.get(origin) or self._before(origin), old, new)
        except HeadMoved as error:
            return error
        self.heads[origin] = new
        return None


class SqliteWitnessStore:
    """The heads of a witness in one SQLite file (WAL, synced at every commit).

    Always true: what `held` answers is on the disk.
    """

    def __init__(self, path: Path) -> None:
        """The store at `path`, made when it is not there; raises StoreFailed."""
        self.path = path
        self._committed = MemoryWitnessStore()
        self._lock = Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            for line in _SETTINGS:
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
        """One step; on return it is durable. Raises HeadMoved, StoreFailed."""
        refused = self.advance_all([Step(origin, old, new)])[0]
        if refused is not None:
            raise refused

    def advance_all(self, steps: Sequence[Step]) -> list[HaechiError | None]:
        """See WitnessStore."""
        with self._lock:
            before = self._committed.held
            stepped = _Stepped(before)
            refused = [stepped.refusal(step) for step in steps]
            # A head that was seen again, and later, is durable already.
            rows = [
                (origin, head.size, head.root, note)
                for origin, (head, note) in stepped.heads.items()
                if head_of(before(origin)) != head
            ]
            failed = self._commit(rows) if rows else None
            if failed is not None:
                return [failed if one is None else one for one in refused]
            for origin, new in stepped.heads.items():
                self._committed.take(origin, new)
        return refused

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(self, rows: Sequence[_Row]) -> StoreFailed | None:
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
    got = head_of(held)
    if got != old:
        raise HeadMoved(origin=origin, expected=_shown(old), got=_shown(got))
    if got is not None and (new.head.size < got.size or (new.head.size == got.size and new.head != got)):
        raise HeadMoved(origin=origin, expected=f"more than {got.size} entries", got=_shown(new.head))


def head_of(held: SignedHead | None) -> Head | None:
    """The head alone."""
    return None if held is None else held.head


def _shown(head: Head | None) -> str:
    return "none" if head is None else f"{head.size} {head.root.hex()[:16]}"
