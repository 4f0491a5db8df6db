"""A real node in a folder, asked in process: its event loop in a thread, its log on the disk, no sockets."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import pytest
from starlette.types import ASGIApp, Message
from tests.network.parties import COMPANY, NOW, document, ed25519_key, evidence, sign

from haechi.node.app import make_app
from haechi.node.config import Cluster, Config, Limits
from haechi.node.maintenance import grant
from haechi.node.open import create_node, open_node
from haechi.statement import cbor
from haechi.statement.envelope import Statement

ORIGIN = "kr.example/log"
OPERATOR = "aisi.kr.example"
KEY = ed25519_key(COMPANY)
KINDS = ("document", "withdraw", "confirm")
FREE = Limits(writes_per_s=1e9, write_burst=10**9, reads_per_s=1e9, read_burst=10**9)
PROBLEM = "application/concise-problem-details+cbor"
T = TypeVar("T")


class Answer(NamedTuple):
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> tuple[str, str]:
        """Title and detail of concise problem details (RFC 9290)."""
        assert self.headers["content-type"] == PROBLEM, self
        value = cast("dict[int, str]", cbor.decode(self.body, where="problem", max_bytes=4096))
        assert set(value) == {-1, -2}, value
        return value[-1], value[-2]


class Ask(NamedTuple):
    """One request. body: pieces as they arrive; a number is a pause in seconds, None a broken connection."""

    method: str
    path: str
    body: tuple[bytes | float | None, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    client: str = "192.0.2.1"


class House:
    """A node opened in `folder`, and its application. Close it when done."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.runner = open_node(folder, clock=clock)
        self.node = self.runner.node
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.app = self._do(_made(self))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request with a whole body."""
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return self.ask_all([Ask(method, path, (body,), named)])[0]

    def ask_all(self, asks: Iterable[Ask]) -> list[Answer]:
        """Requests at the same time; the answers in their order."""

        async def together() -> list[Answer]:
            return await asyncio.gather(*(exchange(self.app, each) for each in asks))

        return self._do(together())

    def register(self, statement: Statement) -> Answer:
        return self.ask("POST", "/entries", statement.raw, content_type="application/cose")

    @property
    def size(self) -> int:
        return self.node.store.head().size

    def close(self) -> None:
        self.runner.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


async def _made(house: House) -> ASGIApp:
    return make_app(house.runner)


async def exchange(app: ASGIApp, ask: Ask) -> Answer:
    """What the application answers to one request."""
    path, _, query = ask.path.partition("?")
    scope: dict[str, object] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in ask.headers],
        "client": (ask.client, 50000),
        "server": ("127.0.0.1", 8470),
        "state": {},
    }
    pieces = iter(ask.body)
    sent: list[Message] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif piece is None:
                return {"type": "http.disconnect"}
            else:
                return {"type": "http.request", "body": piece, "more_body": True}
        if not gone.is_set():
            gone.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(cast("Any", scope), receive, send)
    start, *rest = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert len(headers) == len(start["headers"]), "a header is sent twice"
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


def in_a_file_only(why: str) -> pytest.MarkDecorator:
    """For tests of what only a log in a file of the node's own folder does."""
    return pytest.mark.skipif(os.environ.get("HAECHI_TEST_LOG") == "postgresql", reason=why)


def log_for_tests() -> Cluster | None:
    """Where nodes of tests keep their logs; HAECHI_TEST_LOG=postgresql: each in a schema of its own."""
    if os.environ.get("HAECHI_TEST_LOG") != "postgresql":
        return None
    from tests.databases import fresh_database

    database = fresh_database()
    return Cluster(database=database.conninfo, schema=database.schema, lease_seconds=1.0)


def make_config(folder: Path, **fields: object) -> Config:
    """The settings of a node whose head store is beside its folder; limits so wide that none is met."""
    given: Mapping[str, Any] = {
        "origin": ORIGIN,
        "issuer": OPERATOR,
        "name_en": "Korea",
        "name_ko": "한국",
        "role": "institute",
        "country": "KR",
        "url": "http://127.0.0.1:8470",
        "head_folder": str(folder.parent / "heads"),
        "limits": FREE,
        "cluster": log_for_tests(),
        **fields,
    }
    return Config(**given)


def make_node(folder: Path, **fields: object) -> Path:
    """A node in a new folder that lets the company publish a few kinds."""
    create_node(folder, make_config(folder, **fields), None, NOW)
    grant(folder, COMPANY, KEY.public.thumbprint, KINDS, None)
    return folder


@contextmanager
def house_at(folder: Path, **fields: object) -> Iterator[House]:
    """An open node in `folder`, made first when there is none."""
    if not (folder / "haechi.toml").exists():
        make_node(folder, **fields)
    house = House(folder)
    try:
        yield house
    finally:
        house.close()


def numbered(number: int) -> Statement:
    """The company's document with this number; another number gives another statement."""
    return sign(KEY, COMPANY, document(evidence()), "document", f"app:demo:{number}")
