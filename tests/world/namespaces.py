"""Nodes as processes, each in a network namespace of its own, on a bridge whose links can be cut.

Needs root (or CAP_NET_ADMIN and CAP_SYS_ADMIN) and `ip`. Every name carries the process id, so that runs do
not meet; `Net.close` takes everything away again, whatever was made before something went wrong.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.network.parties import COMPANY
from tests.node.house import KEY, KINDS, make_config

from haechi.errors import Unavailable
from haechi.network.card import NodeCard
from haechi.network.client import Limits, PeerClient
from haechi.network.pins import Pins
from haechi.node.config import Listen
from haechi.node.maintenance import grant
from haechi.node.open import PINS, create_node

T = TypeVar("T")
COUNTRIES = {"kr": "KR", "uk": "GB", "sg": "SG"}
PORT = 8470
PATIENCE_S = 90
_NEWNET = 0x40000000
# A process whose clock is off by the first argument, in seconds; nothing else about it is.
_LATER = (
    "import sys, time; real, late = time.time, float(sys.argv.pop(1)); time.time = lambda: real() + late; "
    "from haechi.cli import main; main()"
)


def ip(*words: str) -> None:
    """Run `ip`; a failure fails the test with what it said."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def why_not() -> str:
    """Why namespaces can't be made here; empty when they can."""
    if shutil.which("ip") is None:
        return "needs ip (iproute2)"
    name = f"hx{os.getpid()}-try"
    try:
        ip("netns", "add", name)
    except OSError as error:
        return f"needs the right to make network namespaces: {error}"
    try:
        ip("-n", name, "link", "add", "b0", "type", "bridge")
    except OSError as error:
        return f"needs the right to make network links: {error}"
    finally:
        ip("netns", "delete", name)
    return ""


@dataclass
class Site:
    """One node: its namespace, address, folder and process."""

    name: str
    space: str
    address: str
    folder: Path
    card: NodeCard
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self, late_s: float = 0) -> None:
        """Start it, perhaps with a clock that is ahead, and wait until it answers."""
        program = ["-c", _LATER, str(late_s)] if late_s else ["-m", "haechi"]
        command = [
            "ip",
            "netns",
            "exec",
            self.space,
            sys.executable,
            *program,
            "node",
            "--dir",
            str(self.folder),
        ]
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, f"{self.name} does not come up")

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
            self.process = None

    def ask(self, work: Callable[[PeerClient], T]) -> T:
        """What `work` gets with a client that stands inside the site's namespace."""

        def there() -> T:
            with PeerClient(f"http://{self.address}:{PORT}", Limits(attempts=1)) as client:
                return work(client)

        return inside(self.space, there)

    def json(self, path: str) -> Any:  # noqa: ANN401  # any document
        return json.loads(self.ask(lambda client: client.fetch(path, 4 << 20)))

    def witnessing(self, other: "Site") -> set[str]:
        """The codes under which this node shows how far `other`'s log is witnessed."""
        log = self.json(f"/en/log.json?origin={other.card.origin}")
        return {each["code"] for each in log["log"]["witnessing"]}

    def _answers(self) -> bool:
        assert self.process is None or self.process.poll() is None, (self.folder / "node.log").read_text()
        try:
            self.ask(lambda client: client.fetch("/healthz", 4096))
        except Unavailable:
            return False
        return True


class Net:
    """Nodes on one bridge that pinned each other. Close it when done."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._hub = f"hx{os.getpid()}-hub"
        self._spaces: list[str] = []
        self.sites: dict[str, Site] = {}
        try:
            self._space(self._hub)
            ip("-n", self._hub, "link", "add", "b0", "type", "bridge")
            ip("-n", self._hub, "link", "set", "b0", "up")
            for number, name in enumerate(names, 1):
                self._wire(name, f"10.77.0.{number}")
                self.sites[name] = self._make(folder / name, name, f"10.77.0.{number}")
            self._pin_each_other()
            for site in self.sites.values():
                site.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop every node and take every namespace away, and with them the links."""
        for site in self.sites.values():
            site.stop()
        while self._spaces:
            subprocess.run(["ip", "netns", "delete", self._spaces.pop()], capture_output=True, check=False)

    def cut_off(self, name: str) -> None:
        """Take the cable of one site out."""
        ip("-n", self._hub, "link", "set", f"v-{name}", "down")

    def connect(self, name: str) -> None:
        """Put it in again."""
        ip("-n", self._hub, "link", "set", f"v-{name}", "up")

    def part(self, *names: str, off: bool = True) -> None:
        """These do not reach each other, and still reach everybody else."""
        for name in names:
            state = "on" if off else "off"
            ip("-n", self._hub, "link", "set", f"v-{name}", "type", "bridge_slave", "isolated", state)

    def _space(self, name: str) -> None:
        ip("netns", "add", name)
        self._spaces.append(name)
        ip("-n", name, "link", "set", "lo", "up")

    def _wire(self, name: str, address: str) -> None:
        space = f"hx{os.getpid()}-{name}"
        self._space(space)
        ip("-n", self._hub, "link", "add", f"v-{name}", "type", "veth", "peer", "name", "e0", "netns", space)
        ip("-n", self._hub, "link", "set", f"v-{name}", "master", "b0", "up")
        ip("-n", space, "addr", "add", f"{address}/24", "dev", "e0")
        ip("-n", space, "link", "set", "e0", "up")

    def _make(self, folder: Path, name: str, address: str) -> Site:
        config = make_config(
            folder,
            origin=f"{name}.example/log",
            issuer=f"aisi.{name}.example",
            country=COUNTRIES[name],
            url=f"http://{address}:{PORT}",
            listen=Listen(host=address, port=PORT),
            head_folder=str(folder.parent / f"{name}-heads"),
            mirror_seconds=0.5,
            witness_seconds=0.5,
        )
        card = create_node(folder, config, None, int(time.time()))
        grant(folder, COMPANY, KEY.public.thumbprint, KINDS, None)
        return Site(name, f"hx{os.getpid()}-{name}", address, folder, card)

    def _pin_each_other(self) -> None:
        for site in self.sites.values():
            pins = Pins()
            for other in self.sites.values():
                if other is not site:
                    pins = pins.add(other.card, other.card.fingerprint())
            pins.save(site.folder / PINS)


def inside(space: str, work: Callable[[], T]) -> T:
    """What `work` returns in a thread whose sockets are in this namespace."""
    result: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            _enter(space)
            result.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return result[0]


def _enter(space: str) -> None:
    """Put the calling thread into the namespace; the others stay where they are."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{space}").open("rb") as file:
        if libc.setns(file.fileno(), _NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Return once it is true; fail with `otherwise` when that takes too long."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, otherwise
        time.sleep(0.1)
