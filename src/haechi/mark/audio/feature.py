"""What a detector looks at: how loud each hop and band is against what surrounds it (audio-1, section 5).

Everything here depends on the sound alone, never on a key: that is what makes the p-value a bound.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.audio.grid import BAND_HZ, BANDS, CHIP_HOPS, LOWEST_HZ, PERIOD_HOPS, Reals, Samples
from haechi.mark.audio.signals import lines_of, power_of, resampled
from haechi.mark.extra import require

WORKING_RATE = 16_000
FRAME, HOP = 256, 64
LINE_HZ = WORKING_RATE / FRAME
LIMIT_DB = 8.0
SLOW_HOPS = 25
CLIP = 2.5
RIDGE = 0.05
BLOCK_FRAMES = 4096
MOST_LEARNT_FROM = 15_000
SIGNATURE = np.outer(
    (0, 0, 0, 0, 0, 0.05, 0.27, 0.67, 0.85, 0.67, 0.27, 0.05, 0, 0, 0, 0, 0), (0.3, 1.0, 0.3)
)
"""What a gain in one cell does to the levels around it: seen through frames of 16 ms and lines of 62.5 Hz."""


def working(samples: NDArray[Any], rate: int) -> Samples:
    """One channel at 16 kHz. samples: (n,) or (n, channels) floats.

    The channels are added up; where they cancel each other, the loudest speaks for all.
    """
    given = np.asarray(samples, np.float32)
    if given.ndim == 2:
        mean = given.mean(axis=1)
        power = np.square(given).mean(axis=0)
        given = mean if np.square(mean).mean() >= 0.25 * power.mean() else given[:, int(power.argmax())]
    return resampled(given, rate, WORKING_RATE)


def powers(sound: Samples) -> Reals:
    """(130, hops): power of all lines below each, summed up: any band is then a difference of two rows."""
    padded = np.pad(sound, (FRAME // 2, FRAME))
    count = 1 + (len(padded) - FRAME) // HOP
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:count]
    summed = np.zeros((count, FRAME // 2 + 2), np.float32)
    for at in range(0, count, BLOCK_FRAMES):
        summed[at : at + BLOCK_FRAMES, 1:] = power_of(lines_of(frames[at : at + BLOCK_FRAMES] * window))
    floor = 1e-7 * float(summed.max()) + 1e-20
    summed[:, 1:] += floor
    return np.cumsum(np.ascontiguousarray(summed.T), axis=0, dtype=np.float64)


def band_levels(summed: Reals, pitch: float) -> Samples:
    """(hops, 25): level of each band in dB, for sound whose frequencies were multiplied by `pitch`."""
    edges = (LOWEST_HZ + BAND_HZ * np.arange(BANDS + 1)) * pitch / LINE_HZ + 0.5
    edges = np.clip(edges, 0, len(summed) - 1.001)
    low = edges.astype(np.int64)
    part: Reals = (edges - low)[:, None]
    below = summed[low] * (1 - part) + summed[low + 1] * part
    power = np.maximum(np.diff(below, axis=0), 1e-30).astype(np.float32)
    return np.ascontiguousarray((10.0 * np.log10(power)).T, np.float32)


def stretched(levels: Samples, tempo: float) -> Samples:
    """The levels at the hops of the original, for sound that was made `tempo` times faster."""
    if tempo == 1.0:
        return levels
    at = np.arange(int(len(levels) * tempo)) / tempo
    low = np.minimum(at.astype(np.int64), len(levels) - 2)
    part = (at - low).astype(np.float32)[:, None]
    return (levels[low] * (1 - part) + levels[low + 1] * part).astype(np.float32, copy=False)


class Matched(NamedTuple):
    """A filter that picks a cell's gain out of what surrounds it: (17, 3) weights over hops and bands."""

    weights: Samples

    @classmethod
    def to(cls, levels: Samples) -> "Matched":
        """The best linear filter for this sound: its own covariance, inverted, times a cell's signature.

        Steady sounds, speech and codec noise each hide a gain in their own way; this learns which.
        """
        around = _around(_lively(levels[:MOST_LEARNT_FROM]))[::2]
        rows = around.reshape(-1, SIGNATURE.size)
        spread = (rows.T @ rows / max(1, len(rows))).astype(np.float64)
        spread += (RIDGE * np.trace(spread) / len(spread) + 1e-6) * np.eye(len(spread))
        inverse = np.asarray(np.linalg.inv(spread), np.float64)
        weights: Reals = np.matmul(inverse, SIGNATURE.reshape(-1)).reshape(SIGNATURE.shape)
        weights = weights + weights[::-1]
        weights = weights + weights[:, ::-1]
        return cls((weights / np.linalg.norm(weights)).astype(np.float32))

    def cells(self, levels: Samples) -> Samples:
        """(hops, 25): evidence for a cell whose first hop this is."""
        evidence = self._filtered(_lively(levels))
        most = CLIP * float(evidence.std()) + 1e-9
        return np.clip(np.roll(evidence, -(CHIP_HOPS // 2), axis=0), -most, most)

    def _filtered(self, lively: Samples) -> Samples:
        """The filter run over all hops and bands, by its symmetries: it is the same both ways."""
        half = len(self.weights) // 2
        count = len(lively)
        padded = np.pad(lively, ((half, half), (1, 1)), mode="edge")
        middle, sides = padded[:, 1:-1], padded[:, :-2] + padded[:, 2:]
        made = np.zeros_like(lively)
        for lag in range(half + 1):
            for part, weight in ((middle, self.weights[half + lag, 1]), (sides, self.weights[half + lag, 0])):
                later = part[half + lag : half + lag + count]
                made += weight * (later if lag == 0 else later + part[half - lag : half - lag + count])
        return made


def _lively(levels: Samples) -> Samples:
    """Levels against the mean of a tenth of a second around, within limits."""
    half = SLOW_HOPS // 2
    padded = np.pad(levels, ((half + 1, half), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    mean = (sums[SLOW_HOPS:] - sums[:-SLOW_HOPS]) / SLOW_HOPS
    return np.clip(levels - mean, -LIMIT_DB, LIMIT_DB).astype(np.float32)


def _around(lively: Samples) -> Samples:
    """(hops, 25, 17, 3): what surrounds each hop and band."""
    hops, bands = SIGNATURE.shape
    padded = np.pad(lively, ((hops // 2, hops // 2), (bands // 2, bands // 2)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, (hops, bands))


def stretched_fold(cells: Samples, tempo: float) -> Samples:
    """(768, 25): `folded(stretched(cells, tempo))` in one step, fifteen times as fast."""
    return np.asarray(_folding(len(cells), tempo) @ cells, np.float32)


@lru_cache(maxsize=256)
def _folding(hops: int, tempo: float) -> Any:  # noqa: ANN401  # a sparse matrix of SciPy's
    """(768, hops): which hops add up to which place of the period, and by how much."""
    at = np.arange(int(hops * tempo)) / tempo
    low = np.minimum(at.astype(np.int64), hops - 2)
    part = (at - low).astype(np.float32)
    places = np.arange(len(at)) % PERIOD_HOPS
    weights = np.concatenate([1 - part, part])
    spots = (np.concatenate([places, places]), np.concatenate([low, low + 1]))
    return require("scipy.sparse").csr_array((weights, spots), shape=(PERIOD_HOPS, hops))


def folded(evidence: Samples) -> Samples:
    """(768, 25): the evidence of all periods added up."""
    rows = -(-len(evidence) // PERIOD_HOPS) * PERIOD_HOPS
    whole = np.zeros((rows, BANDS), np.float32)
    whole[: len(evidence)] = evidence
    return whole.reshape(-1, PERIOD_HOPS, BANDS).sum(axis=0)
