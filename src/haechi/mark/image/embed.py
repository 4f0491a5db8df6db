"""Writing a mark into pixels (lattice-1, sections 5 and 6).

The tile is repeated over the canonical picture, shaped by the mask, enlarged to the picture's size and
added to every colour channel alike. All big work goes in strips: beyond the picture itself memory stays
bounded, whatever its size.
"""

import math
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.errors import BadInput
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.image.layout import CANONICAL, TILE
from haechi.mark.image.mask import mask_of
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.plane import Plane, luma, resized, warped
from haechi.mark.payload import Payload
from haechi.words import Text

SMALLEST_SIDE = 256
PSNR_LARGE_DB = 45.0
PSNR_SMALL_DB = 42.0
PSNR_RANGE_DB = (30.0, 60.0)
STRIP_PIXELS = 1 << 20
SAMPLED_ROWS = 384  # rows on which the strength is settled
SAMPLED_STRIP = 16
HIGHEST_SHARE = 0.9  # of the picture's own Nyquist frequency


class PictureTooSmall(BadInput):
    """A side is too short to hold a mark; facts: width, height, limit."""

    code: ClassVar[str] = "mark.image.too-small"
    what = Text(
        "the picture is too small to mark: both sides need {limit} pixels, got {width}x{height}",
        "그림이 너무 작아 마크할 수 없습니다: 양쪽 변이 {limit}픽셀 이상이어야 합니다 ({width}x{height})",
    )
    hint = Text("mark it at a larger size", "더 큰 크기에서 마크를 넣으세요")


class PixelsUnfit(BadInput):
    """An array is no picture this engine knows; facts: got."""

    code: ClassVar[str] = "mark.image.pixels"
    what = Text(
        "not a picture the engine can mark: {got}", "엔진이 처리할 수 있는 그림 배열이 아닙니다: {got}"
    )
    hint = Text(
        "give 8- or 16-bit grey, grey+alpha, RGB or RGBA pixels",
        "8비트 또는 16비트 회색조, 회색조+알파, RGB, RGBA 픽셀을 넣으세요",
    )


class PictureSaturated(BadInput):
    """The wanted strength cannot be reached: nearly all pixels sit at a limit; facts: reached_db."""

    code: ClassVar[str] = "mark.image.saturated"
    what = Text(
        "the picture cannot take a mark: nearly every pixel is at its limit",
        "그림에 마크를 넣을 수 없습니다: 거의 모든 픽셀이 한계값에 있습니다",
    )
    hint = Text(
        "mark the picture before it is reduced to pure black and white",
        "순수한 흑백으로 줄이기 전에 마크를 넣으세요",
    )


class Marked(NamedTuple):
    """`pixels` of the same shape and type as given; `psnr_db` as measured over the colour channels."""

    pixels: NDArray[Any]
    psnr_db: float


def default_psnr_db(width: int, height: int) -> float:
    """45 dB where both the geometric mean of the sides is 768 pixels or more, else 42 dB."""
    return PSNR_LARGE_DB if math.sqrt(width * height) >= CANONICAL else PSNR_SMALL_DB


def embed(
    pixels: NDArray[Any], payload: Payload, key: MarkKey = PUBLIC_KEY, *, psnr_db: float | None = None
) -> Marked:
    """The picture with the mark in it, at `psnr_db` (30 to 60; by size when None).

    pixels: (rows, columns) or (rows, columns, 1 to 4), 8 or 16 bit; alpha is kept as it is. Raises
    PictureTooSmall, PictureSaturated and PixelsUnfit.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise PictureTooSmall(width=width, height=height, limit=SMALLEST_SIDE)
    wanted = default_psnr_db(width, height) if psnr_db is None else psnr_db
    if not PSNR_RANGE_DB[0] <= wanted <= PSNR_RANGE_DB[1]:
        raise PixelsUnfit(got=f"psnr_db {wanted}")
    field = _Field(pixels, payload, key)
    strength = _settle(field, wanted)
    marked = np.empty_like(pixels)
    error = 0.0
    for top, bottom in _strips(height, width):
        strip = field.added(top, bottom, strength)
        error += _squared_error(pixels[top:bottom], strip)
        marked[top:bottom] = strip
    count = height * width * _colours(pixels)
    return Marked(marked, _psnr(error / count, field.peak))


def check_pixels(pixels: NDArray[Any]) -> None:
    """Shape and type are those of a picture, or PixelsUnfit."""
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and 1 <= pixels.shape[2] <= 4)
    if not shaped or pixels.dtype not in {np.dtype(np.uint8), np.dtype(np.uint16)} or not pixels.size:
        raise PixelsUnfit(got=f"{pixels.dtype} {'x'.join(map(str, pixels.shape))}")


class _Field:
    """The mark's field for one picture, readable strip by strip at any strength."""

    def __init__(self, pixels: NDArray[Any], payload: Payload, key: MarkKey) -> None:
        self.pixels = pixels
        self.peak = 65535.0 if pixels.dtype == np.uint16 else 255.0
        height, width = pixels.shape[:2]
        self.scale = CANONICAL / math.sqrt(height * width)
        small = _canonical_luma(pixels, self.scale)
        rows, columns = small.shape
        tile = tile_of(payload, key, HIGHEST_SHARE * TILE / (2.0 * self.scale))
        repeated = np.tile(tile, (-(-rows // TILE), -(-columns // TILE)))[:rows, :columns]
        self.canonical = np.ascontiguousarray(repeated * mask_of(small))
        self.rms = float(np.sqrt(np.mean(self.canonical**2)))

    def at(self, top: int, bottom: int) -> Plane:
        """The unit field for picture rows top..bottom."""
        width = self.pixels.shape[1]
        half = 0.5 * self.scale - 0.5  # pixel centres coincide, not corners
        matrix = np.array([[self.scale, 0.0, half], [0.0, self.scale, half + top * self.scale]])
        return warped(self.canonical, matrix, width, bottom - top)

    def added(self, top: int, bottom: int, strength: float, unit: Plane | None = None) -> NDArray[Any]:
        """Picture rows top..bottom with the field at `strength` (grey levels of 255) added, rounded once.

        unit: the unit field for these rows, if it is at hand.
        """
        part = self.pixels[top:bottom]
        unit = self.at(top, bottom) if unit is None else unit
        return _add(part, np.rint(unit * np.float32(strength * self.peak / 255.0)))


def _add(part: NDArray[Any], field: Plane) -> NDArray[Any]:
    """Whole-number field added to the colour channels, saturating; alpha untouched."""
    wide = np.int32 if part.dtype == np.uint16 else np.int16
    whole = field.astype(wide)
    if part.ndim == 2:
        return _clipped(part.astype(wide) + whole, part.dtype)
    colours = _colours(part)
    made = part.copy()
    made[..., :colours] = _clipped(part[..., :colours].astype(wide) + whole[..., None], part.dtype)
    return made


def _clipped(values: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    limit = 65535 if kind == np.uint16 else 255
    return np.clip(values, 0, limit, out=values).astype(kind)


def _settle(field: _Field, wanted_db: float) -> float:
    """The strength at which the picture comes out at `wanted_db`, settled on evenly chosen strips."""
    height, width = field.pixels.shape[:2]
    strips = list(_strips(height, width, SAMPLED_STRIP))
    chosen = strips[:: max(1, len(strips) * SAMPLED_STRIP // SAMPLED_ROWS)]
    target = field.peak / 10 ** (wanted_db / 20.0)
    strength = 255.0 / field.peak * target / max(field.rms, 1e-9)
    # rows that happen to carry more of the field than others must not decide: a ratio to the whole
    units = [field.at(top, bottom) for top, bottom in chosen]
    power = np.mean([float(np.mean(unit**2)) for unit in units])
    share = field.rms**2 / max(float(power), 1e-12) if len(chosen) < len(strips) else 1.0
    for _ in range(3):
        error, count = 0.0, 0
        for (top, bottom), unit in zip(chosen, units, strict=True):
            part = field.pixels[top:bottom]
            error += _squared_error(part, field.added(top, bottom, strength, unit))
            count += part.shape[0] * width * _colours(part)
        reached = math.sqrt(share * error / count)
        if reached < 0.2 * target:
            raise PictureSaturated(reached_db=_psnr(error / count, field.peak))
        if abs(reached / target - 1.0) < 0.002:
            break
        strength *= target / reached
    return strength


def _canonical_luma(pixels: NDArray[Any], scale: float) -> Plane:
    """The picture's luma at canonical size, made strip by strip."""
    height, width = pixels.shape[:2]
    rows, columns = math.ceil(height * scale), math.ceil(width * scale)
    if scale >= 0.5:
        return resized(luma(pixels), columns, rows)
    # averages of whole blocks first: strips then never hold more than a canonical picture
    block = int(1.0 / scale)
    parts = [
        resized(luma(pixels[top : top + 64 * block]), -(-width // block), -(-rows_here // block))
        for top in range(0, height, 64 * block)
        for rows_here in (min(64 * block, height - top),)
    ]
    return resized(np.concatenate(parts), columns, rows)


def _strips(height: int, width: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
    step = rows or max(16, STRIP_PIXELS // width)
    return ((top, min(height, top + step)) for top in range(0, height, step))


def _colours(pixels: NDArray[Any]) -> int:
    """How many channels carry colour: all but an alpha."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return {1: 1, 2: 1, 3: 3, 4: 3}[channels]


def _squared_error(before: NDArray[Any], after: NDArray[Any]) -> float:
    colours = _colours(before)
    first = before if before.ndim == 2 else before[..., :colours]
    second = after if after.ndim == 2 else after[..., :colours]
    return float(cv2.norm(np.ascontiguousarray(first), np.ascontiguousarray(second), cv2.NORM_L2SQR))


def _psnr(mean_square: float, peak: float) -> float:
    return 99.0 if mean_square <= 0 else 10.0 * math.log10(peak * peak / mean_square)
