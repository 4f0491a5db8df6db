"""A log in PostgreSQL opened for writing: every batch is one transaction, fenced by the lease's epoch."""

import secrets
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, NamedTuple, Self, cast

import psycopg

from haechi.log.cluster import lease as leases
from haechi.log.cluster.database import Connection, Database
from haechi.log.cluster.lease import Lease, LeaseHeld, LeaseLost
from haechi.log.cluster.reader import PgLog, PgView
from haechi.log.layout import TILE_WIDTH, Tile, grow_bundles
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE, leaf_hashes
from haechi.log.runs import PREFIX_BYTES
from haechi.log.schema import tile_id
from haechi.log.store import (
    DigestMismatch,
    Entry,
    Head,
    NotStored,
    Role,
    RootMismatch,
    StoreDamaged,
    StoreFailed,
    StoreMoved,
)
from haechi.log.tiles import TileDamaged, grow, load_edge

LEASE_S = 3.0

_MOVE = (
    "UPDATE head SET size = %s, root = %s, governed = coalesce(%s, governed)"
    " WHERE log = %s AND size = %s AND epoch = %s"
)


class Change(NamedTuple):
    """One INSERT, UPDATE or DELETE of a batch; no two are of one table.

    Each has the condition that `moved` has a row: it has none when the head was not the one expected.
    """

    sql: str
    values: Sequence[object]


class PgStore(PgLog):
    """A log opened for writing by the holder of its lease; its threads may share it.

    Always true: a method that changes the log returns only when the change is committed by the database;
    a commit succeeds only under the newest epoch and upon the head it was computed from, so two writers, or a
    writer that slept, cannot make two histories. After any failure memory is read again from the database.
    """

    def __init__(self, database: Database, holder: str = "", lease_s: float = LEASE_S) -> None:
        """The existing log, with its lease; raises LeaseHeld, NotStored, StoreDamaged, StoreFailed."""
        super().__init__(database)
        self._lock = threading.RLock()
        self._db: Connection | None = None
        try:
            with database.translated():
                db = self._connection()
                self.lease = self._taken(db, holder or secrets.token_hex(8), lease_s)
                self._read_state(db)
        except BaseException:
            self._drop()
            super().close()
            raise

    @classmethod
    def create(
        cls,
        database: Database,
        origin: str,
        role: Role = Role.OWN,
        holder: str = "",
        *,
        begun: bool = False,
    ) -> Self:
        """A new empty log; an empty one of the same name is kept, and with `begun` one with entries too.

        Raises StoreMoved when there is one with entries or of another name, LeaseHeld, StoreFailed.
        """
        with database.translated():
            database.make_tables(origin, role.value, EMPTY_ROOT)
        store = cls(database, holder)
        if (store.head().size and not begun) or (store.origin, store.role) != (origin, role):
            got = store.head().size
            store.close()
            raise StoreMoved(expected=0, got=got)
        return store

    def _taken(self, db: Connection, holder: str, lease_s: float) -> Lease:
        taken = leases.take(db, self.origin, holder, lease_s)
        if taken is None:
            raise LeaseHeld(origin=self.origin, holder=leases.holder_of(db, self.origin))
        return taken

    def _connection(self) -> Connection:
        if self._db is None or self._db.closed:
            self._db = self.database.connect()
        return self._db

    def _drop(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(psycopg.Error):
                db.close()

    def _read_state(self, db: Connection) -> None:
        """Edge and partial bundle as the database has them. Raises psycopg.Error, StoreDamaged."""
        view = PgView(self.database, db)
        head = view.head()
        try:
            edge = load_edge(view.tile, head.size)
        except TileDamaged as error:
            raise StoreDamaged(path=self.database.label, why=str(error)) from error
        if edge.root() != head.root:
            raise StoreDamaged(path=self.database.label, why=f"no tiles for the root of size {head.size}")
        n, width = divmod(head.size, TILE_WIDTH)
        self._tail = (view.entries(n, width) or b"") if width else b""
        self._head, self._edge = head, edge
        self._stale = False

    @contextmanager
    def _alone(self) -> Generator[Connection]:
        """No other thread writes in this block, memory is what the database says, errors are translated."""
        with self._lock, self.database.translated():
            if self._stale:
                self._fence()
            yield self._connection()

    @contextmanager
    def _commit(self) -> Generator[None]:
        """The block's one statement that writes. Whatever goes wrong, the connection is given up.

        A connection that broke during the commit leaves open whether it happened, and the server may
        still be at it: the next use asks on a new one, and the epoch is raised first, so a commit that
        comes after the question fails.
        """
        self._stale = True
        try:
            yield
        except BaseException:
            self._drop()
            with suppress(psycopg.Error, StoreDamaged, StoreFailed, NotStored, LeaseLost):
                self._fence()
            raise
        self._stale = False

    def _fence(self) -> None:
        """A new epoch for this holder, and the state as it is under it. Raises LeaseLost, psycopg.Error."""
        db = self._connection()
        with db.transaction():
            leases.renew(db, self.lease)
        taken = leases.take(db, self.origin, self.lease.holder, self.lease.seconds)
        if taken is None or taken.epoch != self.lease.epoch + 1:
            raise LeaseLost(origin=self.origin, epoch=self.lease.epoch)
        self.lease = taken
        self._read_state(db)

    @contextmanager
    def asking(self) -> Generator[Connection]:
        """The writer's connection, for questions. Raises StoreFailed, LeaseLost."""
        with self._alone() as db:
            try:
                yield db
            except psycopg.Error:
                self._stale = True
                self._drop()
                raise

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """See Store; nothing is in an empty list."""
        return super().find(digests) if digests else {}

    def renew(self) -> None:
        """Hold the lease for another span. Raises LeaseLost, StoreFailed."""
        with self._lock, self.database.translated():
            if self._stale:
                self._fence()
            leases.renew(self._connection(), self.lease)

    def head(self) -> Head:
        """See View; from memory."""
        return self._head

    def append(
        self,
        entries: Sequence[Entry],
        expect: Head | None = None,
        *,
        also: Sequence[Change] = (),
    ) -> Head:
        """See Store. Of entries that set new terms, the last one's index is kept beside the head.

        also: what becomes durable with the batch, even when it has no entries. Raises LeaseLost too.
        All of it is one statement, and so one transaction: each more would cost the writer as much again.
        """
        digests = [entry.digest for entry in entries]
        if digests and {*map(len, digests)} != {HASH_SIZE}:
            raise DigestMismatch(expected=f"{HASH_SIZE} bytes", got="another length")
        leaves = leaf_hashes(digests)
        with self._alone() as db:
            old = self._edge
            edge, tiles = grow(old, leaves)
            head = Head(edge.size, edge.root())
            if expect is not None and head != expect:
                raise RootMismatch(size=head.size, expected=expect.root.hex(), got=head.root.hex())
            if not entries and not also:
                return head
            bundles = grow_bundles(old.size, self._tail, digests)
            numbered = enumerate(entries, old.size)
            governed = max((at for at, one in numbered if one.terms and one.terms.sets), default=None)
            move = Change(_MOVE, (*head, governed, self.origin, old.size, self.lease.epoch))
            with self._commit():
                if not _carried_out(db, move, [*_rows(head.size, entries, tiles, bundles), *also]):
                    self._refused(db, old.size)
            if bundles:
                self._tail = bundles[-1].data if bundles[-1].width < TILE_WIDTH else b""
            self._head, self._edge = head, edge
            for tile in tiles:
                self.cache.put(tile.level, tile.n, tile.data)
        return head

    def _refused(self, db: Connection, expected: int) -> None:
        row = db.execute("SELECT size, epoch FROM head WHERE log = %s", (self.origin,)).fetchone()
        if row is not None and row[1] != self.lease.epoch:
            raise LeaseLost(origin=self.origin, epoch=self.lease.epoch)
        raise StoreMoved(expected=expected, got=row[0] if row else "no")

    def close(self) -> None:
        """Give the lease back and release the connections. Closing twice is harmless."""
        super().close()
        with self._lock:
            if self._db is not None:
                with suppress(psycopg.Error):
                    leases.release(self._db, self.lease)
                self._drop()


def _carried_out(db: Connection, move: Change, changes: Sequence[Change]) -> bool:
    """The head moved and all changes made; False when it was another head, and nothing happened."""
    parts = [f"moved AS ({move.sql} RETURNING 1)"]
    parts += [f"change_{at} AS ({change.sql} RETURNING 1)" for at, change in enumerate(changes)]
    statement = f"WITH {', '.join(parts)} SELECT count(*) FROM moved"  # noqa: S608  # our own text
    values = [value for each in (move, *changes) for value in each.values]
    return db.execute(cast("LiteralString", statement), values).fetchone() == (1,)


def _rows(
    size: int, entries: Sequence[Entry], tiles: Sequence[Tile], bundles: Sequence[Tile]
) -> Iterator[Change]:
    """The rows of a batch that made the log `size` entries long, each table with one change."""
    if not entries:
        return
    start = size - len(entries)
    if start == 0:
        yield Change(
            "INSERT INTO meta SELECT 'first_batch', %s WHERE EXISTS (SELECT 1 FROM moved)", (str(size),)
        )
    yield Change(
        "INSERT INTO tile SELECT * FROM unnest(%b::bigint[], %b::bytea[])"
        " WHERE EXISTS (SELECT 1 FROM moved) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        _columns([(tile_id(tile.level, tile.n), tile.data) for tile in tiles]),
    )
    yield Change(
        "INSERT INTO bundle SELECT * FROM unnest(%b::bigint[], %b::bytea[])"
        " WHERE EXISTS (SELECT 1 FROM moved) ON CONFLICT (n) DO UPDATE SET body = excluded.body",
        _columns([(bundle.n, bundle.data) for bundle in bundles]),
    )
    held = [(at, entry.statement) for at, entry in enumerate(entries, start) if entry.statement is not None]
    if held:
        yield Change(
            "INSERT INTO statement SELECT * FROM unnest(%b::bigint[], %b::bytea[])"
            " WHERE EXISTS (SELECT 1 FROM moved)",
            _columns(held),
        )
    yield Change(
        "INSERT INTO place SELECT * FROM unnest(%b::bytea[], %b::bigint[])"
        " WHERE EXISTS (SELECT 1 FROM moved)",
        ([entry.digest[:PREFIX_BYTES] for entry in entries], [*range(start, size)]),
    )


def _columns(rows: Sequence[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [row[0] for row in rows], [row[1] for row in rows]
