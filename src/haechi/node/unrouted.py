"""What programs are told where the router itself refuses: nothing there, another method, our own fault.

HaechiError
├── NotFound
│   └── NothingServed     no such address for programs, or nothing there that may be shown
└── BadInput
    └── MethodUnfit       the address takes other methods

Pages have errors of their own (pages/problem.py).
"""

from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.responses import Response

from haechi.errors import BadInput, HaechiError, NotFound
from haechi.node.pages.problem import NodeBroke
from haechi.node.wire import problem
from haechi.words import Text


class NothingServed(NotFound):
    """Nothing at this address. It is not repeated: clients choose what stands in it."""

    code: ClassVar[str] = "node.nothing-served"
    what = Text(
        "this node serves nothing at this address", "이 노드는 이 주소에서 아무것도 제공하지 않습니다"
    )
    hint = Text(
        "compare it with /openapi.json; digests are 64 lower-case hexadecimal digits",
        "/openapi.json 과 비교하세요. 다이제스트는 소문자 16진수 64자리입니다",
    )


class MethodUnfit(BadInput):
    """The address is there, the method is not; facts: allowed (list of methods)."""

    code: ClassVar[str] = "node.method-unfit"
    what = Text("this address takes {allowed} only", "이 주소는 {allowed} 요청만 받습니다")
    hint = Text("see /openapi.json for what each address takes", "주소마다 받는 것은 /openapi.json 을 보세요")


def unrouted(status: int, allow: str = "") -> Response:
    """Problem details for a bare HTTP status. allow: the header of that name of a 405."""
    response = problem(_error_of(status, allow))
    response.status_code = status
    return response


def of_exception(error: HTTPException) -> Response:
    """Problem details for what the router raised, with its headers: a 405 says what is allowed."""
    headers = dict(error.headers or {})
    response = unrouted(error.status_code, headers.get("Allow", ""))
    response.headers.update(headers)
    return response


def _error_of(status: int, allow: str) -> HaechiError:
    if status == 404:
        return NothingServed()
    if status == 405:
        return MethodUnfit(allowed=sorted(each.strip() for each in allow.split(",")))
    return NodeBroke() if status >= 500 else BadInput(why=Text(f"HTTP {status}", f"HTTP {status}"))
