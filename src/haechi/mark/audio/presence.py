"""Which seconds of a sound carry a mark that was found (audio-1, section 8)."""

from typing import NamedTuple

import numpy as np

from haechi.mark.audio.align import Sound, Warp
from haechi.mark.audio.detect import WINDOW_S, SoundMark
from haechi.mark.audio.feature import WORKING_RATE, band_levels, powers
from haechi.mark.audio.grid import (
    CHIP_HOPS,
    CHIPS,
    HOP_S,
    PERIOD_HOPS,
    Reals,
    Samples,
    data_signs_of,
    grid_of,
)
from haechi.mark.image.keys import MarkKey
from haechi.mark.trellis import encode

PRESENT = 2.5
FAINT_SHARE = 0.45
SILENT_DB = -70.0
HOPS_A_SECOND = round(1 / HOP_S)
REACH_HOPS = 2
PLACE_S = 5
TONE_DB, LEAST_BANDS = 45.0, 10


class SoundPresence(NamedTuple):
    """A sign for each second: `#` present, `.` absent, `?` silent or a bare tone; share: of the others."""

    row: str
    share: float


def presence(sound: Samples, mark: SoundMark, key: MarkKey) -> SoundPresence:
    """Where in the sound (as `prepared` gives it) the mark is. key: the one that read it."""
    grid = grid_of(key.pilots)
    pattern = grid.pattern(data_signs_of(key.secret), encode(mark.payload.bits))
    warp = Warp(mark.tempo, mark.pitch)
    scores, levels = _scores(sound, warp, pattern, mark)
    smooth = scores.copy()
    smooth[1:-1] = np.maximum(scores[1:-1], (scores[:-2] + scores[1:-1] + scores[2:]) / np.sqrt(3.0) / 1.5)
    silent = levels < max(SILENT_DB, float(levels.max(initial=-200.0)) - 60.0)
    heard = smooth[~silent]
    limit = min(PRESENT, FAINT_SHARE * float(np.median(heard))) if len(heard) else PRESENT
    present = smooth >= max(limit, 1.2)
    signs = np.where(silent, "?", np.where(present, "#", "."))
    share = float(present[~silent].mean()) if len(heard) else 0.0
    return SoundPresence("".join(signs.tolist()), share)


def _scores(sound: Samples, warp: Warp, pattern: Reals, mark: SoundMark) -> tuple[Reals, Reals]:
    """For each second as it is played: the statistic of the pattern in it, and its level in dB.

    Windows of half a minute are looked at one by one, and the pattern is followed a little in each.
    """
    seconds = max(1, -(-len(sound) // WORKING_RATE))
    scores, levels = np.zeros(seconds), np.full(seconds, -200.0)
    step = round(WINDOW_S)
    for first in range(0, seconds, step):
        part = sound[first * WORKING_RATE : (first + step) * WORKING_RATE]
        if len(part) < WORKING_RATE // 4:
            continue
        evidence = Sound(powers(part)).evidence(warp)
        # The offset was told for a window; hops of the original have passed since.
        passed = round((first - mark.start_s) * HOPS_A_SECOND * warp.tempo)
        offset = (mark.offset - passed) % PERIOD_HOPS
        sums, squares = _sums(evidence, pattern, offset)
        per = HOPS_A_SECOND * warp.tempo
        for at in range(-(-len(part) // WORKING_RATE)):
            span = slice(round(at * per), round((at + 1) * per))
            near = slice(max(0, round((at - PLACE_S / 2) * per)), round((at + PLACE_S / 2) * per))
            best = int(np.argmax([each[near].sum() for each in sums]))
            scores[first + at] = sums[best][span].sum() / np.sqrt(squares[span].sum() + 1e-9)
            heard = part[at * WORKING_RATE : (at + 1) * WORKING_RATE]
            if _has_breadth(heard):
                levels[first + at] = 10 * np.log10(float(np.square(heard).mean()) + 1e-20)
    return scores, levels


def _has_breadth(heard: Samples) -> bool:
    """Whether enough bands sound for a mark to be there: not in a bare tone, in silence, in an instant."""
    if len(heard) < WORKING_RATE // 2:  # the last second, cut short, has too few cells to judge
        return False
    bands = band_levels(powers(heard), 1.0).mean(axis=0)
    return int((bands > bands.max() - TONE_DB).sum()) >= LEAST_BANDS


def _sums(evidence: Samples, pattern: Reals, offset: int) -> tuple[list[Reals], Reals]:
    """For offsets around the one given: the pattern's agreement at each hop; and the evidence squared."""
    hops = np.arange(len(evidence))
    sums: list[Reals] = []
    for shift in range(-REACH_HOPS, REACH_HOPS + 1):
        at = (hops - offset - shift) % PERIOD_HOPS
        starts = at % CHIP_HOPS == 0
        agreed = np.zeros(len(evidence))
        rows = pattern[(at[starts] // CHIP_HOPS) % CHIPS]
        agreed[starts] = (evidence[starts] * rows).sum(axis=1)
        sums.append(agreed)
    return sums, np.square(evidence).sum(axis=1) / CHIP_HOPS
