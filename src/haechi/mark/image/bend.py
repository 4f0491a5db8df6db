"""Following a mark that no straight map can lay flat: perspective, lens, paper (lattice-1, section 7.5).

Small groups of tiles still show their own shift against the pilots. A smooth surface through those shifts
is the bend; the picture is read once more along it.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from haechi.mark.extra import require
from haechi.mark.image.fold import Tiles
from haechi.mark.image.layout import TILE, Layout, Lines
from haechi.mark.image.phase import PILOT_SLOPE, Phase
from haechi.mark.image.plane import Complexes, Plane, Reals

REACH = 14  # canonical pixels a group may be off
CLEAR = 4.4  # score of a group's shift that is believed
LEAST_GROUPS = 6
CURVED_GROUPS = 12
TOLERANCE = 1.5
TERMS = 6
LEAN = 8
NEARLY_NOTHING = 0.05
# Step by step, how far around the middle is looked (of the width), and how much low lines count
WINDOWS = ((0.12, 1.0), (0.2, 1.0), (0.35, 1.0), (10.0, 0.0))

_optimize = require("scipy.optimize")


class Bend(NamedTuple):
    """Displacement in canonical pixels as polynomials of the place, for columns and rows."""

    right: Reals
    down: Reals
    width: int
    height: int

    @classmethod
    def none(cls, width: int, height: int) -> Self:
        """No bend at all, for a canonical plane of this size."""
        return cls(np.zeros(TERMS), np.zeros(TERMS), width, height)

    def plus(self, right: Reals, down: Reals) -> Self:
        """The bend with more of it; missing higher terms count as 0."""
        more = [np.pad(each, (0, TERMS - len(each))) for each in (right, down)]
        return self._replace(right=self.right + more[0], down=self.down + more[1])

    def at(self, columns: Plane, rows: Plane) -> tuple[Plane, Plane]:
        """Columns and rows as displaced."""
        across = (columns - self.width / 2) / self.width
        down = (rows - self.height / 2) / self.width
        terms = _terms(across, down, len(self.right))
        moved_right = sum(float(c) * term for c, term in zip(self.right, terms, strict=True))
        moved_down = sum(float(c) * term for c, term in zip(self.down, terms, strict=True))
        return (columns + moved_right).astype(np.float32), (rows + moved_down).astype(np.float32)


def bend_of(tiles: Tiles, layout: Layout, phase: Phase, before: Bend) -> Bend | None:
    """The bend that the groups of 3x3 tiles show around `phase`, or None when too few are clear.

    before: the bend along which the tiles were read; what they still show is added to it.
    """
    width, height = before.width, before.height
    if tiles.rows * tiles.columns < LEAST_GROUPS:
        return None
    groups = _groups(tiles, layout, phase)
    if len(groups) < LEAST_GROUPS:
        return None
    across = ((groups[:, 0] + 0.5) * TILE - width / 2) / width
    down = ((groups[:, 1] + 0.5) * TILE - height / 2) / width
    count = TERMS if len(groups) >= CURVED_GROUPS else 3
    basis = np.stack(_terms(across, down, count), axis=1)
    strength = groups[:, 4] ** 2
    weight = strength
    right = np.zeros(count)
    low = np.zeros(count)
    apart = np.zeros(len(groups))
    for _ in range(8):
        root = np.sqrt(weight)[:, None]
        right = np.linalg.lstsq(basis * root, groups[:, 2] * root[:, 0], rcond=None)[0]
        low = np.linalg.lstsq(basis * root, groups[:, 3] * root[:, 0], rcond=None)[0]
        apart = np.hypot(groups[:, 2] - basis @ right, groups[:, 3] - basis @ low)
        weight = strength / (1 + (apart / TOLERANCE) ** 2) ** 2
    if (apart < 2 * TOLERANCE).sum() < LEAST_GROUPS - 1:
        return None
    turn = -1.0 if phase.half_turn else 1.0
    return before.plus(turn * right, turn * low)


def grown_bend(tiles: Tiles, layout: Layout, phase: Phase, before: Bend) -> Bend:
    """The bend under which the pilots of all tiles agree, followed from the middle outwards.

    No tile has to be clear by itself: one surface is fitted to the phases of all, first to those of the
    middle, whose `phase` is known, then to wider and wider surroundings.
    """
    lines = layout.pilots
    weighted = tiles.on(lines) * tiles.weights_on(lines)
    straight = phase.straighten(weighted, lines) * np.conj(layout.phases) * lines.radius**-PILOT_SLOPE
    row, column = np.divmod(np.arange(tiles.rows * tiles.columns), tiles.columns)
    across = ((column + 0.5) * TILE - before.width / 2) / before.width
    down = ((row + 0.5) * TILE - before.height / 2) / before.width
    places = np.stack([across, down], axis=1)
    apart = np.hypot(across, down)
    lean = np.zeros(LEAN)
    for window, slope in WINDOWS:
        near = np.exp(-0.5 * (apart / window) ** 2)
        seen = near > NEARLY_NOTHING
        weighed = straight[seen] * (near[seen, None] * lines.radius**-slope)
        lean = _agreed(lean, weighed.astype(np.complex64), places[seen], lines)
    turn = -1.0 if phase.half_turn else 1.0
    right = np.array([*lean[:3], lean[6], lean[7], 0.0])
    low = np.array([*lean[3:6], 0.0, lean[6], lean[7]])
    return before.plus(turn * right, turn * low)


def _agreed(start: Reals, seen: Complexes, places: Reals, lines: Lines) -> Reals:
    """The lean near `start` under which the tiles' pilots add up to the most.

    A lean is a straight map's three terms for the shift right, three for the shift down, and the two of a
    perspective: eight numbers are all a picture held askew has, and more would follow the noise.
    """
    waves = np.stack([lines.u, lines.v]) * (2.0 * np.pi / TILE)
    size = float(np.abs(seen).sum()) + 1e-20
    ones, none = np.ones((len(places), 1)), np.zeros((len(places), 3))
    straight = np.concatenate([ones, places], axis=1)
    right = np.concatenate([straight, none, places * places[:, :1]], axis=1)
    down = np.concatenate([none, straight, places * places[:, 1:]], axis=1)

    def loss(lean: Reals) -> tuple[float, Reals]:
        shifts = np.stack([right @ lean, down @ lean], axis=1)
        turned = seen * np.exp(1j * (shifts @ waves).astype(np.float32))
        slope = turned.imag @ waves.T
        return -float(turned.real.sum()) / size, (right.T @ slope[:, 0] + down.T @ slope[:, 1]) / size

    found = _optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40})
    return np.asarray(found.x, np.float64)


def _terms(across: Reals | Plane, down: Reals | Plane, count: int) -> list[Reals]:
    every = [np.ones_like(across), across, down, across * across, across * down, down * down]
    return [np.asarray(term) for term in every[:count]]


def _groups(tiles: Tiles, layout: Layout, phase: Phase) -> Reals:
    """(n, 5): tile column, tile row, shift right, shift down, score, for every clear 3x3 group."""
    lines = layout.pilots
    slope = lines.radius**-PILOT_SLOPE
    weighted = tiles.on(lines) * tiles.weights_on(lines)
    energy = (weighted.real**2 + weighted.imag**2) * slope**2
    straight = phase.straighten(weighted, lines) * np.conj(layout.phases) * slope
    shape = (tiles.rows, tiles.columns, len(lines))
    summed, power = _neighbours(straight.reshape(shape)), _neighbours(energy.reshape(shape))
    reach = np.arange(-REACH, REACH + 1.0)
    turn_right = np.exp(2j * np.pi * np.outer(lines.u, reach) / TILE)
    turn_down = np.exp(2j * np.pi * np.outer(reach, lines.v) / TILE)
    found: list[tuple[float, float, float, float, float]] = []
    for row in range(tiles.rows):
        for column in range(tiles.columns):
            noise = np.sqrt(power[row, column].sum() / 2 + 1e-20)
            surface = ((turn_down * summed[row, column]) @ turn_right).real / noise
            down, right = divmod(int(surface.argmax()), len(reach))
            score = float(surface[down, right])
            if score > CLEAR and 0 < down < len(reach) - 1 and 0 < right < len(reach) - 1:
                fine_right = _summit(surface[down, right - 1 : right + 2])
                fine_down = _summit(surface[down - 1 : down + 2, right])
                found.append((column, row, reach[right] + fine_right, reach[down] + fine_down, score))
    return np.array(found).reshape(-1, 5)


def _neighbours(grid: NDArray[Any]) -> NDArray[Any]:
    """Sums over 3x3 neighbourhoods of tiles."""
    padded = np.pad(grid, ((1, 1), (1, 1), (0, 0)))
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]


def _summit(three: Reals) -> float:
    curve = three[0] - 2 * three[1] + three[2]
    return float(0.5 * (three[0] - three[2]) / curve) if abs(curve) > 1e-9 else 0.0
