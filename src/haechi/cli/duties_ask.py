"""Asking for a profile one question at a time; what is not answered stays unknown."""

import json
import sys
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from haechi.cli.out import clean
from haechi.errors import BadInput
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Catalogue, Question

MAX_LINE = 2000
_LISTS = frozenset({"countries", "roles", "applications", "modalities", "users", "vulnerable_groups"})
_NUMBERS = frozenset({"compute_flop", "revenue_usd"})
_NONE_OF_THEM = frozenset({"none", "없음"})
_HOW = Text(
    "Several answers with commas; a number picks from the list; Enter: not known; q: enough.",
    "여러 답은 쉼표로, 번호로 목록에서 고르기, Enter: 모름, q: 그만.",
)


def ask(values: Mapping[str, object], catalogue: "Catalogue", day: date, lang: Lang) -> dict[str, object]:
    """The profile's values with the answers given; each question decides most of what is still unknown.

    Questions go to standard error, so that standard output stays one document. A question is put once; an
    answer that cannot be read or contradicts another is told and put again. Ends with the input.
    """
    from haechi.answers import duties, next_questions, read_profile

    known, skipped = dict(values), set[str]()
    _tell(_HOW.say(lang))
    while True:
        profile = read_profile(known, catalogue.facts)
        asked = next_questions(duties(profile, catalogue, day), catalogue.facts)
        question = next((each for each in asked if each.field not in skipped), None)
        if question is None:
            return known
        _put(question, lang)
        line = sys.stdin.readline(MAX_LINE)
        if not line or line.strip().casefold() == "q":
            return known
        if not line.strip():
            skipped.add(question.field)
            continue
        try:
            tried = {**known, question.field: _answer(question, line.strip())}
            read_profile(tried, catalogue.facts)
        except (BadInput, ValueError) as error:
            _tell(error.say(lang) if isinstance(error, BadInput) else _unread(lang))
            continue
        known = tried


def _unread(lang: Lang) -> str:
    return Text("a number is needed here", "여기에는 수가 필요합니다").say(lang)


def _put(question: "Question", lang: Lang) -> None:
    decides = Text("decides {n}", "{n}개를 결정").say(lang, n=question.decides)
    _tell(f"\n{question.text.say(lang)}  ({question.field}; {decides})")
    for at, (value, label) in enumerate(question.choices, 1):
        _tell(f"  {at}. {label.say(lang)} [{value}]")
    sys.stderr.write("> ")
    sys.stderr.flush()


def _tell(line: str) -> None:
    sys.stderr.write(f"{clean(line)}\n" if "\n" not in line else f"{line}\n")


def _answer(question: "Question", line: str) -> object:
    if question.field in _LISTS:
        if line.casefold() in _NONE_OF_THEM:
            return []
        return [_picked(question, part.strip()) for part in line.split(",") if part.strip()]
    if question.field in _NUMBERS:
        return float(line)
    picked = _picked(question, line)
    return {"true": True, "false": False}.get(picked, picked)


def _picked(question: "Question", word: str) -> str:
    """The value that a number, a value or a name in either language stands for."""
    if word.isdecimal() and 0 < int(word) <= len(question.choices):
        return question.choices[int(word) - 1][0]
    for value, label in question.choices:
        if word.casefold() in (value.casefold(), label.en.casefold(), label.ko.casefold()):
            return value
    return word.upper() if question.field == "countries" else word


def as_yaml(values: Mapping[str, object]) -> str:
    """A profile as the YAML that `haechi duties` reads back."""
    lines = [f"{name}: {_written(value)}" for name, value in values.items() if value is not None]
    return "\n".join(lines)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"  # pyright: ignore[reportUnknownArgumentType]  # plain values
    text = str(value)
    plain = text.replace("_", "").replace("-", "").replace(".", "").isalnum() and not text[0].isdecimal()
    return text if plain and text not in ("true", "false", "null") else json.dumps(text, ensure_ascii=False)
