"""How long a federation in memory takes to settle: every log mirrored everywhere and cosigned by everybody.

    python -m benchmarks.federation

Ten nodes, ten witnesses; the logs have 100,000 entries in all, then 100,000 each. Every mirror hashes every
entry itself. The process looks for garbage as seldom as a node's does. Signatures are Ed25519 and ML-DSA-44
on the logs, Ed25519 by the witnesses.
"""

import tempfile
import time
from pathlib import Path

from benchmarks._table import Row, figure, report
from tests.network.world import bodies
from tests.world.federation import World

from haechi.node.settled import settle_memory

NAMES = [f"n{number}" for number in range(10)]
SHM = Path("/dev/shm")  # noqa: S108  # mirrors keep their few small files there


def settle(entries: int) -> list[Row]:
    """Seconds until all ten logs of `entries` entries are held and cosigned by all."""
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as folder:
        world = World(1, Path(folder), NAMES)
        for name, site in world.sites.items():
            site.branches[0].grow(bodies(2, entries - 2, name), shared=False)
        began_s, cpu_s = time.perf_counter(), time.process_time()
        rounds = 0
        while not settled(world, entries):
            world.run(1)
            rounds += 1
        took_s, worked_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    copies = len(NAMES) * (len(NAMES) - 1) * entries
    what = f"10 nodes x 10 witnesses x {entries:,} entries a log ({copies:,} copies), {rounds} round(s)"
    return [
        figure(what, took_s, "s", at_most=60),
        figure("the same in processor time, whatever else the machine does", worked_s, "s"),
    ]


def settled(world: World, entries: int) -> bool:
    """Whether every mirror holds all of every log, and every log has a line of every witness."""
    held = all(
        store.head().size == entries for site in world.sites.values() for store in site.stores.values()
    )
    lines = [site.cosigned.get(site.branches[0].edge.root()) for site in world.sites.values()]
    return held and all(one is not None and one.note.count(b"/witness ") == len(NAMES) for one in lines)


def main() -> None:
    settle_memory()
    report("federation", "Federation", [*settle(10_000), *settle(100_000)])


if __name__ == "__main__":
    main()
