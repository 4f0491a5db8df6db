"""Tiles in memory, since a database on another machine is a thousand times further away than a file."""

import threading

from haechi.log.merkle import HASH_SIZE

MAX_TILES = 4096
"""32 MiB of full tiles."""


class TileCache:
    """The widest form seen of recently used tiles.

    Always true: what is inside was durable when it was put, and a tile's first hashes never change; so a
    narrower tile is the beginning of a wider one.
    """

    def __init__(self, max_tiles: int = MAX_TILES) -> None:
        self._max_tiles = max_tiles
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()

    def get(self, level: int, n: int, width: int) -> bytes | None:
        """The first `width` hashes of a tile, if that many are here."""
        body = self._tiles.get((level, n))
        length = width * HASH_SIZE
        return body[:length] if body is not None and len(body) >= length else None

    def put(self, level: int, n: int, body: bytes) -> None:
        """Remember a durable tile; the oldest are forgotten."""
        with self._lock:
            held = self._tiles.pop((level, n), b"")
            self._tiles[level, n] = max(held, body, key=len)
            while len(self._tiles) > self._max_tiles:
                del self._tiles[next(iter(self._tiles))]
