"""A node as a process of its own on loopback, for what needs real sockets and real signals."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.node.house import FREE, make_node

from haechi.cli.processes import NodeProcess, free_ports
from haechi.node.config import Limits, Listen, load_config
from haechi.node.keychain import load_keychain
from haechi.node.open import card_of
from haechi.node.witness_policy import POLICY_FILE
from haechi.words import Text


def new_process(folder: Path, limits: Limits = FREE) -> NodeProcess:
    """A node in a new folder, not started."""
    port = free_ports(1)[0]
    make_node(folder, url=f"http://127.0.0.1:{port}", listen=Listen(port=port), limits=limits)
    card = card_of(load_config(folder), load_keychain(folder / "keys"))
    return NodeProcess(Text("node", "노드"), folder, port, card)


@contextmanager
def running(folder: Path, limits: Limits = FREE, policy: str = "") -> Iterator[NodeProcess]:
    """A node in a new folder, running until the end. policy: its witness policy, if not the usual one."""
    node = new_process(folder, limits)
    if policy:
        (folder / POLICY_FILE).write_text(policy, "utf-8")
    node.start()
    try:
        node.wait_ready()
        yield node
    finally:
        node.stop()


def connect(node: NodeProcess) -> socket.socket:
    """A connection to the node that waits at most 15 seconds for each byte."""
    return socket.create_connection(("127.0.0.1", node.port), timeout=15)


def until_closed(connection: socket.socket) -> bytes:
    """Everything that the node still sends before it closes the connection."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        pass
    return received


def logged(node: NodeProcess) -> list[dict[str, object]]:
    """The lines of the node's log; each must be one JSON object."""
    return [json.loads(line) for line in node.log_file.read_text("utf-8").splitlines()]
