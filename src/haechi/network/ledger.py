"""Rows of the index: how they are found, how they change when a check ends, how they are counted.

Each function runs inside a transaction of the caller.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from haechi.network.examine import Outcome
from haechi.network.glance import FileRef, References
from haechi.network.lookup import EVERYWHERE, State
from haechi.network.shelf import insert, short

_DIGESTS_AT_ONCE = 4_096
_NAMES_KEPT = 65_536
_KNOWN_SQL = "SELECT digest, serial, state, kind, issuer, sharing FROM statement WHERE short IN "
_SETTLE_SQL = (
    "UPDATE statement SET state = ?, code = ?"
    " WHERE state = 1 AND serial IN (SELECT value FROM json_each(?)) RETURNING serial"
)
_UNSAY_SQL = (
    "UPDATE statement SET state = ?, code = ?, kind = NULL, issuer = NULL, subject = NULL,"
    " issued_at = NULL, kid = NULL, sharing = NULL"
    " WHERE state = 1 AND serial IN (SELECT value FROM json_each(?)) RETURNING serial"
)


class Names:
    """Numbers for texts that many rows share: kinds, issuers, media types. The newest are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def numbers(self, db: sqlite3.Connection, texts: Collection[str]) -> Mapping[str, int]:
        """The number of each of these texts, given now where it has none."""
        if len(self._known) > _NAMES_KEPT:
            self._known.clear()
        missing = json.dumps([text for text in texts if text not in self._known])
        if missing != "[]":
            db.execute("INSERT OR IGNORE INTO name (text) SELECT value FROM json_each(?)", (missing,))
            sql = "SELECT text, id FROM name WHERE text IN (SELECT value FROM json_each(?))"
            self._known.update(db.execute(sql, (missing,)).fetchall())
        return self._known

    def forget(self) -> None:
        """Forget all numbers: those given in a transaction that failed are void."""
        self._known.clear()


class Known(NamedTuple):
    """What must be known of a row to add a place to it."""

    serial: int
    state: int
    kind: int | None
    issuer: int | None
    sharing: int | None


def known_rows(db: sqlite3.Connection, digests: list[bytes]) -> dict[bytes, Known]:
    """Rows of those digests that have one; perhaps of a few others."""
    known: dict[bytes, Known] = {}
    for at in range(0, len(digests), _DIGESTS_AT_ONCE):
        part = [short(digest) for digest in digests[at : at + _DIGESTS_AT_ONCE]]
        sql = _KNOWN_SQL + f"({','.join('?' * len(part))})"
        known.update((digest, Known(*row)) for digest, *row in db.execute(sql, part))
    return known


def settle(db: sqlite3.Connection, names: Names, outcomes: Mapping[int, Outcome]) -> None:
    """Write down how checks ended, but for statements that changed while they were checked."""
    groups: dict[tuple[State, str | None], list[int]] = {}
    for serial, outcome in outcomes.items():
        groups.setdefault((outcome.state, outcome.code), []).append(serial)
    for (state, code), serials in groups.items():
        sql = _UNSAY_SQL if state in (State.ABSENT, State.UNREADABLE) else _SETTLE_SQL
        changed = db.execute(sql, (state, code, json.dumps(serials))).fetchall()
        if state is State.CHECKED:
            checked = {serial: outcomes[serial].references for (serial,) in changed}
            count(db, checked, 1)
            refer(db, names, checked)


def forget(db: sqlite3.Connection, known: Known) -> None:
    """Take everything a statement said out of the index; its row and places stay."""
    if known.state == State.CHECKED:
        count(db, [known.serial], -1)
    db.execute("DELETE FROM target WHERE serial = ?", (known.serial,))
    db.execute("DELETE FROM file WHERE serial = ?", (known.serial,))


def count(db: sqlite3.Connection, serials: Iterable[int], sign: int) -> None:
    """Add checked statements to the tally, everywhere and for each log that holds them; or take them out."""
    sql = (
        "WITH chosen AS (SELECT serial, kind, issuer FROM statement WHERE sharing = 0"
        " AND serial IN (SELECT value FROM json_each(?)))"
        " SELECT ?, kind, issuer, count(*) FROM chosen GROUP BY kind, issuer UNION ALL"
        " SELECT log, kind, issuer, count(*) FROM chosen JOIN place USING (serial) GROUP BY log, kind, issuer"
    )
    rows = db.execute(sql, (json.dumps(list(serials)), EVERYWHERE)).fetchall()
    tally(db, [(log, kind, issuer, sign * n) for log, kind, issuer, n in rows])


def tally(db: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Add to the tally; rows of log, kind, issuer and how many more."""
    sql = "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
    db.executemany(sql, rows)


def refer(db: sqlite3.Connection, names: Names, checked: Mapping[int, References]) -> None:
    """Write down what checked statements refer to."""
    targets = [(digest, serial) for serial, refers in checked.items() for digest in refers.targets]
    insert(db, "INSERT OR IGNORE INTO target VALUES", targets)
    files = [(serial, ref) for serial, refers in checked.items() for ref in dict.fromkeys(refers.files)]
    number = names.numbers(db, {ref.media_type for _, ref in files})
    rows = [
        (None, short(ref.digest), ref.digest, serial, _size(ref), number[ref.media_type], 0)
        for serial, ref in files
    ]
    insert(db, "INSERT INTO file VALUES", rows)


def _size(ref: FileRef) -> int:
    return -1 if ref.size is None else ref.size
