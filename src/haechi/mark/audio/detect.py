"""Finding marks in sound without the original and without a hint (audio-1, section 7).

The plain search reads the sound as it is, whole and then window by window. The full search also undoes
changes of speed, tempo and pitch. Every decode under every key is counted, and the count goes into the
p-value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.audio.align import PLAIN, Lie, Sound, Warp, around, deep, lies, pitches, speeds, tempos
from haechi.mark.audio.embed import SoundUnfit
from haechi.mark.audio.feature import WORKING_RATE, folded, powers, working
from haechi.mark.audio.grid import CODED_BITS, HOP_S, PERIOD_HOPS, Samples, data_signs_of, grid_of
from haechi.mark.bound import LOG10_P_LIMIT, log10_p
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.payload import Payload
from haechi.mark.trellis import decode, encode

WINDOW_S, STEP_S = 30.0, 15.0
SEARCHED_S = 12.0
MOST_SECONDS = 2 * 3600.0
LEAST_SECONDS = 1.5
DETECT_RATES = (4_000, 768_000)
WORTH_DECODING = 3.9
WORTH_REFINING = 4.6
PLACES = 3
REFINED = 4
MOST_SEARCHED_WINDOWS = 3


class Hit(NamedTuple):
    """A word that was read: where its pattern lies, in sound that begins `start` hops into the file."""

    payload: Payload
    key: MarkKey
    statistic: float
    lie: Lie
    start: int


@dataclass(frozen=True, slots=True)
class SoundMark:
    """One mark that was found.

    log10_p bounds the chance of such a mark in unmarked sound, all places, changes and keys counted.
    start_s, end_s: the part of the sound it was read from; tempo, pitch: what was done to it since.
    """

    payload: Payload
    key_id: str
    key_name: str
    statistic: float
    log10_p: float
    tempo: float
    pitch: float
    start_s: float
    end_s: float
    offset: int


@dataclass(frozen=True, slots=True)
class SoundDetection:
    """Outcome of a search: the marks (none: `()`), decodes made, warps tried, and the best that was seen."""

    marks: tuple[SoundMark, ...]
    attempts: int
    warps: int
    best_statistic: float
    best_log10_p: float


def detect(
    samples: NDArray[Any],
    rate: int,
    keys: Sequence[MarkKey] = (PUBLIC_KEY,),
    *,
    full: bool = True,
    thorough: bool = False,
) -> SoundDetection:
    """The marks that `keys` read in a sound; full: also after changes of speed, tempo, pitch (to 12 %, four
    semitones); thorough: also of tempo and pitch apart from each other, which takes three times as long.

    samples: (n,) or (n, channels) floats. Raises SoundUnfit. A sound without a mark gives a detection
    without marks: that says nothing about how the sound was made.
    """
    sound = prepared(samples, rate)
    search = _Search()
    for pilots, group in groupby(sorted(keys, key=lambda key: key.pilots), key=lambda key: key.pilots):
        members = tuple(group)
        if search.plainly(sound, pilots, members):
            continue
        if full:
            search.fully(sound, pilots, members, thorough=thorough)
    return search.outcome(len(sound) / WORKING_RATE)


def prepared(samples: NDArray[Any], rate: int) -> Samples:
    """The sound as the search wants it; raises SoundUnfit."""
    given = np.asarray(samples)
    if given.ndim not in (1, 2) or not DETECT_RATES[0] <= rate <= DETECT_RATES[1]:
        raise SoundUnfit(why=f"{given.ndim} dimensions at {rate} samples a second")
    if given.shape[0] > MOST_SECONDS * rate:
        raise SoundUnfit(why=f"longer than {MOST_SECONDS / 3600:.0f} hours")
    if not np.isfinite(given).all():
        raise SoundUnfit(why="a sample is not a number")
    return working(given, rate)


def windows(sound: Samples) -> list[Samples]:
    """The sound in windows of half a minute that overlap by half; a short one whole."""
    size, step = round(WINDOW_S * WORKING_RATE), round(STEP_S * WORKING_RATE)
    starts = range(0, max(1, len(sound) - size + step), step)
    return [sound[at : at + size] for at in starts]


class _Search:
    """Decodes so far. Always true: `attempts` counts every word that was decoded."""

    def __init__(self) -> None:
        self.attempts = 0
        self.warps = 0
        self.best = 0.0
        self.hits: list[Hit] = []

    def plainly(self, sound: Samples, pilots: bytes, keys: Sequence[MarkKey]) -> bool:
        """Whether a mark was found in the sound as it is: in a window, or in all of them together."""
        whole = np.zeros((PERIOD_HOPS, 25), np.float32)
        parts = windows(sound)
        step = round(STEP_S / HOP_S)
        before = len(self.hits)
        for at, part in enumerate(parts):
            if len(part) < LEAST_SECONDS * WORKING_RATE:
                continue
            evidence = Sound(powers(part)).evidence(PLAIN)
            fold = folded(evidence)
            self.warps += 1
            if self._decode(lies(fold, PLAIN, pilots, PLACES), keys, at * step):
                # Another marked sound in this window lies elsewhere in the period.
                offset = self.hits[-1].lie.offset
                others = [lie for lie in lies(fold, PLAIN, pilots, 4 * PLACES) if lie.is_apart(offset)]
                self._decode(others[:PLACES], keys, at * step)
            whole += np.roll(fold, at * step % PERIOD_HOPS, axis=0)
        if len(parts) > 1 and len(self.hits) == before:
            self._decode(lies(whole, PLAIN, pilots, PLACES), keys, 0)
        return len(self.hits) > before

    def fully(self, sound: Samples, pilots: bytes, keys: Sequence[MarkKey], *, thorough: bool) -> bool:
        """Whether a mark was found in sound that was sped up, stretched or shifted."""
        parts = [part for part in windows(sound) if len(part) >= LEAST_SECONDS * WORKING_RATE]
        loudest = sorted(range(len(parts)), key=lambda at: -float(np.square(parts[at]).mean()))
        families = (speeds, tempos, pitches, deep) if thorough else (speeds, tempos, pitches)
        for at in sorted(loudest[:MOST_SEARCHED_WINDOWS]):
            part = parts[at]
            whole = Sound(powers(part))
            begin = Sound(powers(part[: round(SEARCHED_S * WORKING_RATE)]))
            for family in families:
                found, tried = begin.search(pilots, family(), REFINED)
                self.warps += tried
                for lie in found:
                    if lie.score >= WORTH_REFINING and self._refined(whole, lie.warp, pilots, keys, at):
                        return True
        return False

    def _refined(self, sound: Sound, warp: Warp, pilots: bytes, keys: Sequence[MarkKey], at: int) -> bool:
        best: Lie | None = None
        for near in around(warp):
            self.warps += 1
            top = lies(folded(sound.evidence(near)), near, pilots, 1)[0]
            best = top if best is None or top.score > best.score else best
        return best is not None and self._decode([best], keys, at * round(STEP_S / HOP_S))

    def _decode(self, places: Sequence[Lie], keys: Sequence[MarkKey], start: int) -> bool:
        found = False
        for lie in places:
            if lie.score < WORTH_DECODING:
                break
            cells = lie.at_cells().reshape(-1)
            for key in keys:
                payload, statistic = word_of(cells, key)
                self.attempts += 1
                self.best = max(self.best, statistic)
                if log10_p(statistic, self.attempts) <= LOG10_P_LIMIT:
                    self.hits.append(Hit(payload, key, statistic, lie, start))
                    found = True
            if found:
                return True
        return found

    def outcome(self, length_s: float) -> SoundDetection:
        """The detection, one mark a payload and key, with p-values over all attempts of the search."""
        strongest: dict[tuple[int, str], Hit] = {}
        for hit in self.hits:
            name = (int(hit.payload), hit.key.id)
            if name not in strongest or strongest[name].statistic < hit.statistic:
                strongest[name] = hit
        marks = [self._mark(hit, length_s) for hit in strongest.values()]
        kept = tuple(sorted(marks, key=lambda mark: mark.log10_p))
        best = log10_p(self.best, self.attempts) if self.attempts else 0.0
        return SoundDetection(kept, self.attempts, self.warps, self.best, best)

    def _mark(self, hit: Hit, length_s: float) -> SoundMark:
        start = hit.start * HOP_S
        warp = hit.lie.warp
        return SoundMark(
            payload=hit.payload,
            key_id=hit.key.id,
            key_name=hit.key.name,
            statistic=hit.statistic,
            log10_p=log10_p(hit.statistic, self.attempts),
            tempo=warp.tempo,
            pitch=warp.pitch,
            start_s=start,
            end_s=min(length_s, start + WINDOW_S),
            offset=hit.lie.offset,
        )


def word_of(cells: Samples, key: MarkKey) -> tuple[Payload, float]:
    """The likeliest payload under a key, and its statistic: over data cells alone, whose signs are secret."""
    grid = grid_of(key.pilots)
    soft = cells[grid.data].astype(np.float64)
    signed = soft * data_signs_of(key.secret)
    bits = decode(np.bincount(grid.bits, weights=signed, minlength=CODED_BITS).astype(np.float64))
    statistic = float(encode(bits)[grid.bits] @ signed / np.sqrt(soft @ soft + 1e-30))
    return Payload.from_bits(bits), statistic
