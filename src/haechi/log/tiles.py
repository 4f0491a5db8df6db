"""The right edge of a tiled tree, which grows, and proofs read from its tiles (C2SP tlog-tiles).

Level 0 holds leaf hashes; each hash of level L is the root of a full tile of level L - 1. A full tile never
changes; only the rightmost tile of a level may be partial. Nothing here opens a file: tiles come from a
callable, new tiles are returned as bytes. Names and bundles: `haechi.log.layout`, offered from here too.

    Unavailable
    └── TileDamaged   a stored tile is missing, short, or not what its parent says

>>> edge, tiles = grow(Edge(), [b"1" * 32, b"2" * 32])
>>> [(tile.level, tile.n, tile.width, len(tile.data)) for tile in tiles]
[(0, 0, 2, 64)]
>>> tree = TileTree(lambda level, n, width: tiles[0].data)
>>> tree.root(2) == edge.root() and tree.inclusion(0, 2) == [b"2" * 32]
True
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from threading import Lock
from typing import NamedTuple, TypeAlias

from haechi.errors import NotFound, Unavailable
from haechi.log.frontier import Frontier
from haechi.log.hashes import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, node_hash, row_above
from haechi.log.layout import (
    ENTRIES,
    MIDDLE_HEIGHT,
    TILE_BYTES,
    TILE_WIDTH,
    BundleMalformed,
    Tile,
    TileName,
    TilePathMalformed,
    changed_tiles,
    decode_entries,
    encode_entries,
    entries_path,
    grow_bundles,
    parse_path,
    tile_path,
)
from haechi.log.merkle import Node, OutOfTree, consistency_nodes, inclusion_nodes, siblings
from haechi.words import Text

__all__ = [
    "DEFAULT_CACHE_BYTES",
    "ENTRIES",
    "TILE_BYTES",
    "TILE_WIDTH",
    "BundleMalformed",
    "Edge",
    "Growth",
    "Tile",
    "TileDamaged",
    "TileName",
    "TilePathMalformed",
    "TileReader",
    "TileTree",
    "changed_tiles",
    "decode_entries",
    "encode_entries",
    "entries_path",
    "grow",
    "grow_bundles",
    "load_edge",
    "parse_path",
    "tile_path",
]

DEFAULT_CACHE_BYTES = 64 * 2**20

TileReader: TypeAlias = Callable[[int, int, int], bytes | None]
"""(level, n, width) to the tile's bytes; None, or NotFound raised, when it is not stored.

A tile that has grown since may be answered whole: its first `width` hashes are the same. A whole tile may be
followed by its `middle` (see Tile): a proof then takes 60 hashes where it takes 510 without."""


class TileDamaged(Unavailable):
    """A tile is missing, short, or not what its parent says; facts: tile, part, expected, got."""

    code = "log.tile-damaged"
    what = Text(
        "{tile} is damaged: {part}: expected {expected}, got {got}",
        "{tile} 타일이 손상되었습니다: {part}: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text(
        "check the log, and copy this tile from a mirror", "로그를 검사하고 이 타일을 미러에서 복사하세요"
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tiled tree: all that is needed to append, at most 8 partial tiles.

    Always true: `partial[L]` holds the hashes of the partial tile of level L (empty when there is none) and
    `frontier` has the same leaves. Never changed in place: `grow` makes the next one, so a writer whose
    commit fails still has this one.
    """

    frontier: Frontier = field(default_factory=Frontier)
    partial: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self.frontier.size

    def root(self) -> bytes:
        """Root hash of the tree."""
        return self.frontier.root()


class Growth(NamedTuple):
    """What appending made: the next edge, and the tiles to write, lowest level first."""

    edge: Edge
    tiles: list[Tile]


def grow(edge: Edge, leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes: the next edge and every tile that is new or wider, the partial ones included.

    `edge` stays as it was. Raises FrontierMalformed when a leaf is not 32 bytes.
    """
    frontier = edge.frontier.copy()
    completed = frontier.extend(leaves)
    partial = list(edge.partial)
    tiles: list[Tile] = []
    for level, hashes in enumerate(completed[::8]):
        held = partial[level] if level < len(partial) else b""
        data = held + b"".join(hashes)
        first = edge.size >> 8 * (level + 1)
        middles = b""
        if len(data) >= TILE_BYTES:
            middles = _rows(held, MIDDLE_HEIGHT + 1)[-1] + b"".join(completed[8 * level + MIDDLE_HEIGHT])
        for n, at in enumerate(range(0, len(data), TILE_BYTES), first):
            part = data[at : at + TILE_BYTES]
            middle = middles[at >> MIDDLE_HEIGHT : (at + TILE_BYTES) >> MIDDLE_HEIGHT]
            width = len(part) // HASH_SIZE
            tiles.append(Tile(level, n, width, part, middle if width == TILE_WIDTH else b""))
        partial[level : level + 1] = [data[len(data) // TILE_BYTES * TILE_BYTES :]]
    return Growth(Edge(frontier, tuple(partial)), tiles)


def load_edge(read: TileReader, size: int) -> Edge:
    """The edge of a stored tree of `size` leaves, from its partial tiles and their parents.

    Compare its root with the signed checkpoint before appending. Raises TileDamaged, OutOfTree.
    """
    return TileTree(read).edge(size)


@dataclass(slots=True, eq=False)
class _Expanded:
    """A tile's nodes of heights 0 to 7, one row after another, and where each row begins.

    folded: bit k is set while group k of 16 hashes was not compared with its node of MIDDLE_HEIGHT; its nodes
    between are zeros until then.
    """

    width: int
    nodes: bytearray
    rows: tuple[int, ...]
    folded: int = 0


@cache
def _row_starts(width: int) -> tuple[int, ...]:
    return tuple(accumulate((HASH_SIZE * (width >> height) for height in range(7)), initial=0))


# Counted for a kept tile beside its nodes: key, tuple, dictionary slot. tracemalloc shows 266 bytes; the rest
# is room for the dictionary when it grows.
_KEPT_OVERHEAD = 384
_MIDDLE_BYTES = TILE_BYTES >> MIDDLE_HEIGHT
_ALL_FOLDED = (1 << (TILE_WIDTH >> MIDDLE_HEIGHT)) - 1
_EDGES_KEPT = 64


class TileTree:
    """Roots and proofs of a tiled tree at any size, from tiles read when needed.

    Always true: what is used of a full tile was compared with its parent; a partial tile has no parent, but
    every hash of it goes into `root(size)`, to be compared with the signed checkpoint. Expanded tiles are
    kept, least recently used out first, within `cache_bytes` (plus at most 64 right edges and 64 ways up
    from a tile, 4 KiB each); the default of 64 MiB holds every tile of a tree of one million leaves.
    Threads may share it.
    """

    def __init__(self, read: TileReader, *, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        """Proofs from the tiles `read` answers; see TileReader."""
        self._read = read
        self._limit = cache_bytes
        self._held_bytes = 0
        self._tiles: OrderedDict[tuple[int, int], _Expanded] = OrderedDict()
        self._edges: OrderedDict[int, list[bytes]] = OrderedDict()
        self._above: dict[tuple[int, int], list[bytes]] = {}
        # Without it a thread could evict a tile between another's look-up and its move to the end.
        self._lock = Lock()

    @property
    def cached_bytes(self) -> int:
        """Bytes of expanded tiles held now, never above the bound."""
        return self._held_bytes

    def root(self, size: int) -> bytes:
        """Root hash of the first `size` leaves. Raises TileDamaged, OutOfTree."""
        _size_in_range(size)
        return self._edge_hashes(size)[-1]

    def leaf(self, index: int, size: int) -> bytes:
        """Leaf hash at `index` in the tree of `size` leaves. Raises TileDamaged, OutOfTree."""
        inclusion_nodes(index, size)
        return self._hashes([(0, index)], size)[0]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Proof that leaf `index` is in the tree of `size` leaves, from the leaf upwards.

        Raises TileDamaged, OutOfTree. RFC 9162 2.1.3.1.
        """
        # All leaves of a tile share what stands above it, and receipts are asked for in the order of leaves.
        key = index >> 8, size
        above = self._above.get(key)
        if above is None:
            nodes = inclusion_nodes(index, size)
            above = self._hashes([node for node in nodes if node[0] >= 8], size)
            if len(self._above) >= _EDGES_KEPT:
                self._above.clear()
            self._above[key] = above
        elif index >= size:
            inclusion_nodes(index, size)  # which says so
        return self._hashes(siblings(0, index, size, below=8), size) + above

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """Proof that the tree of `new_size` leaves begins with that of `old_size`; empty at equal sizes.

        Raises TileDamaged, OutOfTree (also for an old size of 0). RFC 9162 2.1.4.1.
        """
        return self._hashes(consistency_nodes(old_size, new_size), new_size)

    def edge(self, size: int) -> Edge:
        """What `grow` needs to append to the first `size` leaves. Raises TileDamaged, OutOfTree."""
        _size_in_range(size)
        levels = range(size.bit_length())
        peaks = self._hashes([(k, (size >> k) - 1) for k in reversed(levels) if size >> k & 1], size)
        partial: list[bytes] = []
        for level in range(-(-size.bit_length() // 8)):
            n, width = divmod(size >> 8 * level, TILE_WIDTH)
            partial.append(
                b"".join(self._hashes([(8 * level, TILE_WIDTH * n + at) for at in range(width)], size))
            )
        return Edge(Frontier(size, peaks), tuple(partial))

    def _hashes(self, nodes: list[Node], size: int) -> list[bytes]:
        hashes: list[bytes] = []
        held, tile = None, None
        for level, index in nodes:
            if (index + 1) << level > size:  # cut short by the end of the tree: no tile holds it
                hashes.append(self._edge_hashes(size)[level])
                continue
            height = level & 7
            key = (level >> 3, index >> (8 - height))
            if tile is None or key != held:
                held, tile = key, self._tile(*key, size)
            place = index & (255 >> height)
            if tile.folded and height < MIDDLE_HEIGHT:
                _unfold(tile, place >> (MIDDLE_HEIGHT - height), key)
            at = tile.rows[height] + place * HASH_SIZE
            hashes.append(bytes(tile.nodes[at : at + HASH_SIZE]))
        return hashes

    def _edge_hashes(self, size: int) -> list[bytes]:
        """Item k: the hash of the leaves after the last whole subtree of level k; the last item: the root."""
        with self._lock:
            known = self._edges.get(size)
        if known is not None:
            return known
        edges = [EMPTY_ROOT]
        for level in range(size.bit_length()):
            below = edges[level]
            if size >> level & 1:
                whole = self._hashes([(level, (size >> level) - 1)], size)[0]
                below = whole if below is EMPTY_ROOT else node_hash(whole, below)
            edges.append(below)
        with self._lock:
            self._edges[size] = edges
            if len(self._edges) > _EDGES_KEPT:
                self._edges.popitem(last=False)
        return edges

    def _tile(self, level: int, n: int, size: int) -> _Expanded:
        width = min(TILE_WIDTH, (size >> 8 * level) - n * TILE_WIDTH)
        with self._lock:
            known = self._tiles.get((level, n))
            if known is not None and known.width >= width:
                self._tiles.move_to_end((level, n))
                return known
        tile = self._expand(TileName(level, n, width), size)
        with self._lock:
            self._keep((level, n), tile)
        return tile

    def _expand(self, name: TileName, size: int) -> _Expanded:
        try:
            row, middle = _checked(name, self._read(*name))
        except NotFound as error:
            raise TileDamaged(tile=tile_path(*name), part="bytes", expected=name.width * 32, got=0) from error
        starts = _row_starts(name.width)
        if name.width < TILE_WIDTH:
            return _Expanded(name.width, bytearray().join(_rows(row, 8)), starts)
        expected = self._hashes([(8 * (name.level + 1), name.n)], size)[0]
        *upper, got = _rows(middle, 9 - MIDDLE_HEIGHT)
        if got == expected:
            between = bytes(starts[MIDDLE_HEIGHT] - TILE_BYTES)
            return _Expanded(TILE_WIDTH, bytearray().join((row, between, *upper)), starts, _ALL_FOLDED)
        *rows, got = _rows(row, 9)  # without a middle, or with one that is wrong and so of no use
        if got != expected:
            raise TileDamaged(tile=tile_path(*name), part="hash", expected=expected.hex(), got=got.hex())
        return _Expanded(TILE_WIDTH, bytearray().join(rows), starts)

    def _keep(self, key: tuple[int, int], tile: _Expanded) -> None:
        known = self._tiles.pop(key, None)
        if known is not None:
            self._held_bytes -= _cost(known)
            tile = max(known, tile, key=lambda each: each.width)  # another thread may have read it wider
        self._held_bytes += _cost(tile)
        self._tiles[key] = tile
        while self._held_bytes > self._limit:
            self._held_bytes -= _cost(self._tiles.popitem(last=False)[1])


def _cost(tile: _Expanded) -> int:
    return len(tile.nodes) + _KEPT_OVERHEAD


def _rows(row: bytes, count: int) -> list[bytes]:
    """A row of nodes and the `count` - 1 rows above it, as far as their nodes are whole."""
    rows = [row]
    for _ in range(count - 1):
        rows.append(row_above(rows[-1]))
    return rows


def _unfold(tile: _Expanded, group: int, key: tuple[int, int]) -> None:
    """Make the nodes between a group of hashes and its node of MIDDLE_HEIGHT. Raises TileDamaged.

    Two threads at once make the same, and a bit that one of them sets back is only work done twice.
    """
    if not tile.folded >> group & 1:
        return
    group_bytes = HASH_SIZE << MIDDLE_HEIGHT
    at, middle = group * group_bytes, tile.rows[MIDDLE_HEIGHT] + group * HASH_SIZE
    *rows, got = _rows(bytes(tile.nodes[at : at + group_bytes]), MIDDLE_HEIGHT + 1)
    expected = bytes(tile.nodes[middle : middle + HASH_SIZE])
    if got != expected:
        raise TileDamaged(tile=tile_path(*key), part="hash", expected=expected.hex(), got=got.hex())
    for height, row in enumerate(rows):
        at = tile.rows[height] + group * len(row)
        tile.nodes[at : at + len(row)] = row
    tile.folded &= ~(1 << group)


def _checked(name: TileName, data: bytes | None) -> tuple[bytes, bytes]:
    """The first `width` hashes of a tile as read, and its middle if it came with one. Raises TileDamaged."""
    length = name.width * HASH_SIZE
    got = 0 if data is None else len(data)
    whole = got == TILE_BYTES + _MIDDLE_BYTES
    if data is None or not (whole or length <= got <= TILE_BYTES) or got % HASH_SIZE:
        raise TileDamaged(tile=tile_path(*name), part="bytes", expected=length, got=got)
    return bytes(data[:length]), bytes(data[TILE_BYTES:])


def _size_in_range(size: int) -> None:
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise OutOfTree(part="size", expected=f"0..{MAX_SIZE}", got=type(size).__name__)
