"""The image mark over a film: one pattern for all frames, which fades from look to look and never flickers.

The engine for pictures is asked for the mark of a frame now and then; between, the same pattern is added. It
stands still on the screen, so that what one frame lost the next may keep, and pooled frames add up.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.image import MarkKey, Payload, PictureSaturated, embed
from haechi.mark.image.layout import CANONICAL
from haechi.mark.image.mask import OF_FILMS
from haechi.mark.image.plane import Plane

PSNR_LARGE_DB, PSNR_SMALL_DB = 44.0, 42.0
REFRESH = 12
"""Frames after which the pattern is weighed anew for what the picture has become."""
FADE = 0.25
"""Share of the way to the new weighing that each frame goes: steps stay below a grey level."""
CUT = 12.0
"""Mean change of a thumbnail, in grey levels, that counts as a cut: the pattern then follows at once."""
_THUMB = (64, 36)


def default_psnr_db(width: int, height: int) -> float:
    """A decibel below that of pictures: a film is compressed harder."""
    return PSNR_LARGE_DB if width * height >= CANONICAL**2 else PSNR_SMALL_DB


class Painter:
    """Adds the mark to luma planes, in the order in which they are shown.

    Always true: every frame gets the pattern of one payload under one key, at one place.
    """

    def __init__(self, payload: Payload, key: MarkKey, bits: int, psnr_db: float | None) -> None:
        """bits: of a sample, 8 to 16; psnr_db: of the luma, 30 to 60, None by size."""
        self._payload = payload
        self._key = key
        self._bits = bits
        self._psnr_db = psnr_db
        self._field: Plane | None = None
        self._aim: Plane | None = None
        self._thumb: Plane | None = None
        self._since = 0
        self.error, self.count = 0.0, 0

    def paint(self, luma: NDArray[Any]) -> None:
        """Add the mark to a plane, in place; raises PictureTooSmall."""
        thumb = self._thumb_of(luma)
        cut = self._thumb is None or float(np.abs(thumb - self._thumb).mean()) > CUT
        self._thumb = thumb
        if cut or self._since >= REFRESH:
            self._aim = self._field_of(luma)
            self._since = 0
        self._since += 1
        if self._aim is None:  # cannot be: the first frame is a cut
            return
        if cut or self._field is None:
            self._field = self._aim.copy()
        else:
            self._field += np.float32(FADE) * (self._aim - self._field)
        kind = cv2.CV_8U if self._bits == 8 else cv2.CV_16U
        made = np.asarray(
            cv2.add(luma, self._field, dtype=kind)
        )  # rounds, and stops at 0 and at the type's end
        if self._bits > 8:
            np.minimum(made, (1 << self._bits) - 1, out=made)
        self._measure(luma, made)
        luma[:] = made

    @property
    def psnr_db(self) -> float:
        """Of all frames so far, over luma."""
        if not self.error:
            return 99.0
        return float(10.0 * np.log10(self.count * ((1 << self._bits) - 1.0) ** 2 / self.error))

    def _field_of(self, luma: NDArray[Any]) -> Plane:
        """What the engine for pictures adds to this frame, in the plane's own steps."""
        up = 16 - self._bits
        given = np.ascontiguousarray(luma) if self._bits == 8 else luma << up
        height, width = luma.shape
        wanted = default_psnr_db(width, height) if self._psnr_db is None else self._psnr_db
        try:
            made = embed(given, self._payload, self._key, psnr_db=wanted, leaning=OF_FILMS).pixels
        except PictureSaturated:  # black or white all over: nothing can be added
            return np.zeros(luma.shape, np.float32)
        added = made.astype(np.float32) - given
        return added if self._bits == 8 else added / np.float32(1 << up)

    def _thumb_of(self, luma: NDArray[Any]) -> Plane:
        small = cv2.resize(luma, _THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
        return small / np.float32(1 << (self._bits - 8))

    def _measure(self, before: NDArray[Any], after: NDArray[Any]) -> None:
        self.error += float(cv2.norm(before, after, cv2.NORM_L2SQR))
        self.count += before.size
