"""From luma to a residual in which the mark counts and the picture does not (lattice-1, section 7.1)."""

import numpy as np

from haechi.mark.image.plane import Plane, as_plane, mean_around, smooth

LOW_PASS_SIGMA = 4.0
SPREAD = 17
FLOOR = 0.8
CLIP = 2.5


def residual_of(plane: Plane) -> Plane:
    """The plane less its local mean, divided by its own local size and clipped: all places count alike."""
    return residual_and_size(plane)[0]


def residual_and_size(plane: Plane) -> tuple[Plane, Plane]:
    """The residual, and the local size (grey levels) that it was divided by.

    The local size is a mean of absolute values, not of squares: next to a hard edge it stays small, the
    edge is clipped, and what the mark says beside it is kept. Zero where the picture is constant.
    """
    # In place throughout: fresh planes of this size cost as much as the arithmetic.
    rest = smooth(plane, LOW_PASS_SIGMA)
    np.subtract(plane, rest, out=rest)
    size = mean_around(np.abs(rest), SPREAD)
    size *= np.float32(1.25)
    size += np.float32(FLOOR)
    np.divide(rest, size, out=rest)
    return as_plane(np.clip(rest, -CLIP, CLIP, out=rest)), size
