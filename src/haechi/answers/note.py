"""A reason or a remainder: words from the facts or of ours, honest about a missing translation."""

import msgspec

from haechi.words import Lang, Text


class Note(msgspec.Struct, frozen=True, gc=False):
    """One reason or one thing that is lacking.

    code: stable, for programs. ref: the id of the fact that it comes from. ko: None where the facts have no
    Korean text; it is then shown in English and marked, never translated by a machine.
    """

    code: str
    ref: str
    en: str
    ko: str | None = None

    @property
    def untranslated(self) -> bool:
        """Whether the Korean text is missing in the facts."""
        return self.ko is None

    def say(self, lang: Lang) -> str:
        """The words in `lang`; English marked as untranslated where there is no Korean.

        >>> Note("lacks.named", "xw.001", "A visible mark.").say("ko")
        '[en] A visible mark. (번역 없음)'
        """
        if lang == "en":
            return self.en
        return f"[en] {self.en} (번역 없음)" if self.ko is None else self.ko

    def as_dict(self) -> dict[str, object]:
        """JSON form; `ko` is null where the facts have no Korean text."""
        return {"code": self.code, "ref": self.ref, "en": self.en, "ko": self.ko}


def note(code: str, ref: str, text: Text) -> Note:
    """A note in both languages."""
    return Note(code, ref, text.en, text.ko)
