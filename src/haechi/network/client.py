"""Asking a peer over HTTP without trusting it: every answer is bounded in size and in time.

What a peer serves is proven by hashes and signatures elsewhere; plain HTTP is therefore taken too.
"""

import http.client
import re
import ssl
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

from haechi import __version__
from haechi.errors import BadInput
from haechi.network.answer import (
    Answer,
    PeerLacks,
    PeerMisbehaved,
    PeerRefused,
    PeerUnavailable,
    media_type,
    peer_errors,
    pieces_of,
    require_success,
)
from haechi.network.wire import Address, BodyMalformed, Connection, Deadline
from haechi.words import Text

__all__ = [
    "Answer",
    "Limits",
    "PeerClient",
    "PeerLacks",
    "PeerMisbehaved",
    "PeerRefused",
    "PeerUnavailable",
]

MAX_ANSWER_BYTES = 1 << 20
_MAX_REDIRECTS = 3
_MAX_IDLE = 8
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TARGET = re.compile(r"/[!-~]*")
Headers = Callable[[str], Mapping[str, str]]


class Limits(NamedTuple):
    """How long to wait and how often to ask. Streams get `size / min_bytes_per_s` seconds on top."""

    stall_s: float = 10.0
    total_s: float = 60.0
    attempts: int = 3
    backoff_s: float = 0.2
    min_bytes_per_s: int = 1 << 16


class _Ask(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | BinaryIO | None = None


class PeerClient:
    """HTTP to one base address. Threads may share it; close it when done.

    Always true: no answer is held beyond its bound; no wait goes beyond the deadline (name resolution
    excepted, which the system bounds); no request goes to another host than the one given; what was asked
    is asked again only when asking twice changes nothing (GET).
    """

    def __init__(
        self,
        base_url: str,
        limits: Limits | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """A client of the node at `base_url` (https:// or http://, may end in a path); raises BadInput.

        tls: the trust to check certificates with, the system's when not given.
        """
        self.url = base_url.rstrip("/")
        self._address = _address(self.url, tls)
        self._limits = limits or Limits()
        self._clock = clock
        self._sleep = sleep
        self._idle: list[Connection] = []
        self._lock = Lock()

    def fetch(
        self, path: str, max_bytes: int, content_type: str | None = None, *, headers: Headers | None = None
    ) -> bytes:
        """The body at `path` below the base address, asked for again while the peer is unavailable.

        content_type: the one media type taken; headers: makes those that go with one request for a target.
        Raises PeerUnavailable, PeerMisbehaved, PeerLacks or PeerRefused.
        """
        deadline = self._deadline(0)
        attempt = 1
        while True:
            try:
                with self._get(path, deadline, content_type, headers) as (url, response):
                    return b"".join(pieces_of(url, response, max_bytes))
            except PeerUnavailable as error:
                # A peer that says when to come back is busy, not gone: only the deadline ends the asking.
                told_s = error.facts.get("retry_s")
                pause_s = max(
                    self._limits.backoff_s * 2 ** (attempt - 1), told_s if isinstance(told_s, int) else 0
                )
                attempt += told_s is None
                if attempt > self._limits.attempts or not deadline.allows(pause_s):
                    raise
            self._sleep(pause_s)

    @contextmanager
    def stream(
        self, path: str, max_bytes: int, *, headers: Headers | None = None
    ) -> Generator[Iterator[bytes]]:
        """The body at `path` in pieces of at most 64 KiB, for what is too large to hold. Asked once.

        Raises as `fetch`, on entering and from the iterator.
        """
        with self._get(path, self._deadline(max_bytes), None, headers) as (url, response):
            yield pieces_of(url, response, max_bytes)

    def post(self, path: str, body: bytes, content_type: str, max_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        """The answer to a POST; raises as `fetch`. Sent once: ask whether a lost one arrived."""
        ask = _Ask("POST", self._url_of(path), {"Content-Type": content_type}, body)
        return self._send(ask, self._deadline(len(body)), max_bytes)

    def post_any(self, path: str, body: bytes, content_type: str, max_bytes: int) -> Answer:
        """The answer to a POST whatever its status, where a refusal's body says something; raises as `post`.

        Only 429 and 5xx are errors still: nothing was decided then.
        """
        ask = _Ask("POST", self._url_of(path), {"Content-Type": content_type}, body)
        with self._exchange(ask, self._deadline(len(body))) as response:
            if not 400 <= response.status < 500 or response.status == http.client.TOO_MANY_REQUESTS:
                require_success(ask.url, response)
            return Answer(
                response.status, media_type(response), "", b"".join(pieces_of(ask.url, response, max_bytes))
            )

    def put_file(self, path: str, file: Path, content_type: str = "application/octet-stream") -> Answer:
        """The answer to a PUT of a file of any size, sent from the disk; raises as `post`, and OSError."""
        size = file.stat().st_size
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        with file.open("rb") as stream:
            ask = _Ask("PUT", self._url_of(path), headers, stream)
            return self._send(ask, self._deadline(size), MAX_ANSWER_BYTES)

    def close(self) -> None:
        """Close the idle connections. The client may be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _deadline(self, size: int) -> Deadline:
        limits = self._limits
        return Deadline(self._clock, limits.stall_s, limits.total_s + size / limits.min_bytes_per_s)

    def _url_of(self, path: str) -> str:
        url = f"{self.url}/{path.lstrip('/')}"
        if not _TARGET.fullmatch(_target(url)):
            raise BadInput(why=f"not a path: {path[:200]!r}")
        return url

    def _send(self, ask: _Ask, deadline: Deadline, max_bytes: int) -> Answer:
        with self._exchange(ask, deadline) as response:
            if response.status != http.client.SEE_OTHER:
                require_success(ask.url, response)
            body = b"".join(pieces_of(ask.url, response, max_bytes))
            location = response.getheader("Location", "")
            return Answer(response.status, media_type(response), location, body)

    @contextmanager
    def _get(
        self, path: str, deadline: Deadline, content_type: str | None, headers: Headers | None = None
    ) -> Generator[tuple[str, http.client.HTTPResponse]]:
        url = self._url_of(path)
        for _ in range(_MAX_REDIRECTS + 1):
            made: Mapping[str, str] = {} if headers is None else headers(_target(url))
            ask = _Ask("GET", url, {"Accept": content_type or "*/*", **made})
            with self._exchange(ask, deadline) as response:
                if response.status not in _REDIRECTS:
                    require_success(url, response)
                    got = media_type(response)
                    if content_type is not None and got != content_type:
                        raise PeerMisbehaved(url=url, why=f"expected {content_type}, got {got!r}")
                    yield url, response
                    return
                url = self._redirected(url, response.getheader("Location", ""))
        raise PeerMisbehaved(url=url, why=f"more than {_MAX_REDIRECTS} redirects")

    def _redirected(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            away = urlsplit(target)[:2] != urlsplit(url)[:2]
        except ValueError:
            away, target = True, ""
        if away or not _TARGET.fullmatch(_target(target)):
            raise PeerMisbehaved(url=url, why=f"it sends us elsewhere: {location[:200]!r}")
        return target

    @contextmanager
    def _exchange(self, ask: _Ask, deadline: Deadline) -> Generator[http.client.HTTPResponse]:
        """One request and its response; the connection is kept when the body was read to its end."""
        connection = self._take(deadline)
        used_before = connection.sock is not None
        kept = False
        try:
            with peer_errors(ask.url):
                try:
                    response = _request(connection, ask)
                except ConnectionError:
                    # The peer closed an idle connection as we wrote to it (RFC 9112 section 9.3.1).
                    if not used_before or ask.method != "GET":
                        raise
                    connection.close()
                    connection = Connection(self._address, deadline)
                    response = _request(connection, ask)
            # http.client forgets a response after which the peer closes, so closing it is up to us.
            with response:
                yield response
                read = response.isclosed()
            if read and not response.will_close:
                kept = self._keep(connection)
        finally:
            if not kept:
                connection.close()

    def _take(self, deadline: Deadline) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else Connection(self._address, deadline)
            connection.deadline = deadline
            # A server may close an idle connection; a write into it could not be told from a lost one.
            if connection.sock is None or not connection.dropped():
                return connection
            connection.close()

    def _keep(self, connection: Connection) -> bool:
        with self._lock:
            if len(self._idle) >= _MAX_IDLE:
                return False
            self._idle.append(connection)
            return True


def _request(connection: Connection, ask: _Ask) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"haechi/{__version__}", "Accept": "*/*", **ask.headers}
    # A peer that refuses a large upload answers and closes while we still write: its answer says why.
    early = () if ask.body is None else (BrokenPipeError, ConnectionResetError)
    with suppress(*early):
        connection.request(ask.method, _target(ask.url), body=ask.body, headers=headers)
    response = connection.getresponse()
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        response.close()
        raise BodyMalformed("it is compressed, which was not asked for")
    return response


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _address(url: str, tls: ssl.SSLContext | None) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        why = Text(f"not an address: {url[:200]!r}", f"주소가 아님: {url[:200]!r}")
        raise BadInput(why=why) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        why = Text(
            f"an address begins with https:// or http:// and names a host: {url[:200]!r}",
            f"주소는 https:// 나 http:// 로 시작하고 호스트가 있어야 함: {url[:200]!r}",
        )
        raise BadInput(why=why)
    if "@" in parts.netloc or parts.query or parts.fragment:
        why = Text(
            f"an address has no user, query or fragment: {url[:200]!r}",
            f"주소에는 사용자 이름, 질의, 조각이 없어야 함: {url[:200]!r}",
        )
        raise BadInput(why=why)
    if parts.scheme == "http":
        return Address(parts.hostname, port or http.client.HTTP_PORT, None)
    return Address(parts.hostname, port or http.client.HTTPS_PORT, tls or ssl.create_default_context())
