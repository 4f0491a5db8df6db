"""The one error tree of Haechi.

    HaechiError
    ├── BadInput          the bytes or words given are wrong; sending them again changes nothing
    │   ├── TooLarge      a bound on size or depth was passed before any work was done
    │   └── UnknownName   a name that the facts do not have; the nearest right ones are listed
    ├── NotFound          what was asked for is not here
    ├── Refused           understood, and not allowed (policy, key, sharing level)
    ├── Conflict          two truths met: a moved head, another writer, a fork
    └── Unavailable       a disk, a peer or a lock does not answer; trying again may help

Each room derives its own errors next to the code that raises them. A class carries a stable `code`, a
sentence (`what`) and a `hint` a person can act on, both in English and Korean; an instance carries the
facts that fill them. Message order: what, expected, got, where.

>>> str(TooLarge(what_is="statement", limit=65536, got=70000))
'statement is too large: at most 65536 bytes, got 70000'
"""

from typing import ClassVar, cast

from haechi.words import Lang, Text


class HaechiError(Exception):
    """Root of the tree. `facts` fill the sentence; `code` never changes between releases."""

    code: ClassVar[str] = "error"
    what: ClassVar[Text] = Text("something went wrong", "문제가 발생했습니다")
    hint: ClassVar[Text] = Text(
        "run again with --json for the facts", "--json 으로 다시 실행해 자세한 사실을 확인하세요"
    )

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.what.say("en", **facts))

    def say(self, lang: Lang) -> str:
        """The error's sentence in `lang`."""
        return self.what.say(lang, **self.facts)

    def advise(self, lang: Lang) -> str:
        """The hint in `lang`: what the reader can do next."""
        return self.hint.say(lang, **self.facts)

    def as_dict(self, lang: Lang = "en") -> dict[str, object]:
        """JSON form: code, message, hint and the facts as strings, numbers or lists."""
        return {
            "code": self.code,
            "message": self.say(lang),
            "hint": self.advise(lang),
            "facts": {name: _plain(value, lang) for name, value in self.facts.items()},
        }


def _plain(value: object, lang: Lang) -> object:
    if isinstance(value, Text):
        return value.say(lang)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(item, lang) for item in cast("list[object]", value)]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


class BadInput(HaechiError):
    """The input itself is wrong."""

    code = "input"
    what = Text("the input is not valid: {why}", "입력이 올바르지 않습니다: {why}")
    hint = Text("correct the input; nothing was stored", "입력을 고치세요. 저장된 것은 없습니다")


class TooLarge(BadInput):
    """A size bound was passed; facts: what_is, limit, got."""

    code = "input.too-large"
    what = Text(
        "{what_is} is too large: at most {limit} bytes, got {got}",
        "{what_is}이(가) 너무 큽니다: 최대 {limit}바이트, 받은 크기 {got}",
    )
    hint = Text(
        "give a smaller one; of large evidence the digest is signed, not the file (--evidence)",
        "더 작은 것을 주세요. 큰 증거는 파일이 아니라 다이제스트에 서명합니다 (--evidence)",
    )


class UnknownName(BadInput):
    """A name that the shipped facts do not have; facts: field, got, nearest (list of right names)."""

    code = "input.unknown-name"
    what = Text(
        "{field}: no such name {got!r}; nearest: {nearest}",
        "{field}: {got!r}(이)라는 이름은 없습니다. 가까운 이름: {nearest}",
    )
    hint = Text("use one of the nearest names", "가까운 이름 중 하나를 사용하세요")


class NotFound(HaechiError):
    """Nothing here by that name; facts: what_is, name."""

    code = "not-found"
    what = Text("{what_is} not found: {name}", "{what_is}을(를) 찾을 수 없습니다: {name}")
    hint = Text("check the name, or ask the node that made it", "이름을 확인하거나 만든 노드에 물어보세요")


class Refused(HaechiError):
    """Understood and not allowed; facts: why."""

    code = "refused"
    what = Text("refused: {why}", "거부됨: {why}")
    hint = Text("see the registration policy in the log", "로그에 있는 등록 정책을 확인하세요")


class Conflict(HaechiError):
    """Two truths met; facts: why."""

    code = "conflict"
    what = Text("conflict: {why}", "충돌: {why}")
    hint = Text("stop and compare both sides before going on", "멈추고 양쪽을 비교한 뒤 진행하세요")


class Unavailable(HaechiError):
    """Something outside does not answer; facts: what_is, why."""

    code = "unavailable"
    what = Text("{what_is} is unavailable: {why}", "{what_is}을(를) 사용할 수 없습니다: {why}")
    hint = Text("try again later; nothing was lost", "나중에 다시 시도하세요. 잃은 것은 없습니다")
