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

PRESENT = 3.0  # a cell this many times its noise counts as present
FAINT = 1.5  # or this many times, where the mark is faint and the cell shows enough of it
FEWEST = 5  # cells that show the mark: fewer do not say how strong it is
ROUNDS = 8  # of weighing cells by how likely they carry the mark
SCATTER = 0.3  # of what is expected: how far genuine cells differ from it
GONE = 0.1  # of the cells, before anything is known
CALM_SHARE = 0.32  # of a residual's size, expected: so calm a place may have been emptied by a codec
LEAKED = 0.2  # of what is expected: so much of a calm place may be its neighbours' mark
POOLS = (1, 3, 5, 7, 9, 13)  # cells a side
ALIKE = 4.0  # cells that a score shares its noise with (measured on unmarked places: 3.2 to 5.4)
SURE = 6.0  # expected, in units of noise, of what may tell
MISSING, THERE = 0.15, 0.45  # of what is expected, at most and at least
HALF_THERE = 0.5
MOST_HALVES = 0.1  # of the cells that are not near the gap: beyond it the expectation itself is in doubt
FEWEST_CLEAR = 20
AROUND_GAPS = np.ones((5, 5), np.uint8)

Mask = NDArray[np.bool_]


class Cells(NamedTuple):
    """What is known of each cell, rows x columns.

    scores: how much the picture is like the mark; noise: standard deviation of such a score by chance;
    shares: of the residual that a mark of one grey level would be, as its mask and the place's size say;
    at_limit: mostly white or black, where a mark may have been cut off; unit: the score of a residual that
    is nothing but mark.
    """

    scores: Reals
    noise: Reals
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
    scores, noise = cells.scores, cells.noise
    shown = scores >= PRESENT * noise
    strength = _strength(cells, shown)
    if strength <= 0.0:
        return Told(shown, np.zeros_like(shown), credible=False)
    expected: Reals = strength * cells.shares
    ratios: Reals = scores / expected
    calm = expected > CALM_SHARE * cells.unit
    # what a calm place shows may be its neighbours' mark: there is so little else
    leaked = calm & (ratios < LEAKED)
    faint = scores >= np.maximum(FAINT * noise, THERE * expected)
    present = (shown | faint) & ~leaked
    if _holds_elsewhere(ratios, calm & ~present, calm):
        calm &= cells.at_limit
    there, absent = _pooled(cells, expected, ~present & ~calm)
    clear = (expected >= SURE * noise) & ~(calm & ~present)
    return Told(present | there, absent, _holds_elsewhere(ratios, absent, clear))


def _strength(cells: Cells, shown: Mask) -> float:
    """Grey levels of the mark, by the cells that are likely to carry it; 0 where too few show it.

    Where a mark is faint, the cells that show it are those which chance lifted: silent ones must count too,
    or all of them would be expected to show as much (a mixture of two normal laws, by maximum likelihood).
    """
    if np.count_nonzero(shown) < FEWEST:
        return 0.0
    scores, shares, by_chance = cells.scores, cells.shares, cells.noise**2
    gone = np.log(GONE) - 0.5 * (scores**2 / by_chance + np.log(by_chance))
    strength = float(np.median((scores / shares)[shown]))
    for _ in range(ROUNDS):
        expected: Reals = strength * shares
        spread: Reals = by_chance + (SCATTER * expected) ** 2
        marked = np.log(1.0 - GONE) - 0.5 * ((scores - expected) ** 2 / spread + np.log(spread))
        weights: Reals = 1.0 / (1.0 + np.exp(np.clip(gone - marked, -50.0, 50.0))) / spread
        strength = float(np.sum(weights * scores * shares) / np.sum(weights * shares**2))
    return strength


def _holds_elsewhere(ratios: Reals, silent: Mask, asked: Mask) -> bool:
    """Whether those asked, away from the largest silent piece, show their due: then no codec emptied them.

    Other silent pieces count against it: strong compression leaves many.
    """
    away = asked & (cv2.dilate(largest(silent).astype(np.uint8), AROUND_GAPS) == 0)
    if np.count_nonzero(away) < FEWEST_CLEAR:
        return False
    return float(np.mean(ratios[away] < HALF_THERE)) < MOST_HALVES


def largest(cells: Mask) -> Mask:
    """The largest group of touching cells; none where there are none."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)
    sizes = np.asarray(statistics)[1:, cv2.CC_STAT_AREA]
    return np.asarray(labels) == 1 + int(np.argmax(sizes)) if len(sizes) else np.zeros_like(cells)


def _pooled(cells: Cells, expected: Reals, silent: Mask) -> tuple[Mask, Mask]:
    """Of the silent cells, those that show enough together with silent neighbours, and those that miss it."""
    there, absent = np.zeros_like(silent), np.zeros_like(silent)
    left = silent.copy()
    summed = (np.ones_like(expected), cells.scores, expected, cells.noise**2)
    for side in POOLS:
        count, got, due, squares = (_sums(part * silent, side) for part in summed)
        sure = left & (due >= SURE * np.sqrt(squares * np.minimum(count, ALIKE)))
        absent |= sure & (got < MISSING * due)
        there |= sure & (got >= THERE * due)
        left &= ~sure
    return there, absent


def _sums(values: Reals, side: int) -> Reals:
    made = cv2.boxFilter(
        values.astype(np.float64), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(made, np.float64)
