"""Nodes as processes of their own on loopback: for the demonstration, tests and benchmarks."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from haechi.errors import Unavailable
from haechi.network.card import NodeCard
from haechi.network.client import Limits, PeerClient
from haechi.words import Text

READY_SECONDS = 60.0
PATIENCE = Limits(stall_s=120.0, total_s=180.0, attempts=1)
"""A picture is looked at in a second on a quiet machine; on a busy one nothing else may end the waiting."""


class NodeSilent(Unavailable):
    """A node that was started did not come up; facts: what_is, why."""

    code = "node.silent"


@dataclass
class NodeProcess:
    """One node: its folder, its address, its process when it runs."""

    name: Text
    folder: Path
    port: int
    card: NodeCard
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the process writes."""
        return self.folder / "node.log"

    def client(self) -> PeerClient:
        """A client for this node."""
        return PeerClient(self.url, PATIENCE)

    def start(self) -> None:
        """Start the process; returns at once.

        Interrupts reach the main thread: another one starts it, so that a process is always known by then.
        """
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self._start).result()

    def _start(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "haechi", "node", "--dir", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C reaches us first, and we stop the nodes in order
            )

    def wait_ready(self) -> None:
        """Return when the node answers; raises NodeSilent with the end of its log."""
        deadline_s = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline_s:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                with PeerClient(self.url, Limits(attempts=1)) as client:
                    client.fetch("/healthz", 4096)
            except Unavailable:
                time.sleep(0.05)
            else:
                return
        tail = self.log_file.read_bytes()[-500:].decode(errors="replace")
        raise NodeSilent(what_is=self.card.origin, why=tail or "no answer")

    def stop(self) -> int:
        """Stop it as an operator would (SIGTERM) and wait; its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            code = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on right now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
