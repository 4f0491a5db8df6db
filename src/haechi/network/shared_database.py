"""GREEN content of a log with several fronts: in the database they share, where each finds what any took.

Not in their bucket: what lies there may be served to everybody. Its files are here too, in pieces; the folder
of each front is a cache of them.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import psycopg

from haechi.log.cluster.database import Connection, Database, make_missing, one_line
from haechi.network.blobs import MAX_BLOB_BYTES
from haechi.network.bucket import BucketBlobs
from haechi.network.shared import FILE_NAME, Change, SharedFailed, SharedShelf

_TABLES = """
CREATE TABLE IF NOT EXISTS green_statement (serial BIGINT PRIMARY KEY, digest BYTEA NOT NULL UNIQUE,
  origin TEXT NOT NULL, raw BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS green_wish (file BYTEA NOT NULL, size BIGINT NOT NULL, statement BYTEA NOT NULL,
  PRIMARY KEY (file, statement));
CREATE TABLE IF NOT EXISTS green_cursor (origin TEXT PRIMARY KEY, after BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS green_released (digest BYTEA PRIMARY KEY, release BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS green_last (id BIGINT PRIMARY KEY, serial BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS green_file (name TEXT PRIMARY KEY, parts BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS green_part (name TEXT NOT NULL, part BIGINT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (name, part));
INSERT INTO green_last VALUES (0, 0) ON CONFLICT DO NOTHING
"""
_PIECE_BYTES = 1 << 20


class _Session:
    """One connection that threads share in turn, made anew after a failure."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._db: Connection | None = None

    @contextmanager
    def use(self) -> Generator[Connection]:
        """The connection, alone; raises SharedFailed."""
        with self._lock:
            try:
                if self._db is None or self._db.closed:
                    self._db = self._database.connect()
                yield self._db
            except psycopg.Error as error:
                self._drop()
                raise _failed(self._database, error) from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(psycopg.Error):
                db.close()


class DatabaseRows:
    """The tables of a shelf in the log's own schema, so that one dump takes both."""

    def __init__(self, database: Database) -> None:
        """Raises SharedFailed."""
        self._session = _Session(database)
        with self._session.use() as db:
            make_missing(db, _TABLES)

    def read(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        """See Rows."""
        with self._session.use() as db:
            return db.execute(_ours(sql), values).fetchall()

    def write(self, *changes: Change) -> int:
        """See Rows. Who gives a serial changes the row of the last one first, and so waits its turn."""
        touched = 0
        with self._session.use() as db, db.transaction():
            for sql, values in changes:
                cursor = db.cursor()
                cursor.executemany(_ours(sql), values)
                touched = cursor.rowcount
        return touched

    def overwrite(self) -> None:
        """See Rows; when deleted rows leave the server's disk is its own affair (VACUUM, its journal)."""

    def close(self) -> None:
        """See Rows."""
        self._session.close()


class DatabaseFiles:
    """Files by name, each whole or not there, in pieces of 1 MiB. Shaped as a bucket is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = _Session(database)

    def put_new(self, name: str, data: Path) -> bool:
        """Keep a file unless there is one of this name; whether it was kept. Raises SharedFailed.

        On a connection of its own: a GiB takes minutes, and nobody else is to wait for it.
        """
        if self.has(name):
            return False
        try:
            with self._database.connect() as db, db.transaction(), data.open("rb") as file:
                return _stored(db, name, file)
        except psycopg.Error as error:
            raise _failed(self._database, error) from error

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file in pieces. Raises FileNotFoundError, SharedFailed."""
        with self._session.use() as db:
            row = db.execute("SELECT parts FROM green_file WHERE name = %s", (name,)).fetchone()
        for part in range(_count(row, name)):
            with self._session.use() as db:
                sql = "SELECT body FROM green_part WHERE name = %s AND part = %s"
                found = db.execute(sql, (name, part)).fetchone()
            yield bytes(_body(found, name))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name. Raises SharedFailed."""
        with self._session.use() as db:
            return db.execute("SELECT 1 FROM green_file WHERE name = %s", (name,)).fetchone() is not None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there. Raises SharedFailed."""
        with self._session.use() as db, db.transaction():
            db.execute("DELETE FROM green_file WHERE name = %s", (name,))
            db.execute("DELETE FROM green_part WHERE name = %s", (name,))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _failed(database: Database, error: psycopg.Error) -> SharedFailed:
    return SharedFailed(what_is=database.label, why=one_line(error))


def _stored(db: Connection, name: str, file: BinaryIO) -> bool:
    made = db.execute("INSERT INTO green_file VALUES (%s, 0) ON CONFLICT DO NOTHING", (name,))
    if made.rowcount == 0:  # another front was quicker
        return False
    count = 0
    for piece in iter(partial(file.read, _PIECE_BYTES), b""):
        db.execute("INSERT INTO green_part VALUES (%s, %s, %s)", (name, count, piece))
        count += 1
    db.execute("UPDATE green_file SET parts = %s WHERE name = %s", (count, name))
    return True


def database_shelf(folder: Path, database: Database, max_bytes: int = MAX_BLOB_BYTES) -> SharedShelf:
    """The shelf of all fronts. folder: this front's copies of its files; raises SharedFailed.

    What a file in that folder holds from the time when the log had one process is moved to the database.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shelf = _DatabaseShelf(folder, database, max_bytes)
    if (folder / FILE_NAME).exists():
        try:
            _take_over(SharedShelf.in_folder(folder, max_bytes), shelf)
        except BaseException:
            shelf.close()
            raise
        for end in ("-wal", "-shm", ""):
            (folder / (FILE_NAME + end)).unlink(missing_ok=True)
    return shelf


class _DatabaseShelf(SharedShelf):
    def __init__(self, folder: Path, database: Database, max_bytes: int) -> None:
        self._database_files = DatabaseFiles(database)
        files = BucketBlobs(folder / "files", self._database_files, max_bytes=max_bytes)
        super().__init__(DatabaseRows(database), files)

    def close(self) -> None:
        """Close both connections. Closing twice is harmless."""
        super().close()
        self._database_files.close()


def _take_over(old: SharedShelf, new: SharedShelf) -> None:
    """Doing it again changes nothing, so one that was broken off is done again at the next start.

    Peers go on from the serials of the old file: they may be told of something twice, but miss nothing.
    """
    try:
        new.go_on_above(old.last())
        for row in old.all():
            wishes = old.wishes(row.digest)
            new.put(row.digest, row.origin, row.raw, wishes)
            for file, size in wishes:
                if old.files.has(file):
                    new.files.put(file, size, ())  # it is in the folder already
        for digest, by in old.released():
            new.release(digest, by)
    finally:
        old.close()


def _ours(sql: str) -> bytes:
    return sql.replace("@", "green_").replace("?", "%s").encode()


def _count(row: tuple[Any, ...] | None, name: str) -> int:
    if row is None:
        raise FileNotFoundError(name)
    return row[0]


def _body(row: tuple[Any, ...] | None, name: str) -> bytes:
    if row is None:
        raise FileNotFoundError(name)  # erased while it was being read
    return row[0]
