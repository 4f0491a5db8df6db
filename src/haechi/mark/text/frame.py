"""The frame that carries a C2PA manifest inside plain text (C2PA 2.4, annex A.8): bytes nobody sees.

U+FEFF, then each byte as a variation selector: magic, version, length, manifest. It stands at the end of the
text, which is in NFC; copying it along is up to every program on the way, and many drop it.

BadInput
└── FrameMalformed   a frame that is cut off, doubled or of another version
"""

import re
import unicodedata
from typing import ClassVar, NamedTuple

from haechi.errors import BadInput
from haechi.words import Text

_MAGIC = b"C2PATXT\x00"
_VERSION = 1
_HEADER_BYTES = len(_MAGIC) + 1 + 4
MOST_MANIFEST_BYTES = 1 << 20
_START = "\ufeff"
_FRAME = re.compile("\ufeff([\ufe00-\ufe0f\U000e0100-\U000e01ef]{13,})")
_TO_BYTE = {
    **{0xFE00 + byte: byte for byte in range(16)},
    **{0xE0100 + byte - 16: byte for byte in range(16, 256)},
}
_TO_LETTER = {byte: chr(letter) for letter, byte in _TO_BYTE.items()}


class FrameMalformed(BadInput):
    """A text with something like a frame that is none; facts: why."""

    code: ClassVar[str] = "mark.text.frame"
    what = Text(
        "the credential in the text is damaged: {why}", "텍스트에 든 자격 증명이 손상되었습니다: {why}"
    )
    hint = Text("ask for the file as it was sent", "보낸 그대로의 파일을 요청하세요")


class Framed(NamedTuple):
    """A text with its frame taken out. start, length: where the frame stood, in bytes of UTF-8."""

    text: str
    manifest: bytes
    start: int
    length: int


def frame_of(manifest: bytes) -> str:
    """The frame: 14 characters and one for each byte of the manifest.

    >>> len(frame_of(b"manifest"))
    22
    """
    raw = _MAGIC + bytes((_VERSION,)) + len(manifest).to_bytes(4) + manifest
    return _START + "".join(_TO_LETTER[byte] for byte in raw)


def frame_bytes(manifest: bytes) -> int:
    """How many bytes of UTF-8 the frame takes: three for a byte below 16, four for others."""
    header = _MAGIC + bytes((_VERSION,)) + len(manifest).to_bytes(4)
    return 3 + sum(3 if byte < 16 else 4 for byte in header + manifest)


def with_frame(text: str, manifest: bytes) -> str:
    """The text in NFC with the frame at its end; raises FrameMalformed when it has one already."""
    if _FRAME.search(text):
        raise FrameMalformed(why=Text("there is one already", "이미 하나가 들어 있음"))
    return unicodedata.normalize("NFC", text) + frame_of(manifest)


def without_frame(text: str) -> Framed | None:
    """The text and the manifest in it; None when there is no frame. Raises FrameMalformed.

    Selectors that do not begin with the magic, as in emoji, are text.
    """
    found = [(match, raw) for match in _FRAME.finditer(text) if (raw := _bytes(match[1])).startswith(_MAGIC)]
    if not found:
        return None
    if len(found) > 1:
        raise FrameMalformed(why=Text("there are two", "두 개가 들어 있음"))
    match, raw = found[0]
    size = int.from_bytes(raw[9:_HEADER_BYTES])
    if raw[8] != _VERSION or size > MOST_MANIFEST_BYTES or len(raw) < _HEADER_BYTES + size:
        raise FrameMalformed(why=Text("it is cut off, or of another version", "잘렸거나 다른 판임"))
    manifest = raw[_HEADER_BYTES : _HEADER_BYTES + size]
    # What follows the manifest in the same run is padding of others, who bring a frame to a length with it.
    start, length = len(text[: match.start()].encode()), len(match[0].encode())
    return Framed(text[: match.start()] + text[match.end() :], manifest, start, length)


def _bytes(letters: str) -> bytes:
    return bytes(_TO_BYTE[ord(letter)] for letter in letters[: MOST_MANIFEST_BYTES + _HEADER_BYTES])
