"""Where the pattern lies in time, tempo and pitch, from the pilots alone (audio-1, section 6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from haechi.mark.audio.feature import Matched, band_levels, stretched, stretched_fold
from haechi.mark.audio.grid import CHIP_HOPS, PERIOD_HOPS, PILOTS, Reals, Samples, grid_of
from haechi.mark.audio.signals import Lines, frames_of, lines_of

SPEED_LIMIT, SPEED_STEP = 0.12, 0.001
PITCH_STEPS_A_SEMITONE, PITCH_SEMITONES = 4, 4
SAME_PITCH = 0.004
FINE_STEP, FINE_LIMIT = 0.0002, 0.0012


class Warp(NamedTuple):
    """What was done to the sound: `tempo` times faster, frequencies `pitch` times higher."""

    tempo: float
    pitch: float


PLAIN = Warp(1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Lie:
    """A place where the pattern may lie. score: of the pilots, in deviations of an unmarked sound."""

    score: float
    warp: Warp
    offset: int
    fold: Samples

    def is_apart(self, offset: int) -> bool:
        """Whether it lies more than a chip away from an offset, around the period."""
        away = abs(self.offset - offset)
        return min(away, PERIOD_HOPS - away) > CHIP_HOPS

    def at_cells(self) -> Samples:
        """(256, 25): the evidence for each cell of the pattern."""
        places = (self.offset + CHIP_HOPS * np.arange(PERIOD_HOPS // CHIP_HOPS)) % PERIOD_HOPS
        return self.fold[places]


def lies(fold: Samples, warp: Warp, pilots: bytes, most: int) -> list[Lie]:
    """The likeliest offsets of the pattern in folded evidence, best first."""
    lines = lines_of(fold, axis=0)
    scores = frames_of((lines * _template_lines(pilots)).sum(axis=1), PERIOD_HOPS)
    scores /= np.sqrt(PILOTS * np.square(fold).mean() + 1e-12)
    order = np.argpartition(-scores, most)[:most]
    order = order[np.argsort(-scores[order])]
    return [Lie(float(scores[at]), warp, int(at), fold) for at in order]


class Sound:
    """One stretch of sound, ready to be looked at along any warp.

    Always true: the filter was learnt from the sound as it came, before any warp.
    """

    def __init__(self, summed: Reals) -> None:
        """summed: as `powers` gives them."""
        self._summed = summed
        levels = band_levels(summed, 1.0)
        self._filter = Matched.to(levels)
        self._plain = self._filter.cells(levels)

    def evidence(self, warp: Warp) -> Samples:
        """(hops of the original, 25)."""
        if warp == PLAIN:
            return self._plain
        return self._filter.cells(stretched(band_levels(self._summed, warp.pitch), warp.tempo))

    def search(self, pilots: bytes, warps: Iterable[Warp], most: int) -> tuple[list[Lie], int]:
        """The best places over many warps, and how many warps were tried.

        Sound filtered once for each pitch is stretched and folded for each tempo: coarse, and fast.
        """
        best: list[Lie] = []
        at_pitch, cells = 1.0, self._plain
        tried = 0
        for warp in warps:
            if abs(warp.pitch - at_pitch) > SAME_PITCH / 2:
                at_pitch = warp.pitch
                cells = self._filter.cells(band_levels(self._summed, at_pitch))
            best += lies(stretched_fold(cells, warp.tempo), warp, pilots, 2)
            best = sorted(best, key=lambda lie: -lie.score)[:most]
            tried += 1
        return best, tried


def speeds() -> Iterator[Warp]:
    """Speed: tempo and pitch together, from the smallest change on."""
    return (Warp(value, value) for value in _outwards())


def tempos() -> Iterator[Warp]:
    """Tempo alone."""
    return (Warp(value, 1.0) for value in _outwards())


def pitches() -> Iterator[Warp]:
    """Pitch alone, in quarters of a semitone."""
    most = PITCH_SEMITONES * PITCH_STEPS_A_SEMITONE
    steps = [step for step in range(-most, most + 1) if step]
    return (Warp(1.0, 2.0 ** (step / (12 * PITCH_STEPS_A_SEMITONE))) for step in steps)


def deep() -> Iterator[Warp]:
    """Tempo and pitch changed apart from each other: slow, and asked for by name."""
    shift = [step for step in range(-8, 9) if step]
    return (Warp(value, 2.0 ** (step / 48)) for step in shift for value in _outwards(0.002))


def around(warp: Warp) -> Iterator[Warp]:
    """Finer steps around a warp that showed something."""
    steps = round(FINE_LIMIT / FINE_STEP)
    same = warp.pitch == warp.tempo
    for step in range(-steps, steps + 1):
        tempo = warp.tempo + step * FINE_STEP
        yield Warp(tempo, tempo if same else warp.pitch)


def _outwards(step: float = SPEED_STEP) -> list[float]:
    count = round(SPEED_LIMIT / step)
    return [1.0 + at * step for at in range(-count, count + 1) if at]


@lru_cache(maxsize=64)
def _template_lines(pilots: bytes) -> Lines:
    grid = grid_of(pilots)
    spread = np.zeros((PERIOD_HOPS, grid.template.shape[1]), np.float32)
    spread[::CHIP_HOPS] = grid.template
    return np.conj(lines_of(spread, axis=0))
