"""Starting a node and stopping it without losing anything.

Unavailable
└── AddressRefused    the address cannot be listened on, most often because somebody else does
"""

import asyncio
import signal
import socket
from functools import partial

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from haechi.errors import Unavailable
from haechi.node.app import make_app
from haechi.node.config import Listen
from haechi.node.logs import log_event
from haechi.node.runner import Runner
from haechi.node.settled import settle_memory, settle_threads
from haechi.words import Text

_HEADER_SECONDS_MS = 10_000
_HEADER_BYTES = 32 * 1024


class AddressRefused(Unavailable):
    """The node cannot listen where it is told to; facts: what_is (host and port), why."""

    code = "node.address"
    hint = Text(
        "stop whoever listens there, or choose another port (--port)",
        "그곳에서 듣고 있는 프로세스를 멈추거나 다른 포트를 고르세요 (--port)",
    )


def serve(runner: Runner) -> None:
    """Answer until SIGTERM or SIGINT; returns when all that was begun is finished and durable.

    Raises AddressRefused, with the runner stopped.
    """
    try:
        _require_free(runner.node.config.listen)
    except AddressRefused:
        runner.stop()
        raise
    settle_memory()
    settle_threads()
    asyncio.run(_serve(runner))


def _require_free(listen: Listen) -> None:
    """Raise AddressRefused unless the address can be had for ourselves.

    The server shares its port with whoever asks the system for that, so a second node would be given half of
    the first one's connections, and nobody would be told.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        why = error.strerror or str(error)
        raise AddressRefused(what_is=f"{listen.host}:{listen.port}", why=why) from error


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
