"""The SQLite file of one log: tables, pragmas with their reasons, connections, error translation.

Rows are addressed by one integer each, because a second index would be written twice at every commit. No
table is ordered by digest: rows only arrive at the right end, so appending costs the same at any size.
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from haechi.errors import Unavailable
from haechi.log.store import StoreDamaged, StoreFailed

FILE_NAME = "log.db"
SCHEMA_VERSION = 1
PAGE_BYTES = 4096
"""A whole tile and its middle (8704 bytes) take two overflow pages almost exactly; larger ones waste more."""

BUSY_MS = 5000

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 0), size INTEGER NOT NULL, root BLOB NOT NULL);
CREATE TABLE tile (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE bundle (n INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE statement (idx INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE run (slot INTEGER PRIMARY KEY, level INTEGER NOT NULL, first INTEGER NOT NULL,
  size INTEGER NOT NULL, cursor INTEGER, target INTEGER, dead INTEGER NOT NULL DEFAULT 0);
CREATE TABLE chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""

_PRAGMAS = (
    # A commit is one sequential write and one sync of the journal; readers never wait for it.
    "PRAGMA journal_mode = WAL",
    # FULL syncs the journal at every commit: an acknowledged entry survives a power cut. NORMAL does not.
    "PRAGMA synchronous = FULL",
    # 16 MB between copies into the main file. The journal is reused, not cut: syncs of a file that does
    # not grow were measured 1.6 times faster.
    "PRAGMA wal_autocheckpoint = 4000",
    # Zeroes what is freed where that costs no further page; `withdraw` switches to ON for itself.
    "PRAGMA secure_delete = FAST",
    # Another process (a check, a backup) may hold the file for a moment.
    f"PRAGMA busy_timeout = {BUSY_MS}",
    # Finds damaged pages when they are read, and ignores functions smuggled into a foreign file.
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    # A read error under a memory map is a SIGBUS, without one it is an exception.
    "PRAGMA mmap_size = 0",
)
_WRITER_CACHE_KIB = 16 * 1024
_READER_CACHE_KIB = 2 * 1024
_LEVEL_SHIFT = 55  # level 0 of a tree of 2^63 leaves has 2^55 tiles; the highest level is 7

Row: TypeAlias = tuple[int, bytes]


def tile_id(level: int, n: int) -> int:
    """The row of a tile."""
    return level << _LEVEL_SHIFT | n


def connect_writer(directory: Path) -> sqlite3.Connection:
    """The one connection that writes. Makes the file when it is missing. Raises sqlite3.Error."""
    db = sqlite3.connect(
        directory / FILE_NAME, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    for pragma in _PRAGMAS:
        db.execute(pragma)
    db.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
    return db


def connect_reader(directory: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.Error."""
    uri = (directory / FILE_NAME).absolute().as_uri() + "?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA query_only = ON")
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
    return db


@contextmanager
def translated(directory: Path) -> Generator[None]:
    """Raises StoreDamaged or StoreFailed instead of the driver's errors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        contradicted = isinstance(error, sqlite3.IntegrityError)
        if contradicted or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise StoreDamaged(path=str(directory), why=str(error)) from error
        raise StoreFailed(path=str(directory), why=f"{error} {name}".strip()) from error


@contextmanager
def failing_as(error: type[Unavailable], file: Path) -> Generator[None]:
    """Raises `error` (facts: what_is, why) instead of the driver's errors: for files that are no log."""
    try:
        yield
    except sqlite3.Error as found:
        raise error(what_is=str(file), why=str(found)) from found


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """All of the block becomes durable at its end, or none of it. Raises sqlite3.Error."""
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    """End a transaction that is still open: SQLite ends it by itself for some errors only.

    Raises sqlite3.Error.
    """
    if db.in_transaction:
        db.execute("ROLLBACK")


# The interpreter lock is released at every step of a statement, and with busy threads beside it getting it
# back can take 5 ms. One statement with many rows is one step; these sizes keep the statement cache small.
_ROWS_AT_ONCE = (1024, 256, 64, 16, 4, 1)


def insert_rows(db: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert or replace (key, blob) rows of one of the tables above, in few steps. Raises sqlite3.Error."""
    at = 0
    for count in _ROWS_AT_ONCE:
        if len(rows) - at < count:
            continue
        values = ",".join(["(?,?)"] * count)
        sql = f"INSERT OR REPLACE INTO {table} VALUES {values}"  # noqa: S608  # table is one of our names
        while len(rows) - at >= count:
            db.execute(sql, [*chain.from_iterable(rows[at : at + count])])
            at += count


_ROWS_AFTER_ONE = (1023, 255, 63, 15, 3, 1)


def append_rows(db: sqlite3.Connection, table: str, first: int, bodies: Sequence[bytes]) -> None:
    """Insert rows first, first + 1, ... into a (key, body) table whose keys all lie below.

    Only the first is given its key: SQLite then puts each next one behind the last without looking for its
    place, at two thirds of the cost. Raises sqlite3.IntegrityError if the keys come out otherwise, which
    undoes the transaction, and sqlite3.Error.
    """
    last = db.execute(f"INSERT INTO {table} VALUES (?,?)", (first, bodies[0])).lastrowid  # noqa: S608  # as above
    at = 1
    for count in _ROWS_AFTER_ONE:
        sql = f"INSERT INTO {table} (body) VALUES {','.join(['(?)'] * count)}"  # noqa: S608  # as above
        while len(bodies) - at >= count:
            last = db.execute(sql, bodies[at : at + count]).lastrowid
            at += count
    if last != first + len(bodies) - 1:
        raise sqlite3.IntegrityError(f"rows above the end of table {table}")
