"""The door for statements: POST /entries as bare ASGI, since every microsecond here is paid per statement.

It does what a route of the framework would do, and answers in the same words; only the layers between are
left out. Waiting for the commit is batched too: one wake-up of the event loop serves a whole group commit.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope

from haechi.errors import BadInput, HaechiError, TooLarge
from haechi.log.sequencer import Placed
from haechi.log.store import TermsChanged
from haechi.node.runner import Runner
from haechi.node.service import ADMISSIONS, Node
from haechi.node.soundness import Accepted, Sound
from haechi.node.wire import BodySlow, problem
from haechi.statement.envelope import MAX_TRANSPARENT_BYTES, Sharing, Statement
from haechi.words import Text

RECEIPT_TYPE = b"application/cose"
_SIGNED_AT_ONCE = 16
_MANY = 8
"""From so many statements at once on, the examiner is asked: crossing to it takes 0.1 ms."""


class Answering(Protocol):
    """The sending side of one request."""

    def at_hand(self) -> bytes | None:
        """The whole body of the request, if it is here already."""
        ...

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on."""

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer in one go; the headers are those of this answer alone."""


class _Arrival:
    """One statement on its way: how it ended, told by the writer's thread to whoever waits in the loop."""

    __slots__ = ("_commits", "error", "placed", "statement", "waiter")

    def __init__(
        self, commits: "Commits", statement: Statement | Accepted, waiter: "asyncio.Future[bytes]"
    ) -> None:
        self._commits = commits
        self.statement = statement
        self.waiter = waiter
        self.placed: Placed | None = None
        self.error: BaseException | None = None

    def start(self) -> bool:
        """A statement that was sent is registered, whether or not its sender still waits."""
        return True

    def answer(self, places: list[Placed]) -> None:
        """It is durable."""
        self.placed = places[0]
        self._commits.arrived(self)

    def fail(self, error: BaseException) -> None:
        """It is not in the log."""
        self.error = error
        self._commits.arrived(self)


class Commits:
    """Commit results brought from the writer's thread to the event loop, many with one wake-up.

    Always true: every waiter is answered exactly once, in the loop's thread; a cancelled one is skipped.
    Receipts are signed some at a time, so that the first answers go out while others are made, and signing
    does not take turns with the interpreter for the processor's caches.
    """

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self._node = node
        self._loop = loop
        self._arrived: deque[_Arrival] = deque()
        self._woken = False

    def send(self, statement: Statement | Accepted, under: int) -> "asyncio.Future[bytes]":
        """Queue a statement admitted by the policy at index `under`.

        A future of the event loop that ends with its receipt when it is durable, or failed.

        Raises Busy, SequencerStopped.
        """
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        arrival = _Arrival(self, statement, waiter)
        node = self._node
        node.sequencer.send(node.entry(statement, under), arrival.start, arrival.answer, arrival.fail)
        return waiter

    def arrived(self, arrival: _Arrival) -> None:
        """Called in the writer's thread, once for each arrival."""
        self._arrived.append(arrival)
        # Set back before the deque is emptied, so an arrival is never left without a wake-up.
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._woken = False
        arrived = self._arrived
        part = [arrived.popleft() for _ in range(min(len(arrived), _SIGNED_AT_ONCE))]
        receipts = [self._receipt(arrival) for arrival in part]
        for arrival, receipt in zip(part, receipts, strict=True):
            if arrival.waiter.done():
                continue
            if isinstance(receipt, bytes):
                arrival.waiter.set_result(receipt)
            else:
                arrival.waiter.set_exception(receipt)
        if arrived and not self._woken:
            self._woken = True
            self._loop.call_soon(self._answer)

    def _receipt(self, arrival: _Arrival) -> bytes | BaseException:
        if arrival.placed is None or arrival.waiter.done():
            return arrival.error or asyncio.CancelledError()
        try:
            return self._node.receipt(arrival.statement, arrival.placed)
        except Exception as error:  # noqa: BLE001  # it is whoever waits that has to know
            return error


class Door:
    """Takes statements in (SCRAPI section 2.3): 201 with the receipt once the statement is durable.

    Always true: between the admission of a statement and its place in the log no other policy comes into
    force, so an auditor who replays the log reaches the same answers.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._node = runner.node
        self._seconds = runner.node.config.limits.body_seconds
        self._deadlines = _Deadlines(self._seconds)
        self._location = f"{runner.node.config.url}/entries/".encode()
        self._policy_change = asyncio.Lock()
        self._examining = runner.examining if runner.node.config.limits.examiner else None
        self._present = 0
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._commits: Commits | None = None
        runner.node.sequencer.expect(lambda: self._present - self._in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Answering) -> None:
        """Answer one POST."""
        try:
            self._runner.take_write(scope)
            raw = send.at_hand()
            if raw is None:
                raw = await self._body(scope, receive)
            _require_room(len(raw))
            digest, receipt = await self._register(raw)
        except HaechiError as error:
            await problem(error)(scope, receive, send.send)
            return
        self._runner.noticed()
        headers = [
            (b"location", self._location + digest.encode()),
            (b"content-type", RECEIPT_TYPE),
        ]
        await send.whole(201, headers, receipt)

    async def _register(self, raw: bytes) -> tuple[str, bytes]:
        self._present += 1
        try:
            sound = await self._examined(raw)
            for _ in range(ADMISSIONS - 1):
                with suppress(TermsChanged):  # only where several processes admit
                    return await self._register_once(raw, sound)
            return await self._register_once(raw, sound)
        finally:
            self._present -= 1

    async def _examined(self, raw: bytes) -> Sound | None:
        """What the examiner says while many are here; for a few, looking oneself is sooner done."""
        if self._examining is None or self._present < _MANY:
            return None
        waiter = self._examining.ask(raw)
        return None if waiter is None else await waiter

    async def _register_once(self, raw: bytes, sound: Sound | None) -> tuple[str, bytes]:
        if self._policy_change.locked():
            async with self._policy_change:
                pass
        node = self._node
        under = node.policies.index  # before admission: a newer policy in between must be noticed
        statement = node.admit(raw) if sound is None else node.admit_sound(raw, sound)
        if statement.about.kind == "policy":
            return await self._register_policy(raw)
        if self._commits is None:
            self._commits = Commits(node, asyncio.get_running_loop())
        self._in_flight += 1
        self._idle.clear()
        try:
            if isinstance(statement, Statement) and statement.about.sharing is Sharing.GREEN:
                await run_in_threadpool(node.shelve, statement)
            receipt = await self._commits.send(statement, under)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
        return statement.digest.hex(), receipt

    async def _register_policy(self, raw: bytes) -> tuple[str, bytes]:
        async with self._policy_change:
            await self._idle.wait()
            statement, receipt = await run_in_threadpool(self._node.register, raw)
        return statement.digest_hex, receipt

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, at most 128 KiB, within the time that a body may take."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and len(value) < 20:
                _require_room(int(value))
        reading = asyncio.current_task()
        if reading is None:
            raise BadInput(why="a request must be read in a task")
        late = self._deadlines.begin(reading)
        try:
            return await _read_all(receive)
        except asyncio.CancelledError:
            if late.was_cut and reading.uncancel() == 0:
                raise BodySlow(limit_s=self._seconds) from None
            raise
        finally:
            self._deadlines.end(late)


class _Late:
    """Cancels a task whose body does not come, and remembers that it was this that cancelled it."""

    __slots__ = ("_task", "at_s", "was_cut")

    def __init__(self, task: "asyncio.Task[object]", at_s: float) -> None:
        self._task = task
        self.at_s = at_s
        self.was_cut = False

    def cut(self) -> None:
        """The time is up."""
        self.was_cut = True
        self._task.cancel()


class _Deadlines:
    """Bodies that are being read. Nearly every one is there at once: a timer for each would cost more.

    Always true: what began earlier stands earlier; while anything stands here one timer runs, and it goes
    off no later than the first is late.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reading: dict[_Late, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, task: "asyncio.Task[object]") -> _Late:
        """From now on this task has so many seconds."""
        loop = asyncio.get_running_loop()
        late = _Late(task, loop.time() + self._seconds)
        self._reading[late] = None
        if self._timer is None:
            self._timer = loop.call_at(late.at_s, self._look)
        return late

    def end(self, late: _Late) -> None:
        """It is done, or was cut."""
        self._reading.pop(late, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now_s = loop.time()
        while self._reading:
            first = next(iter(self._reading))
            if first.at_s > now_s:
                self._timer = loop.call_at(first.at_s, self._look)
                return
            del self._reading[first]
            first.cut()


def _require_room(size: int) -> None:
    """Raise TooLarge for more bytes than a statement with receipts may have."""
    if size > MAX_TRANSPARENT_BYTES:
        raise TooLarge(what_is=Text("statement", "진술"), limit=MAX_TRANSPARENT_BYTES, got=size)


async def _read_all(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadInput(why="the client went away before the body was complete")
        body += message.get("body", b"")
        _require_room(len(body))
        if not message.get("more_body", False):
            return body
