"""Text for people, always in both languages.

A sentence that exists in one language only cannot be written down: `Text` takes English and Korean
together, so a missing translation is a type error and not a bug report.

>>> Text("{n} entries", "항목 {n}개").say("ko", n=3)
'항목 3개'
"""

from typing import Literal, NamedTuple, cast, get_args

Lang = Literal["en", "ko"]
LANGS: tuple[Lang, ...] = get_args(Lang)


class Text(NamedTuple):
    """One sentence or label in English and Korean; `{name}` places are filled from facts."""

    en: str
    ko: str

    def say(self, lang: Lang, **facts: object) -> str:
        """The sentence in `lang` with its places filled; an unnamed place raises KeyError.

        A fact that is a Text itself is said in `lang` too; a list is said with commas.

        >>> Text("no {what}", "{what} 없음").say("ko", what=Text("key", "키"))
        '키 없음'
        >>> Text("nearest: {names}", "가까운 이름: {names}").say("en", names=["a", "b"])
        'nearest: a, b'
        """
        pattern = self.ko if lang == "ko" else self.en
        if not facts:
            return pattern
        return pattern.format(**{name: _told(fact, lang) for name, fact in facts.items()})


def _told(fact: object, lang: Lang) -> object:
    if isinstance(fact, Text):
        return fact.say(lang)
    if isinstance(fact, list | tuple):
        return ", ".join(str(_told(item, lang)) for item in cast("list[object]", fact)) or "-"
    return fact


def lang_from_locale(*settings: str | None) -> Lang:
    """The first setting that names a language we speak, else English.

    settings: values such as LC_ALL, LC_MESSAGES, LANG ("ko_KR.UTF-8") or an Accept-Language part.

    >>> lang_from_locale(None, "", "ko_KR.UTF-8")
    'ko'
    """
    for setting in settings:
        if not setting:
            continue
        return "ko" if setting.lower().startswith("ko") else "en"
    return "en"
