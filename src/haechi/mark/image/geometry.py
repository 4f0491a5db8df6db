"""What happened to a marked picture, as its lattice tells it."""

import math
from dataclasses import dataclass

import numpy as np

from haechi.mark.image.layout import TILE
from haechi.mark.image.reading import Reading


@dataclass(frozen=True, slots=True)
class Geometry:
    """How the picture was changed since it was marked.

    scale: picture pixels a canonical pixel; turn_degrees: anticlockwise as seen, -180 to 180; mirrored,
    inverted: left-right mirror image, inverted colours; squeeze: longer over shorter of the two scales;
    bent: whether a curved map was needed; route: which search found it; placement: rows of the 2x2 matrix
    from canonical to picture pixels; origin: canonical place of a tile's corner, 0 to 96 each way.
    """

    scale: float
    turn_degrees: float
    mirrored: bool
    inverted: bool
    squeeze: float
    bent: bool
    route: str
    placement: tuple[tuple[float, float], tuple[float, float]]
    origin: tuple[float, float]


def geometry_of(reading: Reading, scale: float, route: str) -> Geometry:
    """The geometry of a reading made on a plane that is `scale` times the picture."""
    placement = reading.placement / scale * (-1.0 if reading.phase.half_turn else 1.0)
    mirrored = bool(np.linalg.det(placement) < 0)
    left, sizes, right = np.linalg.svd(placement @ np.diag([-1.0, 1.0]) if mirrored else placement)
    rotation = left @ right
    turn = -math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))
    return Geometry(
        scale=float(np.sqrt(sizes[0] * sizes[1])),
        turn_degrees=turn,
        mirrored=mirrored,
        inverted=reading.phase.inverted,
        squeeze=float(sizes[0] / sizes[1]),
        bent=reading.bend is not None,
        route=route,
        placement=(
            (float(placement[0, 0]), float(placement[0, 1])),
            (float(placement[1, 0]), float(placement[1, 1])),
        ),
        origin=_origin(reading),
    )


def _origin(reading: Reading) -> tuple[float, float]:
    """The tile's corner in coordinates measured from the picture's own corner.

    A half turn reads the tile backwards, pixel by pixel, hence the 1.
    """
    shift = np.array([reading.phase.right, reading.phase.down])
    place = shift - 1.0 - reading.origin if reading.phase.half_turn else shift + reading.origin
    return float(np.mod(place[0], TILE)), float(np.mod(place[1], TILE))
