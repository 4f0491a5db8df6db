"""Finding marks without the original and without a hint (lattice-1, section 7).

Geometries are tried from the cheapest and likeliest on; the search ends when one of them carries a mark.
Every decode under every key is counted, and the count goes into the p-value.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haechi.mark.bound import LOG10_P_LIMIT
from haechi.mark.image.correlate import correlated, correlated_middle, humming
from haechi.mark.image.embed import check_pixels
from haechi.mark.image.geometry import Geometry, geometry_of
from haechi.mark.image.hough import Candidate, vote
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.image.layout import CANONICAL, Layout, layout_of
from haechi.mark.image.normal import residual_of
from haechi.mark.image.plane import Plane, luma, resized
from haechi.mark.image.reading import (
    Reading,
    Word,
    bent,
    from_the_middle,
    grown,
    read_along,
    soft_data,
    words_of,
)
from haechi.mark.image.spectrum import FineSpectrum, Spectrum
from haechi.mark.payload import Payload

WORKING_PIXELS = 1_050_000
WORTH_DECODING = 5.0
WORTH_BENDING = 4.0
WORTH_GROWING = 5.4  # score of the middle's phase; it must rise with each round
WORTH_MORE = 0.4
MOST_GROWTHS = 14
MIDDLES = (0.5, 0.7)  # shares of width and height
MOST_VOTES = 2  # that are read without asking their phases first
MOST_ELONGATED = 16  # times as long as wide: beyond it only clear peaks are followed
ROUNDS_OF_BENDING = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark that was found.

    log10_p bounds the chance of such a mark in an unmarked picture, all geometries and keys counted;
    log10_tail that of one word in the one decode, from which `log10_counted` makes p for a longer search.
    """

    payload: Payload
    key_id: str
    key_name: str
    statistic: float
    log10_p: float
    log10_tail: float
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class Detection:
    """Outcome of a search: the marks (none: `()`), the least likely by chance first, how many decodes were
    made, and the best that was seen.
    """

    marks: tuple[Mark, ...]
    attempts: int
    best_statistic: float
    best_log10_p: float


def detect(pixels: NDArray[Any], keys: Sequence[MarkKey] = (PUBLIC_KEY,)) -> Detection:
    """The marks that `keys` read in a picture, in whatever place, size, turn or mirror image.

    pixels: as for `embed`. Raises PixelsUnfit. A picture without a mark gives a Detection without marks:
    that says nothing about how the picture was made.
    """
    check_pixels(pixels)
    plane = working_plane(pixels)
    search = _Search()
    for pilots, group in groupby(sorted(keys, key=lambda key: key.pilots), key=lambda key: key.pilots):
        layout = layout_of(pilots)
        members = tuple(group)
        for candidate in _candidates(plane, layout):
            if search.try_out(plane, candidate, layout, members):
                break
    scale = math.sqrt(plane.size / (pixels.shape[0] * pixels.shape[1]))
    return search.outcome(scale)


def working_plane(pixels: NDArray[Any]) -> Plane:
    """The luma plane at the size the detector works on: about a megapixel at most."""
    height, width = pixels.shape[:2]
    shrink = math.sqrt(WORKING_PIXELS / (height * width))
    if shrink > 0.85:
        return luma(pixels)
    block = max(1, int(0.5 / shrink))
    if block > 1:  # first whole blocks, by simple averaging, channel by channel: bounded memory
        rows = max(block, (1 << 22) // width // block * block)
        parts = (luma(pixels[top : top + rows]) for top in range(0, height, rows))
        plane = np.concatenate(
            [resized(part, -(-width // block), -(-part.shape[0] // block)) for part in parts]
        )
    else:
        plane = luma(pixels)
    return resized(plane, round(width * shrink), round(height * shrink))


def _candidates(plane: Plane, layout: Layout) -> Iterator[Candidate]:
    height, width = plane.shape
    grow = math.sqrt(height * width) / CANONICAL
    yield Candidate(np.eye(2) / grow, 0, "whole")
    residual = residual_of(plane)
    votes = vote(Spectrum.of(residual).peaks(), layout)
    yield from votes[:MOST_VOTES]
    if max(height, width) > MOST_ELONGATED * min(height, width):
        return  # too few tiles across for weak peaks, and maps to try without end along
    fine = FineSpectrum.of(residual)
    yield from humming(fine, layout, votes[MOST_VOTES:])
    yield from correlated(fine, layout, plane.size)
    middle = residual[height // 4 : height - height // 4, width // 4 : width - width // 4]
    yield from correlated_middle(FineSpectrum.of(middle), layout)


class _Search:
    """Decodes so far. Always true: `attempts` counts every word that `words_of` gave."""

    def __init__(self) -> None:
        self.attempts = 0
        self.growths = 0
        self.found: list[tuple[Word, Reading, str]] = []
        self.best: Word | None = None

    def try_out(self, plane: Plane, candidate: Candidate, layout: Layout, keys: Sequence[MarkKey]) -> bool:
        """Whether a mark was found along this candidate, straight or bent."""
        if abs(np.linalg.det(candidate.matrix)) < 1e-9:
            return False
        reading = read_along(plane, candidate.placement, layout)
        if reading is None:
            return False
        if self._decode(reading, layout, keys, candidate.route):
            return True
        if candidate.route == "whole":
            return False
        if reading.phase.score >= WORTH_BENDING and self._follow(plane, reading, layout, keys):
            return True
        return self._grow(plane, reading, layout, keys)

    def _grow(self, plane: Plane, reading: Reading, layout: Layout, keys: Sequence[MarkKey]) -> bool:
        """Whether a mark is found along a bend that grows from the picture's middle."""
        return any(self._grow_from(plane, reading, layout, keys, share) for share in MIDDLES)

    def _grow_from(
        self, plane: Plane, reading: Reading, layout: Layout, keys: Sequence[MarkKey], share: float
    ) -> bool:
        middle = from_the_middle(reading, layout, share)
        worth = WORTH_GROWING
        while middle.score >= worth and self.growths < MOST_GROWTHS:
            self.growths += 1
            curved = grown(plane, reading._replace(phase=middle), layout)
            if curved is None:
                return False
            if self._decode(curved, layout, keys, "correlation"):
                return True
            reading, middle = curved, from_the_middle(curved, layout, share)
            worth += WORTH_MORE
        return False

    def _follow(self, plane: Plane, reading: Reading, layout: Layout, keys: Sequence[MarkKey]) -> bool:
        """Whether a mark is found along the bends that the tiles show."""
        for _ in range(ROUNDS_OF_BENDING):
            curved = bent(plane, reading, layout)
            if curved is None or curved.phase.score < reading.phase.score:
                return False
            if self._decode(curved, layout, keys, "correlation"):
                return True
            reading = curved
        return False

    def _decode(self, reading: Reading, layout: Layout, keys: Sequence[MarkKey], route: str) -> bool:
        if reading.phase.score < WORTH_DECODING:
            return False
        soft = soft_data(reading, layout)
        words = words_of(soft, keys)
        self.attempts += len(words)
        self.best = min([*words, *([self.best] if self.best else [])], key=lambda word: word.log10_tail)
        clear = [word for word in words if word.log10_p(self.attempts) <= LOG10_P_LIMIT]
        self.found += [(word, reading, route) for word in clear]
        return bool(clear)

    def outcome(self, scale: float) -> Detection:
        """The detection, with every p-value taken over all attempts of the search: those after a find too."""
        marks = tuple(
            Mark(
                payload=word.payload,
                key_id=word.key.id,
                key_name=word.key.name,
                statistic=word.statistic,
                log10_p=word.log10_p(self.attempts),
                log10_tail=word.log10_tail,
                geometry=geometry_of(reading, scale, route),
            )
            for word, reading, route in sorted(self.found, key=lambda each: each[0].log10_tail)
            if word.log10_p(self.attempts) <= LOG10_P_LIMIT
        )
        if self.best is None:
            return Detection(marks, self.attempts, 0.0, 0.0)
        return Detection(marks, self.attempts, self.best.statistic, self.best.log10_p(self.attempts))
