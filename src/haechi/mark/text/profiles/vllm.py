"""vLLM's Gumbel marks, PRF `philox4x32-10-v1` (vllm/v1/watermarking, 2026), and their two-key variant.

Philox4x32-10: Salmon et al., SC11, doi 10.1145/2063384.2063405. The context is absorbed four token ids at a
time; the token picks one of the four output words; u = ((word >> 8) + 1) / (2^24 + 1) in single precision.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar

import numpy as np

from haechi.mark.text.prf import Reals, Words
from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit, checked, distinct
from haechi.mark.text.tail import log10_sum_tail, two_keys
from haechi.words import Text

_CONTEXT, _TOKEN = 0x574D4358, 0x574D544B
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_FACTORS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_STEPS = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
MAX_WIDTH = 64


class VllmProfile(Profile, frozen=True, kw_only=True):
    """key: 64 bits; width: tokens of context; alpha: share of the second key, 0 for one key."""

    engine: ClassVar[str] = "vllm-gumbel-philox4x32-10-v1"
    key: int
    width: int = 4
    alpha: float = 0.0

    def __post_init__(self) -> None:
        """Raises ProfileUnfit."""
        if not 0 <= self.key < 1 << 64:
            raise ProfileUnfit(why=Text("the key has more than 64 bits", "키가 64비트를 넘음"))
        if not 1 <= self.width <= MAX_WIDTH or not 0.0 <= self.alpha <= 1.0:
            raise ProfileUnfit(why=Text("context width or alpha out of range", "문맥 너비나 alpha가 범위 밖"))

    def read(self, tokens: Sequence[int]) -> ProfileReading:
        """The engine's score, each context once (its own rule), from the first token on."""
        ids = checked(tokens)
        padded = [-1] * self.width + ids
        contexts = [tuple(padded[at : at + self.width]) for at in range(len(ids))]
        places = distinct(contexts)
        rows = np.array([contexts[at] for at in places], dtype=np.int64).reshape(-1, self.width)
        items = np.array([ids[at] for at in places], dtype=np.uint64)
        if self.alpha == 0.0:
            score, law = float(_scores(self.key, rows, items).sum()), "Gamma(n, 1)"
        else:
            first, second = (_scores(self._derived(name), rows, items) for name in (b"key_a", b"key_b"))
            score = float(((1.0 - self.alpha) * first + self.alpha * second).sum())
            law = f"{1.0 - self.alpha:g} Gamma(n, 1) + {self.alpha:g} Gamma(n, 1)"
        tail = log10_sum_tail(score, two_keys({1.0: len(places)}, self.alpha))
        return ProfileReading(engine=self.engine, score=score, count=len(places), log10_p=tail, law=law)

    def engine_config(self) -> dict[str, int | float | str]:
        """What `vllm serve --watermark-config` takes to write marks that this profile reads."""
        if self.alpha == 0.0:
            return {"algorithm": "gumbel", "key": self.key, "context_width": self.width}
        settings = {"key": self.key, "alpha": self.alpha, "context_width": self.width}
        return {"algorithm": "dual_key_gumbel", **settings}

    def _derived(self, domain: bytes) -> int:
        return int.from_bytes(sha256(domain + self.key.to_bytes(8, "big")).digest()[:8], "big")


def _scores(key: int, contexts: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", tokens: Words) -> Reals:
    return -np.log1p(-uniforms(key, contexts.astype(np.uint64) & _LOW, tokens).astype(np.float64))


def uniforms(key: int, contexts: Words, tokens: Words) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """The engine's numbers for rows of contexts (n, width), as 32-bit values, and tokens (n,)."""
    word = words32(key, contexts, tokens)
    return (((word >> np.uint64(8)).astype(np.float64) + 1.0) / (2.0**24 + 1.0)).astype(np.float32)


def words32(key: int, contexts: Words, tokens: Words) -> Words:
    """The engine's 32-bit words, before they become numbers."""
    count, width = contexts.shape
    low, high = key & 0xFFFFFFFF, key >> 32
    state: list[Words] = [np.full(count, word, dtype=np.uint64) for word in (_CONTEXT, width, 0, 0)]
    for offset in range(0, width, 4):
        filled = np.tile(np.arange(0xFFFFFFFF, 0xFFFFFFFB, -1, dtype=np.uint64), (count, 1))
        filled[:, : width - offset] = contexts[:, offset : offset + 4]
        counter = [word ^ filled[:, at] for at, word in enumerate(state)]
        state = _philox(counter, (low ^ offset, high))
    counter: list[Words] = [tokens >> np.uint64(2), state[0], state[1], state[2]]
    words = _philox(counter, (state[3] ^ np.uint64(low), high ^ _TOKEN))
    which = (tokens & np.uint64(3)).astype(np.intp)
    return np.stack(words)[which, np.arange(count)]


def _philox(counter: list[Words], key: tuple[Words | int, int]) -> list[Words]:
    a, b, c, d = counter
    first, second = (np.asarray(part, dtype=np.uint64) for part in key)
    for _ in range(_ROUNDS):
        left, right = a * _FACTORS[0], c * _FACTORS[1]
        a, b, c, d = (right >> _HALF) ^ b ^ first, right & _LOW, (left >> _HALF) ^ d ^ second, left & _LOW
        first, second = (first + np.uint64(_STEPS[0])) & _LOW, (second + np.uint64(_STEPS[1])) & _LOW
    return [a, b, c, d]
