"""Where the mark lives: cells of 12 ms by 125 Hz, pilots, data, interleaver (audio-1, sections 2 and 3).

The mark is one pattern of 256 by 25 cells, repeated every 3.072 seconds. In each cell the sound is made a
little louder or softer; a quarter of the cells (pilots) say where the pattern begins, the rest carry data.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.stream import shuffled, signs

Reals = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Samples = NDArray[np.float32]

HOP_S = 0.004
FRAME_HOPS = 4
LOWEST_HZ = 468.75
BAND_HZ = 125.0
BANDS = 25
CHIP_HOPS = 3
CHIPS = 256
PERIOD_HOPS = CHIPS * CHIP_HOPS
PERIOD_S = PERIOD_HOPS * HOP_S
CELLS = CHIPS * BANDS
PILOTS = CELLS // 4
CODED_BITS = 192

PREFIX = b"haechi-audio-1/"
PUBLIC_PILOTS = b"haechi public pilots 1"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All that a pilot key decides. Cells are numbered chip * 25 + band.

    pilots: the cells that are pilots, with their `signs`; data: the others; data cell i carries coded bit
    i mod 192.
    """

    pilots: Indices
    signs: Reals
    data: Indices
    bits: Indices

    @property
    def template(self) -> Reals:
        """(256, 25): the signs of the pilots, 0 elsewhere."""
        cells = np.zeros(CELLS)
        cells[self.pilots] = self.signs
        return cells.reshape(CHIPS, BANDS)

    def pattern(self, data_signs: Reals, coded: Reals) -> Reals:
        """(256, 25): the sign of every cell for a code word (192 signs) under a key's data signs."""
        cells = np.zeros(CELLS)
        cells[self.pilots] = self.signs
        cells[self.data] = data_signs * coded[self.bits]
        return cells.reshape(CHIPS, BANDS)


@lru_cache(maxsize=64)
def grid_of(pilot_key: bytes = PUBLIC_PILOTS) -> Grid:
    """The grid that a pilot key stands for."""
    order = shuffled("cells", pilot_key, CELLS, prefix=PREFIX)
    data = order[PILOTS:]
    turned = signs("pilots", pilot_key, PILOTS, prefix=PREFIX)
    return Grid(order[:PILOTS], turned, data, np.arange(len(data)) % CODED_BITS)


@lru_cache(maxsize=4096)
def data_signs_of(secret: bytes) -> Reals:
    """One sign for each data cell: what only the holder of the key knows."""
    return signs("signs", secret, CELLS - PILOTS, prefix=PREFIX)
