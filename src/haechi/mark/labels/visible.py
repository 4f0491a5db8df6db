"""A label that people see, drawn into the pixels: sized by the Chinese rule, with the words of each country.

The letters are strokes of our own, so that no font is needed and every machine draws the same label.
"""

import math
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.embed import check_pixels

SMALLEST_SHARE = 0.05  # GB 45438-2025: text height of at least 5 % of the shortest side
Wording = Literal["AI", "AI GENERATED", "AI MODIFIED", "AI生成", "AI 생성"]
_BOX, _INK, _COVER = 0.0, 1.0, 0.72
_SUPERSAMPLED = 4
_MARGIN = 0.35  # of the letters' height, around them and from the edge

Stroke = tuple[tuple[float, float], ...]


def _round(cx: float, cy: float, r: float) -> Stroke:
    return tuple(
        (cx + r * math.cos(math.tau * step / 16), cy + r * math.sin(math.tau * step / 16))
        for step in range(17)
    )


# Strokes in a box 1 high with y downwards; the first number is the width.
_GLYPHS: dict[str, tuple[float, tuple[Stroke, ...]]] = {
    " ": (0.45, ()),
    "A": (0.8, (((0.0, 1.0), (0.4, 0.0), (0.8, 1.0)), ((0.15, 0.65), (0.65, 0.65)))),
    "D": (0.7, (((0.0, 0.0), (0.0, 1.0), (0.4, 1.0), (0.7, 0.7), (0.7, 0.3), (0.4, 0.0), (0.0, 0.0)),)),
    "E": (0.6, (((0.6, 0.0), (0.0, 0.0), (0.0, 1.0), (0.6, 1.0)), ((0.0, 0.5), (0.5, 0.5)))),
    "F": (0.6, (((0.6, 0.0), (0.0, 0.0), (0.0, 1.0)), ((0.0, 0.5), (0.5, 0.5)))),
    "G": (
        0.75,
        (
            (
                (0.72, 0.18),
                (0.5, 0.0),
                (0.25, 0.0),
                (0.0, 0.3),
                (0.0, 0.7),
                (0.25, 1.0),
                (0.5, 1.0),
                (0.75, 0.8),
                (0.75, 0.55),
                (0.45, 0.55),
            ),
        ),
    ),
    "I": (0.1, (((0.05, 0.0), (0.05, 1.0)),)),
    "M": (0.85, (((0.0, 1.0), (0.0, 0.0), (0.42, 0.6), (0.85, 0.0), (0.85, 1.0)),)),
    "N": (0.7, (((0.0, 1.0), (0.0, 0.0), (0.7, 1.0), (0.7, 0.0)),)),
    "O": (0.8, (tuple((0.4 + 0.4 * (x - 0.5) * 2, y) for x, y in _round(0.5, 0.5, 0.5)),)),
    "R": (
        0.65,
        (
            ((0.0, 1.0), (0.0, 0.0), (0.45, 0.0), (0.65, 0.15), (0.65, 0.38), (0.45, 0.52), (0.0, 0.52)),
            ((0.35, 0.52), (0.65, 1.0)),
        ),
    ),
    "T": (0.7, (((0.0, 0.0), (0.7, 0.0)), ((0.35, 0.0), (0.35, 1.0)))),
    "生": (
        0.95,
        (
            ((0.28, 0.02), (0.08, 0.4)),
            ((0.2, 0.24), (0.88, 0.24)),
            ((0.14, 0.58), (0.84, 0.58)),
            ((0.0, 0.97), (0.95, 0.97)),
            ((0.5, 0.0), (0.5, 0.97)),
        ),
    ),
    "成": (
        0.95,
        (
            ((0.12, 0.22), (0.9, 0.22)),
            ((0.12, 0.22), (0.12, 0.6), (0.0, 1.0)),
            ((0.14, 0.5), (0.44, 0.5), (0.4, 0.85), (0.3, 0.8)),
            ((0.52, 0.0), (0.6, 0.5), (0.74, 0.85), (0.95, 1.0), (0.95, 0.8)),
            ((0.84, 0.4), (0.68, 0.75), (0.45, 0.98)),
            ((0.7, 0.02), (0.82, 0.12)),
        ),
    ),
    "생": (
        0.85,
        (
            ((0.24, 0.02), (0.2, 0.25), (0.0, 0.52)),
            ((0.21, 0.22), (0.42, 0.48)),
            ((0.55, 0.02), (0.55, 0.52)),
            ((0.78, 0.0), (0.78, 0.56)),
            ((0.55, 0.28), (0.78, 0.28)),
            _round(0.48, 0.8, 0.2),
        ),
    ),
    "성": (
        0.85,
        (
            ((0.24, 0.02), (0.2, 0.25), (0.0, 0.52)),
            ((0.21, 0.22), (0.42, 0.48)),
            ((0.5, 0.26), (0.78, 0.26)),
            ((0.78, 0.0), (0.78, 0.56)),
            _round(0.48, 0.8, 0.2),
        ),
    ),
}


class Drawn(NamedTuple):
    """The picture with the label, and the height of its letters in pixels."""

    pixels: NDArray[Any]
    letter_height: int


def draw_label(pixels: NDArray[Any], wording: Wording, share: float = SMALLEST_SHARE) -> Drawn:
    """The picture with a label in its lower right corner: white letters on a dark box.

    pixels: as for the watermark's `embed`; share: height of the letters over the shortest side, at least
    0.05. Alpha becomes opaque under the label. Raises PixelsUnfit.
    """
    check_pixels(pixels)
    rows, columns = pixels.shape[:2]
    height = max(8, math.ceil(max(share, SMALLEST_SHARE) * min(rows, columns)))
    ink, box = _stencil(wording, height)
    tall, wide = min(ink.shape[0], rows), min(ink.shape[1], columns)
    ink, box = ink[:tall, :wide], box[:tall, :wide]
    gap_y, gap_x = min(height // 3, rows - tall), min(height // 3, columns - wide)
    place = (slice(rows - tall - gap_y, rows - gap_y), slice(columns - wide - gap_x, columns - gap_x))
    made = pixels.copy()
    part = made[place]
    peak = float(np.iinfo(pixels.dtype).max)
    flat = part if part.ndim == 3 else part[..., None]
    colours = flat.shape[2] if flat.shape[2] in (1, 3) else flat.shape[2] - 1
    cover = np.maximum(box * _COVER, ink)[..., None]
    value = (ink * _INK * peak)[..., None]
    blended = flat[..., :colours] * (1 - cover) + value * np.ones_like(cover)
    flat[..., :colours] = np.clip(np.rint(blended), 0, peak).astype(pixels.dtype)
    if colours < flat.shape[2]:
        opaque = (cover[..., 0] * peak).astype(pixels.dtype)
        flat[..., colours] = np.maximum(flat[..., colours], opaque)
    made[place] = flat if part.ndim == 3 else flat[..., 0]
    return Drawn(made, height)


def _stencil(wording: str, height: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """How much ink, and how much box, lies on each pixel (0 to 1); letters `height` high."""
    space = 0.22
    advance = [_GLYPHS[letter][0] + space for letter in wording]
    wide = sum(advance) - space + 2 * _MARGIN
    scale = height * _SUPERSAMPLED
    shape = (round((1 + 2 * _MARGIN) * scale), round(wide * scale))
    canvas = np.zeros(shape, np.uint8)
    pen = _MARGIN
    thick = max(1, round(0.11 * scale))
    for letter, step in zip(wording, advance, strict=True):
        for stroke in _GLYPHS[letter][1]:
            points = [[round((pen + x) * scale), round((_MARGIN + y) * scale)] for x, y in stroke]
            cv2.polylines(canvas, [np.array(points, np.int32)], False, 255, thick, cv2.LINE_AA)  # noqa: FBT003
        pen += step
    size = (max(1, shape[1] // _SUPERSAMPLED), max(1, shape[0] // _SUPERSAMPLED))
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return small, np.ones_like(small)
