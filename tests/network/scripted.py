"""A server on loopback that answers each connection as a test's script says, byte for byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]


class Scripted:
    """Serves scripts in turn, one a connection, the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._run, args=(script, connection))
            self._threads.append(thread)
            thread.start()

    def _run(self, script: Script, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            script(connection)

    def close(self) -> None:
        self.closing.set()
        # accept() is not woken by close() on Linux.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@contextmanager
def scripted(*scripts: Script) -> Iterator[Scripted]:
    server = Scripted(*scripts)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)


def read_request(connection: socket.socket) -> bytes:
    """The head of one request and whatever of its body came along."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            break
        raw += piece
    return raw


def answers(raw: bytes) -> Script:
    """A script that reads one request, writes these bytes and closes."""

    def script(connection: socket.socket) -> None:
        if read_request(connection):
            connection.sendall(raw)

    return script


def ok(body: bytes, *headers: str) -> bytes:
    """A correct response with this body."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
