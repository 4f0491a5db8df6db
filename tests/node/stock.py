"""Witness and log of others (aics-witness, aics-tlog), who know C2SP and nothing of us."""

import contextlib
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aics_tlog
import aics_witness.cli
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haechi.cli.processes import free_ports

NAME = "stock.example/witness"
ORIGIN = "stock.example/log"
WAIT_S = 20


@dataclass
class StockWitness:
    """`aics-witness serve` in a folder. vkey: of its cosignatures."""

    config: Path
    port: int
    vkey: str
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "aics_witness", "serve", "--config", str(self.config)]
        with self.config.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + WAIT_S
        while not self._answers():
            assert self.process.poll() is None, self.config.with_suffix(".log").read_text()
            assert time.monotonic() < until, "it does not come up"
            time.sleep(0.02)

    def stop(self, *, at_once: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if at_once else self.process.terminate)()
            self.process.wait(WAIT_S)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def stock_witness(folder: Path, origin: str, vkey: str) -> Iterator[StockWitness]:
    """A stock witness that trusts one log, running until the end."""
    config, port = folder / "stock.json", free_ports(1)[0]
    told = ("--config", str(config))
    settings = ("--name", NAME, "--listen", f"127.0.0.1:{port}")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert aics_witness.cli.main(["init", *told, *settings]) == 0
    with contextlib.redirect_stdout(io.StringIO()):
        assert aics_witness.cli.main(["add-log", *told, "--origin", origin, "--vkey", vkey]) == 0
    witness = StockWitness(config, port, said.getvalue().strip())
    witness.start()
    try:
        yield witness
    finally:
        witness.stop(at_once=True)


@dataclass
class StockLog:
    """A log of aics-tlog: a tree in memory, checkpoints signed with one Ed25519 key."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)
    tree: aics_tlog.MerkleTree = field(default_factory=aics_tlog.MerkleTree)

    @property
    def vkey(self) -> str:
        return aics_tlog.format_vkey(aics_tlog.vkey_from_ed25519(ORIGIN, self.key.public_key()))

    def grow(self, *entries: bytes) -> bytes:
        """The signed checkpoint after these entries."""
        self.tree.extend(entries)
        head = aics_tlog.Checkpoint(ORIGIN, self.tree.size, self.tree.root())
        return aics_tlog.sign_checkpoint(head, self.key, ORIGIN).to_bytes()
