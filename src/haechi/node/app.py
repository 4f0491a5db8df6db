"""The ASGI application: API, pages, and what surrounds them (limits, headers, metrics, logs)."""

import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haechi.errors import HaechiError
from haechi.node.api import Api
from haechi.node.door import Door
from haechi.node.http.exchange import EXCHANGE, Exchange, field_lines
from haechi.node.limits import TooMany
from haechi.node.logs import log_event
from haechi.node.marks import Marks
from haechi.node.pages import SECURITY_HEADERS, error_response, make_routes
from haechi.node.pages.source import Source
from haechi.node.runner import Runner
from haechi.node.shared_api import SharedApi
from haechi.node.unrouted import of_exception, unrouted
from haechi.node.view import View
from haechi.node.wire import problem, status_of, with_retry

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT"})
_UNLIMITED = ("/healthz", "/metrics")
_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_NAMES = frozenset(name for name, _value in _HEADERS)
_FIELDS = field_lines(_HEADERS)
_FOR_PROGRAMS = (
    "/entries",
    "/.well-known",
    "/statements",
    "/proofs",
    "/bundles",
    "/blobs",
    "/shared",
    "/log/",
    "/mirrors",
    "/witness/",
    "/checkpoints",
    "/equivocations",
    "/marks",
    "/timestamp",
    "/node.json",
    "/policy",
    "/trust/",
    "/healthz",
    "/metrics",
    "/openapi.json",
)


def make_app(runner: Runner) -> ASGIApp:
    """The application of one running node."""

    @contextmanager
    def open_source() -> Generator[Source]:
        runner.catch_up()
        view = View(runner)
        try:
            yield view
        finally:
            view.close()

    pages = make_routes(open_source, lambda: int(runner.node.clock()))
    routes = [*Api(runner).routes(), *SharedApi(runner).routes(), *Marks(runner).routes(), *pages]
    inner = Starlette(
        routes=routes,
        exception_handlers={HaechiError: _told, HTTPException: _http, Exception: _unexpected},
    )
    inner.router.redirect_slashes = False  # it would send people to whatever host a client or proxy names
    return Surround(inner, runner)


class Surround:
    """Around every request: rate limit, security headers, one metric and one log line without content."""

    def __init__(self, app: ASGIApp, runner: Runner) -> None:
        self._app = app
        self._runner = runner
        self._door = Door(runner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()
        watched = _Watched(send, scope.get("extensions", {}).get(EXCHANGE))
        path, method = scope["path"], scope["method"]
        try:
            if path == "/entries" and method == "POST":
                await self._door(scope, receive, watched)
                return
            if method in ("GET", "HEAD") and path not in _UNLIMITED:
                self._runner.take_read(scope)
            await self._app(scope, receive, watched.send)
        except TooMany as error:
            await _answer_error(Request(scope), error)(scope, receive, watched.send)
        except Exception as error:  # noqa: BLE001  # the outermost shell: nobody above could answer
            if not watched.started:  # else the framework has answered, and told of it, already
                response = await _unexpected(Request(scope), error)
                await response(scope, receive, watched.send)
        finally:
            self._note(scope, watched.status, time.perf_counter() - began_s)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's template, never the path: paths hold names that clients choose.
        route = getattr(scope.get("route"), "path", None)
        if route is None:
            route = "/entries" if scope["path"] == "/entries" else "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._runner.requests.note(route, method, status, seconds)
        if status >= 500:
            log_event("request.failed", route=route, method=method, status=status)


class _Watched:
    """The sending side of one answer: adds the security headers, remembers the status."""

    __slots__ = ("_exchange", "_send", "started", "status")

    def __init__(self, send: Send, exchange: Exchange | None) -> None:
        self._send = send
        self._exchange = exchange
        self.started = False
        self.status = 500

    def at_hand(self) -> bytes | None:
        """The whole body of the request, if it is here already."""
        return None if self._exchange is None else self._exchange.at_hand()

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = message["headers"]
            given = {name for name, _value in headers}
            # Nearly no answer brings headers of ours along, and then they go on as they are.
            ours = _HEADERS if _NAMES.isdisjoint(given) else [own for own in _HEADERS if own[0] not in given]
            message["headers"] = [*headers, *ours]
        await self._send(message)

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer in one go; none of the headers is one of ours, nor the length."""
        self.started, self.status = True, status
        if self._exchange is not None:
            self._exchange.answer(status, field_lines(headers) + _FIELDS, body)
            return
        length = (b"content-length", b"%d" % len(body))
        all_headers = [*headers, length, *_HEADERS]
        await self._send({"type": "http.response.start", "status": status, "headers": all_headers})
        await self._send({"type": "http.response.body", "body": body})


def _answer_error(request: Request, error: HaechiError) -> Response:
    if request.url.path.startswith(_FOR_PROGRAMS):
        return problem(error)
    return with_retry(error_response(request, status_of(error), error), error)


async def _told(request: Request, error: Exception) -> Response:
    if not isinstance(error, HaechiError):
        raise error
    return _answer_error(request, error)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if request.url.path.startswith(_FOR_PROGRAMS):
        return of_exception(error)
    response = error_response(request, error.status_code, None)
    response.headers.update(error.headers or {})  # a 405 says what is allowed
    return response


async def _unexpected(request: Request, error: Exception) -> Response:
    # The type of the fault and the place in our own code; never its message, which may quote input.
    log_event("request.fault", fault=type(error).__name__, place=_place(error))
    if request.url.path.startswith(_FOR_PROGRAMS):
        return unrouted(500)
    return error_response(request, 500, None)


def _place(error: Exception) -> str:
    """Module and line of the innermost of our own frames."""
    named = [
        f"{frame.f_globals['__name__']}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).startswith("haechi.")
    ]
    return named[-1] if named else "?"
