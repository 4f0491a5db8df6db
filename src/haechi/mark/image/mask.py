"""How much mark each place can hide (lattice-1, section 6).

Texture hides a mark, a lonely hard edge does not: activity is taken at its lowest in a neighbourhood, so
flat art next to an outline keeps the even amplitude of flat art, and no halo appears.
"""

import numpy as np

from haechi.mark.image.plane import Plane, enlarged, lowest_around, mean_around, resized, smooth

DETAIL_SIGMA = 2.0
AROUND = 9
FLATTEST = 1.5  # grey levels: below this activity a place counts as flat
BUSIEST = 24.0  # grey levels: beyond this more texture allows no more mark
EXPONENT = 0.4
ERODE = 21
COARSER = 4


def mask_of(plane: Plane) -> Plane:
    """Relative amplitude for each canonical pixel: 1 in flat places, 3 in the busiest texture."""
    rest = np.abs(plane - smooth(plane, DETAIL_SIGMA))
    activity = np.minimum(mean_around(rest, AROUND), 2.0 * BUSIEST)
    lowest = lowest_around(activity, ERODE)
    height, width = plane.shape
    # a plane this smooth loses nothing at a quarter of the size
    calm = smooth(resized(lowest, -(-width // COARSER), -(-height // COARSER)), 4.0 / COARSER)
    mask = np.power(np.clip(1.6 * calm, FLATTEST, BUSIEST) / np.float32(FLATTEST), np.float32(EXPONENT))
    return enlarged(mask, width, height)
