"""A log in PostgreSQL with two front processes, against a node on SQLite; then the sequencer is killed.

Everything shares this machine: the fronts, the database (a real server on the same disk) and the load. Both
sides answer the same number of statements over the same number of connections, after some before the clock
starts: a process begins its examiner with them. Where the processor time goes is told for each process:
neighbours on the machine change that least. For the failover, senders keep on registering at both fronts; the
sequencer gets SIGKILL; measured is the longest time without any answer until the other front answers again.
Afterwards every statement that was answered must be in the log, once.

    python -m benchmarks.cluster [--connections 256] [--requests 8000] [--before 1000] [--turns 2] [--kills 3]
"""

import argparse
import json
import signal
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, repeat
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from benchmarks._load import children, cpu_s, family_cpu_s, load
from benchmarks._node import make_node
from benchmarks._table import Row, figure, report
from benchmarks.register import ISSUER, check_sample, sign
from tests.databases import fresh_database

from haechi.cli.processes import NodeProcess, free_ports
from haechi.log.cluster.reader import PgLog
from haechi.network.card import NodeCard
from haechi.node.cluster import join, migrate
from haechi.node.config import Cluster
from haechi.node.maintenance import grant
from haechi.node.shared import database_of
from haechi.statement.envelope import Statement
from haechi.statement.keys import SigningKey
from haechi.words import Text

SENDERS = 8


class Side(NamedTuple):
    """The processes that answer for one log, and the database that it is in."""

    nodes: Sequence[NodeProcess]
    cluster: Cluster | None


class Measured(NamedTuple):
    """Statements a second, and the processor time that each process took for a statement (microseconds)."""

    rate: float
    cpu_us: dict[str, float]


def main() -> None:
    """Measure both sides in one run, then the failover; print and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--requests", type=int, default=8000)
    parser.add_argument("--before", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--kills", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haechi-bench-", dir=Path.cwd()) as folder:
        report("cluster", "A log in PostgreSQL with two fronts, against SQLite", run(Path(folder), asked))


def run(folder: Path, asked: argparse.Namespace) -> list[Row]:
    """Both sides in turns, and the kills; the rows."""
    key = SigningKey.generate()
    card = make_node(folder / "alone" / "node")
    shared_card = make_node(folder / "shared" / "node")
    for node in (folder / "alone" / "node", folder / "shared" / "node"):
        grant(node, ISSUER, key.public.thumbprint, ("pledge_report",), None)
    cluster, fronts = make_fronts(folder / "shared", shared_card)
    alone = process(folder / "alone" / "node", card)
    sides = {
        "SQLite, one process": Side([alone], None),
        "PostgreSQL, two fronts": Side(fronts, cluster),
    }
    best = dict.fromkeys(sides, Measured(0.0, {}))
    for turn in range(asked.turns):
        for name, side in sides.items():
            measured = measure(key, side, asked, f"{turn}{name}")
            best[name] = max(best[name], measured, key=lambda one: one.rate)
    alone_rate, shared_rate = (one.rate for one in best.values())
    rows = [figure(f"{name}: registered", one.rate, "statements/s") for name, one in best.items()]
    rows.append(figure("PostgreSQL / SQLite", shared_rate / alone_rate, "x", at_least=0.7))
    for name, one in best.items():
        for who, used_us in (*one.cpu_us.items(), ("all", sum(one.cpu_us.values()))):
            rows.append(figure(f"{name}: {who}", used_us, "µs CPU"))
    gaps, acknowledged, lost = fail_over(key, cluster, fronts, asked.kills)
    rows.append(figure(f"longest silence over {asked.kills} kills", max(gaps), "s", at_most=10))
    rows.append(figure("acknowledged during the kills", acknowledged, "statements"))
    rows.append(figure("acknowledged and lost", lost, "statements", at_most=0))
    return rows


def make_fronts(folder: Path, card: NodeCard) -> tuple[Cluster, list[NodeProcess]]:
    """The node moved into a database, and a second front of it; not started."""
    database = fresh_database()
    cluster = Cluster(database=database.conninfo, schema=database.schema)
    migrate(folder / "node", cluster, None, lambda _done, _all: None)
    port = free_ports(1)[0]
    join(folder / "second", folder / "node", folder / "second-heads", port, None)
    second = NodeProcess(Text("second", "둘째"), folder / "second", port, card)
    return cluster, [process(folder / "node", card), second]


def process(folder: Path, card: NodeCard) -> NodeProcess:
    """The node in a folder as a process, at the port of its card."""
    return NodeProcess(Text("node", "노드"), folder, int(card.url.rpartition(":")[2]), card)


def measure(key: SigningKey, side: Side, asked: argparse.Namespace, salt: str) -> Measured:
    """Statements a second that these processes answer together, and what each takes for a statement."""
    nodes = side.nodes
    for node in nodes:
        node.start()
    try:
        for node in nodes:
            node.wait_ready()
        statements = sign(key, asked.requests, salt)
        share = len(statements) // len(nodes)
        parts = [statements[at * share : (at + 1) * share] for at in range(len(nodes))]
        connections = asked.connections // len(nodes)
        urls = [node.url for node in nodes]
        for url in urls:
            load(url, sign(key, asked.before, f"{salt} {url}"), connections)
        before = _used_s(side)
        began_s = time.perf_counter()
        with ThreadPoolExecutor(len(nodes)) as pool:
            loaded = list(pool.map(load, urls, parts, repeat(connections)))
        seconds = time.perf_counter() - began_s
        after = _used_s(side)
        used_s = {who: used - before.get(who, 0.0) for who, used in after.items()}
        for one in loaded:
            check_sample(one, nodes[0].card)
        count = sum(len(one.answers) for one in loaded)
        return Measured(count / seconds, {who: used / count * 1e6 for who, used in used_s.items()})
    finally:
        for node in nodes:
            node.stop()


def _used_s(side: Side) -> dict[str, float]:
    """Processor time of each process until now (seconds)."""
    used = {"load": time.process_time()}
    for number, node in enumerate(side.nodes, 1):
        if node.process is not None:
            used[f"front {number}"] = cpu_s(node.process.pid)
            used[f"examiner {number}"] = sum(map(cpu_s, children(node.process.pid)))
    if side.cluster is not None:
        with database_of(side.cluster).connect() as db:
            used["database"] = family_cpu_s(_parent(db.info.backend_pid))
    return used


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def fail_over(
    key: SigningKey, cluster: Cluster, fronts: Sequence[NodeProcess], kills: int
) -> tuple[list[float], int, int]:
    """Seconds of silence after each kill of the sequencer, statements acknowledged, and those not found."""
    log = PgLog(database_of(cluster))
    for front in fronts:
        front.start()
        front.wait_ready()
    answered: list[tuple[bytes, float]] = []
    done = Event()
    statements = iter(sign(key, 60_000, "failover"))
    threads = [Thread(target=_send, args=(fronts, at, statements, answered, done)) for at in range(SENDERS)]
    for thread in threads:
        thread.start()
    gaps: list[float] = []
    try:
        for _ in range(kills):
            time.sleep(2)
            leader = _leader(fronts)
            assert leader.process is not None
            killed_s = time.monotonic()
            leader.process.send_signal(signal.SIGKILL)
            leader.process.wait()
            while (
                not any(at > killed_s + 0.05 for _, at in answered[-200:])
                and time.monotonic() < killed_s + 60
            ):
                time.sleep(0.01)
            time.sleep(1)
            gaps.append(_silence([at for _, at in [*answered] if at > killed_s - 1]))
            leader.start()
            leader.wait_ready()
    finally:
        done.set()
        for thread in threads:
            thread.join()
        for front in fronts:
            front.stop()
    acknowledged = [digest for digest, _ in answered]
    places = [log.index_of(digest) for digest in acknowledged]
    lost = sum(place is None for place in places) + len(acknowledged) - len({*places})
    log.close()
    return gaps, len(acknowledged), lost


def _silence(times: list[float]) -> float:
    ordered = sorted(times)
    return max((after - before for before, after in pairwise(ordered)), default=60.0)


def _leader(fronts: Sequence[NodeProcess]) -> NodeProcess:
    """The front that says it decides the order."""
    while True:
        for front in fronts:
            try:
                with urllib.request.urlopen(f"{front.url}/healthz", timeout=5) as answer:  # noqa: S310
                    if json.load(answer).get("sequencer"):
                        return front
            except OSError:
                pass
        time.sleep(0.05)


def _send(
    fronts: Sequence[NodeProcess],
    number: int,
    statements: Iterator[Statement],
    answered: list[tuple[bytes, float]],
    done: Event,
) -> None:
    """Register one after the other; what fails is sent to the next front until it is answered."""
    at = number
    for statement in statements:
        while not done.is_set():
            request = urllib.request.Request(  # noqa: S310
                f"{fronts[at % len(fronts)].url}/entries",
                statement.raw,
                {"Content-Type": "application/cose"},
            )
            try:
                with urllib.request.urlopen(request, timeout=30):  # noqa: S310
                    answered.append((statement.digest, time.monotonic()))
                    break
            except OSError:
                at += 1
                time.sleep(0.02)
        if done.is_set():
            return


if __name__ == "__main__":
    main()
