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
from haechi.mark.image.firm import Calm, taken
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.image.layout import CANONICAL, TILE
from haechi.mark.image.mask import OF_PICTURES, Leaning, mask_of
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.plane import Plane, Reals, interpolated, luma, resized, scaled, warped
from haechi.mark.payload import Payload
from haechi.words import Text

SMALLEST_SIDE = 256
PSNR_LARGE_DB = 45.0
PSNR_SMALL_DB = 42.0
PSNR_RANGE_DB = (30.0, 60.0)
STRIP_PIXELS = 1 << 18
WHOLE_PIXELS = 1 << 22  # up to here the field is enlarged at once, above strip by strip
SAMPLED_ROWS = 320  # rows on which the strength is settled
SAMPLED_STRIP = 8
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
HIGHEST_SHARE = 0.9  # of the picture's own Nyquist frequency
SMALLEST_LIFTED_SCALE = (
    0.5  # canonical pixels a picture pixel: larger pictures have strong coefficients anyway
)
NOTHING_LIFTED = 1e9  # a threshold above every pull
MOST_ALLOWED = 4.0  # times the first budget: three rounds double it twice at most
SORTED_SHARE = 8  # one coefficient in so many is put in order first: most often enough
LEAST_LIFTED = 0.01  # of the energy: less is not worth the work
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
COLOUR_WEIGHTS = np.array([0.909, 1.307, 0.682], np.float32)  # mean square 1, and 1.12 of luma: 1 dB more


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
    pixels: NDArray[Any],
    payload: Payload,
    key: MarkKey = PUBLIC_KEY,
    *,
    psnr_db: float | None = None,
    leaning: Leaning = OF_PICTURES,
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
    field = _Field(pixels, payload, key, 255.0**2 / 10 ** (wanted / 10.0), leaning)
    strength = _settle(field)
    marked = np.empty_like(pixels)
    error = 0.0
    for top, bottom in _strips(height, width):
        strip = field.rows(top, bottom).added(strength)
        error += _squared_error(pixels[top:bottom], strip)
        marked[top:bottom] = strip
    count = height * width * _colours(pixels)
    return Marked(marked, _psnr(error / count, field.peak))


def check_pixels(pixels: NDArray[Any]) -> None:
    """Shape and type are those of a picture, or PixelsUnfit."""
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and 1 <= pixels.shape[2] <= 4)
    if not shaped or pixels.dtype not in {np.dtype(np.uint8), np.dtype(np.uint16)} or not pixels.size:
        raise PixelsUnfit(got=f"{pixels.dtype} {'x'.join(map(str, pixels.shape))}")


class _Strength(NamedTuple):
    """Grey levels of 255 for a unit of field, and the pull above which coefficients are lifted."""

    even: float
    threshold: float = math.inf


class _Rows:
    """Some rows of a picture with the unit field for them; what is costly is made once."""

    def __init__(self, part: NDArray[Any], unit: Plane, top: int) -> None:
        self.part = part
        self.unit = unit
        self.top = top
        self.weights = COLOUR_WEIGHTS if _colours(part) == 3 else np.ones(1, np.float32)
        self.count = unit.size * len(self.weights)
        self.peak = _peak(part)
        self._made: tuple[float, Plane, Calm] | None = None

    def added(self, strength: _Strength) -> NDArray[Any]:
        """The rows with the field at `strength` added to the colour channels, rounded once."""
        if strength.threshold == math.inf:
            return _add(self.part, self.unit * np.float32(strength.even), self.weights)
        field, calm = self.calm(strength.even)
        return _add(self.part, calm.firmed(field, strength.threshold), self.weights)

    def calm(self, even: float) -> tuple[Plane, Calm]:
        """The even field at this strength, and its calm blocks."""
        if self._made is None or self._made[0] != even:
            field = self.unit * np.float32(even)
            gain = float(self.weights @ LUMA) if len(self.weights) == 3 else 1.0
            self._made = (even, field, Calm.of(field, _levels(self.part), self.top, gain))
        return self._made[1:]

    def error(self, even: float) -> float:
        """Squared change of all colours at this even strength, in the picture's own levels."""
        return _squared_error(self.part, self.added(_Strength(even)))


class _Field:
    """The mark's field for one picture, readable strip by strip; `wanted`: its mean square, levels of 255."""

    def __init__(
        self, pixels: NDArray[Any], payload: Payload, key: MarkKey, wanted: float, leaning: Leaning
    ) -> None:
        self.pixels = pixels
        self.peak = _peak(pixels)
        self.wanted = wanted
        height, width = pixels.shape[:2]
        self.scale = CANONICAL / math.sqrt(height * width)
        small = _canonical_luma(pixels, self.scale)
        rows, columns = small.shape
        tile = tile_of(payload, key, HIGHEST_SHARE * TILE / (2.0 * self.scale))
        repeated = np.tile(tile, (-(-rows // TILE), -(-columns // TILE)))[:rows, :columns]
        self.canonical = np.ascontiguousarray(repeated * mask_of(small, wanted, leaning))
        by_row: Reals = np.einsum("ab,ab->a", self.canonical, self.canonical).astype(np.float64) / columns
        self._power_down_to: Reals = np.concatenate([[0.0], np.cumsum(by_row)])
        self.power = float(np.mean(by_row))
        self._unit: Plane | None = None
        if height * width <= WHOLE_PIXELS:
            self._unit = scaled(self.canonical, self.scale, self.scale, width, height)

    def rows(self, top: int, bottom: int) -> _Rows:
        """Picture rows top..bottom with the unit field for them."""
        if self._unit is not None:
            return _Rows(self.pixels[top:bottom], self._unit[top:bottom], top)
        width = self.pixels.shape[1]
        half = 0.5 * self.scale - 0.5  # pixel centres coincide, not corners
        matrix = np.array([[self.scale, 0.0, half], [0.0, self.scale, half + top * self.scale]])
        return _Rows(self.pixels[top:bottom], warped(self.canonical, matrix, width, bottom - top), top)

    def power_of(self, spans: list[tuple[int, int]]) -> float:
        """Mean over spans of the mean square of the unit field, looked up at canonical size."""
        tops, bottoms = np.array(spans).T * self.scale
        first, last = tops.astype(np.int64), np.ceil(bottoms).astype(np.int64)
        last = np.minimum(last, len(self._power_down_to) - 1)
        total: Reals = self._power_down_to[last] - self._power_down_to[first]
        return float((total / (last - first)).mean())

    def sample(self, spans: list[tuple[int, int]]) -> _Rows:
        """Chosen rows put together as one part; whole blocks stay whole where spans do."""
        each = [self.rows(top, bottom) for top, bottom in spans]
        part = np.concatenate([rows.part for rows in each])
        return _Rows(part, np.concatenate([rows.unit for rows in each]), 0)


def _add(part: NDArray[Any], field: Plane, weights: Plane) -> NDArray[Any]:
    """The field (grey levels of 255) added to the colour channels by weight, saturating; alpha as it was."""
    wide, share = (cv2.CV_16U, 257.0) if part.dtype == np.uint16 else (cv2.CV_8U, 1.0)
    colours = _colours(part)
    shares = [field * (weight * np.float32(share)) for weight in weights]
    coloured = shares[0] if colours == 1 else cv2.merge(shares)
    if part.ndim == 2 or part.shape[2] == colours:
        flat = part.reshape(coloured.shape)
        return np.asarray(cv2.add(flat, coloured, dtype=wide)).reshape(part.shape)
    made = part.copy()
    added = cv2.add(np.ascontiguousarray(part[..., :colours]), coloured, dtype=wide)
    made[..., :colours] = np.asarray(added).reshape(made[..., :colours].shape)
    return made


def _levels(part: NDArray[Any]) -> NDArray[np.uint8]:
    """Luma in whole levels of 255; transparency is not looked at."""
    eight = (part >> 8).astype(np.uint8) if part.dtype == np.uint16 else part
    if _colours(part) == 1:
        return np.ascontiguousarray(eight.reshape(*eight.shape[:2], -1)[..., 0])
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(eight[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)


def _settle(field: _Field) -> _Strength:
    """The strength at which the picture changes as much as is wanted, settled on evenly chosen strips."""
    height, width = field.pixels.shape[:2]
    spans = list(_strips(height, width, SAMPLED_STRIP))
    if len(spans) * SAMPLED_STRIP > SAMPLED_ROWS:
        # evenly spread, but in no step with the tiles, which often are a whole number of strips
        spread = {int(len(spans) * (GOLDEN * at % 1.0)) for at in range(SAMPLED_ROWS // SAMPLED_STRIP)}
        spans = [spans[at] for at in sorted(spread)]
    chosen = field.sample(spans)
    target = field.peak / 255.0 * math.sqrt(field.wanted)
    # rows that happen to carry more of the field than others must not decide: a ratio to the whole
    share = field.power / field.power_of(spans)
    even = 255.0 / field.peak * target / max(math.sqrt(field.power), 1e-9)
    for _ in range(3):
        error = chosen.error(even)
        reached = math.sqrt(share * error / chosen.count)
        if reached < 0.2 * target:
            raise PictureSaturated(reached_db=_psnr(reached**2, field.peak))
        if abs(reached / target - 1.0) < 0.002:
            break
        even *= target / reached
    else:
        error = chosen.error(even)
    if field.scale < SMALLEST_LIFTED_SCALE:
        return _Strength(even)
    return _firm(chosen, _Even(even, error), share, target)


class _Even(NamedTuple):
    """An even strength and the squared change of the sample under it."""

    strength: float
    error: float


def _firm(chosen: _Rows, even: _Even, share: float, target: float) -> _Strength:
    """The strength with the threshold at which the energy taken from calm places is spent there again."""
    calm = chosen.calm(even.strength)[1]
    part = taken(chosen.part, calm.at)

    def error(field: Plane) -> float:
        return _squared_error(part, _add(part, field, chosen.weights)) if len(part) else 0.0

    elsewhere = even.error - error(calm.field)  # whatever is lifted
    bare = share * (elsewhere + error(calm.lifted(NOTHING_LIFTED))) / chosen.count
    unit = (chosen.peak / 255.0) ** 2
    budget = (target**2 - bare) / share / unit * chosen.unit.size
    if not len(part) or budget < LEAST_LIFTED * target**2 / unit * chosen.unit.size:
        return _Strength(even.strength)
    pull, spent = _strongest(calm, MOST_ALLOWED * budget)
    allowed, threshold = budget, math.inf
    for _ in range(3):
        threshold = float(pull[min(int(np.searchsorted(spent, allowed)), len(pull) - 1)])
        reached = share * (elsewhere + error(calm.lifted(threshold))) / chosen.count
        if abs(math.sqrt(reached) / target - 1.0) < 0.004:
            break
        allowed *= min(2.0, max(0.5, (target**2 - bare) / max(reached - bare, 1e-9)))
    return _Strength(even.strength, threshold)


def _strongest(calm: Calm, budget: float) -> tuple[Plane, Reals]:
    """The greatest pulls in order, and what lifting so many costs, as far as the budget reaches."""
    pull, cost = calm.pull.ravel(), calm.cost().ravel()
    count = len(pull)
    most = max(64, count // SORTED_SHARE)
    if most < count:
        chosen = np.argpartition(pull, count - most)[count - most :]
        if float(cost[chosen].sum()) > budget:
            pull, cost = pull[chosen], cost[chosen]
    order = np.argsort(-pull, kind="stable")
    return pull[order], np.cumsum(cost[order])


def _canonical_luma(pixels: NDArray[Any], scale: float) -> Plane:
    """The picture's luma at canonical size, made strip by strip."""
    height, width = pixels.shape[:2]
    rows, columns = math.ceil(height * scale), math.ceil(width * scale)
    if scale >= 0.5:
        return interpolated(luma(pixels), columns, rows)
    # averages of whole blocks first: strips then never hold more than a canonical picture
    block = int(1.0 / scale)
    parts = [
        resized(luma(pixels[top : top + 64 * block]), -(-width // block), -(-rows_here // block))
        for top in range(0, height, 64 * block)
        for rows_here in (min(64 * block, height - top),)
    ]
    return resized(np.concatenate(parts), columns, rows)


def _strips(height: int, width: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
    step = rows or max(SAMPLED_STRIP, STRIP_PIXELS // width // SAMPLED_STRIP * SAMPLED_STRIP)
    return ((top, min(height, top + step)) for top in range(0, height, step))


def _colours(pixels: NDArray[Any]) -> int:
    """How many channels carry colour: all but an alpha."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return {1: 1, 2: 1, 3: 3, 4: 3}[channels]


def _peak(pixels: NDArray[Any]) -> float:
    return 65535.0 if pixels.dtype == np.uint16 else 255.0


def _squared_error(before: NDArray[Any], after: NDArray[Any]) -> float:
    colours = _colours(before)
    first = before if before.ndim == 2 else before[..., :colours]
    second = after if after.ndim == 2 else after[..., :colours]
    return float(cv2.norm(np.ascontiguousarray(first), np.ascontiguousarray(second), cv2.NORM_L2SQR))


def _psnr(mean_square: float, peak: float) -> float:
    return 99.0 if mean_square <= 0 else 10.0 * math.log10(peak * peak / mean_square)
