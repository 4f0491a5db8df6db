"""Where in a picture a found mark is present, where something was put over it, and where it cannot be told
(lattice-1, 7.7).
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.detect import Mark, working_plane
from haechi.mark.image.expect import FAINT, PRESENT, Cells, Mask
from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import TILE
from haechi.mark.image.normal import LOW_PASS_SIGMA, SPREAD, residual_of
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.plane import Indices, Plane, Reals, as_plane, mean_around, resized, sampled, smooth

CELLS = 32  # along the longer side
WINDOW = 20.0  # canonical pixels: standard deviation of the neighbourhood that is judged
LIGHTEST, DARKEST, SATURATED_SHARE = 249.0, 6.0, 0.4
UNCHANGING = 1e-3  # gradient, grey levels


class PresenceMap(NamedTuple):
    """Three states for each cell, rows x columns over the picture: present, absent, or neither can be said.

    `scores`: the mark in units of noise; `present`: it is there; `absent`: other places like this one show it
    clearly, and this one does not.
    """

    scores: Reals
    present: Mask
    absent: Mask

    @property
    def rows(self) -> tuple[str, ...]:
        """A sign for each cell: `#` present, `.` absent, `?` cannot be told."""
        signs = np.where(self.present, "#", np.where(self.absent, ".", "?"))
        return tuple("".join(row) for row in signs.tolist())

    @property
    def share(self) -> float:
        """Of the cells that tell: where it is present."""
        there, missing = np.count_nonzero(self.present), np.count_nonzero(self.absent)
        return there / max(1, there + missing)


def presence(pixels: NDArray[Any], mark: Mark, key: MarkKey) -> PresenceMap:
    """The presence map of a mark that `detect` found in the same pixels under `key`.

    The picture is compared with the mark's own pattern, place by place. A bent mark is compared along its
    straight map, and fades where the bend leads it astray.
    """
    cells = cells_of(pixels, mark, key)
    absent = cells.absent()
    # a faint mark scores low all over
    enough = min(PRESENT, FAINT * float(np.median(cells.scores)))
    return PresenceMap(cells.scores, (cells.scores >= enough) & ~absent, absent)


def cells_of(pixels: NDArray[Any], mark: Mark, key: MarkKey) -> Cells:
    """What is known of each cell of a picture whose mark was found in the same pixels."""
    plane = working_plane(pixels)
    scale = float(np.sqrt(plane.size / (pixels.shape[0] * pixels.shape[1])))
    placement = np.array(mark.geometry.placement) * scale
    sigma = WINDOW * float(np.sqrt(abs(np.linalg.det(placement))))
    height, width = plane.shape
    longest = max(height, width)
    shape = (max(1, round(CELLS * width / longest)), max(1, round(CELLS * height / longest)))
    scores = resized(_scores(plane, placement, mark, key), *shape).astype(np.float64)
    local = mean_around(np.abs(plane - smooth(plane, LOW_PASS_SIGMA)), SPREAD)
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    constant = as_plane(np.hypot(across, down) < UNCHANGING)
    at_limit = as_plane((plane >= LIGHTEST) | (plane <= DARKEST))
    return Cells(
        scores=scores,
        sizes=resized(smooth(local, sigma), *shape).astype(np.float64),
        constant=resized(constant, *shape).astype(np.float64),
        at_limit=resized(at_limit, *shape) > SATURATED_SHARE,
    )


def _scores(plane: Plane, placement: Reals, mark: Mark, key: MarkKey) -> Plane:
    """How well each place agrees with the mark, in units of the noise of an unmarked one."""
    columns, rows = np.meshgrid(np.arange(0.5, plane.shape[1]), np.arange(0.5, plane.shape[0]))
    canonical = np.stack([columns.ravel(), rows.ravel()], axis=1) @ np.linalg.inv(placement).T
    tile = tile_of(mark.payload, key, float("inf"))
    places = canonical - np.array(mark.geometry.origin)
    expected = _lookup(tile, places).reshape(plane.shape) * (-1.0 if mark.geometry.inverted else 1.0)
    residual = residual_of(plane)
    grow = float(np.sqrt(abs(np.linalg.det(placement))))
    sigma = WINDOW * grow
    match = smooth((residual * expected).astype(np.float32), sigma)
    power = smooth(residual * residual, sigma)
    # a residual of that power beside the pattern, over the window's share of independent places
    independent = 2.0 * np.sqrt(np.pi) * sigma / max(1.0, grow * 1.6)
    return as_plane(match / np.sqrt(power + np.float32(1e-6)) * np.float32(independent))


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
