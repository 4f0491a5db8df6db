"""Numbers that everybody derives alike from a key: SHA-256 in counter mode (lattice-1, section 3).

Any language with SHA-256 and 64-bit floats gets the same layout and the same signs from the same key.
"""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from haechi.mark.image.plane import Indices, Reals

PREFIX = b"haechi-lattice-1/"


def stream_bytes(label: str, key: bytes, size: int, prefix: bytes = PREFIX) -> bytes:
    """The first `size` bytes of SHA-256(prefix, label, "/", key, u32 counter) for counter 0, 1, ..."""
    head = prefix + label.encode() + b"/" + key
    blocks = (size + 31) // 32
    return b"".join(sha256(head + counter.to_bytes(4)).digest() for counter in range(blocks))[:size]


def words(label: str, key: bytes, count: int, prefix: bytes = PREFIX) -> Iterator[int]:
    """`count` big-endian 32-bit words of the stream."""
    raw = stream_bytes(label, key, 4 * count, prefix)
    return (int.from_bytes(raw[at : at + 4]) for at in range(0, len(raw), 4))


def shuffled(label: str, key: bytes, count: int, prefix: bytes = PREFIX) -> Indices:
    """A permutation of 0..count-1: Fisher-Yates from the top, index = word * (i + 1) >> 32.

    >>> shuffled("example", b"key", 6).tolist()
    [3, 2, 0, 5, 4, 1]
    """
    order = np.arange(count)
    for at, word in zip(range(count - 1, 0, -1), words(label, key, count - 1, prefix), strict=True):
        other = word * (at + 1) >> 32
        order[at], order[other] = order[other], order[at]
    return order


def signs(label: str, key: bytes, count: int, prefix: bytes = PREFIX) -> Reals:
    """`count` values +1 or -1, one for each bit of the stream, highest bit first; bit 0 is +1."""
    raw = np.frombuffer(stream_bytes(label, key, (count + 7) // 8, prefix), np.uint8)
    return 1.0 - 2.0 * np.unpackbits(raw)[:count].astype(np.float64)
