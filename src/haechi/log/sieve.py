"""A memory-only filter that says of most unknown digests that they are unknown, without a disk read.

It is a Bloom filter whose bits for one key lie in one 64-bit word (Putze, Sanders and Singler 2007), grown
by segments of eight times the size instead of being rebuilt. It is never stored: a digest it does not know
costs a search on disk, never a wrong answer.

>>> sieve = Sieve(max_bytes=2**20)
>>> sieve.add(keys_of_digests([b"a" * 32]))
True
>>> sieve.suspects([b"a" * 32, b"b" * 32]) == [b"a" * 32]
True
"""

from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import shake_128

# 32 bits a key, six of them set: 1 in 2,000 unknown digests passes a full segment. Half the memory would let
# ten times as many pass, and each costs a search in every run on disk.
_KEYS_PER_WORD = 2
_BITS_PER_KEY = 6
_FIRST_KEYS = 1 << 18
_GROWTH = 8
_PATTERN_BITS = 14


@cache
def _patterns() -> list[int]:
    """Masks of six bits in a word; which key gets which mask only has to look random.

    The first log of a process waits for this once, 25 ms.
    """
    random = memoryview(shake_128(b"haechi sieve").digest(16 << _PATTERN_BITS)).cast("Q").tolist()
    masks: list[int] = []
    for low, high in zip(random[::2], random[1::2], strict=True):
        mask, bits = 0, high << 64 | low  # twenty times six bits: enough for six different ones
        while mask.bit_count() < _BITS_PER_KEY:
            mask |= 1 << (bits & 63)
            bits >>= 6
        masks.append(mask)
    return masks


class Sieve:
    """Digests seen so far, with rare false alarms.

    Always true: a digest that was added is always suspected; memory never passes `max_bytes` (32 bits a key,
    rounded up to the segment); when the last segment is full, `add` takes nothing more and says so.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._segments: list[tuple[array[int], int]] = []
        self._room = 0
        self._bytes = 0
        self._masks: list[int] = []  # made with the first segment: small logs never need them

    @property
    def held_bytes(self) -> int:
        """Memory of the segments."""
        return self._bytes

    def add(self, keys: Sequence[int]) -> bool:
        """Remember these keys; False (and nothing remembered) when the memory bound forbids it."""
        if len(keys) > self._room and not self._grow(len(keys)):
            return False
        self._room -= len(keys)
        words, slots = self._segments[-1]
        masks, low = self._masks, (1 << _PATTERN_BITS) - 1
        for key in keys:
            words[(key >> _PATTERN_BITS) & slots] |= masks[key & low]
        return True

    def suspects(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those digests that may have been added, in order; the others certainly were not."""
        segments = self._segments
        masks, low = self._masks, (1 << _PATTERN_BITS) - 1
        passed: list[bytes] = []
        for digest, key in zip(digests, keys_of_digests(digests), strict=True):
            mask = masks[key & low]
            at = key >> _PATTERN_BITS
            for words, slots in segments:
                if words[at & slots] & mask == mask:
                    passed.append(digest)
                    break
        return passed

    def _grow(self, needed: int) -> bool:
        words = _FIRST_KEYS // _KEYS_PER_WORD * _GROWTH ** len(self._segments)
        while words * _KEYS_PER_WORD < needed:
            words *= _GROWTH
        if self._bytes + words * 8 > self._max_bytes:
            return False
        self._masks = self._masks or _patterns()
        self._segments.append((array("Q", bytes(words * 8)), words - 1))
        self._bytes += words * 8
        self._room = words * _KEYS_PER_WORD
        return True


def keys_of_digests(digests: Iterable[bytes]) -> list[int]:
    """The sieve's keys, 64 bits of each 32-byte digest; one cast is five times faster than one each."""
    return memoryview(b"".join(digests)).cast("Q")[::4].tolist()


def keys_of_prefixes(prefixes: Iterable[bytes]) -> list[int]:
    """The same keys from the first 8 bytes of each digest."""
    return memoryview(b"".join(prefixes)).cast("Q").tolist()
