"""Laying all tiles of a picture over each other (lattice-1, section 7.2).

The mark repeats and the picture does not: the weighted sum of the tiles' spectra, line by line, keeps the
mark and averages the picture away. One fold is all the evidence there is; everything after it is cheap.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.fourier import Spectra, tile_spectra
from haechi.mark.image.layout import R_MAX, TILE, Lines
from haechi.mark.image.plane import Complexes, Plane, Reals

DEAD = 0.02  # a tile with less than this share of the median power lies outside the picture
COLUMNS = R_MAX + 1  # of a tile's spectrum: no line lies beyond
ENERGY_FLOOR = 1.5  # of the median tile's: compression empties calm tiles, which must not count most


def _radii() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows = np.fft.fftfreq(TILE, 1 / TILE)[:, None]
    radius = np.hypot(rows, np.arange(COLUMNS)[None]).astype(np.intp).ravel()
    inside = np.flatnonzero(radius <= R_MAX)
    return inside, radius[inside]


_INSIDE, _RADIUS = _radii()
_COUNTS = np.bincount(_RADIUS, minlength=R_MAX + 1)
_BINS = np.zeros((len(_INSIDE), R_MAX + 1), np.float32)
_BINS[np.arange(len(_INSIDE)), _RADIUS] = 1.0 / _COUNTS[_RADIUS]


class Tiles(NamedTuple):
    """Spectra of all tiles: (tiles, TILE, R_MAX+1), their weights (tiles, R_MAX+1), and the tile grid."""

    spectra: Spectra
    weights: Reals
    rows: int
    columns: int

    @classmethod
    def cut(cls, residual: Plane) -> Self:
        """Cut a canonical residual into tiles from the top left; the last row and column are padded."""
        height, width = residual.shape
        rows, columns = max(1, -(-height // TILE)), max(1, -(-width // TILE))
        padded = residual
        if (height, width) != (rows * TILE, columns * TILE):
            padded = np.zeros((rows * TILE, columns * TILE), np.float32)
            padded[:height, :width] = residual
        blocks = padded.reshape(rows, TILE, columns, TILE)
        power = np.einsum("atbu,atbu->ab", blocks, blocks).ravel() / np.float32(TILE * TILE)
        spectra = tile_spectra(blocks, COLUMNS).transpose(0, 2, 1, 3)
        spectra = np.ascontiguousarray(spectra).reshape(rows * columns, TILE, COLUMNS)
        return cls(spectra, _weights(spectra, power), rows, columns)

    def on(self, lines: Lines) -> Spectra:
        """(tiles, lines): each tile's coefficients."""
        return self.spectra[:, lines.v % TILE, lines.u]

    def weights_on(self, lines: Lines) -> Reals:
        """(tiles, lines): each tile's weight at the lines' radii."""
        return self.weights[:, lines.radius.astype(np.int64)]

    def fold(self, lines: Lines) -> Complexes:
        """The weighted sum over all tiles, divided by its own noise: unit variance in each part."""
        weighted = self.on(lines) * self.weights_on(lines)
        noise = np.sqrt((weighted.real**2 + weighted.imag**2).sum(axis=0) / 2.0 + 1e-20)
        return weighted.sum(axis=0).astype(np.complex128) / noise


def _weights(spectra: Spectra, power: Plane) -> Reals:
    """One over the measured energy, for each tile and radius, floored by what is usual in the picture."""
    inside = spectra.reshape(len(spectra), -1)[:, _INSIDE]
    by_radius = ((inside.real**2 + inside.imag**2) @ _BINS).astype(np.float64)
    if not (power > 0).any():
        return np.zeros_like(by_radius)
    alive = power > DEAD * np.median(power[power > 0])
    weights = 1.0 / (by_radius + ENERGY_FLOOR * np.median(by_radius[alive], axis=0) + 1e-9)
    weights[~alive] = 0.0
    return weights
