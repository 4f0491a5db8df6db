"""Which cells of a presence map carry the mark, which should and do not, and which cannot tell (section 7.7).

What a cell should show follows from the received picture itself: the writer's mask says how much mark a place
like it was given, and its residual how much of that a reader can see. Where that is too little for one cell,
silent cells are asked together with their silent neighbours.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.plane import Reals

PRESENT = 3.0  # a cell this many times the noise of an unmarked place counts as present
FAINT = 0.3  # of what is usual in this picture, where that is faint
FEWEST = 5  # cells that show the mark: fewer do not say how strong it is
LARGEST_SHARE = 0.6  # of a residual's size: more than this no mark is, so the place is calmer than a mark
POOLS = (1, 3, 5, 7, 9, 13)  # cells a side
ALIKE = 4.0  # cells that a score shares its noise with (measured on unmarked places: 3.2 to 5.4)
SURE = 6.0  # expected, in units of noise, of what may tell
MISSING, THERE = 0.2, 0.45  # of what is expected, at most and at least
HALF_THERE = 0.6
MOST_HALVES = 0.1  # of the cells that are not near a gap: beyond it the expectation itself is in doubt
CALM_DUE = 0.5
CLEAR = 6.0
FEWEST_CLEAR = 20
AROUND_GAPS = np.ones((5, 5), np.uint8)

Mask = NDArray[np.bool_]


class Cells(NamedTuple):
    """What is known of each cell, rows x columns.

    scores: the mark, in units of noise; shares: of the residual that a mark of one grey level would be, as
    its mask and the place's size say; at_limit: mostly white or black, where a mark may have been cut off;
    unit: the score of a residual that is nothing but mark.
    """

    scores: Reals
    shares: Reals
    at_limit: Mask
    unit: float


class Told(NamedTuple):
    """present: the mark shows; absent: it should and does not; credible: the expected holds elsewhere."""

    present: Mask
    absent: Mask
    credible: bool


def told_by(cells: Cells) -> Told:
    """What each cell says; those neither present nor absent cannot tell."""
    scores = cells.scores
    shown = scores >= PRESENT
    if np.count_nonzero(shown) < FEWEST:
        return Told(shown, np.zeros_like(shown), credible=False)
    strength = float(np.median((scores / cells.shares)[shown]))
    expected: Reals = strength * cells.shares
    ratios: Reals = scores / expected
    too_calm = expected > LARGEST_SHARE * cells.unit
    # what a calm place shows may be its neighbours' mark: there is so little else
    leaked = too_calm & (ratios < MISSING)
    present = (scores >= min(PRESENT, FAINT * float(np.median(scores[shown])))) & ~leaked
    if _calm_tells(ratios, too_calm, ~present):
        too_calm &= cells.at_limit
    there, absent = _pooled(scores, expected, ~present & ~too_calm)
    return Told(
        present | there,
        absent,
        _credible(ratios, absent, (expected >= CLEAR) & ~(too_calm & ~present)),
    )


def _calm_tells(ratios: Reals, calm: Mask, silent: Mask) -> bool:
    """Whether calm places away from the largest silent one show their due: then no codec emptied them."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(
        (calm & silent).astype(np.uint8), connectivity=8
    )
    sizes = np.asarray(statistics)[1:, cv2.CC_STAT_AREA]
    if not len(sizes):
        return False
    largest = np.asarray(labels) == 1 + int(np.argmax(sizes))
    others = calm & (cv2.dilate(largest.astype(np.uint8), AROUND_GAPS) == 0)
    if np.count_nonzero(others) < FEWEST_CLEAR:
        return False
    return float(np.mean(ratios[others] < CALM_DUE)) < MOST_HALVES


def _pooled(scores: Reals, expected: Reals, silent: Mask) -> tuple[Mask, Mask]:
    """Of the silent cells, those that show enough together with silent neighbours, and those that miss it."""
    there, absent = np.zeros_like(silent), np.zeros_like(silent)
    left = silent.copy()
    for side in POOLS:
        count, got, due = (_sums(part * silent, side) for part in (np.ones_like(scores), scores, expected))
        noise = np.sqrt(count * np.minimum(count, ALIKE))
        sure = left & (due >= SURE * noise)
        absent |= sure & (got < MISSING * due)
        there |= sure & (got >= THERE * due)
        left &= ~sure
    return there, absent


def _credible(ratios: Reals, absent: Mask, clear: Mask) -> bool:
    """Whether cells away from any gap show what is expected of them: strong compression takes more."""
    away = clear & (cv2.dilate(absent.astype(np.uint8), AROUND_GAPS) == 0)
    if np.count_nonzero(away) < FEWEST_CLEAR:
        return True
    return float(np.mean(ratios[away] < HALF_THERE)) < MOST_HALVES


def _sums(values: Reals, side: int) -> Reals:
    made = cv2.boxFilter(
        values.astype(np.float64), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(made, np.float64)
