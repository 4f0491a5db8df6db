"""A reason or a remainder: words from the facts or of ours, in both languages."""

import msgspec

from haechi.words import Lang, Text


class Note(msgspec.Struct, frozen=True, gc=False):
    """One reason or one thing that is lacking.

    code: stable, for programs. ref: the id of the fact that it comes from.
    """

    code: str
    ref: str
    en: str
    ko: str

    def say(self, lang: Lang) -> str:
        """The words in `lang`.

        >>> Note("lacks.named", "xw.001", "A visible mark.", "눈에 보이는 표시.").say("ko")
        '눈에 보이는 표시.'
        """
        return self.en if lang == "en" else self.ko

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {"code": self.code, "ref": self.ref, "en": self.en, "ko": self.ko}


def note(code: str, ref: str, text: Text) -> Note:
    """A note in both languages."""
    return Note(code, ref, text.en, text.ko)
