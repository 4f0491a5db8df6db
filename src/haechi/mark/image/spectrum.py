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
MOST_ROWS = 1 << 14  # OpenCV reads maps of at most 32766 rows


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
    def _flattened(cls, values: Plane, finer: float) -> Self:
        rows, columns = _padded(values, finer)
        amplitude = np.fft.fftshift(np.abs(half_plane(values, (rows, columns))).astype(np.float32), axes=0)
        heights = amplitude / _around(amplitude, finer)
        return cls(as_plane(heights), rows, columns)

    def excess(self) -> Plane:
        """Power above that of noise, limited so that no single line decides."""
        power = np.minimum(self.heights**2, np.float32(POWER_LIMIT))
        power[:, :2] = MEAN_POWER
        return as_plane(power - np.float32(MEAN_POWER))

    def places(self, frequencies: Reals) -> tuple[Reals, Reals]:
        """Fractional columns and rows in `heights` of (..., 2) frequencies in cycles a pixel."""
        across, down = frequencies[..., 0], frequencies[..., 1]
        side = np.where(across < 0, -1.0, 1.0)
        return across * side * self.columns, down * side * self.rows + self.rows // 2

    def sampled(self, surface: Plane, matrices: Reals, lines: Reals) -> Plane:
        """(n, m): a surface over this spectrum at m canonical frequencies (m, 2) under n matrices (n, 2, 2).

        What lies outside counts 0.
        """
        # In single precision and in place: of the places there may be a million.
        line = lines.T.astype(np.float32)
        made = np.empty((len(matrices), len(lines)), np.float32)
        for first in range(0, len(matrices), MOST_ROWS):
            part = matrices[first : first + MOST_ROWS].astype(np.float32)
            across, down = part[:, 0] @ line, part[:, 1] @ line
            down *= np.copysign(np.float32(self.rows), across)
            down += np.float32(self.rows // 2)
            np.abs(across, out=across)
            across *= np.float32(self.columns)
            made[first : first + MOST_ROWS] = sampled(surface, across, down)
        return made

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


class FineSpectrum(NamedTuple):
    """A spectrum in finer bins, and with it the two parts of its flattened waves, counted from the middle."""

    spectrum: Spectrum
    real: Plane
    imaginary: Plane

    @classmethod
    def of(cls, residual: Plane) -> Self:
        """The spectrum for correlation: no window and finer bins, so that weak lines lose no power.

        Two to three times clearer (in deviations of the pilots' sum) than `Spectrum.of` on fine texture.
        """
        height, width = residual.shape
        rows, columns = _padded(residual, FINER)
        padded = np.zeros((rows, columns), np.float32)
        padded[:height, :width] = residual
        # The middle of the picture at the origin: phases then change slowly from bin to bin.
        centred = np.roll(padded, (-(height // 2), -(width // 2)), axis=(0, 1))
        waves = np.fft.fftshift(half_plane(centred), axes=0)
        amplitude = np.abs(waves)
        around = _around(amplitude, FINER)
        spectrum = Spectrum(as_plane(amplitude / around), rows, columns)
        return cls(spectrum, as_plane(waves.real / around), as_plane(waves.imag / around))


class Peaks(NamedTuple):
    """(n, 2) frequencies in cycles a pixel, half plane, and their weights (0 and more)."""

    places: Reals
    weights: Reals


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


def _padded(values: Plane, finer: float) -> tuple[int, int]:
    rows, columns = (_fast_length(max(int(size * finer), LEAST_SIDE)) for size in values.shape)
    return rows, columns


def _around(amplitude: Plane, finer: float) -> Plane:
    """The background of each bin."""
    return mean_around(amplitude, int(AROUND * finer) | 1) + np.float32(1e-6)


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
