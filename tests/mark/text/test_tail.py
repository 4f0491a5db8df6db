"""The tail of a weighted sum is exact: closed forms, chance itself, and a bound above."""

import math
from itertools import pairwise

import numpy as np
import pytest

from haechi.mark.text.tail import log10_gamma_tail, log10_sum_bound, log10_sum_tail, two_keys

MANY = {1.0: 60, 0.6: 44, 0.3: 27}


@pytest.mark.parametrize("score", [0.1, 1.0, 5.0, 40.0, 300.0, 900.0])
@pytest.mark.parametrize("means", [(1.0, 0.6, 0.3), (1.0, 0.05), (0.9, 0.1, 0.7, 0.2)])
def test_of_one_term_each_the_tail_is_that_of_partial_fractions(score: float, means: tuple[float, ...]):
    # The largest mean's part is taken out, so that nothing underflows.
    top = max(means)
    parts = [
        math.prod(mean / (mean - other) for other in means if other != mean)
        * math.exp(score / top - score / mean)
        for mean in means
    ]
    expected = (math.log(math.fsum(parts)) - score / top) / math.log(10.0)
    assert log10_sum_tail(score, dict.fromkeys(means, 1)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_it_comes_true_as_often_as_it_says():
    rng = np.random.default_rng(1)
    drawn = sum(mean * rng.gamma(count, 1.0, 200_000) for mean, count in MANY.items())
    for score in (90.0, 100.0, 110.0, 120.0):
        chance = 10.0 ** log10_sum_tail(score, MANY)
        assert np.mean(drawn >= score) == pytest.approx(chance, abs=5 * math.sqrt(chance / 200_000))


@pytest.mark.parametrize("score", [60.0, 95.0, 150.0, 400.0, 1400.0, 5990.0])
def test_it_lies_between_the_tail_of_its_widest_terms_and_chernoffs_bound(score: float):
    tail = log10_sum_tail(score, MANY)
    assert log10_gamma_tail(score, 60) <= tail <= log10_sum_bound(score, MANY)
    # The bound is loose by the width of the law: never more than a few decades.
    assert log10_sum_bound(score, MANY) - tail < 3.5


def test_far_out_the_bound_takes_over_and_nothing_jumps_down():
    scores = np.linspace(5900.0, 6100.0, 9).tolist()
    law = {1.0: 3000, 0.6: 2000, 0.3: 1000}
    tails = [log10_sum_tail(score, law) for score in scores]
    assert tails[-1] == log10_sum_bound(scores[-1], law)
    assert all(before - after < 8 for before, after in pairwise(tails))
    assert all(tail <= log10_sum_bound(score, law) for score, tail in zip(scores, tails, strict=True))


def test_equal_means_and_no_terms_are_the_plain_law():
    assert log10_sum_tail(30.0, {0.5: 12}) == log10_gamma_tail(60.0, 12)
    assert log10_sum_tail(30.0, {1.0: 12, 0.5: 0}) == log10_gamma_tail(30.0, 12)
    assert log10_sum_tail(30.0, {}) == log10_sum_tail(0.0, MANY) == 0.0
    assert two_keys({1.0: 4, 0.5: 2}, 0.5) == {0.5: 8, 0.25: 4}


def test_means_far_apart_end_in_the_bound_not_in_a_long_series():
    counts = {1.0: 40, 1e-5: 40}
    assert log10_sum_tail(120.0, counts) == log10_sum_bound(120.0, counts)
    assert log10_sum_tail(120.0, counts) >= log10_gamma_tail(120.0, 40)
