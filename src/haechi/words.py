"""Text for people, always in both languages.

A sentence that exists in one language only cannot be written down: `Text` takes English and Korean
together, so a missing translation is a type error and not a bug report.

>>> Text("{n} entries", "항목 {n}개").say("ko", n=3)
'항목 3개'
"""

import errno
import os
import re
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

        A Korean particle after a place takes the form that fits:

        >>> Text("{what} not found", "{what}을(를) 찾을 수 없음").say("ko", what=Text("key", "키"))
        '키를 찾을 수 없음'
        >>> Text("nearest: {names}", "가까운 이름: {names}").say("en", names=["a", "b"])
        'nearest: a, b'
        """
        pattern = self.ko if lang == "ko" else self.en
        if not facts:
            return pattern
        told = {name: _told(fact, lang) for name, fact in facts.items()}
        return _in_korean(pattern, told) if lang == "ko" else pattern.format(**told)


_PLACE = re.compile(r"(\{[^{}]+\})(을\(를\)|이\(가\)|은\(는\)|와\(과\)|\(으\)로)")
_FITTING = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
_RIEUL = 8
"""Place of ㄹ among the final consonants of a Hangul syllable; words that end in it take 로."""


def _in_korean(pattern: str, told: dict[str, object]) -> str:
    """The pattern filled, each particle in the form that fits a Hangul word before it, else in both forms."""
    said, at = "", 0
    for place in _PLACE.finditer(pattern):
        word = place[1].format(**told)
        said += pattern[at : place.start()].format(**told) + word + _particle(word, place[2])
        at = place.end()
    return said + pattern[at:].format(**told)


def _particle(word: str, both: str) -> str:
    if not "가" <= word[-1:] <= "힣":
        return both
    final = (ord(word[-1]) - ord("가")) % 28
    after_consonant, after_vowel = _FITTING[both]
    return after_consonant if final and not (both == "(으)로" and final == _RIEUL) else after_vowel


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


_SYSTEM = {
    errno.EACCES: "권한이 없음",
    errno.EADDRINUSE: "이미 쓰이는 주소임",
    errno.EADDRNOTAVAIL: "쓸 수 없는 주소임",
    errno.ECONNREFUSED: "연결이 거부됨",
    errno.ECONNRESET: "상대가 연결을 끊음",
    errno.EDQUOT: "디스크 할당량을 넘음",
    errno.EEXIST: "이미 있음",
    errno.EHOSTUNREACH: "호스트에 닿지 않음",
    errno.EIO: "입출력 오류",
    errno.EISDIR: "폴더임",
    errno.ELOOP: "심볼릭 링크가 너무 많음",
    errno.EMFILE: "열린 파일이 너무 많음",
    errno.ENAMETOOLONG: "이름이 너무 김",
    errno.ENETUNREACH: "네트워크에 닿지 않음",
    errno.ENOENT: "그런 파일이나 폴더가 없음",
    errno.ENOSPC: "디스크에 남은 공간이 없음",
    errno.ENOTDIR: "폴더가 아님",
    errno.EPERM: "허용되지 않는 작업임",
    errno.EPIPE: "받는 쪽이 닫힘",
    errno.EROFS: "읽기 전용 파일 시스템임",
    errno.ETIMEDOUT: "시간이 초과됨",
}


def system_reason(error: OSError) -> Text:
    """Why the system refused, in both languages; in the system's own words where it is no usual reason.

    >>> system_reason(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    Text(en='No space left on device', ko='디스크에 남은 공간이 없음')
    """
    said = error.strerror or str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        return Text(said, _SYSTEM[errno.ETIMEDOUT])
    # Name resolution and TLS count their errors apart, from one as well.
    usual = error.errno is not None and said == os.strerror(error.errno)
    return Text(said, _SYSTEM.get(error.errno or 0, said) if usual else said)
