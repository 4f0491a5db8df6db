"""The node's side of its examiner: asking about many statements at a time, and doing without it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import closing
from typing import NamedTuple, cast

import msgspec

from haechi import __version__
from haechi.node.examiner import LENGTH_BYTES, frame
from haechi.node.logs import log_event
from haechi.node.soundness import Sound

_AT_ONCE = 16
"""Statements in a frame: few enough that the first answers come while the rest are examined."""
_PATIENCE_S = 10.0
_PAUSE_S = 60.0
_STOP_S = 5.0
_MAX_ANSWER_BYTES = 16 << 20
_OUR_SETTINGS = "HAECHI_"

_hello = msgspec.msgpack.Decoder(str)
_answers = msgspec.msgpack.Decoder(list[Sound | None])
_Waiter = asyncio.Future[Sound | None]


class _Sent(NamedTuple):
    """One frame on its way. late: what happens when its answers do not come in time."""

    waiters: list[_Waiter]
    late: asyncio.TimerHandle


class Examining(asyncio.Protocol):
    """Always true: whoever asks is answered once, in the loop's thread, within `_PATIENCE_S` or so.

    The answer None, like no examiner at all, means: examine it yourself. So an examiner that is killed, hangs
    or is of another version costs time and nothing else. It is started when it is first asked for, and after
    a failure not again for a minute.
    """

    def __init__(self) -> None:
        self._starting: asyncio.Task[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._ready = False
        self._not_before_s = 0.0
        self._stopped = False
        self._why = ""
        self._hello_late: asyncio.TimerHandle | None = None
        self._asked: list[tuple[bytes, _Waiter]] = []
        self._sent: deque[_Sent] = deque()
        self._received = b""

    @property
    def ready(self) -> bool:
        """Whether an examiner is there to be asked."""
        return self._ready

    @property
    def process_id(self) -> int | None:
        """Of the examiner that was started last."""
        return None if self._process is None else self._process.pid

    def ask(self, raw: bytes) -> _Waiter | None:
        """The examination of one statement; None while there is no examiner."""
        if not self._ready:
            if self._starting is None and not self._stopped and time.monotonic() >= self._not_before_s:
                self._starting = asyncio.create_task(self._start())
            return None
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        self._asked.append((raw, waiter))
        if len(self._asked) == 1:
            loop.call_soon(self._send)
        return waiter

    def stop(self) -> None:
        """End the process; from any thread. Its socket then ends by itself."""
        self._stopped = True
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with closing(theirs):
                self._process = await asyncio.to_thread(_spawn, theirs)
            if self._stopped:  # meanwhile: it ends when the socket does
                ours.close()
                return
            await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)
        except Exception as error:  # noqa: BLE001  # nobody awaits this task: what it raises would be lost
            ours.close()
            self._failed((isinstance(error, OSError) and error.strerror) or type(error).__name__)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol: its version has to come in time."""
        self._transport = cast("asyncio.Transport", transport)
        self._hello_late = asyncio.get_running_loop().call_later(_PATIENCE_S, self._lose, "no version")

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol: take every whole frame."""
        received = self._received + data
        at = 0
        while len(received) - at >= LENGTH_BYTES:
            body = at + LENGTH_BYTES
            end = body + int.from_bytes(received[at:body], "big")
            if end - body > _MAX_ANSWER_BYTES:
                self._lose("an answer too long")
                return
            if end > len(received):
                break
            try:
                self._take(received[body:end])
            except (msgspec.MsgspecError, ValueError):
                self._lose("an answer that is none")
                return
            at = end
        self._received = received[at:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's name
        """Part of asyncio's protocol: it has ended, or was given up."""
        self._failed(self._why or "its process ended")

    def _take(self, body: bytes) -> None:
        """One frame: the version first, then answers. Raises msgspec.MsgspecError, ValueError."""
        if not self._ready:
            if _hello.decode(body) != __version__:
                raise ValueError("another version")
            self._heard()
            self._ready = True
            return
        answers = _answers.decode(body)
        if not self._sent or len(answers) != len(self._sent[0].waiters):
            raise ValueError("another number of answers")
        waiters, late = self._sent.popleft()
        late.cancel()
        for waiter, answer in zip(waiters, answers, strict=True):
            if not waiter.done():
                waiter.set_result(answer)

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        loop = asyncio.get_running_loop()
        for at in range(0, len(asked), _AT_ONCE):
            part = asked[at : at + _AT_ONCE]
            waiters = [waiter for _raw, waiter in part]
            if self._transport is None or not self._ready:
                _answer_none(waiters)
                continue
            self._sent.append(_Sent(waiters, loop.call_later(_PATIENCE_S, self._lose, "no answer")))
            self._transport.write(frame([raw for raw, _waiter in part]))

    def _lose(self, why: str) -> None:
        """Give it up; `connection_lost` does the rest."""
        if self._transport is not None and not self._transport.is_closing():
            self._why = why
            self._transport.abort()

    def _heard(self) -> None:
        """Wait for its version no longer."""
        if self._hello_late is not None:
            self._hello_late.cancel()
            self._hello_late = None

    def _failed(self, why: str) -> None:
        self._heard()
        self._ready, self._transport, self._starting = False, None, None
        self._why, self._received = "", b""
        if not self._stopped:
            log_event("examiner.lost", why=why)
            self._not_before_s = time.monotonic() + _PAUSE_S
            if self._process is not None:
                self._process.kill()
                asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        while self._sent:
            waiters, late = self._sent.popleft()
            late.cancel()
            _answer_none(waiters)


def _answer_none(waiters: list[_Waiter]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _spawn(link: socket.socket) -> "subprocess.Popen[bytes]":
    """The examiner with `link` as its standard input. Nothing else of ours is open in it.

    It imports nothing from the working directory (-P), and none of our settings reach it: the passphrase
    is one of them.
    """
    return subprocess.Popen(  # our own program
        [sys.executable, "-P", "-m", "haechi.node.examiner"],
        stdin=link.fileno(),
        stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.startswith(_OUR_SETTINGS)},
    )
