"""A marked picture put back upright: the mark tells how it was turned, scaled and mirrored."""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.fingerprint.prints import flattened
from haechi.mark.image import Geometry
from haechi.mark.image.layout import CANONICAL

_MOST_SIDE = 2048


class Upright(NamedTuple):
    """The picture as it was when it was marked, but for what was cut off and for its scale.

    scale: pixels here for a canonical pixel; share: the part of the marked picture that is still here.
    """

    pixels: NDArray[np.uint8]
    scale: float
    share: float


def upright(pixels: NDArray[Any], geometry: Geometry, scale: float) -> Upright:
    """The picture as 8-bit RGB, upright, `scale` pixels for each canonical pixel (768 for the geometric
    mean of the sides of the picture that was marked). What lies outside comes as mid grey.
    """
    shown = flattened(pixels)
    height, width = shown.shape[:2]
    to_picture = np.array(geometry.placement) / scale
    to_upright = np.linalg.inv(to_picture)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float) @ to_upright.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    span = np.minimum(np.ceil(high - low), _MOST_SIDE).astype(int)
    matrix = np.hstack([to_picture, (to_picture @ low)[:, None]])
    smooth = shown
    shrink = math.sqrt(abs(float(np.linalg.det(to_picture))))
    if shrink > 1.5:  # a warp reads single pixels: blur first, or detail turns into noise
        smooth = np.asarray(cv2.GaussianBlur(shown, (0, 0), 0.4 * shrink), np.uint8)
    made = cv2.warpAffine(
        smooth,
        matrix,
        (max(8, int(span[0])), max(8, int(span[1]))),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128, 128, 128),
    )
    canonical_area = height * width / abs(float(np.linalg.det(np.array(geometry.placement))))
    return Upright(np.asarray(made, np.uint8), scale, canonical_area / CANONICAL**2)
