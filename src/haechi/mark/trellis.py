"""The error-correcting code of marks: tail-biting, rate 1/3, constraint length 13, decoded softly.

64 payload bits become 192 coded bits. There are no check bits: the statistic of the whole code word says
whether it is a mark (see `bound`), which costs nothing and is stronger than any check sum of this length.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PAYLOAD_BITS = 64
MEMORY = 12
POLYNOMIALS = (0o10533, 0o10675, 0o17661)
STATES = 1 << MEMORY
AT_ONCE = 16  # words: their metrics then still fit a processor's cache

Bits = NDArray[np.uint8]
Reals = NDArray[np.floating[Any]]


class _Tables(NamedTuple):
    outputs: NDArray[np.uint8]  # (2, STATES): the three coded bits as a number, first bit highest
    from_even: NDArray[np.intp]  # (STATES / 2,): outputs into the lower states from predecessor 2s


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    state = np.arange(STATES)
    outputs = np.zeros((2, STATES), np.uint8)
    for bit in (0, 1):
        register = (bit << MEMORY) | state
        for polynomial in POLYNOMIALS:
            parity = np.bitwise_count(register & polynomial) & 1
            outputs[bit] = (outputs[bit] << 1) | parity.astype(np.uint8)
    return _Tables(outputs, outputs[0, 0::2].astype(np.intp))


def encode(bits: Bits) -> Reals:
    """The 192 coded signs (+1 for 0, -1 for 1) of 64 payload bits.

    The register starts as the last 12 bits, so the code word has no beginning and no weak end.
    """
    outputs = _tables().outputs
    state = 0
    for bit in bits[-MEMORY:].tolist():
        state = ((bit << MEMORY) | state) >> 1
    coded: list[int] = []
    for bit in bits.tolist():
        coded.append(int(outputs[bit, state]))
        state = ((bit << MEMORY) | state) >> 1
    triples = np.array(coded)[:, None] >> np.array([2, 1, 0]) & 1
    return 1.0 - 2.0 * triples.reshape(-1)


def decode(soft: Reals) -> Bits:
    """The 64 bits of the likeliest path for 192 soft values (positive means coded bit 0).

    Viterbi over two rounds of the circle; the bits are read from the middle, where both ends are settled.
    """
    return _decoded(soft)


def decode_each(soft: Reals) -> Bits:
    """(n, 64): `decode` for each of (n, 192) soft values; sixteen together take the time of ten alone."""
    made = np.empty((len(soft), PAYLOAD_BITS), np.uint8)
    together = len(soft) // AT_ONCE * AT_ONCE
    for first in range(0, together, AT_ONCE):
        made[first : first + AT_ONCE] = _decoded(soft[first : first + AT_ONCE].T).T
    for alone in range(together, len(soft)):
        made[alone] = _decoded(soft[alone])
    return made


def _decoded(soft: Reals) -> Bits:
    """(64, ...) bits for (192, ...) soft values: several words go along the last axis, in memory's order."""
    words = soft.shape[1:]
    choices = 1.0 - 2.0 * (np.arange(8)[:, None] >> np.array([2, 1, 0]) & 1)
    gains = np.einsum("gc,bc...->bg...", choices, soft.reshape(PAYLOAD_BITS, 3, *words)).astype(np.float32)
    # Every polynomial taps the newest and the oldest bit, so changing either flips all three outputs and
    # turns a gain's sign: one gain in four has to be looked up.
    from_even = _tables().from_even
    half = STATES // 2
    metric, after = np.zeros((STATES, *words), np.float32), np.empty((STATES, *words), np.float32)
    even, odd = np.empty((half, *words), np.float32), np.empty((half, *words), np.float32)
    rounds = 2 * PAYLOAD_BITS
    history = np.empty((rounds, 2, half, *words), np.bool_)
    for step in range(rounds):
        gain = gains[step % PAYLOAD_BITS].take(from_even, axis=0)
        from_even_states, from_odd_states = metric[0::2], metric[1::2]
        np.add(from_even_states, gain, out=even)
        np.subtract(from_odd_states, gain, out=odd)
        np.greater(odd, even, out=history[step, 0])
        np.maximum(even, odd, out=after[:half])
        np.subtract(from_even_states, gain, out=even)
        np.add(from_odd_states, gain, out=odd)
        np.greater(odd, even, out=history[step, 1])
        np.maximum(even, odd, out=after[half:])
        metric, after = after, metric
    return _traced(history.reshape(rounds, STATES, *words), np.asarray(metric.argmax(axis=0)))


def _traced(history: NDArray[np.bool_], last: NDArray[np.intp]) -> Bits:
    rounds, words = len(history), last.shape
    path = np.empty((rounds, *words), np.uint8)
    each = np.indices(words, sparse=True)
    state = last
    for step in range(rounds - 1, -1, -1):
        path[step] = state >> (MEMORY - 1)
        state = ((state << 1) & (STATES - 1)) | history[(step, state, *each)]
    middle = path[PAYLOAD_BITS // 2 : PAYLOAD_BITS // 2 + PAYLOAD_BITS]
    return np.roll(middle, PAYLOAD_BITS // 2, axis=0)
