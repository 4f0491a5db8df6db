"""The load that registration is measured under: bare sockets, one epoll, and requests made beforehand.

It shares the machine with the node, so it should take little of it; what it takes is told beside the figures.
Nothing is taken on trust for that: each answer must be a whole 201 before the next statement goes out.
"""

import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from haechi.statement.envelope import Statement

_READ_BYTES = 64 * 1024
_PATIENCE_S = 30
_HEAD = (
    b"POST /entries HTTP/1.1\r\nHost: node\r\nContent-Type: application/cose\r\nContent-Length: %d\r\n\r\n"
)
_CREATED = b"HTTP/1.1 201 "
_END, _LENGTH = b"\r\n\r\n", b"\r\ncontent-length: "


class Answered(NamedTuple):
    """One statement, its receipt and how long the answer took (seconds)."""

    statement: Statement
    receipt: bytes
    took_s: float


class Loaded(NamedTuple):
    """A whole run: what was answered, the wall time, and the processor time of the load itself (seconds)."""

    answers: list[Answered]
    seconds: float
    load_cpu_s: float


class _Ready(NamedTuple):
    """A statement and the bytes that send it."""

    statement: Statement
    request: bytes


class _Connection:
    """One kept-alive connection that sends the next statement as soon as the last was answered."""

    __slots__ = ("_began_s", "_channel", "_received", "_statement")

    def __init__(self, channel: socket.socket, first: _Ready) -> None:
        self._channel = channel
        self._received = b""
        self.send(first)

    def send(self, ready: _Ready) -> None:
        """Send one; it is far smaller than the socket's buffer, and nothing else is on its way."""
        self._statement = ready.statement
        self._began_s = time.perf_counter()
        if self._channel.send(ready.request) != len(ready.request):
            raise RuntimeError("the socket did not take a whole statement")

    def read(self) -> Answered | None:
        """Take what has come; the answer when it is whole. Raises RuntimeError for any but a 201."""
        received = self._channel.recv(_READ_BYTES)
        answer = self._received + received if self._received else received
        body = answer.find(_END) + len(_END)
        if not received or (body >= len(_END) and not answer.startswith(_CREATED)):
            raise RuntimeError(answer[:500].decode(errors="replace") or "the connection was closed")
        if body < len(_END) or len(answer) < (end := body + _length(answer, body)):
            self._received = answer
            return None
        if len(answer) > end:
            raise RuntimeError("more came than was asked for")
        self._received = b""
        return Answered(self._statement, answer[body:], time.perf_counter() - self._began_s)


def _length(answer: bytes, body: int) -> int:
    """The length that the head announces; raises RuntimeError when it does not."""
    at = answer.lower().find(_LENGTH, 0, body)
    if at < 0:
        raise RuntimeError("an answer without its length")
    at += len(_LENGTH)
    return int(answer[at : answer.index(b"\r", at)])


def load(url: str, statements: Sequence[Statement], connections: int) -> Loaded:
    """Send every statement once over that many kept-alive connections; the clock runs from the first."""
    host, _, port = url.removeprefix("http://").partition(":")
    waiting = iter([_Ready(each, _HEAD % len(each.raw) + each.raw) for each in statements])
    answers: list[Answered] = []
    with ExitStack() as stack:
        poll = stack.enter_context(closing(select.epoll()))
        channels = [
            stack.enter_context(socket.create_connection((host, int(port))))
            for _ in range(min(connections, len(statements)))
        ]
        began_s, cpu_began_s = time.perf_counter(), time.process_time()
        open_now: dict[int, _Connection] = {}
        for channel, ready in zip(channels, islice(waiting, len(channels)), strict=True):
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            channel.settimeout(0)
            poll.register(channel.fileno(), select.EPOLLIN)
            open_now[channel.fileno()] = _Connection(channel, ready)
        while len(answers) < len(statements):
            _take(poll, open_now, waiting, answers)
        return Loaded(answers, time.perf_counter() - began_s, time.process_time() - cpu_began_s)


def _take(
    poll: select.epoll, open_now: dict[int, _Connection], waiting: Iterator[_Ready], answers: list[Answered]
) -> None:
    """Wait for answers, take those that are whole, and send the next on their connections."""
    events = poll.poll(_PATIENCE_S)
    if not events:
        raise RuntimeError(f"no answer within {_PATIENCE_S} seconds")
    for fd, _event in events:
        connection = open_now[fd]
        answered = connection.read()
        if answered is not None:
            answers.append(answered)
            ready = next(waiting, None)
            if ready is not None:
                connection.send(ready)


def cpu_s(process: int) -> float:
    """Processor time of a process until now, user and system (seconds, in steps of 0.01)."""
    # The name, in brackets, may hold spaces; user and system are fields 14 and 15 of the line (proc(5)).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def family_cpu_s(process: int) -> float:
    """`cpu_s` of a process and of all that it has started, those that have ended too."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    used_s = sum(map(int, fields[11:15])) / 100
    for child in children(process):
        with suppress(FileNotFoundError):  # it ended just now
            used_s += cpu_s(child)
    return used_s


def children(process: int) -> list[int]:
    """The processes that a process has started and that still run."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
