"""XMP in video files: a box at the end of MP4 and MOV, a tag of WebM and Matroska. Read without the film."""

from io import BytesIO
from pathlib import Path

from haechi.mark.boxes import xmp_box, xmp_in_boxes
from haechi.mark.labels.xmp import MAX_PACKET_BYTES, PacketMalformed
from haechi.mark.video.source import Source, VideoUnreadable, container_of, opened

XMP_TAG = "XMP"
_MOST_BOXES = 10_000


def packet_in_video(source: Source) -> bytes | None:
    """The XMP packet of a video file, or None; raises PacketMalformed."""
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        kind = container_of(file.read(64))
        if kind in ("MP4", "MOV"):
            found = xmp_in_boxes(file, most_boxes=_MOST_BOXES, most_bytes=MAX_PACKET_BYTES + 1)
            return None if found is None else _bounded(found)
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


def _bounded(packet: bytes) -> bytes:
    if len(packet) > MAX_PACKET_BYTES:
        raise PacketMalformed(why=f"more than {MAX_PACKET_BYTES} bytes")
    return packet
