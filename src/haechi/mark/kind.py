"""Which medium a file that was found is of: by its name, else by how its bytes begin.

BadInput
└── KindUnknown   no medium that is looked at
"""

import codecs
from pathlib import Path
from typing import ClassVar

from haechi.errors import BadInput, NotFound
from haechi.mark.media import STDIN, SUFFIXES, Medium, medium_of
from haechi.words import Text, system_reason

HEAD_BYTES = 4096
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")
_FILMS = (b"\x1a\x45\xdf\xa3",)
_SOUNDS = (b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
_RIFF: dict[bytes, Medium] = {b"WEBP": "image", b"WAVE": "audio"}
# The brand of an ISO file says what it is for; whatever is not named is a film.
_BRANDS: dict[bytes, Medium] = {
    b"avif": "image",
    b"avis": "image",
    b"mif1": "image",
    b"M4A ": "audio",
    b"M4B ": "audio",
}
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}


class KindUnknown(BadInput):
    """Neither picture, film, sound nor text, as far as its name and its first bytes tell; facts: name."""

    code: ClassVar[str] = "mark.kind-unknown"
    what = Text(
        "no picture, film, sound or text of a known kind: {name}",
        "알려진 종류의 그림, 영상, 소리, 텍스트가 아닙니다: {name}",
    )
    hint = Text(
        "archives and documents are not opened: take out what is in them, text as UTF-8",
        "압축 파일과 문서 파일은 열지 않습니다. 안에 든 것을 꺼내고 텍스트는 UTF-8로 저장하세요",
    )


def medium_of_head(head: bytes) -> Medium | None:
    """The picture, sound or film that the first 16 bytes speak of, or None.

    >>> medium_of_head(b"fLaC" + bytes(12))
    'audio'
    """
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video")
    if head.startswith(_PICTURES):
        return "image"
    if head.startswith(_SOUNDS):
        return "audio"
    return "video" if head.startswith(_FILMS) else None


def has_controls(raw: bytes) -> bool:
    """Whether there are bytes that no text holds."""
    return not _CONTROLS.isdisjoint(raw)


def medium_found(path: Path) -> Medium:
    """The medium to look at a file as. Whatever holds no control characters is read as text, code too.

    Raises KindUnknown, NotFound.
    """
    if path == STDIN or path.suffix.lower() in SUFFIXES:
        return medium_of(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=Text("file", "파일"), name=str(path)) from error
    except OSError as error:
        raise BadInput(why=system_reason(error)) from error
    medium = medium_of_head(head)
    if medium is not None:
        return medium
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not has_controls(head):
        return "text"
    raise KindUnknown(name=str(path))
