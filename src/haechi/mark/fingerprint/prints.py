"""What a picture looks like, in a few bytes: PDQ (256 bits) and the ISCC Image-Code (ISO 24138).

Both stand in the log and are compared as they are; neither survives a crop or a turn by itself, which is
why a picture with a mark is put upright first.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.extra import require
from haechi.mark.image.embed import check_pixels

PDQ_BITS = 256
PDQ_SAME = 31
"""PDQ distances up to this count as the same picture (the value that its authors recommend)."""

Bits = NDArray[np.uint8]


class Prints(NamedTuple):
    """pdq: 64 hexadecimal digits; quality: of the PDQ hash, 0 (flat) to 100; iscc: an Image-Code unit."""

    pdq: str
    quality: int
    iscc: str


def prints_of(pixels: NDArray[Any]) -> Prints:
    """The fingerprints of a picture; raises PixelsUnfit, ExtraMissing.

    pixels: as for the watermark's `embed`; transparent places count as white.
    """
    shown = flattened(pixels)
    bits, quality = require("pdqhash").compute(_within(shown, 512))
    return Prints(_hex(bits), int(quality), _iscc(shown))


def dihedral_pdq(pixels: NDArray[Any]) -> list[str]:
    """The PDQ hashes of the picture as it is, turned by quarters, and mirrored: eight, this one first."""
    hashes, _quality = require("pdqhash").compute_dihedral(_within(flattened(pixels), 512))
    return [_hex(bits) for bits in hashes]


def pdq_distance(first: str, second: str) -> int:
    """How many of the 256 bits differ.

    >>> pdq_distance("00" * 32, "03" + "00" * 31)
    2
    """
    return (int(first, 16) ^ int(second, 16)).bit_count()


def packed(pdq: str) -> Bits:
    """The 32 bytes of a PDQ hash."""
    return np.frombuffer(bytes.fromhex(pdq), np.uint8)


def flattened(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """The picture as 8-bit RGB on white, whatever it came as."""
    check_pixels(pixels)
    plain = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    if plain.ndim == 2:
        plain = plain[..., None]
    if plain.shape[2] in (2, 4):
        alpha = plain[..., -1:].astype(np.uint16)
        colour = plain[..., :-1].astype(np.uint16)
        plain = ((colour * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(plain, 3, axis=2) if plain.shape[2] == 1 else plain)


def _within(shown: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = shown.shape[:2]
    shrink = side / max(height, width)
    if shrink >= 1:
        return shown
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)


def _iscc(shown: NDArray[np.uint8]) -> str:
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA)
    code: dict[str, str] = require("iscc_core").gen_image_code(np.asarray(small).ravel().tolist())
    return code["iscc"]


def _hex(bits: object) -> str:
    return np.packbits(np.asarray(bits, np.uint8)).tobytes().hex()
