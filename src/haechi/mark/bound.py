"""How surprising a statistic is: a proven bound, not a calibration (lattice-1, section 8).

The statistic of a code word is z = sum(e_i a_i) / |a|, where the a_i come from the picture and the public
pilots alone and the e_i are the word's signs under the key, independent fair coins to anyone without it.
For every fixed picture P(z >= x) <= C * P(N >= x), N standard normal, C = 1 / (4 P(N >= sqrt 2)): the
optimal constant for weighted sums of fair signs (Bentkus and Dzindzalieta, Bernoulli 21, 2015).
All 2^64 words and every attempt are added up, so p is for the whole detection, whatever was searched.

Where few a_i carry all, as in a very small picture, a second bound for the same a_i is the smaller one:
P(z >= x) <= exp(-l x) prod cosh(l a_i / |a|) for every l > 0 (Chernoff). The smaller of two bounds that
hold is a bound that holds, and both fall as x grows.
"""

import math

import numpy as np

from haechi.mark.trellis import PAYLOAD_BITS, Reals

SIGN_SUM_CONSTANT = 1.0 / (2.0 * math.erfc(1.0))
"""C above: 3.178..."""
LOG10_P_LIMIT = -9.0
"""A mark is reported when log10 p is at most this: one false mark in a thousand million pictures."""
CHERNOFF_STEPS = 16
"""Slopes l = x 2^(k/4), k = 0 ... 15, at which the second bound is looked at: any of them holds."""


def log10_normal_tail(x: float) -> float:
    """log10 P(N >= x) of a standard normal; exact by erfc up to x = 35, then an upper bound.

    >>> round(log10_normal_tail(12.0), 3)
    -32.75
    """
    if x < 35.0:
        return math.log10(math.erfc(x / math.sqrt(2.0)) / 2.0)
    return -(x * x / 2.0 + math.log(x * math.sqrt(2.0 * math.pi))) / math.log(10.0)


def log10_sign_sum_tail(statistic: float, weights: Reals | None = None) -> float:
    """log10 of the bound on P(z >= statistic) for one word and one decode; weights: the a_i, in any scale.

    >>> round(log10_sign_sum_tail(9.8, np.ones(100)), 1), round(log10_sign_sum_tail(9.8), 1)
    (-27.7, -21.7)
    """
    gauss = math.log10(SIGN_SUM_CONSTANT) + log10_normal_tail(statistic)
    if weights is None or statistic <= 0.0:
        return gauss
    size = float(np.sqrt(weights @ weights))
    if size == 0.0:
        return 0.0
    shares = np.abs(weights) / size
    lowest = math.inf
    for step in range(CHERNOFF_STEPS):
        slope = statistic * 2.0 ** (step / 4.0)
        turned = slope * shares
        exponent = float((turned + np.log1p(np.exp(-2.0 * turned))).sum())
        exponent -= len(shares) * math.log(2.0) + slope * statistic
        if exponent >= lowest:
            break  # convex in the slope: from here on it only rises
        lowest = exponent
    return min(gauss, lowest / math.log(10.0))


def log10_p(statistic: float, attempts: int, weights: Reals | None = None) -> float:
    """log10 of the bound on the chance that an unmarked picture reaches `statistic` in `attempts` decodes.

    attempts: code words searched / 2^64: each geometry tried, times each key. weights: the soft values that
    the statistic was made of, for the sharper bound. Never above 0.
    """
    return log10_counted(log10_sign_sum_tail(statistic, weights), attempts)


def log10_counted(tail: float, attempts: int) -> float:
    """log10 p where one decode gave a word with this `log10_sign_sum_tail`, and all `attempts` are counted.

    >>> log10_counted(log10_sign_sum_tail(12.0), 20) == log10_p(12.0, 20)
    True
    """
    return min(0.0, PAYLOAD_BITS * math.log10(2.0) + math.log10(max(attempts, 1)) + tail)
