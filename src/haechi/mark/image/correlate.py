"""Geometry when no single peak is clear: all pilots at once (lattice-1, 7.4).

Maps that only scale are few: each is tried on the spectrum itself. Of turns and stretches there are many: the
charts propose, and each proposal is moved to the best map around it. What then stands out, out of the few
hundred that are left, is found by the pilots' phases: they agree on one shift only under the true map.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from haechi.mark.image.charts import AXIS_STEP, STEP, SYMMETRIES, TURNS, stretched, stretches, turned, turns
from haechi.mark.image.hough import Candidate
from haechi.mark.image.layout import CANONICAL, Layout
from haechi.mark.image.plane import Plane, Reals, smooth
from haechi.mark.image.spectrum import HIGHEST, FineSpectrum
from haechi.mark.image.waves import Chord, around, chords, tuned

LEAST_PILOTS = 9
BLUR = 0.4  # bins
STEP_BINS = 0.7  # bins of the spectrum between two maps that are tried
OUTER = 0.3, 0.45  # cycles a pixel: where the pilots are for which a step is chosen, charts and scales
SCALE_LOW, SCALE_HIGH = float(np.log(0.2)), float(np.log(8.0))
GRID_LIMIT = 20_000  # maps tried around all proposals of a chart's template
MOST_TOPS = (40, 150)
LISTENED = 40  # proposals of each kind whose phases are asked
ALIKE = 0.004
CLEAR = 12.0  # coherence of a map that is read before other kinds are looked for
MOST_CLEAR = 2
HUMS = 4.8  # and at all
LOUD = 5.5  # deviations of the spectrum: a bent picture's lines are that clear
READ_PIXELS = 2_500_000
MOST_READ = 24
MOST_MIDDLE = 4
MIDDLE_HUMS = 5.5
CLIMB = 0.002
CLIMBS = 24


class _Proposal(NamedTuple):
    """`score`: what the pilots under a map add up to; `chord`: on how much their phases agree."""

    score: float
    chord: Chord


def correlated(fine: FineSpectrum, layout: Layout, pixels: int) -> Iterator[Candidate]:
    """Geometries of a picture of so many pixels, in the order in which they are worth reading.

    Clear ones all; of the others as many as READ_PIXELS allow: a reading takes time by the canonical pixel.
    """
    excess = fine.spectrum.excess()
    search = _Search(fine, excess, smooth(excess, BLUR), layout)
    kept: list[_Proposal] = []
    loudest: list[_Proposal] = []
    for find in (search.scales, search.stretches, search.turns):
        proposals = find()
        loudest.append(proposals[0])
        proposals.sort(key=lambda proposal: -proposal.chord.score)
        clear = [proposal for proposal in proposals[:MOST_CLEAR] if proposal.chord.score >= CLEAR]
        yield from map(search.read, clear)
        kept += [proposal for proposal in proposals[len(clear) :] if proposal.chord.score >= HUMS]
    kept.sort(key=lambda proposal: _surprise(proposal, pixels) - proposal.chord.score)
    left = READ_PIXELS
    for proposal in _distinct(kept)[:MOST_READ]:
        left -= _canonical_pixels(proposal, pixels)
        if left > 0:
            yield search.read(proposal)
    loud = LOUD * float(excess.std())
    for proposal in loudest:  # a bent picture's phases agree nowhere, yet its lines are there
        if proposal.score >= loud:
            yield Candidate(search.climbed(proposal.chord.matrix), int(proposal.score), "correlation")


def humming(fine: FineSpectrum, layout: Layout, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates under which the phases agree at all."""
    if not candidates:
        return []
    heard = chords(fine, layout, np.stack([candidate.matrix for candidate in candidates]))
    return [each for each, chord in zip(candidates, heard, strict=True) if chord.score >= HUMS]


def correlated_middle(fine: FineSpectrum, layout: Layout) -> Iterator[Candidate]:
    """Geometries of the spectrum of a picture's middle: of a bent picture they hold only there."""
    excess = fine.spectrum.excess()
    search = _Search(fine, excess, smooth(excess, BLUR), layout)
    proposals = [*search.scales(), *search.turns()]
    proposals.sort(key=lambda proposal: -proposal.chord.score)
    tuned_ones = [tuned(fine, layout, proposal.chord) for proposal in _distinct(proposals)[:MOST_MIDDLE]]
    for chord in sorted(tuned_ones, key=lambda chord: -chord.score):
        if chord.score >= MIDDLE_HUMS:
            yield Candidate(chord.matrix, int(chord.score), "correlation")


def _canonical_pixels(proposal: _Proposal, pixels: int) -> float:
    return pixels * abs(float(np.linalg.det(proposal.chord.matrix)))


def _surprise(proposal: _Proposal, pixels: int) -> float:
    """A marked picture has CANONICAL squared pixels; the more there are, the more was laid around it."""
    return 0.5 * max(0.0, float(np.log2(_canonical_pixels(proposal, pixels) / CANONICAL**2)))


class _Search(NamedTuple):
    fine: FineSpectrum
    excess: Plane
    soft: Plane
    layout: Layout

    def scales(self) -> list[_Proposal]:
        """Maps that only grow or shrink, mirror, or swap the axes: crops, above all."""
        spectrum = self.fine.spectrum
        step = STEP_BINS / (OUTER[1] * max(spectrum.rows, spectrum.columns))
        sizes = np.exp(np.arange(SCALE_LOW, SCALE_HIGH, step))
        matrices = np.concatenate([sizes[:, None, None] * change for change in SYMMETRIES])
        scores = self._scores(matrices)
        return self._heard(scores, matrices)

    def stretches(self) -> list[_Proposal]:
        """Maps that stretch along the axes."""
        spectrum = self.fine.spectrum
        right, down = np.meshgrid(
            *(_fill(AXIS_STEP, STEP_BINS / (OUTER[0] * size)) for size in (spectrum.columns, spectrum.rows))
        )
        near = stretches(np.exp(right.ravel()), np.exp(down.ravel()))
        tops = stretched(self.excess, spectrum, self.layout, _most(near))
        return self._moved(tops, near)

    def turns(self) -> list[_Proposal]:
        """Maps that turn and scale."""
        spectrum = self.fine.spectrum
        fine = STEP_BINS / (OUTER[0] * max(spectrum.rows, spectrum.columns))
        grow, turn = np.meshgrid(_fill(STEP, fine), _fill(np.pi / TURNS, fine))
        near = turns(np.exp(grow.ravel()), turn.ravel())
        tops = turned(self.excess, spectrum, self.layout, _most(near))
        return self._moved(tops, near)

    def _moved(self, tops: Reals, near: Reals) -> list[_Proposal]:
        """Each proposal of a chart moved to the best map around it."""
        trials = near[None] @ tops[:, None]
        scores = self._sums(trials.reshape(-1, 2, 2)).reshape(len(tops), -1)
        best = scores.argmax(axis=1)
        moved = trials[np.arange(len(tops)), best]
        return self._heard(self._scores(moved), moved)

    def _heard(self, scores: Reals, matrices: Reals) -> list[_Proposal]:
        """The highest scores, one of each kind, the highest first, and what their phases say."""
        order = np.argsort(-scores, kind="stable")[: 4 * LISTENED]
        kept = _apart(matrices[order])[:LISTENED]
        chosen = order[kept]
        return [
            _Proposal(float(score), chord)
            for score, chord in zip(
                scores[chosen], chords(self.fine, self.layout, matrices[chosen]), strict=True
            )
        ]

    def _sums(self, matrices: Reals) -> Reals:
        """(n,): what the pilots find under each matrix."""
        return self.fine.spectrum.sampled(self.soft, matrices, self.layout.pilots.frequencies()).sum(axis=1)

    def _scores(self, matrices: Reals) -> Reals:
        """(n,): the same over the root of how many pilots it holds."""
        aimed = self.layout.pilots.frequencies() @ matrices.transpose(0, 2, 1)
        inside = (np.abs(aimed) < HIGHEST).all(axis=2).sum(axis=1)
        return np.where(inside < LEAST_PILOTS, -np.inf, self._sums(matrices) / np.sqrt(np.maximum(inside, 1)))

    def read(self, proposal: _Proposal) -> Candidate:
        """The proposal as a candidate, tuned by ear."""
        chord = tuned(self.fine, self.layout, proposal.chord)
        return Candidate(chord.matrix, int(chord.score), "correlation")

    def climbed(self, matrix: Reals) -> Reals:
        """The matrix moved uphill by growing, turning, squeezing and shearing."""
        step = CLIMB
        best = float(self._sums(matrix[None])[0])
        for _ in range(CLIMBS):
            trials = around(matrix, step)
            sums = self._sums(trials)
            if sums.max() > best:
                best, matrix = float(sums.max()), trials[int(sums.argmax())]
            elif step < CLIMB / 4:
                break
            else:
                step *= 0.5
        return matrix


def _most(near: Reals) -> int:
    low, high = MOST_TOPS
    return min(max(GRID_LIMIT // len(near), low), high)


def _fill(cell: float, fine: float) -> Reals:
    """Offsets over three quarters of a cell to both sides, at most `fine` apart."""
    reach = 0.75 * cell
    count = max(1, int(np.ceil(reach / fine)))
    return np.arange(-count, count + 1) * (reach / count)


def _distinct(proposals: list[_Proposal]) -> list[_Proposal]:
    kept = _apart(np.stack([proposal.chord.matrix for proposal in proposals])) if proposals else []
    return [proposals[at] for at in kept]


def _apart(matrices: Reals) -> list[int]:
    """Which to keep so that none says nearly the same as one before it."""
    flat = matrices.reshape(-1, 4)
    alike = (
        np.linalg.norm(flat[:, None] - flat[None], axis=2) <= ALIKE * np.linalg.norm(flat, axis=1)[:, None]
    )
    kept: list[int] = []
    gone = np.zeros(len(flat), np.bool_)
    for at, same in enumerate(alike):
        if not gone[at]:
            kept.append(at)
            gone |= same
    return kept
