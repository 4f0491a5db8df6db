"""Finding image marks in a film: frames are pooled, and the engine for pictures reads what they share.

What is read is one soft value for each place of the pattern, a function of the film and of the public pilots
alone. The bound of a single picture therefore holds for any number of frames, however alike they are: the
signs of the key are the only chance in it, and they are drawn once for the whole film. Nothing is assumed
about the noise of frames, and no p-values are multiplied. Every decode of every part is counted.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from haechi.mark.bound import LOG10_P_LIMIT, log10_counted
from haechi.mark.image import Geometry, Mark, MarkKey, detect
from haechi.mark.image.layout import CANONICAL, layout_of
from haechi.mark.image.plane import Plane, Reals, as_plane
from haechi.mark.image.reading import Reading, read_along, soft_data, word_of
from haechi.mark.payload import Payload
from haechi.mark.trellis import encode
from haechi.mark.video.pool import Pool, Stretch, as_picture, pooled

PARTS = 3
"""Parts that are searched one by one when the whole film tells nothing."""
MOST_MARKS = 4
"""Marks of different films that are told of one file."""
PILOTS = 5.0
"""Where the pilots of a stretch stand out by this much, it is searched by itself."""
PRESENT, ABSENT = 4.5, 2.0
"""A stretch carries a mark that was found elsewhere when its own statistic is the first (1 in 90,000 by
chance); below the second it does not, where the codec left anything to tell by; else it cannot be told."""
_FAINTEST = 0.02
_ANOTHER = -math.inf


@dataclass(frozen=True, slots=True)
class VideoMark:
    """One mark that was found. log10_p: all parts, geometries and keys counted; log10_tail: of the
    one decode; geometry: of the pooled plane; start_s, end_s: the part of the film it was read from;
    read_from: where its stretches begin.
    """

    payload: Payload
    key_id: str
    key_name: str
    statistic: float
    log10_p: float
    log10_tail: float
    geometry: Geometry
    start_s: float
    end_s: float
    read_from: frozenset[float]


@dataclass(frozen=True, slots=True)
class VideoDetection:
    """The marks (none: `()`), the strongest first; decodes made; the best seen; width of the pool."""

    marks: tuple[VideoMark, ...]
    attempts: int
    best_statistic: float
    width: int


def detect_in(pool: Pool, keys: Sequence[MarkKey], ends_s: float) -> VideoDetection:
    """The marks that `keys` read in a pool of frames, as a whole and else part by part; where a mark that was
    read does not reach, others are looked for.
    """
    stretches = pool.stretches()
    if not stretches:
        return VideoDetection((), 0, 0.0, 0)
    search = _Search(pool, keys, ends_s)
    for part in _parts(stretches):
        if search.reads(part):
            break
    while search.marks and len(search.marks) < MOST_MARKS:
        rest = search.untouched(stretches)
        if not rest or not search.reads(rest):
            break
    kept = _strongest(search.marks, search.attempts)
    return VideoDetection(kept, search.attempts, search.best, stretches[0].total.shape[1])


class _Search:
    """Decodes so far. Always true: every decode is counted, and `marks` has one mark for each word."""

    def __init__(self, pool: Pool, keys: Sequence[MarkKey], ends_s: float) -> None:
        self._pool, self._keys, self._ends_s = pool, keys, ends_s
        self.attempts, self.best = 0, 0.0
        self.marks: list[VideoMark] = []

    def reads(self, part: list[Stretch]) -> bool:
        """Whether a mark that was not known is read in these stretches laid over each other."""
        told = detect(as_picture(pooled(part)), self._keys)
        self.attempts += told.attempts
        self.best = max(self.best, told.best_statistic)
        known = {(int(each.payload), each.key_id) for each in self.marks}
        fresh = [each for each in told.marks if (int(each.payload), each.key_id) not in known]
        end_s = min(part[-1].start_s + self._pool.length_s, self._ends_s)
        starts = frozenset(each.start_s for each in part)
        self.marks += [_mark(each, part[0].start_s, end_s, starts) for each in fresh]
        return bool(fresh)

    def untouched(self, stretches: list[Stretch]) -> list[Stretch]:
        """The stretches in which none of the marks is present."""
        by_id = {key.id: key for key in self._keys}
        rows = [presence_in(self._pool, each, by_id[each.key_id]) for each in self.marks]
        return [each for at, each in enumerate(stretches) if all(row[at] != "#" for row in rows)]


def _parts(stretches: list[Stretch]) -> Iterator[list[Stretch]]:
    """The whole, then what the pilots point at, then parts of equal length; the first that reads ends it."""
    yield stretches
    if len(stretches) == 1:
        return
    clear = [_pilots(as_plane(each.total)) >= PILOTS for each in stretches]
    runs = [
        [each for each, _clear in run]
        for is_clear, run in groupby(zip(stretches, clear, strict=True), key=lambda pair: pair[1])
        if is_clear
    ]
    yield from sorted(runs, key=len, reverse=True)[:PARTS]
    size = -(-len(stretches) // PARTS)
    yield from (stretches[at : at + size] for at in range(0, len(stretches), size))


def _pilots(plane: Plane) -> float:
    """How clearly the public pilots stand in a plane that nobody scaled or turned; asks no key."""
    height, width = plane.shape
    placement = np.eye(2) * np.sqrt(height * width) / CANONICAL
    reading = read_along(_luma(plane), placement, layout_of())
    return 0.0 if reading is None else reading.phase.score


def _mark(mark: Mark, start_s: float, end_s: float, read_from: frozenset[float]) -> VideoMark:
    return VideoMark(
        mark.payload,
        mark.key_id,
        mark.key_name,
        mark.statistic,
        mark.log10_p,
        mark.log10_tail,
        mark.geometry,
        start_s,
        end_s,
        read_from,
    )


def _strongest(marks: Sequence[VideoMark], attempts: int) -> tuple[VideoMark, ...]:
    """One mark a payload and key, each standing by its own decode when all attempts are counted."""
    found: dict[tuple[int, str], VideoMark] = {}
    for mark in sorted(marks, key=lambda each: each.log10_tail, reverse=True):
        counted = log10_counted(mark.log10_tail, attempts)
        found[int(mark.payload), mark.key_id] = replace(mark, log10_p=counted)
    standing = [mark for mark in found.values() if mark.log10_p <= LOG10_P_LIMIT]
    return tuple(sorted(standing, key=lambda each: each.log10_p))


def presence_in(pool: Pool, mark: VideoMark, key: MarkKey) -> str:
    """A sign for each stretch: `#` the mark is there, `.` it is not, `?` too little to tell.

    The word is known by then, so each stretch is one test of it, along the geometry that was found.
    """
    stretches = pool.stretches()
    guide = _along(pooled([each for each in stretches if each.start_s in mark.read_from]), mark, key)
    if guide is None:
        return "?" * len(stretches)
    word = encode(mark.payload.bits)[key.layout.interleaver] * key.signs
    scores = [_score(each, mark, key, guide, word) for each in stretches]
    return "".join(_told(stretches, scores))


def _score(stretch: Stretch, mark: VideoMark, key: MarkKey, guide: Reading, word: Reals) -> float | None:
    """The statistic of the known word in one stretch, at the place of the whole; None for a flat one.

    Words of one maker are alike in the bits of its namespace, so a stretch that says another word by itself
    would pass for the known one: there it is `_ANOTHER`.
    """
    plane = as_plane(stretch.total)
    if float(plane.std()) < _FAINTEST:
        return None
    reading = _along(plane, mark, key)
    if reading is None:
        return None
    soft = soft_data(reading._replace(phase=guide.phase), key.layout)
    own = word_of(soft, key)
    if own.payload != mark.payload and own.log10_p(1) <= LOG10_P_LIMIT:
        return _ANOTHER
    return float(word @ soft / np.sqrt(soft @ soft + 1e-30))


def _told(stretches: Sequence[Stretch], scores: Sequence[float | None]) -> Iterator[str]:
    """The signs. Predicted frames alone may have lost the mark to the codec: that is no absence.

    Where other scenes were cut in, an encoder begins with a frame that is coded by itself.
    """
    rows = zip(stretches, scores, strict=True)
    for present, run in groupby(rows, key=lambda row: row[1] is not None and row[1] >= PRESENT):
        held = list(run)
        keyed = any(stretch.keyed for stretch, _score in held)
        for _stretch, score in held:
            absent = score == _ANOTHER or (keyed and score is not None and score < ABSENT)
            yield "#" if present else "." if absent else "?"


def _along(plane: Plane, mark: VideoMark, key: MarkKey) -> Reading | None:
    return read_along(_luma(plane), np.array(mark.geometry.placement), key.layout)


def _luma(plane: Plane) -> Plane:
    """A pooled plane on the scale of grey levels."""
    return as_plane(as_picture(plane)) / np.float32(257.0)


def seconds_of(row: str, stretch_s: float, ends_s: float, sign: str) -> str:
    """The seconds of the stretches with this sign, as spans: at most six are named.

    >>> seconds_of("##..#", 2.0, 9.5, ".")
    '4-8 s'
    """
    spans: list[str] = []
    at = 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == sign:
            end += 1
        if end > at:
            spans.append(f"{at * stretch_s:g}-{min(end * stretch_s, ends_s):.3g} s")
        at = max(end, at + 1)
    return ", ".join([*spans[:6], "…"] if len(spans) > 6 else spans)


def row_of(pool: Pool, signs: str) -> str:
    """The signs laid out in time: stretches without a frame come as `?`."""
    by_slot = {
        round(each.start_s / pool.length_s): sign for each, sign in zip(pool.stretches(), signs, strict=True)
    }
    return "".join(by_slot.get(slot, "?") for slot in range(max(by_slot, default=-1) + 1))
