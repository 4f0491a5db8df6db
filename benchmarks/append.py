"""Durable appends: our whole store beside aics-tlog's directory tiles and pymerkle's SQLite, in one run.

    python -m benchmarks.append [--folder DIR] [--seconds 3] [--rounds 3] [--size 1000000]

Everybody gets the same 256-byte entries in the same batches and answers when a batch is durable. Ours does
what a node does: statement body, entry, digest index with its search for doubles, tiles, head store, futures.
The process collects garbage as a node does, which is the same for everybody here.
The engines take turns; for each the best round counts, with the disk probe taken just before that round,
because disk and neighbours vary more than any code; processor time is given beside it. aics-tlog writes
tiles and entries; pymerkle writes leaves and computes no root (its root reads the whole table), so neither
does all that we do.

Then, in a log of a million entries in SQLite: proofs with an empty cache, and look-ups by digest.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks._disk import fsyncs_per_second
from benchmarks._table import Row, absent, against, figure, peer_name, rate_against, report, timed

from haechi.findings import Verdict
from haechi.log.backlog import Tuning
from haechi.log.headstore import HeadStore
from haechi.log.merkle import check_inclusion, leaf_hash
from haechi.log.sequencer import Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry
from haechi.log.tiles import TileTree
from haechi.node.settled import settle_memory

ORIGIN = "bench.example/log"
BATCHES = (1, 256, 1024)
BODY_BYTES = 256
# Promised at a node's own batch size, on a disk that makes so many writes durable in a second; on slower
# disks the ratio speaks.
FAST_DISK = 5_000
PROMISED_PER_S = 100_000
SAMPLE = 300

Appender = Callable[[list[Entry]], None]
Engine = Callable[[Path, int], AbstractContextManager[Appender]]


class Round(NamedTuple):
    """One engine, one round: entries a second, the probe just before, processor time an entry."""

    rate: float
    probe: float
    cpu_us: float


@contextmanager
def ours(folder: Path, batch: int) -> Iterator[Appender]:
    """Sequencer, store and head store, as in a node."""
    store = SqliteStore.create(folder / "data", ORIGIN)
    heads = HeadStore.create(folder / "heads", ORIGIN)
    tuning = Tuning(max_batch=batch)
    with store, heads, Sequencer.create(store, heads, made(2, 0), tuning=tuning) as sequencer:

        def append(entries: list[Entry]) -> None:
            if batch > 1:
                sequencer.submit_many(entries).result()
                return
            for one in entries:
                sequencer.submit(one.statement, one.digest).result()

        yield append


@contextmanager
def aics_tlog(folder: Path, batch: int) -> Iterator[Appender]:
    """Its incremental writer over its directory store, which syncs files and directories."""
    tlog = import_module("aics_tlog.writer")
    writer = tlog.IncrementalTileWriter(tlog.DirectoryTileStore(folder))

    def append(entries: list[Entry]) -> None:
        for at in range(0, len(entries), batch):
            writer.append([one.statement for one in entries[at : at + batch]])

    yield append


@contextmanager
def pymerkle(folder: Path, batch: int) -> Iterator[Appender]:
    """Its SQLite tree with its own settings; a root is not asked for."""
    tree = import_module("pymerkle").SqliteTree(str(folder / "tree.db"))

    def append(entries: list[Entry]) -> None:
        for at in range(0, len(entries), batch):
            tree.append_entries([one.statement for one in entries[at : at + batch]])

    yield append
    tree.close()


def made(count: int, start: int) -> list[Entry]:
    """Entries that nobody has seen: `count` bodies of 256 bytes and their digests."""
    bodies = [number.to_bytes(8) + bytes(BODY_BYTES - 8) for number in range(start, start + count)]
    return [Entry(sha256(body).digest(), body) for body in bodies]


def measure(engine: Engine, folder: Path, batch: int, seconds: float) -> Round:
    """Append for about `seconds` of wall time; making the entries is not counted."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        probe = fsyncs_per_second(Path(name))
        step = 200 if batch == 1 else 32 * 1024
        with engine(Path(name), batch) as append:
            done, took_s, cpu_s = 0, 0.0, 0.0
            while took_s < seconds:
                entries = made(step, 1_000_000_000 + done)
                began_s, cpu_began_s = time.perf_counter(), time.process_time()
                append(entries)
                took_s += time.perf_counter() - began_s
                cpu_s += time.process_time() - cpu_began_s
                done += step
    return Round(done / took_s, probe, cpu_s / done * 1e6)


def append_rows(folder: Path, seconds: float, rounds: int) -> Iterator[Row]:
    """The three engines at each batch size, in turns."""
    peers = {"aics-tlog": (aics_tlog, "directory tiles"), "pymerkle": (pymerkle, "SQLite, no root")}
    names = {name: peer_name(name, how) for name, (_, how) in peers.items()}
    for batch in BATCHES:
        best: dict[str, Round] = {}
        for _ in range(rounds):
            for name, engine in {
                "ours": ours,
                **{name: peers[name][0] for name in peers if names[name]},
            }.items():
                best[name] = max(best.get(name, Round(0, 0, 0)), measure(engine, folder, batch, seconds))
        mine = best["ours"]
        yield figure(f"batch {batch}: probe before our best round", mine.probe, "fsync/s")
        promised = PROMISED_PER_S if batch == Tuning().max_batch and mine.probe >= FAST_DISK else None
        yield figure(f"batch {batch}: durable appends", mine.rate, "entries/s", at_least=promised)
        for name, shown in names.items():
            what = f"batch {batch}: durable appends"
            if shown is None:
                yield absent(what, name)
                continue
            yield rate_against(
                what,
                mine.rate,
                best[name].rate,
                "entries/s",
                shown,
                at_least=1 if name == "aics-tlog" else None,
            )
            yield against(f"batch {batch}: processor time", mine.cpu_us, best[name].cpu_us, "µs/entry", shown)
            yield figure(f"batch {batch}: probe before the best round of {name}", best[name].probe, "fsync/s")


def read_rows(folder: Path, size: int) -> Iterator[Row]:
    """Proofs and look-ups in a log of `size` entries, from the database."""
    rng = random.Random(size)
    entries = made(size, 0)
    with SqliteStore.create(folder / "big", ORIGIN) as store:
        for at in range(0, size, 4096):
            store.append([Entry(one.digest, None) for one in entries[at : at + 4096]])
        head = store.head()
        asked = [(rng.randrange(size),) for _ in range(SAMPLE)]
        cold = timed(lambda index: TileTree(store.tree_tile).inclusion(index, size), asked)
        for (index,), path in zip(asked, cold.results, strict=True):
            leaf = leaf_hash(entries[index].digest)
            assert check_inclusion(leaf, index, size, path, head.root).verdict is Verdict.HOLDS
        yield figure(f"inclusion proof from SQLite, {size:,}, empty cache", cold.us, "µs", at_most=1000)
        old = [(rng.randrange(1, size),) for _ in range(SAMPLE)]
        consistency = timed(lambda old: TileTree(store.tree_tile).consistency(old, size), old)
        yield figure(f"consistency proof from SQLite, {size:,}, empty cache", consistency.us, "µs")
        tree = TileTree(store.tree_tile)
        for index in range(0, size, 256):
            tree.inclusion(index, size)
        warm = timed(lambda index: tree.inclusion(index, size), asked)
        yield figure(f"inclusion proof from SQLite, {size:,}, full cache", warm.us, "µs", at_most=100)
        there = timed(store.index_of, [(entries[index].digest,) for (index,) in asked])
        assert there.results == [index for (index,) in asked]
        yield figure(f"look-up of a digest that is there, {size:,}", there.us, "µs")
        absent_digests = [(rng.randbytes(32),) for _ in range(SAMPLE)]
        yield figure(f"look-up of one that is not, {size:,}", timed(store.index_of, absent_digests).us, "µs")
        batch = [digest for (digest,) in absent_digests]
        known = timed(store.find, [(batch,)], tries=50).us / len(batch)
        yield figure(f"the same by the writer, {size:,}", known, "µs")


def main() -> None:
    """Measure, print and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1_000_000)
    asked = parser.parse_args()
    settle_memory()
    with tempfile.TemporaryDirectory(prefix="haechi-bench-", dir=asked.folder) as name:
        rows = [*append_rows(Path(name), asked.seconds, asked.rounds), *read_rows(Path(name), asked.size)]
    report("append", "Durable appends, and reads from SQLite", rows)


if __name__ == "__main__":
    main()
