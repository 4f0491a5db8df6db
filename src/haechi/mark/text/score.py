"""Scores of a text under keys: -ln(1 - u) for each pair, times its weight, for one key or a hundred thousand.

Everything that needs no key is done once; a key costs one AES call over all pairs and a sum.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from haechi.mark.text.payload import BASE, SYMBOLS, position
from haechi.mark.text.prf import (
    BLOCK_BYTES,
    Reals,
    Words,
    blocks,
    encrypt_each,
    keyed,
    rest,
)
from haechi.mark.text.tail import two_keys
from haechi.mark.text.words import Pair

_BYTES_AT_ONCE = 1 << 17
"""Results that are summed up before the next are made: they stay in the second-level cache."""
_MULTIPLIED = 16
"""Numbers whose product still is a number: each is above 2^-54."""


def scores(secret: bytes, pairs: Sequence[Pair], value: int = 0) -> Reals:
    """One number for each pair: under a key that did not write the text, exponential with mean `weight`."""
    if not pairs:
        return np.empty(0)
    contexts, items = _arrays(pairs)
    return _weights(pairs) * -np.log(rest(keyed(secret, contexts, items, value)[:, 0]))


def law_of(pairs: Sequence[Pair], share: float = 0.0) -> Counter[float]:
    """How many exponentials of which mean the score of these pairs adds up; share: of the second key."""
    return two_keys(Counter(pair.weight for pair in pairs), share)


def sums(secrets: Sequence[bytes], pairs: Sequence[Pair]) -> Reals:
    """The score of the whole text under each key, for marks without a payload; shape (keys,)."""
    totals = np.zeros(len(secrets))
    if not pairs:
        return totals
    # Of pairs with one weight, the logarithm of a product is the sum of logarithms, and cheaper.
    pairs = sorted(pairs, key=lambda pair: pair.weight)
    contexts, items = _arrays(pairs)
    begins, weights = _runs(_weights(pairs))
    asked = np.column_stack((contexts[:, 0] ^ items, contexts[:, 1])).astype("<u8").tobytes()
    keys_at_once = max(1, _BYTES_AT_ONCE // len(asked))
    # The cipher may ask for a block more than it fills.
    room = bytearray(keys_at_once * len(asked) + BLOCK_BYTES)
    words = np.frombuffer(room, dtype="<u8")[: keys_at_once * len(pairs) * 2]
    words = words.reshape(keys_at_once, len(pairs), 2)[:, :, 0]
    for begin in range(0, len(secrets), keys_at_once):
        some = secrets[begin : begin + keys_at_once]
        encrypt_each(some, asked, room)
        products = np.multiply.reduceat(rest(words[: len(some)]), begins, axis=1)
        totals[begin : begin + len(some)] = -(np.log(products) @ weights)
    return totals


def _runs(weights: Reals) -> tuple[NDArray[np.intp], Reals]:
    """Where runs of at most `_MULTIPLIED` equal weights begin in sorted ones, and the weight of each run."""
    firsts = np.flatnonzero(np.diff(weights, prepend=-1.0)).tolist()
    ends = [*firsts[1:], len(weights)]
    begins = [at for first, end in zip(firsts, ends, strict=True) for at in range(first, end, _MULTIPLIED)]
    return np.array(begins), weights[begins]


def symbol_scores(secret: bytes, pairs: Sequence[Pair]) -> Reals:
    """The score of each value of each symbol, shape (16, 16): a pair counts for its context's symbol."""
    table = np.zeros((SYMBOLS, BASE))
    if not pairs:
        return table
    places = np.array([position(pair.context) for pair in pairs])
    for symbol in range(BASE):
        each = scores(secret, pairs, 1 + symbol)
        table[:, symbol] = np.bincount(places, weights=each, minlength=SYMBOLS)
    return table


def _arrays(pairs: Sequence[Pair]) -> tuple[Words, Words]:
    contexts = blocks([pair.context for pair in pairs])
    return contexts, np.array([pair.item for pair in pairs], dtype=np.uint64)


def _weights(pairs: Sequence[Pair]) -> Reals:
    return np.array([pair.weight for pair in pairs])
