"""POST /entries end to end: decode, verify, policy, durable commit, receipt; over real connections.

One worker and one process that loads it share the machine; the worker has its examiner, a process that reads
statements while many come at once, and is measured without it too. Statements are signed before the clock
starts. Every answer must be a 201; a sample of the receipts is verified afterwards. Where the processor
time goes is told for each process; `so at most` is what all cores would give if none ever waited.

    python -m benchmarks.register [--connections 256] [--requests 20000]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles

import msgspec
from benchmarks._disk import fsyncs_per_second
from benchmarks._load import Loaded, children, cpu_s, load
from benchmarks._node import make_node
from benchmarks._table import Row, figure, report, timed

from haechi.cli.processes import NodeProcess
from haechi.facts import load as load_facts
from haechi.findings import Verdict
from haechi.log.receipt import check_receipt
from haechi.network.pins import NodeCard
from haechi.node.examiner import LENGTH_BYTES, frame
from haechi.node.maintenance import grant
from haechi.node.open import open_node
from haechi.node.soundness import Sound, sound
from haechi.statement.claims import check_claim, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.keys import SigningKey
from haechi.words import Text

ISSUER = "bench.example"
SAMPLE = 200
_AT_ONCE = 16


def main() -> None:
    """Measure at one, 32 and the given number of connections; print and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--requests", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haechi-bench-", dir=Path.cwd()) as folder:
        report("register", "Registration over HTTP, one worker", run(Path(folder), asked))


def run(folder: Path, asked: argparse.Namespace) -> list[Row]:
    """Start a node, load it, stop it; then one without an examiner; the rows."""
    most = (asked.connections, asked.requests)
    rows = _loaded(folder / "node", ((1, 500), (32, 5000), most), asked.connections)
    rows += _loaded(folder / "alone", (most,), None)
    return rows + stages(folder / "node")


def _loaded(folder: Path, loads: Sequence[tuple[int, int]], aim: int | None) -> list[Row]:
    """The rows of one node. aim: the number of connections that is held to the bar; None: no examiner."""
    key = SigningKey.generate()
    card = _granted_node(folder, key, examiner=aim is not None)
    node = NodeProcess(Text("node", "노드"), folder, int(card.url.rpartition(":")[2]), card)
    node.start()
    rows: list[Row] = []
    try:
        node.wait_ready()
        for connections, requests in loads:
            statements = sign(key, requests, connections)
            rows.append(figure("fsync probe just before", fsyncs_per_second(folder), "fsync/s"))
            before = _used_s(node)
            loaded = load(card.url, statements, connections)
            after = _used_s(node)
            name = f"{connections} connection(s)" + (", no examiner" if aim is None else "")
            rows += _rows(loaded, name, aim=connections == aim)
            used_s = {who: used - before.get(who, 0.0) for who, used in after.items()}
            rows += _cpu_rows({**used_s, "load": loaded.load_cpu_s}, name, len(statements))
            check_sample(loaded, card)
    finally:
        node.stop()
    return rows


def stages(folder: Path) -> list[Row]:
    """What one statement costs at each stage, in one process with nothing beside it: the quickest of many."""
    key = SigningKey.generate()
    grant(folder, ISSUER, key.public.thumbprint, ("pledge_report",), None)
    runner = open_node(folder, clock=time.time)
    node = runner.node
    try:
        statements = sign(key, _AT_ONCE, "stages")
        raws = [bytes(statement.raw) for statement in statements]
        places = [node.submit(each, node.policies.index).result() for each in statements]
        found = [sound(raw, node.facts) for raw in raws]
        asked, told = frame(raws), frame(found)
        crossing = (
            lambda: (frame(raws), frame(found)),
            lambda: (_decode(asked, list[bytes]), _decode(told, list[Sound | None])),
        )
        calls: dict[str, tuple[Callable[..., object], list[tuple[object, ...]]]] = {
            "  admit": (node.admit, [(raw,) for raw in raws]),
            "    decode": (Statement.from_bytes, [(raw,) for raw in raws]),
            "    signature": (Statement.check_signature, [(each,) for each in statements]),
            "    claim": (check_claim, [(each, node.facts) for each in statements]),
            "  receipt": (node.receipt, [*zip(statements, places, strict=True)]),
        }
        rows = [figure(name, timed(call, each, tries=25).us, "µs") for name, (call, each) in calls.items()]
        over = sum(timed(way, [()] * 8, tries=25).us for way in crossing) / len(raws)
        return [*rows, figure("  its frames to the examiner and back", over, "µs")]
    finally:
        runner.stop()


def _decode(raw: bytes, form: object) -> object:
    return msgspec.msgpack.decode(raw[LENGTH_BYTES:], type=form)


def _rows(loaded: Loaded, name: str, *, aim: bool) -> list[Row]:
    times_ms = [answer.took_s * 1000 for answer in loaded.answers]
    cuts = quantiles(times_ms, n=100)
    rate = len(times_ms) / loaded.seconds
    return [
        figure(f"{name}: registered", rate, "statements/s", at_least=2000 if aim else None),
        figure(f"{name}: p50", cuts[49], "ms"),
        figure(f"{name}: p99", cuts[98], "ms"),
    ]


def _used_s(node: NodeProcess) -> dict[str, float]:
    """Processor time of the worker and of its examiner until now (seconds)."""
    if node.process is None:
        return {}
    pid = node.process.pid
    used = {"worker": cpu_s(pid)}
    for child in children(pid):
        used["examiner"] = cpu_s(child)
    return used


def _cpu_rows(used_s: dict[str, float], name: str, count: int) -> list[Row]:
    """Processor time a statement, for each process: what neighbours on the machine change least."""
    rows = [figure(f"{name}: {who}", used / count * 1e6, "µs CPU") for who, used in used_s.items()]
    cores = len(os.sched_getaffinity(0))
    return [*rows, figure(f"{name}: so at most", cores * count / sum(used_s.values()), "statements/s")]


def _granted_node(folder: Path, key: SigningKey, *, examiner: bool) -> NodeCard:
    card = make_node(folder, examiner=examiner)
    grant(folder, ISSUER, key.public.thumbprint, ("pledge_report",), None)
    return card


def sign(key: SigningKey, count: int, salt: object) -> list[Statement]:
    kind, facts = kind_of("pledge_report"), load_facts()
    payload = encode_claim(kind, kind.example(), facts)
    now = int(time.time())
    return [
        sign_statement(
            key, About(issuer=ISSUER, subject=f"bench:{salt}:{n}", issued_at=now, kind=kind.name), payload
        )
        for n in range(count)
    ]


def check_sample(loaded: Loaded, card: NodeCard) -> None:
    keys = card.receipt_public_keys()
    step = max(1, len(loaded.answers) // SAMPLE)
    for answer in loaded.answers[::step]:
        statement = answer.statement
        finding = check_receipt(answer.receipt, statement.digest, statement.about.subject, keys)
        if finding.verdict is not Verdict.HOLDS:
            raise RuntimeError(msgspec.json.encode(finding.as_dict()).decode())


if __name__ == "__main__":
    main()
