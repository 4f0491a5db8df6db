"""Geometry by votes: which turn and scale lays the pilots onto peaks of the spectrum (lattice-1, 7.4)."""

from typing import NamedTuple

import numpy as np

from haechi.mark.image.layout import Layout
from haechi.mark.image.plane import Reals, mean_around
from haechi.mark.image.spectrum import Peaks

ANGLES = 360
SCALES = 400
LOG_SCALE_SPAN = 2.0
MIRROR = np.diag([1.0, -1.0])
LEAST_MATCHES = 5


class Candidate(NamedTuple):
    """A geometry worth decoding. `matrix` takes canonical frequencies to picture frequencies (2x2)."""

    matrix: Reals
    matches: int
    route: str

    @property
    def placement(self) -> Reals:
        """2x2 from canonical pixels to picture pixels."""
        return np.linalg.inv(self.matrix).T


def vote(peaks: Peaks, layout: Layout, stretch: Reals | None = None, most: int = 4) -> list[Candidate]:
    """The best `most` geometries, most matches first.

    stretch: a 2x2 applied to the peaks beforehand, to try a picture that was squeezed or sheared.
    """
    if len(peaks.places) < LEAST_MATCHES:
        return []
    places = peaks.places if stretch is None else peaks.places @ stretch.T
    radius = np.log(np.hypot(places[:, 0], places[:, 1]))
    angle = np.arctan2(places[:, 1], places[:, 0])
    pilots = layout.pilots.frequencies()
    proposals: list[tuple[float, bool, float, float]] = []
    for mirrored in (False, True):
        template = pilots @ MIRROR if mirrored else pilots
        proposals += [
            (score, mirrored, turn, grow)
            for score, turn, grow in _tops(radius, angle, peaks.weights, template, most)
        ]
    proposals.sort(reverse=True)
    back = None if stretch is None else np.linalg.inv(stretch)
    made: list[Candidate] = []
    for _, mirrored, turn, grow in proposals[:most]:
        cos, sin = np.cos(turn), np.sin(turn)
        matrix = np.exp(grow) * np.array([[cos, -sin], [sin, cos]])
        if back is not None:
            matrix = back @ matrix
        matrix = matrix @ MIRROR if mirrored else matrix
        made.append(Candidate(*fit(matrix, peaks, pilots, similar=back is None), "votes"))
    made.sort(key=lambda candidate: -candidate.matches)
    return made


def fit(
    matrix: Reals, peaks: Peaks, pilots: Reals, *, similar: bool, reach: float = 0.03
) -> tuple[Reals, int]:
    """The matrix moved onto the peaks by least squares in five closing rounds, and the matches left.

    similar: the first two rounds allow only turning and scaling, which few matches can carry.
    """
    both = np.concatenate([peaks.places, -peaks.places])
    weights = np.concatenate([peaks.weights, peaks.weights]) + 0.05
    mirrored = np.linalg.det(matrix) < 0
    matches = 0
    for turn in range(5):
        aimed = pilots @ matrix.T
        apart = np.hypot(aimed[:, None, 0] - both[None, :, 0], aimed[:, None, 1] - both[None, :, 1])
        nearest = apart.argmin(axis=1)
        limit = np.maximum(reach * np.hypot(aimed[:, 0], aimed[:, 1]), 0.0012)
        close = apart[np.arange(len(pilots)), nearest] < limit
        matches = int(close.sum())
        if matches < LEAST_MATCHES:
            break
        source, target, weight = pilots[close], both[nearest[close]], weights[nearest[close]][:, None]
        if (similar and turn < 2) or matches < 9:
            matrix = _similarity(source, target, weight, mirrored=mirrored) if similar else matrix
        else:
            matrix = np.linalg.lstsq(source * weight**0.5, target * weight**0.5, rcond=None)[0].T
        reach = max(reach * 0.5, 0.004)
    return matrix, matches


def _tops(
    radius: Reals, angle: Reals, weights: Reals, template: Reals, most: int
) -> list[tuple[float, float, float]]:
    """The highest cells of the vote: (score, turn in radians, log scale)."""
    grow = radius[:, None] - np.log(np.hypot(template[:, 0], template[:, 1]))[None]
    turn = (angle[:, None] - np.arctan2(template[:, 1], template[:, 0])[None]) % np.pi
    row = (turn / np.pi * ANGLES).astype(np.int64) % ANGLES
    column = ((grow + LOG_SCALE_SPAN) / (2 * LOG_SCALE_SPAN) * SCALES).astype(np.int64)
    inside = (column >= 0) & (column < SCALES)
    share = np.broadcast_to(weights[:, None], row.shape)[inside]
    cells = np.bincount(row[inside] * SCALES + column[inside], weights=share, minlength=ANGLES * SCALES)
    grid = cells.reshape(ANGLES, SCALES).astype(np.float32)
    around = mean_around(np.concatenate([grid[-1:], grid, grid[:1]]), 3)[1:-1] * 9
    found: list[tuple[float, float, float]] = []
    for _ in range(most):
        at_row, at_column = divmod(int(around.argmax()), SCALES)
        score = float(around[at_row, at_column])
        scale = (at_column + 0.5) / SCALES * 2 * LOG_SCALE_SPAN - LOG_SCALE_SPAN
        found.append((score, (at_row + 0.5) / ANGLES * np.pi, scale))
        around[max(0, at_row - 3) : at_row + 4, max(0, at_column - 3) : at_column + 4] = 0
    return found


def _similarity(source: Reals, target: Reals, weight: Reals, *, mirrored: bool) -> Reals:
    """The weighted least-squares turn and scale, after a mirror if there is one."""
    plain = source @ MIRROR if mirrored else source
    size = np.sum(weight * plain * plain)
    along = np.sum(weight * plain * target) / size
    across = np.sum(weight[:, 0] * (plain[:, 0] * target[:, 1] - plain[:, 1] * target[:, 0])) / size
    matrix = np.array([[along, -across], [across, along]])
    return matrix @ MIRROR if mirrored else matrix
