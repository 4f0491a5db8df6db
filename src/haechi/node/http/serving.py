"""Listening, and ending without cutting off what was begun."""

import asyncio
import socket
from contextlib import suppress

from starlette.types import ASGIApp

from haechi.node.http.connection import Connection, Site
from haechi.node.logs import log_event

_BACKLOG = 1024
_AT_ONCE = 64
_RETRY_SECONDS = 1.0
_END_SECONDS = 60.0


class HttpServer:
    """Serves one application on one socket until `stop` is called."""

    def __init__(self, app: ASGIApp) -> None:
        self._site = Site(app)
        self._ended = asyncio.Event()
        self._arriving: set[asyncio.Task[object]] = set()

    async def serve(self, listening: socket.socket) -> None:
        """Answer until `stop`; returns when every request that was begun is answered, or after a minute."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_tell)
        listening.settimeout(0)
        listening.listen(_BACKLOG)
        self._listen(listening)
        try:
            await self._ended.wait()
        finally:
            self._site.stopping = True
            loop.remove_reader(listening)
            listening.close()
            await self._finish()

    def stop(self) -> None:
        """Take nothing new; `serve` returns soon after."""
        self._ended.set()

    def _listen(self, listening: socket.socket) -> None:
        if not self._site.stopping:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        # Not asyncio's own server: without descriptors its loop goes on failing, a thousand times a wake-up,
        # and each failure tries again by itself.
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                accepted = listening.accept()[0]
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log_event("loop.trouble", fault=type(error).__name__)
                loop.remove_reader(listening)
                loop.call_later(_RETRY_SECONDS, self._listen, listening)
                return
            accepted.settimeout(0)
            task = loop.create_task(loop.connect_accepted_socket(lambda: Connection(self._site), accepted))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _finish(self) -> None:
        for connection in self._site.connections:
            connection.shut()
        self._site.left()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._site.empty.wait(), _END_SECONDS)
        for connection in self._site.connections:
            connection.abort()


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What nobody awaited: its type, never its words."""
    log_event("loop.trouble", fault=type(context.get("exception")).__name__)
