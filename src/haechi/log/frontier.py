"""The frontier of a Merkle tree: what an appender keeps of all its leaves.

    BadInput
    └── FrontierMalformed   bytes or hashes that make no frontier

>>> frontier = Frontier()
>>> frontier.append(b"1" * 32)
>>> frontier.size, frontier.root() == b"1" * 32
(1, True)
"""

from collections.abc import Iterable, Sequence
from operator import add
from typing import Self

from haechi.errors import BadInput
from haechi.log.hashes import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, climb, parents
from haechi.words import Text

_BYTES: frozenset[type] = frozenset({bytes})
_SIZES = frozenset({HASH_SIZE})


class FrontierMalformed(BadInput):
    """Bytes or hashes that make no frontier; facts: part, expected, got."""

    code = "log.frontier-malformed"
    what = Text(
        "malformed frontier: {part}: expected {expected}, got {got}",
        "프런티어 형식 오류: {part}: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text("rebuild the frontier from the tiles of the log", "로그의 타일에서 프런티어를 다시 만드세요")


class Frontier:
    """The compact range of a tree: enough to append leaves and to know the root, about 32 * log2(n) bytes.

    Always true: `peaks` holds one hash for each bit set in `size`, the largest subtree first; together they
    cover every leaf once, in order.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """A frontier of `size` leaves; raises FrontierMalformed when the peaks do not fit the size."""
        self._size = size
        self._peaks = list(peaks)
        if type(size) is not int or not 0 <= size <= MAX_SIZE:
            # The type only: a number with thousands of digits cannot be printed.
            raise FrontierMalformed(part="size", expected=f"0..{MAX_SIZE}", got=type(size).__name__)
        if len(self._peaks) != size.bit_count():
            raise FrontierMalformed(part="len(peaks)", expected=size.bit_count(), got=len(self._peaks))
        _all_hashes("peaks", self._peaks)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Hashes of the complete subtrees, the largest first."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> list[list[bytes]]:
        """Add leaf hashes; returns the nodes that became complete, item k holding those of level k.

        Item 0 is the leaves themselves. Raises FrontierMalformed (and adds nothing) when a hash is not 32
        bytes or the tree would pass 2^63 - 1 leaves.
        """
        _all_hashes("leaves", leaves)
        if len(leaves) > MAX_SIZE - self._size:
            raise FrontierMalformed(part="size", expected=f"0..{MAX_SIZE}", got=self._size + len(leaves))
        completed: list[list[bytes]] = []
        waiting: list[bytes] = []
        row, bits = list(leaves), self._size
        while row:
            completed.append(row)
            pairable = [self._peaks.pop(), *row] if bits & 1 else row
            if len(pairable) & 1:
                waiting.append(pairable[-1])
            turn = iter(pairable)
            row = parents(map(add, turn, turn))
            bits >>= 1
        self._peaks += reversed(waiting)
        self._size += len(leaves)
        return completed

    def root(self) -> bytes:
        """Root hash of the tree; SHA-256 of nothing when it is empty (RFC 9162 2.1.1)."""
        if not self._peaks:
            return EMPTY_ROOT
        return climb(self._peaks[-1], -1, self._peaks[-2::-1])

    def copy(self) -> Self:
        """An independent frontier of the same tree."""
        return type(self)(self._size, self._peaks)

    def to_bytes(self) -> bytes:
        """Size as 8 big-endian bytes, then the peaks, the largest first."""
        return self._size.to_bytes(8) + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """The frontier that `to_bytes` wrote; raises FrontierMalformed for anything else."""
        if len(raw) % HASH_SIZE != 8 or len(raw) > 8 + 63 * HASH_SIZE:
            raise FrontierMalformed(part="len(raw)", expected="8 + 32 * peaks", got=len(raw))
        peaks = [raw[at : at + HASH_SIZE] for at in range(8, len(raw), HASH_SIZE)]
        return cls(int.from_bytes(raw[:8]), peaks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frontier):
            return NotImplemented
        return self._size == other._size and self._peaks == other._peaks

    __hash__ = None  # type: ignore[assignment]  # it changes, so it must not be a key

    def __repr__(self) -> str:
        return f"Frontier(size={self._size}, root={self.root().hex()})"


def _all_hashes(part: str, hashes: Sequence[bytes]) -> None:
    if set(map(type, hashes)) <= _BYTES and set(map(len, hashes)) <= _SIZES:
        return  # nearly always, and ten times as fast as asking each
    for at, value in enumerate(hashes):
        if type(value) is not bytes:
            raise FrontierMalformed(part=f"{part}[{at}]", expected="bytes", got=type(value).__name__)
        if len(value) != HASH_SIZE:
            raise FrontierMalformed(part=f"len({part}[{at}])", expected=HASH_SIZE, got=len(value))
