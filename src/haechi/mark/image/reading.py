"""Reading a picture along one geometry: warp, fold, find the phase, decode under every key (7.1 to 7.6)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from haechi.mark.bound import log10_counted, log10_sign_sum_tail
from haechi.mark.image.bend import Bend, bend_of, grown_bend
from haechi.mark.image.fold import Tiles
from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import CODED_BITS, TILE, Layout
from haechi.mark.image.normal import residual_of
from haechi.mark.image.phase import Phase, find_phase, gain_by_radius
from haechi.mark.image.plane import Plane, Reals, covered, sampled_smoothly, scaled, smooth, warped
from haechi.mark.payload import Payload
from haechi.mark.trellis import decode_each, encode

MOST_CANONICAL_PIXELS = 4_000_000
SOFT_LIMIT = 6.0


class Reading(NamedTuple):
    """Evidence along one geometry: the tiles, where the canonical plane lies, and the phase found."""

    tiles: Tiles
    phase: Phase
    placement: Reals  # 2x2, canonical pixels to picture pixels
    origin: Reals  # (2,), canonical coordinates of the plane's first pixel
    size: tuple[int, int]  # width and height of the canonical plane
    bend: Bend | None


class Word(NamedTuple):
    """The likeliest payload under one key, its statistic, and how surprising that is in this one decode.

    log10_tail: by the very soft values of the decode, so it orders words of different decodes as z does not.
    """

    key: MarkKey
    payload: Payload
    statistic: float
    log10_tail: float

    def log10_p(self, attempts: int) -> float:
        """The bound on the chance of such a word in an unmarked picture, in that many decodes."""
        return log10_counted(self.log10_tail, attempts)


def read_along(luma: Plane, placement: Reals, layout: Layout, bend: Bend | None = None) -> Reading | None:
    """The reading of a picture whose mark was laid down by `placement`, or None for an absurd geometry."""
    height, width = luma.shape
    corners = (
        np.array([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]) @ np.linalg.inv(placement).T
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    across, down = (int(size) for size in np.ceil(high - low))
    if min(across, down) < TILE // 2 or across * down > MOST_CANONICAL_PIXELS:
        return None
    plane = _canonical(luma, placement, low, (across, down), bend)
    residual = residual_of(plane)
    straight = abs(placement[0, 1]) + abs(placement[1, 0]) < 1e-4 * abs(placement[0, 0])
    if not straight or bend is not None:
        matrix = _matrix(placement, low)
        inside = covered(height, width, matrix, across, down)
        residual = residual * inside
    tiles = Tiles.cut(residual)
    return Reading(tiles, find_phase(tiles.fold(layout.pilots), layout), placement, low, (across, down), bend)


def bent(luma: Plane, reading: Reading, layout: Layout) -> Reading | None:
    """The same reading along the bend that its tiles show, or None when they show none."""
    before = reading.bend or Bend.none(*reading.size)
    bend = bend_of(reading.tiles, layout, reading.phase, before)
    return None if bend is None else read_along(luma, reading.placement, layout, bend)


def grown(luma: Plane, reading: Reading, layout: Layout) -> Reading | None:
    """The same reading along the bend that all tiles together show around the phase of the middle."""
    before = reading.bend or Bend.none(*reading.size)
    bend = grown_bend(reading.tiles, layout, reading.phase, before)
    return read_along(luma, reading.placement, layout, bend)


def from_the_middle(reading: Reading, layout: Layout, share: float) -> Phase:
    """The phase that the tiles of the middle `share` show: of a bent picture the one to start from."""
    tiles = reading.tiles
    down, across = (
        np.abs(np.arange(count) + 0.5 - count / 2) <= max(share * count / 2, 1.0)
        for count in (tiles.rows, tiles.columns)
    )
    inside = np.outer(down, across).ravel()
    return find_phase(tiles._replace(weights=tiles.weights * inside[:, None]).fold(layout.pilots), layout)


def soft_data(reading: Reading, layout: Layout) -> Reals:
    """One soft value for each data dimension, weighted by what the pilots say of its radius."""
    pilots = reading.phase.straighten(reading.tiles.fold(layout.pilots), layout.pilots)
    data = reading.phase.straighten(reading.tiles.fold(layout.data), layout.data)
    gain = gain_by_radius(pilots, layout)[layout.data.radius.astype(np.int64)]
    soft = np.empty(2 * len(layout.data))
    soft[0::2], soft[1::2] = data.real, data.imag
    return np.clip(soft, -SOFT_LIMIT, SOFT_LIMIT) * np.repeat(gain, 2)


def word_of(soft: Reals, key: MarkKey) -> Word:
    """The likeliest word under a key."""
    return words_of(soft, [key])[0]


def words_of(soft: Reals, keys: Sequence[MarkKey]) -> list[Word]:
    """The likeliest word under each of some keys of one layout."""
    interleaver = keys[0].layout.interleaver
    signed = [soft * key.signs for key in keys]
    coded = [np.bincount(interleaver, weights=each, minlength=CODED_BITS) for each in signed]
    size = np.sqrt(soft @ soft + 1e-30)
    words: list[Word] = []
    decoded = decode_each(np.stack(coded).astype(np.float64))
    for key, values, bits in zip(keys, signed, decoded, strict=True):
        statistic = float(encode(bits)[interleaver] @ values / size)
        words.append(Word(key, Payload.from_bits(bits), statistic, log10_sign_sum_tail(statistic, soft)))
    return words


def _matrix(placement: Reals, low: Reals) -> Reals:
    """2x3 from canonical plane pixel to picture pixel; places are pixel centres."""
    shift = placement @ (low + 0.5) - 0.5
    return np.concatenate([placement, shift[:, None]], axis=1)


def _canonical(luma: Plane, placement: Reals, low: Reals, size: tuple[int, int], bend: Bend | None) -> Plane:
    shrink = float(np.sqrt(abs(np.linalg.det(placement))))
    source = smooth(luma, 0.45 * shrink) if shrink > 1.25 else luma
    matrix = _matrix(placement, low)
    if bend is None:
        upright = not (placement[0, 1] or placement[1, 0]) and min(placement[0, 0], placement[1, 1]) > 0
        if upright:
            return scaled(source, placement[0, 0], placement[1, 1], *size)
        return warped(source, matrix, *size)
    columns, rows = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    columns, rows = bend.at(columns, rows)
    right = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]
    down = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]
    return sampled_smoothly(source, right.astype(np.float32), down.astype(np.float32))
