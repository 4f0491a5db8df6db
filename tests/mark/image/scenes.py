"""Pictures that any language can make again: formulas and integer hashes, no files (lattice-1, section 9)."""

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import TILE, layout_of
from haechi.mark.image.pattern import tile_of
from haechi.mark.image.stream import shuffled, stream_bytes
from haechi.mark.payload import Payload
from haechi.mark.trellis import encode

Grey = NDArray[np.float64]


def host(width: int, height: int, seed: int) -> Grey:
    """Waves and noise: 128 + 50 sin(2 pi x / 301) cos(2 pi y / 223) + noise of +-12."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint32)
    start = np.uint32(seed * 2246822519 % 2**32)
    mixed = x * np.uint32(374761393) + y * np.uint32(668265263) + start
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    noise = (mixed >> np.uint32(24)).astype(np.float64) / 255.0 * 24.0 - 12.0
    return 128 + 50 * np.sin(2 * np.pi * x / 301) * np.cos(2 * np.pi * y / 223) + noise


def marked(scene: dict[str, Any]) -> NDArray[np.uint8]:
    """A scene of the vectors: host plus `amplitude` times the tile, rounded, then its change."""
    plane = host(scene["width"], scene["height"], scene["seed"])
    if scene["amplitude"]:
        payload = Payload.from_int(int(scene["payload"], 16))
        tile = tile_of(payload, MarkKey("", bytes.fromhex(scene["secret"])), np.inf)
        y, x = np.mgrid[0 : scene["height"], 0 : scene["width"]]
        plane = plane + scene["amplitude"] * tile[y % TILE, x % TILE]
    return changed(np.clip(np.floor(plane + 0.5), 0, 255), scene["change"])


def changed(plane: Grey, change: list[Any]) -> NDArray[np.uint8]:
    """The picture after one change: none, crop, half, quarter turn, mirror, or a map read bilinearly."""
    match change:
        case ["none"]:
            made = plane
        case ["crop", left, top, width, height]:
            made = plane[top : top + height, left : left + width]
        case ["half"]:
            made = (plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]) / 4
        case ["quarter turn"]:
            made = np.rot90(plane, -1)
        case ["mirror"]:
            made = plane[:, ::-1]
        case ["turn", degrees, size]:
            made = turned(plane, degrees, size)
        case _:
            raise ValueError(change)
    return np.clip(np.floor(made + 0.5), 0, 255).astype(np.uint8)


def turned(plane: Grey, degrees: float, size: float) -> Grey:
    """Turned clockwise as seen about the centre and enlarged by `size`, same canvas, bilinear, 0 outside."""
    height, width = plane.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    across, down = x - (width - 1) / 2, y - (height - 1) / 2
    cos, sin = np.cos(np.radians(degrees)) / size, np.sin(np.radians(degrees)) / size
    column = cos * across + sin * down + (width - 1) / 2
    row = -sin * across + cos * down + (height - 1) / 2
    inside = (column >= 0) & (row >= 0) & (column <= width - 1) & (row <= height - 1)
    left = np.clip(np.floor(column), 0, width - 2).astype(int)
    top = np.clip(np.floor(row), 0, height - 2).astype(int)
    right, low = column - left, row - top
    upper = plane[top, left] * (1 - right) + plane[top, left + 1] * right
    lower = plane[top + 1, left] * (1 - right) + plane[top + 1, left + 1] * right
    return np.where(inside, upper * (1 - low) + lower * low, 0)


def parts(secret: bytes, payload: Payload) -> dict[str, Any]:
    """The intermediate values that a second implementation can check itself against."""
    layout = layout_of()
    tile = tile_of(payload, MarkKey("", secret), np.inf).astype(np.float64)
    return {
        "stream": stream_bytes("example", b"key", 40).hex(),
        "shuffled": shuffled("example", b"key", 12).tolist(),
        "pilots": [
            [int(u), int(v), round(float(phase.real), 6), round(float(phase.imag), 6)]
            for u, v, phase in zip(layout.pilots.u, layout.pilots.v, layout.phases, strict=True)
        ],
        "data_lines": len(layout.data),
        "interleaver_sha256": sha256(bytes(layout.interleaver.tolist())).hexdigest(),
        "coded": "".join("0" if sign > 0 else "1" for sign in encode(payload.bits)),
        "tile": [[row, column, round(float(tile[row, column]), 4)] for row, column in SAMPLES],
    }


SAMPLES = ((0, 0), (0, 1), (1, 0), (17, 53), (48, 48), (95, 95))
