"""What happens to pictures on their way: 36 single changes, chains, and harder ones. 8-bit RGB in and out."""

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Attack = Callable[[Pixels], Pixels]


def _saved(kind: str, quality: int) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        out = BytesIO()
        Image.fromarray(pixels).save(out, kind, quality=quality)
        return np.asarray(Image.open(out).convert("RGB")).copy()

    return attack


def _sized(across: float, down: float | None = None) -> Attack:
    tall = across if down is None else down
    way = cv2.INTER_AREA if across * tall < 1 else cv2.INTER_CUBIC

    def attack(pixels: Pixels) -> Pixels:
        size = (max(1, round(pixels.shape[1] * across)), max(1, round(pixels.shape[0] * tall)))
        return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)

    return attack


def _long_side(longest: int) -> Attack:
    return lambda pixels: _sized(longest / max(pixels.shape[:2]))(pixels)


def _cropped(area: float, right: float = 0.5, down: float = 0.5) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        tall, wide = round(height * area**0.5), round(width * area**0.5)
        top, left = int((height - tall) * down), int((width - wide) * right)
        return pixels[top : top + tall, left : left + wide].copy()

    return attack


def _cropped_back(pixels: Pixels) -> Pixels:
    size = (pixels.shape[1], pixels.shape[0])
    return np.asarray(
        cv2.resize(_cropped(0.5, 0.3, 0.6)(pixels), size, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _turned(degrees: float) -> Attack:
    bicubic = Image.Resampling.BICUBIC
    return lambda p: np.asarray(Image.fromarray(p).rotate(degrees, resample=bicubic, expand=True)).copy()


def _levels(change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Attack:
    return lambda p: np.clip(np.rint(change(p.astype(np.float64))), 0, 255).astype(np.uint8)


def _noise(sigma: float) -> Attack:
    return _levels(lambda p: p + np.random.default_rng(7).normal(0, sigma, p.shape))


def _blurred(sigma: float) -> Attack:
    return lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), sigma), np.uint8)


def _hue_and_saturation(pixels: Pixels) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + 10) % 180  # OpenCV counts hue in steps of two degrees
    hsv[..., 1] = np.clip(hsv[..., 1] * 1.5, 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def _overlay(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    width, height = image.size
    draw.rectangle((width * 0.05, height * 0.05, width * 0.3, height * 0.25), fill=(220, 30, 40))
    font = ImageFont.load_default(max(12, height // 10))
    draw.text((width * 0.1, height * 0.75), "BREAKING NEWS 123", fill=(255, 255, 0), font=font)
    return np.asarray(image).copy()


def _leaning(share: float) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        moves = np.random.default_rng(3).uniform(-share, share, (4, 2)) * [width, height]
        matrix = cv2.getPerspectiveTransform(before, (before + moves).astype(np.float32))
        return np.asarray(
            cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC), np.uint8
        )

    return attack


def chain(*attacks: Attack) -> Attack:
    """One attack after the other."""

    def attack(pixels: Pixels) -> Pixels:
        for each in attacks:
            pixels = each(pixels)
        return pixels

    return attack


SINGLE: dict[str, Attack] = {
    "none": lambda p: p,
    **{f"JPEG {q}": _saved("JPEG", q) for q in (90, 70, 50, 30)},
    "WebP 50": _saved("WEBP", 50),
    **{f"size x{s}": _sized(s) for s in (0.5, 0.25, 2.0)},
    **{f"crop {round(a * 100)} %": _cropped(a) for a in (0.75, 0.5, 0.25)},
    "crop 50 % off-centre": _cropped(0.5, 0.17, 0.83),
    "crop 50 % + size back": _cropped_back,
    **{f"turn {d}": _turned(d) for d in (2, 5, 10, 45, 90)},
    "mirror": lambda p: p[:, ::-1].copy(),
    **{f"noise {s}": _noise(s) for s in (5, 10, 25)},
    **{f"blur {s}": _blurred(s) for s in (1, 2)},
    "brightness +30 %": _levels(lambda p: p * 1.3),
    "brightness -30 %": _levels(lambda p: p * 0.7),
    "contrast +30 %": _levels(lambda p: (p - p.mean()) * 1.3 + p.mean()),
    "contrast -30 %": _levels(lambda p: (p - p.mean()) * 0.7 + p.mean()),
    "gamma 0.7": _levels(lambda p: 255 * (p / 255) ** 0.7),
    "gamma 1.5": _levels(lambda p: 255 * (p / 255) ** 1.5),
    "hue + saturation": _hue_and_saturation,
    "grey": _grey,
    "logo + text": _overlay,
}
CHAINS: dict[str, Attack] = {
    "social": chain(_long_side(1080), _saved("JPEG", 75)),
    "screenshot": chain(_sized(0.9), _saved("JPEG", 80)),
    "combo": chain(_cropped(0.75, 0.3, 0.6), _sized(0.7), _saved("JPEG", 60)),
    "combo_rot": chain(_turned(7), _cropped(0.5), _sized(0.7), _saved("JPEG", 60)),
}
HARD: dict[str, Attack] = {
    "JPEG 10": _saved("JPEG", 10),
    "crop 10 %": _cropped(0.1),
    "WebP 20": _saved("WEBP", 20),
    "AVIF 40": _saved("AVIF", 40),
    "AVIF 20": _saved("AVIF", 20),
    "aspect 1.15": _sized(1.15, 1.0),
    "perspective 8 %": _leaning(0.08),
    "scan": chain(
        _leaning(0.03),
        _blurred(0.8),
        _levels(lambda p: 255 * (p / 255) ** 0.85),
        _noise(6),
        _sized(0.8),
        _saved("JPEG", 70),
    ),
    "size x0.125": _sized(0.125),
}
# Least share of pictures read, as promised; what is not listed is only reported.
PROMISED: dict[str, float] = {
    **dict.fromkeys(SINGLE, 0.995),
    "none": 1.0,
    "social": 0.995,
    "combo": 0.97,
    "combo_rot": 0.97,
    "screenshot": 0.97,
    "JPEG 10": 0.8,
    "crop 10 %": 0.95,
    "WebP 20": 0.8,
    "AVIF 40": 0.95,
    "aspect 1.15": 0.9,
    "perspective 8 %": 0.8,
    "scan": 0.85,
}
ATTACKS = {**SINGLE, **CHAINS, **HARD}
