"""Names and bytes of tiles and entry bundles as C2SP tlog-tiles lays them out.

    BadInput
    ├── TilePathMalformed   a path or numbers that name no tile
    └── BundleMalformed     entries that fit no bundle, or bytes that are none

>>> tile_path(0, 1234067, 12)
'tile/0/x001/x234/067.p/12'
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from struct import iter_unpack
from typing import NamedTuple

from haechi.errors import BadInput
from haechi.log.merkle import HASH_SIZE, MAX_SIZE, OutOfTree
from haechi.words import Text

TILE_WIDTH = 256
TILE_BYTES = TILE_WIDTH * HASH_SIZE
MIDDLE_HEIGHT = 4
"""Where a whole tile is halved: 16 groups of 16 hashes under 16 nodes of this height."""
ENTRIES = -1
"""Stands in the place of a level for bundles of entries."""
MAX_ENTRY_BYTES = 65535
_DIGEST_SLOT = 2 + HASH_SIZE


class TilePathMalformed(BadInput):
    """A path or a number that names no tile; facts: got."""

    code = "log.tile-path-malformed"
    what = Text("no such tile name: {got!r}", "타일 이름이 아닙니다: {got!r}")
    hint = Text(
        "write it as tile/0/x001/234 or tile/0/x001/234.p/12",
        "tile/0/x001/234 또는 tile/0/x001/234.p/12 처럼 쓰세요",
    )


class BundleMalformed(BadInput):
    """Entries that fit no bundle, or bytes that are none; facts: part, expected, got."""

    code = "log.bundle-malformed"
    what = Text(
        "malformed entry bundle: {part}: expected {expected}, got {got}",
        "항목 묶음 형식 오류: {part}: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text("fetch the bundle again, or from a mirror", "묶음을 다시 받거나 미러에서 받으세요")


class TileName(NamedTuple):
    """Which tile or bundle: level (ENTRIES for a bundle), place in the level, number of hashes or entries."""

    level: int
    n: int
    width: int


class Tile(NamedTuple):
    """A tile or bundle with its bytes; level is ENTRIES for a bundle.

    middle: the 16 nodes of MIDDLE_HEIGHT of a whole tile, which its file does not have.
    """

    level: int
    n: int
    width: int
    data: bytes
    middle: bytes = b""


_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


def tile_path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """Path of a tile below the log's prefix. Raises TilePathMalformed. C2SP tlog-tiles, "Merkle Tree".

    level: 0..63, or ENTRIES; n: 0..2^63 - 1; width: 1..256, where 256 is a full tile.

    >>> tile_path(1, 0, 17), tile_path(0, 273)
    ('tile/1/000.p/17', 'tile/0/273')
    """
    if not (ENTRIES <= level <= 63 and 0 <= n <= MAX_SIZE and 1 <= width <= TILE_WIDTH):
        raise TilePathMalformed(got=f"level {level}, n {n}, width {width}")
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.append(f"x{n % 1000:03d}")
    name = "entries" if level == ENTRIES else str(level)
    end = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{name}/{'/'.join(reversed(groups))}{end}"


def entries_path(n: int, width: int = TILE_WIDTH) -> str:
    """Path of an entry bundle below the log's prefix. Raises TilePathMalformed.

    >>> entries_path(273, 112)
    'tile/entries/273.p/112'
    """
    return tile_path(ENTRIES, n, width)


def parse_path(path: str) -> TileName:
    """The tile or bundle a path names; only the one spelling `tile_path` writes. Raises TilePathMalformed.

    >>> parse_path("tile/entries/x001/234.p/5")
    TileName(level=-1, n=1234, width=5)
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise TilePathMalformed(got=path[:80])
    level, groups, width = match.groups()
    name = TileName(
        ENTRIES if level == "entries" else int(level),
        int(groups.replace("x", "").replace("/", "")),
        TILE_WIDTH if width is None else int(width),
    )
    # Writing it back finds every second spelling: leading zeroes, empty groups, ".p/256".
    if tile_path(*name) != path:
        raise TilePathMalformed(got=path[:80])
    return name


def changed_tiles(old_size: int, new_size: int) -> Iterator[TileName]:
    """Names of the tiles that are new or wider at `new_size` than at `old_size`, level by level.

    From old size 0 that is every tile of the tree. Bundles change as level 0 does. Raises OutOfTree.

    >>> [tile_path(*name) for name in changed_tiles(255, 257)]
    ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise OutOfTree(part="old_size", expected=f"0..{new_size}", got=old_size)
    level = 0
    while old_size != new_size:
        for n in range(old_size // TILE_WIDTH, -(-new_size // TILE_WIDTH)):
            yield TileName(level, n, min(TILE_WIDTH, new_size - n * TILE_WIDTH))
        level, old_size, new_size = level + 1, old_size // TILE_WIDTH, new_size // TILE_WIDTH


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Bundle of up to 256 entries: each with its length in two big-endian bytes before it.

    Raises BundleMalformed for more entries or one over 65,535 bytes. C2SP tlog-tiles, "Log entries".
    """
    if len(entries) > TILE_WIDTH:
        raise BundleMalformed(part="len(entries)", expected=f"0..{TILE_WIDTH}", got=len(entries))
    return _prefixed(entries)


def decode_entries(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """The `width` entries of a bundle; raises BundleMalformed for fewer, more, or bytes left over."""
    if not 0 <= width <= TILE_WIDTH:
        raise BundleMalformed(part="width", expected=f"0..{TILE_WIDTH}", got=width)
    if _holds_digests(data, width):
        return [*chain.from_iterable(iter_unpack(f"2x{HASH_SIZE}s", data))]
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2])
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise BundleMalformed(part="len(data)", expected=at, got=len(data))
    if len(entries) != width:
        raise BundleMalformed(part="len(entries)", expected=width, got=len(entries))
    return entries


def _holds_digests(data: bytes, width: int) -> bool:
    """Whether a bundle is `width` entries of 32 bytes, as nearly every one is: read in one step then."""
    if len(data) != width * _DIGEST_SLOT:
        return False
    return data[::_DIGEST_SLOT] == bytes(width) and data[1::_DIGEST_SLOT] == bytes([HASH_SIZE]) * width


def grow_bundles(size: int, tail: bytes, entries: Sequence[bytes]) -> list[Tile]:
    """The bundles that change when `entries` follow the first `size`, last one possibly partial.

    tail: bytes of the partial bundle at `size`, empty when there is none. Raises BundleMalformed.
    """
    bundles: list[Tile] = []
    start = 0
    n, held = divmod(size, TILE_WIDTH)
    while start < len(entries):
        part = entries[start : start + TILE_WIDTH - held]
        bundles.append(Tile(ENTRIES, n, held + len(part), tail + _prefixed(part)))
        start += len(part)
        n, held, tail = n + 1, 0, b""
    return bundles


def _prefixed(entries: Sequence[bytes]) -> bytes:
    sizes = set(map(len, entries))
    try:
        if len(sizes) == 1:  # digests: one prefix for all, put between them in one step
            return sizes.pop().to_bytes(2).join((b"", *entries))
        return b"".join([len(entry).to_bytes(2) + entry for entry in entries])
    except OverflowError:
        longest = max(map(len, entries))
        raise BundleMalformed(part="len(entry)", expected=f"0..{MAX_ENTRY_BYTES}", got=longest) from None
