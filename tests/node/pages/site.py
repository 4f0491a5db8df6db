"""The pages as a browser meets them: requests in, bytes out, with no socket between."""

import asyncio
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from tests.node.pages.town import NOW, Town

from haechi.node.pages import error_response, make_routes


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:  # noqa: ANN401  # tests look into it by hand
        return msgspec.json.decode(self.body)


@dataclass
class Site:
    """One node's pages. `get` asks; `pages` lists an address of every page there is."""

    town: Town
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        routes = make_routes(self.town.book.open, lambda: NOW)

        def not_found(request: Request, _error: Exception) -> Response:
            return error_response(request, 404)

        self.app = Starlette(routes=routes, exception_handlers={404: not_found})

    def get(self, address: str, **headers: str) -> Reply:
        """The answer to GET; headers are named with _ for -."""
        return asyncio.run(self._get(address, headers))

    async def _get(self, address: str, headers: dict[str, str]) -> Reply:
        parts = urlsplit(address)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("node.example", 80),
        }
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:]))

    def pages(self) -> list[str]:
        """Addresses below the language, without the closing `.json`; "" is the first page."""
        statements = [f"statement/{statement.digest_hex}" for statement in self.town.named.values()]
        answers = [
            "pledges", "pledges/ins.seoul.min", "pledges/ins.network", "countries", "country/KR",
            "country/EU", "pair/reg.EU/reg.KR", "pair/reg.KR/reg.EU", "record/EU.50.2",
            "record/KR.31.2", "record/sbp.1.2",
        ]  # fmt: skip
        return ["", "log", "peers", "issuer/naver.example", "issuer/aisi.kr.example", *answers, *statements]


def twin_of(path: str) -> str:
    """The address of a page's twin, below the language."""
    return (path or "index") + ".json"


@contextmanager
def served(site: Site, change: Callable[[str, bytes], bytes] = lambda _path, body: body) -> Iterator[str]:
    """A server of the pages on a free port; change: what it makes of an answer on its way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = site.get(self.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(change(self.path, reply.body))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
