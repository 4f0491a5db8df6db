"""Two front processes made from a shell on a real PostgreSQL; the one that decides the order is killed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.buckets import ACCESS, bucket_server
from tests.databases import fresh_database
from tests.network.parties import FILE, Operator, evidence
from tests.node.house import FREE, make_node, numbered

from haechi.cli.processes import NodeProcess, free_ports
from haechi.findings import Verdict, overall
from haechi.log.checkpoint import check_checkpoint, read_checkpoint
from haechi.log.cluster.reader import PgLog
from haechi.log.merkle import check_consistency
from haechi.log.tiles import TileTree
from haechi.network.card import NodeCard
from haechi.node.config import Bucket, Listen, load_config
from haechi.node.maintenance import run_fsck
from haechi.node.shared import database_of
from haechi.words import Text

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def shell(*words: object, expect: int = 0) -> Any:  # noqa: ANN401  # whatever the command tells as JSON
    """Run the command as a person would, and read what it prints."""
    command = [sys.executable, "-m", "haechi", *map(str, words), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == expect, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


class Fronts:
    """A node moved into a database and joined by a second front, with every command run in a shell."""

    def __init__(self, folder: Path, **fields: object) -> None:
        ports = free_ports(2)
        url = f"http://127.0.0.1:{ports[0]}"
        first = make_node(
            folder / "a", url=url, listen=Listen(port=ports[0]), limits=FREE, cluster=None, **fields
        )
        database = fresh_database()
        moved = shell("migrate", "--dir", first, "--database", database.conninfo, "--schema", database.schema)
        second = folder / "b"
        joined = shell(
            "cluster", "join", second, "--like", first, "--heads", folder / "b-heads", "--port", ports[1]
        )
        assert (joined["size"], joined["root"]) == (moved["size"], moved["root"])
        self.folders = [first, second]
        self.ports = ports
        self.nodes: list[NodeProcess] = []

    def start(self) -> None:
        self.nodes = []
        for folder, port in zip(self.folders, self.ports, strict=True):
            with_card = NodeProcess(Text("front", "프런트"), folder, port, _no_card())
            with_card.start()
            self.nodes.append(with_card)
        for node in self.nodes:
            node.wait_ready()

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def kill(self, at: int) -> None:
        """As the power does, or the kernel when memory runs out."""
        process = self.nodes[at].process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def start_again(self, at: int) -> None:
        self.nodes[at].start()
        self.nodes[at].wait_ready()

    def get(self, at: int, path: str) -> bytes:
        with urllib.request.urlopen(self.nodes[at].url + path, timeout=30) as answer:  # noqa: S310
            return answer.read()

    def card(self) -> NodeCard:
        return NodeCard.from_json(self.get(0, "/node.json"))

    def leader(self) -> int:
        """Which front decides the order now."""
        while True:
            for at in range(len(self.nodes)):
                try:
                    if json.loads(self.get(at, "/healthz")).get("sequencer"):
                        return at
                except OSError:
                    continue
            time.sleep(0.05)

    def send(self, at: int, path: str, raw: bytes, method: str = "POST") -> int:
        request = urllib.request.Request(  # noqa: S310
            self.nodes[at].url + path, raw, {"Content-Type": "application/cose"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status


def _no_card() -> NodeCard:
    return Operator("kr").card()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Senders:
    """Four threads that register one by one, at the other front when one does not answer."""

    def __init__(self, fronts: Fronts) -> None:
        self._fronts = fronts
        self.answered: list[tuple[int, float]] = []
        self._done = Event()
        self._threads = [Thread(target=self._send, args=(at,)) for at in range(4)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def wait_for_an_answer_after(self, when_s: float) -> None:
        while not any(at > when_s for _, at in self.answered[-50:]):
            assert time.monotonic() < when_s + 60, "nobody took over"
            time.sleep(0.05)

    def _send(self, first: int) -> None:
        at = first
        for number in range(first, 100_000, 4):
            while not self._done.is_set():
                try:
                    self._fronts.send(at % 2, "/entries", numbered(number).raw)
                except OSError:
                    at += 1
                    time.sleep(0.02)
                else:
                    self.answered.append((number, time.monotonic()))
                    break
            if self._done.is_set():
                return


def test_a_killed_sequencer_loses_nothing_and_forks_nothing(tmp_path: Path, stack: ExitStack):
    fronts = Fronts(tmp_path)
    stack.callback(fronts.stop)
    fronts.start()
    card, senders, notes = fronts.card(), Senders(fronts), list[bytes]()
    try:
        for _ in range(2):
            time.sleep(2)
            at = fronts.leader()
            notes.append(fronts.get(at, "/log/checkpoint"))
            fronts.kill(at)
            senders.wait_for_an_answer_after(time.monotonic() + 0.1)
            assert shell("cluster", "status", "--dir", fronts.folders[1 - at])["holder"]
            fronts.start_again(at)
    finally:
        senders.stop()
    notes.append(fronts.get(0, "/log/checkpoint"))
    fronts.stop()
    answered = [number for number, _ in senders.answered]
    settings = load_config(fronts.folders[0]).cluster
    assert settings is not None
    with PgLog(database_of(settings)) as log:
        places = [log.index_of(numbered(number).digest) for number in answered]
        assert None not in places
        assert len(set(places)) == len(answered) > 20
        require_one_history(log, notes)
    for note in notes:
        assert check_checkpoint(note, card.log_keys(), card.origin)[0].verdict is Verdict.HOLDS
    for folder in fronts.folders:
        assert overall(run_fsck(folder, None, lambda _done, _all: None)) is Verdict.HOLDS


def require_one_history(log: PgLog, notes: list[bytes]) -> None:
    """Each checkpoint that was shown is the beginning of the next."""
    for old, new in pairwise([read_checkpoint(note)[0] for note in notes]):
        path = TileTree(log.tile).consistency(old.size, new.size)
        found = check_consistency(old.size, new.size, path, old.root, new.root)
        assert found.verdict is Verdict.HOLDS


def test_two_fronts_with_a_bucket_serve_what_the_other_took(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
):
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "s3").mkdir()
    endpoint = stack.enter_context(bucket_server(tmp_path / "s3"))
    fronts = Fronts(tmp_path, objects=Bucket(bucket="haechi", prefix="files", endpoint=endpoint))
    stack.callback(fronts.stop)
    fronts.start()
    statement, digest = numbered(1), evidence().digest
    assert fronts.send(0, "/entries", statement.raw) == 201
    assert fronts.send(1, f"/blobs/{digest.hex()}", FILE, "PUT") == 201
    for at in range(2):
        assert sha256(fronts.get(at, f"/blobs/{digest.hex()}")).digest() == digest
    size = read_checkpoint(fronts.get(0, f"/proofs/{statement.digest_hex}").partition(b"\n\n")[2])[0].size
    assert len(fronts.get(1, f"/log/tile/0/000.p/{size}")) == size * 32
    fronts.kill(1)
    # A front that lost its cache has the file from the bucket.
    for cached in (fronts.folders[1] / "blobs").rglob(digest.hex()):
        cached.unlink()
    fronts.start_again(1)
    assert fronts.get(1, f"/blobs/{digest.hex()}") == FILE
    exported = shell("log", "export", "s3://haechi/site", "--dir", fronts.folders[0])
    assert exported
    fronts.stop()
    assert shell("log", "fsck", "--dir", fronts.folders[1])
