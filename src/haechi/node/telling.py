"""What the front processes of one log tell each other of statements that one of them read and checked.

A hint for the index, as `Index.foresee` takes it: what another version said, or what cannot be read, is left
out, and the statement itself is read instead.
"""

from collections.abc import Iterable, Iterator

import msgspec

from haechi import __version__
from haechi.network.glance import Glance, References

_Told = tuple[str, bytes, Glance, References]
_decoder = msgspec.msgpack.Decoder(list[_Told])
_encoder = msgspec.msgpack.Encoder()


def tell(digest: bytes, said: Glance, refers: References) -> bytes:
    """What one front says of the statement with this digest, as `Entry.said` carries it."""
    return _encoder.encode((__version__, digest, said, refers))


def heard(bodies: Iterable[bytes]) -> Iterator[tuple[bytes, Glance, References]]:
    """What other fronts of this version said, as `Intake.told` gives it; raises nothing."""
    for body in bodies:
        try:
            told = _decoder.decode(body)
        except (msgspec.MsgspecError, ValueError):
            continue
        for version, digest, said, refers in told:
            if version == __version__:
                yield digest, said, refers
