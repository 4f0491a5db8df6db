"""GREEN content of a node: statements and what they ask for, kept apart from everything that is public.

Whatever answers the public reads the log's store and the blobs; neither holds any of this. So no route, page
or tile has to leave it out.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

from haechi.errors import Unavailable
from haechi.log.schema import failing_as, transaction
from haechi.network.blobs import MAX_BLOB_BYTES, BlobStore
from haechi.statement.evidence import EvidenceRef
from haechi.words import Text

FILE_NAME = "shared.db"
MAX_LISTED = 256
_TABLES = """
CREATE TABLE IF NOT EXISTS statement (serial INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,
  origin TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS wish (file BLOB NOT NULL, size INTEGER NOT NULL, statement BLOB NOT NULL,
  PRIMARY KEY (file, statement)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (origin TEXT PRIMARY KEY, after INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS released (digest BLOB PRIMARY KEY, release BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last (id INTEGER PRIMARY KEY, serial INTEGER NOT NULL);
INSERT OR IGNORE INTO last SELECT 0, coalesce(max(serial), 0) FROM statement;
"""


_SELECT = "SELECT serial, digest, origin, raw FROM @statement"


class SharedFailed(Unavailable):
    """The store of shared content cannot be read or written; facts: what_is, why."""

    code = "network.shared-failed"
    hint = Text(
        "check the disk under the node's folder `shared`, or the database of a log with several fronts",
        "노드 폴더의 `shared` 아래 디스크를, 프런트가 여럿인 로그라면 데이터베이스를 확인하세요",
    )


class Shelved(NamedTuple):
    """A GREEN statement. serial: this node's running number, below zero until it has one in the list;
    origin: of the log that it stands in.
    """

    serial: int
    digest: bytes
    origin: str
    raw: bytes


class Wish(NamedTuple):
    """A file that a statement refers to. size: in bytes."""

    digest: bytes
    size: int


Change = tuple[str, Sequence[tuple[object, ...]]]
"""SQL and the values for each time it is run. `@` stands before a table's name, `?` for a value."""


class Rows(Protocol):
    """The tables of a shelf. Threads may share them; errors are SharedFailed."""

    def read(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        """The rows that a query finds."""
        ...

    def write(self, *changes: Change) -> int:
        """Do all or nothing, durable on return; how many rows the last change touched."""
        ...

    def overwrite(self) -> None:
        """Leave nothing of what was deleted, as far as it is in our hands."""
        ...

    def close(self) -> None:
        """Release the file or the connection. Closing twice is harmless."""
        ...


class SqliteRows:
    """The tables in one file of the node's folder."""

    def __init__(self, path: Path) -> None:
        """The file at `path`, made when missing. Raises SharedFailed."""
        self.path = path
        self._lock = Lock()
        with failing_as(SharedFailed, self.path):
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "secure_delete = ON",
                "trusted_schema = OFF",
            ):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(f"BEGIN; {_TABLES} COMMIT;")
        path.chmod(0o600)

    def read(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        """See Rows."""
        with self._lock, failing_as(SharedFailed, self.path):
            return self._db.execute(sql.replace("@", ""), values).fetchall()

    def write(self, *changes: Change) -> int:
        """See Rows."""
        touched = 0
        with self._lock, failing_as(SharedFailed, self.path), transaction(self._db):
            for sql, values in changes:
                touched = self._db.executemany(sql.replace("@", ""), values).rowcount
        return touched

    def overwrite(self) -> None:
        """See Rows; deleted bytes are zeroed by SQLite, and the journal that still has them is emptied."""
        with self._lock, failing_as(SharedFailed, self.path):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """See Rows."""
        with self._lock:
            self._db.close()


class SharedShelf:
    """Always true: what `put` was given is durable when it returns; a serial is given once, and in the order
    in which statements can be seen, so who asks for what comes after one misses nothing.

    After a restore too: serials are at least the time, so those given since the backup come no second time.

    A statement is shelved before it enters the log. Until `number` is told that it stands there, it has a
    number below zero, and no list shows it.
    """

    def __init__(self, rows: Rows, files: BlobStore) -> None:
        self._rows = rows
        self.files = files

    @classmethod
    def in_folder(cls, folder: Path, max_bytes: int = MAX_BLOB_BYTES) -> "SharedShelf":
        """The shelf in `folder`, made when missing. max_bytes: of one file. Raises SharedFailed."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(SqliteRows(folder / FILE_NAME), BlobStore(folder / "files", max_bytes=max_bytes))

    def put(self, digest: bytes, origin: str, raw: bytes, files: Iterable[EvidenceRef | Wish]) -> None:
        """Keep a statement and what it refers to; keeping it twice changes nothing."""
        self._rows.write(
            _next(),
            (
                "INSERT INTO @statement SELECT -serial, ?, ?, ? FROM @last WHERE true ON CONFLICT DO NOTHING",
                [(digest, origin, raw)],
            ),
            (
                "INSERT INTO @wish VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(ref.digest, ref.size, digest) for ref in files],
            ),
        )

    def waiting(self, origin: str) -> list[bytes]:
        """Statements of one log that have no number in the list yet, those that were shelved first before."""
        sql = "SELECT digest FROM @statement WHERE origin = ? AND serial < 0 ORDER BY serial DESC"
        return [row[0] for row in self._rows.read(sql, (origin,))]

    def number(self, digests: Iterable[bytes]) -> None:
        """Give statements that can be seen from now on the next numbers of the list, in this order."""
        sql = "UPDATE @statement SET serial = (SELECT serial FROM @last) WHERE digest = ? AND serial < 0"
        changes = [(_next(), (sql, [(digest,)])) for digest in digests]
        if changes:
            self._rows.write(*(change for pair in changes for change in pair))

    def set_aside(self, rows: Sequence[Shelved]) -> None:
        """Take statements out of the list that cannot be seen after all, until `number` names them again."""
        if rows:
            sql = "UPDATE @statement SET serial = -serial WHERE serial = ?"
            self._rows.write((sql, [(row.serial,) for row in rows]))

    def last(self) -> int:
        """The largest serial that was given so far."""
        return self._rows.read("SELECT serial FROM @last")[0][0]

    def go_on_above(self, serial: int) -> None:
        """Have every statement numbered above `serial`, up to which peers may have asked elsewhere."""
        self._rows.write(
            ("UPDATE @last SET serial = ? WHERE serial < ?", [(serial, serial)]),
            ("UPDATE @statement SET serial = -serial WHERE serial BETWEEN 1 AND ?", [(serial,)]),
        )

    def get(self, digest: bytes) -> Shelved | None:
        """The statement with this digest."""
        found = self._rows.read(f"{_SELECT} WHERE digest = ?", (digest,))
        return Shelved(*found[0]) if found else None

    def listed(self, origin: str, after: int, limit: int = MAX_LISTED) -> list[Shelved]:
        """Statements of one log with a serial above `after`, in their order."""
        sql = f"{_SELECT} WHERE origin = ? AND serial > ? ORDER BY serial LIMIT ?"
        found = self._rows.read(sql, (origin, after, limit))
        return [Shelved(*row) for row in found]

    def all(self) -> list[Shelved]:
        """Every statement here, oldest first."""
        found = self._rows.read(f"{_SELECT} ORDER BY abs(serial)")
        return [Shelved(*row) for row in found]

    def wanted(self, file: bytes) -> list[tuple[int, bytes]]:
        """Size of a file and digest of the statement, for each that refers to it."""
        return self._rows.read("SELECT size, statement FROM @wish WHERE file = ?", (file,))

    def wishes(self, digest: bytes) -> list[Wish]:
        """Files with their sizes that a statement refers to."""
        found = self._rows.read("SELECT file, size FROM @wish WHERE statement = ?", (digest,))
        return [Wish(*row) for row in found]

    def erase(self, digest: bytes) -> bool:
        """Take a statement out, and the files that no other refers to; whether it was here."""
        files = [file for file, _size in self.wishes(digest)]
        gone = self._rows.write(
            ("DELETE FROM @wish WHERE statement = ?", [(digest,)]),
            ("DELETE FROM @statement WHERE digest = ?", [(digest,)]),
        )
        for file in files:
            if not self.wanted(file):
                self.files.erase(file)
        self.files.prune()
        self._rows.overwrite()
        return gone > 0

    def cursor(self, origin: str) -> int:
        """How far the GREEN content of a peer was fetched, in the peer's own numbers."""
        found = self._rows.read("SELECT after FROM @cursor WHERE origin = ?", (origin,))
        return found[0][0] if found else 0

    def move(self, origin: str, after: int) -> None:
        """Take note of how far it was fetched; never back, whichever front is the slower one."""
        sql = (
            "INSERT INTO @cursor AS c VALUES (?, ?) ON CONFLICT (origin)"
            " DO UPDATE SET after = excluded.after WHERE c.after < excluded.after"
        )
        self._rows.write((sql, [(origin, after)]))

    def release(self, digest: bytes, by: bytes) -> None:
        """Take note that its issuer lets everybody have a statement."""
        sql = (
            "INSERT INTO @released VALUES (?, ?) ON CONFLICT (digest)"
            " DO UPDATE SET release = excluded.release"
        )
        self._rows.write((sql, [(digest, by)]))

    def is_released(self, digest: bytes) -> bool:
        """Whether its issuer lets everybody have it."""
        return bool(self._rows.read("SELECT 1 FROM @released WHERE digest = ?", (digest,)))

    def released(self) -> list[tuple[bytes, bytes]]:
        """Every statement that everybody may have, with the digest of its release."""
        return self._rows.read("SELECT digest, release FROM @released")

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        self._rows.close()


def _next() -> Change:
    """The last serial becomes the time in Unix milliseconds, or one more than it was when that is larger."""
    now = time.time_ns() // 1_000_000
    return "UPDATE @last SET serial = CASE WHEN serial < ? THEN ? ELSE serial + 1 END", [(now, now)]
