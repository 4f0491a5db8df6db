"""HTTP/1.1 connections that end on time and bodies that end in bounds, on the standard library's client.

`http.client` waits as long as each single packet keeps coming, and trusts the lengths of chunks. Peers are
not trusted that far: here every wait counts against one deadline, and bodies are read by our own rules.
"""

import http.client
import io
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 1 << 16
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MAX_LINE = 8192
_MAX_TRAILERS = 100


class BodyMalformed(Exception):
    """A body that breaks the rules of its transfer encoding; the client turns it into an error of its own."""


class BodyCut(Exception):
    """A body that ended before its end."""


class BodyTooLong(Exception):
    """A body that passed the bound set for it."""


class Address(NamedTuple):
    """Where a server is. tls: None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class Deadline:
    """How long one may still wait: `stall_s` for the next byte, `total_s` for everything."""

    def __init__(self, clock: Callable[[], float], stall_s: float, total_s: float) -> None:
        self._clock = clock
        self._stall_s = stall_s
        self._end = clock() + total_s

    def left(self) -> float:
        """Seconds that the next wait may take; raises TimeoutError when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        return min(left, self._stall_s)

    def allows(self, pause_s: float) -> bool:
        """Whether there is time left after a pause."""
        return self._clock() + pause_s < self._end


class Connection(http.client.HTTPConnection):
    """A kept-alive connection whose every wait counts against `deadline`, which each request sets anew."""

    def __init__(self, address: Address, deadline: Deadline) -> None:
        super().__init__(address.host, address.port, blocksize=PIECE_BYTES)
        self.deadline = deadline
        self._tls = address.tls
        if address.tls is not None:
            self.default_port = http.client.HTTPS_PORT  # what the Host header may leave out
        self._plain: socket.socket | None = None

    def connect(self) -> None:
        """Open the connection, with TLS where the address asks for it. Raises OSError."""
        plain = socket.create_connection((self.host, self.port), self.deadline.left())
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            plain.settimeout(self.deadline.left())
            try:
                plain = self._tls.wrap_socket(plain, server_hostname=self.host)
            except OSError:
                plain.close()
                raise
        self._plain = plain
        # http.client needs `sendall`, `makefile` and `close` of a socket, and nothing else.
        self.sock = cast("socket.socket", _TimedSocket(plain, self))

    def dropped(self) -> bool:
        """Whether an idle connection is of no more use: closed, or with bytes nobody asked for."""
        if self.sock is None or self._plain is None:
            return True
        waiting = select.poll()
        waiting.register(self._plain, select.POLLIN)
        return bool(waiting.poll(0))


class _TimedSocket:
    def __init__(self, plain: socket.socket, owner: Connection) -> None:
        self._plain = plain
        self._owner = owner

    def sendall(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            self._plain.settimeout(self._owner.deadline.left())
            self._plain.sendall(data[at : at + PIECE_BYTES])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._plain, self._owner), PIECE_BYTES)

    def close(self) -> None:
        self._plain.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, plain: socket.socket, owner: Connection) -> None:
        # A reference of its own: http.client closes the socket before it reads the last body.
        self._raw = plain.makefile("rb", buffering=0)
        self._plain = plain
        self._owner = owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._plain.settimeout(self._owner.deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def body_of(response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces of at most 64 KiB; raises BodyTooLong, BodyCut, BodyMalformed, OSError.

    A length that the header states beyond `max_bytes` is refused before anything is read.
    """
    if response.isclosed():  # http.client does so at once when there is no body (204, length 0)
        return
    if response.chunked:
        pieces = _chunks(response.fp)
    elif response.length is not None:
        if response.length > max_bytes:
            raise BodyTooLong
        pieces = _exactly(response.fp, response.length)
    else:
        pieces = iter(lambda: response.fp.read1(PIECE_BYTES), b"")
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise BodyTooLong
        yield piece
    response.close()


def _exactly(file: io.BufferedReader, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, PIECE_BYTES))
        if not piece:
            raise BodyCut(f"the body ended {size} bytes early")
        size -= len(piece)
        yield piece


def _chunks(file: io.BufferedReader) -> Iterator[bytes]:
    """RFC 9112 section 7.1. Ours, because http.client takes a chunk size of -1 and reads without end."""
    while True:
        line = file.readline(_MAX_LINE)
        match = _CHUNK_SIZE.fullmatch(line)
        if not line:
            raise BodyCut("the body ended between two chunks")
        if match is None:
            raise BodyMalformed("a chunk has no valid size")
        size = int(match[1], 16)
        if size == 0:
            break
        yield from _exactly(file, size)
        if file.readline(3) not in (b"\r\n", b"\n"):
            raise BodyMalformed("a chunk is longer than its size")
    for _ in range(_MAX_TRAILERS):
        if file.readline(_MAX_LINE) in (b"\r\n", b"\n", b""):
            return
    raise BodyMalformed("too many trailers")
