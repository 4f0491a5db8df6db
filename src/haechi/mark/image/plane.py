"""One grey plane of floats, and the few OpenCV calls the engine needs, with types.

A plane is a C-contiguous float32 array (rows, columns) on the scale 0 to 255. Everything OpenCV does for
the engine goes through here, so that its loosely typed interface stays in one place.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]
Complexes = NDArray[np.complexfloating[Any, Any]]
Indices = NDArray[np.int64]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
STRIP_PIXELS = 1 << 18
WIDE_SIGMA = 3.5
LEAST_HALVED = 32  # pixels a side


def smooth(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur with the standard deviation `sigma` in pixels, edges reflected.

    A wide one is made at half the size, five times faster: what differs is a few thousandths of a level.
    """
    height, width = plane.shape
    if sigma < WIDE_SIGMA or min(height, width) < LEAST_HALVED:
        return as_plane(cv2.GaussianBlur(plane, (0, 0), sigma))
    # halving and doubling blur too, each by a kernel of variance 1 (in pixels of the larger plane)
    half = smooth(as_plane(cv2.pyrDown(plane)), math.sqrt(sigma * sigma - 2.0) / 2.0)
    return as_plane(cv2.pyrUp(half, dstsize=(width, height)))


def mean_around(plane: Plane, size: int) -> Plane:
    """Mean over a `size` x `size` box."""
    return as_plane(cv2.blur(plane, (size, size)))


def lowest_around(plane: Plane, size: int) -> Plane:
    """Minimum over a `size` x `size` box."""
    return as_plane(cv2.erode(plane, np.ones((size, size), np.uint8)))


def highest_around(plane: Plane, size: int) -> Plane:
    """Maximum over a `size` x `size` box."""
    return as_plane(cv2.dilate(plane, np.ones((size, size), np.uint8)))


def median_around(plane: Plane, size: int) -> Plane:
    """Median over a `size` x `size` box, computed on values rounded to whole grey levels."""
    levels = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
    return as_plane(cv2.medianBlur(levels, size))


def resized(plane: Plane, width: int, height: int) -> Plane:
    """The plane at another size; averages areas when it shrinks, cubic when it grows."""
    shrinks = width * height < plane.size
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return as_plane(cv2.resize(plane, (width, height), interpolation=way))


def interpolated(plane: Plane, width: int, height: int) -> Plane:
    """The plane at a larger size, or down to half its own, linear."""
    return as_plane(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR))


def warped(plane: Plane, matrix: Reals, width: int, height: int) -> Plane:
    """The plane read through `matrix` (2x3, output pixel to input pixel), cubic, edges reflected."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(plane, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return as_plane(made)


def scaled(plane: Plane, across: float, down: float, width: int, height: int) -> Plane:
    """The plane read at steps of `across` and `down` pixels from its corner: `warped`, where nothing turns.

    One axis after the other, and so five times faster; edges are repeated.
    """
    made = cv2.resize(plane, None, fx=1.0 / across, fy=1.0 / down, interpolation=cv2.INTER_CUBIC)
    short = height - made.shape[0], width - made.shape[1]  # its size is rounded, so one at most
    if max(short) > 0:
        made = cv2.copyMakeBorder(made, 0, max(short[0], 0), 0, max(short[1], 0), cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(made[:height, :width], np.float32)


def covered(height: int, width: int, matrix: Reals, out_width: int, out_height: int) -> Plane:
    """1 where the output pixel of `warped` lies inside the input, else 0."""
    ones = np.ones((height, width), np.uint8)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(ones, matrix, (out_width, out_height), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return as_plane(made)


def sampled(plane: Plane, columns: Plane, rows: Plane) -> Plane:
    """Values at fractional places, linear; outside is 0."""
    made = cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return as_plane(made)


def sampled_smoothly(plane: Plane, columns: Plane, rows: Plane) -> Plane:
    """Values at fractional places, cubic; edges reflected."""
    return as_plane(cv2.remap(plane, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))


def luma(pixels: NDArray[Any]) -> Plane:
    """ITU-R BT.601 luma on the scale 0 to 255 of 8- or 16-bit grey, grey+alpha, RGB or RGBA pixels.

    Transparent pixels are seen over white, as a page would show them.
    """
    height, width = pixels.shape[:2]
    # Strip by strip: colours as floats are four to eight times the picture, and fresh memory costs time.
    rows = max(1, STRIP_PIXELS // width)
    if height <= rows:
        return _luma(pixels)
    made = np.empty((height, width), np.float32)
    for top in range(0, height, rows):
        made[top : top + rows] = _luma(pixels[top : top + rows])
    return made


def _luma(pixels: NDArray[Any]) -> Plane:
    scale = 1.0 / 257.0 if pixels.dtype == np.uint16 else 1.0
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels == 1:
        grey = pixels.reshape(pixels.shape[:2]).astype(np.float32)
    elif channels == 2:
        grey = np.ascontiguousarray(pixels[..., 0]).astype(np.float32)
    else:
        weights = np.array([[0.299, 0.587, 0.114, 0.0][:channels]], np.float32)
        grey = as_plane(cv2.transform(pixels.astype(np.float32), weights))
    if scale != 1.0:
        grey = grey * np.float32(scale)
    if channels in {2, 4}:
        opaque = pixels[..., -1].astype(np.float32) * np.float32(scale / 255.0)
        grey = 255.0 - (255.0 - grey) * opaque
    return np.ascontiguousarray(grey, np.float32)


def as_plane(array: object) -> Plane:
    """The array as float32; not copied when it is one already."""
    return np.asarray(array, dtype=np.float32)
