"""Starting a node and stopping it without losing anything."""

import asyncio
import signal
from functools import partial

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from haechi.node.app import make_app
from haechi.node.logs import log_event
from haechi.node.runner import Runner

_HEADER_SECONDS_MS = 10_000
_HEADER_BYTES = 32 * 1024


def serve(runner: Runner) -> None:
    """Answer until SIGTERM or SIGINT; returns when all that was begun is finished and durable."""
    asyncio.run(_serve(runner))


async def _serve(runner: Runner) -> None:
    listen = runner.node.config.listen
    server = Server(
        make_app(runner),
        address=listen.host,
        port=listen.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=1024,
        log_enabled=False,
        # A client that trickles its header in gets ten seconds, and 32 KiB of it.
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_SECONDS_MS, max_buffer_size=_HEADER_BYTES * 13
        ),
    )
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, partial(_stop, server, runner))
    runner.start()
    log_event("node.started", origin=runner.node.config.origin, host=listen.host, port=listen.port)
    try:
        await server.serve()
    finally:
        await asyncio.to_thread(runner.stop)


def _stop(server: Server, runner: Runner) -> None:
    runner.node.stopping = True
    server.stop()
