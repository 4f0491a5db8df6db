"""Where the tile begins, and whether the picture is turned over or inverted (lattice-1, section 7.3).

The pilots' phases, put on an otherwise empty spectrum, transform into a surface over all shifts of the
tile; its highest point is the shift. A half turn conjugates every line and inverted colours negate them,
so both are read from the same surface.
"""

from typing import NamedTuple

import numpy as np

from haechi.mark.image.fourier import sparse_surface
from haechi.mark.image.layout import R_MAX, TILE, Layout, Lines
from haechi.mark.image.plane import Complexes, Reals

FINER = 4  # the surface has this many points a canonical pixel
PILOT_SLOPE = 0.5


class Phase(NamedTuple):
    """`score` of the best shift (unit noise), the shift in canonical pixels, and the two symmetries."""

    score: float
    right: float
    down: float
    half_turn: bool
    inverted: bool

    def straighten(self, values: Complexes, lines: Lines) -> Complexes:
        """Folded values as they would be at shift zero, unturned and uninverted."""
        upright: Complexes = np.conj(values) if self.half_turn else values
        turn = np.exp(2j * np.pi * (lines.u * self.right + lines.v * self.down) / TILE)
        return upright * turn * (-1.0 if self.inverted else 1.0)


def find_phase(pilots: Complexes, layout: Layout) -> Phase:
    """The likeliest shift for folded pilot values."""
    lines = layout.pilots
    weight: Reals = lines.radius**-PILOT_SLOPE
    size = TILE * FINER
    best = Phase(-np.inf, 0.0, 0.0, half_turn=False, inverted=False)
    for half_turn in (False, True):
        values = np.conj(pilots) if half_turn else pilots
        half = np.zeros((size, R_MAX + 1), np.complex64)
        half[lines.v % size, lines.u] = values * np.conj(layout.phases) * weight
        # irfft2 adds the mirrored half and divides by the size: real part of the sum, doubled
        shifts = sparse_surface(half, (size, size)) * (
            size * size / (2.0 * float(np.sqrt((weight**2).sum())))
        )
        for inverted in (False, True):
            at = int(shifts.argmin() if inverted else shifts.argmax())
            score = float(abs(shifts.flat[at]))
            if score > best.score:
                row, column = divmod(at, size)
                best = Phase(score, column / FINER, row / FINER, half_turn, inverted)
    return best


def gain_by_radius(straight: Complexes, layout: Layout) -> Reals:
    """How strongly the mark stands at each radius 0..R_MAX, from the straightened pilots alone.

    A shrunk or compressed picture has lost its high lines; the data there should count for little.
    """
    gains = (straight * np.conj(layout.phases)).real
    apart = layout.pilots.radius[None, :] - np.arange(R_MAX + 1)[:, None]
    near = np.exp(-0.5 * (apart / 3.0) ** 2)
    # half a pilot of gain zero keeps empty bands quiet
    return np.maximum((near @ gains) / (near.sum(axis=1) + 0.5), 0.02)
