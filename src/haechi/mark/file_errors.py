"""Errors about files of any medium: one sentence for each kind, and what to do about it medium by medium.

    BadInput
    ├── MediaUnreadable     not a file of its medium that we can read
    │   ├── FileUnreadable (a picture), SoundUnreadable, VideoUnreadable
    ├── MediaTooLarge       bytes, pixels, samples, length or tracks beyond the bounds
    │   ├── FileTooLarge (a picture), SoundTooLarge, VideoTooLarge
    ├── MediaUnfit          readable, and of a kind that cannot be marked
    │   ├── FileUnfit (a picture), SoundFileUnfit, VideoUnfit
    └── PrintMalformed      bytes that are no fingerprint of their medium
        ├── SignatureMalformed (key points of a picture), SoundPrintMalformed, FilmPrintMalformed

Each leaf is drawn where it is raised. It brings a code and a hint; the sentence comes with the medium.
"""

from haechi.errors import BadInput
from haechi.mark.media import WHAT, Medium
from haechi.words import Text


def _about(medium: Medium, words: Text) -> Text:
    """The words with the name of the medium's files in them."""
    what = WHAT[medium]
    return Text(words.en.replace("{medium}", what.en), words.ko.replace("{medium}", what.ko))


class MediaUnreadable(BadInput):
    """Not a file of its medium that we can read; facts: why."""

    def __init_subclass__(cls, *, medium: Medium) -> None:
        words = Text("the {medium} cannot be read: {why}", "{medium}을 읽을 수 없습니다: {why}")
        cls.what = _about(medium, words)


class MediaTooLarge(BadInput):
    """Beyond the bounds; facts: what_is, limit, got."""

    what = Text("{what_is}: at most {limit}, got {got}", "{what_is}: 최대 {limit}, 받은 값 {got}")


class MediaUnfit(BadInput):
    """A readable file that cannot be marked; facts: why."""

    def __init_subclass__(cls, *, medium: Medium) -> None:
        words = Text("this {medium} cannot be marked: {why}", "마크할 수 없는 {medium}입니다: {why}")
        cls.what = _about(medium, words)


class PrintMalformed(BadInput):
    """Bytes that are no fingerprint of their medium; facts: why."""

    hint = Text("ask for the kept file again, by its digest", "보관된 파일을 다이제스트로 다시 요청하세요")

    def __init_subclass__(cls, *, medium: Medium) -> None:
        words = Text("not a fingerprint of a {medium}: {why}", "{medium}의 지문이 아닙니다: {why}")
        cls.what = _about(medium, words)


FILE_BYTES = Text("file bytes", "파일 바이트")
_DAMAGED = Text("damaged, incomplete or of another format", "손상되었거나 불완전하거나 다른 형식임")
_INVALID = "Invalid data found when processing input"


def why_of(error: Exception) -> str | Text:
    """What the error of a library says, without the numbers and names that mean something to it alone."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _DAMAGED if said == _INVALID else said[:200]
