"""A log in PostgreSQL as every process sees it: a `View` on a connection, a pool, the log over the pool."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from typing import Any, LiteralString, NamedTuple, Self, TypeVar

import psycopg

from haechi.log.cluster.cache import DEFAULT_TILE_BYTES, TileCache
from haechi.log.cluster.database import SCHEMA_VERSION, Connection, Database
from haechi.log.cluster.lease import holder_of
from haechi.log.digests import BUNDLE_STRIDE
from haechi.log.layout import TILE_WIDTH
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE
from haechi.log.runs import PREFIX_BYTES, RECORD_BYTES, RUN_ENTRIES
from haechi.log.schema import tile_id
from haechi.log.store import (
    CHECKPOINTS_KEPT,
    DigestMismatch,
    Entry,
    Head,
    IndexPart,
    NotStored,
    Published,
    Role,
    StoreDamaged,
    StoreFailed,
    StoreLocked,
)
from haechi.log.tiles import changed_tiles
from haechi.words import Text

MAX_CONNECTIONS = 16
WAIT_S = 30.0
_PAGE_ROWS = 64
_RECORDS_AT_ONCE = 8192
T = TypeVar("T")


class Standing(NamedTuple):
    """A durable head, and the index of the newest entry that changed the terms of admission (-1: none)."""

    head: Head
    governed: int


class PgView:
    """A `View` on one connection; not for two threads at once.

    Outside a transaction every answer is the newest durable state; inside one (`PgLog.snapshot`) all
    answers belong to the same state.
    """

    def __init__(self, database: Database, db: Connection) -> None:
        self.db = db
        self._database = database

    def head(self) -> Head:
        """See View."""
        row = self._row("SELECT size, root FROM head")
        return Head(0, EMPTY_ROOT) if row is None else Head(*row)

    def standing(self) -> Standing:
        """Head and terms in one answer."""
        row = self._row("SELECT size, root, governed FROM head")
        return Standing(Head(0, EMPTY_ROOT), -1) if row is None else Standing(Head(*row[:2]), row[2])

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM tile WHERE id = %s", tile_id(level, n))
        length = width * HASH_SIZE
        return row[0][:length] if row is not None and len(row[0]) >= length else None

    def tree_tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        return self.tile(level, n, width)

    def tiles(self, names: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The bytes of those tiles (level, number) that are stored, as wide as they are."""
        ids = {tile_id(*name): name for name in names}
        rows = self._rows("SELECT id, body FROM tile WHERE id = ANY(%b::bigint[])", [*ids])
        return {ids[row[0]]: row[1] for row in rows}

    def entries(self, n: int, width: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM bundle WHERE n = %s", n)
        length = width * BUNDLE_STRIDE
        return row[0][:length] if row is not None and len(row[0]) >= length else None

    def digest(self, index: int) -> bytes:
        """See View."""
        n, at = divmod(index, TILE_WIDTH)
        body = self.entries(n, at + 1) if 0 <= index < 2**63 else None
        if body is None:
            raise NotStored(what_is=Text("entry", "항목"), name=index)
        return body[-HASH_SIZE:]

    def statement(self, index: int) -> bytes | None:
        """See View."""
        row = self._row("SELECT body FROM statement WHERE idx = %s", index)
        if row is not None:
            return row[0]
        self.digest(index)
        return None

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        """See View."""
        end = start + count
        while start < end:
            page = self._rows(
                "SELECT idx, body FROM statement WHERE idx >= %s AND idx < %s ORDER BY idx LIMIT %s",
                start,
                end,
                _PAGE_ROWS,
            )
            yield from ((index, body) for index, body in page)
            start = page[-1][0] + 1 if len(page) == _PAGE_ROWS else end

    def holding(self, start: int, count: int) -> set[int]:
        """See View."""
        rows = self._rows("SELECT idx FROM statement WHERE idx >= %s AND idx < %s", start, start + count)
        return {index for (index,) in rows}

    def told(self, since: int, until: int, front: str) -> list[bytes]:
        """What fronts other than `front` said of the entries that the log grew by from `since` to `until`."""
        sql = "SELECT body FROM told WHERE upto > %s AND upto <= %s AND front <> %s"
        return [body for (body,) in self._rows(sql, since, until, front)]

    def index_of(self, digest: bytes) -> int | None:
        """See View."""
        return self.find([digest]).get(digest)

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """See Store. One question for all; each hit is confirmed, because the index holds beginnings only."""
        prefixes = [*{digest[:PREFIX_BYTES] for digest in digests}]
        rows = self._rows(
            "SELECT p.idx, substr(b.body, (p.idx & 255)::int * 34 + 3, 32)"
            " FROM place p JOIN bundle b ON b.n = p.idx >> 8"
            " WHERE p.prefix = ANY(%b::bytea[]) ORDER BY p.idx",
            prefixes,
        )
        wanted = {*digests} if rows else set[bytes]()
        return {digest: index for index, digest in rows if digest in wanted}

    def published(self) -> Published | None:
        """See View."""
        row = self._row("SELECT size, note, at FROM checkpoint ORDER BY size DESC LIMIT 1")
        return None if row is None else Published(*row)

    def published_at(self, size: int) -> Published | None:
        """See View."""
        row = self._row("SELECT size, note, at FROM checkpoint WHERE size = %s", size)
        return None if row is None else Published(*row)

    def checkpoints(self) -> list[Published]:
        """See Auditable."""
        sql = "SELECT size, note, at FROM checkpoint ORDER BY size DESC LIMIT %s"
        return [Published(*row) for row in self._rows(sql, CHECKPOINTS_KEPT)]

    def index_parts(self) -> Iterator[IndexPart]:
        """See Auditable: everything but the newest entries is one part; those are `storage_faults`' work."""
        size = self.head().size
        whole = size - size % RUN_ENTRIES
        if whole:
            yield IndexPart(0, whole, self._records(whole))

    def _records(self, end: int) -> Iterator[bytes]:
        last: tuple[bytes, int] = (b"", -1)
        width = RECORD_BYTES - PREFIX_BYTES
        while True:
            rows = self._rows(
                "SELECT prefix, idx FROM place WHERE (prefix, idx) > (%s, %s) AND idx < %s"
                " ORDER BY prefix, idx LIMIT %s",
                *last,
                end,
                _RECORDS_AT_ONCE,
            )
            for prefix, index in rows:
                yield prefix + index.to_bytes(width)
            if len(rows) < _RECORDS_AT_ONCE:
                return
            last = (rows[-1][0], rows[-1][1])

    def storage_faults(self) -> Iterator[str]:
        """See Auditable. The server checks its own pages; here it is asked what the tables should hold."""
        size = self.head().size
        row = self._row("SELECT count(*), count(*) FILTER (WHERE idx < 0 OR idx >= %s) FROM place", size)
        count, outside = row or (0, 0)
        if (count, outside) != (size, 0):
            yield f"the index has {count} rows for {size} entries, {outside} of them for none"
        for start in range(size - size % RUN_ENTRIES, size, TILE_WIDTH):
            digests = [self.digest(index) for index in range(start, min(start + TILE_WIDTH, size))]
            missing = {*digests} - self.find(digests).keys()
            if missing:
                yield f"{len(missing)} entries from {start} on are not in the index"

    def meta(self, name: str) -> str | None:
        """A row of the meta table, None when it is not there."""
        row = self._row("SELECT value FROM meta WHERE name = %s", name)
        return None if row is None else row[0]

    def _row(self, query: LiteralString, *values: object) -> tuple[Any, ...] | None:
        with self._database.translated():
            return self.db.cursor(binary=True).execute(query, values).fetchone()

    def _rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        with self._database.translated():
            return self.db.cursor(binary=True).execute(query, values).fetchall()


class PgPool:
    """Connections handed to one thread at a time, and kept for the next; at most `MAX_CONNECTIONS`.

    Always true: a connection is with at most one thread; a connection in the pool has no open transaction and
    was whole when it came back.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: deque[PgView] = deque()
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._closed = False

    @contextmanager
    def view(self) -> Generator[PgView]:
        """A view of the newest state, for this block. Raises StoreFailed."""
        if self._closed:
            raise StoreFailed(path=self._database.label, why="closed")
        if not self._room.acquire(timeout=WAIT_S):
            raise StoreFailed(path=self._database.label, why="every connection is in use")
        try:
            view = self._take()
            try:
                yield view
            finally:
                self._give_back(view)
        finally:
            self._room.release()

    def _take(self) -> PgView:
        try:
            return self._idle.pop()
        except IndexError:
            with self._database.translated():
                return PgView(self._database, self._database.connect())

    def _give_back(self, view: PgView) -> None:
        if not view.db.closed and view.db.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            view.db.rollback()
        if view.db.closed:
            self.forget()
        elif self._closed:
            view.db.close()
        else:
            self._idle.append(view)

    def forget(self) -> None:
        """Close the idle connections: when one has broken, the server went away, and so have the others."""
        while self._idle:
            self._idle.pop().db.close()

    def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        self._closed = True
        self.forget()


class PgLog:
    """A log in PostgreSQL, opened by any number of threads, processes and machines; only `PgStore` appends.

    Always true: what was answered once stays the answer, because below the head nothing changes (except
    that a statement can be withdrawn). A connection that broke is replaced once before a reader hears of it.
    """

    def __init__(self, database: Database, *, cache_bytes: int = DEFAULT_TILE_BYTES) -> None:
        """The log in `database`; raises NotStored when there is none, StoreDamaged, StoreFailed.

        cache_bytes: how much of its tiles is kept in memory.
        """
        self.database = database
        self.cache = TileCache(cache_bytes)
        self._pool = PgPool(database)
        try:
            self.origin, self.role = self._read(_identity)
        except BaseException:
            self._pool.close()
            raise

    def _read(self, ask: Callable[[PgView], T]) -> T:
        with self._pool.view() as view:
            try:
                return ask(view)
            except StoreFailed:
                if not view.db.closed:
                    raise
        with self._pool.view() as view:
            return ask(view)

    def head(self) -> Head:
        """See View."""
        return self._read(PgView.head)

    def standing(self) -> Standing:
        """See PgView."""
        return self._read(PgView.standing)

    @property
    def first_batch(self) -> int:
        """See Store."""
        return int(self._read(lambda view: view.meta("first_batch")) or 0)

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View; tiles that were read once are remembered."""
        cached = self.cache.get(level, n, width)
        if cached is not None:
            return cached
        body = self._read(lambda view: view.tiles([(level, n)])).get((level, n))
        if body is None or len(body) < width * HASH_SIZE:
            return None
        self.cache.put(level, n, body)
        return body[: width * HASH_SIZE]

    def tree_tile(self, level: int, n: int, width: int) -> bytes | None:
        """See View."""
        return self.tile(level, n, width)

    def warm(self, old_size: int, new_size: int) -> None:
        """Fetch what a tree grew by, with one question: proofs under its head then ask nothing."""
        names = [
            (name.level, name.n)
            for name in changed_tiles(old_size, new_size)
            if self.cache.get(*name[:3]) is None
        ]
        if names:
            for (level, n), body in self._read(lambda view: view.tiles(names)).items():
                self.cache.put(level, n, body)

    def entries(self, n: int, width: int) -> bytes | None:
        """See View."""
        return self._read(lambda view: view.entries(n, width))

    def digest(self, index: int) -> bytes:
        """See View."""
        return self._read(lambda view: view.digest(index))

    def statement(self, index: int) -> bytes | None:
        """See View."""
        return self._read(lambda view: view.statement(index))

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        """See View."""
        with self._pool.view() as view:
            yield from view.statements(start, count)

    def holding(self, start: int, count: int) -> set[int]:
        """See View."""
        return self._read(lambda view: view.holding(start, count))

    def told(self, since: int, until: int, front: str) -> list[bytes]:
        """See PgView."""
        return self._read(lambda view: view.told(since, until, front))

    def index_of(self, digest: bytes) -> int | None:
        """See View."""
        return self._read(lambda view: view.index_of(digest))

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """See Store."""
        return self._read(lambda view: view.find(digests))

    def published(self) -> Published | None:
        """See View."""
        return self._read(PgView.published)

    def published_at(self, size: int) -> Published | None:
        """See View."""
        return self._read(lambda view: view.published_at(size))

    def checkpoints(self) -> list[Published]:
        """See Auditable."""
        return self._read(PgView.checkpoints)

    def index_parts(self) -> Iterator[IndexPart]:
        """See Auditable; one snapshot for the whole iteration."""
        with self.snapshot() as view:
            yield from view.index_parts()

    def storage_faults(self) -> Iterator[str]:
        """See Auditable."""
        with self.snapshot() as view:
            yield from view.storage_faults()

    def append(
        self,
        entries: Sequence[Entry],  # noqa: ARG002  # the signature of a Store
        expect: Head | None = None,  # noqa: ARG002  # as above
    ) -> Head:
        """Refused: the order is decided by the holder of the lease alone (`PgStore`)."""
        raise StoreLocked(path=self.database.label)

    def keep_statement(self, index: int, statement: bytes) -> None:
        """See Store."""
        entry = self.digest(index)
        got = sha256(statement).digest()
        if got != entry:
            raise DigestMismatch(expected=entry.hex(), got=got.hex())
        self._change(
            "INSERT INTO statement VALUES (%s, %s) ON CONFLICT (idx) DO UPDATE SET body = excluded.body",
            index,
            statement,
        )

    def withdraw(self, index: int) -> bool:
        """See Store. The server overwrites the bytes when it next needs the room, not at once."""
        return self._change("DELETE FROM statement WHERE idx = %s", index) > 0

    def publish(self, checkpoint: Published) -> None:
        """See Store."""
        if checkpoint.size > self.head().size:
            raise NotStored(what_is=Text("head", "트리 헤드"), name=checkpoint.size)
        self._change(
            "INSERT INTO checkpoint VALUES (%s, %s, %s)"
            " ON CONFLICT (size) DO UPDATE SET note = excluded.note, at = excluded.at",
            *checkpoint,
        )
        self._change(
            "DELETE FROM checkpoint WHERE size <= coalesce("
            "(SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1 OFFSET %s), -1)",
            CHECKPOINTS_KEPT,
        )

    def _change(self, query: LiteralString, *values: object) -> int:
        """One statement that leaves the tree as it is, durable on return; rows changed."""
        with self._pool.view() as view, self.database.translated():
            return view.db.execute(query, values).rowcount

    def holder(self) -> str:
        """Who has the lease for writing, empty when nobody has."""

        def ask(view: PgView) -> str:
            with self.database.translated():
                return holder_of(view.db, self.origin)

        return self._read(ask)

    def lease_row(self) -> tuple[str, int, int]:
        """Holder of the lease (empty: nobody now), its epoch, and how many parcels wait."""

        def ask(view: PgView) -> tuple[str, int, int]:
            with self.database.translated():
                holder = holder_of(view.db, self.origin)
                row = view.db.execute("SELECT epoch, (SELECT count(*) FROM parcel) FROM lease").fetchone()
            epoch, waiting = row or (0, 0)
            return holder, epoch, waiting

        return self._read(ask)

    def snapshot(self) -> AbstractContextManager[PgView]:
        """See Store; nothing of it comes from memory."""
        return self._snapshot()

    @contextmanager
    def _snapshot(self) -> Generator[PgView]:
        with self._pool.view() as view:
            with self.database.translated():
                try:
                    view.db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                except psycopg.OperationalError:
                    # A connection that waited in the pool while the server was restarted.
                    view.db.close()
                    view.db = self.database.connect()
                    view.db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            view.head()  # a snapshot begins at the first read
            yield view

    def close(self) -> None:
        """Release the connections. Closing twice is harmless."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _identity(view: PgView) -> tuple[str, Role]:
    """Origin and role of a log whose tables this version can read. Raises StoreDamaged, StoreFailed."""
    version, origin, role = (view.meta(name) for name in ("schema", "origin", "role"))
    if version != SCHEMA_VERSION or origin is None or role not in {*Role}:
        raise StoreDamaged(path="postgresql", why=f"schema {version}, expected {SCHEMA_VERSION}")
    return origin, Role(role)
