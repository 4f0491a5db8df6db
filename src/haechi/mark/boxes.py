"""XMP in a box of MP4, MOV and M4A files: of type `uuid` with the UUID of XMP (XMP specification, part 3)."""

from typing import BinaryIO

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def xmp_box(packet: bytes) -> bytes:
    """The box that holds a packet."""
    return (24 + len(packet)).to_bytes(4) + b"uuid" + _XMP_UUID + packet


def xmp_in_boxes(file: BinaryIO, *, most_boxes: int, most_bytes: int) -> bytes | None:
    """The first packet among the outermost boxes, at most `most_bytes` of it; None without one.

    Looks at `most_boxes` heads and reads nothing else. Raises OSError.
    """
    end = file.seek(0, 2)
    at = 0
    for _ in range(most_boxes):
        if at + 8 > end:  # sizes of 64 bits may lead anywhere
            return None
        file.seek(at)
        head = file.read(32)
        size, length = int.from_bytes(head[:4]), 8
        if size == 1:
            size, length = int.from_bytes(head[8:16]), 16
        size = end - at if size == 0 else size
        if size < length:
            return None
        if head[4:8] == b"uuid" and head[length : length + 16] == _XMP_UUID:
            file.seek(at + length + 16)
            # A box that claims to end within its own name holds nothing; a negative size would read it all.
            return file.read(max(0, min(size - length - 16, most_bytes)))
        at += size
    return None
