"""Logs in a temporary directory, made the way a node makes them, and a disk that fails on demand."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.log import digests, fsck, recount, runs, schema
from haechi.log.backlog import Tuning
from haechi.log.checkpoint import CheckpointSigner
from haechi.log.cluster.store import PgStore
from haechi.log.headstore import HeadStore
from haechi.log.sequencer import Publisher, Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry, Head

ORIGIN = "kr.example/log"
SIGNER = CheckpointSigner(
    ORIGIN,
    Ed25519PrivateKey.from_private_bytes(bytes(32)),
    MLDSA44PrivateKey.from_seed_bytes(bytes(32)),
)


def entry(number: int) -> Entry:
    """The entry with this number; another number gives another entry."""
    body = b"statement %d" % number
    return Entry(sha256(body).digest(), body)


def entries(start: int, end: int) -> list[Entry]:
    return [entry(number) for number in range(start, end)]


chosen_kind = ContextVar("chosen_kind", default="sqlite")
"""The kind of store that `open_log` opens, by its name in `tests.log.stores`."""

GENESIS = [entry(-1), entry(-2)]


def publisher(every_s: float = 3600.0) -> Publisher:
    """Signs real checkpoints, at a time that never moves; by itself hardly ever."""

    def sign(head: Head, at: int) -> bytes:
        return SIGNER.sign(head.size, head.root, at)

    return Publisher(sign, lambda: 1_800_000_000, every_s)


@dataclass
class Log:
    """An open log with all its parts, and where they are."""

    store: SqliteStore | PgStore
    heads: HeadStore
    sequencer: Sequencer

    def close(self) -> None:
        self.sequencer.close()
        self.store.close()
        self.heads.close()


@contextmanager
def open_log(
    folder: Path, *, tuning: Tuning | None = None, publish: Publisher | None = None
) -> Iterator[Log]:
    """The log under `folder`, begun when it is not there."""
    from tests.log.stores import KINDS

    kind = KINDS[chosen_kind.get()]
    new = not (folder / "data").exists()
    make = kind.create(folder) if new else kind.open(folder)
    (folder / "data").mkdir(exist_ok=True)  # also where the log is elsewhere
    with make as store, (HeadStore.create if new else HeadStore.open)(folder / "heads", ORIGIN) as heads:
        if new:
            sequencer = Sequencer.create(store, heads, GENESIS, publish, tuning)
        else:
            sequencer = Sequencer(store, heads, publish, tuning)
        with sequencer:
            yield Log(store, heads, sequencer)


def small_runs(patch: pytest.MonkeyPatch, run: int, fan_in: int) -> None:
    """Make the digest index seal and merge after few entries, so that small logs do it too."""
    for module in (runs, digests, recount, fsck):
        patch.setattr(module, "RUN_ENTRIES", run)
    patch.setattr(runs, "FAN_IN", fan_in)
    patch.setattr(runs, "STEP_RECORDS", max(1, run // 2))
    patch.setattr(runs, "_CHUNK_RECORDS", max(1, run // 8))


@dataclass
class FailingDisk:
    """Stands between the store and its database; `fail` chooses the statement that is refused."""

    error: str = "disk I/O error"
    fail: Callable[[str], bool] = field(default=lambda _: False)
    after: bool = False
    """Carry the statement out first, and then report the failure."""
    seen: list[str] = field(default_factory=list)

    def at(self, start: str, *, after: bool = False) -> None:
        """Fail at the next statement that begins so, once."""
        self.after = after

        def fail(sql: str) -> bool:
            if not sql.startswith(start):
                return False
            self.fail = lambda _: False
            return True

        self.fail = fail

    def number(self, count: int) -> None:
        """Fail at the statement after `count` others, once."""
        left = count

        def fail(_: str) -> bool:
            nonlocal left
            left -= 1
            if left == -1:
                self.fail = lambda _: False
            return left == -1

        self.fail = fail


class FailingConnection:
    def __init__(self, db: sqlite3.Connection, disk: FailingDisk) -> None:
        self._db = db
        self._disk = disk

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        self._disk.seen.append(sql)
        failing = self._disk.fail(sql)
        if failing and not self._disk.after:
            raise sqlite3.OperationalError(self._disk.error)
        cursor = self._db.execute(sql, *cast("list[tuple[int, ...]]", values))
        if failing:
            raise sqlite3.OperationalError(self._disk.error)
        return cursor

    def executemany(self, sql: str, rows: object) -> sqlite3.Cursor:
        if self._disk.fail(sql):
            raise sqlite3.OperationalError(self._disk.error)
        return self._db.executemany(sql, rows)  # type: ignore[arg-type]

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def close(self) -> None:
        self._db.close()


def failing_disk(patch: pytest.MonkeyPatch) -> FailingDisk:
    """Every store opened from now on in this test writes through this disk."""
    disk = FailingDisk()
    connect = schema.connect_writer
    patch.setattr(schema, "connect_writer", lambda directory: FailingConnection(connect(directory), disk))
    return disk
