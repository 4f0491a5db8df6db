"""Metadata carried from one file to another byte for byte: JPEG segments and PNG chunks.

Only parts that describe the picture are carried. Parts that are tied to the old pixels (a C2PA manifest)
or that belong to the encoding are left behind; what was left behind is named.
"""

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

JPEG_START = b"\xff\xd8"
PNG_START = b"\x89PNG\r\n\x1a\n"
MOST_PARTS = 4096

_APP0, _APP11, _APP14, _COMMENT = 0xE0, 0xEB, 0xEE, 0xFE
_START_OF_SCAN = 0xDA
_ENCODING = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"hIST", b"bKGD"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_MANIFEST = b"caBX"


class Carried(NamedTuple):
    """The new file, and the kinds of metadata that could not be carried over."""

    data: bytes
    left_behind: tuple[str, ...]


class _Part(NamedTuple):
    name: int
    raw: bytes


def carry_jpeg(source: bytes, made: bytes) -> Carried:
    """`made` with the application segments and comments of `source` in place of its own.

    JFIF (APP0) and Adobe (APP14) segments describe the encoding and stay those of `made`.
    """
    own = {_APP0, _APP14}
    kept = [
        part.raw
        for part in _jpeg_parts(source)
        if _descriptive(part.name) and part.name not in own | {_APP11}
    ]
    manifest = any(part.name == _APP11 for part in _jpeg_parts(source))
    head = b"".join(part.raw for part in _jpeg_parts(made) if part.name in own)
    rest = b"".join(part.raw for part in _jpeg_parts(made) if not _descriptive(part.name))
    return Carried(JPEG_START + head + b"".join(kept) + rest, ("c2pa",) if manifest else ())


def carry_png(source: bytes, made: bytes) -> Carried:
    """`made` with the descriptive chunks of `source`: profile, gamma, EXIF, text, times, resolution."""
    before: list[bytes] = []
    after: list[bytes] = []
    seen_pixels = False
    manifest = False
    for kind, raw in _png_chunks(source):
        seen_pixels = seen_pixels or kind == b"IDAT"
        manifest = manifest or kind == _MANIFEST
        if kind not in _ENCODING | _ANIMATION | {_MANIFEST}:
            (after if seen_pixels else before).append(raw)
    head, *rest = [raw for kind, raw in _png_chunks(made) if kind in _ENCODING]
    end = rest.pop()
    data = b"".join([PNG_START, head, *before, *rest, *after, end])
    return Carried(data, ("c2pa",) if manifest else ())


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and check sum."""
    return len(body).to_bytes(4) + kind + body + crc32(kind + body).to_bytes(4)


def _descriptive(marker: int) -> bool:
    return _APP0 <= marker <= _APP0 + 15 or marker == _COMMENT


def _jpeg_parts(data: bytes) -> Iterator[_Part]:
    """Segments up to the first scan, then everything from there on as one part; raises ValueError."""
    at = len(JPEG_START)
    for _ in range(MOST_PARTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if data[at : at + 1] != b"\xff" or len(data) < at + 4:
            raise ValueError(f"no JPEG marker at byte {at}")
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            yield _Part(marker, data[at:])
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        yield _Part(marker, data[at:end])
        at = end
    raise ValueError(f"more than {MOST_PARTS} JPEG segments before the picture")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Chunks with their framing, up to IEND; raises ValueError."""
    at = len(PNG_START)
    while len(data) >= at + 12:
        end = at + 12 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        yield kind, data[at:end]
        if kind == b"IEND":
            return
        at = end
    raise ValueError("PNG ends before its end chunk")
