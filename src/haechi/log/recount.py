"""The tree of a log computed again from its entries, and where what is stored says otherwise.

One pass from left to right, holding the right edge only. When an entry bundle and its tile disagree, the
side that the parent (or the head) confirms is taken as right, so one damaged byte is reported once and not
again at every level above.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from haechi.log.merkle import HASH_SIZE, leaf_hash, leaf_hashes
from haechi.log.runs import RUN_ENTRIES, make_records
from haechi.log.store import Auditable, Head
from haechi.log.tiles import (
    ENTRIES,
    TILE_BYTES,
    TILE_WIDTH,
    BundleMalformed,
    Edge,
    Tile,
    decode_entries,
    grow,
    tile_path,
)

_BUNDLES_AT_ONCE = 16
_SHOWN = 10


@dataclass(slots=True)
class Damage:
    """How many parts of one sort are wrong, and the names of the first ten."""

    count: int = 0
    first: list[str] = field(default_factory=list[str])

    def add(self, name: object) -> None:
        """Note one wrong part."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(str(name))


@dataclass(slots=True)
class Recount:
    """What the pass found: the head computed from the entries, statements held, and what is damaged.

    blocks: for every 16,384 entries, a sum that only the same index records give again (in this process);
    None where entries are damaged.
    """

    head: Head
    held: int = 0
    entries: Damage = field(default_factory=Damage)
    tiles: Damage = field(default_factory=Damage)
    statements: Damage = field(default_factory=Damage)
    blocks: list[int | None] = field(default_factory=list[int | None])


def recount(view: Auditable, progress: Callable[[int, int], None]) -> Recount:
    """Compute the tree of `view` again and compare; `progress(done, entries)` is called now and then.

    Memory: 16 bundles with their tiles, 64 statements, and a number for every 16,384 entries.
    Raises StoreDamaged and StoreFailed when the database cannot be read.
    """
    head = view.head()
    result = Recount(head)
    edge = Edge()
    step = _BUNDLES_AT_ONCE * TILE_WIDTH
    for start in range(0, head.size, step):
        end = min(start + step, head.size)
        span = _Span(view, result, edge)
        for n in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            span.take(n, min(TILE_WIDTH, head.size - n * TILE_WIDTH))
        edge, tiles = grow(edge, span.leaves)
        for tile in tiles:
            if tile.width == TILE_WIDTH and (tile.level or tile.n in span.sound):
                _compare(view, tile, result)
        _statements(view, start, span, result)
        _tally(result.blocks, start, span)
        progress(end, head.size)
    for level, data in enumerate(edge.partial):
        if level and data:
            n = head.size >> 8 * level + 8
            _compare(view, Tile(level, n, len(data) // HASH_SIZE, data), result)
    result.head = Head(edge.size, edge.root())
    return result


def record_sum(records: Iterable[bytes]) -> int:
    """A number that other records give only by a chance of 1 in 2^64; comparable within this process."""
    return sum(map(hash, records))


class _Span:
    """Some bundles in a row: their entries as stored, and the leaves taken as right."""

    def __init__(self, view: Auditable, result: Recount, edge: Edge) -> None:
        self.digests: list[bytes] = []
        self.leaves: list[bytes] = []
        self.trusted = True
        self.sound: set[int] = set()
        self._view = view
        self._result = result
        self._edge = edge

    def take(self, n: int, width: int) -> None:
        """Read bundle `n` and the tile beside it, and note which of them is damaged."""
        digests = _decoded(self._view.entries(n, width), width)
        tile = self._view.tile(0, n, width)
        leaves = leaf_hashes(digests)
        held = _cut(tile or b"")
        if leaves == held:
            self.sound.add(n)
        if not digests or leaves != held:
            tile_is_right = bool(held) and self._confirmed(held)
            if not tile_is_right:
                self._result.tiles.add(tile_path(0, n, width))
            if tile_is_right or not digests:
                self._result.entries.add(tile_path(ENTRIES, n, width))
                self.trusted = False
                leaves = held
        self.digests += digests or [bytes(HASH_SIZE)] * width
        self.leaves += leaves or [bytes(HASH_SIZE)] * width

    def _confirmed(self, held: list[bytes]) -> bool:
        """Whether the parent tile or the head was made from these leaves, the next ones of this span."""
        head = self._result.head
        grown = grow(self._edge, [*self.leaves, *held]).edge
        if grown.size == head.size:
            return grown.root() == head.root
        n = grown.size // TILE_WIDTH - 1
        parent = self._view.tile(1, n // TILE_WIDTH, n % TILE_WIDTH + 1)
        return parent is not None and parent[-HASH_SIZE:] == grow(Edge(), held).edge.root()


def _cut(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def _decoded(raw: bytes | None, width: int) -> list[bytes]:
    """The digests of a bundle; nothing when they cannot be read as digests."""
    try:
        digests = decode_entries(raw or b"", width)
    except BundleMalformed:
        return []
    return digests if {*map(len, digests)} == {HASH_SIZE} else []


def _compare(view: Auditable, tile: Tile, result: Recount) -> None:
    """Note a tile that is not the computed one, or whose middle is not; it may have been kept without."""
    stored = view.tree_tile(tile.level, tile.n, tile.width) or b""
    if stored[: len(tile.data)] != tile.data or stored[TILE_BYTES:] not in (b"", tile.middle):
        result.tiles.add(tile_path(tile.level, tile.n, tile.width))


def _statements(view: Auditable, start: int, span: _Span, result: Recount) -> None:
    for index, statement in view.statements(start, len(span.digests)):
        result.held += 1
        digest = sha256(statement).digest()
        # The leaf decides where the entry beside it is damaged.
        if digest != span.digests[index - start] and leaf_hash(digest) != span.leaves[index - start]:
            result.statements.add(index)


def _tally(blocks: list[int | None], start: int, span: _Span) -> None:
    # A span is a divisor of a block, so it never lies in two.
    if start % RUN_ENTRIES == 0:
        blocks.append(0)
    so_far = blocks[-1]
    if so_far is None or not span.trusted:
        blocks[-1] = None
        return
    blocks[-1] = so_far + record_sum(make_records(start, span.digests))
