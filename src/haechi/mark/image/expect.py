"""Which cells of a presence map should show the mark and do not (lattice-1, section 7.7).

A picture says itself what a cell of a kind shows: cells as calm or as busy, elsewhere in it, went through the
same changes. A loud texture that never carried much, and a calm place that a codec emptied, then promise
nothing, and their silence says nothing.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.plane import Reals, as_plane, mean_around

PRESENT = 3.0  # a cell this many times the noise of an unmarked place counts as present
FAINT = 0.3  # of what is expected: a covered place shows less, whatever the rest shows
CLEAR = 8.0  # expected of a cell that may be called absent by itself
CLEAR_TOGETHER = 4.0  # with its eight neighbours
ALIKE = math.log(1.4)  # of the local size: cells of one kind
STILL_ALIKE = math.log(3.0)
CLEAR_BEYOND = 6.0  # expected of the calmest, to say anything of calmer ones
FALLING = 0.8  # of what the next calmest show: a codec empties calm places
NEAREST = 24
SHOWN_BY_MOST = 35  # per cent: what so many of a kind do not reach is expected of none
EMPTIED = 0.4  # share of constant pixels: so much is left constant by codecs alone
FEWEST = 12
SMALLEST_SIZE = 0.05
CONSTANT = 0.97
SMALLEST_CONSTANT = (
    6  # cells together: no writer leaves so large a place without a single level of difference
)

Mask = NDArray[np.bool_]


class Cells(NamedTuple):
    """What is known of each cell, rows x columns.

    scores: the mark, in units of noise; sizes: local size of the residual, grey levels; constant: share of
    pixels that differ from no neighbour; at_limit: mostly black or white, where nothing can be added.
    """

    scores: Reals
    sizes: Reals
    constant: Reals
    at_limit: Mask

    def absent(self) -> Mask:
        """Cells that should show the mark and do not."""
        low = (self.scores < PRESENT) & ~self.at_limit
        expected = self._expected(low)
        alone = (expected >= CLEAR) & (self.scores < FAINT * expected)
        around, shown = (mean_around(as_plane(part), 3) for part in (expected, self.scores))
        together = (around >= CLEAR_TOGETHER) & (shown < FAINT * around)
        together &= (expected >= CLEAR_TOGETHER) & (self.scores < 0.5 * expected)
        return (low & (alone | together)) | self._painted(low)

    def _expected(self, low: Mask) -> Reals:
        """What cells of a kind score outside the silent region that a cell belongs to; 0: cannot tell."""
        expected = np.zeros(self.scores.shape)
        kinds = np.log(np.maximum(self.sizes, SMALLEST_SIZE))
        count, labels = cv2.connectedComponents(low.astype(np.uint8), connectivity=4)
        for label in range(1, count):
            region = np.asarray(labels) == label
            near = cv2.dilate(region.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            others = ~near & ~self.at_limit
            if np.count_nonzero(others) >= FEWEST:
                expected[region] = _as_others(kinds[region], kinds[others], self.scores[others])
        return np.where(self.constant > EMPTIED, 0.0, expected)

    def _painted(self, low: Mask) -> Mask:
        """Large places of one single colour: no writer leaves them, and a codec that does empties more."""
        solid = (self.constant >= CONSTANT) & low
        if solid.all() or float(np.median(self.constant[~solid])) > EMPTIED:
            return np.zeros_like(solid)
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=4)
        large = statistics[:, cv2.CC_STAT_AREA] >= SMALLEST_CONSTANT
        large[0] = False
        return large[np.asarray(labels, np.int64)]


def _as_others(kinds: Reals, others: Reals, scores: Reals) -> Reals:
    """What most of the nearest kinds score; less for louder ones, 0 for much calmer ones than any other."""
    order = np.argsort(others)
    others, scores = others[order], scores[order]
    nearest = np.argsort(np.abs(others[None] - kinds[:, None]), axis=1)[:, :NEAREST]
    expected = np.percentile(scores[nearest], SHOWN_BY_MOST, axis=1)
    calmer = np.median(others[nearest], axis=1) - kinds
    louder = np.minimum(calmer + ALIKE, 0.0)
    next_calmest = float(np.median(scores[NEAREST : 2 * NEAREST])) if len(scores) > NEAREST else 0.0
    trusted = (calmer <= STILL_ALIKE) & (expected >= max(CLEAR_BEYOND, FALLING * next_calmest))
    return np.where((calmer > ALIKE) & ~trusted, 0.0, expected * np.exp(louder))
