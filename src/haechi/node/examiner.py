"""The examiner: a process that reads statements for a node while many come at once.

Signatures and claims are the greater part of a registration's work, and one Python process has one core's
worth of it. The examiner has no key, no file and no socket but the one to its node; it ends when that does.

Frames on the socket: four bytes of length (big-endian), then MessagePack. It begins with one frame, its
version; then every frame of statements is answered, in order, by one with as many answers (`sound`).
"""

import signal
import socket
import sys
from typing import BinaryIO

import msgspec

from haechi import __version__
from haechi.facts import load
from haechi.node.settled import settle_memory
from haechi.node.soundness import all_sound
from haechi.statement.claims import kind_names, kind_of

LENGTH_BYTES = 4

_statements = msgspec.msgpack.Decoder(list[bytes])


def frame(value: object) -> bytes:
    """One frame."""
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def main() -> None:
    """Answer until the node closes the socket, which is standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the node says when
    facts = load()
    for name in kind_names():
        kind_of(name)
    settle_memory()
    with socket.socket(fileno=sys.stdin.fileno()) as link, link.makefile("rb") as asked:
        try:
            link.sendall(frame(__version__))
            while (statements := _read(asked)) is not None:
                link.sendall(frame(all_sound(statements, facts)))
        except (BrokenPipeError, ConnectionResetError):
            return


def _read(asked: BinaryIO) -> list[bytes] | None:
    length = asked.read(LENGTH_BYTES)
    body = asked.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else b""
    return _statements.decode(body) if body else None


if __name__ == "__main__":
    main()
