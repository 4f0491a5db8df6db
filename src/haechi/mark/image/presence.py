"""Where in a picture a found mark is present, and where something was put over it (lattice-1, 7.7)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.detect import Mark, working_plane
from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import TILE
from haechi.mark.image.normal import residual_of
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.plane import Indices, Plane, Reals, as_plane, resized, sampled, smooth

CELLS = 32  # along the longer side
WINDOW = 20.0  # canonical pixels: standard deviation of the neighbourhood that is judged
PRESENT = 3.0  # a cell this many times the noise of an unmarked place counts as present


class PresenceMap(NamedTuple):
    """`scores`: rows x columns over the picture, in units of noise; `share`: of cells where it is present."""

    scores: Reals
    share: float

    @property
    def present(self) -> NDArray[np.bool_]:
        """Cells where the mark is present."""
        return self.scores >= PRESENT


def presence(pixels: NDArray[Any], mark: Mark, key: MarkKey) -> PresenceMap:
    """The presence map of a mark that `detect` found in the same pixels under `key`.

    The picture is compared with the mark's own pattern, place by place. A bent mark is compared along its
    straight map, and fades where the bend leads it astray.
    """
    plane = working_plane(pixels)
    scale = float(np.sqrt(plane.size / (pixels.shape[0] * pixels.shape[1])))
    placement = np.array(mark.geometry.placement) * scale
    height, width = plane.shape
    columns, rows = np.meshgrid(np.arange(0.5, width), np.arange(0.5, height))
    canonical = np.stack([columns.ravel(), rows.ravel()], axis=1) @ np.linalg.inv(placement).T
    tile = tile_of(mark.payload, key, float("inf"))
    origin = np.array(mark.geometry.origin)
    places = canonical - origin
    expected = _lookup(tile, places).reshape(plane.shape) * (-1.0 if mark.geometry.inverted else 1.0)
    residual = residual_of(plane)
    sigma = WINDOW * float(np.sqrt(abs(np.linalg.det(placement))))
    match = smooth((residual * expected).astype(np.float32), sigma)
    power = smooth(residual * residual, sigma)
    # a residual of that power beside the pattern, over the window's share of independent places
    independent = 2.0 * np.sqrt(np.pi) * sigma / max(1.0, np.sqrt(abs(np.linalg.det(placement))) * 1.6)
    scores = match / np.sqrt(power + np.float32(1e-6)) * np.float32(independent)
    longest = max(height, width)
    shape = (max(1, round(CELLS * width / longest)), max(1, round(CELLS * height / longest)))
    cells = resized(as_plane(scores), *shape).astype(np.float64)
    return PresenceMap(cells, float(np.mean(cells >= PRESENT)))


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
