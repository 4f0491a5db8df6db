"""The visible label on every frame: worked out once, then laid over planes."""

from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.plane import Plane
from haechi.mark.pipeline import labelled

FULL_RANGE = 2
"""FFmpeg's number for samples that use all of their range; others lie in 16 to 235."""


class Overlay:
    """What a label does to a plane: each sample y becomes ink + kept * y, below `top` only."""

    def __init__(self, ink: Plane, kept: Plane, top: int, *, bits: int, full: bool) -> None:
        """ink, kept: of the rows from `top` on, on the scale of 255; full: samples use all of their range."""
        step = float(1 << (bits - 8))
        low, share = (0.0, 1.0) if full else (16.0, 219.0 / 255.0)
        self._kept = kept
        self._ink = (low + share * ink - low * kept).astype(np.float32) * np.float32(step)
        self._grey = np.float32(128.0 * step)
        self._top = top
        self._limit = (1 << bits) - 1

    @classmethod
    def of(cls, height: int, width: int, countries: tuple[str, ...], *, bits: int, full: bool) -> Self:
        """The label of these countries for frames of this size; raises UnknownName."""
        black = labelled(np.zeros((height, width), np.uint8), countries).astype(np.float32)
        white = labelled(np.full((height, width), 255, np.uint8), countries).astype(np.float32)
        kept = (white - black) / np.float32(255.0)
        rows = np.flatnonzero((kept < 1.0).any(axis=1))
        top = int(rows[0]) if len(rows) else height
        return cls(black[top:], kept[top:], top, bits=bits, full=full)

    def draw(self, planes: list[NDArray[Any]]) -> None:
        """Lay it over the planes of a frame, luma first, in place; colours fade to grey beneath it."""
        luma = planes[0][self._top :]
        luma[:] = np.clip(np.rint(self._ink + self._kept * luma), 0, self._limit)
        for plane in planes[1:]:
            top = self._top * plane.shape[0] // planes[0].shape[0]
            part = plane[top:]
            kept = np.asarray(cv2.resize(self._kept, part.shape[::-1], interpolation=cv2.INTER_AREA))
            part[:] = np.rint(self._grey + kept * (part.astype(np.float32) - self._grey))
