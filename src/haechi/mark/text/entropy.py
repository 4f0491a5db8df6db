"""How much a text could carry: the entropy of what a model offered, and the score that a mark there earns.

A detector that has no model cannot know it. One that has can tell "no mark" from "no room for a mark".
"""

import math

import numpy as np

from haechi.mark.text.prf import Reals

_EULER = 0.5772156649015329


def entropy_nats(probabilities: Reals) -> float:
    """The entropy of one distribution, in nats a token.

    >>> round(entropy_nats(np.full(8, 0.125)), 4)
    2.0794
    """
    kept = probabilities[probabilities > 0.0]
    return float(-(kept * np.log(kept)).sum())


def expected_score(probabilities: Reals) -> float:
    """The mean of -ln(1 - u) of the winner of a race; 1 when there is no choice, as without a mark.

    The winner's u is a power p of a uniform number, so the mean is that of the harmonic numbers of 1/p.

    >>> round(expected_score(np.array([1.0])), 6), round(expected_score(np.array([0.5, 0.5])), 6)
    (1.0, 1.5)
    """
    kept = probabilities[probabilities > 0.0]
    return float(sum(share * _harmonic(1.0 / share) for share in kept.tolist()))


def _harmonic(x: float) -> float:
    """The harmonic number of a real x >= 1: shifted up, then the asymptotic series of the digamma."""
    total, at = 0.0, x + 1.0
    while at < 12.0:
        total -= 1.0 / at
        at += 1.0
    square = 1.0 / (at * at)
    series = math.log(at) - 0.5 / at - square * (1 / 12 - square * (1 / 120 - square / 252))
    return total + series + _EULER
