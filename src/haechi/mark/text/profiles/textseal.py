"""TextSeal's Gumbel marks with two keys (arXiv 2605.12456), as its published code makes them.

The engine's number is one of 8,191: a weighted sum of the window, the token and the key, mixed once, modulo
a prime. It rounds down, so our tail is an upper bound where those numbers are uniform; the engine's hash is
no random function, and whoever has many texts may learn it. The reading says so in its law.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from haechi.mark.text.prf import Reals
from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit, checked, distinct
from haechi.mark.text.tail import log10_sum_tail, two_keys
from haechi.words import Text

_WINDOW = (
    10000019, 10000247, 10000439, 10000643, 10000747, 10000867, 10000993, 10001213, 10001357, 10001501,
)  # fmt: skip
_TOKEN, _KEY, _FACTOR, _MIXER, _SHIFT, _MODULUS = 100000007, 500001713, 15485863, 40499, 13, 8191
Signed = np.ndarray[tuple[int], np.dtype[np.int64]]


class TextSealProfile(Profile, frozen=True, kw_only=True):
    """key: the first key; second_key: used for `alpha` of the contexts; width: tokens of context."""

    engine: ClassVar[str] = "textseal-gumbel"
    key: int
    second_key: int = 0
    alpha: float = 0.0
    width: int = 2

    def __post_init__(self) -> None:
        """Raises ProfileUnfit."""
        if not (0 <= self.key < 1 << 62 and 0 <= self.second_key < 1 << 62):
            raise ProfileUnfit(why=Text("a key has more than 62 bits", "키가 62비트를 넘음"))
        if not 1 <= self.width <= len(_WINDOW) or not 0.0 <= self.alpha <= 1.0:
            raise ProfileUnfit(why=Text("context width or alpha out of range", "문맥 너비나 alpha가 범위 밖"))

    def read(self, tokens: Sequence[int]) -> ProfileReading:
        """The score over distinct pairs of window and token."""
        ids = checked(tokens)
        grams = [tuple(ids[at : at + self.width + 1]) for at in range(len(ids) - self.width)]
        rows = np.array([grams[at] for at in distinct(grams)], dtype=np.int64).reshape(-1, self.width + 1)
        first, count = -np.log1p(-uniforms(self.key, rows)), len(rows)
        if self.alpha == 0.0:
            score = float(first.sum())
        else:
            second = -np.log1p(-uniforms(self.second_key, rows))
            score = float(((1.0 - self.alpha) * first + self.alpha * second).sum())
        tail = log10_sum_tail(score, two_keys({1.0: count}, self.alpha))
        law = "Gamma(n, 1) for each key as a bound, the engine's hash taken as uniform"
        return ProfileReading(engine=self.engine, score=score, count=count, log10_p=tail, law=law)


def uniforms(key: int, grams: "np.ndarray[tuple[int, int], np.dtype[np.int64]]") -> Reals:
    """The engine's numbers in [0, 1) for rows of window and token (n, width + 1), in signed 64 bits."""
    windows, tokens = grams[:, :-1], grams[:, -1]
    factors = np.array(_WINDOW[: windows.shape[1]], dtype=np.int64)
    with np.errstate(over="ignore"):  # the engine's arithmetic wraps as well
        mixed = (windows * factors).sum(axis=1) + _TOKEN * tokens + np.int64(_KEY) * np.int64(key)
        mixed = mixed * np.int64(_FACTOR) * np.int64(_MIXER)
    mixed = mixed ^ (mixed >> np.int64(_SHIFT))
    # The engine keeps single precision, whose rounding never leaves a number's own step.
    return (mixed % np.int64(_MODULUS)).astype(np.float64) / _MODULUS
