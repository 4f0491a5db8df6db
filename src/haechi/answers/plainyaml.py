"""The small part of YAML that a profile needs, read without a YAML library and without its surprises.

    BadInput
    └── PlainYamlRefused     a line that is more YAML than a profile needs; nothing was read

A mapping of names to one value or a flat list, comments, quotes. `NO` stays the text NO (a country here,
false to YAML 1.1); only `true`, `false`, `null` and plain numbers are no texts.
"""

import re
from collections.abc import Mapping

from haechi.errors import BadInput
from haechi.statement.sentence import Sentence
from haechi.words import Text

_KEY = re.compile(r"([a-z][a-z0-9_]*):(?:\s+(.*))?", re.ASCII)
_ITEM = re.compile(r"\s*-\s+(.*)")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "~": None}
_RESERVED = "&*!|>%@`{}[]"


class PlainYamlRefused(BadInput):
    """A line that cannot be read; facts: line, why."""

    code = "answers.profile-yaml"
    what = Sentence("the profile, line {line}: {why}", "프로필 {line}행: {why}")
    hint = Text(
        "write NAME: VALUE, NAME: [A, B] or a list of `- A` lines; quote a text with special characters",
        "이름: 값, 이름: [가, 나] 또는 `- 가` 줄의 목록으로 쓰고, 특수 문자가 있는 글은 따옴표로 묶으세요",
    )


def read_plain_yaml(text: str) -> dict[str, object]:
    r"""Name to value, in the order of the lines. Raises PlainYamlRefused with the line.

    >>> read_plain_yaml("name: studio\ncountries: [NO, KR]\nhigh_impact: false  # so far")
    {'name': 'studio', 'countries': ['NO', 'KR'], 'high_impact': False}
    """
    found: dict[str, object] = {}
    open_list: list[object] | None = None
    opened: set[str] = set()
    for number, raw in enumerate(text.splitlines(), 1):
        line = _uncommented(raw, number).rstrip()
        if not line.strip() or line == "---":
            continue
        item = _ITEM.fullmatch(line)
        if item is not None and open_list is not None:
            open_list.append(_scalar(item[1], number))
            continue
        key = _KEY.fullmatch(line)
        if key is None:
            raise _refused(number, "neither NAME: VALUE nor a list item", "이름: 값도 목록 항목도 아님")
        if key[1] in found:
            raise _refused(number, f"{key[1]} stands twice", f"{key[1]}이(가) 두 번 나옴")
        value = (key[2] or "").strip()
        open_list = None
        if value:
            found[key[1]] = _value(value, number)
        else:
            opened.add(key[1])
            found[key[1]] = open_list = []
    # `NAME:` with nothing after it says nothing; `NAME: []` says "none of them".
    return {name: None if name in opened and not value else value for name, value in found.items()}


def _value(text: str, line: int) -> object:
    if not text.startswith("["):
        return _scalar(text, line)
    if not text.endswith("]"):
        raise _refused(line, "a list is not closed on its line", "목록이 같은 줄에서 닫히지 않음")
    inner = text[1:-1].strip()
    return [_scalar(part, line) for part in _parts(inner, line)] if inner else []


def _parts(inner: str, line: int) -> list[str]:
    parts = re.findall(r"\"[^\"]*\"|'[^']*'|[^,\"']+", inner)
    kept = [part.strip() for part in parts if part.strip()]
    if len(kept) != inner.count(",") + 1 and not any(quote in inner for quote in "\"'"):
        raise _refused(line, "an item of the list is empty", "목록에 빈 항목이 있음")
    return kept


def _scalar(text: str, line: int) -> object:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if not text or text[0] in _RESERVED or text[0] in "\"'" or ": " in text:
        raise _refused(line, f"not a plain value: {text[:60]!r}", f"단순한 값이 아님: {text[:60]!r}")
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    return text


def _uncommented(line: str, number: int) -> str:
    if "\t" in line:
        raise _refused(number, "a tab; use spaces", "탭 문자가 있음. 공백을 쓰세요")
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and (at == 0 or line[at - 1] in " [,"):
            quote = char
        elif char == "#" and (at == 0 or line[at - 1] == " "):
            return line[:at]
    return line


def _refused(line: int, en: str, ko: str) -> PlainYamlRefused:
    return PlainYamlRefused(line=line, why=Text(en, ko))
