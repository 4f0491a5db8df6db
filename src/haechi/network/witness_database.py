"""What a witness of several front processes cosigned last: one row a log in the database they share.

    Unavailable
    └── WitnessRolledBack    the database has forgotten what this front has cosigned
    Conflict
    └── WitnessDisagrees     two roots of one size were cosigned; no memory is to be made of that

The database decides between fronts; each front's own file, outside every backup, remembers what it answered
itself. A database that was restored, or a standby that was promoted without the last commits, is noticed by
every front that cosigned something newer: it cosigns nothing of that log until people have looked.
"""

import hashlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import NamedTuple

import psycopg

from haechi.errors import Conflict, HaechiError, Unavailable
from haechi.log.cluster.database import Connection, Database, make_missing
from haechi.log.headstore import HeadMoved
from haechi.log.store import Head, StoreFailed
from haechi.network.memory import SignedHead
from haechi.network.witness_store import SqliteWitnessStore, Step, head_of, require_step
from haechi.words import Text

_TABLE = (
    "CREATE TABLE IF NOT EXISTS cosigned (origin TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " size BIGINT NOT NULL, root BYTEA NOT NULL, note BYTEA NOT NULL)"
)
_BEGIN = "INSERT INTO cosigned VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_MOVE = "UPDATE cosigned SET size = %s, root = %s, note = %s WHERE origin = %s AND size = %s AND root = %s"


class WitnessRolledBack(Unavailable):
    """The database holds an older or another head than this front cosigned; facts: origin, here, there."""

    code = "network.witness-rolled-back"
    what = Text(
        "the database remembers {there} cosigned entries of {origin}, this process has cosigned {here}",
        "{origin}: 공동 서명 기록이 데이터베이스에는 항목 {there}개, 이 프로세스에는 {here}개까지 있습니다",
    )
    hint = Text(
        "the database was restored or lost commits: see the operations guide before the witness goes on",
        "데이터베이스가 복원되었거나 커밋을 잃었습니다. 입회를 계속하기 전에 운영 안내서를 보세요",
    )


class WitnessDisagrees(Conflict):
    """Fronts, or a front and the database, have cosigned different roots; facts: origin, size."""

    code = "network.witness-disagrees"
    what = Text(
        "two roots of {origin} at {size} entries were cosigned here",
        "{origin}: 항목 {size}개에서 서로 다른 두 루트에 공동 서명한 기록이 있습니다",
    )
    hint = Text(
        "nothing was changed: tell those who count on this witness, and give it new keys",
        "바꾼 것은 없습니다. 이 증인에 의지하는 이들에게 알리고 새 키를 주세요",
    )


class Recovered(NamedTuple):
    """A log, the size that the database remembered (0: none), and the size that it remembers now."""

    origin: str
    before: int
    now: int


class SharedWitnessStore:
    """The heads of a witness that several processes are. Threads may share it.

    Always true: a head replaces exactly the head its writer named, whichever process that is; on return it is
    durable in the database and in this process's own file; nothing is answered from a database that is behind
    that file.
    """

    def __init__(self, database: Database, own: SqliteWitnessStore) -> None:
        """own: what this process cosigned itself; closed with this. Raises StoreFailed, NotStored."""
        self._database = database
        self._own = own
        self._lock = Lock()
        self._turns: dict[str, Lock] = {}
        self._db: Connection | None = None
        with self._asking() as db:
            make_missing(db, _TABLE)

    def held(self, origin: str) -> SignedHead | None:
        """See WitnessStore; raises StoreFailed, WitnessRolledBack."""
        with self._turn(origin):
            with self._asking() as db:
                found = _head(db, origin)
            self._require_kept(origin, found)
        return found

    def named(self, origin_hash: str) -> SignedHead | None:
        """See WitnessStore; raises StoreFailed, WitnessRolledBack.

        Another front may have cosigned it and died before its own file knew. What leaves here is in this file
        first, so that all files together know whatever left.
        """
        with self._asking() as db:
            found = db.execute("SELECT origin FROM cosigned WHERE name = %s", (origin_hash,)).fetchone()
        if found is None:
            return None
        origin = found[0]
        with self._turn(origin):
            with self._asking() as db:
                there = _head(db, origin)
            self._require_kept(origin, there)
            here = self._own.held(origin)
            if there is not None and (here is None or here.head != there.head):
                self._own.advance(origin, head_of(here), there)
        return there

    def advance(self, origin: str, old: Head | None, new: SignedHead) -> None:
        """One step; on return it is durable. Raises HeadMoved, StoreFailed, WitnessRolledBack."""
        refused = self.advance_all([Step(origin, old, new)])[0]
        if refused is not None:
            raise refused

    def advance_all(self, steps: Sequence[Step]) -> list[HaechiError | None]:
        """See WitnessStore; WitnessRolledBack refuses too. A database that fails is asked no more."""
        with ExitStack() as turns:
            for origin in sorted({step.origin for step in steps}):
                turns.enter_context(self._turn(origin))
            refused: list[HaechiError | None] = []
            down: StoreFailed | None = None
            kept: dict[str, SignedHead] = {}
            for step in steps:
                try:
                    if down is not None:
                        raise down
                    self._replace(step)
                    kept[step.origin] = step.new
                    refused.append(None)
                except HaechiError as error:
                    down = error if isinstance(error, StoreFailed) else down
                    refused.append(error)
            here = {origin: self._own.held(origin) for origin in kept}
            own = self._own.advance_all(
                [Step(origin, head_of(here[origin]), new) for origin, new in kept.items()]
            )
            failed = dict(zip(kept, own, strict=True))
        return [failed[step.origin] if one is None else one for step, one in zip(steps, refused, strict=True)]

    def _replace(self, step: Step) -> None:
        origin, old, new = step
        with self._asking() as db:
            there = _head(db, origin)
            self._require_kept(origin, there)
            require_step(origin, there, old, new)
            if not _replaced(db, origin, there, new):  # another front was quicker by a moment
                raise HeadMoved(origin=origin, expected=str(old), got="another front's head")

    def close(self) -> None:
        """Close the connection and the file."""
        with self._lock:
            self._drop()
        self._own.close()

    def _turn(self, origin: str) -> Lock:
        """Held from reading the database until the answer was compared with the own file and is in it.

        One a log, so that the commits of several logs to the own file still share a sync.
        """
        with self._lock:
            return self._turns.setdefault(origin, Lock())

    def _require_kept(self, origin: str, there: SignedHead | None) -> None:
        here = self._own.held(origin)
        if here is None:
            return
        size = _size(there)
        same = there is not None and there.head == here.head
        if size < here.head.size or (size == here.head.size and not same):
            raise WitnessRolledBack(origin=origin, here=here.head.size, there=size)

    @contextmanager
    def _asking(self) -> Generator[Connection]:
        with self._lock, self._database.translated():
            if self._db is None or self._db.closed:
                self._db = self._database.connect()
            try:
                yield self._db
            except psycopg.Error:
                self._drop()
                raise

    def _drop(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(psycopg.Error):
                db.close()


def recover(database: Database, owns: Iterable[SqliteWitnessStore]) -> list[Recovered]:
    """Bring a restored database up to what its fronts have cosigned; the logs of which it had forgotten some.

    owns: the files of all fronts that ran since the backup. Of each log the largest head in them is the last
    that any of them answered, for each went on from the one before it. Raises WitnessDisagrees before
    anything is changed, HeadMoved where a front is running, StoreFailed.
    """
    newest: dict[str, SignedHead] = {}
    every = [held for own in owns for held in own.heads().items()]
    for origin, head in sorted(every, key=lambda one: one[1].head.size):
        _require_same(origin, newest.get(origin), head)
        newest[origin] = head
    with database.translated(), database.connect() as db:
        make_missing(db, _TABLE)
        there = {origin: _head(db, origin) for origin in newest}
        for origin, head in newest.items():
            _require_same(origin, there[origin], head)
        return [
            _brought_up(db, origin, there[origin], head)
            for origin, head in newest.items()
            if _size(there[origin]) < head.head.size
        ]


def _require_same(origin: str, one: SignedHead | None, other: SignedHead) -> None:
    if one is not None and one.head.size == other.head.size and one.head != other.head:
        raise WitnessDisagrees(origin=origin, size=other.head.size)


def _brought_up(db: Connection, origin: str, there: SignedHead | None, new: SignedHead) -> Recovered:
    if not _replaced(db, origin, there, new):
        raise HeadMoved(origin=origin, expected=str(_size(there)), got="a running front's head")
    return Recovered(origin, _size(there), new.head.size)


def _replaced(db: Connection, origin: str, there: SignedHead | None, new: SignedHead) -> bool:
    """Put `new` in the place of exactly `there`; whether nobody was quicker."""
    if there is None:
        name = hashlib.sha256(origin.encode()).hexdigest()
        return db.execute(_BEGIN, (origin, name, *new.head, new.note)).rowcount == 1
    return db.execute(_MOVE, (*new.head, new.note, origin, *there.head)).rowcount == 1


def _size(head: SignedHead | None) -> int:
    return 0 if head is None else head.head.size


def _head(db: Connection, origin: str) -> SignedHead | None:
    sql = "SELECT size, root, note FROM cosigned WHERE origin = %s"
    row = db.execute(sql, (origin,)).fetchone()
    return None if row is None else SignedHead(Head(row[0], bytes(row[1])), bytes(row[2]))
