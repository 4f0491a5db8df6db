"""A log as static files: checkpoint, tiles, entry bundles (C2SP tlog-tiles), and bundles of statements.

`tile/statements/<N>[.p/<W>]` is ours: for each entry of that bundle a big-endian u32 length and the signed
statement, encrypted ones as they are; length 0 stands for one that not everybody may have, or that was
erased. Mirrors read it.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from haechi.errors import NotFound
from haechi.log.layout import ENTRIES, TILE_WIDTH, parse_path
from haechi.log.store import Store
from haechi.statement.envelope import labelled_for_anybody
from haechi.words import Text

STATEMENTS = "tile/statements/"
OCTETS = "application/octet-stream"
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class TileSite:
    """One log, own or mirrored, to be served."""

    store: Store


class Served(NamedTuple):
    """Bytes to send; fixed: they never change, so caches may keep them."""

    data: bytes
    media_type: str
    fixed: bool


def serve_tile(site: TileSite, path: str) -> Served:
    """What stands at `path` of the site; raises NotFound or TilePathMalformed."""
    store = site.store
    if path == "checkpoint":
        published = store.published()
        if published is None:
            raise NotFound(what_is=Text("checkpoint", "체크포인트"), name=store.origin)
        return Served(published.note, "text/plain; charset=utf-8", fixed=False)
    if path.startswith(STATEMENTS):
        name = parse_path("tile/entries/" + path[len(STATEMENTS) :])
        return Served(_statements(store, name.n, name.width), OCTETS, fixed=False)
    name = parse_path(path)
    entries = name.level == ENTRIES
    data = store.entries(name.n, name.width) if entries else store.tile(name.level, name.n, name.width)
    if data is None:
        raise NotFound(what_is=Text("tile", "타일"), name=path[:100])
    return Served(data, OCTETS, fixed=True)


def _statements(store: Store, n: int, width: int) -> bytes:
    first = n * TILE_WIDTH
    if first + width > store.head().size:
        raise NotFound(what_is=Text("statements", "진술"), name=f"{first} to {first + width - 1}")
    held = dict(store.statements(first, width))
    parts: list[bytes] = []
    for index in range(first, first + width):
        raw = held.get(index, b"")
        body = raw if labelled_for_anybody(raw) else b""
        parts += (_LENGTH.pack(len(body)), body)
    return b"".join(parts)
