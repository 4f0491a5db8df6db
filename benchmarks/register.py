"""POST /entries end to end: decode, verify, policy, durable commit, receipt; over real connections.

One worker and one process that loads it share the machine; the worker has its examiner, a process that reads
statements while many come at once, and is measured without it too. Statements are signed before the clock
starts. Every answer must be a 201; a sample of the receipts is verified afterwards.

    python -m benchmarks.register [--connections 256] [--requests 20000]
"""

import argparse
import selectors
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple, NoReturn

import msgspec
from benchmarks._disk import fsyncs_per_second
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
_READ_BYTES = 64 * 1024
_PATIENCE_S = 30
HEAD = b"POST /entries HTTP/1.1\r\nHost: node\r\nContent-Type: application/cose\r\nContent-Length: %d\r\n\r\n"


class Answered(NamedTuple):
    """One statement, its receipt and how long the answer took (seconds)."""

    statement: Statement
    receipt: bytes
    took_s: float


class Loaded(NamedTuple):
    """A whole run: what was answered, and the wall time (seconds)."""

    answers: list[Answered]
    seconds: float


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
            loaded = load(card.url, statements, connections)
            name = f"{connections} connection(s)" + (", no examiner" if aim is None else "")
            rows += _rows(loaded, name, aim=connections == aim)
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


class _Connection:
    """One kept-alive connection that sends the next statement as soon as the last was answered."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self._received = b""
        self._statement: Statement | None = None
        self._began_s = 0.0

    def send(self, statement: Statement) -> None:
        """Send one; it is far smaller than the socket's buffer, and nothing else is on its way."""
        self._statement = statement
        self._began_s = time.perf_counter()
        self.channel.sendall(HEAD % len(statement.raw) + statement.raw)

    def read(self) -> Answered | None:
        """Take what has come; the answer when it is whole. Raises RuntimeError for any but a 201."""
        received = self.channel.recv(_READ_BYTES)
        self._received += received
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not received or (found and not head.startswith(b"HTTP/1.1 201")):
            raise RuntimeError(head.decode(errors="replace") or "the connection was closed")
        if not found or len(body) < (size := _content_length(head)):
            return None
        if self._statement is None:
            raise RuntimeError("an answer came that nobody asked for")
        self._received = b""
        return Answered(self._statement, body[:size], time.perf_counter() - self._began_s)


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def load(url: str, statements: Sequence[Statement], connections: int) -> Loaded:
    """Send every statement once over that many kept-alive connections.

    On bare sockets and one selector: the load shares the machine with the node and should take little of it.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    waiting = iter(statements)
    answers: list[Answered] = []
    began_s = time.perf_counter()
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for statement in islice(waiting, connections):
            connection = _Connection(stack.enter_context(socket.create_connection((host, int(port)))))
            connection.channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.channel, selectors.EVENT_READ, connection)
            connection.send(statement)
        while len(answers) < len(statements):
            for key, _events in selector.select(_PATIENCE_S) or _silent():
                answered = key.data.read()
                if answered is None:
                    continue
                answers.append(answered)
                statement = next(waiting, None)
                if statement is not None:
                    key.data.send(statement)
        return Loaded(answers, time.perf_counter() - began_s)


def _silent() -> NoReturn:
    raise RuntimeError(f"no answer within {_PATIENCE_S} seconds")


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
