"""Fronts of one shared log in this process, each with a connection pool and a memory of its own."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.databases import fresh_database
from tests.log.logs import GENESIS, ORIGIN, publisher

from haechi.log.backlog import Placed, Tuning
from haechi.log.cluster.database import Database
from haechi.log.cluster.reader import PgLog
from haechi.log.cluster.sequencer import ClusterSequencer, Options
from haechi.log.cluster.store import PgStore
from haechi.log.headstore import HeadStore
from haechi.log.sequencer import Sequencer
from haechi.log.store import Entry, Terms

PATIENCE_S = 60.0
LEASE_S = 0.8


@dataclass
class Front:
    log: PgLog
    heads: HeadStore
    sequencer: ClusterSequencer
    told: list[int]

    def place(self, one: Entry, terms: Terms | None = None) -> Placed:
        return self.sequencer.submit(one.statement, one.digest, terms).result(PATIENCE_S)

    def places(self, many: list[Entry]) -> list[int]:
        return [place.index for place in self.sequencer.submit_many(many).result(PATIENCE_S)]

    def close(self) -> None:
        self.sequencer.close()
        self.log.close()
        self.heads.close()


class Cluster:
    """A shared log that begins with its genesis; `front(name)` opens one more process of it."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self.folder = folder
        self.database = database or fresh_database()
        self._open: list[Front] = []
        heads = HeadStore.create(folder / "first", ORIGIN)
        with PgStore.create(self.database, ORIGIN) as store, heads:
            Sequencer.create(store, heads, GENESIS).close()

    @classmethod
    def joined(cls, folder: Path, database: Database) -> "Cluster":
        """The shared log that somebody began in this database."""
        made = cls.__new__(cls)
        made.folder, made.database, made._open = folder, database, []
        return made

    def front(self, name: str, tuning: Tuning | None = None) -> Front:
        told: list[int] = []
        options = Options(name, LEASE_S, tuning, told.append)
        with ExitStack() as stack:
            log = stack.enter_context(PgLog(self.database))
            heads = stack.enter_context(HeadStore.create(self.folder / name, ORIGIN))
            if heads.current() is None:
                heads.advance(None, log.head())
            sequencer = ClusterSequencer(log, heads, publisher(0.05), options)
            stack.pop_all()
        front = Front(log, heads, sequencer, told)
        self._open.append(front)
        return front

    def leader(self) -> Front:
        waited = threading.Event()
        for _ in range(int(PATIENCE_S * 100)):
            for front in self._open:
                if front.sequencer.leading:
                    return front
            waited.wait(0.01)
        raise AssertionError("nobody leads")

    def ask(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """One statement by somebody else, an administrator or an attacker."""
        with self.database.connect() as db:
            cursor = db.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def cut_connections(self) -> None:
        """End every other session of this schema's fronts on the server, in the middle of what they do."""
        with psycopg.connect(self.database.conninfo, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND application_name = %s",
                (self.database.schema,),
            )

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Nobody's commit gets on while this block lasts."""
        with self.database.connect() as db, db.transaction():
            db.execute("SET application_name = 'blocker'")
            db.execute("SELECT 1 FROM head FOR UPDATE")
            yield

    @contextmanager
    def cut_while_writing(self) -> Iterator[None]:
        """The commit begun in this block is cut off in its middle."""
        blocked, over = threading.Event(), threading.Event()

        def cut() -> None:
            with self.held_up():
                blocked.set()
                while not self.ask(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = %s",
                    self.database.schema,
                ):
                    over.wait(0.005)
                self.cut_connections()

        thread = threading.Thread(target=cut)
        thread.start()
        assert blocked.wait(PATIENCE_S)
        yield
        thread.join(PATIENCE_S)

    def close(self) -> None:
        for front in self._open:
            front.close()


@contextmanager
def cluster_at(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()
