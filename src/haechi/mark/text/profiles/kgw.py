"""Green lists (Kirchenbauer et al., ICML 2023) as transformers ships them, scheme `lefthash`.

The token before seeds a shuffle of the vocabulary; its first part is green and gets a bias. Our p-value is
the exact binomial tail of green tokens over distinct pairs; the engine's own counts repetitions too.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit, checked, distinct
from haechi.mark.text.tail import log10_binomial_tail
from haechi.words import Text

MAX_VOCABULARY = 1 << 20
_SEEDS = (1 << 64) - 1


class KgwProfile(Profile, frozen=True, kw_only=True):
    """vocabulary: number of tokens of the model; ratio: the green part; hashing_key: the engine's setting."""

    engine: ClassVar[str] = "transformers-kgw-lefthash"
    vocabulary: int
    ratio: float = 0.25
    hashing_key: int = 15485863

    def __post_init__(self) -> None:
        """Raises ProfileUnfit."""
        if not 2 <= self.vocabulary <= MAX_VOCABULARY or not 0.0 < self.ratio < 1.0 or self.hashing_key < 1:
            raise ProfileUnfit(
                why=Text("vocabulary, ratio or key out of range", "어휘 수, 비율, 키가 범위 밖")
            )

    def read(self, tokens: Sequence[int]) -> ProfileReading:
        """The number of green tokens over distinct pairs."""
        ids = checked(tokens)
        if any(token >= self.vocabulary for token in ids):
            raise ProfileUnfit(why=Text("a token is not in the vocabulary", "어휘에 없는 토큰이 있음"))
        pairs = list(pairwise(ids))
        kept = [pairs[at] for at in distinct(pairs)]
        size = int(self.vocabulary * self.ratio)
        followers: dict[int, list[int]] = {}
        for before, token in kept:
            followers.setdefault(before, []).append(token)
        green = sum(
            _is_green(token, swaps, size)
            for before, following in followers.items()
            for swaps in (self._swaps(before, size),)
            for token in following
        )
        tail = log10_binomial_tail(green, len(kept), size / self.vocabulary)
        law = f"Binomial({len(kept)}, {size}/{self.vocabulary})"
        return ProfileReading(engine=self.engine, score=float(green), count=len(kept), log10_p=tail, law=law)

    def _swaps(self, before: int, size: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """With which place each of the first `size` places is swapped, in order (Fisher and Yates)."""
        seed = self.hashing_key * before % _SEEDS & 0xFFFFFFFF
        words = np.random.RandomState(seed).randint(0, 1 << 32, size=size, dtype=np.uint32)
        places = np.arange(size, dtype=np.int64)
        return places + words.astype(np.int64) % (self.vocabulary - places)


def _is_green(token: int, swaps: "np.ndarray[tuple[int], np.dtype[np.int64]]", size: int) -> bool:
    """Whether the shuffle brings `token` to one of the first places; followed alone, without the others."""
    place, step = token, 0
    while True:
        until = min(place, size)
        brought = np.flatnonzero(swaps[step:until] == place)
        if len(brought):
            return True
        if place >= size:
            return False
        # Its own turn: it changes places with another, and may still be brought back.
        step, place = place + 1, int(swaps[place])
        if place == step - 1:
            return True
