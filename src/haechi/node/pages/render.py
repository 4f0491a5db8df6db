"""Pages as HTML, in one language at a time.

Always true of what leaves here: every value is escaped, and no character of it can hide or turn the text
around it (controls and direction marks are shown as code points), for both happen to every expression of
every template and cannot be forgotten in one.
"""

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from haechi.findings import VERDICT_WORDS, Verdict
from haechi.node.pages.links import Links
from haechi.node.pages.problem import ProblemPage
from haechi.node.pages.static import assets
from haechi.node.pages.view import Page, Pair
from haechi.statement.breach import HIDDEN_TEXT
from haechi.words import LANGS, Lang, Text

LANGUAGE_NAMES: dict[Lang, Text] = {"en": Text("English", "영어"), "ko": Text("Korean", "한국어")}
SELF_NAMES: dict[Lang, str] = {"en": "English", "ko": "한국어"}


def inert(text: str) -> str:
    r"""The text with every character that could hide or reorder its neighbours shown as its code point.

    >>> inert("a\u202eb")
    'a⟨U+202E⟩b'
    """
    return HIDDEN_TEXT.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def render(page: Page | ProblemPage, lang: Lang) -> str:
    """The page as a whole HTML document in `lang`."""
    return _environment(lang).get_template(page.template, globals=_words(lang)).render(page=page)


@dataclass(frozen=True, slots=True)
class _Voice:
    """What templates use to speak in one language."""

    lang: Lang

    def t(self, en: str, ko: str, **values: object) -> str:
        return Text(en, ko).say(self.lang, **values)

    def say(self, text: Pair) -> str:
        return text.ko if self.lang == "ko" else text.en

    def verdict_word(self, verdict: str) -> str:
        return VERDICT_WORDS[Verdict(verdict)].say(self.lang)

    def language(self, code: Lang) -> str:
        return LANGUAGE_NAMES[code].say(self.lang)

    def as_globals(self) -> dict[str, object]:
        other: Lang = "en" if self.lang == "ko" else "ko"
        return {
            "lang": self.lang,
            "other": other,
            "other_name": SELF_NAMES[other],
            "t": self.t,
            "say": self.say,
            "verdict_word": self.verdict_word,
            "language": self.language,
            "link": Links(self.lang),
            "other_link": Links(other),
            "asset": _asset_path,
            "number": _number,
            "short": _short,
        }


@lru_cache(maxsize=len(LANGS))
def _words(lang: Lang) -> dict[str, object]:
    return _Voice(lang).as_globals()


@lru_cache(maxsize=len(LANGS))
def _environment(lang: Lang) -> Environment:  # noqa: ARG001  # one for each: Jinja writes globals into its cache
    return Environment(
        loader=PackageLoader("haechi.node.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )


def _asset_path(name: str) -> str:
    return assets()[name].path


def _finalize(value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return inert(value)


def _number(value: int) -> str:
    return f"{value:,}"


def _short(digest: str) -> str:
    return f"{digest[:12]}…"
