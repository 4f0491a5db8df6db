"""Scores of a text under keys: -ln(1 - u) for each pair, for one key or a hundred thousand.

Everything that needs no key is done once; a key costs one AES call over all pairs and a sum.
"""

from collections.abc import Sequence

import numpy as np

from haechi.mark.text.payload import BASE, position
from haechi.mark.text.prf import Reals, Words, blocks, encrypted, keyed, uniform
from haechi.mark.text.words import Pair

_KEYS_AT_ONCE = 64


def exponentials(secret: bytes, pairs: Sequence[Pair], value: int = 0) -> Reals:
    """One number for each pair, exponential with mean 1 under a key that did not write the text."""
    if not pairs:
        return np.empty(0)
    contexts, items = _arrays(pairs)
    return -np.log1p(-uniform(keyed(secret, contexts, items, value)[:, 0]))


def sums(secrets: Sequence[bytes], pairs: Sequence[Pair]) -> Reals:
    """The score of the whole text under each key, for marks without a payload; shape (keys,)."""
    totals = np.zeros(len(secrets))
    if not pairs:
        return totals
    contexts, items = _arrays(pairs)
    asked = np.column_stack((contexts[:, 0] ^ items, contexts[:, 1])).astype("<u8").tobytes()
    for begin in range(0, len(secrets), _KEYS_AT_ONCE):
        some = secrets[begin : begin + _KEYS_AT_ONCE]
        raw = b"".join(encrypted(secret, asked) for secret in some)
        words = np.frombuffer(raw, dtype="<u8").reshape(len(some), len(pairs), 2)[:, :, 0]
        totals[begin : begin + len(some)] = -np.log1p(-uniform(words)).sum(axis=1)
    return totals


def digit_scores(secret: bytes, pairs: Sequence[Pair], digits: int) -> Reals:
    """The score of each value of each digit, shape (digits, 16): a pair counts for its context's digit."""
    table = np.zeros((digits, BASE))
    if not pairs:
        return table
    places = np.array([position(pair.context, digits) for pair in pairs])
    for digit in range(BASE):
        each = exponentials(secret, pairs, 1 + digit)
        table[:, digit] = np.bincount(places, weights=each, minlength=digits)
    return table


def number_of(table: Reals) -> tuple[int, float]:
    """The best number that a table of digit scores spells, and its whole score."""
    number = 0
    for digit in table.argmax(axis=1):
        number = number * BASE + int(digit)
    return number, float(table.max(axis=1).sum())


def _arrays(pairs: Sequence[Pair]) -> tuple[Words, Words]:
    contexts = blocks([pair.context for pair in pairs])
    return contexts, np.array([pair.item for pair in pairs], dtype=np.uint64)
