"""Pictures for the tests, drawn by seed, and what happens to pictures."""

from hashlib import sha256
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image import MarkKey


def key_named(name: str) -> MarkKey:
    return MarkKey(name, sha256(name.encode()).digest())


def photo(width: int = 800, height: int = 640, seed: int = 1) -> NDArray[np.uint8]:
    """Clouds of every size in three colours: what photographs look like to a spectrum."""
    rng = np.random.default_rng(seed)
    made = np.full((height, width, 3), 128.0)
    for octave in range(1, 8):
        coarse = rng.normal(0, 60 / octave**1.1, (2**octave + 1, 2**octave + 1, 3))
        made += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    made += rng.normal(0, 3, made.shape)
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def drawing(width: int = 800, height: int = 640) -> NDArray[np.uint8]:
    """Flat art: three colours with hard edges."""
    made = np.empty((height, width, 3), np.uint8)
    made[:] = (240, 220, 170)
    cv2.rectangle(made, (width // 8, height // 6), (width // 2, height // 2), (60, 120, 190), -1)
    cv2.circle(made, (2 * width // 3, 2 * height // 3), height // 5, (200, 60, 50), -1)
    cv2.circle(made, (2 * width // 3, 2 * height // 3), height // 5, (10, 10, 10), 5)
    return made


def jpeg(pixels: NDArray[Any], quality: int) -> NDArray[Any]:
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def shrunk(pixels: NDArray[Any], share: float) -> NDArray[Any]:
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, None, fx=share, fy=share, interpolation=way)


def cropped(pixels: NDArray[Any], area: float) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    tall, wide = round(height * area**0.5), round(width * area**0.5)
    top, left = (height - tall) // 3, 2 * (width - wide) // 3
    return pixels[top : top + tall, left : left + wide].copy()


def turned(pixels: NDArray[Any], degrees: float) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC)


def leaning(pixels: NDArray[Any], share: float) -> NDArray[Any]:
    """The picture seen a little from the side."""
    height, width = pixels.shape[:2]
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    after = before + np.array([[0.2, 0.5], [-1, 0.1], [-0.3, -0.6], [0.6, -0.2]], np.float32) * share * width
    matrix = cv2.getPerspectiveTransform(before, after.astype(np.float32))
    return cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC)
