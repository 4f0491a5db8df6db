"""Frames that are looked at one by one: which of them, and at what size."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Still(NamedTuple):
    """A frame as it is shown, at a bounded size: (rows, columns, 3), and its second."""

    at_s: float
    pixels: NDArray[np.uint8]


class Sampler:
    """Which frames are taken: one for each step of time, and half as many each time there are too many.

    Always true: no more than `most` are taken, spread evenly over what has passed.
    """

    def __init__(self, most: int, step_s: float) -> None:
        self._most, self._step_s = most, step_s
        self.slots: list[int] = []

    def wants(self, at_s: float) -> bool:
        """Whether a frame at this second is to be taken."""
        slot = int(max(at_s, 0.0) / self._step_s)
        return not self.slots or slot > self.slots[-1]

    def take(self, at_s: float) -> list[int] | None:
        """Note that it was taken. The places of those to keep, when every other one is to go."""
        self.slots.append(int(max(at_s, 0.0) / self._step_s))
        if len(self.slots) <= self._most:
            return None
        kept = list(range(0, len(self.slots), 2))
        self._step_s *= 2.0
        self.slots = [self.slots[at] // 2 for at in kept]
        return kept


def still_size(width: int, height: int, side: int = 720) -> tuple[int, int]:
    """Width and height of a still: even, the longer side at most `side`."""
    shrink = min(1.0, side / max(width, height))
    return max(2, round(width * shrink / 2) * 2), max(2, round(height * shrink / 2) * 2)


def pixels_of(frame: Any) -> NDArray[np.uint8]:  # noqa: ANN401  # PyAV's
    """A frame as RGB at the size of a still."""
    width, height = still_size(frame.width, frame.height)
    return np.asarray(frame.reformat(width=width, height=height, format="rgb24").to_ndarray(), np.uint8)
