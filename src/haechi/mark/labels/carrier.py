"""XMP packets in picture files: reading them, and putting one in without touching a pixel."""

import warnings
from io import BytesIO
from typing import Any

from PIL import Image

from haechi.mark.image.codec import FORMATS, FileUnreadable
from haechi.mark.image.segments import JPEG_START, PNG_START, png_chunk
from haechi.mark.labels.xmp import MAX_PACKET_BYTES, PacketMalformed

_JPEG_NAME = b"http://ns.adobe.com/xap/1.0/\x00"
_PNG_NAME = b"XML:com.adobe.xmp"
_MOST_IN_SEGMENT = 65533 - len(_JPEG_NAME)
_XMP_TAG = 700
_VP8X_XMP = 0x04
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError)


def packet_in(source: bytes) -> bytes | None:
    """The XMP packet of a picture file, or None; raises FileUnreadable, PacketMalformed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(source), formats=FORMATS) as image:
                found: Any = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
                if found is None and image.format == "TIFF":
                    found = getattr(image, "tag_v2", {}).get(_XMP_TAG)
    except (*_BROKEN, Image.DecompressionBombError) as error:
        raise FileUnreadable(why=str(error)[:160]) from error
    if isinstance(found, str):
        found = found.encode()
    if found is None or not isinstance(found, bytes):
        return None
    if len(found) > MAX_PACKET_BYTES:
        raise PacketMalformed(why=f"{len(found)} bytes")
    return found


def with_packet(source: bytes, file_format: str, packet: bytes) -> bytes:
    """A file with the metadata of `source` and this packet, for an encoder to carry metadata from.

    JPEG, PNG and WebP come with their own pixel data untouched, TIFF with the same pixels; of AVIF, whose
    items cannot be exchanged one by one, comes a stand-in of 16 by 16 pixels with all its metadata.
    Raises PacketMalformed when the format has no room for it.
    """
    match file_format:
        case "JPEG":
            return _in_jpeg(source, packet)
        case "PNG":
            return _in_png(source, packet)
        case "WEBP":
            return _in_webp(source, packet)
        case _:
            return _in_other(source, file_format, packet)


def _in_jpeg(source: bytes, packet: bytes) -> bytes:
    if len(packet) > _MOST_IN_SEGMENT:
        raise PacketMalformed(why=f"{len(packet)} bytes do not fit a JPEG segment")
    at, kept = len(JPEG_START), [JPEG_START]
    body = _JPEG_NAME + packet
    ours = b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body
    placed = False
    while len(source) >= at + 4 and source[at] == 0xFF and source[at + 1] not in (0xDA, 0xFF):
        end = at + 2 + int.from_bytes(source[at + 2 : at + 4])
        part = source[at:end]
        if not placed and part[1] not in (0xE0, 0xE1):
            kept.append(ours)  # after JFIF and EXIF, where readers expect it
            placed = True
        if not part[4:].startswith(_JPEG_NAME):
            kept.append(part)
        at = end
    return b"".join([*kept, b"" if placed else ours, source[at:]])


def _in_png(source: bytes, packet: bytes) -> bytes:
    at, kept = len(PNG_START), [PNG_START]
    chunk = png_chunk(b"iTXt", _PNG_NAME + b"\x00\x00\x00\x00\x00" + packet)
    while len(source) >= at + 12:
        end = at + 12 + int.from_bytes(source[at : at + 4])
        kind, part = source[at + 4 : at + 8], source[at:end]
        if not (kind == b"iTXt" and part[8:].startswith(_PNG_NAME + b"\x00")):
            kept.append(part)
        if kind == b"IHDR":
            kept.append(chunk)
        at = end
    return b"".join(kept)


def _in_webp(source: bytes, packet: bytes) -> bytes:
    """Chunks with a VP8X head that names the packet, which stands last (WebP container, "Extended")."""
    at, kept, head = 12, list[bytes](), b""
    while len(source) >= at + 8:
        size = int.from_bytes(source[at + 4 : at + 8], "little")
        kind, part = source[at : at + 4], source[at : at + 8 + size + (size & 1)]
        if kind == b"VP8X":
            head = part
        elif kind != b"XMP ":
            kept.append(part)
        at += len(part)
    if not head:
        with Image.open(BytesIO(source), formats=("WEBP",)) as image:
            width, height = image.size
            alpha = 0x10 if image.mode == "RGBA" else 0
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        head = b"VP8X" + (10).to_bytes(4, "little") + bytes((alpha, 0, 0, 0)) + canvas
    head = head[:8] + bytes((head[8] | _VP8X_XMP,)) + head[9:]
    xmp = b"XMP " + len(packet).to_bytes(4, "little") + packet + b"\x00" * (len(packet) & 1)
    body = b"WEBP" + head + b"".join(kept) + xmp
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _in_other(source: bytes, file_format: str, packet: bytes) -> bytes:
    out = BytesIO()
    with warnings.catch_warnings(), Image.open(BytesIO(source), formats=(file_format,)) as image:
        warnings.simplefilter("ignore")
        profile = image.info.get("icc_profile")
        if file_format == "TIFF":
            image.load()
            tags = dict(getattr(image, "tag_v2", {}))
            kept = {tag: value for tag, value in tags.items() if tag in _DESCRIPTIVE_TIFF}
            packing = image.info.get("compression", "raw")
            packing = "tiff_lzw" if packing == "jpeg" else packing
            # A copy has no tags of its own, of which Pillow would write the old packet again.
            image.copy().save(
                out, "TIFF", tiffinfo={**kept, _XMP_TAG: packet}, compression=packing, icc_profile=profile
            )
            return out.getvalue()
        known = {"exif": image.info.get("exif"), "icc_profile": profile}
        stand_in = Image.new("RGB", (16, 16))
        stand_in.save(out, file_format, xmp=packet, **{name: each for name, each in known.items() if each})
    return out.getvalue()


_DESCRIPTIVE_TIFF = frozenset({270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 33432, 33723, 34377, 34665})
