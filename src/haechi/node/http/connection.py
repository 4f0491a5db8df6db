"""One connection: its requests as they are read, one after another, and what a client may cost us.

    ValueError
    └── _Refused   what this connection sends is not answered: too long, too many at once, another HTTP

A client gets ten seconds for a head of at most 32 KiB and 100 lines, counted from the connection's first
moment or since its last answer was on its way; so an idle connection ends after ten seconds too. One that
reads nothing of its answer for a minute is cut, and meanwhile nothing more of it is read. What is neither
head nor body (chunk extensions, trailers) has the limit of a head. How long bodies may take and how large
they may be is the application's to say, which asks for each piece; here at most 64 KiB and one read more
are held.
"""

import asyncio
import fcntl
import struct
import termios
from collections import deque
from contextlib import suppress
from typing import cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from starlette.types import ASGIApp, Scope

from haechi.node.clients import network_of
from haechi.node.http.exchange import EXCHANGE, Exchange, field_lines
from haechi.node.http.places import Places

HEADER_SECONDS = 10.0
STALLED_SECONDS = 60.0
MAX_HEADER_BYTES = 32 * 1024
MOST_CONNECTIONS = 1024
_MOST_HEADERS = 100
_HELD_BYTES = 64 * 1024
_MOST_WAITING = 16
_LEFTOVER_BYTES = 1 << 20
_LOOK_SECONDS = 1.0
_TOGETHER = 16

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_TOO_LONG = b"431 Request Header Fields Too Large"
_BAD = b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _Refused(ValueError):
    """Nothing more is read from this connection; the status says why."""


class Site:
    """What all connections share: the application, who is here, and whether no more is to come."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.connections: Places[Connection] = Places()
        self.running: set[Exchange] = set()
        self.stopping = False
        self.empty = asyncio.Event()
        self._looking = False
        self._outbox: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, connection: "Connection") -> bool:
        """One more, if there is a place for it; while any is here, all are looked at every second."""
        if self.stopping or not self.connections.take(connection, MOST_CONNECTIONS):
            return False
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
        return True

    def post(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send this soon, with what others are sent: a client of many connections wakes once for them."""
        outbox = self._outbox
        outbox.append((transport, data))
        if len(outbox) == 1:
            asyncio.get_running_loop().call_soon(self.flush)
        elif len(outbox) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        outbox, self._outbox = self._outbox, []
        for transport, data in outbox:
            transport.write(data)

    def left(self) -> None:
        """A connection, or an exchange, has ended."""
        if self.stopping and not self.connections and not self.running:
            self.empty.set()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in self.connections:
            connection.cut_if_late(loop.time())
        self._looking = bool(self.connections)
        if self._looking:
            loop.call_later(_LOOK_SECONDS, self._look)


class Connection(asyncio.Protocol):
    """Always true: at most one exchange is with the application, those after it wait in their order; while no
    request is with it, or one is half read, its head has a deadline. Once refused, nothing is read any more.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)
        self._parser: HttpRequestParser | None = None
        self._exchanges: deque[Exchange] = deque()
        self._coming: Exchange | None = None  # whose body is being read
        self._waiting_since_s: float | None = None
        self._answered_at_s = 0.0  # or when it came
        self.network = ""
        self._refused: bytes | None = None
        self._deaf = False
        self._leftover = 0
        self._last = False
        self._reading_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._unread_bytes = 0
        self._unread_since_s = 0.0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._in_head = True
        self._head_bytes = 0
        self._fed_bytes = 0  # since a head or a piece of a body began, but for the read in which it did
        self._again = b""  # a head, to be read once more without what it offers

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._server = _address(transport.get_extra_info("sockname"))
        self._client = _address(transport.get_extra_info("peername"))
        self.network = network_of(self._client[0]) if self._client else ""
        if not self._site.add(self):
            self._deaf = True
            self._transport.write(_TOO_MANY)
            self._transport.close()
            return
        self._parser = HttpRequestParser(self)
        self._waiting_since_s = self._answered_at_s = self._loop.time()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's name
        """Part of asyncio's protocol."""
        self._site.connections.leave(self)
        self._site.left()
        self._parser = None
        self.resume_writing()
        for exchange in self._exchanges:
            exchange.lose()
        self._exchanges.clear()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol: read what has come."""
        if self._deaf or self._parser is None:
            self._leftover += len(data)
            if self._leftover > _LEFTOVER_BYTES:
                self._transport.abort()
            return
        self._fed_bytes += len(data)
        try:
            self._parser.feed_data(data)
            self._require_short(self._fed_bytes)
        except (HttpParserError, _Refused):
            self._refuse(self._refused or b"400 Bad Request")
            return
        except HttpParserUpgrade as upgrade:
            self._parser = HttpRequestParser(self)
            self.data_received(self._again + data[cast("int", upgrade.args[0]) :])
            return
        self._balance()

    def eof_received(self) -> bool:
        """Part of asyncio's protocol: whoever has sent all may still be answered."""
        self._site.flush()
        if self._exchanges and self._coming is None:
            self._last = True
            return True
        return False

    def pause_writing(self) -> None:
        """Part of asyncio's protocol: the client reads more slowly than it is answered."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Part of asyncio's protocol."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
        self._balance()

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url, self._headers = b"", []
        self._in_head, self._head_bytes, self._fed_bytes = True, 0, 0
        if self._waiting_since_s is None:
            self._waiting_since_s = self._loop.time()

    def on_url(self, url: bytes) -> None:
        """A piece of what is asked for."""
        self._url += url
        self._head_bytes += len(url)
        self._require_short(self._head_bytes)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line; after the body it may be a trailer, which nobody here reads."""
        self._head_bytes += len(name) + len(value) + 4
        self._require_short(self._head_bytes)
        if self._in_head:
            self._headers.append((name.lower(), value.rstrip(b" \t")))
            if len(self._headers) > _MOST_HEADERS:
                raise self._refusal(_TOO_LONG)

    def on_headers_complete(self) -> None:
        """The head is whole: the application may begin."""
        parser = cast("HttpRequestParser", self._parser)
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise self._refusal(b"505 HTTP Version Not Supported")
        if len(self._exchanges) >= _MOST_WAITING:
            raise _Refused
        if parser.should_upgrade():
            self._again = self._without_upgrade(parser.get_method(), version)
            return
        self._waiting_since_s = None
        self._in_head, self._fed_bytes = False, 0
        old = version == "1.0"
        expects = not old and any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self._headers
        )
        closes = old or not parser.should_keep_alive()
        scope = self._scope(version, parser.get_method().decode())
        exchange = self._coming = Exchange(self, scope, closes=closes, expects=expects)
        scope["extensions"] = {EXCHANGE: exchange}
        self._exchanges.append(exchange)
        if len(self._exchanges) == 1:
            self._start(exchange)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._fed_bytes = 0
        if self._coming is not None:
            self._coming.take(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._coming is not None:
            self._coming.end()
            self._coming = None

    def _without_upgrade(self, method: bytes, version: str) -> bytes:
        """The head once more, without the offer of a protocol that we do not speak (RFC 9110 section 7.8).

        The parser stops at such a head, and would not find the body; CONNECT asks for no answer of ours.
        """
        if method == b"CONNECT":
            raise _Refused
        lines = field_lines(header for header in self._headers if header[0] != b"upgrade")
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self._url, version.encode(), lines)

    def _scope(self, version: str, method: str) -> Scope:
        path, _, query = self._url.partition(b"?")
        if not path.startswith(b"/"):
            parsed = parse_url(self._url)  # a proxy may name the whole address
            path, query = parsed.path or b"/", parsed.query or b""
        text = path.decode("ascii", "replace")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": method,
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self._client,
            "server": self._server,
        }

    def _require_short(self, size: int) -> None:
        if size > MAX_HEADER_BYTES:
            raise self._refusal(_TOO_LONG)

    def _refusal(self, status: bytes) -> _Refused:
        self._refused = status
        return _Refused()

    # What the exchange asks

    def write(self, data: bytes) -> None:
        """See Link."""
        self._site.flush()
        self._transport.write(data)

    def post(self, data: bytes) -> None:
        """See Link."""
        self._site.post(self._transport, data)

    def writable(self) -> "asyncio.Future[None] | None":
        """See Link."""
        return self._drained

    def wanted(self) -> None:
        """See Link."""
        self._balance()

    def abort(self) -> None:
        """See Link."""
        self._transport.abort()

    @property
    def keeps_waiting_since_s(self) -> float | None:
        """See Guest: it owes us a head, or the rest of the one request that it has begun."""
        owes = not self._exchanges or self._exchanges[0] is self._coming
        return self._answered_at_s if owes else None

    @property
    def ending(self) -> bool:
        """See Link."""
        last = self._last and len(self._exchanges) <= 1 and self._refused is None
        return last or self._site.stopping

    def answered(self, exchange: Exchange) -> None:
        """See Link."""
        if self._exchanges and self._exchanges[0] is exchange:
            self._exchanges.popleft()
        self._answered_at_s = self._loop.time()
        if self._transport.is_closing():
            return
        if exchange.closes or self.ending:
            self._close(gently=not exchange.whole)
        elif self._exchanges:
            self._start(self._exchanges[0])
        elif self._refused is not None:
            self._refuse(self._refused)
        elif self._waiting_since_s is None:
            self._waiting_since_s = self._loop.time()
        self._balance()

    def cut_if_late(self, now_s: float) -> None:
        """End it if a head, the end of what we did not want, or a reader of the answer came too late."""
        unread_bytes = _unread_bytes(self._transport)
        if unread_bytes != self._unread_bytes:
            self._unread_bytes, self._unread_since_s = unread_bytes, now_s
        if self._waiting_since_s is not None and (unread_bytes or self._reading_paused):
            self._waiting_since_s = now_s  # nothing is asked of the client yet but to read
        late = self._waiting_since_s is not None and now_s - self._waiting_since_s > HEADER_SECONDS
        if late or (unread_bytes and now_s - self._unread_since_s > STALLED_SECONDS):
            self._transport.abort()

    def shut(self) -> None:
        """End as soon as what was begun is answered."""
        self._site.flush()
        if not self._exchanges:
            self._transport.close()

    # How it goes on

    def _start(self, exchange: Exchange) -> None:
        self._site.running.add(exchange)
        exchange.task = self._loop.create_task(self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        try:
            await exchange.run(self._site.app)
        finally:
            self._site.running.discard(exchange)
            self._site.left()

    def _refuse(self, status: bytes) -> None:
        """Read no more. What came before is answered first, and this with a status of ours."""
        self._refused = status
        if self._coming is not None:
            coming, self._coming = self._coming, None
            if coming.answered:
                return
            if coming.begun:
                self._transport.abort()
                return
            self._exchanges.remove(coming)
            coming.answered = True
            coming.lose()
        self._deaf = True
        if not self._exchanges and not self._transport.is_closing():
            self.write(_BAD % status)
            self._close(gently=True)

    def _close(self, *, gently: bool) -> None:
        """gently: more may be on its way here, and a reset would take our answer from the client's hands."""
        self._site.flush()
        for exchange in self._exchanges:
            exchange.lose()
        self._exchanges.clear()
        if self._last or not gently:
            self._transport.close()
            return
        self._deaf = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._waiting_since_s = self._loop.time()

    def _balance(self) -> None:
        """Read on, unless more is here than is asked for."""
        pause = not self._deaf and (
            len(self._exchanges) > 1
            or (self._coming is not None and self._coming.held_bytes > _HELD_BYTES)
            or (self._drained is not None and not self._exchanges)
        )
        if pause is not self._reading_paused and not self._transport.is_closing():
            self._reading_paused = pause
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()


def _address(name: tuple[str, int] | None) -> tuple[str, int] | None:
    """Host and port of a TCP socket, of either family; None when it was closed meanwhile.

    Where one socket listens for both, an IPv4 address comes as `::ffff:192.0.2.1`; here it is itself again.
    """
    if name is None:
        return None
    host = name[0]
    return (host.removeprefix("::ffff:") if "." in host else host, name[1])


def _unread_bytes(transport: asyncio.Transport) -> int:
    """What the client has not taken yet, in the system's buffer too; 0 when all is handed to the system."""
    waiting = transport.get_write_buffer_size()
    if not waiting:
        return 0
    with suppress(OSError):  # not every system says so
        queued = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        waiting += struct.unpack("i", queued)[0]
    return waiting
