"""Half the measured maximum for a long time: no error, and memory that does not grow."""

import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from benchmarks._load import load
from tests.databases import fresh_database
from tests.network.parties import COMPANY
from tests.node.house import FREE, KEY, KINDS, make_config, numbered

from haechi.cli.processes import NodeProcess, free_ports
from haechi.node.cluster import join, migrate
from haechi.node.config import Cluster, Listen, load_config
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import grant
from haechi.node.open import card_of, create_node
from haechi.words import Text

SECONDS = float(os.environ.get("HAECHI_LOAD_SECONDS", "120"))
PROBE_S = 10.0
CONNECTIONS = 64
"""To each front."""
SMALL = msgspec.structs.replace(FREE, cache_mib=4)
"""Caches that are full before the settled third begins: what grows after that is a leak."""


def make_fronts(folder: Path) -> list[NodeProcess]:
    ports = free_ports(2)
    first, second = folder / "first", folder / "second"
    url, listen = f"http://127.0.0.1:{ports[0]}", Listen(port=ports[0])
    config = make_config(
        first, url=url, listen=listen, cluster=None, limits=SMALL
    )  # moved into its database below
    create_node(first, config, None, int(time.time()))
    grant(first, COMPANY, KEY.public.thumbprint, KINDS, None)
    database = fresh_database()
    cluster = Cluster(database=database.conninfo, schema=database.schema)
    migrate(first, cluster, None, lambda _done, _all: None)
    join(second, first, folder / "second-heads", ports[1], None)
    card = card_of(load_config(first), load_keychain(first / "keys"))
    return [
        NodeProcess(Text("front", "프런트"), where, port, card)
        for where, port in zip((first, second), ports, strict=True)
    ]


class Load:
    """A sender for each front: so many statements a second over many connections, or as many as go."""

    def __init__(self, fronts: list[NodeProcess]) -> None:
        self.answered = 0
        self.errors: list[str] = []
        self.each_per_s = 0.0
        """Of one sender; 0: no pause."""
        self._fronts = fronts
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(at,)) for at in range(len(fronts))]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _send(self, at: int) -> None:
        number = at * 10_000_000
        while not self._done.is_set():
            began_s = time.monotonic()
            count = round(self.each_per_s) or CONNECTIONS
            statements = [numbered(number + more) for more in range(count)]
            number += count
            try:
                load(self._fronts[at].url, statements, CONNECTIONS)
                self.answered += count
            except (RuntimeError, OSError) as error:
                self.errors.append(str(error))
            if self.each_per_s:
                self._done.wait(max(0.0, 1 - (time.monotonic() - began_s)))


def resident_bytes(front: NodeProcess) -> int:
    assert front.process is not None
    text = Path(f"/proc/{front.process.pid}/statm").read_text()
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def say(line: str) -> None:
    """Shown by `make load`, which captures nothing."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@pytest.mark.slow
def test_two_fronts_carry_half_their_maximum_with_flat_memory(tmp_path: Path):
    fronts = make_fronts(tmp_path)
    with ExitStack() as stack:
        for front in fronts:
            front.start()
            stack.callback(front.stop)
        for front in fronts:
            front.wait_ready()
        senders = stack.enter_context(Load(fronts))
        time.sleep(PROBE_S)
        maximum = senders.answered / PROBE_S
        senders.each_per_s = maximum / 2 / len(fronts)
        say(f"\nmeasured maximum {maximum:.0f}/s; half of it for {SECONDS:.0f} s")
        memory: list[int] = []
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < SECONDS:
            time.sleep(SECONDS / 60)
            memory.append(sum(map(resident_bytes, fronts)))
            say(
                f"{passed_s:6.0f} s  {senders.answered:8d} answered  {memory[-1] / 1e6:6.0f} MB"
                f"  {len(senders.errors)} errors"
            )
        assert senders.errors == []
        assert senders.answered > maximum * PROBE_S
    third = len(memory) // 3
    settled, last = memory[third : 2 * third], memory[2 * third :]
    assert max(last) <= 1.05 * max(settled)
