"""GREEN content of a node: statements and what they ask for, kept apart from everything that is public.

Whatever answers the public reads the log's store and the blobs; neither holds any of this. So no route, page
or tile has to leave it out.
"""

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from haechi.errors import Unavailable
from haechi.log.schema import transaction
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
"""
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF")


class SharedFailed(Unavailable):
    """The store of shared content cannot be read or written; facts: what_is, why."""

    code = "network.shared-failed"
    hint = Text(
        "check the disk under the node's folder `shared`", "노드 폴더의 `shared` 아래 디스크를 확인하세요"
    )


class Shelved(NamedTuple):
    """A GREEN statement. serial: this node's running number; origin: of the log that it stands in."""

    serial: int
    digest: bytes
    origin: str
    raw: bytes


class SharedShelf:
    """Always true: what `put` was given is on the disk when it returns; what was erased is overwritten."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BLOB_BYTES) -> None:
        """The shelf in `folder`, made when missing. max_bytes: of one file. Raises SharedFailed."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.files = BlobStore(folder / "files", max_bytes=max_bytes)
        self._lock = Lock()
        with self._translated():
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "secure_delete = ON",
                "trusted_schema = OFF",
            ):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(f"BEGIN; {_TABLES} COMMIT;")
        self.path.chmod(0o600)

    def put(self, digest: bytes, origin: str, raw: bytes, files: Iterable[EvidenceRef]) -> None:
        """Keep a statement and what it refers to; keeping it twice changes nothing."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO statement (digest, origin, raw) VALUES (?, ?, ?)",
                (digest, origin, raw),
            )
            rows = [(ref.digest, ref.size, digest) for ref in files]
            db.executemany("INSERT OR IGNORE INTO wish VALUES (?, ?, ?)", rows)

    def get(self, digest: bytes) -> Shelved | None:
        """The statement with this digest."""
        found = self._rows("SELECT serial, digest, origin, raw FROM statement WHERE digest = ?", (digest,))
        return Shelved(*found[0]) if found else None

    def listed(self, origin: str, after: int, limit: int = MAX_LISTED) -> list[Shelved]:
        """Statements of one log with a serial above `after`, in their order."""
        sql = "SELECT serial, digest, origin, raw FROM statement WHERE origin = ? AND serial > ?"
        return [Shelved(*row) for row in self._rows(f"{sql} ORDER BY serial LIMIT ?", (origin, after, limit))]

    def all(self) -> list[Shelved]:
        """Every statement here, oldest first."""
        return [
            Shelved(*row)
            for row in self._rows("SELECT serial, digest, origin, raw FROM statement ORDER BY serial", ())
        ]

    def wanted(self, file: bytes) -> list[tuple[int, bytes]]:
        """Size of a file and digest of the statement, for each that refers to it."""
        return self._rows("SELECT size, statement FROM wish WHERE file = ?", (file,))

    def wishes(self, digest: bytes) -> list[tuple[bytes, int]]:
        """Files with their sizes that a statement refers to."""
        return self._rows("SELECT file, size FROM wish WHERE statement = ?", (digest,))

    def erase(self, digest: bytes) -> bool:
        """Take a statement out, and the files that no other refers to; whether it was here."""
        files = [file for file, _size in self.wishes(digest)]
        with self._writing() as db:
            gone = db.execute("DELETE FROM statement WHERE digest = ?", (digest,)).rowcount
            db.execute("DELETE FROM wish WHERE statement = ?", (digest,))
        for file in files:
            if not self.wanted(file):
                self.files.erase(file)
        with self._lock, self._translated():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return gone > 0

    def cursor(self, origin: str) -> int:
        """How far the GREEN content of a peer was fetched, in the peer's own numbers."""
        found = self._rows("SELECT after FROM cursor WHERE origin = ?", (origin,))
        return found[0][0] if found else 0

    def move(self, origin: str, after: int) -> None:
        """Take note of how far it was fetched."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (origin, after))

    def release(self, digest: bytes, by: bytes) -> None:
        """Take note that its issuer lets everybody have a statement."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO released VALUES (?, ?)", (digest, by))

    def is_released(self, digest: bytes) -> bool:
        """Whether its issuer lets everybody have it."""
        return bool(self._rows("SELECT 1 FROM released WHERE digest = ?", (digest,)))

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        with self._lock:
            self._db.close()

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        with self._lock, self._translated():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        with self._lock, self._translated(), transaction(self._db):
            yield self._db

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SharedFailed(what_is=str(self.path), why=str(error)) from error
