"""The packet in a box is found, and boxes that lie about their size lead nowhere."""

from io import BytesIO

import pytest

from haechi.mark.boxes import xmp_box, xmp_in_boxes

PACKET = b"<x:xmpmeta/>"
FTYP = (16).to_bytes(4) + b"ftypisom" + bytes(4)


def found(raw: bytes, most_bytes: int = 1000) -> bytes | None:
    return xmp_in_boxes(BytesIO(raw), most_boxes=10, most_bytes=most_bytes)


def resized(size: bytes) -> bytes:
    return size + xmp_box(PACKET)[4:]


def test_the_first_packet_among_the_boxes():
    assert found(FTYP + xmp_box(PACKET) + xmp_box(b"another")) == PACKET
    assert found(FTYP + resized(bytes(4))) == PACKET  # zero: to the end of the file
    wide = (1).to_bytes(4) + b"uuid" + (32 + len(PACKET)).to_bytes(8) + xmp_box(PACKET)[8:]
    assert found(FTYP + wide + FTYP) == PACKET
    assert found(FTYP + xmp_box(PACKET), most_bytes=3) == PACKET[:3]


@pytest.mark.parametrize("size", range(8, 25))
def test_a_box_that_ends_within_its_own_name_holds_nothing(size: int):
    assert found(FTYP + resized(size.to_bytes(4)) + bytes(5000)) == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        FTYP,
        FTYP + bytes(3),
        FTYP + resized((7).to_bytes(4)),
        (1).to_bytes(4) + b"free" + b"\xff" * 8 + xmp_box(PACKET),
        FTYP * 10 + xmp_box(PACKET),
    ],
)
def test_sizes_that_lead_nowhere(raw: bytes):
    assert found(raw) is None
