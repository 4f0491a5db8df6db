"""What a reader sees when something is wrong: the same error, as a page or as JSON, in either language.

HaechiError
├── NotFound
│   └── NoSuchPage        no page at this address
├── BadInput
│   ├── BadAddress        the address cannot be read
│   ├── NothingMeant      what was typed into the look-up box means nothing here
│   └── WrongMethod       pages are read, never written
└── NodeBroke             an error of ours; what happened stands in the node's own log
"""

from typing import ClassVar

from haechi.errors import BadInput, Conflict, HaechiError, NotFound, Refused, TooLarge, Unavailable
from haechi.node.limits import TooMany
from haechi.node.pages.view import NodeView, Pair, View, pair
from haechi.words import Text


class NoSuchPage(NotFound):
    """Nothing at this address."""

    code = "page.not-found"
    what = Text("there is no page at this address", "이 주소에는 페이지가 없습니다")
    hint = Text(
        "start from the first page, or look up a digest there",
        "첫 페이지에서 시작하거나 다이제스트를 찾아보세요",
    )


class BadAddress(BadInput):
    """The address itself cannot be read."""

    code = "page.bad-address"
    what = Text("this address is not written as it should be", "주소가 올바르게 적혀 있지 않습니다")
    hint = Text(
        "a statement's address ends in 64 lower-case hexadecimal digits; check that it was copied whole",
        "진술의 주소는 소문자 16진수 64자리로 끝납니다. 주소가 모두 복사되었는지 확인하세요",
    )


class NothingMeant(BadInput):
    """What was typed into the look-up box is nothing that could be looked up."""

    code = "page.nothing-meant"
    what = Text(
        "this is no digest, no link to a statement and no issuer known here",
        "다이제스트도, 진술의 주소도, 이 노드가 아는 발행자도 아닙니다",
    )
    hint = Text(
        "paste 64 hexadecimal digits, the address of a statement page of any node, or an issuer's exact name",
        "16진수 64자리, 아무 노드의 진술 페이지 주소, 또는 발행자의 정확한 이름을 넣으세요",
    )


class WrongMethod(BadInput):
    """The address exists and only answers to reading."""

    code = "page.wrong-method"
    what = Text("this address can only be read", "이 주소는 읽기만 할 수 있습니다")
    hint = Text("statements are published with POST /entries", "진술은 POST /entries 로 게시합니다")


class NodeBroke(HaechiError):
    """Something went wrong on our side. Says nothing about what: that stands in the node's own log."""

    code = "page.broken"
    what = Text("this node made a mistake and could not answer", "이 노드의 오류로 답하지 못했습니다")
    hint = Text(
        "nothing was changed; try again, and tell the node's operator if it stays",
        "바뀐 것은 없습니다. 다시 시도하고, 계속되면 노드 운영자에게 알려 주세요",
    )


_BY_STATUS: dict[int, type[HaechiError]] = {
    400: BadAddress,
    404: NoSuchPage,
    405: WrongMethod,
}
_BY_ERROR: tuple[tuple[type[HaechiError], int], ...] = (
    (TooMany, 429),
    (WrongMethod, 405),
    (TooLarge, 413),
    (BadInput, 400),
    (NotFound, 404),
    (Refused, 403),
    (Conflict, 409),
    (Unavailable, 503),
)


_BROKEN = Text("Something went wrong", "문제가 발생했습니다")
_TITLES: dict[int, Text] = {
    400: Text("That cannot be read", "읽을 수 없습니다"),
    403: Text("Refused", "거부되었습니다"),
    404: Text("Not in this node", "이 노드에 없습니다"),
    405: Text("Read only", "읽기 전용입니다"),
    409: Text("Two versions met", "서로 다른 두 기록이 부딪쳤습니다"),
    413: Text("Too large", "너무 큽니다"),
    429: Text("Too many requests", "요청이 너무 많습니다"),
    503: Text("Not available just now", "지금은 응답할 수 없습니다"),
}


class ProblemPage(View, frozen=True, kw_only=True):
    """An error for people. path: below the language, for the switch to the other one; node: when known."""

    template: ClassVar[str] = "problem.html"

    node: NodeView | None
    status: int
    title: Pair
    code: str
    message: Pair
    hint: Pair
    named_by: tuple[str, ...]
    path: str = ""
    query: str = ""


def status_of(error: HaechiError) -> int:
    """The HTTP status that says what kind of error this is."""
    return next((status for kind, status in _BY_ERROR if isinstance(error, kind)), 500)


def error_of(status: int) -> HaechiError:
    """The error of our tree for a bare HTTP status."""
    if status == 429:
        return TooMany(retry_s=1)
    return _BY_STATUS.get(status, NodeBroke if status >= 500 else BadAddress)()


def problem_page(error: HaechiError, status: int, path: str, node: NodeView | None = None) -> ProblemPage:
    """The page for an error. Statements that name a missing digest are linked when the error lists them."""
    named_by = error.facts.get("named_by")
    return ProblemPage(
        node=node,
        status=status,
        title=pair(_TITLES.get(status, _BROKEN)),
        code=error.code,
        message=Pair(error.say("en"), error.say("ko")),
        hint=Pair(error.advise("en"), error.advise("ko")),
        named_by=tuple(str(item) for item in named_by) if isinstance(named_by, list) else (),  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        path=path,
    )
