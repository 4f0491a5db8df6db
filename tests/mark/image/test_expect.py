"""When a silent place says something: only where others like it show the mark."""

import numpy as np
import pytest

from haechi.mark.image.expect import Cells

SHAPE = (20, 32)
PLACE = np.s_[5:11, 8:16]


def _cells(score: float = 20.0, size: float = 4.0, constant: float = 0.0) -> Cells:
    """Cells of one kind that all show the mark, but for a silent place of another size and constancy."""
    rng = np.random.default_rng(1)
    scores, sizes = rng.normal(score, 1.5, SHAPE), rng.normal(4.0, 0.2, SHAPE)
    scores[PLACE] = rng.normal(0.0, 1.0, scores[PLACE].shape)
    sizes[PLACE] = size
    still = np.zeros(SHAPE)
    still[PLACE] = constant
    return Cells(scores, sizes, still, np.zeros(SHAPE, bool))


def _share_absent(cells: Cells) -> float:
    absent = cells.absent()
    assert absent.sum() == absent[PLACE].sum()
    return float(absent[PLACE].mean())


def test_a_place_like_all_others_is_absent():
    assert _share_absent(_cells()) == 1.0


def test_a_faint_mark_is_missed_together_where_no_cell_tells_alone():
    assert _share_absent(_cells(score=6.5)) >= 0.5


@pytest.mark.parametrize("size", [60.0, 0.2])
def test_a_place_much_louder_or_calmer_than_any_other_cannot_tell(size: float):
    assert _share_absent(_cells(size=size)) == 0.0


def test_a_calmer_place_tells_only_while_calm_places_are_not_the_silent_ones():
    cells = _cells(size=2.0)
    assert _share_absent(cells) == 1.0
    cells.sizes[12] = 3.2
    cells.scores[12] = 7.0
    assert _share_absent(cells) == 0.0


def test_a_place_of_one_colour_is_absent_unless_a_codec_left_most_places_so():
    cells = _cells(size=0.1, constant=1.0)
    assert _share_absent(cells) == 1.0
    cells.constant[:] = np.maximum(cells.constant, 0.6)
    assert _share_absent(cells) == 0.0


def test_white_and_black_cannot_tell():
    cells = _cells()
    cells.at_limit[PLACE] = True
    assert _share_absent(cells) == 0.0
