"""Real sockets and signals: slow and many clients are bounded; what was acknowledged outlives the process."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import copytree

import msgspec
import pytest
from tests.network.parties import COMPANY, document, evidence, sign
from tests.node.house import FREE, KEY, house_at, in_a_file_only, make_node, numbered
from tests.node.processes import connect, logged, new_process, running, until_closed

from haechi.cli.processes import NodeProcess
from haechi.findings import Verdict, overall
from haechi.network.client import PeerLacks, PeerUnavailable
from haechi.node.config import Listen
from haechi.node.maintenance import run_fsck
from haechi.statement import cbor
from haechi.statement.envelope import Statement

pytestmark = pytest.mark.e2e
QUICK = msgspec.structs.replace(FREE, body_seconds=0.5)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running(tmp_path_factory.mktemp("sockets") / "node", QUICK) as node:
        yield node


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def first_answer(connection: socket.socket) -> bytes:
    """The head of the next answer and as much of its body as came with it."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    return received


def alive(node: NodeProcess) -> bool:
    with node.client() as client:
        return bool(json.loads(client.fetch("/healthz", 4096))["ok"])


# Slow clients


def test_a_slow_body_is_answered_with_408(node: NodeProcess):
    with connect(node) as connection:
        connection.sendall(
            request("POST", "/entries")[:-4].replace(b"Length: 0", b"Length: 500") + b"\r\n\r\n\xd2"
        )
        began = time.monotonic()
        answer = first_answer(connection)
        assert status(answer) == 408
        assert b"node.body-slow" in answer
        assert time.monotonic() - began < 5


def test_a_slow_upload_is_cut_off(node: NodeProcess):
    statement = numbered(0)
    with node.client() as client:
        client.post("/entries", statement.raw, "application/cose")
    with connect(node) as connection:
        head = request("PUT", f"/blobs/{evidence().digest.hex()}").replace(b"Length: 0", b"Length: 496")
        connection.sendall(head + b"item")
        assert status(first_answer(connection)) == 408


@pytest.mark.slow
def test_a_header_that_trickles_in_is_cut_off(node: NodeProcess):
    with connect(node) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        with pytest.raises(ConnectionError):  # noqa: PT012  # whichever byte meets the closed connection
            while time.monotonic() - began < 14:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.5)
        assert 5 < time.monotonic() - began < 14


def test_a_header_without_end_is_refused(node: NodeProcess):
    with connect(node) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 4_000_000)
        assert status(until_closed(connection)) in (0, 400, 414, 431)
    assert alive(node)


def test_a_declared_length_too_large_is_refused_before_the_body(node: NodeProcess):
    with connect(node) as connection:
        connection.sendall(b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert status(first_answer(connection)) == 413


def test_a_chunked_body_without_end_is_refused(node: NodeProcess):
    with connect(node) as connection:
        connection.sendall(b"POST /entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(64):
                connection.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")
        except ConnectionError:
            return
        assert status(first_answer(connection)) == 413


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /entries HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_node_goes_on(node: NodeProcess, raw: bytes):
    with connect(node) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        assert status(until_closed(connection)) in (0, 400, 405, 411, 501, 505)
    assert alive(node)


def test_one_connection_may_ask_many_times(node: NodeProcess):
    with connect(node) as connection:
        for _ in range(50):
            connection.sendall(request("GET", "/log/checkpoint"))
            assert status(first_answer(connection)) == 200


# Many clients


def resident_kib(node: NodeProcess) -> int:
    assert node.process is not None
    text = Path(f"/proc/{node.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def test_a_flood_of_idle_connections_leaves_the_node_answering(node: NodeProcess):
    before = resident_kib(node)
    with ExitStack() as flood:
        for _ in range(400):
            idle = flood.enter_context(connect(node))
            idle.sendall(b"POST /entries HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert alive(node)
        statement = numbered(100)
        with node.client() as client:
            assert client.post("/entries", statement.raw, "application/cose").status == 201
        assert resident_kib(node) - before < 100 * 1024


def test_without_file_descriptors_the_node_waits_and_goes_on(tmp_path: Path):
    with running(tmp_path / "node") as node, connect(node) as first:
        first.sendall(request("GET", "/healthz"))
        assert status(first_answer(first)) == 200
        # Connections to a database are opened when they are first used, and need descriptors too.
        first.sendall(request("POST", "/entries", numbered(1).raw))
        assert status(first_answer(first)) == 201
        assert node.process is not None
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (64, most))
        with ExitStack() as flood:
            for _ in range(150):
                flood.enter_context(connect(node))
            first.sendall(request("POST", "/entries", numbered(0).raw))
            assert status(first_answer(first)) == 201
        assert alive(node)


# Stopping


def register_until_stopped(
    node: NodeProcess, salt: int, done: list[Statement], stop: threading.Event
) -> None:
    """Send statements over one connection until it ends; those that were acknowledged are kept in `done`."""
    with connect(node) as connection:
        for number in range(100_000):
            statement = sign(KEY, COMPANY, DOCUMENT, "document", f"load:{salt}:{number}")
            try:
                connection.sendall(request("POST", "/entries", statement.raw))
                answer = first_answer(connection)
            except OSError:
                return
            if status(answer) == 201:
                done.append(statement)
            elif stop.is_set() or status(answer) in (0, 503):
                return
            else:
                raise AssertionError(answer)


DOCUMENT = document(evidence())


def under_load(node: NodeProcess, end: Callable[[], None], seconds: float) -> list[Statement]:
    """What was acknowledged on eight connections until `end` ended the node."""
    done: list[Statement] = []
    stop = threading.Event()
    load = [
        threading.Thread(target=register_until_stopped, args=(node, salt, done, stop)) for salt in range(8)
    ]
    for each in load:
        each.start()
    time.sleep(seconds)
    stop.set()
    end()
    for each in load:
        each.join(20)
    return done


def all_there(folder: Path, acknowledged: list[Statement]) -> None:
    """The node opens again, every acknowledged statement has its place and its receipt, and fsck is clean."""
    assert len(acknowledged) > 10
    with house_at(folder) as house:
        assert house.size >= 3 + len(acknowledged)
        keys = house.runner.card.receipt_public_keys()
        for statement in acknowledged:
            assert house.node.statement(statement.digest).raw == statement.raw
        for statement in acknowledged[:: max(1, len(acknowledged) // 10)]:
            assert len(house.ask("GET", f"/entries/{statement.digest_hex}").body) > 100
        assert len(keys) == 1
    assert overall(run_fsck(folder, None, lambda _done, _all: None)) is Verdict.HOLDS


def test_stopped_under_load_nothing_acknowledged_is_lost(tmp_path: Path):
    node = new_process(tmp_path / "node")
    node.start()
    node.wait_ready()
    codes: list[int] = []
    acknowledged = under_load(node, lambda: codes.append(node.stop()), 0.7)
    assert codes == [0]
    all_there(node.folder, acknowledged)
    events = [line["event"] for line in logged(node)]
    assert events[0] == "node.started"
    assert events[-1] == "node.stopped"


def test_killed_under_load_nothing_acknowledged_is_lost(tmp_path: Path):
    node = new_process(tmp_path / "node")
    node.start()
    node.wait_ready()

    def kill() -> None:
        assert node.process is not None
        node.process.kill()
        node.process.wait()

    acknowledged = under_load(node, kill, 0.7)
    all_there(node.folder, acknowledged)


def test_while_it_stops_a_node_takes_nothing_new(tmp_path: Path):
    with running(tmp_path / "node") as node, connect(node) as connection:
        connection.sendall(request("GET", "/healthz"))
        assert status(first_answer(connection)) == 200
        assert node.process is not None
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(15) == 0
    with pytest.raises(PeerUnavailable), node.client() as client:
        client.fetch("/healthz", 4096)


def test_ctrl_c_stops_it_as_well(tmp_path: Path):
    with running(tmp_path / "node") as node:
        assert node.process is not None
        node.process.send_signal(signal.SIGINT)
        assert node.process.wait(15) == 0


# Started twice, restored, without room


def start_by_hand(folder: Path) -> "subprocess.CompletedProcess[str]":
    """`haechi node` until it ends by itself."""
    command = [sys.executable, "-m", "haechi", "node", "--dir", str(folder)]
    environment = os.environ | {"HAECHI_LANG": "en"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def test_a_second_process_on_the_same_folder_refuses(node: NodeProcess):
    done = start_by_hand(node.folder)
    assert done.returncode == 8
    assert "log.signer-locked" in done.stderr
    assert "another process signs" in done.stderr
    assert "Traceback" not in done.stderr
    assert alive(node)


@in_a_file_only("a folder that is restored does not restore the database")
def test_a_restored_old_copy_refuses(tmp_path: Path):
    folder = make_node(tmp_path / "node")
    copytree(folder, tmp_path / "backup")
    with house_at(folder) as house:
        assert house.register(numbered(0)).status == 201
    folder.rename(tmp_path / "lost")
    (tmp_path / "backup").rename(folder)
    done = start_by_hand(folder)
    assert done.returncode == 7
    assert "log.rolled-back" in done.stderr
    assert "must not sign" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(tmp_path: Path, node: NodeProcess):
    folder = make_node(tmp_path / "other", listen=Listen(port=node.port))
    done = start_by_hand(folder)
    assert done.returncode == 8
    assert f"127.0.0.1:{node.port}" in done.stderr
    assert "node.address" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_told(tmp_path: Path, host: str):
    done = start_by_hand(make_node(tmp_path / "node", listen=Listen(host=host)))
    assert done.returncode == 8
    assert host in done.stderr
    assert "Traceback" not in done.stderr


@in_a_file_only("the disk is the database server's")
def test_without_room_on_the_disk_nothing_is_acknowledged_and_the_node_recovers(tmp_path: Path):
    node = new_process(tmp_path / "node")
    node.start()
    try:
        node.wait_ready()
        assert node.process is not None
        with node.client() as client:
            assert client.post("/entries", numbered(0).raw, "application/cose").status == 201
            # No file may grow any more, as on a full disk: SQLite's write fails.
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            refused = [refusal(node, numbered(number)) for number in range(1, 4)]
            assert {each[0] for each in refused} == {503}
            assert all(each[1].startswith(("log.", "network.disk")) for each in refused), refused
            assert client.fetch(f"/statements/{numbered(0).digest_hex}", 65536) == numbered(0).raw
            resource.prlimit(
                node.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            answer = None
            for _ in range(50):
                try:
                    answer = client.post("/entries", numbered(4).raw, "application/cose")
                    break
                except PeerUnavailable:
                    time.sleep(0.1)
            assert answer is not None
            assert answer.status == 201
    finally:
        assert node.stop() == 0
    all_there_after_trouble(node.folder)


def all_there_after_trouble(folder: Path) -> None:
    with house_at(folder) as house:
        for number in (0, 4):
            assert house.node.statement(numbered(number).digest).raw == numbered(number).raw
    assert overall(run_fsck(folder, None, lambda _done, _all: None)) is Verdict.HOLDS


def refusal(node: NodeProcess, statement: Statement) -> tuple[int, str]:
    """Status and code of a refused registration."""
    with connect(node) as connection:
        connection.sendall(request("POST", "/entries", statement.raw, "Connection: close"))
        answer = until_closed(connection)
    body = answer.partition(b"\r\n\r\n")[2]
    problem = cbor.decode(body, where="problem", max_bytes=4096)
    assert isinstance(problem, dict)
    return status(answer), str(problem[-1])


def test_the_log_of_a_process_is_json_lines_without_content(node: NodeProcess):
    statement = sign(KEY, COMPANY, DOCUMENT, "document", "planted-subject")
    with node.client() as client:
        client.post("/entries?planted-query=1", statement.raw, "application/cose")
        with pytest.raises(PeerLacks):
            client.fetch("/planted-path", 4096)
    lines = logged(node)
    assert all({"time", "event"} <= line.keys() for line in lines)
    assert "planted" not in node.log_file.read_text("utf-8")
