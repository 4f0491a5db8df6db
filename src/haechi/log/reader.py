"""Reading one SQLite log: a `View` over one connection, the pool of them, the log over the pool."""

import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

from haechi.log import digests, runs
from haechi.log.digests import BUNDLE_STRIDE, NOTHING_RECENT, Recent
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE
from haechi.log.schema import FILE_NAME, SCHEMA_VERSION, connect_reader, tile_id, translated
from haechi.log.store import (
    CHECKPOINTS_KEPT,
    Head,
    IndexPart,
    NotStored,
    Published,
    Role,
    StoreDamaged,
    StoreFailed,
)
from haechi.words import Text

_PAGE_ROWS = 64


class Reader:
    """A `View` on one connection; not for two threads at once.

    Outside a transaction every answer is the newest durable state; inside one (`ReaderPool.snapshot`) all
    answers belong to the same state.
    """

    def __init__(self, directory: Path, db: sqlite3.Connection, recent: Callable[[], Recent]) -> None:
        self.db = db
        self._directory = directory
        self._recent = recent

    def head(self) -> Head:
        """See View."""
        row = self._row("SELECT size, root FROM head")
        return Head(0, EMPTY_ROOT) if row is None else Head(*row)

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        length = width * HASH_SIZE
        body = self.tree_tile(level, n, width)
        return None if body is None else body[:length]

    def tree_tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM tile WHERE id = ?", tile_id(level, n))
        return row[0] if row is not None and len(row[0]) >= width * HASH_SIZE else None

    def entries(self, n: int, width: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM bundle WHERE n = ?", n)
        length = width * BUNDLE_STRIDE
        return row[0][:length] if row is not None and len(row[0]) >= length else None

    def digest(self, index: int) -> bytes:
        """See View."""
        with translated(self._directory):
            digest = digests.read_digest(self.db, index) if index >= 0 else None
        if digest is None:
            raise NotStored(what_is=Text("entry", "항목"), name=index)
        return digest

    def statement(self, index: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM statement WHERE idx = ?", index)
        if row is not None:
            return row[0]
        self.digest(index)
        return None

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        """See View."""
        end = start + count
        while start < end:
            with translated(self._directory):
                page = self.db.execute(
                    "SELECT idx, body FROM statement WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT ?",
                    (start, end, _PAGE_ROWS),
                ).fetchall()
            yield from page
            start = page[-1][0] + 1 if len(page) == _PAGE_ROWS else end

    def holding(self, start: int, count: int) -> set[int]:
        """See View."""
        sql = "SELECT idx FROM statement WHERE idx >= ? AND idx < ?"
        with translated(self._directory):
            return {index for (index,) in self.db.execute(sql, (start, start + count))}

    def index_of(self, digest: bytes) -> int | None:
        """See View."""
        size = self.head().size
        recent = self._recent()
        index = recent.get(digest)
        if index is not None and index < size:
            return index
        with translated(self._directory):
            live = runs.live_runs(self.db)
            sealed = digests.sealed_until(live)
            # Neither in the runs of this state nor in the writer's memory: a reader of another process, or
            # a snapshot much older than the writer.
            for start, end in ((sealed, min(recent.floor, size)), (max(sealed, recent.end), size)):
                index = digests.find_in_bundles(self.db, digest, start, end) if start < end else None
                if index is not None:
                    return index
            index = digests.find_in_runs(self.db, live, digest)
        return index if index is None or index < size else None

    def published(self) -> Published | None:
        """See View."""
        row = self._row("SELECT size, note, at FROM checkpoint ORDER BY size DESC LIMIT 1")
        return None if row is None else Published(*row)

    def published_at(self, size: int) -> Published | None:
        """See View."""
        row = self._row("SELECT size, note, at FROM checkpoint WHERE size = ?", size)
        return None if row is None else Published(*row)

    def checkpoints(self) -> list[Published]:
        """See Auditable."""
        sql = "SELECT size, note, at FROM checkpoint ORDER BY size DESC LIMIT ?"
        with translated(self._directory):
            return [Published(*row) for row in self.db.execute(sql, (CHECKPOINTS_KEPT,))]

    def index_parts(self) -> Iterator[IndexPart]:
        """See Auditable."""
        with translated(self._directory):
            live = runs.live_runs(self.db)
        for run in live:
            yield IndexPart(run.first, run.size, self._records(run))

    def _records(self, run: runs.Run) -> Iterator[bytes]:
        with translated(self._directory):
            for body, in_place in runs.chunks(self.db, run):
                if not in_place:
                    raise StoreDamaged(
                        path=str(self._directory), why=f"index part {run.first} is out of order"
                    )
                for at in range(0, len(body), runs.RECORD_BYTES):
                    yield body[at : at + runs.RECORD_BYTES]

    def storage_faults(self) -> Iterator[str]:
        """See Auditable."""
        with translated(self._directory):
            for (line,) in self.db.execute("PRAGMA quick_check"):
                if line != "ok":
                    yield line

    def meta(self, name: str) -> object:
        """A row of the meta table, None when it is not there."""
        row = self._row("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else row[0]

    def _row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with translated(self._directory):
            return self.db.execute(sql, values).fetchone()


class ReaderPool:
    """Read connections handed to one thread at a time, and kept for the next.

    Always true: a connection is with at most one thread; a connection in the pool has no open transaction.
    """

    def __init__(self, directory: Path, recent: Callable[[], Recent]) -> None:
        self._directory = directory
        self._recent = recent
        self._idle: deque[Reader] = deque()
        self._closed = False

    @contextmanager
    def reader(self) -> Generator[Reader]:
        """A reader of the newest state, for this block. Raises StoreFailed, StoreDamaged."""
        if self._closed:
            raise StoreFailed(path=str(self._directory), why="closed")
        try:
            reader = self._idle.pop()
        except IndexError:
            with translated(self._directory):
                reader = Reader(self._directory, connect_reader(self._directory), self._recent)
        try:
            yield reader
        finally:
            if reader.db.in_transaction:
                reader.db.rollback()
            if self._closed:
                reader.db.close()
            else:
                self._idle.append(reader)

    @contextmanager
    def snapshot(self) -> Generator[Reader]:
        """A reader of one unchanging state, for this block. Raises StoreFailed, StoreDamaged."""
        with self.reader() as reader:
            with translated(self._directory):
                reader.db.execute("BEGIN")
            reader.head()  # a snapshot begins at the first read
            yield reader

    def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().db.close()


class SqliteReads:
    """A log opened for reading, from any number of threads and processes, beside its writer.

    Always true: what was answered once stays the answer, because below the head nothing changes (except
    that a statement can be withdrawn).
    """

    def __init__(self, directory: Path) -> None:
        """The log in `directory`; raises NotStored when there is none, StoreDamaged, StoreFailed."""
        self.directory = directory
        self._pool = ReaderPool(directory, self._recent)
        if not (directory / FILE_NAME).exists():
            raise NotStored(what_is=Text("log", "로그"), name=str(directory))
        try:
            with self._pool.reader() as reader:
                self.origin, self.role = _identity(reader, directory)
        except BaseException:
            self._pool.close()
            raise

    def _recent(self) -> Recent:
        return NOTHING_RECENT

    def head(self) -> Head:
        """See View."""
        with self._pool.reader() as reader:
            return reader.head()

    @property
    def first_batch(self) -> int:
        """See Store."""
        with self._pool.reader() as reader:
            size = reader.meta("first_batch")
        return size if isinstance(size, int) else 0

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.tile(level, n, width)

    def tree_tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.tree_tile(level, n, width)

    def entries(self, n: int, width: int) -> bytes | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.entries(n, width)

    def digest(self, index: int) -> bytes:
        """See View."""
        with self._pool.reader() as reader:
            return reader.digest(index)

    def statement(self, index: int) -> bytes | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.statement(index)

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        """See View."""
        with self._pool.reader() as reader:
            yield from reader.statements(start, count)

    def holding(self, start: int, count: int) -> set[int]:
        """See View."""
        with self._pool.reader() as reader:
            return reader.holding(start, count)

    def index_of(self, digest: bytes) -> int | None:
        """See View."""
        # A snapshot, or a merge could clear a run between listing the runs and searching it.
        with self._pool.snapshot() as reader:
            return reader.index_of(digest)

    def published(self) -> Published | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.published()

    def published_at(self, size: int) -> Published | None:
        """See View."""
        with self._pool.reader() as reader:
            return reader.published_at(size)

    def checkpoints(self) -> list[Published]:
        """See Auditable."""
        with self._pool.reader() as reader:
            return reader.checkpoints()

    def index_parts(self) -> Iterator[IndexPart]:
        """See Auditable; one snapshot for the whole iteration."""
        with self._pool.snapshot() as reader:
            yield from reader.index_parts()

    def storage_faults(self) -> Iterator[str]:
        """See Auditable."""
        with self._pool.reader() as reader:
            yield from reader.storage_faults()

    def snapshot(self) -> AbstractContextManager[Reader]:
        """See Store."""
        return self._pool.snapshot()

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _identity(reader: Reader, directory: Path) -> tuple[str, Role]:
    """Origin and role of a log whose file this version can read. Raises StoreDamaged, StoreFailed."""
    version, origin, role = (reader.meta(name) for name in ("schema", "origin", "role"))
    if version != SCHEMA_VERSION or not isinstance(origin, str) or role not in {*Role}:
        raise StoreDamaged(path=str(directory), why=f"schema {version}, expected {SCHEMA_VERSION}")
    return origin, Role(str(role))
