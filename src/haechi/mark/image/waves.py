"""Whether the pilots' phases agree under a map, asked of the picture's spectrum alone (lattice-1, 7.4).

The same question as `phase` answers for a fold, without warping the picture: half as clear, a hundred times
cheaper. It tells which of many maps are worth a fold.
"""

from typing import NamedTuple

import numpy as np

from haechi.mark.image.fourier import sparse_surface
from haechi.mark.image.layout import R_MAX, TILE, Layout
from haechi.mark.image.phase import PILOT_SLOPE
from haechi.mark.image.plane import Complexes, Reals
from haechi.mark.image.spectrum import HIGHEST, FineSpectrum

SIZE = 144  # points of the surface over all shifts, across and down
PART_OF_MEAN = 0.798  # one part's deviation over the mean amplitude of noise
LOUDEST = 4.0
TUNING = 0.001
TUNINGS = 6
NUDGES = np.array([(right, down) for right in (-0.3, 0.0, 0.3) for down in (-0.3, 0.0, 0.3)])
GENERATORS = (
    np.eye(2),
    np.array([[0.0, -1.0], [1.0, 0.0]]),
    np.diag([1.0, -1.0]),
    np.array([[0.0, 1.0], [1.0, 0.0]]),
)


class Chord(NamedTuple):
    """A map and the shift at the picture's middle on which its pilots agree: `score` in units of noise.

    shift: canonical pixels; turned: the picture is turned over, by half a turn.
    """

    score: float
    matrix: Reals
    shift: Reals
    turned: bool


def chords(fine: FineSpectrum, layout: Layout, matrices: Reals) -> list[Chord]:
    """The best shift under each of (n, 2, 2) matrices."""
    lines = layout.pilots
    values = _values(fine, layout, matrices)
    best = np.full(len(matrices), -1.0)
    place = np.zeros(len(matrices), np.int64)
    turned = np.zeros(len(matrices), np.bool_)
    for over, seen in ((False, values), (True, np.conj(values))):
        half = np.zeros((len(matrices), SIZE, R_MAX + 1), np.complex64)
        half[:, lines.v % SIZE, lines.u] = seen * np.conj(layout.phases)
        shifts = np.abs(sparse_surface(half, (SIZE, SIZE))).reshape(len(matrices), -1)
        at = shifts.argmax(axis=1)
        score = shifts[np.arange(len(at)), at] * (SIZE * SIZE / 2.0)
        better = score > best
        best, place = np.where(better, score, best), np.where(better, at, place)
        turned = np.where(better, over, turned)
    shift = np.stack([place % SIZE, place // SIZE], axis=1) * (TILE / SIZE)
    return [
        Chord(float(score), matrix, where, bool(over))
        for score, matrix, where, over in zip(best, matrices, shift, turned, strict=True)
    ]


def tuned(fine: FineSpectrum, layout: Layout, chord: Chord) -> Chord:
    """The map moved to where its phases agree best: each round tries small changes of it and of the shift."""
    step = TUNING
    lines = layout.pilots
    for _ in range(TUNINGS):
        trials = around(chord.matrix, step)
        values = _values(fine, layout, trials)
        values = np.conj(values) if chord.turned else values
        shifts = chord.shift + NUDGES
        turn = np.exp(2j * np.pi * (np.outer(lines.u, shifts[:, 0]) + np.outer(lines.v, shifts[:, 1])) / TILE)
        scores = np.abs(((values * np.conj(layout.phases)) @ turn).real)
        trial, nudge = divmod(int(scores.argmax()), len(NUDGES))
        if scores[trial, nudge] > chord.score:
            chord = Chord(float(scores[trial, nudge]), trials[trial], shifts[nudge], chord.turned)
        else:
            step *= 0.5
    return chord


def around(matrix: Reals, step: float) -> Reals:
    """(8, 2, 2): the matrix grown, turned, squeezed and sheared a little, both ways."""
    return np.stack([matrix + sign * step * each @ matrix for each in GENERATORS for sign in (1, -1)])


def _values(fine: FineSpectrum, layout: Layout, matrices: Reals) -> Complexes:
    """(n, pilots): the flattened spectrum under each matrix; a sum of their real parts has unit noise."""
    lines = layout.pilots
    frequencies = lines.frequencies()
    aimed = frequencies @ matrices.transpose(0, 2, 1)
    real = fine.spectrum.sampled(fine.real, matrices, frequencies)
    imaginary = fine.spectrum.sampled(fine.imaginary, matrices, frequencies)
    values = (real + 1j * np.where(aimed[..., 0] < 0, -imaginary, imaginary)) / PART_OF_MEAN
    weight = np.where((np.abs(aimed) < HIGHEST).all(axis=2), lines.radius**-PILOT_SLOPE, 0.0)
    weight /= np.sqrt((weight**2).sum(axis=1, keepdims=True)) + 1e-9
    return values * np.minimum(1.0, LOUDEST / np.maximum(np.abs(values), 1e-9)) * weight
