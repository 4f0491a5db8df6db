"""The store in one SQLite file: every batch is one transaction, and so durable whole or not at all."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

from haechi.log import schema
from haechi.log.digests import DigestIndex, Recent
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE, leaf_hashes
from haechi.log.reader import Reader, SqliteReads
from haechi.log.schema import append_rows, insert_rows, roll_back, tile_id, transaction, translated
from haechi.log.store import (
    CHECKPOINTS_KEPT,
    DigestMismatch,
    Entry,
    Head,
    NotStored,
    Published,
    Role,
    RootMismatch,
    StoreDamaged,
    StoreLocked,
    StoreMoved,
    StoreRetired,
)
from haechi.log.tiles import TILE_WIDTH, Tile, TileDamaged, grow, grow_bundles, load_edge
from haechi.words import Text

_LOCK_NAME = "writer.lock"
_RETIRED = "moved to"


class SqliteStore(SqliteReads):
    """A log opened for writing. One process at a time; its threads may share it.

    Always true: a method that changes the log returns only when the change is on the disk; after one that
    raised, the log reads as before, in this process and to its readers. What is held in memory (edge, newest
    digests) is what the file says; after any failure it is read again from the file before the next write.

    One doubt stays: when the disk fails during the commit itself and the machine then stops, the batch may
    be there after the restart. Nobody was told its index; sending it again finds it.
    """

    def __init__(self, directory: Path) -> None:
        """The existing log in `directory`; raises StoreLocked, NotStored, StoreDamaged, StoreFailed."""
        self._lock = threading.Lock()
        self._lock_fd = _lock_directory(directory)
        try:
            super().__init__(directory)
            with translated(directory):
                self._db = schema.connect_writer(directory)
        except BaseException:
            os.close(self._lock_fd)
            raise
        try:
            self._require_in_use()
            with translated(directory):
                self._read_state()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, directory: Path, origin: str, role: Role = Role.OWN) -> Self:
        """A new empty log, on the disk when this returns; an empty one of the same name is kept.

        Raises StoreMoved when there is one with entries or of another name, StoreLocked, StoreFailed.
        """
        directory.mkdir(parents=True, exist_ok=True)
        lock_fd = _lock_directory(directory)
        try:
            with translated(directory):
                db = schema.connect_writer(directory)
                try:
                    _create_tables(db, origin, role)
                finally:
                    db.close()
            for path in (directory, directory.parent):
                _sync_directory(path)
        finally:
            os.close(lock_fd)
        store = cls(directory)
        if store.head().size or (store.origin, store.role) != (origin, role):
            got = store.head().size
            store.close()
            raise StoreMoved(expected=0, got=got)
        return store

    def _require_in_use(self) -> None:
        with self._pool.reader() as reader:
            moved_to = reader.meta(_RETIRED)
        if moved_to is not None:
            raise StoreRetired(path=str(self.directory), moved_to=moved_to)

    def _read_state(self) -> None:
        """Edge, partial bundle and digest index as the file has them. Raises sqlite3.Error, StoreDamaged."""
        # A transaction that could not be rolled back would be read as if it were durable.
        roll_back(self._db)
        reader = Reader(self.directory, self._db, self._recent)
        head = reader.head()
        try:
            edge = load_edge(reader.tile, head.size)
        except TileDamaged as error:
            raise StoreDamaged(path=str(self.directory), why=str(error)) from error
        if edge.root() != head.root:
            raise StoreDamaged(path=str(self.directory), why=f"no tiles for the root of size {head.size}")
        n, width = divmod(head.size, TILE_WIDTH)
        self._tail = (reader.entries(n, width) or b"") if width else b""
        self._digests = DigestIndex(self._db, head.size)
        self._head, self._edge = head, edge
        self._stale = False

    def _recent(self) -> Recent:
        return self._digests.recent

    @contextmanager
    def _alone(self) -> Generator[None]:
        """No other thread writes in this block, memory is what the file says, errors are translated."""
        with self._lock, translated(self.directory):
            if self._stale:
                self._read_state()
            yield

    @contextmanager
    def _commit(self) -> Generator[sqlite3.Connection]:
        """The block's writes, made durable at its end; undone when it raises. Raises sqlite3.Error."""
        self._stale = True
        try:
            with transaction(self._db):
                yield self._db
        except BaseException:
            # A disk that fails this as well stays stale, and the next call tries again.
            with suppress(sqlite3.Error, StoreDamaged):
                self._read_state()
            raise
        self._stale = False

    def head(self) -> Head:
        """See View; from memory."""
        return self._head

    def append(self, entries: Sequence[Entry], expect: Head | None = None) -> Head:
        """See Store."""
        digests = [entry.digest for entry in entries]
        if digests and {*map(len, digests)} != {HASH_SIZE}:
            raise DigestMismatch(expected=f"{HASH_SIZE} bytes", got="another length")
        leaves = leaf_hashes(digests)
        with self._alone():
            old = self._edge
            edge, tiles = grow(old, leaves)
            head = Head(edge.size, edge.root())
            if expect is not None and head != expect:
                raise RootMismatch(size=head.size, expected=expect.root.hex(), got=head.root.hex())
            if not entries:
                return head
            bundles = grow_bundles(old.size, self._tail, digests)
            with self._commit() as db:
                _move_head(db, old.size, head)
                if old.size == 0:
                    db.execute("INSERT INTO meta VALUES ('first_batch', ?)", (head.size,))
                _write_tiles(db, tiles, bundles)
                for first, bodies in _stretches(old.size, entries):
                    append_rows(db, "statement", first, bodies)
                self._digests.stage(old.size, digests)
            self._digests.committed()
            self._tail = bundles[-1].data if bundles[-1].width < TILE_WIDTH else b""
            self._head, self._edge = head, edge
        return head

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """See Store."""
        with self._alone():
            return self._digests.find(digests)

    def keep_statement(self, index: int, statement: bytes) -> None:
        """See Store."""
        entry = self.digest(index)
        got = sha256(statement).digest()
        if got != entry:
            raise DigestMismatch(expected=entry.hex(), got=got.hex())
        with self._alone(), self._commit() as db:
            insert_rows(db, "statement", [(index, statement)])

    def withdraw(self, index: int) -> bool:
        """See Store. The bytes are overwritten in the file, in the journal once no reader needs it."""
        with self._alone():
            self._db.execute("PRAGMA secure_delete = ON")
            try:
                with self._commit() as db:
                    erased = db.execute("DELETE FROM statement WHERE idx = ?", (index,)).rowcount
                self._db.execute("PRAGMA busy_timeout = 0")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._db.execute("PRAGMA secure_delete = FAST")
                self._db.execute(f"PRAGMA busy_timeout = {schema.BUSY_MS}")
        return erased > 0

    def publish(self, checkpoint: Published) -> None:
        """See Store."""
        with self._alone():
            if checkpoint.size > self._head.size:
                raise NotStored(what_is=Text("head", "트리 헤드"), name=checkpoint.size)
            with self._commit() as db:
                db.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", checkpoint)
                db.execute(
                    "DELETE FROM checkpoint WHERE size <= coalesce("
                    "(SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1 OFFSET ?), -1)",
                    (CHECKPOINTS_KEPT,),
                )

    def close(self) -> None:
        """Release file and lock. Closing twice is harmless."""
        super().close()
        with self._lock:
            if self._lock_fd >= 0:
                self._db.close()
                os.close(self._lock_fd)
                self._lock_fd = -1


def retire(directory: Path, moved_to: str) -> None:
    """Close a log for good: it can be read, and never opened for writing again. Durable on return.

    moved_to: where it goes on. Raises StoreLocked, NotStored, StoreFailed.
    """
    lock_fd = _lock_directory(directory)
    try:
        with translated(directory):
            db = schema.connect_writer(directory)
            try:
                with transaction(db):
                    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_RETIRED, moved_to))
            finally:
                db.close()
    finally:
        os.close(lock_fd)


def _create_tables(db: sqlite3.Connection, origin: str, role: Role) -> None:
    with transaction(db):
        if db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None:
            return
        for statement in schema.TABLES.split(";"):
            db.execute(statement)
        meta = [("schema", schema.SCHEMA_VERSION), ("origin", origin), ("role", role.value)]
        db.executemany("INSERT INTO meta VALUES (?, ?)", meta)
        db.execute("INSERT INTO head VALUES (0, 0, ?)", (EMPTY_ROOT,))


def _move_head(db: sqlite3.Connection, old_size: int, head: Head) -> None:
    moved = db.execute("UPDATE head SET size = ?, root = ? WHERE size = ?", (*head, old_size)).rowcount
    if moved != 1:
        got = db.execute("SELECT size FROM head").fetchone()
        raise StoreMoved(expected=old_size, got=got[0] if got else "no")


def _write_tiles(db: sqlite3.Connection, tiles: Sequence[Tile], bundles: Sequence[Tile]) -> None:
    insert_rows(db, "tile", [(tile_id(tile.level, tile.n), tile.data + tile.middle) for tile in tiles])
    insert_rows(db, "bundle", [(bundle.n, bundle.data) for bundle in bundles])


def _stretches(first: int, entries: Sequence[Entry]) -> Iterator[tuple[int, list[bytes]]]:
    """Statements of the entries from index `first` on: where each stretch without a gap begins, and it."""
    bodies: list[bytes] = []
    for at, (_, body, *_) in enumerate(entries, first):
        if body is not None:
            bodies.append(body)
        elif bodies:
            yield at - len(bodies), bodies
            bodies = []
    if bodies:
        yield first + len(entries) - len(bodies), bodies


def _lock_directory(directory: Path) -> int:
    """An open file holding the directory's write lock. Raises StoreLocked, NotStored."""
    try:
        fd = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise NotStored(what_is=Text("log", "로그"), name=str(directory)) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise StoreLocked(path=str(directory)) from None
    return fd


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
