"""What a log needs at 10^6 to 10^9 entries, by slopes measured here on both stores.

    python -m benchmarks.capacity [--small 20000] [--large 60000]

Two logs of two sizes each, with statements of 600 bytes; the slope is the difference of disk bytes by the
difference of entries, so what a store needs when empty does not count. Everything beyond `--large` is that
slope drawn on, not measured; the rows say so. `benchmarks/growth.py` measures SQLite to 10^7.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks._table import Row, figure, report
from tests.databases import fresh_database

from haechi.log.cluster.store import PgStore
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry

ORIGIN = "bench.example/log"
BODY_BYTES = 600
BATCH = 1000


class Slope(NamedTuple):
    """Disk bytes an entry, with and without the statement kept beside it, and entries a second."""

    with_statements: float
    without: float
    rate: float


def main() -> None:
    """Measure both stores; print and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=60_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haechi-bench-", dir=Path.cwd()) as folder:
        report("capacity", "Disk by size of the log", rows(Path(folder), asked.small, asked.large))


def rows(folder: Path, small: int, large: int) -> list[Row]:
    """A slope for each store, then what it means for larger logs."""
    found: list[Row] = []
    slopes = {
        "SQLite": _slope(_sqlite, folder, small, large),
        "PostgreSQL": _slope(_postgres, folder, small, large),
    }
    for name, slope in slopes.items():
        found.append(figure(f"{name}: measured, statement kept", slope.with_statements, "bytes/entry"))
        found.append(figure(f"{name}: measured, digest only", slope.without, "bytes/entry"))
        found.append(figure(f"{name}: appended in batches of {BATCH}", slope.rate, "entries/s"))
        for power in range(6, 10):
            for what, each in (("kept", slope.with_statements), ("digest only", slope.without)):
                found.append(
                    figure(f"{name}: 10^{power} entries, {what} (slope)", each * 10**power / 1e9, "GB")
                )
    return found


Grow = Callable[[Path, int, bool], tuple[int, float]]


def _slope(grow: Grow, folder: Path, small: int, large: int) -> Slope:
    each: dict[bool, float] = {}
    rate = 0.0
    for kept in (True, False):
        low, _ = grow(folder, small, kept)
        high, seconds = grow(folder, large, kept)
        each[kept] = (high - low) / (large - small)
        rate = large / seconds
    return Slope(each[True], each[False], rate)


def _batches(size: int, *, kept: bool) -> list[list[Entry]]:
    rng = random.Random(size)
    made: list[list[Entry]] = []
    for _ in range(0, size, BATCH):
        bodies = [rng.randbytes(BODY_BYTES) for _ in range(BATCH)]
        made.append([Entry(sha256(body).digest(), body if kept else None) for body in bodies])
    return made


def _sqlite(folder: Path, size: int, kept: bool) -> tuple[int, float]:  # noqa: FBT001  # a table's column
    place = folder / f"{size}{kept}"
    batches = _batches(size, kept=kept)
    began_s = time.perf_counter()
    with SqliteStore.create(place, ORIGIN) as store:
        for batch in batches:
            store.append(batch)
    seconds = time.perf_counter() - began_s
    return (place / "log.db").stat().st_size, seconds


def _postgres(folder: Path, size: int, kept: bool) -> tuple[int, float]:  # noqa: ARG001, FBT001  # as above
    database = fresh_database()
    batches = _batches(size, kept=kept)
    began_s = time.perf_counter()
    with PgStore.create(database, ORIGIN) as store:
        for batch in batches:
            store.append(batch)
    seconds = time.perf_counter() - began_s
    with database.connect() as db:
        # What was written over is free again after a vacuum; the server does that by itself in time.
        for table in ("tile", "bundle", "place", "statement"):
            db.execute(f"VACUUM FULL {table}".encode())
        row = db.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
            (database.schema,),
        ).fetchone()
    assert row is not None
    return int(row[0]), seconds


if __name__ == "__main__":
    main()
