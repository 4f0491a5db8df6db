"""How surprising a score is: exact tails, no calibration (haechi-text-1, section 6).

Under any key that did not mark the text, each scored pair adds -ln(1 - u) with u uniform and independent, so
the sum of n of them is Gamma(n, 1), whatever the text says, whoever wrote it, in whatever language; and a
weighted sum follows the law of a sum of Gammas with the weights as scales.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

LN10 = math.log(10.0)
_LONG = 20_000.0
_APART = 1_000.0
_NEGLIGIBLE = 32.0
_BIG = 1e100


def log10_gamma_tail(score: float, count: int) -> float:
    """log10 P(Gamma(count, 1) >= score) = log10 of e^-s (1 + s + ... + s^(n-1)/(n-1)!); 0 for no counts.

    >>> round(log10_gamma_tail(1.0, 1), 6)
    -0.434294
    """
    if count <= 0 or score <= 0.0:
        return 0.0
    log_score, term = math.log(score), 0.0
    terms = [0.0]
    for k in range(1, count):
        term += log_score - math.log(k)
        terms.append(term)
    return min(0.0, (_log_sum(terms) - score) / LN10)


def log10_sum_tail(score: float, counts: Mapping[float, int]) -> float:
    """log10 P(sum >= score), where counts[w] terms of the sum are exponential with mean w > 0.

    A sum of exponentials of mean w is that of a random number of exponentials of the least mean b: each takes
    as many as it takes to throw the first success of chance b/w. So the sum is b Gamma(N + M, 1), N terms in
    all and M negative binomial for each mean, and its tail a series of positive terms. What is left out when
    the series ends is added from above, at most 10^-13 of the tail. Where the series is long (a score of more
    than 20,000 times b, a mean of more than 1,000 times b) Chernoff's bound stands in.

    >>> round(log10_sum_tail(3.0, {1.0: 1, 0.5: 1}), 6)  # 2 e^-3 - e^-6
    -1.012801
    """
    means = sorted(mean for mean, count in counts.items() if count > 0)
    if not means or score <= 0.0:
        return 0.0
    least = means[0]
    if len(means) == 1:
        return log10_gamma_tail(score / least, counts[least])
    if score / least > _LONG or means[-1] / least > _APART:
        return log10_sum_bound(score, counts)
    wider = [(least / mean, counts[mean]) for mean in means[1:]]
    number = sum(counts[mean] for mean in means)
    return min(0.0, _log_mixture(score / least, number, wider) / LN10)


def _log_mixture(score: float, number: int, wider: Sequence[tuple[float, int]]) -> float:
    """The natural logarithm of P(Gamma(number + M, 1) >= score).

    M: for each of `wider`, the failures before `count` successes of `chance`, all summed.
    """
    # P(M = k), times e^-log_share. The derivative of M's generating function gives it term by term.
    log_share, share = sum(count * math.log(chance) for chance, count in wider), 1.0
    sums = [0.0] * len(wider)
    # P(Gamma(number + k, 1) >= score), times e^-log_tail: each step adds a Poisson term.
    log_tail, tail = log10_gamma_tail(score, number) * LN10, 1.0
    poisson = math.exp(number * math.log(score) - score - math.lgamma(number + 1) - log_tail)
    terms: list[float] = []
    top, k = -math.inf, 0
    while True:
        terms.append(log_share + math.log(share) + log_tail + math.log(tail))
        top = max(top, terms[-1])
        following = 0.0
        for at, (chance, count) in enumerate(wider):
            sums[at] = (1.0 - chance) * (share + sums[at])
            following += count * sums[at]
        k += 1
        ratio, share = following / k / share, following / k
        if ratio < 1.0:
            # Each P(M = k) / P(M = k - 1) is at most the one before: sums of such M are log-concave.
            left = log_share + math.log(share) - math.log1p(-ratio)
            if left < top - _NEGLIGIBLE:
                return _log_sum([*terms, left])
        tail += poisson
        poisson *= score / (number + k)
        if not 1.0 / _BIG < share < _BIG:
            share, sums, log_share = 1.0, [each / share for each in sums], log_share + math.log(share)
        if tail > _BIG:
            tail, poisson, log_tail = 1.0, poisson / tail, log_tail + math.log(tail)


def log10_sum_bound(score: float, counts: Mapping[float, int]) -> float:
    """An upper bound on the same, cheap for any number of terms: Chernoff's, at its best t."""
    kept = {mean: count for mean, count in counts.items() if count > 0}
    if score <= sum(mean * count for mean, count in kept.items()):
        return 0.0
    low, high = 0.0, 1.0 / max(kept)
    for _ in range(100):  # the derivative grows with t: bisection to the last bit
        t = (low + high) / 2.0
        slope = sum(count * mean / (1.0 - mean * t) for mean, count in kept.items()) - score
        low, high = (t, high) if slope < 0.0 else (low, t)
    bound = -sum(count * math.log1p(-mean * low) for mean, count in kept.items()) - low * score
    return min(0.0, bound / LN10)


def two_keys(counts: Mapping[float, int], share: float) -> Counter[float]:
    """The terms of a sum in which each term of `counts` is (1 - share) E + share E', the scores of two keys.

    >>> two_keys({1.0: 200}, 0.0)
    Counter({1.0: 200})
    """
    law: Counter[float] = Counter()
    for mean, count in counts.items():
        for part in (1.0 - share, share):
            if part > 0.0:
                law[mean * part] += count
    return law


def corrected(log10_p: float, *, tried: int) -> float:
    """log10 p after a look at `tried` hypotheses (Bonferroni's bound); never above 0."""
    return min(0.0, log10_p + math.log10(max(tried, 1)))


def log10_binomial_tail(ones: int, count: int, share: float) -> float:
    """log10 P(Binomial(count, share) >= ones), exact; 0 when `ones` is 0.

    >>> round(log10_binomial_tail(10, 10, 0.5), 6)
    -3.0103
    """
    if ones <= 0:
        return 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    first = math.lgamma(count + 1)
    terms = [
        first - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * log_share + (count - k) * log_rest
        for k in range(ones, count + 1)
    ]
    return min(0.0, _log_sum(terms) / LN10)


def _log_sum(terms: Sequence[float]) -> float:
    top = max(terms)
    return top + math.log(math.fsum(math.exp(each - top) for each in terms))
