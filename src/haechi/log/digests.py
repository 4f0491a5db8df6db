"""The writer's half of the digest index: the newest entries in memory, older ones in runs on disk.

`Recent` is shared with readers: they look there first, and then in the runs of their own snapshot.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from haechi.log import runs
from haechi.log.merkle import HASH_SIZE
from haechi.log.runs import PREFIX_BYTES, RECORD_BYTES, RUN_ENTRIES, Run
from haechi.log.sieve import Sieve, keys_of_digests, keys_of_prefixes
from haechi.log.tiles import TILE_WIDTH

BUNDLE_STRIDE = 2 + HASH_SIZE
"""Bytes of one entry in a bundle: its length, then a digest."""
SIEVE_BYTES = 73 * 2**20
# Records merged for each entry appended; a tree of 10^9 entries needs 4, and clearing what was merged 1.
_WORK_PER_ENTRY = 6
# One search of a run on disk costs as much as putting about this many of its records into the sieve.
_SEARCH_COST = 24


class Recent(NamedTuple):
    """Index by digest of the entries [floor, end). The dictionaries may already know entries after `end`."""

    floor: int
    end: int
    older: dict[bytes, int]
    newer: dict[bytes, int]

    def get(self, digest: bytes) -> int | None:
        """The index of a recent entry."""
        index = self.newer.get(digest)
        return self.older.get(digest) if index is None else index

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """The indices of those that are recent entries."""
        hits: dict[bytes, int] = {}
        for known in (self.older, self.newer):
            # Nearly always nothing is known, and this way the loop that finds that out is not Python's.
            if not known.keys().isdisjoint(digests):
                hits.update({digest: known[digest] for digest in digests if digest in known})
        return hits


NOTHING_RECENT = Recent(0, 0, {}, {})
"""What a process that does not write knows."""


class _Staged(NamedTuple):
    """What becomes true when the transaction that is open commits."""

    first: int
    digests: list[bytes]
    sealed: list[tuple[int, list[bytes]]]
    runs: list[Run] | None


class DigestIndex:
    """Finds entries by digest for the writer, at a cost that does not grow with the log.

    Always true: every durable entry is in `recent` or in a run; memory is at most two runs of digests
    (about 7 MB) and a sieve of at most 73 MiB, which knows the first 19 million entries; later runs are
    searched on disk. A run enters the sieve when it is sealed, or once the searches made in it on
    disk have cost as much as reading it in, so opening a large log for a few entries stays cheap.
    """

    def __init__(self, db: sqlite3.Connection, size: int) -> None:
        """The index of the stored log with this many entries. Raises sqlite3.Error."""
        self._db = db
        self._sieve = Sieve(SIEVE_BYTES)
        self._sieve_full = False
        # Blocks of RUN_ENTRIES entries that the sieve knows; blocks survive merges, runs do not.
        self._sieved: set[int] = set()
        self._searches: dict[Run, int] = {}
        self._staged: _Staged | None = None
        self._debt = 0
        self._runs = runs.live_runs(self._db)
        sealed = sealed_until(self._runs)
        self._tail = read_digests(self._db, sealed, size)
        self.recent = Recent(sealed, size, {}, dict(_numbered(sealed, self._tail)))
        self._sort_runs()

    def _sort_runs(self) -> None:
        self._in_sieve = [run for run in self._runs if self._is_sieved(run)]
        self._on_disk = [run for run in self._runs if not self._is_sieved(run)]
        self._searches = {run: self._searches.get(run, 0) for run in self._on_disk}

    def _is_sieved(self, run: Run) -> bool:
        return self._sieved.issuperset(_blocks(run))

    def find(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Index of each digest that is in the log. Raises sqlite3.Error."""
        hits = self.recent.find(digests)
        unknown = [digest for digest in digests if digest not in hits] if hits else digests
        if self._in_sieve and unknown:
            self._search(self._sieve.suspects(unknown), self._in_sieve, hits)
        if self._on_disk and unknown:
            self._search([digest for digest in unknown if digest not in hits], self._on_disk, hits)
            if not self._sieve_full:
                self._pay(len(unknown))
        return hits

    def _search(self, digests: Iterable[bytes], where: Sequence[Run], hits: dict[bytes, int]) -> None:
        for digest in digests:
            index = find_in_runs(self._db, where, digest)
            if index is not None:
                hits[digest] = index

    def _pay(self, searches: int) -> None:
        for run in self._on_disk:
            self._searches[run] += searches
        paid = [run for run in self._on_disk if self._searches[run] * _SEARCH_COST >= run.size]
        for run in paid:
            if not self._read_into_sieve(run):
                self._sieve_full = True
                break
            self._sieved.update(_blocks(run))
        if paid:
            self._sort_runs()

    def _read_into_sieve(self, run: Run) -> bool:
        for body, _ in runs.chunks(self._db, run):
            prefixes = [body[at : at + PREFIX_BYTES] for at in range(0, len(body), RECORD_BYTES)]
            if not self._sieve.add(keys_of_prefixes(prefixes)):
                return False
        return True

    def stage(self, first: int, digests: list[bytes]) -> None:
        """Write what appending these entries needs, inside the open transaction. Raises sqlite3.Error."""
        sealed: list[tuple[int, list[bytes]]] = []
        changed = False
        if len(self._tail) + len(digests) >= RUN_ENTRIES:
            tail = self._tail + digests
            start = first - len(self._tail)
            for at in range(0, len(tail) - RUN_ENTRIES + 1, RUN_ENTRIES):
                sealed.append((start + at, tail[at : at + RUN_ENTRIES]))
                runs.seal(self._db, *sealed[-1])
            changed = True
        self._debt += _WORK_PER_ENTRY * len(digests)
        while self._debt >= runs.STEP_RECORDS:
            worked = runs.tend(self._db)
            self._debt = self._debt - runs.STEP_RECORDS if worked else 0
            changed |= worked
        self._staged = _Staged(first, digests, sealed, runs.live_runs(self._db) if changed else None)

    def committed(self) -> None:
        """The transaction is durable: take what was staged into memory."""
        if self._staged is None:
            return
        first, digests, sealed, changed_runs = self._staged
        self._staged = None
        self._tail += digests
        if sealed:
            self._take_sealed(sealed)
        else:
            self.recent.newer.update(_numbered(first, digests))
        self.recent = self.recent._replace(end=first + len(digests))
        if changed_runs is not None and changed_runs != self._runs:
            self._runs = changed_runs
            self._sort_runs()

    def _take_sealed(self, sealed: list[tuple[int, list[bytes]]]) -> None:
        for first, digests in sealed:
            if self._sieve.add(keys_of_digests(digests)):
                self._sieved.add(first // RUN_ENTRIES)
        first, digests = sealed[-1]
        self._tail = self._tail[len(sealed) * RUN_ENTRIES :]
        # The last sealed run stays: a reader's snapshot may be a little older than the seal. Nearly all of
        # it is in `newer` already, where nothing else is.
        older, known = (self.recent.newer, self.recent.end - first) if len(sealed) == 1 else ({}, 0)
        older.update(_numbered(first + known, digests[known:]))
        newer = dict(_numbered(first + RUN_ENTRIES, self._tail))
        self.recent = Recent(first, first + RUN_ENTRIES, older, newer)


def _numbered(first: int, digests: Sequence[bytes]) -> Iterable[tuple[bytes, int]]:
    return zip(digests, range(first, first + len(digests)), strict=True)


def sealed_until(live: Sequence[Run]) -> int:
    """Entries below this index are in the runs."""
    return live[-1].first + live[-1].size if live else 0


def find_in_runs(db: sqlite3.Connection, where: Sequence[Run], digest: bytes) -> int | None:
    """The index of this digest in the given runs, the newest run first. Raises sqlite3.Error."""
    for run in reversed(where):
        for index in runs.search(db, run, digest):
            if read_digest(db, index) == digest:
                return index
    return None


def read_digest(db: sqlite3.Connection, index: int) -> bytes | None:
    """The entry at `index`; None when there is none. Raises sqlite3.Error."""
    n, at = divmod(index, TILE_WIDTH)
    row = db.execute(
        "SELECT substr(body, ?, ?) FROM bundle WHERE n = ?", (at * BUNDLE_STRIDE + 3, HASH_SIZE, n)
    ).fetchone()
    return row[0] if row is not None and len(row[0]) == HASH_SIZE else None


def read_digests(db: sqlite3.Connection, start: int, end: int) -> list[bytes]:
    """The entries [start, end) that are stored. Raises sqlite3.Error."""
    rows = db.execute(
        "SELECT n, body FROM bundle WHERE n >= ? AND n < ? ORDER BY n",
        (start // TILE_WIDTH, -(-end // TILE_WIDTH)),
    )
    digests: list[bytes] = []
    for n, body in rows:
        low = max(start - n * TILE_WIDTH, 0)
        high = min(end - n * TILE_WIDTH, len(body) // BUNDLE_STRIDE)
        starts = range(low * BUNDLE_STRIDE + 2, high * BUNDLE_STRIDE, BUNDLE_STRIDE)
        digests += [body[at : at + HASH_SIZE] for at in starts]
    return digests


def find_in_bundles(db: sqlite3.Connection, digest: bytes, start: int, end: int) -> int | None:
    """The index of this digest in [start, end) by reading the bundles. Raises sqlite3.Error."""
    rows = db.execute(
        "SELECT n, body FROM bundle WHERE n >= ? AND n < ? ORDER BY n",
        (start // TILE_WIDTH, -(-end // TILE_WIDTH)),
    )
    for n, body in rows:
        at = body.find(digest)
        while at >= 0:
            index = n * TILE_WIDTH + at // BUNDLE_STRIDE
            if at % BUNDLE_STRIDE == 2 and start <= index < end:
                return index
            at = body.find(digest, at + 1)
    return None


def _blocks(run: Run) -> range:
    return range(run.first // RUN_ENTRIES, (run.first + run.size) // RUN_ENTRIES)
