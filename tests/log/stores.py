"""The kinds of store that keep the same promises: a file of its own, and a schema of a real PostgreSQL."""

from functools import cache
from pathlib import Path

from tests.databases import fresh_database
from tests.log.logs import ORIGIN

from haechi.log.cluster.database import Database
from haechi.log.cluster.reader import PgLog
from haechi.log.cluster.store import PgStore
from haechi.log.merkle import Frontier, leaf_hash
from haechi.log.reader import SqliteReads
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry, Head, Role


def head_of(held: list[Entry]) -> Head:
    frontier = Frontier()
    for one in held:
        frontier.append(leaf_hash(one.digest))
    return Head(len(held), frontier.root())


class InFile:
    """One SQLite file below the folder."""

    def create(self, folder: Path, origin: str = ORIGIN, role: Role = Role.OWN) -> SqliteStore:
        return SqliteStore.create(folder / "data", origin, role)

    def open(self, folder: Path) -> SqliteStore:
        return SqliteStore(folder / "data")

    def beside(self, folder: Path) -> SqliteReads:
        return SqliteReads(folder / "data")


class InDatabase:
    """One schema for each folder."""

    def create(self, folder: Path, origin: str = ORIGIN, role: Role = Role.OWN) -> PgStore:
        return PgStore.create(database_at(folder), origin, role)

    def open(self, folder: Path) -> PgStore:
        return PgStore(database_at(folder))

    def beside(self, folder: Path) -> PgLog:
        return PgLog(database_at(folder))


Kind = InFile | InDatabase
KINDS: dict[str, Kind] = {"sqlite": InFile(), "postgres": InDatabase()}


@cache
def database_at(folder: Path) -> Database:  # the same one for the same folder
    return fresh_database()
