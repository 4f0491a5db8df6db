"""Where in a picture a found mark is present, where it was lost, and where nobody can tell (section 7.7)."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.detect import Mark, working_plane
from haechi.mark.image.expect import Cells, Mask, largest, told_by
from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import TILE
from haechi.mark.image.mask import mask_of
from haechi.mark.image.normal import residual_and_size
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.plane import (
    Indices,
    Plane,
    Reals,
    as_plane,
    interpolated,
    resized,
    sampled,
    smooth,
)

CELLS = 32  # along the longer side
WINDOW = 20.0  # canonical pixels: standard deviation of the neighbourhood that is judged
LIGHTEST, DARKEST, SATURATED_SHARE = 249.0, 6.0, 0.4
USUAL_POWER = 255.0**2 / 10**4.2  # of a mark at 42 dB: how far the mask follows texture
# tiles right and down of the mark's own place
DECOYS = ((0.31, 0.47), (-0.43, 0.23), (0.19, -0.37), (0.5, 0.09))
LEAST_NOISE = 0.8
NOISE_AROUND = 2.0  # cells
LARGEST_GAP = 0.012  # of the cells, in one piece: calm and loud places are silent by chance, here and there
MOST_MISSING = 0.03  # of the cells, in all
LARGEST_SILENCE = 0.025  # of the cells, in one piece: whatever it is, nobody can say that nothing was changed
MOST_SILENT = 0.1


class PresenceMap(NamedTuple):
    """Three states for each cell, rows x columns over the picture: present, absent, or neither can be said.

    `scores`: the mark, in units of an unmarked place's usual noise; `absent`: it should show there, and does
    not; `credible`: what was expected of other cells came true.
    """

    scores: Reals
    present: Mask
    absent: Mask
    credible: bool

    @property
    def rows(self) -> tuple[str, ...]:
        """A sign for each cell: `#` present, `.` absent, `?` cannot be told."""
        signs = np.where(self.present, "#", np.where(self.absent, ".", "?"))
        return tuple("".join(row) for row in signs.tolist())

    @property
    def share(self) -> float:
        """Of the cells: where it is present."""
        return _share(self.present)

    @property
    def silent_share(self) -> float:
        """Of the cells: where it cannot be told."""
        return _share(~self.present & ~self.absent)

    @property
    def outcome(self) -> str:
        """`partial`: a part lost its mark; `unclear`: a part cannot tell; `whole`: neither."""
        gap = _share(largest(self.absent)) > LARGEST_GAP or _share(self.absent) > MOST_MISSING
        if gap and self.credible:
            return "partial"
        silent = ~self.present
        if gap or _share(largest(silent)) > LARGEST_SILENCE or _share(silent) > MOST_SILENT:
            return "unclear"
        return "whole"


def presence(pixels: NDArray[Any], mark: Mark, key: MarkKey) -> PresenceMap:
    """The presence map of a mark that `detect` found in the same pixels under `key`.

    The picture is compared with the mark's own pattern, place by place, and with what its own mask lets
    expect there. A bent mark is compared along its straight map, and fades where the bend leads it astray: of
    such a picture nobody can say that a part lost its mark.
    """
    cells = _cells_of(pixels, mark, key)
    present, absent, credible = told_by(cells)
    return PresenceMap(cells.scores, present, absent, credible and not mark.geometry.bent)


def _cells_of(pixels: NDArray[Any], mark: Mark, key: MarkKey) -> Cells:
    plane = working_plane(pixels)
    scale = float(np.sqrt(plane.size / (pixels.shape[0] * pixels.shape[1])))
    placement = np.array(mark.geometry.placement) * scale
    grow = float(np.sqrt(abs(np.linalg.det(placement))))
    residual, size = residual_and_size(plane)
    sigma = WINDOW * grow
    pattern = _expected(plane.shape, placement, mark, key)
    like_mark = smooth(residual * pattern, sigma)
    like_decoys = (smooth(residual * each, sigma) for each in _decoys(pattern, placement))
    power = smooth(residual * residual, sigma)
    visible = smooth(_mask_at(plane, grow) / size, sigma)
    longest = max(plane.shape)
    shape = (max(1, round(CELLS * plane.shape[1] / longest)), max(1, round(CELLS * plane.shape[0] / longest)))
    # a residual of that power beside the pattern, over the window's share of independent places
    unit = float(2.0 * np.sqrt(np.pi) * sigma / max(1.0, grow * 1.6))
    by = np.float32(unit) / np.sqrt(power + np.float32(1e-6))
    scores, shares, *by_chance = (
        resized(as_plane(part * by), *shape).astype(np.float64) for part in (like_mark, visible, *like_decoys)
    )
    at_limit = resized(as_plane((plane >= LIGHTEST) | (plane <= DARKEST)), *shape) > SATURATED_SHARE
    return Cells(scores, _noise(by_chance), shares, at_limit, unit)


def _decoys(pattern: Plane, placement: Reals) -> Iterator[Plane]:
    """The pattern where the mark is not: what is like it there is so by chance."""
    for tiles in DECOYS:
        right, down = (round(float(side)) for side in placement @ np.array(tiles) * TILE)
        yield np.roll(pattern, (down, right), (0, 1))


def _noise(by_chance: Sequence[Reals]) -> Reals:
    """Standard deviation of scores by chance around each cell; a coarse texture is like many patterns."""
    squares = np.mean(np.square(by_chance), axis=0)
    around = np.asarray(cv2.GaussianBlur(squares, (0, 0), NOISE_AROUND), np.float64)
    return np.maximum(np.sqrt(around), LEAST_NOISE)


def _expected(shape: tuple[int, ...], placement: Reals, mark: Mark, key: MarkKey) -> Plane:
    """The mark's own pattern as it lies in the picture."""
    columns, rows = np.meshgrid(np.arange(0.5, shape[1]), np.arange(0.5, shape[0]))
    canonical = np.stack([columns.ravel(), rows.ravel()], axis=1) @ np.linalg.inv(placement).T
    tile = tile_of(mark.payload, key, float("inf"))
    pattern = _lookup(tile, canonical - np.array(mark.geometry.origin)).reshape(shape)
    return -pattern if mark.geometry.inverted else pattern


def _mask_at(plane: Plane, grow: float) -> Plane:
    """The mask that a writer would have laid over this picture."""
    height, width = plane.shape
    canonical = resized(plane, max(1, round(width / grow)), max(1, round(height / grow)))
    return interpolated(mask_of(canonical, USUAL_POWER), width, height)


def _share(cells: Mask) -> float:
    return float(np.mean(cells))


def _lookup(tile: Plane, places: Reals) -> Plane:
    """The repeated tile at fractional canonical places."""
    edge: Indices = np.arange(-1, TILE + 2) % TILE
    wrapped = tile[np.ix_(edge, edge)]
    at = np.mod(places - 0.5, TILE) + 1.0
    columns, rows = at[:, 0].astype(np.float32), at[:, 1].astype(np.float32)
    limit = 1 << 14  # OpenCV reads maps of at most 32767 rows
    parts = [
        sampled(wrapped, columns[first : first + limit, None], rows[first : first + limit, None]).ravel()
        for first in range(0, len(columns), limit)
    ]
    return np.concatenate(parts)
