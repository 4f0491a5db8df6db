"""The PostgreSQL database of one log: tables, connections, error translation.

Only what CockroachDB and YugabyteDB speak too is used: no advisory locks, no LISTEN, no unlogged tables.
Each log has a schema of its own, so that one database serves several, and one dump takes exactly one.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from haechi.log.store import NotStored, StoreFailed
from haechi.words import Text

SCHEMA_VERSION = "1"
CONNECT_S = 5
"""Seconds until a server that does not answer is given up."""

# head.epoch is the fence: a commit names the epoch it was made under, and a new holder of the lease raises it
# in the same transaction, so no clock is trusted for anything but when to try.
# head.governed: index of the newest entry that changed the terms of admission.
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE head (log TEXT PRIMARY KEY, size BIGINT NOT NULL, root BYTEA NOT NULL, epoch BIGINT NOT NULL,
  governed BIGINT NOT NULL);
CREATE TABLE lease (log TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL,
  expires TIMESTAMPTZ NOT NULL);
CREATE TABLE tile (id BIGINT PRIMARY KEY, body BYTEA NOT NULL);
CREATE TABLE bundle (n BIGINT PRIMARY KEY, body BYTEA NOT NULL);
CREATE TABLE statement (idx BIGINT PRIMARY KEY, body BYTEA NOT NULL);
CREATE TABLE place (prefix BYTEA NOT NULL, idx BIGINT NOT NULL, PRIMARY KEY (prefix, idx));
CREATE TABLE checkpoint (size BIGINT PRIMARY KEY, note BYTEA NOT NULL, at BIGINT NOT NULL);
CREATE TABLE parcel (number BIGINT NOT NULL, front TEXT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (number, front));
CREATE TABLE answer (front TEXT NOT NULL, number BIGINT NOT NULL, body BYTEA NOT NULL,
  at TIMESTAMPTZ NOT NULL, PRIMARY KEY (front, number))
"""

# What fronts have read in the statements they admitted, so that the others need not read them again. A hint:
# it may be missing. upto: size of the log after the batch that took the parcel; -1 until then.
TOLD = """
CREATE TABLE IF NOT EXISTS told (number BIGINT NOT NULL, front TEXT NOT NULL, upto BIGINT NOT NULL,
  body BYTEA NOT NULL, at TIMESTAMPTZ NOT NULL, PRIMARY KEY (number, front));
CREATE INDEX IF NOT EXISTS told_upto ON told (upto)
"""

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


@dataclass(frozen=True, slots=True)
class Database:
    """Where a log is: a libpq connection string, and the schema in that database. repr hides passwords."""

    conninfo: str
    schema: str = "haechi"

    def __repr__(self) -> str:
        return f"Database({self.label!r})"

    @property
    def label(self) -> str:
        """How errors and logs name it: never with a password or a user."""
        try:
            parts = conninfo_to_dict(self.conninfo)
        except psycopg.Error:
            return f"postgresql schema {self.schema}"
        return f"postgresql {parts.get('host', 'localhost')}/{parts.get('dbname', '')} schema {self.schema}"

    def connect(self, *, durable: bool = True) -> Connection:
        """A connection in which every statement commits by itself. Raises psycopg.Error.

        durable: commits wait for the disk, whatever the server's default says. What is only a message
        between processes, and can be sent again, need not.
        """
        db = psycopg.connect(
            self.conninfo, autocommit=True, connect_timeout=CONNECT_S, application_name=self.schema
        )
        try:
            db.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)))
            db.execute("SET synchronous_commit TO on" if durable else "SET synchronous_commit TO off")
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def translated(self) -> Generator[None]:
        """Raises NotStored where there are no tables, StoreFailed instead of the driver's other errors."""
        try:
            yield
        except psycopg.errors.UndefinedTable as error:
            raise NotStored(what_is=Text("log", "로그"), name=self.label) from error
        except psycopg.Error as error:
            raise StoreFailed(path=self.label, why=one_line(error)) from error

    def make_tables(self, origin: str, role: str, root: bytes) -> None:
        """Schema and tables of an empty log; left alone where there are some. Raises psycopg.Error."""
        with self.connect() as db:
            db.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
            exists = db.execute(
                "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 'meta'",
                (self.schema,),
            ).fetchone()
            if exists is not None:
                return
            with db.transaction():
                for statement in TABLES.split(";"):
                    db.execute(sql.SQL(statement))
                meta = [("schema", SCHEMA_VERSION), ("origin", origin), ("role", role)]
                db.cursor().executemany("INSERT INTO meta VALUES (%s, %s)", meta)
                db.execute("INSERT INTO head VALUES (%s, 0, %s, 0, -1)", (origin, root))
                db.execute("INSERT INTO lease VALUES (%s, '', 0, TIMESTAMPTZ 'epoch')", (origin,))


def make_missing(db: Connection, statements: str) -> None:
    """Run `CREATE ... IF NOT EXISTS` statements that several fronts may run at once. Raises psycopg.Error.

    The server looks first and creates then: of two at the same moment one fails, after the other has
    committed what both wanted.
    """
    for statement in statements.split(";"):
        with suppress(
            psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateObject
        ):
            db.execute(sql.SQL(statement))  # type: ignore[arg-type]  # our own text


def one_line(error: psycopg.Error) -> str:
    """The driver's first line: later ones quote statements and values."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
