"""SynthID-Text as transformers ships it (tournament sampling; Dathathri et al., Nature 634:818, 2024).

Thirty bits belong to each n-gram of five tokens, looked up in a table of 65,536 by a linear congruential
hash. The engine tilts towards bits that are 1. Its own detector has no p-value for the mean; ours is the
exact binomial tail of the number of ones over distinct n-grams, the bits taken as fair coins.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit, checked, distinct
from haechi.mark.text.tail import log10_binomial_tail
from haechi.words import Text

_MULTIPLIER, _INCREMENT = np.uint64(6364136223846793005), np.uint64(1)
MAX_DEPTH = 256
MAX_TABLE = 1 << 24


class SynthIdProfile(Profile, frozen=True, kw_only=True):
    """keys: one 63-bit number for each depth; ngram: tokens of context and one; the table's size and seed."""

    engine: ClassVar[str] = "transformers-synthid-text"
    keys: tuple[int, ...]
    ngram: int = 5
    table_size: int = 1 << 16
    table_seed: int = 0

    def __post_init__(self) -> None:
        """Raises ProfileUnfit."""
        if not 1 <= len(self.keys) <= MAX_DEPTH or any(not 0 <= key < 1 << 63 for key in self.keys):
            raise ProfileUnfit(why=Text("1 to 256 keys of 63 bits are needed", "63비트 키가 1~256개 필요함"))
        sizes = 2 <= self.ngram <= 64 and 2 <= self.table_size <= MAX_TABLE
        if not sizes or not 0 <= self.table_seed < 1 << 32:
            raise ProfileUnfit(why=Text("n-gram or table out of range", "n-그램이나 표가 범위를 벗어남"))

    def read(self, tokens: Sequence[int]) -> ProfileReading:
        """The number of ones over distinct n-grams."""
        ids = checked(tokens)
        grams = [tuple(ids[at : at + self.ngram]) for at in range(len(ids) - self.ngram + 1)]
        rows = np.array([grams[at] for at in distinct(grams)], dtype=np.uint64).reshape(-1, self.ngram)
        ones, count = int(self.bits(rows).sum()), len(rows) * len(self.keys)
        tail = log10_binomial_tail(ones, count, 0.5)
        return ProfileReading(
            engine=self.engine,
            score=float(ones),
            count=len(rows),
            log10_p=tail,
            law=f"Binomial({count}, 1/2)",
        )

    def bits(
        self, grams: "np.ndarray[tuple[int, int], np.dtype[np.uint64]]"
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
        """The bits of n-grams (n, ngram), as (n, depth)."""
        hashed = np.ones(len(grams), dtype=np.uint64)
        with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is what is meant
            for column in grams.T:
                hashed = (hashed + column) * _MULTIPLIER + _INCREMENT
            keys = np.array(self.keys, dtype=np.uint64)
            hashed = (hashed[:, None] + keys[None, :]) * _MULTIPLIER + _INCREMENT
        # The engine takes the remainder of a signed number, which is never negative there.
        places = hashed.astype(np.int64) % np.int64(self.table_size)
        return _table(self.table_seed, self.table_size)[places]


def _table(seed: int, size: int) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """The engine's table: a bit of each word of the Mersenne Twister, seeded as torch seeds it."""
    words = np.random.RandomState(seed).randint(0, 1 << 32, size=size, dtype=np.uint32)
    return (words & np.uint32(1)).astype(np.uint8)
