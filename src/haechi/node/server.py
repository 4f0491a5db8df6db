"""Starting a node and stopping it without losing anything.

Unavailable
└── AddressRefused    the address cannot be listened on, most often because somebody else does
"""

import asyncio
import signal
import socket
from functools import partial

from haechi.errors import Unavailable
from haechi.node.app import make_app
from haechi.node.config import Listen
from haechi.node.http.serving import HttpServer
from haechi.node.logs import log_event
from haechi.node.runner import Runner
from haechi.node.settled import settle_descriptors, settle_memory, settle_threads
from haechi.words import Text


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
        listening = _listening(runner.node.config.listen)
    except AddressRefused:
        runner.stop()
        raise
    settle_descriptors()
    settle_memory()
    settle_threads()
    asyncio.run(_serve(runner, listening))


def _listening(listen: Listen) -> socket.socket:
    """A socket bound to the address, for ourselves alone. Raises AddressRefused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen()
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise AddressRefused(what_is=f"{listen.host}:{listen.port}", why=why) from error
    return bound


async def _serve(runner: Runner, listening: socket.socket) -> None:
    server = HttpServer(make_app(runner))
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, partial(_stop, server, runner))
    runner.start()
    listen = runner.node.config.listen
    log_event("node.started", origin=runner.node.config.origin, host=listen.host, port=listen.port)
    try:
        await server.serve(listening)
    finally:
        await asyncio.to_thread(runner.stop)


def _stop(server: HttpServer, runner: Runner) -> None:
    runner.node.stopping = True
    server.stop()
