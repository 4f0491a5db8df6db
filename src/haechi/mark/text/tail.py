"""How surprising a score is: exact tails, no calibration (haechi-text-1, section 6).

Under any key that did not mark the text, each scored pair adds -ln(1 - u) with u uniform and independent, so
the sum of n of them is Gamma(n, 1), whatever the text says, whoever wrote it, in whatever language.
"""

import math

LN10 = math.log(10.0)


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
    top = max(terms)
    total = top + math.log(math.fsum(math.exp(each - top) for each in terms))
    return min(0.0, (total - score) / LN10)


def log10_mixed_tail(score: float, count: int, share: float) -> float:
    """An upper bound on log10 P(sum >= score) when each of `count` terms is (1-a) E + a E', a = share.

    E, E': independent exponentials, the scores of one pair under two keys. Chernoff's bound, at its best t.
    """
    first, second = 1.0 - share, share
    if count <= 0 or score <= count:  # the mean of one term is 1
        return 0.0
    low, high = 0.0, 1.0 / max(first, second)
    for _ in range(100):  # the derivative grows with t: bisection to the last bit
        t = (low + high) / 2.0
        slope = count * (first / (1.0 - first * t) + second / (1.0 - second * t)) - score
        low, high = (t, high) if slope < 0.0 else (low, t)
    bound = -count * (math.log1p(-first * low) + math.log1p(-second * low)) - low * score
    return min(0.0, bound / LN10)


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
    top = max(terms)
    return min(0.0, (top + math.log(math.fsum(math.exp(each - top) for each in terms))) / LN10)
