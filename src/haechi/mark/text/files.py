"""Text from bytes that anybody may have sent: which encoding, how much, and nothing but text.

BadInput
└── TextUnreadable   bytes that are no text in an encoding known here
"""

import codecs
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

from haechi.errors import BadInput, NotFound, TooLarge
from haechi.mark.kind import HEAD_BYTES, has_controls
from haechi.mark.text.words import MAX_TEXT_CHARS
from haechi.words import Text

MOST_TEXT_BYTES = 16 << 20
_WHAT = Text("text", "텍스트")


class TextUnreadable(BadInput):
    """Bytes that are no text; facts: why."""

    code: ClassVar[str] = "mark.text.unreadable"
    what = Text("not a text that can be read: {why}", "읽을 수 있는 텍스트가 아닙니다: {why}")
    hint = Text(
        "save it as UTF-8 text; archives and documents are not opened",
        "UTF-8 텍스트로 저장하세요. 압축 파일과 문서 파일은 열지 않습니다",
    )


class Decoded(NamedTuple):
    """A text and the encoding it came in: utf-8, utf-16 or cp949."""

    text: str
    encoding: str


def decoded(raw: bytes) -> Decoded:
    """The text of a file; nothing is ever unpacked. Raises TooLarge, TextUnreadable.

    UTF-8, else UTF-16 with a byte order mark, else CP949, the old encoding of Korean Windows.
    """
    if len(raw) > MOST_TEXT_BYTES:
        raise TooLarge(what_is=_WHAT, limit=MOST_TEXT_BYTES, got=len(raw))
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Decoded(_strict(raw, "utf-16"), "utf-16")
    if has_controls(raw[:HEAD_BYTES]):
        raise TextUnreadable(why=Text("it holds binary data", "이진 데이터가 들어 있음"))
    try:
        return Decoded(_bounded(raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")), "utf-8")
    except UnicodeDecodeError:
        return Decoded(_strict(raw, "cp949"), "cp949")


def read_bytes(path: Path) -> bytes:
    """The bytes of a text file, at most 16 MiB; raises NotFound, TooLarge."""
    try:
        with path.open("rb") as file:
            return read_stream(file)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=Text("text file", "텍스트 파일"), name=str(path)) from error


def read_stream(stream: BinaryIO) -> bytes:
    """All bytes of a stream, at most 16 MiB however long its lines are; raises TooLarge."""
    raw = stream.read(MOST_TEXT_BYTES + 1)
    if len(raw) > MOST_TEXT_BYTES:
        raise TooLarge(what_is=_WHAT, limit=MOST_TEXT_BYTES, got=len(raw))
    return raw


def _strict(raw: bytes, encoding: str) -> str:
    try:
        return _bounded(raw.decode(encoding))
    except UnicodeDecodeError as error:
        raise TextUnreadable(
            why=Text("neither UTF-8 nor UTF-16 nor CP949", "UTF-8, UTF-16, CP949 중 어느 것도 아님")
        ) from error


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise TooLarge(what_is=_WHAT, limit=MAX_TEXT_CHARS, got=len(text))
    return text
