"""Key points of a picture and what surrounds them (ORB): enough to know it again after crops and turns.

The signature is kept beside the log, by its digest: it says more of a picture than 256 bits do.
"""

import struct
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from haechi.mark.file_errors import PrintMalformed
from haechi.mark.fingerprint.prints import flattened

MEDIA_TYPE = "application/vnd.haechi.keypoints"
MARK = b"haechi-orb/1\n"
GREATEST, KEPT, ASKED = 1024, 300, 900
SIZE = 512.0
"""Key points are taken where the geometric mean of the sides is this many pixels."""
_ROW = struct.Struct("<HH32s")
_STEP = 16.0  # positions are kept in sixteenths of a pixel
_NEAR = 64  # bits of 256 in which two descriptions of one place may differ
_SLACK = 6.0  # pixels by which a place may be off


class SignatureMalformed(PrintMalformed, medium="image"):
    """Bytes that are no key point signature; facts: why."""

    code = "mark.fingerprint.signature"


class Signature(NamedTuple):
    """places: (n, 2) in pixels of the working size; words: (n, 32) bytes; width, height: of that size."""

    places: NDArray[np.float32]
    words: NDArray[np.uint8]
    width: int
    height: int

    def to_bytes(self) -> bytes:
        """The file that is kept."""
        rows = (
            _ROW.pack(round(x * _STEP) & 0xFFFF, round(y * _STEP) & 0xFFFF, word.tobytes())
            for (x, y), word in zip(self.places.tolist(), self.words, strict=True)
        )
        return MARK + struct.pack("<HH", self.width, self.height) + b"".join(rows)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Signature":
        """The signature in a file; raises SignatureMalformed."""
        head = len(MARK) + 4
        count, rest = divmod(len(raw) - head, _ROW.size)
        if not raw.startswith(MARK) or rest or not 0 <= count <= GREATEST:
            raise SignatureMalformed(why=f"{len(raw)} bytes")
        width, height = struct.unpack_from("<HH", raw, len(MARK))
        rows = list(_ROW.iter_unpack(raw[head:]))
        places = np.array([row[:2] for row in rows], np.float32).reshape(-1, 2) / np.float32(_STEP)
        words = np.frombuffer(b"".join(row[2] for row in rows), np.uint8).reshape(-1, 32)
        return cls(places, words, width, height)


class Match(NamedTuple):
    """How two pictures agree. same: places that agree under one map; possible: how many could."""

    same: int
    possible: int


def signature_of(pixels: NDArray[Any], most: int = KEPT, scale: float | None = None) -> Signature:
    """The key points of a picture; a flat one has none.

    scale: by how much to resize it first; None: to the working size. Raises PixelsUnfit.
    """
    grey = np.asarray(cv2.cvtColor(flattened(pixels), cv2.COLOR_RGB2GRAY))
    height, width = grey.shape
    grow = SIZE / (height * width) ** 0.5 if scale is None else scale
    size = (max(8, round(width * grow)), max(8, round(height * grow)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if grow < 1 else cv2.INTER_CUBIC)
    finder = cast("Any", cv2).ORB_create(nfeatures=most, fastThreshold=7)
    points, words = finder.detectAndCompute(small, None)
    if words is None:
        return Signature(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8), *size)
    places = np.array([point.pt for point in points], np.float32)[:most]
    return Signature(places, np.asarray(words, np.uint8)[:most], *size)


def shifted_match(kept: Signature, seen: Signature) -> Match:
    """Agreement when only a shift may lie between the two: both upright and of one scale."""
    first, second = _pairs(kept, seen)
    possible = min(len(kept.words), len(seen.words))
    if len(first) < 2:
        return Match(0, possible)
    shifts = second - first
    near = np.abs(shifts[:, None, :] - shifts[None, :, :]).max(axis=2) <= _SLACK
    return Match(int(near.sum(axis=1).max()), possible)


def free_match(kept: Signature, seen: Signature) -> Match:
    """Agreement under any affine map."""
    first, second = _pairs(kept, seen)
    possible = min(len(kept.words), len(seen.words))
    if len(first) < 4:
        return Match(0, possible)
    found = cast("tuple[Any, Any]", cv2.estimateAffine2D(first, second, ransacReprojThreshold=4.0))
    matrix, inliers = found
    if matrix is None or not 0.05 < abs(float(np.linalg.det(matrix[:, :2]))) < 20.0:
        return Match(0, possible)
    return Match(int(np.asarray(inliers).sum()), possible)


def _pairs(kept: Signature, seen: Signature) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places that are each other's best match."""
    none = np.zeros((0, 2), np.float32)
    if not len(kept.words) or not len(seen.words):
        return none, none
    matches: Any = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(kept.words, seen.words)
    good = [each for each in matches if each.distance <= _NEAR]
    first = np.array([kept.places[each.queryIdx] for each in good], np.float32).reshape(-1, 2)
    second = np.array([seen.places[each.trainIdx] for each in good], np.float32).reshape(-1, 2)
    return first, second
