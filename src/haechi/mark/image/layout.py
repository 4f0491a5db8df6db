"""Where the mark lives: the lines of the lattice, pilots, data and the interleaver (lattice-1, section 4).

The mark is one square tile, repeated over the picture. A tile of `TILE` canonical pixels that repeats has
energy only on the lattice of frequencies (u, v) / TILE; each of those lines is a carrier. Lines with a
radius from `R_MIN` to `R_MAX` and off the axes are used: the axes belong to horizons, text and JPEG blocks.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from haechi.mark.image.plane import Complexes, Indices, Reals
from haechi.mark.image.stream import shuffled, words

TILE = 96
"""Side of the repeated tile in canonical pixels."""
CANONICAL = 768.0
"""Square root of the canonical picture's area: the pattern grows with the picture."""
R_MIN = 5
R_MAX = 30
OFF_AXIS = 2
CODED_BITS = 192
LOW_RING = (7.0, 13.0)
LOW_PILOTS = 22
HIGH_PILOTS = 30
LOW_SPACING = 2
HIGH_SPACING = 4

PUBLIC_PILOTS = b"haechi public pilots 1"
"""The pilot key everybody knows: with it anyone can find the geometry of a mark."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lattice lines: integer frequency `u` (columns, >= 0) and `v` (rows), and `radius` = |(u, v)|."""

    u: Indices
    v: Indices
    radius: Reals

    def __len__(self) -> int:
        """How many lines."""
        return len(self.u)

    def pick(self, chosen: Indices) -> "Lines":
        """The chosen lines, in that order."""
        return Lines(self.u[chosen], self.v[chosen], self.radius[chosen])

    def frequencies(self) -> Reals:
        """(n, 2): cycles per canonical pixel along columns and rows."""
        return np.stack([self.u, self.v], axis=1) / TILE


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """All that a pilot key decides: pilots with their phases, data lines and the interleaver.

    interleaver[d] is the coded bit that data dimension d carries; dimension 2k is the real and 2k+1 the
    imaginary part of data line k. Dimensions go by growing radius, so every coded bit is on every scale.
    """

    pilot_key: bytes
    pilots: Lines
    phases: Complexes
    data: Lines
    interleaver: Indices


def all_lines() -> Lines:
    """Every usable line, by growing radius, then u, then v."""
    found: list[tuple[int, int, int]] = [
        (u * u + v * v, u, v)
        for u in range(OFF_AXIS, R_MAX + 1)
        for v in range(-R_MAX, R_MAX + 1)
        if abs(v) >= OFF_AXIS and R_MIN * R_MIN <= u * u + v * v <= R_MAX * R_MAX
    ]
    found.sort()
    table = np.array(found)
    return Lines(table[:, 1], table[:, 2], np.sqrt(table[:, 0].astype(np.float64)))


@lru_cache(maxsize=64)
def layout_of(pilot_key: bytes = PUBLIC_PILOTS) -> Layout:
    """The layout that a pilot key stands for."""
    lines = all_lines()
    order = shuffled("pilots", pilot_key, len(lines))
    low = _spaced(lines, order, LOW_RING, LOW_PILOTS, LOW_SPACING)
    high = _spaced(lines, order, (LOW_RING[1], R_MAX + 1.0), HIGH_PILOTS, HIGH_SPACING)
    chosen = np.array(low + high)
    quarter_turns = np.array([word >> 30 for word in words("phases", pilot_key, len(chosen))])
    rest = np.setdiff1d(np.arange(len(lines)), chosen)
    dimensions = 2 * len(rest)
    blocks = -(-dimensions // CODED_BITS)
    bits = np.concatenate([shuffled(f"interleaver-{at}", pilot_key, CODED_BITS) for at in range(blocks)])
    phases = np.exp(0.25j * np.pi * (2 * quarter_turns + 1))
    return Layout(pilot_key, lines.pick(chosen), phases, lines.pick(rest), bits[:dimensions])


def _spaced(lines: Lines, order: Indices, ring: tuple[float, float], count: int, spacing: int) -> list[int]:
    """The first `count` lines of `order` in the ring that keep `spacing` to those already taken."""
    taken: list[int] = []
    for at in order.tolist():
        if not ring[0] <= lines.radius[at] < ring[1]:
            continue
        apart = [(lines.u[at] - lines.u[b]) ** 2 + (lines.v[at] - lines.v[b]) ** 2 for b in taken]
        if all(distance >= spacing * spacing for distance in apart):
            taken.append(at)
        if len(taken) == count:
            break
    return taken
