"""Tiles in memory, since a database on another machine is a thousand times further away than a file."""

import threading

from haechi.log.merkle import HASH_SIZE

DEFAULT_TILE_BYTES = 16 * 2**20
# Beside the hashes of a tile: its bytes object, key, tuple and slot in the dictionary.
_OVERHEAD = 300


class TileCache:
    """The widest form seen of recently used tiles.

    Always true: what is inside was durable when it was put, and a tile's first hashes never change; so a
    narrower tile is the beginning of a wider one. It all takes at most `max_bytes`.
    """

    def __init__(self, max_bytes: int = DEFAULT_TILE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
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
            held = self._tiles.pop((level, n), None)
            if held is not None:
                self._held_bytes -= len(held) + _OVERHEAD
                body = max(held, body, key=len)
            self._tiles[level, n] = body
            self._held_bytes += len(body) + _OVERHEAD
            while self._held_bytes > self._max_bytes:
                oldest = self._tiles.pop(next(iter(self._tiles)))
                self._held_bytes -= len(oldest) + _OVERHEAD
