"""What is in the node's own log and in its mirrors, by what it says: derived, and rebuilt at any time.

Following a log only looks at its statements: no signature is checked, so a million entries take seconds.
Checking comes after, in threads. Only what it finds good enters lists, counts and references.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import NamedTuple, Self

from haechi.facts import Facts
from haechi.log.store import NotStored, Role, Store, View
from haechi.log.tiles import TILE_WIDTH, decode_entries
from haechi.network.examine import Outcome, examine
from haechi.network.glance import NO_REFERENCES, Glance, References, glance, references
from haechi.network.ledger import Known, Names, count, forget, known_rows, refer, settle, tally
from haechi.network.lookup import Evidence, Lookup, State, sharing_number
from haechi.network.report import Progress
from haechi.network.shelf import DEFAULT_CACHE_BYTES, IndexFailed, Shelf, insert, short
from haechi.statement.envelope import Sharing
from haechi.statement.keys import PublicKey
from haechi.words import Text

# One transaction. New digests fall all over their index, so each transaction writes most of its pages once:
# 4,096 entries at a time took 1.4 times the processor time of this at a million entries.
_BATCH = 32_768
_SEEN_AT_ONCE = 4_096
_FEW = 16
_CHECKED_AT_ONCE = 4_096
_CHECKED_PER_TASK = 64
_WISHES_AT_ONCE = 256
_FORESEEN = 8_192
_UNSAID = (None,) * 6
_NO_KEYS: Mapping[bytes, PublicKey] = {}
_SHARING = {level: sharing_number(level) for level in Sharing}
_CLEAR = _SHARING[Sharing.CLEAR]


class _Seen(NamedTuple):
    """One entry as following a log finds it; at: its index in the log."""

    at: int
    digest: bytes
    state: State
    said: Glance | None
    refers: References


class _Task(NamedTuple):
    serial: int
    digest: bytes
    raw: bytes | None


class Files:
    """Evidence files of one log that are to be fetched, a bounded number of them each time."""

    def __init__(self, index: "Index", origin: str) -> None:
        self._index = index
        self._origin = origin

    def __iter__(self) -> Iterator[Evidence]:
        """The files, those that were least often asked for first."""
        return iter(self._index.wished(self._origin, _WISHES_AT_ONCE))

    def tried(self, evidence: Evidence, *, held: bool) -> None:
        """Take note that a file is here, or was asked for in vain."""
        self._index.tried(evidence.digest, held=held)


class Index(Lookup):
    """The index of one node. One process writes; its threads may share it.

    Always true: a log's cursor and its rows move together; every entry below the cursor has its place; a
    digest has one row, however many logs hold it; a statement is in lists, counts and references exactly
    while its row says CHECKED.
    """

    def __init__(self, path: Path, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        """The index in the file at `path`, made when missing. Raises IndexFailed.

        cache_bytes: how much of it the writing connection keeps in memory.
        """
        super().__init__(Shelf(path, cache_bytes))
        self._names = Names()
        self._recognised: set[str] = set()
        self._foreseen: dict[bytes, tuple[Glance, References]] = {}

    def close(self) -> None:
        """Release the file. Closing twice is harmless."""
        self._shelf.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def follow(self, store: Store, until_size: int, *, checked: bool = False) -> int:
        """Index the entries of a log up to `until_size`; how many were new here.

        checked: the caller has checked these statements itself (the node's own log at registration).
        Memory: 4,096 entries' headers at a time. Raises IndexFailed, NotStored, StoreFailed; what is
        indexed by then stays.
        """
        log, start = self._log(store)
        first = start
        while start < until_size:
            end = min(until_size, (start // _BATCH + 1) * _BATCH)
            with store.snapshot() as view, self._writing() as db:
                moved = db.execute("UPDATE log SET size = ? WHERE id = ? AND size = ?", (end, log, start))
                if moved.rowcount == 1:
                    for at in range(start, end, _SEEN_AT_ONCE):
                        until = min(end, at + _SEEN_AT_ONCE)
                        seen = self._own(view, at, until) if checked else list(_look(view, at, until))
                        self._add(db, log, seen)
                else:  # another thread follows the same log
                    (end,) = db.execute("SELECT size FROM log WHERE id = ?", (log,)).fetchone()
            start = end
        return start - first

    def foresee(self, digest: bytes, said: Glance, refers: References) -> None:
        """What the node itself has just read and checked, so that following its log need not read it again.

        said, refers: as `glance_of` gives them. Bounded: what never reaches the log is forgotten with the
        rest.
        """
        if len(self._foreseen) >= _FORESEEN:
            self._foreseen.clear()
        self._foreseen[digest] = said, refers

    def foreseen(self, digest: bytes) -> tuple[Glance, References] | None:
        """What was foreseen of an entry, while it is remembered."""
        return self._foreseen.get(digest)

    @contextmanager
    def following(self, store: Store) -> Generator[Callable[[Progress], None]]:
        """Follow a mirror in a thread while it is synced: a listener for `Mirror.sync`, in a context.

        Copying waits for the peer, and indexing uses that time. On leaving, all that was heard of is
        indexed; raises what `follow` raises.
        """
        heard: list[Future[int]] = []
        with ThreadPoolExecutor(1, "index") as pool:
            yield lambda progress: heard.append(pool.submit(self.follow, store, progress.entries))
        for done in heard:
            done.result()

    def check(
        self,
        store: Store,
        facts: Facts,
        *,
        workers: int = 2,
        limit: int | None = None,
        keys: Mapping[bytes, PublicKey] = _NO_KEYS,
    ) -> int:
        """Check statements of a log that nobody checked yet, at most `limit`; how many there were.

        keys: by thumbprint, for statements that carry none. May be stopped at any point and called again.
        Memory: 4,096 statements at a time. Raises IndexFailed, StoreFailed.
        """
        done = 0
        with ThreadPoolExecutor(workers, "check") as pool:
            while limit is None or done < limit:
                at_once = _CHECKED_AT_ONCE if limit is None else min(_CHECKED_AT_ONCE, limit - done)
                tasks = self._unchecked(store, at_once)
                if not tasks:
                    break
                parts = [tasks[at : at + _CHECKED_PER_TASK] for at in range(0, len(tasks), _CHECKED_PER_TASK)]
                outcomes: list[Outcome] = []
                for part in pool.map(_examine_all, parts, repeat(facts), repeat(keys)):
                    outcomes += part
                with self._writing() as db:
                    settle(
                        db, self._names, {task.serial: one for task, one in zip(tasks, outcomes, strict=True)}
                    )
                done += len(tasks)
        return done

    def refresh(self, store: Store, index: int, *, checked: bool = False) -> None:
        """Read one entry anew after its bytes were kept or erased; unknown entries are left to `follow`.

        Erased bytes take everything they said out of the index, also where a mirror still holds them.
        """
        with store.snapshot() as view:
            digest, raw = view.digest(index), view.statement(index)
        seen = _see(index, digest, raw, checked=checked)
        with self._writing() as db:
            known = known_rows(db, [digest]).get(digest)
            if known is not None:
                forget(db, known)
                self._fill(db, {known.serial: seen})

    def widen(self, digest: bytes) -> None:
        """List and count a checked statement as one for everybody: its issuer released it."""
        sql = (
            "UPDATE statement SET sharing = ? WHERE short = ? AND digest = ? AND state = 5 AND sharing <> ?"
            " RETURNING serial"
        )
        with self._writing() as db:
            for (serial,) in db.execute(sql, (_CLEAR, short(digest), digest, _CLEAR)).fetchall():
                count(db, [serial], 1)

    def files(self, origin: str) -> "Files":
        """The evidence files of one log that are still to be fetched, for one round."""
        return Files(self, origin)

    def tried(self, digest: bytes, *, held: bool) -> None:
        """Take note that a file is in the blob store, or that it was asked for in vain once more."""
        sql = "UPDATE file SET tried = iif(?, -1, tried + 1) WHERE short = ? AND digest = ? AND tried >= 0"
        with self._writing() as db:
            db.execute(sql, (held, short(digest), digest))

    def _own(self, view: View, start: int, end: int) -> list[_Seen]:
        """The entries in [start, end) of a log whose statements were checked; read where not foreseen."""
        digests = dict(_digests(view, start, end))
        held = view.holding(start, end - start)
        seen: dict[int, _Seen] = {}
        for at, digest in digests.items():
            foreseen = self._foreseen.pop(digest, None)
            if foreseen is not None and at in held:
                seen[at] = _Seen(at, digest, State.CHECKED, *foreseen)
        for at, raw in _read(view, held - seen.keys(), start, end):
            seen[at] = _see(at, digests[at], raw, checked=True)
        return [seen.get(at) or _see(at, digest, None, checked=True) for at, digest in digests.items()]

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        try:
            with self._shelf.writing() as db:
                yield db
        except BaseException:
            self._names.forget()
            raise

    def _log(self, store: Store) -> tuple[int, int]:
        """Row and cursor of a log. Raises IndexFailed when the rows are those of another history."""
        origin, own = store.origin, store.role is Role.OWN
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO log (origin, own, size) VALUES (?, ?, 0)", (origin, own))
            log, size = db.execute("SELECT id, size FROM log WHERE origin = ?", (origin,)).fetchone()
            last = db.execute(
                "SELECT digest FROM statement JOIN place USING (serial) WHERE log = ? AND idx = ?",
                (log, size - 1),
            ).fetchone()
        if origin not in self._recognised:
            if last is not None and (size > store.head().size or store.digest(size - 1) != last[0]):
                raise IndexFailed(what_is=str(self._shelf.path), why=f"it is not of this log {origin}")
            self._recognised.add(origin)
        return log, size

    def _add(self, db: sqlite3.Connection, log: int, seen: list[_Seen]) -> None:
        """Rows and places for entries that follow the cursor."""
        known = known_rows(db, [one.digest for one in seen])
        (serial,) = db.execute("SELECT coalesce(max(serial), 0) FROM statement").fetchone()
        names = self._names.numbers(db, _texts(seen))
        rows: list[tuple[object, ...]] = []
        places: list[tuple[object, ...]] = []
        filled: dict[int, _Seen] = {}
        checked: dict[int, References] = {}
        again: Counter[tuple[int | None, int | None]] = Counter()
        for one in seen:
            old = known.get(one.digest)
            if old is None:
                serial += 1
                columns = _columns(one.said, names)
                rows.append((serial, short(one.digest), one.digest, one.state, _code(one), *columns))
                old = known[one.digest] = Known(serial, one.state, None, None, None)
                if one.state is State.CHECKED:
                    checked[serial] = one.refers
            elif old.state == State.ABSENT and one.state is not State.ABSENT:
                filled[old.serial] = one
            elif old.state == State.CHECKED and old.sharing == _CLEAR:
                again[old.kind, old.issuer] += 1
            places.append((log, one.at, old.serial))
        insert(db, "INSERT INTO statement VALUES", rows)
        insert(db, "INSERT INTO place VALUES", places)
        count(db, checked, 1)
        refer(db, self._names, checked)
        tally(db, [(log, kind, issuer, n) for (kind, issuer), n in again.items()])
        self._fill(db, filled)

    def _fill(self, db: sqlite3.Connection, filled: dict[int, _Seen]) -> None:
        """Bytes have come for rows that had none."""
        names = self._names.numbers(db, _texts(filled.values()))
        for serial, one in filled.items():
            db.execute(
                "UPDATE statement SET state = ?, code = ?, kind = ?, issuer = ?, subject = ?,"
                " issued_at = ?, kid = ?, sharing = ? WHERE serial = ?",
                (one.state, _code(one), *_columns(one.said, names), serial),
            )
        checked = {serial: one.refers for serial, one in filled.items() if one.state is State.CHECKED}
        count(db, checked, 1)
        refer(db, self._names, checked)

    def _unchecked(self, store: Store, limit: int) -> list[_Task]:
        sql = (
            "SELECT s.serial, s.digest, min(p.idx) FROM statement s INDEXED BY unchecked"
            # CROSS keeps the order of the two: from the few unchecked statements to their places.
            " CROSS JOIN place p ON p.serial = s.serial WHERE s.state = 1"
            " AND p.log = (SELECT id FROM log WHERE origin = ?) GROUP BY s.serial ORDER BY s.serial LIMIT ?"
        )
        with self._shelf.reading() as db:
            rows = db.execute(sql, (store.origin, limit)).fetchall()
        with store.snapshot() as view:
            return [_Task(serial, digest, view.statement(index)) for serial, digest, index in rows]


def _look(view: View, start: int, end: int) -> Iterator[_Seen]:
    """The entries in [start, end), each with what its statement says of itself; not checked."""
    held = view.statements(start, end - start)
    at, raw = next(held, (end, b""))
    for index, digest in _digests(view, start, end):
        if index < at:
            yield _see(index, digest, None, checked=False)
            continue
        yield _see(index, digest, raw, checked=False)
        at, raw = next(held, (end, b""))


def _read(view: View, indices: set[int], start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The statements of these entries in [start, end): one by one when they are few."""
    if len(indices) > _FEW:
        yield from (each for each in view.statements(start, end - start) if each[0] in indices)
        return
    for at in indices:
        raw = view.statement(at)
        if raw is not None:
            yield at, raw


def _digests(view: View, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Index and digest of the entries in [start, end). Raises NotStored."""
    for n in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        first, width = n * TILE_WIDTH, min(TILE_WIDTH, end - n * TILE_WIDTH)
        bundle = view.entries(n, width)
        if bundle is None:
            raise NotStored(what_is=Text("entry bundle", "항목 묶음"), name=n)
        skipped = max(start - first, 0)
        yield from enumerate(decode_entries(bundle, width)[skipped:], first + skipped)


def _see(index: int, digest: bytes, raw: bytes | None, *, checked: bool) -> _Seen:
    if raw is None:
        return _Seen(index, digest, State.ABSENT, None, NO_REFERENCES)
    glanced = glance(raw)
    if glanced is None:
        return _Seen(index, digest, State.UNREADABLE, None, NO_REFERENCES)
    said, body = glanced
    if not checked:
        return _Seen(index, digest, State.UNCHECKED, said, NO_REFERENCES)
    return _Seen(index, digest, State.CHECKED, said, references(said.kind, body))


def _examine_all(tasks: list[_Task], facts: Facts, keys: Mapping[bytes, PublicKey]) -> list[Outcome]:
    return [_examine(task, facts, keys) for task in tasks]


def _examine(task: _Task, facts: Facts, keys: Mapping[bytes, PublicKey]) -> Outcome:
    if task.raw is None:  # erased since it was indexed
        return Outcome(State.ABSENT, None, NO_REFERENCES)
    return examine(task.digest, task.raw, facts, keys)


def _texts(seen: Iterable[_Seen]) -> set[str]:
    return {text for one in seen if one.said for text in (one.said.kind, one.said.issuer)}


def _code(one: _Seen) -> str | None:
    return "statement.format.malformed" if one.state is State.UNREADABLE else None


def _columns(said: Glance | None, names: Mapping[str, int]) -> tuple[object, ...]:
    if said is None:
        return _UNSAID
    return (
        names[said.kind],
        names[said.issuer],
        said.subject,
        said.issued_at,
        said.kid,
        _SHARING[said.sharing],
    )
