"""What every route shares: bounded bodies, error answers, security headers."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from haechi.errors import (
    BadInput,
    Conflict,
    HaechiError,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from haechi.network.signed_request import RequestUnlisted, RequestUnsigned
from haechi.node.limits import TooMany
from haechi.statement import cbor
from haechi.statement.breach import HIDDEN_TEXT
from haechi.words import Text

PROBLEM = "application/concise-problem-details+cbor"
_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
IMMUTABLE = "public, max-age=31536000, immutable"
Handler = Callable[[Request], Awaitable[Response]]
BRIEF = "public, max-age=1"
_BYTES_PER_S = 256 << 10


class BodySlow(Unavailable):
    """The client took too long to send its body; facts: limit_s."""

    code = "node.body-slow"
    what = Text(
        "the request body took longer than {limit_s} s", "요청 본문을 받는 데 {limit_s}초가 넘게 걸렸습니다"
    )
    hint = Text("send the whole body at once", "본문을 한 번에 보내세요")


async def body_of(request: Request, limit: int, grace_s: float) -> bytes:
    """The whole body, at most `limit` bytes, at 256 KiB/s or faster after a grace time.

    Raises TooLarge, BodySlow, and BadInput when the client went away.
    """
    body = bytearray()
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    try:
        async with asyncio.timeout(grace_s) as allowed:
            async for piece in request.stream():
                body += piece
                if len(body) > limit:
                    raise TooLarge(what_is=Text("body", "본문"), limit=limit, got=len(body))
                # by what has come, not by what may come: whoever trickles is gone soon after the grace time
                allowed.reschedule(begun_s + grace_s + len(body) / _BYTES_PER_S)
    except TimeoutError:
        raise BodySlow(limit_s=round(loop.time() - begun_s)) from None
    except ClientDisconnect:
        raise BadInput(why="the client went away before the body was complete") from None
    return bytes(body)


def status_of(error: HaechiError) -> int:
    """The HTTP status for an error of the tree."""
    table: tuple[tuple[type[HaechiError], int], ...] = (
        (TooMany, 429),
        (BodySlow, 408),
        (TooLarge, 413),
        (BadInput, 400),
        (NotFound, 404),
        (RequestUnsigned, 401),
        (RequestUnlisted, 403),
        (Refused, 400),  # SCRAPI section 2.3: "Rejected" by the registration policy is a 400
        (Conflict, 409),
        (Unavailable, 503),
    )
    return next((status for kind, status in table if isinstance(error, kind)), 500)


def problem(error: HaechiError) -> Response:
    """The error as concise problem details (RFC 9290): our stable code, then what happened and what to do."""
    # The sentence may hold a name that a client chose, and strict CBOR takes no hidden characters.
    detail = HIDDEN_TEXT.sub("�", f"{error.say('en')}. {error.advise('en')}")
    body = cbor.encode({-1: error.code, -2: detail})
    return with_retry(Response(body, status_of(error), media_type=PROBLEM), error)


def with_retry(response: Response, error: HaechiError) -> Response:
    """The response, saying when to come back if the error is one that passes."""
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.facts.get("retry_s", 1))
    return response


def digest_of(request: Request) -> bytes:
    """The 64 hex digits in the path as 32 bytes; anything else is simply not there."""
    text = request.path_params["digest"]
    if not _HEX_64.match(text):
        raise HTTPException(404)
    return bytes.fromhex(text)


def told(handler: Handler) -> Handler:
    """The handler with errors of the tree as concise problem details."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except HaechiError as error:
            return problem(error)

    answer.__doc__ = handler.__doc__
    return answer
