"""When a silent place says something: only where it should show the mark."""

import numpy as np
import pytest

from haechi.mark.image.expect import Cells, Told, told_by

SHAPE = (20, 32)
PLACE = np.s_[5:11, 8:16]
UNIT = 80.0
NOWHERE = np.zeros(SHAPE, bool)


def _told(due: float, shown: float = 0.0, elsewhere: float = 1.0) -> Told:
    """Cells that show 20 as is due, but for a place with another due, of which a share shows.

    elsewhere: what the lower half shows of its due.
    """
    rng = np.random.default_rng(1)
    dues = np.full(SHAPE, 20.0)
    dues[PLACE] = due
    scores = dues + rng.normal(0.0, 0.7, SHAPE)
    scores[PLACE] += (shown - 1.0) * due
    scores[12:] *= elsewhere
    return told_by(Cells(scores, np.ones(SHAPE), dues / 3.0, NOWHERE, UNIT))


def test_a_place_that_should_show_the_mark_and_does_not_is_absent():
    told = _told(due=15.0)
    assert told.absent[PLACE].all()
    assert told.absent.sum() == told.absent[PLACE].sum()
    assert told.credible


def test_a_faint_place_is_told_together_where_no_cell_tells_alone():
    there, gone = (_told(due=2.5, shown=shown) for shown in (1.0, 0.0))
    assert there.present[PLACE].mean() > 0.8
    assert not there.absent.any()
    assert gone.absent[PLACE].mean() > 0.8


@pytest.mark.parametrize("due", [0.2, 0.5 * UNIT])
def test_a_place_too_loud_or_calmer_than_a_mark_cannot_tell(due: float):
    told = _told(due=due)
    assert not told.absent.any()
    assert not told.present[PLACE].any()


def test_where_all_is_faint_nothing_is_absent_though_chance_lifts_a_few_cells():
    noise = 1.6
    scores = 2.4 + np.random.default_rng(1).normal(0.0, noise, SHAPE)
    told = told_by(Cells(scores, np.full(SHAPE, noise), np.ones(SHAPE), NOWHERE, UNIT))
    assert told.absent.mean() < 0.01


def test_a_second_gap_as_large_as_the_first_puts_the_expectation_in_doubt():
    dues = np.full(SHAPE, 20.0)
    scores = dues.copy()
    scores[2:8, 2:12] = scores[12:18, 18:28] = 0.0
    told = told_by(Cells(scores, np.ones(SHAPE), dues / 3.0, NOWHERE, UNIT))
    assert told.absent.sum() == 120
    assert not told.credible


def test_where_half_is_missing_all_over_the_expectation_is_in_doubt():
    assert not _told(due=15.0, elsewhere=0.3).credible


def test_no_cell_at_all_says_nothing():
    told = told_by(Cells(np.zeros(SHAPE), np.ones(SHAPE), np.ones(SHAPE), NOWHERE, UNIT))
    assert not told.absent.any()
    assert not told.credible
