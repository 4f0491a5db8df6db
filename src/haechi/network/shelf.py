"""The index's file: its tables, its connections, and what its errors mean.

Unavailable
└── IndexFailed     the disk or the database refused; the index can be deleted and built again
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from haechi.errors import Unavailable
from haechi.log.schema import failing_as, transaction
from haechi.words import Text

VERSION = 1
"""Raised when the tables change: an index of another version is thrown away and built again."""

_BUSY_MS = 10_000
DEFAULT_CACHE_BYTES = 64 << 20
_READER_CACHE_KIB = 2 * 1024
_MAX_READERS = 16

# Digests are found by their first eight bytes (`short`), which halves the cost of a new row: digests come in
# no order, so their index is written all over. Whoever looks one up compares the whole digest.
# What is not yet checked is in no list: the lists are partial indexes, filled when the check ends well.
# CHECKED and CLEAR are the numbers of `State.CHECKED` and `Sharing.CLEAR`.
_TABLES = """
CREATE TABLE log (id INTEGER PRIMARY KEY, origin TEXT UNIQUE NOT NULL, own INTEGER NOT NULL,
  size INTEGER NOT NULL);
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL);
CREATE TABLE statement (serial INTEGER PRIMARY KEY, short INTEGER NOT NULL, digest BLOB NOT NULL,
  state INTEGER NOT NULL, code TEXT, kind INTEGER, issuer INTEGER, subject TEXT, issued_at INTEGER, kid BLOB,
  sharing INTEGER);
CREATE INDEX by_digest ON statement (short);
CREATE INDEX unchecked ON statement (serial) WHERE state = 1;
CREATE INDEX listed ON statement (serial) WHERE state = 5 AND sharing = 0;
CREATE INDEX by_issuer ON statement (issuer, serial) WHERE state = 5 AND sharing = 0;
CREATE INDEX by_kind ON statement (kind, serial) WHERE state = 5 AND sharing = 0;
CREATE TABLE place (log INTEGER, idx INTEGER, serial INTEGER NOT NULL, PRIMARY KEY (log, idx)) WITHOUT ROWID;
CREATE INDEX place_serial ON place (serial);
CREATE TABLE target (digest BLOB, serial INTEGER, PRIMARY KEY (digest, serial)) WITHOUT ROWID;
CREATE INDEX target_serial ON target (serial);
CREATE TABLE file (id INTEGER PRIMARY KEY, short INTEGER NOT NULL, digest BLOB NOT NULL,
  serial INTEGER NOT NULL, size INTEGER NOT NULL, media_type INTEGER NOT NULL, tried INTEGER NOT NULL);
CREATE INDEX file_digest ON file (short);
CREATE INDEX file_serial ON file (serial);
CREATE INDEX wished ON file (tried, serial) WHERE tried >= 0;
CREATE TABLE tally (log INTEGER, kind INTEGER, issuer INTEGER, n INTEGER NOT NULL,
  PRIMARY KEY (log, kind, issuer)) WITHOUT ROWID;
CREATE INDEX tally_issuer ON tally (issuer, log);
"""


class IndexFailed(Unavailable):
    """The index cannot be read or written; facts: what_is, why."""

    code = "network.index-failed"
    hint = Text(
        "stop the node, delete index.db and start again: it is built anew from the logs",
        "노드를 멈추고 index.db를 지운 뒤 다시 시작하세요. 로그에서 새로 만들어집니다",
    )


class Shelf:
    """The index's database file: one connection that writes, a few that read beside it.

    Always true: what a transaction wrote is there whole or not at all. A power cut may lose the newest
    transactions, never their order: whoever follows a log finds its cursor where the rows end.
    """

    def __init__(self, path: Path, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        """Open the file, made when missing and made anew when of another version. Raises IndexFailed."""
        self.path = path
        self._lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._readers = Lock()
        self._closed = False
        with failing_as(IndexFailed, self.path):
            self._db = _writer(path, cache_bytes)
            if self._version() not in (0, VERSION):
                self._db.close()
                for end in ("", "-wal", "-shm"):
                    path.with_name(path.name + end).unlink(missing_ok=True)
                self._db = _writer(path, cache_bytes)
            if self._version() == 0:
                self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")

    def _version(self) -> int:
        return self._db.execute("PRAGMA user_version").fetchone()[0]

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """One transaction, alone. Raises IndexFailed."""
        with self._lock, failing_as(IndexFailed, self.path), transaction(self._db):
            yield self._db

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """One unchanging state, beside the writer. Raises IndexFailed."""
        with failing_as(IndexFailed, self.path):
            with self._readers:
                db = self._idle.pop() if self._idle else None
            db = db or _reader(self.path)
            try:
                db.execute("BEGIN")
                yield db
            finally:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                with self._readers:
                    keep = not self._closed and len(self._idle) < _MAX_READERS
                    if keep:
                        self._idle.append(db)
                if not keep:
                    db.close()

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        with self._readers:
            idle, self._idle = self._idle, []
            self._closed = True
        for db in idle:
            db.close()
        with self._lock:
            self._db.close()


def insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows in few statements: `into` is `INSERT INTO table VALUES`, without the values.

    At every statement the interpreter lock goes to a waiting thread and may take 5 ms to come back, so a
    row at a time would crawl whenever checks run beside it.
    """
    if not rows:
        return
    row = f"({','.join('?' * len(rows[0]))})"
    at_once = 8000 // len(rows[0])
    for at in range(0, len(rows), at_once):
        part = rows[at : at + at_once]
        db.execute(f"{into} {','.join([row] * len(part))}", [value for one in part for value in one])


def short(digest: bytes) -> int:
    """The first eight bytes of a digest, as the index of digests has them."""
    return int.from_bytes(digest[:8], signed=True)


def _writer(path: Path, cache_bytes: int) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # NORMAL: a commit does not wait for the disk. What a power cut takes is read from the logs again.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        # 64 MiB of journal between copies into the main file, most of them of the same pages again.
        "wal_autocheckpoint = 16384",
        f"busy_timeout = {_BUSY_MS}",
        f"cache_size = -{cache_bytes >> 10}",
        "temp_store = MEMORY",
        "trusted_schema = OFF",
    ):
        db.execute(f"PRAGMA {pragma}")
    return db


def _reader(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + "?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    for pragma in ("query_only = ON", f"busy_timeout = {_BUSY_MS}", f"cache_size = -{_READER_CACHE_KIB}"):
        db.execute(f"PRAGMA {pragma}")
    return db
