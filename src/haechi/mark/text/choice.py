"""How much a text could carry: what a model would have offered at each token, and what a mark there earns.

A detector that has no model cannot know it. One that has can tell "no mark" from "no room for a mark".
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from haechi.mark.extra import require
from haechi.mark.text.prf import Reals
from haechi.mark.text.tail import log10_gamma_tail


class Choice(NamedTuple):
    """What a model had to choose from in a text. tokens: looked at; entropy_nats: their mean, a token.

    log10_p: of the mean score that a mark would earn over them, before any correction; temperature: at which
    the model is taken to have sampled.
    """

    tokens: int
    entropy_nats: float
    log10_p: float
    temperature: float = 1.0


def choice_of(offers: Iterable[Reals]) -> Choice:
    """The choice in a text. offers: for each of its tokens, the probabilities the model gave to all tokens.

    >>> choice_of([np.array([1.0])] * 200)
    Choice(tokens=200, entropy_nats=0.0, log10_p=-0.3093, temperature=1.0)
    """
    told = [(entropy_nats(each), expected_score(each)) for each in offers]
    if not told:
        return Choice(0, 0.0, 0.0)
    entropies, scores = zip(*told, strict=True)
    tail = log10_gamma_tail(math.fsum(scores), len(told))
    return Choice(len(told), round(math.fsum(entropies) / len(told), 4), round(tail, 4))


def entropy_nats(probabilities: Reals) -> float:
    """The entropy of one distribution, in nats a token.

    >>> round(entropy_nats(np.full(8, 0.125)), 4)
    2.0794
    """
    kept = probabilities[probabilities > 0.0]
    return abs(float((kept * np.log(kept)).sum()))


def expected_score(probabilities: Reals) -> float:
    """The mean of -ln(1 - u) of the winner of a race; 1 when there is no choice, as without a mark.

    The winner's u is a power p of a uniform number, so the mean is that of the harmonic numbers of 1/p.

    >>> round(expected_score(np.array([1.0])), 6), round(expected_score(np.array([0.5, 0.5])), 6)
    (1.0, 1.5)
    """
    kept = probabilities[probabilities > 0.0]
    harmonic: Reals = require("scipy.special").digamma(1.0 / kept + 1.0) + np.euler_gamma
    return float((kept * harmonic).sum())
