"""Scores of a text under keys: -ln(1 - u) for each pair, for one key or a hundred thousand.

Everything that needs no key is done once; a key costs one AES call over all pairs and a sum.
"""

import math
from collections.abc import Sequence

import numpy as np

from haechi.mark.text.payload import BASE, SYMBOLS, position
from haechi.mark.text.prf import (
    BLOCK_BYTES,
    DROPPED,
    LARGEST,
    Reals,
    Words,
    blocks,
    encrypt_each,
    keyed,
    rest,
)
from haechi.mark.text.words import Pair

_BYTES_AT_ONCE = 1 << 17
_FACTORS = 18


def exponentials(secret: bytes, pairs: Sequence[Pair], value: int = 0) -> Reals:
    """One number for each pair, exponential with mean 1 under a key that did not write the text."""
    if not pairs:
        return np.empty(0)
    contexts, items = _arrays(pairs)
    return -np.log(rest(keyed(secret, contexts, items, value)[:, 0]))


def sums(secrets: Sequence[bytes], pairs: Sequence[Pair]) -> Reals:
    """The score of the whole text under each key, for marks without a payload; shape (keys,)."""
    totals = np.zeros(len(secrets))
    if not pairs:
        return totals
    contexts, items = _arrays(pairs)
    asked = np.column_stack((contexts[:, 0] ^ items, contexts[:, 1])).astype("<u8").tobytes()
    keys_at_once = max(1, _BYTES_AT_ONCE // len(asked))
    # The cipher may ask for a block more than it fills.
    room = bytearray(keys_at_once * len(asked) + BLOCK_BYTES)
    words = np.frombuffer(room, dtype="<u8")[: keys_at_once * len(pairs) * 2]
    words = words.reshape(keys_at_once, len(pairs), 2)[:, :, 0]
    for begin in range(0, len(secrets), keys_at_once):
        some = secrets[begin : begin + keys_at_once]
        encrypt_each(some, asked, room)
        totals[begin : begin + len(some)] = -_logs(words[: len(some)])
    return totals


def _logs(words: Words) -> Reals:
    """The sum of ln(1 - u) over each row: products are cheaper than logarithms.

    Each factor is 2^53 (1 - u), between 1/2 and 2^53: eighteen of them stay normal numbers.
    """
    count = words.shape[1]
    factors = np.ones((len(words), -(-count // _FACTORS) * _FACTORS))
    factors[:, :count] = (words >> DROPPED) ^ LARGEST
    factors[:, :count] += 0.5
    products: Reals = factors.reshape(len(words), _FACTORS, -1).prod(axis=1)
    return np.log(products).sum(axis=1) - 53 * count * math.log(2.0)


def symbol_scores(secret: bytes, pairs: Sequence[Pair]) -> Reals:
    """The score of each value of each symbol, shape (16, 16): a pair counts for its context's symbol."""
    table = np.zeros((SYMBOLS, BASE))
    if not pairs:
        return table
    places = np.array([position(pair.context) for pair in pairs])
    for symbol in range(BASE):
        each = exponentials(secret, pairs, 1 + symbol)
        table[:, symbol] = np.bincount(places, weights=each, minlength=SYMBOLS)
    return table


def _arrays(pairs: Sequence[Pair]) -> tuple[Words, Words]:
    contexts = blocks([pair.context for pair in pairs])
    return contexts, np.array([pair.item for pair in pairs], dtype=np.uint64)
