"""Whether a log stays as quick as it began: cost of appending, proving and finding from 10^4 to 10^7 entries.

    python -m benchmarks.growth [--folder DIR] [--size 10000000]

One log grows through the sequencer in batches of 1024 with bodies of 64 bytes; making the entries is not
counted. The cost of a step is that of the last tenth of its entries: wall time (the disk is in it), and
processor time of the whole process beside a yardstick, the processor time of one leaf hash then and there,
because neighbours on the same cores and caches slow both. Below 16,384 entries there is no digest index on
disk yet, so growth is judged from 10^5 on. Needs about 2.5 GB for 10^7 entries.
Writes the table, benchmarks/results/growth.txt and the drawing benchmarks/results/growth.svg.
"""

import argparse
import math
import random
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks._disk import fsyncs_per_second
from benchmarks._table import RESULTS, Row, figure, report, timed

from haechi.findings import Verdict
from haechi.log.headstore import HeadStore
from haechi.log.merkle import check_inclusion, leaf_hash, leaf_hashes
from haechi.log.sequencer import Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry
from haechi.log.tiles import TileTree

ORIGIN = "bench.example/log"
BODY_BYTES = 64
STEP = 16 * 1024
SAMPLE = 200
FLAT = 1.5


class Step(NamedTuple):
    """What was measured when the log had `size` entries; times in microseconds, sizes in bytes."""

    size: int
    append_us: float
    append_cpu_us: float
    yardstick_us: float
    proof_cold_us: float
    proof_warm_us: float
    found_us: float
    open_us: float
    resident_bytes: int
    file_bytes: int
    probe: float


def entry(number: int) -> Entry:
    """A body of 64 bytes that no other number has."""
    body = number.to_bytes(8) + bytes(BODY_BYTES - 8)
    return Entry(sha256(body).digest(), body)


class Growing:
    """A log that grows, and the time it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteStore.create(folder / "data", ORIGIN)
        self.heads = HeadStore.create(folder / "heads", ORIGIN)
        self.sequencer = Sequencer.create(self.store, self.heads, [entry(0), entry(1)])

    def grow(self, until: int) -> tuple[float, float, float]:
        """Append up to `until` entries: wall, processor and yardstick microseconds an entry."""
        wall_s, cpu_s, first = 0.0, 0.0, self.store.head().size
        yardsticks: list[float] = []
        for at in range(first, until, STEP):
            yardsticks.append(_yardstick_us())
            entries = [entry(number) for number in range(at, min(at + STEP, until))]
            wall_began_s, cpu_began_s = time.perf_counter(), time.process_time()
            self.sequencer.submit_many(entries).result()
            wall_s += time.perf_counter() - wall_began_s
            cpu_s += time.process_time() - cpu_began_s
        return wall_s / (until - first) * 1e6, cpu_s / (until - first) * 1e6, median(yardsticks)

    def reopen(self) -> float:
        """Close and open the log again: microseconds until it accepts entries."""
        self.close()
        began_s = time.perf_counter()
        self.store = SqliteStore(self.folder / "data")
        self.heads = HeadStore.open(self.folder / "heads", ORIGIN)
        self.sequencer = Sequencer(self.store, self.heads)
        return (time.perf_counter() - began_s) * 1e6

    def close(self) -> None:
        self.sequencer.close()
        self.store.close()
        self.heads.close()

    def step(self, size: int) -> Step:
        """Grow to `size` and measure there."""
        self.grow(size - size // 10)
        wall_us, cpu_us, yardstick_us = self.grow(size)
        resident = _resident_bytes()
        rng = random.Random(size)
        asked = [(rng.randrange(size),) for _ in range(SAMPLE)]
        cold = timed(lambda index: TileTree(self.store.tree_tile).inclusion(index, size), asked)
        tree = TileTree(self.store.tree_tile)
        warm = timed(lambda index: tree.inclusion(index, size), asked)
        root = self.store.head().root
        for (index,), path in zip(asked, warm.results, strict=True):
            leaf = leaf_hash(entry(index).digest)
            assert check_inclusion(leaf, index, size, path, root).verdict is Verdict.HOLDS
        found = timed(self.store.index_of, [(entry(index).digest,) for (index,) in asked])
        assert found.results == [index for (index,) in asked]
        files = sum(path.stat().st_size for path in (self.folder / "data").iterdir())
        probe = fsyncs_per_second(self.folder)
        return Step(
            size=size,
            append_us=wall_us,
            append_cpu_us=cpu_us,
            yardstick_us=yardstick_us,
            proof_cold_us=cold.us,
            proof_warm_us=warm.us,
            found_us=found.us,
            open_us=self.reopen(),
            resident_bytes=resident,
            file_bytes=files,
            probe=probe,
        )


def _yardstick_us(count: int = 5000) -> float:
    """Processor time of one leaf hash at this moment."""
    digests = [bytes(32)] * count
    began_s = time.process_time()
    leaf_hashes(digests)
    return (time.process_time() - began_s) / count * 1e6


def _resident_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def rows_of(steps: Sequence[Step]) -> list[Row]:
    """The figures, with the promises at the last step."""
    rows: list[Row] = []
    for step in steps:
        last = step is steps[-1]
        name = f"{step.size:,} entries"
        rows += [
            figure(f"{name}: append, wall", step.append_us, "µs/entry"),
            figure(f"{name}: append, processor", step.append_cpu_us, "µs/entry"),
            figure(f"{name}: one leaf hash, processor", step.yardstick_us, "µs"),
            figure(f"{name}: proof, empty cache", step.proof_cold_us, "µs", at_most=1000 if last else None),
            figure(f"{name}: proof, full cache", step.proof_warm_us, "µs"),
            figure(f"{name}: look-up by digest", step.found_us, "µs"),
            figure(f"{name}: open again", step.open_us / 1000, "ms"),
            figure(f"{name}: memory of the process", step.resident_bytes / 2**20, "MiB"),
            figure(f"{name}: file", step.file_bytes / step.size, "bytes/entry"),
            figure(f"{name}: probe", step.probe, "fsync/s"),
        ]
    judged = [step.append_cpu_us / step.yardstick_us for step in steps if step.size >= 10**5]
    if len(judged) > 1:
        name = "append in leaf hashes, last step to that of 100,000"
        rows.append(figure(name, judged[-1] / judged[0], "×", at_most=FLAT))
    return rows


def text_of(steps: Sequence[Step]) -> str:
    """The steps as a table in plain text."""
    heads = ["entries", "append/us", "cpu/us", "hash/us", "cold/us", "warm/us", "find/us"]
    heads += ["MiB", "bytes/entry", "fsync/s"]
    lines = ["".join(head.rjust(12) for head in heads)]
    for step in steps:
        values = (
            f"{step.size:,}",
            f"{step.append_us:.2f}",
            f"{step.append_cpu_us:.2f}",
            f"{step.yardstick_us:.2f}",
            f"{step.proof_cold_us:.0f}",
            f"{step.proof_warm_us:.0f}",
            f"{step.found_us:.0f}",
            f"{step.resident_bytes / 2**20:.0f}",
            f"{step.file_bytes / step.size:.0f}",
            f"{step.probe:.0f}",
        )
        lines.append("".join(value.rjust(12) for value in values))
    return "\n".join(lines) + "\n"


def drawing_of(steps: Sequence[Step]) -> str:
    """The costs over the size, both in powers of ten, as an SVG drawing."""
    lines = {
        "append (processor)": [step.append_cpu_us for step in steps],
        "append (wall)": [step.append_us for step in steps],
        "proof, full cache": [step.proof_warm_us for step in steps],
        "look-up by digest": [step.found_us for step in steps],
        "proof, empty cache": [step.proof_cold_us for step in steps],
    }
    colours = ("#0b6e4f", "#6fbf73", "#1f5fa8", "#b8860b", "#a8321f")
    left, top, width, height, most = 70, 30, 560, 300, 4.0
    first, last = math.log10(steps[0].size), math.log10(steps[-1].size)

    def across(size: int) -> float:
        return left + width * (math.log10(size) - first) / max(last - first, 1)

    def down(us: float) -> float:
        return top + height * (1 - math.log10(max(us, 1)) / most)

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 390" font-size="13">',
        '<rect width="840" height="390" fill="white"/>',
    ]
    for power in range(int(most) + 1):
        y = down(10**power)
        out.append(f'<path d="M{left} {y:.1f}h{width}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,} µs</text>')
    for step in steps:
        x = across(step.size)
        out.append(f'<text x="{x:.1f}" y="{top + height + 22}" text-anchor="middle">{step.size:,}</text>')
    for at, ((name, values), colour) in enumerate(zip(lines.items(), colours, strict=True)):
        points = [(across(step.size), down(value)) for step, value in zip(steps, values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        y = top + 14 + 22 * at
        out.append(f'<rect x="650" y="{y - 9}" width="14" height="4" fill="{colour}"/>')
        out.append(f'<text x="672" y="{y}">{name}</text>')
    out.append(f'<text x="{left}" y="{top + height + 46}">entries in the log</text></svg>')
    return "\n".join(out) + "\n"


def main() -> None:
    """Grow, measure, print, save and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--size", type=int, default=10**7)
    asked = parser.parse_args()
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="haechi-growth-", dir=asked.folder) as name:
        log = Growing(Path(name))
        for power in range(4, int(math.log10(asked.size)) + 1):
            steps.append(log.step(10**power))
            print(text_of(steps).splitlines()[-1], flush=True)
        log.close()
    report("growth", "One log from ten thousand entries on", rows_of(steps))
    (RESULTS / "growth.txt").write_text(text_of(steps))
    (RESULTS / "growth.svg").write_text(drawing_of(steps))


if __name__ == "__main__":
    main()
