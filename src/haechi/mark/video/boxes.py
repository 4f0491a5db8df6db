"""XMP in video files: a box at the end of MP4 and MOV, a tag of WebM and Matroska. Read without the film."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from haechi.mark.audio.codec import XMP_UUID, xmp_box
from haechi.mark.labels.xmp import MAX_PACKET_BYTES, PacketMalformed
from haechi.mark.video.source import Source, VideoUnreadable, container_of, opened

XMP_TAG = "XMP"
_MOST_BOXES = 10_000


def packet_in_video(source: Source) -> bytes | None:
    """The XMP packet of a video file, or None; raises PacketMalformed."""
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        kind = container_of(file.read(64))
        if kind in ("MP4", "MOV"):
            return _in_boxes(file)
    try:
        with opened(source) as container:
            tags = {name.upper(): value for name, value in dict(container.metadata).items()}
    except VideoUnreadable as error:
        raise PacketMalformed(why=str(error)[:160]) from error
    found = tags.get(XMP_TAG)
    return None if found is None else _bounded(found.encode())


def append_packet(path: Path, packet: bytes) -> None:
    """Put a packet behind the last box of an MP4 or MOV file; raises OSError."""
    with path.open("ab") as file:
        file.write(xmp_box(packet))


def _in_boxes(file: BinaryIO) -> bytes | None:
    end = file.seek(0, 2)
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(32)
        if len(head) < 8:
            return None
        size, length = int.from_bytes(head[:4]), 8
        if size == 1:
            size, length = int.from_bytes(head[8:16]), 16
        size = end - at if size == 0 else size
        if size < length:
            return None
        if head[4:8] == b"uuid":
            file.seek(at + length)
            if file.read(16) == XMP_UUID:
                return _bounded(file.read(min(size - length - 16, MAX_PACKET_BYTES + 1)))
        at += size
    return None


def _bounded(packet: bytes) -> bytes:
    if len(packet) > MAX_PACKET_BYTES:
        raise PacketMalformed(why=f"more than {MAX_PACKET_BYTES} bytes")
    return packet
