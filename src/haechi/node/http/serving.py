"""Listening, and ending without cutting off what was begun."""

import asyncio
import socket
from contextlib import suppress

from starlette.types import ASGIApp

from haechi.node.http.connection import Connection, Site
from haechi.node.logs import log_event

_BACKLOG = 1024
_END_SECONDS = 60.0


class HttpServer:
    """Serves one application on one socket until `stop` is called."""

    def __init__(self, app: ASGIApp) -> None:
        self._site = Site(app)
        self._ended = asyncio.Event()

    async def serve(self, listening: socket.socket) -> None:
        """Answer until `stop`; returns when every request that was begun is answered, or after a minute."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_tell)
        # asyncio takes `backlog` connections at a time too, and without descriptors fails as often before it
        # looks at anything else; each failure then tries again by itself.
        server = await loop.create_server(lambda: Connection(self._site), sock=listening, backlog=1)
        listening.listen(_BACKLOG)
        try:
            await self._ended.wait()
        finally:
            self._site.stopping = True
            server.close()
            await self._finish()

    def stop(self) -> None:
        """Take nothing new; `serve` returns soon after."""
        self._ended.set()

    async def _finish(self) -> None:
        for connection in list(self._site.connections):
            connection.shut()
        self._site.left()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._site.empty.wait(), _END_SECONDS)
        for connection in list(self._site.connections):
            connection.abort()


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What nobody awaited, such as no descriptor left for a connection: its type, never its words."""
    log_event("loop.trouble", fault=type(context.get("exception")).__name__)
