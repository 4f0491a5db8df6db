"""Many frames laid over each other: what stands still stays, what moves and what a codec did averages out.

Sums are kept for stretches of time, so that the whole film, a part of it and a single stretch can be read;
there are at most `MOST_STRETCHES`, whatever the length.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.detect import working_plane
from haechi.mark.image.normal import residual_of
from haechi.mark.image.plane import Plane

MOST_STRETCHES = 32
FIRST_STRETCH_S = 1.0
KEY = 1
WEIGHTS = {KEY: 6.0, 3: 0.5}
"""By the type of a coded frame, I and B (the others 1): predicted frames bring the mark from where it was."""
_SPREAD = 6000.0
"""Steps of 16 bits for the standard deviation of a pooled plane."""


class Stretch(NamedTuple):
    """The weighted mean of the residuals of frames shown from `start_s` on, before the next stretch.

    keyed: whether a frame that was coded by itself is among them.
    """

    start_s: float
    total: NDArray[np.float16]
    weight: float
    keyed: bool


class Pool:
    """Frames summed up as they come.

    Always true: stretches are of one length each, in order; every frame is in exactly one of them.
    """

    def __init__(self) -> None:
        self.length_s = FIRST_STRETCH_S
        self.frames = 0
        self._done: list[Stretch] = []
        self._open: Plane | None = None
        self._slot, self._weight, self._keyed = 0, 0.0, False

    def add(self, luma: NDArray[Any], at_s: float, picture_type: int) -> None:
        """Take in a frame. luma: (rows, columns) of 8 or 16 bits; picture_type: as FFmpeg counts them."""
        slot = max(self._slot, int(max(at_s, 0.0) / self.length_s))
        if self._open is None or slot != self._slot:
            self._close()
            while slot >= MOST_STRETCHES:
                self._coarsen()
                slot = max(0, int(max(at_s, 0.0) / self.length_s))
            self._slot = slot
        weight = WEIGHTS.get(picture_type, 1.0)
        rest = residual_of(working_plane(luma)) * np.float32(weight)
        self._open = rest if self._open is None else self._open + rest
        self._weight += weight
        self._keyed = self._keyed or picture_type == KEY
        self.frames += 1

    def stretches(self) -> list[Stretch]:
        """All of them, in order; those without a frame are left out."""
        self._close()
        return self._done

    def _close(self) -> None:
        if self._open is not None:
            mean = (self._open / np.float32(self._weight)).astype(np.float16)
            before = self._done[-1] if self._done else None
            made = Stretch(self._slot * self.length_s, mean, self._weight, self._keyed)
            if before is not None and before.start_s == made.start_s:
                self._done[-1] = _joined(before, made, made.start_s)
            else:
                self._done.append(made)
        self._open, self._weight, self._keyed = None, 0.0, False

    def _coarsen(self) -> None:
        """Make every stretch twice as long."""
        self.length_s *= 2.0
        joined: list[Stretch] = []
        for each in self._done:
            start = int(each.start_s / self.length_s) * self.length_s
            if joined and joined[-1].start_s == start:
                joined[-1] = _joined(joined[-1], each, start)
            else:
                joined.append(each._replace(start_s=start))
        self._done = joined


def _joined(one: Stretch, other: Stretch, start_s: float) -> Stretch:
    weight = one.weight + other.weight
    mean = (one.total * np.float32(one.weight) + other.total * np.float32(other.weight)) / np.float32(weight)
    return Stretch(start_s, mean.astype(np.float16), weight, one.keyed or other.keyed)


def pooled(stretches: list[Stretch]) -> Plane:
    """The weighted mean of stretches, at least one."""
    total = np.zeros(stretches[0].total.shape, np.float32)
    for each in stretches:
        total += each.total * np.float32(each.weight)
    return total / np.float32(sum(each.weight for each in stretches))


def as_picture(plane: Plane) -> NDArray[np.uint16]:
    """A pooled plane as a grey picture of 16 bits, for the engine that reads pictures."""
    spread = max(float(plane.std()), 1e-6)
    return np.clip(32768.0 + plane * (_SPREAD / spread), 0, 65535).astype(np.uint16)
