"""Sorted runs on disk: where a digest is in the log, without a B-tree ordered by digest.

A B-tree over random digests touches another page for every entry, and slower ones as it grows. Here every
16,384 entries become one sorted run, written once; 16 runs of a level become one run of the next, in small
steps. A record is the first 8 bytes of the digest and its index in 5 bytes. A run is a row of chunks of one
page each, and the row key of a chunk is run slot and first digest bits, so SQLite's own tree finds the one
chunk a digest can be in: one page read for a run, nothing to hold in memory.

Every function works inside the caller's transaction or snapshot and may raise sqlite3.Error.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from haechi.log.schema import insert_rows

RUN_ENTRIES = 1 << 14
FAN_IN = 16
PREFIX_BYTES = 8
RECORD_BYTES = PREFIX_BYTES + 5
STEP_RECORDS = 8192
_CHUNK_RECORDS = 310  # 4030 bytes and the row's overhead fit a page of 4096
_KEY_BITS = 48
_KEY_BYTES = _KEY_BITS // 8
_KEY_END = 1 << _KEY_BITS
_DROP_CHUNKS = 128


class Run(NamedTuple):
    """A complete run: entries [first, first + size), sorted by digest."""

    slot: int
    level: int
    first: int
    size: int


def live_runs(db: sqlite3.Connection) -> list[Run]:
    """The runs to search, in the order of their entries; together they hold every sealed entry once."""
    rows = db.execute(
        "SELECT slot, level, first, size FROM run WHERE cursor IS NULL AND dead = 0 ORDER BY first"
    )
    return [Run(*row) for row in rows]


def make_records(first: int, digests: Sequence[bytes]) -> list[bytes]:
    """The records of entries that follow each other, in their order."""
    prefix, width = PREFIX_BYTES, RECORD_BYTES - PREFIX_BYTES
    return [digest[:prefix] + index.to_bytes(width) for index, digest in enumerate(digests, first)]


def record_index(record: bytes) -> int:
    """The index a record points to."""
    return int.from_bytes(record[PREFIX_BYTES:])


def seal(db: sqlite3.Connection, first: int, digests: Sequence[bytes]) -> None:
    """Write these entries as a run of the lowest level."""
    records = sorted(make_records(first, digests))
    slot = _free_slot(db)
    db.execute("INSERT INTO run VALUES (?, 0, ?, ?, NULL, NULL, 0)", (slot, first, len(digests)))
    _write(db, slot, records)


def search(db: sqlite3.Connection, run: Run, digest: bytes) -> list[int]:
    """Indices in this run whose digest begins like this one; to be confirmed against the entries."""
    key = _chunk_id(run.slot, int.from_bytes(digest[:_KEY_BYTES]))
    row = db.execute(
        "SELECT body FROM chunk WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1",
        (key, _chunk_id(run.slot, 0)),
    ).fetchone()
    if row is None:
        return []
    body: bytes = row[0]
    prefix = digest[:PREFIX_BYTES]
    indices: list[int] = []
    at = body.find(prefix)
    while at >= 0:
        if at % RECORD_BYTES == 0:
            indices.append(record_index(body[at : at + RECORD_BYTES]))
        at = body.find(prefix, at + 1)
    return indices


class Chunk(NamedTuple):
    """Records that follow each other, and whether a search finds them under the row key they have."""

    body: bytes
    in_place: bool


def chunks(db: sqlite3.Connection, run: Run) -> Iterator[Chunk]:
    """The run's records, a chunk at a time, as they are stored."""
    base = _chunk_id(run.slot, 0)
    for row_id, body in db.execute(
        "SELECT id, body FROM chunk WHERE id >= ? AND id < ? ORDER BY id", (base, _chunk_id(run.slot + 1, 0))
    ):
        yield Chunk(body, row_id - base == int.from_bytes(body[:_KEY_BYTES]))


def tend(db: sqlite3.Connection) -> bool:
    """One bounded step of clearing or merging, the lowest level first; False when nothing is due."""
    if _clear_step(db):  # first, so that merging finds pages to use again
        return True
    merging = db.execute(
        "SELECT slot, level, first, size, cursor FROM run WHERE cursor IS NOT NULL ORDER BY level LIMIT 1"
    ).fetchone()
    crowded = db.execute(
        "SELECT level FROM run WHERE cursor IS NULL AND target IS NULL AND dead = 0"
        " GROUP BY level HAVING COUNT(*) >= ? ORDER BY level LIMIT 1",
        (FAN_IN,),
    ).fetchone()
    if crowded is not None and (merging is None or crowded[0] + 1 < merging[1]):
        merging = (*_begin_merge(db, crowded[0]), 0)
    if merging is not None:
        *run, cursor = merging
        _merge_step(db, Run(*run), cursor)
        return True
    return False


def _begin_merge(db: sqlite3.Connection, level: int) -> Run:
    """Reserve the run that the oldest runs of `level` become; they stay in use until it is complete."""
    sources = [
        Run(*row)
        for row in db.execute(
            "SELECT slot, level, first, size FROM run WHERE level = ? AND cursor IS NULL"
            " AND target IS NULL AND dead = 0 ORDER BY first LIMIT ?",
            (level, FAN_IN),
        )
    ]
    merged = Run(_free_slot(db), level + 1, sources[0].first, sum(run.size for run in sources))
    db.execute("INSERT INTO run VALUES (?, ?, ?, ?, 0, NULL, 0)", merged)
    db.executemany("UPDATE run SET target = ? WHERE slot = ?", [(merged.slot, run.slot) for run in sources])
    return merged


def _merge_step(db: sqlite3.Connection, merged: Run, cursor: int) -> None:
    # Digests are evenly spread, so an even share of the key space is an even share of the records.
    until = min(_KEY_END, cursor + max(1, _KEY_END * STEP_RECORDS // merged.size))
    sources = [row[0] for row in db.execute("SELECT slot FROM run WHERE target = ?", (merged.slot,))]
    records: list[bytes] = []
    for slot in sources:
        records += _between(db, slot, cursor, until)
    records.sort()
    _write(db, merged.slot, records)
    if until < _KEY_END:
        db.execute("UPDATE run SET cursor = ? WHERE slot = ?", (until, merged.slot))
        return
    db.execute("UPDATE run SET cursor = NULL WHERE slot = ?", (merged.slot,))
    db.execute("UPDATE run SET target = NULL, dead = 1 WHERE target = ?", (merged.slot,))


def _clear_step(db: sqlite3.Connection) -> bool:
    row = db.execute("SELECT slot FROM run WHERE dead = 1 LIMIT 1").fetchone()
    if row is None:
        return False
    span = (_chunk_id(row[0], 0), _chunk_id(row[0] + 1, 0), _DROP_CHUNKS)
    removed = db.execute(
        "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE id >= ? AND id < ? LIMIT ?)", span
    ).rowcount
    if removed < _DROP_CHUNKS:
        db.execute("DELETE FROM run WHERE slot = ?", (row[0],))
    return True


def _between(db: sqlite3.Connection, slot: int, start: int, end: int) -> list[bytes]:
    """The run's records with start <= key < end."""
    rows = db.execute(
        "SELECT body FROM chunk WHERE id < ?1 AND id >= coalesce("
        "(SELECT max(id) FROM chunk WHERE id <= ?2 AND id >= ?3), ?2) ORDER BY id",
        (_chunk_id(slot, 0) + end, _chunk_id(slot, start), _chunk_id(slot, 0)),
    )
    body = b"".join([row[0] for row in rows])
    low = _lower_bound(body, start)
    high = _lower_bound(body, end)
    return [body[at : at + RECORD_BYTES] for at in range(low, high, RECORD_BYTES)]


def _lower_bound(body: bytes, key: int) -> int:
    """Where in sorted records the first one with at least this key begins."""
    if key >= _KEY_END:
        return len(body)
    wanted = key.to_bytes(_KEY_BYTES)
    low, high = 0, len(body) // RECORD_BYTES
    while low < high:
        middle = (low + high) // 2
        at = middle * RECORD_BYTES
        if body[at : at + _KEY_BYTES] < wanted:
            low = middle + 1
        else:
            high = middle
    return low * RECORD_BYTES


def _write(db: sqlite3.Connection, slot: int, records: Sequence[bytes]) -> None:
    rows: list[tuple[int, bytes]] = []
    at = 0
    while at < len(records):
        end = min(at + _CHUNK_RECORDS, len(records))
        # Equal keys stay in one chunk, or the search for the later ones would stop at the chunk before.
        while end < len(records) and records[end][:_KEY_BYTES] == records[end - 1][:_KEY_BYTES]:
            end += 1
        rows.append((_chunk_id(slot, int.from_bytes(records[at][:_KEY_BYTES])), b"".join(records[at:end])))
        at = end
    insert_rows(db, "chunk", rows)


def _chunk_id(slot: int, key: int) -> int:
    return (slot << _KEY_BITS) + key


def _free_slot(db: sqlite3.Connection) -> int:
    """The lowest unused slot; slots are reused, because a row key has room for 32,768 of them."""
    taken = {row[0] for row in db.execute("SELECT slot FROM run")}
    return next(slot for slot in range(len(taken) + 1) if slot not in taken)
