"""Whole nodes in one process that speak to each other without sockets: links can be cut, nodes can lie."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

from tests.node.house import Answer as HouseAnswer
from tests.node.house import House, make_config

from haechi.network.answer import Answer, PeerLacks, PeerMisbehaved, PeerRefused, PeerUnavailable
from haechi.network.card import NodeCard
from haechi.network.pins import Pins
from haechi.node.open import PINS, create_node
from haechi.statement.kinds.key_event import Role

NOW = 1_795_000_000
COUNTRIES = {"kr": "KR", "uk": "GB", "sg": "SG", "jp": "JP"}


class Town:
    """Nodes by name. `see` says whom a node reaches under another's address; `cut` holds broken links."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.houses: dict[str, House] = {}
        self.cards: dict[str, NodeCard] = {}
        self.cut: set[frozenset[str]] = set()
        self.shown: dict[tuple[str, str], str] = {}
        for name in names:
            config = make_config(
                folder / name,
                origin=f"{name}.example/log",
                issuer=f"aisi.{name}.example",
                country=COUNTRIES[name],
                role=role_of(name),
                url=f"http://{name}.example",
                head_folder=str(folder / f"{name}-heads"),
            )
            self.cards[name] = create_node(folder / name, config, None, NOW)
        for name in names:
            pins = Pins()
            for other in names:
                if other != name:
                    pins = pins.add(self.cards[other], self.cards[other].fingerprint())
            pins.save(folder / name / PINS)
            self.open(name)

    def open(self, name: str) -> House:
        client = partial(HouseClient, self, name)
        with (
            mock.patch("haechi.node.open.PeerClient", client),
            mock.patch("haechi.node.witnessing.PeerClient", client),
        ):
            self.houses[name] = House(self.folder / name, lambda: float(NOW))
        return self.houses[name]

    def clone(self, name: str, twin: str) -> House:
        """A second copy of a node with the same keys and the same past, as a thief or a liar has it."""
        self.houses.pop(name).close()
        shutil.copytree(self.folder / name, self.folder / twin)
        shutil.copytree(self.folder / f"{name}-heads", self.folder / f"{twin}-heads")
        settings = self.folder / twin / "haechi.toml"
        text = settings.read_text("utf-8")
        settings.write_text(text.replace(f"/{name}-heads", f"/{twin}-heads"), "utf-8")
        self.open(name)
        return self.open(twin)

    def round(self, name: str, now: int = NOW) -> None:
        """One round of all that a node does in the background."""
        runner = self.houses[name].runner
        runner.witnessing.ask(now)
        for peer in runner.peers:
            runner.sync(peer, now)
        runner.accusations.exchange()
        runner.node.sequencer.publish(now)
        runner.follow()

    def reach(self, who: str, url: str) -> House:
        whom = url.removeprefix("http://").partition(".")[0]
        whom = self.shown.get((who, whom), whom)
        if frozenset({who, whom}) in self.cut or whom not in self.houses:
            raise PeerUnavailable(what_is=url, why="the link is cut")
        return self.houses[whom]

    def close(self) -> None:
        for house in self.houses.values():
            house.close()


def role_of(name: str) -> Role:
    return "government" if name == "jp" else "institute"


class HouseClient:
    """As much of a PeerClient as nodes use, asking another house of the town."""

    def __init__(self, town: Town, who: str, url: str, _limits: object = None) -> None:
        self._town = town
        self._who = who
        self.url = url

    def fetch(self, path: str, max_bytes: int, _content_type: str | None = None, **_headers: object) -> bytes:
        answer = self._ask("GET", path, b"")
        if len(answer.body) > max_bytes:
            raise PeerMisbehaved(url=path, why="too long")
        return answer.body

    @contextmanager
    def stream(self, path: str, max_bytes: int, **_headers: object) -> Iterator[Iterator[bytes]]:
        yield iter([self.fetch(path, max_bytes)])

    def post_any(self, path: str, body: bytes, _content_type: str, _max_bytes: int) -> Answer:
        answer = self._send("POST", path, body)
        if answer.status >= 500 or answer.status == 429:
            raise PeerUnavailable(what_is=path, why=f"HTTP status {answer.status}")
        return Answer(
            answer.status, answer.headers.get("content-type", "").partition(";")[0], "", answer.body
        )

    def close(self) -> None:
        pass

    def _send(self, method: str, path: str, body: bytes) -> HouseAnswer:
        prefix = self.url.removeprefix("http://").partition("/")[2]
        target = f"/{prefix}/{path.lstrip('/')}" if prefix else f"/{path.lstrip('/')}"
        return self._town.reach(self._who, self.url).ask(method, target, body)

    def _ask(self, method: str, path: str, body: bytes) -> HouseAnswer:
        answer = self._send(method, path, body)
        if answer.status == 404:
            raise PeerLacks(what_is="answer", name=path)
        if answer.status >= 500:
            raise PeerUnavailable(what_is=path, why=f"HTTP status {answer.status}")
        if answer.status >= 400:
            raise PeerRefused(url=path, status=answer.status, why="-")
        return answer
