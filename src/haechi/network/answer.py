"""What a peer answered, and what it means when it is not what was asked for.

    Unavailable
    └── PeerUnavailable   no answer, too slow, closed early, or "not now" (429, 5xx)
    BadInput
    └── PeerMisbehaved    an answer against the rules: too large, garbage, another type, a redirect away
    NotFound
    └── PeerLacks         the peer does not have it (404, 410)
    Refused
    └── PeerRefused       the peer understood and said no (other 4xx)

A peer's words are a stranger's: bounded, and made plain before a person sees them.
"""

import http.client
import json
import re
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

from haechi.errors import BadInput, HaechiError, NotFound, Refused, Unavailable
from haechi.network.wire import BodyCut, BodyMalformed, BodyTooLong, body_of
from haechi.statement import cbor
from haechi.words import Text, system_reason

_MAX_REASON_BYTES = 4096
_MAX_REASON_CHARS = 300
_LACKS = frozenset({404, 410})
_NOT_NOW = frozenset({408, 425, 429})
_SECONDS = re.compile(r"[0-9]{1,4}")
_TITLE, _DETAIL = -1, -2  # RFC 9290 concise problem details


class PeerUnavailable(Unavailable):
    """The peer does not answer now; facts: what_is (its address), why, and retry_s when it said how long."""

    code = "network.peer-unavailable"
    hint = Text(
        "try again later, or another node's copy", "나중에 다시 시도하거나 다른 노드의 사본을 이용하세요"
    )


class PeerMisbehaved(BadInput):
    """The peer's answer breaks the rules; facts: url, why."""

    code = "network.peer-misbehaved"
    what = Text("{url} answered against the rules: {why}", "{url}의 응답이 규칙에 어긋납니다: {why}")
    hint = Text(
        "check the address; if it is right, ask its operator or use another node's copy",
        "주소를 확인하세요. 맞다면 운영자에게 묻거나 다른 노드의 사본을 이용하세요",
    )


class PeerLacks(NotFound):
    """The peer does not have it; facts: what_is, name (the address asked for)."""

    code = "network.peer-lacks"


class PeerRefused(Refused):
    """The peer said no; facts: url, status, why (in the peer's words)."""

    code = "network.peer-refused"
    what = Text("{url} refused ({status}): {why}", "{url}이(가) 거부했습니다 ({status}): {why}")
    hint = Text(
        "the reason is the peer's; ask its operator", "이유는 상대 노드가 준 것입니다. 운영자에게 문의하세요"
    )


class Answer(NamedTuple):
    """What the peer answered to a write: status 2xx or 303, two headers, and the body."""

    status: int
    content_type: str
    location: str
    body: bytes


def pieces_of(url: str, response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces of at most 64 KiB; raises PeerMisbehaved, PeerUnavailable."""
    with peer_errors(url):
        try:
            yield from body_of(response, max_bytes)
        except BodyTooLong:
            raise PeerMisbehaved(url=url, why=f"the answer has more than {max_bytes} bytes") from None


@contextmanager
def peer_errors(url: str) -> Generator[None]:
    """What went wrong, in our words: what may pass is unavailable, what will not is misbehaviour."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise PeerMisbehaved(url=url, why=f"its certificate: {error.verify_message}") from error
    except (BodyCut, http.client.RemoteDisconnected, http.client.IncompleteRead) as error:
        raise PeerUnavailable(what_is=url, why=plain(str(error) or type(error).__name__)) from error
    except OSError as error:
        why = system_reason(error)
        raise PeerUnavailable(what_is=url, why=Text(plain(why.en), plain(why.ko))) from error
    except (BodyMalformed, http.client.HTTPException, UnicodeError) as error:
        raise PeerMisbehaved(url=url, why=plain(str(error) or type(error).__name__)) from error


def require_success(url: str, response: http.client.HTTPResponse) -> None:
    """Raise what a status other than 2xx stands for, with the peer's reason."""
    status = response.status
    if 200 <= status < 300:
        return
    if status in _LACKS:
        raise PeerLacks(what_is=Text("answer", "답"), name=url)
    if status >= 500 or status in _NOT_NOW:
        said = _reason(url, response)
        why = Text(f"HTTP status {status}, {said}", f"HTTP 상태 {status}, {said}")
        raise PeerUnavailable(what_is=url, why=why, retry_s=_retry_after(response))
    if not 400 <= status < 500:
        raise PeerMisbehaved(url=url, why=Text(f"HTTP status {status}", f"HTTP 상태 {status}"))
    raise PeerRefused(url=url, status=status, why=_reason(url, response))


def _retry_after(response: http.client.HTTPResponse) -> int | None:
    value = response.getheader("Retry-After", "")
    return int(value) if _SECONDS.fullmatch(value) else None


def _reason(url: str, response: http.client.HTTPResponse) -> str:
    try:
        body = b"".join(pieces_of(url, response, _MAX_REASON_BYTES))
    except HaechiError:
        return plain(response.reason) or "no reason given"
    return _reason_in(body) or plain(response.reason) or "no reason given"


def media_type(response: http.client.HTTPResponse) -> str:
    """The media type of a response, without parameters, in lower case; empty when it names none."""
    return response.getheader("Content-Type", "").partition(";")[0].strip().lower()


def _reason_in(body: bytes) -> str:
    """The sentence in an error body (our JSON, or RFC 9290 in CBOR); empty when there is none."""
    try:
        fields = _fields(body)
    except (BadInput, ValueError, RecursionError):
        return ""
    words = [fields.get(name) for name in ("message", "hint", _TITLE, _DETAIL)]
    return plain(" - ".join(word for word in words if isinstance(word, str)))


def plain(words: str) -> str:
    """One line of at most 300 printable characters, so that no peer can write control codes to a terminal."""
    return "".join(char if char.isprintable() else " " for char in words[:_MAX_REASON_CHARS]).strip()


def _fields(body: bytes) -> dict[object, object]:
    value = (
        json.loads(body)
        if body[:1] == b"{"
        else cbor.decode(body, where="answer", max_bytes=len(body), sorted_keys=False)
    )
    return cast("dict[object, object]", value) if isinstance(value, dict) else {}
