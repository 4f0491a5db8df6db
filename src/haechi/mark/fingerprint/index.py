"""Looking up fingerprints: exact, in memory, 32 bytes an item (FAISS flat, or NumPy without it)."""

import importlib.util
from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from haechi.mark.extra import require
from haechi.mark.fingerprint.prints import PDQ_BITS, PDQ_SAME, Bits, packed

K = TypeVar("K")


class Near(NamedTuple, Generic[K]):
    """An item whose hash is near: its key and how many of 256 bits differ."""

    key: K
    distance: int


class FingerprintIndex(Generic[K]):
    """PDQ hashes with the keys they stand for.

    Always true: item i of the index has key i; nothing is ever removed.
    """

    def __init__(self) -> None:
        self._keys: list[K] = []
        self._faiss: Any = None
        self._rows: list[Bits] = []
        if importlib.util.find_spec("faiss") is not None:
            faiss = require("faiss")
            # One question is one scan of 32 bytes an item. A second thread hardly helps on an idle machine
            # (2.4 ms for 2.9 in a million) and on a busy one the two wait for each other (35 to 160 ms).
            faiss.omp_set_num_threads(1)
            self._faiss = faiss.IndexBinaryFlat(PDQ_BITS)

    def __len__(self) -> int:
        """How many hashes."""
        return len(self._keys)

    def add(self, items: Iterable[tuple[K, str]]) -> None:
        """Add keys with their PDQ hashes (64 hexadecimal digits)."""
        given = list(items)
        if given:
            self.add_packed([key for key, _ in given], np.stack([packed(pdq) for _, pdq in given]))

    def add_packed(self, keys: Sequence[K], rows: Bits) -> None:
        """The same for many at once; rows: (n, 32) bytes."""
        self._keys += keys
        if self._faiss is not None:
            self._faiss.add(rows)
        else:
            self._rows = [np.concatenate([*self._rows, rows])]

    def near(self, pdq: str, limit: int = 10, most: int = PDQ_SAME) -> list[Near[K]]:
        """The nearest items, at most `limit`, with at most `most` differing bits; nearest first."""
        count = min(limit, len(self._keys))
        if not count:
            return []
        asked = packed(pdq)[None, :]
        if self._faiss is not None:
            distances, places = self._faiss.search(asked, count)
            pairs = list(zip(distances[0].tolist(), places[0].tolist(), strict=True))
        else:
            differing = np.bitwise_count(self._rows[0] ^ asked).sum(axis=1, dtype=np.int64)
            nearest = np.argsort(differing, kind="stable")[:count]
            pairs = [(int(differing[at]), int(at)) for at in nearest]
        return [Near(self._keys[at], distance) for distance, at in pairs if at >= 0 and distance <= most]
