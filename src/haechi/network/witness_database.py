"""What a witness of several front processes cosigned last: one row a log in the database they share.

    Unavailable
    └── WitnessRolledBack    the database has forgotten what this front has cosigned

The database decides between fronts; each front's own file, outside every backup, remembers what it answered
itself. A database that was restored, or a standby that was promoted without the last commits, is noticed by
every front that cosigned something newer: it cosigns nothing of that log until people have looked.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Lock

import psycopg

from haechi.errors import Unavailable
from haechi.log.cluster.database import Connection, Database
from haechi.log.headstore import HeadMoved
from haechi.log.store import Head
from haechi.network.memory import SignedHead
from haechi.network.witness_store import SqliteWitnessStore, require_step
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
        self._db: Connection | None = None
        with self._asking() as db:
            db.execute(_TABLE)

    def held(self, origin: str) -> SignedHead | None:
        """See WitnessStore; raises StoreFailed, WitnessRolledBack."""
        with self._asking() as db:
            found = _head(db, "origin", origin)
        self._require_kept(origin, found)
        return found

    def named(self, origin_hash: str) -> SignedHead | None:
        """See WitnessStore; raises StoreFailed."""
        with self._asking() as db:
            return _head(db, "name", origin_hash)

    def advance(self, origin: str, old: Head | None, new: SignedHead) -> None:
        """See WitnessStore; raises WitnessRolledBack too."""
        with self._asking() as db:
            there = _head(db, "origin", origin)
            self._require_kept(origin, there)
            require_step(origin, there, old, new)
            if there is None:
                name = hashlib.sha256(origin.encode()).hexdigest()
                done = db.execute(_BEGIN, (origin, name, *new.head, new.note))
            else:
                done = db.execute(_MOVE, (*new.head, new.note, origin, *there.head))
            if done.rowcount != 1:  # another front was quicker by a moment
                raise HeadMoved(origin=origin, expected=str(old), got="another front's head")
        here = self._own.held(origin)
        self._own.advance(origin, None if here is None else here.head, new)

    def close(self) -> None:
        """Close the connection and the file."""
        with self._lock:
            self._drop()
        self._own.close()

    def _require_kept(self, origin: str, there: SignedHead | None) -> None:
        here = self._own.held(origin)
        if here is None:
            return
        size = 0 if there is None else there.head.size
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


def _head(db: Connection, column: str, value: str) -> SignedHead | None:
    where = "origin = %s" if column == "origin" else "name = %s"
    row = db.execute(f"SELECT size, root, note FROM cosigned WHERE {where}", (value,)).fetchone()  # noqa: S608
    return None if row is None else SignedHead(Head(row[0], bytes(row[1])), bytes(row[2]))
