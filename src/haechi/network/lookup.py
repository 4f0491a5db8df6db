"""What the index answers: statements by digest, by issuer, by kind, by what they speak about.

Lists and counts hold what was checked and is for everybody (CLEAR) only; anything else is found by its
digest alone, and says in which state it is.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from haechi.network.glance import Glance
from haechi.network.shelf import Shelf, short
from haechi.statement.envelope import Sharing

MAX_ROWS = 1000
MAX_PLACES = 64
EVERYWHERE = 0
"""In the place of a log in the tally: distinct statements, wherever they are."""

_LEVELS = tuple(Sharing)
_COLUMNS = "s.serial, s.digest, s.state, s.code, k.text, i.text, s.subject, s.issued_at, s.kid, s.sharing"
_FROM = "FROM statement s LEFT JOIN name k ON k.id = s.kind LEFT JOIN name i ON i.id = s.issuer"


class State(IntEnum):
    """How far a statement was checked. Only CHECKED ones are in lists, counts and references."""

    ABSENT = 0
    UNCHECKED = 1
    UNREADABLE = 2
    FAILED = 3
    UNDECIDED = 4
    CHECKED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of a log. own: whether it is this node's own log."""

    origin: str
    index: int
    own: bool


class Row(NamedTuple):
    """What the index knows of one statement.

    serial: this node's running number, in the order of arrival; code: of the finding that decided the state,
    None when all held; said: None when the bytes are not held or not readable.
    """

    serial: int
    digest: bytes
    state: State
    code: str | None
    said: Glance | None
    places: tuple[Place, ...]


class Evidence(NamedTuple):
    """A file that a checked statement refers to. size: None when only its digest was signed."""

    digest: bytes
    size: int | None
    media_type: str
    statement: bytes
    sharing: Sharing


class Count(NamedTuple):
    """Checked CLEAR statements of a kind: in the node's own log, and only in mirrors."""

    own: int
    mirrored: int


class Lookup:
    """Questions to the index. Threads may share it; each question sees one unchanging state.

    Every method raises IndexFailed when the disk or the database refuses, and lists at most 1000 rows.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def size(self, origin: str) -> int:
        """How many entries of this log are indexed; 0 for an unknown log."""
        with self._shelf.reading() as db:
            row = db.execute("SELECT size FROM log WHERE origin = ?", (origin,)).fetchone()
        return row[0] if row else 0

    def by_digest(self, digest: bytes) -> Row | None:
        """The statement with this digest in whatever state; None when no indexed log has such an entry."""
        with self._shelf.reading() as db:
            rows = self._rows(db, "WHERE s.short = ? AND s.digest = ?", (short(digest), digest))
        return rows[0] if rows else None

    def by_serial(self, serial: int) -> Row | None:
        """The statement with this running number, in whatever state."""
        with self._shelf.reading() as db:
            rows = self._rows(db, "WHERE s.serial = ?", (serial,))
        return rows[0] if rows else None

    def entries(self, origin: str, before: int | None, limit: int) -> list[Row]:
        """Entries of one log below index `before` (None: from the end), newest first, in whatever state."""
        sql = (
            "JOIN place p ON p.serial = s.serial WHERE p.log = (SELECT id FROM log WHERE origin = ?)"
            " AND p.idx < ? ORDER BY p.idx DESC LIMIT ?"
        )
        with self._shelf.reading() as db:
            return self._rows(db, sql, (origin, _or_end(before), _bound(limit)))

    def recent(self, limit: int, before: int | None = None) -> list[Row]:
        """Statements with a serial below `before`, newest here first."""
        return self._list("", (), limit, before)

    def by_issuer(self, issuer: str, limit: int, before: int | None = None) -> list[Row]:
        """The issuer's statements with a serial below `before`, newest here first."""
        return self._list("s.issuer = (SELECT id FROM name WHERE text = ?) AND", (issuer,), limit, before)

    def by_kind(self, kind: str, limit: int, before: int | None = None) -> list[Row]:
        """Statements of a kind with a serial below `before`, newest here first."""
        return self._list("s.kind = (SELECT id FROM name WHERE text = ?) AND", (kind,), limit, before)

    def _list(self, where: str, values: tuple[object, ...], limit: int, before: int | None) -> list[Row]:
        sql = f"WHERE {where} s.state = 5 AND s.sharing = 0 AND s.serial < ? ORDER BY s.serial DESC LIMIT ?"
        with self._shelf.reading() as db:
            return self._rows(db, sql, (*values, _or_end(before), _bound(limit)))

    def about(self, digest: bytes, limit: int, after: int = 0) -> list[Row]:
        """Statements that name this digest as their target or as a file, oldest here first, from serial
        `after` on (exclusive).
        """
        sql = (
            "WHERE s.serial IN (SELECT serial FROM target WHERE digest = ?1 AND serial > ?2 UNION"
            " SELECT serial FROM file WHERE short = ?4 AND digest = ?1 AND serial > ?2)"
            " AND s.state = 5 AND s.sharing = 0 ORDER BY s.serial LIMIT ?3"
        )
        with self._shelf.reading() as db:
            return self._rows(db, sql, (digest, after, _bound(limit), short(digest)))

    def counts(self) -> dict[str, Count]:
        """Kind to the number of its statements, own and only mirrored."""
        sql = (
            "SELECT k.text, l.own, sum(t.n) FROM tally t JOIN name k ON k.id = t.kind"
            " LEFT JOIN log l ON l.id = t.log WHERE t.log = 0 OR l.own GROUP BY 1, 2"
        )
        own: dict[str, int] = defaultdict(int)
        every: dict[str, int] = defaultdict(int)
        with self._shelf.reading() as db:
            for kind, is_own, n in db.execute(sql):
                (own if is_own else every)[kind] += n
        return {kind: Count(own[kind], n - own[kind]) for kind, n in every.items() if n}

    def log_counts(self, origin: str) -> dict[str, int]:
        """Kind to the number of its statements in one log."""
        sql = (
            "SELECT k.text, sum(t.n) FROM tally t JOIN name k ON k.id = t.kind"
            " WHERE t.log = (SELECT id FROM log WHERE origin = ?) GROUP BY 1 HAVING sum(t.n) > 0"
        )
        with self._shelf.reading() as db:
            return dict(db.execute(sql, (origin,)).fetchall())

    def issuers(self, limit: int) -> list[tuple[str, int]]:
        """Issuers with the number of their statements, most first."""
        sql = (
            "SELECT i.text, sum(t.n) AS total FROM tally t JOIN name i ON i.id = t.issuer"
            " WHERE t.log = 0 GROUP BY t.issuer HAVING total > 0 ORDER BY total DESC, i.text LIMIT ?"
        )
        with self._shelf.reading() as db:
            return db.execute(sql, (_bound(limit),)).fetchall()

    def issuer_count(self, issuer: str) -> int:
        """How many statements of this issuer there are."""
        sql = (
            "SELECT sum(n) FROM tally INDEXED BY tally_issuer"
            " WHERE log = 0 AND issuer = (SELECT id FROM name WHERE text = ?)"
        )
        with self._shelf.reading() as db:
            return db.execute(sql, (issuer,)).fetchone()[0] or 0

    def evidence(self, digest: bytes) -> list[Evidence]:
        """What checked statements of any sharing level say of the file with this digest, oldest first."""
        sql = (
            "SELECT f.digest, f.size, m.text, s.digest, s.sharing FROM file f"
            " JOIN statement s USING (serial) JOIN name m ON m.id = f.media_type"
            " WHERE f.short = ? AND f.digest = ? AND s.state = 5 ORDER BY f.serial LIMIT ?"
        )
        with self._shelf.reading() as db:
            return [_evidence(row) for row in db.execute(sql, (short(digest), digest, MAX_ROWS))]

    def wished(self, origin: str, limit: int) -> list[Evidence]:
        """Files of one log that are not known to be here, least often tried first.

        Those of CLEAR statements, and the encrypted ones of AMBER statements (levels 2 and 3).
        """
        sql = (
            "SELECT f.digest, f.size, m.text, s.digest, s.sharing FROM file f INDEXED BY wished"
            " CROSS JOIN statement s USING (serial) JOIN name m ON m.id = f.media_type"
            " WHERE f.tried >= 0 AND s.state = 5 AND s.sharing IN (0, 2, 3) AND EXISTS"
            " (SELECT 1 FROM place p WHERE p.serial = f.serial"
            " AND p.log = (SELECT id FROM log WHERE origin = ?)) ORDER BY f.tried, f.serial LIMIT ?"
        )
        with self._shelf.reading() as db:
            return [_evidence(row) for row in db.execute(sql, (origin, _bound(limit)))]

    def _rows(self, db: sqlite3.Connection, rest: str, values: Sequence[object]) -> list[Row]:
        found = db.execute(f"SELECT {_COLUMNS} {_FROM} {rest}", values).fetchall()
        return [
            Row(serial, digest, State(state), code, _said(said), _places(db, serial))
            for serial, digest, state, code, *said in found
        ]


def _places(db: sqlite3.Connection, serial: int) -> tuple[Place, ...]:
    """The first places of a statement, the node's own log first. A mirrored log may repeat one endlessly."""
    sql = (
        "SELECT l.origin, p.idx, l.own FROM place p JOIN log l ON l.id = p.log"
        " WHERE p.serial = ? ORDER BY p.log, p.idx LIMIT ?"
    )
    places = [Place(origin, index, bool(own)) for origin, index, own in db.execute(sql, (serial, MAX_PLACES))]
    return tuple(sorted(places, key=lambda place: not place.own))


def _said(columns: list[object]) -> Glance | None:
    match columns:
        case [str(kind), str(issuer), str(subject), int(issued_at), bytes(kid), int(sharing)]:
            return Glance(kind, issuer, subject, issued_at, kid, _LEVELS[sharing])
        case _:
            return None


def _evidence(row: Sequence[object]) -> Evidence:
    match row:
        case [bytes(digest), int(size), str(media_type), bytes(statement), int(sharing)]:
            return Evidence(digest, None if size < 0 else size, media_type, statement, _LEVELS[sharing])
        case _:
            raise TypeError


def _or_end(before: int | None) -> int:
    return (1 << 62) if before is None else before


def _bound(limit: int) -> int:
    return max(0, min(limit, MAX_ROWS))


def sharing_number(level: Sharing) -> int:
    """How a sharing level is stored; CLEAR is 0, which the partial indexes rely on."""
    return _LEVELS.index(level)
