"""What msgspec, JSON, TOML or UTF-8 found wrong with a value, said in both languages and safe to print."""

import re

from haechi.words import Text

_MAX_CHARS = 300
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<place>.*)`)?\Z", re.DOTALL)
_COMPARED = {"<=": "이하", ">=": "이상", "<": "미만", ">": "초과"}

# Each pattern matches a whole message; the groups fill the Korean sentence.
_MESSAGES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"Expected `(.+)`, got `(.+)`\Z"), "`{0}`이어야 하는데 `{1}`임"),
    (re.compile(r"Expected `(.+)` of length (<=|>=) (\d+)\Z"), "`{0}`의 길이가 {2} {1}여야 함"),
    (re.compile(r"Expected `(.+)` (<=|>=|<|>) (\S+)\Z"), "`{0}`이(가) {2} {1}여야 함"),
    (re.compile(r"Expected `(.+)` matching regex (.+)\Z"), "`{0}`이(가) 정규식 {1}에 맞아야 함"),
    (re.compile(r"Expected `datetime` with a timezone component()\Z"), "일시에 시간대가 있어야 함{0}"),
    (re.compile(r"Object missing required field `(.+)`\Z"), "필수 항목 `{0}`이(가) 없음"),
    (re.compile(r"Object contains unknown field `(.+)`\Z", re.DOTALL), "알 수 없는 항목 `{0}`이(가) 있음"),
    (re.compile(r"Invalid enum value (.+)\Z", re.DOTALL), "허용되지 않는 값 {0}"),
    (re.compile(r"Invalid RFC3339 encoded date()\Z"), "RFC 3339 형식의 날짜가 아님{0}"),
    (re.compile(r"Invalid RFC3339 encoded datetime()\Z"), "RFC 3339 형식의 일시가 아님{0}"),
    (
        re.compile(r"JSON is malformed: .+ \(byte (\d+)\)\Z", re.DOTALL),
        "바이트 위치 {0}에서 JSON이 올바르지 않음",
    ),
    (
        re.compile(r".*codec can't decode bytes? .*in position (\d+)", re.DOTALL),
        "바이트 위치 {0}부터 UTF-8이 아님",
    ),
    (re.compile(r"Invalid UTF-8 encoded string()\Z"), "UTF-8이 아님{0}"),
    (re.compile(r"JSON is malformed: (.+)\Z", re.DOTALL), "JSON이 올바르지 않음: {0}"),
    (
        re.compile(r".+: line (\d+) column (\d+) \(char \d+\)\Z", re.DOTALL),
        "{0}행 {1}열에서 JSON이 올바르지 않음",
    ),
    (re.compile(r".+ \(at line (\d+), column (\d+)\)\Z", re.DOTALL), "{0}행 {1}열에서 TOML이 올바르지 않음"),
    (re.compile(r".+ \(at end of document()\)\Z", re.DOTALL), "TOML이 중간에 끝남{0}"),
    (re.compile(r"a name is given twice in one object()\Z"), "한 객체에 같은 이름이 두 번 나옴{0}"),
    (re.compile(r"Input data was truncated()\Z"), "중간에 끊김{0}"),
    (re.compile(r"nested too deeply()\Z"), "중첩이 너무 깊음{0}"),
]


def misfit_of(error: Exception) -> Text:
    """The message with its place first; a message we have no Korean for stands in English in both.

    >>> import msgspec
    >>> misfit_of(msgspec.ValidationError("Expected `int`, got `str` - at `$.size`"))
    Text(en='$.size: Expected `int`, got `str`', ko='$.size: `int`이어야 하는데 `str`임')
    """
    # Names of unknown fields are a stranger's words: nothing of them may move a terminal's cursor.
    said = "".join(char if char.isprintable() else "\ufffd" for char in str(error))[:_MAX_CHARS]
    found = _PLACE.match(said)
    what, place = (found["what"], found["place"]) if found else (said, None)
    before = f"{place}: " if place else ""
    return Text(before + what, before + _korean(what))


def _korean(what: str) -> str:
    for pattern, sentence in _MESSAGES:
        found = pattern.match(what)
        if found:
            return sentence.format(*(_COMPARED.get(group, group) for group in found.groups()))
    return what
