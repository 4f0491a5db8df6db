"""A mark that strong compression does not round away (lattice-1, section 6).

In calm places JPEG at low quality rounds every coefficient of a faint field to zero. A part of the field's
energy is spent there on a few coefficients only, each lifted over half the step of JPEG quality 10; which
ones is left to a draw weighted by their size, so that the sum over all tiles stays in proportion to the tile
even where tiles and blocks lie alike (a tile of a 1024x1024 picture is 16 blocks wide).
"""

from functools import lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.plane import Indices, Plane, Reals, as_plane

BLOCK = 8
BAND = 5  # of a block's 8x8 frequencies the lowest 5x5, but for the mean
EVEN_SHARE = 0.7  # of the amplitude that the even field keeps in calm places
OVER = 0.55  # of a step: what a lifted coefficient reaches
CALM = 0.3  # of a step: above this in any coefficient a block has content of its own
SPREAD = 4.0  # the draw: a coefficient's size is weighed down by up to 2**-4
NEAR_LIMIT = 14.0  # grey levels: closer to black or white than this half of a pattern is cut away
DRAWS = 4093  # a prime, so that no two rows of tiles draw alike

# Quantiser of JPEG quality 10: five times the luma table of ITU-T T.81, annex K.1
_STEPS = 5.0 * np.array(
    [
        [16, 11, 10, 16, 24],
        [12, 12, 14, 19, 26],
        [14, 13, 16, 24, 40],
        [14, 17, 22, 29, 51],
        [18, 22, 37, 56, 68],
    ]
)
STEPS = _STEPS.ravel()[1:].astype(np.float32)


def _basis() -> Plane:
    """(64, 24): a block's pixels to its coefficients, orthonormal DCT-II."""
    places = np.arange(BLOCK) * 2.0 + 1.0
    waves = np.cos(np.pi * np.arange(BAND)[:, None] * places / (2.0 * BLOCK)) * np.sqrt(2.0 / BLOCK)
    waves[0] *= np.sqrt(0.5)
    return np.einsum("ka,lb->abkl", waves, waves).reshape(BLOCK * BLOCK, -1)[:, 1:].astype(np.float32)


BASIS = np.ascontiguousarray(_basis())


class Calm(NamedTuple):
    """The calm blocks of some rows: which they are, the even field in them and what could be lifted.

    field, levels: (n, 64) field and picture, grey levels of 255; sizes: (n, 24) coefficients of the field;
    pull: their size after the draw, over `goal` (24,), what a lifted one must reach. near: blocks close to
    black or white. gain: luma a unit of field.
    """

    at: Indices
    field: Plane
    levels: Plane
    sizes: Plane
    pull: Plane
    goal: Plane
    near: NDArray[np.bool_]
    gain: float

    @classmethod
    def of(cls, field: Plane, levels: NDArray[np.uint8], top: int, gain: float) -> Self:
        """The calm blocks of rows that begin at picture row `top`, a multiple of 8."""
        host = _blocks(levels)
        calm = np.flatnonzero((np.abs(host @ BASIS) < CALM * STEPS).all(axis=1))
        chosen = taken(field, calm)
        sizes = chosen @ BASIS
        goal = OVER * STEPS / np.float32(gain)
        across = levels.shape[1] // BLOCK
        draw = ((calm // across + top // BLOCK) * 2003 + calm % across) % DRAWS
        pull = as_plane(np.abs(sizes) * _chances()[draw] / goal)
        host = host[calm]
        middle = host @ np.full(BLOCK * BLOCK, 1.0 / BLOCK**2, np.float32)
        near = np.minimum(middle, 255.0 - middle) < NEAR_LIMIT
        return cls(calm, chosen, host, sizes, pull, goal, near, gain)

    def firmed(self, field: Plane, threshold: float) -> Plane:
        """The rows' field with all coefficients lifted whose pull is above `threshold`."""
        made = field.copy()
        square, places = _whole(made, self.at)
        square[places] = self.lifted(threshold).reshape(-1, BLOCK, BLOCK)
        return made

    def lifted(self, threshold: float) -> Plane:
        """(n, 64): what `firmed` lays into the calm blocks."""
        lifted = self.pull > threshold
        wanted = np.where(lifted, np.copysign(self.goal, self.sizes) - EVEN_SHARE * self.sizes, np.float32(0))
        self._make_up_for_limits(wanted, lifted)
        made = wanted @ BASIS.T
        made += np.float32(EVEN_SHARE) * self.field
        return made

    def cost(self) -> Reals:
        """Squared field that lifting each coefficient adds, about."""
        return self.goal**2 * np.where(self.near, 2.0, 1.0)[:, None] - (EVEN_SHARE * self.sizes) ** 2

    def _make_up_for_limits(self, wanted: Plane, lifted: NDArray[np.bool_]) -> None:
        """Lift the more where black or white cuts the pattern: what is left must still reach the goal."""
        near = np.flatnonzero(self.near & lifted.any(axis=1))
        if not len(near):
            return
        levels, even, chosen = self.levels[near], EVEN_SHARE * self.field[near], lifted[near]
        goal = np.copysign(self.goal, self.sizes[near])
        lift = wanted[near]
        for _ in range(2):
            seen = np.clip(levels + self.gain * (even + lift @ BASIS.T), 0.0, 255.0) - levels
            lift += np.where(chosen, goal - seen @ BASIS / np.float32(self.gain), np.float32(0))
        wanted[near] = lift


def taken(rows: NDArray[Any], at: Indices) -> NDArray[Any]:
    """(n, 64) or (n, 64, channels): the whole blocks with these numbers, counted row by row."""
    square, places = _whole(rows, at)
    return square[places].reshape(len(at), BLOCK * BLOCK, *rows.shape[2:])


def _whole(rows: NDArray[Any], at: Indices) -> tuple[NDArray[Any], tuple[Indices | slice, ...]]:
    """The rows as (down, 8, across, 8, ...) of the same memory, and the index of those blocks in it."""
    down, across = rows.shape[0] // BLOCK, rows.shape[1] // BLOCK
    square = rows[: down * BLOCK, : across * BLOCK].reshape(down, BLOCK, across, BLOCK, *rows.shape[2:])
    return square, (at // across, slice(None), at % across)


def _blocks(rows: NDArray[np.uint8]) -> Plane:
    """(n, 64): whole blocks, row by row; a rest at the right and below is left out."""
    down, across = rows.shape[0] // BLOCK, rows.shape[1] // BLOCK
    whole = rows[: down * BLOCK, : across * BLOCK].reshape(down, BLOCK, across, BLOCK)
    return as_plane(whole.transpose(0, 2, 1, 3).reshape(down * across, BLOCK * BLOCK))


@lru_cache(maxsize=1)
def _chances() -> Plane:
    """(DRAWS, 24): what the draw leaves of each coefficient's size; the same everywhere and always."""
    drawn = np.random.Generator(np.random.PCG64(1)).random((DRAWS, len(STEPS)))
    return np.exp2(-SPREAD * drawn).astype(np.float32)
