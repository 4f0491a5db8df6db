"""One request and its answer, between a connection and the application (ASGI 3).

The head of an answer goes out with the first of its body, so most answers are one write.
"""

import asyncio
import time
from collections.abc import Iterable
from email.utils import formatdate
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

from haechi.node.logs import log_event

EXCHANGE = "haechi.exchange"
"""Among the extensions of the scope: the `Exchange` itself, for who can do without ASGI's messages."""

Headers = Iterable[tuple[bytes, bytes]]

_BODYLESS = frozenset({204, 304})
_CLOSE = b"connection: close\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"
_DISCONNECT: Message = {"type": "http.disconnect"}


def field_lines(headers: Headers) -> bytes:
    """Names and values as the lines of a head, each ended."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class Link(Protocol):
    """The connection, as an exchange sees it."""

    def write(self, data: bytes) -> None:
        """Send these bytes."""

    def post(self, data: bytes) -> None:
        """Send these bytes soon, with what others are sent."""

    def writable(self) -> "asyncio.Future[None] | None":
        """What to wait for before more is sent; None: nothing."""
        ...

    def wanted(self) -> None:
        """The application asks for more of the body."""

    def answered(self, exchange: "Exchange") -> None:
        """The answer is whole."""

    def abort(self) -> None:
        """Cut the connection: what was begun cannot be ended as it was announced."""

    @property
    def ending(self) -> bool:
        """Whether no further request is answered on this connection."""
        ...


class _Framing(Enum):
    """How the end of a body is told."""

    NO_BODY = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


class Exchange:
    """A request as far as it has come, and the answer as far as it has gone.

    Always true: bytes are told to the application once, in order; an answer is as long as its head says, or
    the connection is cut; after `answered` nothing is written. closes: the connection ends with this answer.
    """

    __slots__ = (
        "_body",
        "_expects",
        "_framing",
        "_gone",
        "_head",
        "_left",
        "_link",
        "_told_whole",
        "_waiter",
        "answered",
        "closes",
        "scope",
        "task",
        "whole",
    )

    def __init__(self, link: Link, scope: Scope, *, closes: bool, expects: bool) -> None:
        """expects: whether the client waits to be told that its body is wanted (RFC 9110 section 10.1.1)."""
        self._link = link
        self.scope = scope
        self.closes = closes
        self._expects = expects
        self._body = bytearray()
        self.whole = False
        self._told_whole = False
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None
        self._head: bytes | None = None
        self._framing = _Framing.NO_BODY
        self._left = 0
        self.answered = False
        self.task: asyncio.Task[None] | None = None

    # What the connection says

    @property
    def held_bytes(self) -> int:
        """Bytes of the body that the application has not asked for yet."""
        return len(self._body)

    @property
    def begun(self) -> bool:
        """Whether something of the answer was sent."""
        return self._head == b""

    def take(self, piece: bytes) -> None:
        """A piece of the body has come."""
        if not self.answered:
            self._body += piece
            self._wake()

    def end(self) -> None:
        """The body is whole."""
        self.whole = True
        self._wake()

    def lose(self) -> None:
        """The client has gone."""
        self._gone = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the application does

    async def run(self, app: ASGIApp) -> None:
        """Have it answered; what the application leaves unanswered ends the connection."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001  # the outermost shell: nobody above could answer
            log_event("request.fault", fault=type(error).__name__)
        finally:
            if not self.answered:
                self._link.abort()

    def at_hand(self) -> bytes | None:
        """The body, if all of it is here and none was told yet; it counts as told then."""
        if not self.whole or self._told_whole or self._gone:
            return None
        return self._tell()

    async def receive(self) -> Message:
        """ASGI's: the next piece of the body; once it is whole, the end of the connection."""
        if self._expects and not (self._gone or self.answered):
            self._expects = False
            if not self.whole and self._head is None:
                self._link.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self._gone or self.answered or self._body or (self.whole and not self._told_whole)):
            self._link.wanted()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._gone or self.answered:
            return _DISCONNECT
        return {"type": "http.request", "body": self._tell(), "more_body": not self.whole}

    def _tell(self) -> bytes:
        body = bytes(self._body)
        self._body.clear()
        self._told_whole = self.whole
        return body

    async def send(self, message: Message) -> None:
        """ASGI's: the head of the answer, then its body in pieces; nothing to a client that has gone."""
        waiting = self._link.writable()
        if waiting is not None and not self._gone:
            await waiting
        if self._gone or self.answered:
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
        else:
            self._go_on(message.get("body", b""), more=message.get("more_body", False))

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """A whole answer at once. fields: further header lines, ended each; for bodies of some length."""
        if self._gone or self.answered:
            return
        self.closes = self.closes or not self.whole or self._link.ending
        close = _CLOSE if self.closes else b""
        length = b"content-length: %d\r\n" % len(body)
        whole = b"".join((_status_line(status), _date_line(), fields, length, close, b"\r\n", body))
        if self.closes:
            self._link.write(whole)
        else:
            self._link.post(whole)
        self._end()

    def _begin(self, status: int, headers: Headers) -> None:
        own = list(headers)
        length: int | None = None
        for name, value in own:
            if name.lower() == b"content-length":
                length = int(value)
        fields = field_lines(own)
        if fields.count(b"\n") != len(own) or fields.count(b"\r") != len(own):
            raise ValueError("a header with a line break")  # an answer of somebody else's making
        self._left = length or 0
        self._framing = self._framing_of(status, length)
        if self._framing is _Framing.CHUNKED:
            fields += _CHUNKED
        self.closes = self.closes or not self.whole or self._link.ending or self._framing is _Framing.CLOSE
        close = _CLOSE if self.closes else b""
        self._head = b"".join((_status_line(status), _date_line(), fields, close, b"\r\n"))

    def _framing_of(self, status: int, length: int | None) -> _Framing:
        if self.scope["method"] == "HEAD" or status in _BODYLESS:
            return _Framing.NO_BODY
        if length is not None:
            return _Framing.LENGTH
        return _Framing.CHUNKED if self.scope["http_version"] == "1.1" else _Framing.CLOSE

    def _go_on(self, body: bytes, *, more: bool) -> None:
        if self._head is None:
            raise RuntimeError("a body before its head")
        if self._framing is _Framing.NO_BODY:
            body = b""
        elif self._framing is _Framing.CHUNKED:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        elif self._framing is _Framing.LENGTH:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                self._link.abort()
                return
        if self._head or body:
            self._link.write(self._head + body)
        self._head = b""
        if not more:
            self._end()

    def _end(self) -> None:
        self.answered = True
        self._body.clear()
        self._wake()
        self._link.answered(self)


@lru_cache(maxsize=128)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


def _date_line() -> bytes:
    return _date_line_at(int(time.time()))


@lru_cache(maxsize=2)
def _date_line_at(now_s: int) -> bytes:
    """RFC 9110 section 6.6.1."""
    return b"date: " + formatdate(now_s, usegmt=True).encode() + b"\r\n"
