"""The picture's spectrum, flattened so that lines of the lattice stand out as points (lattice-1, 7.4)."""

from typing import NamedTuple, Self

import numpy as np

from haechi.mark.image.fourier import half_plane
from haechi.mark.image.plane import Plane, Reals, as_plane, highest_around, mean_around, sampled

LOWEST = 0.012  # cycles a pixel
HIGHEST = 0.5
LEAST_SIDE = 384
AROUND = 17  # bins over which the background is measured
PEAK = 1.9  # times the background
MOST_PEAKS = 700
RANK = 240  # heights are compared with the peak of this rank: in flat pictures data lines are peaks too
MEAN_POWER = 1.27  # of a flattened noise spectrum
POWER_LIMIT = 16.0
FINER = 1.5


class Spectrum(NamedTuple):
    """`heights`: amplitude over local background; row index = frequency + `rows`/2, column = frequency."""

    heights: Plane
    rows: int
    columns: int

    @classmethod
    def of(cls, residual: Plane) -> Self:
        """The spectrum for votes, of a residual under a root-Hann window: clean peaks."""
        height, width = residual.shape
        window = np.sqrt(np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]))
        return cls._flattened(as_plane(residual * window), 1.0)

    @classmethod
    def fine(cls, residual: Plane) -> Self:
        """The spectrum for correlation: no window and finer bins, so that weak lines lose no power.

        Two to three times clearer (in deviations of the pilots' sum) than `of` on fine texture.
        """
        return cls._flattened(residual, FINER)

    @classmethod
    def _flattened(cls, values: Plane, finer: float) -> Self:
        height, width = values.shape
        rows = _fast_length(max(int(height * finer), LEAST_SIDE))
        columns = _fast_length(max(int(width * finer), LEAST_SIDE))
        transform = half_plane(values, (rows, columns))
        amplitude = np.fft.fftshift(np.abs(transform).astype(np.float32), axes=0)
        around = int(AROUND * finer) | 1
        heights = amplitude / (mean_around(amplitude, around) + np.float32(1e-6))
        return cls(as_plane(heights), rows, columns)

    def excess(self) -> Plane:
        """Power above that of noise, limited so that no single line decides."""
        power = np.minimum(self.heights**2, np.float32(POWER_LIMIT))
        power[:, :2] = MEAN_POWER
        return as_plane(power - np.float32(MEAN_POWER))

    def places(self, frequencies: Reals) -> tuple[Reals, Reals]:
        """Fractional columns and rows in `heights` of (n, 2) frequencies in cycles a pixel."""
        side = np.where(frequencies[:, 0] < 0, -1.0, 1.0)
        return frequencies[:, 0] * side * self.columns, frequencies[:, 1] * side * self.rows + self.rows // 2

    def peaks(self) -> "Peaks":
        """Local maxima, the highest first, placed between bins by a parabola."""
        heights = self.heights
        rows, columns = np.nonzero((heights >= highest_around(heights, 3)) & (heights > PEAK))
        radius = np.hypot((rows - self.rows // 2) / self.rows, columns / self.columns)
        inner = (rows > 0) & (rows < heights.shape[0] - 1) & (columns > 0) & (columns < heights.shape[1] - 1)
        kept = inner & (radius > LOWEST) & (radius < HIGHEST)
        rows, columns = rows[kept], columns[kept]
        order = np.argsort(-heights[rows, columns], kind="stable")[:MOST_PEAKS]
        rows, columns = rows[order], columns[order]
        middle = heights[rows, columns]
        right = _summit(heights[rows, columns - 1], middle, heights[rows, columns + 1])
        down = _summit(heights[rows - 1, columns], middle, heights[rows + 1, columns])
        places = np.stack(
            [(columns + right) / self.columns, (rows - self.rows // 2 + down) / self.rows], axis=1
        )
        weights = _weights(middle.astype(np.float64))
        return Peaks(places[weights > 0].astype(np.float64), weights[weights > 0])


class Peaks(NamedTuple):
    """(n, 2) frequencies in cycles a pixel, half plane, and their weights (0 and more)."""

    places: Reals
    weights: Reals


def sample_score(surface: Plane, spectrum: Spectrum, frequencies: Reals) -> Reals:
    """The surface at given frequencies; what lies outside counts 0."""
    columns, rows = spectrum.places(frequencies)
    return sampled(surface, columns.astype(np.float32)[:, None], rows.astype(np.float32)[:, None]).ravel()


def _weights(heights: Reals) -> Reals:
    """Peaks compared with the crowd: in a calm picture the crowd is the data, and pilots rise above it."""
    if not len(heights):
        return heights
    crowd = max(heights[min(RANK, len(heights) - 1)], PEAK)
    return np.clip(heights / crowd - 0.75, 0.0, 1.5)


def _summit(left: Plane, middle: Plane, right: Plane) -> Plane:
    curve = left - 2 * middle + right
    bent = np.abs(curve) > 1e-9
    return np.where(bent, np.clip(0.5 * (left - right) / np.where(bent, curve, 1), -0.5, 0.5), 0)


def _fast_length(least: int) -> int:
    """The next even length made of the factors 2, 3 and 5."""
    length = least + least % 2
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 2
