"""A node proves who it is in a request: HTTP message signatures (RFC 9421), in one strict form.

    Refused
    ├── RequestUnsigned   no signature, another form of it, too old, sent before, or it does not hold
    └── RequestUnlisted   signed by a key that is no listed node's

One signature named `sig`, by Ed25519, over the method, the path, the query and `haechi-to`: the origin of the
log that is asked. So a node that is asked cannot turn around and ask another in our name, whatever proxies
stand between. Parameters stand in the order below and nowhere else; a request with two of one header is
refused. Requests have no body. What is answered proves itself by its digest.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from haechi.errors import Refused, Unavailable
from haechi.statement.keys import Family, PublicKey, SigningKey
from haechi.statement.sentence import Sentence
from haechi.words import Text

TO = "haechi-to"
TAG = "haechi-shared"
WINDOW_S = 300
NONCE_BYTES = 16
_COVERED = '("@method" "@path" "@query" "haechi-to")'
_INPUT = re.compile(
    r'sig=(\("@method" "@path" "@query" "haechi-to"\);created=([0-9]{1,12});nonce="([A-Za-z0-9_-]{22})"'
    r';keyid="([0-9a-f]{64})";alg="ed25519";tag="haechi-shared")\Z'
)
_SIGNATURE = re.compile(r"sig=:([A-Za-z0-9+/]{86}==):\Z")
_MAX_NONCES = 100_000


class RequestUnsigned(Refused):
    """The request does not prove who sends it; facts: why."""

    code = "network.request-unsigned"
    what = Sentence("the request is not signed as it must be: {why}", "요청에 올바른 서명이 없습니다: {why}")
    hint = Text(
        "only nodes may ask, each signing with its own key; a listed node fetches by itself",
        "노드만 자신의 키로 서명해 요청할 수 있습니다. 명단에 있는 노드는 스스로 가져갑니다",
    )


class RequestUnlisted(Refused):
    """The key that signed is no listed node's; facts: key."""

    code = "network.request-unlisted"
    what = Text(
        "key {key} belongs to no node that is listed here",
        "키 {key}은(는) 이곳의 명단에 있는 노드의 것이 아닙니다",
    )
    hint = Text(
        "ask the operator to pin your node: haechi mirror pin",
        "운영자에게 노드를 고정해 달라고 하세요: haechi mirror pin",
    )


class Asked(NamedTuple):
    """A request as it arrived. path and query as sent, the query without its `?`; headers: all values of each
    name in lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, Sequence[str]]


class Listed(NamedTuple):
    """A node that may ask: its origin and the key that speaks for it."""

    origin: str
    key: PublicKey


def signature_base(components: Sequence[tuple[str, str]], parameters: str) -> bytes:
    """The bytes that are signed (RFC 9421 section 2.5)."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join((*lines, f'"@signature-params": {parameters}')).encode()


def sign_request(key: SigningKey, target: str, to: str, now: int, nonce: bytes) -> dict[str, str]:
    """The headers that make a GET of `target` (path, and query after `?`) ours.

    to: origin of the log that is asked; now: Unix seconds; nonce: 16 fresh random bytes.
    """
    text = base64.urlsafe_b64encode(nonce).rstrip(b"=").decode()
    keyid = key.public.thumbprint.hex()
    parameters = f'{_COVERED};created={now};nonce="{text}";keyid="{keyid}";alg="ed25519";tag="{TAG}"'
    path, _, query = target.partition("?")
    signature = key.sign(signature_base(_components("GET", path, query, to), parameters))
    return {
        TO: to,
        "Signature-Input": f"sig={parameters}",
        "Signature": f"sig=:{base64.b64encode(signature).decode()}:",
    }


class Gate:
    """Who may ask: listed nodes, each with a signature made for this node within the last five minutes.

    Always true: a signature opens once; what is remembered for that is bounded, and filled by listed nodes.
    """

    def __init__(self, origin: str, listed: Sequence[Listed]) -> None:
        """The gate of the node of `origin`."""
        self._origin = origin
        self._seen: dict[str, int] = {}
        self._lock = Lock()
        self.relist(listed)

    def relist(self, listed: Sequence[Listed]) -> None:
        """Let these in from now on and nobody else; what was sent before stays remembered."""
        self._listed = {one.key.thumbprint.hex(): one for one in listed if one.key.family is Family.ED25519}

    def admit(self, asked: Asked, now: int) -> str:
        """The origin of the node that asks; raises RequestUnsigned, RequestUnlisted, Unavailable."""
        given = _INPUT.match(_only(asked, "signature-input"))
        signature = _SIGNATURE.match(_only(asked, "signature"))
        if given is None or signature is None:
            raise RequestUnsigned(why=Text("another form of signature", "서명의 형식이 다름"))
        parameters, created, nonce, keyid = given[1], int(given[2]), given[3], given[4]
        if _only(asked, TO) != self._origin:
            raise RequestUnsigned(why=Text("it was made for another node", "다른 노드를 위한 서명임"))
        if abs(now - created) > WINDOW_S:
            raise RequestUnsigned(why=Text("it is not of the last five minutes", "최근 5분 안의 서명이 아님"))
        one = self._listed.get(keyid)
        if one is None:
            raise RequestUnlisted(key=keyid[:16])
        base = signature_base(_components(asked.method, asked.path, asked.query, self._origin), parameters)
        if not one.key.verifies(-19, base64.b64decode(signature[1]), base):
            raise RequestUnsigned(why=Text("the signature does not hold", "서명이 성립하지 않음"))
        self._once(f"{keyid}{nonce}", created, now)
        return one.origin

    def _once(self, name: str, created: int, now: int) -> None:
        with self._lock:
            if name in self._seen:
                raise RequestUnsigned(why=Text("it was sent before", "이미 보낸 서명임"))
            if len(self._seen) >= _MAX_NONCES:
                self._seen = {old: at for old, at in self._seen.items() if now - at <= WINDOW_S}
            if len(self._seen) >= _MAX_NONCES:
                raise Unavailable(
                    what_is=Text("shared content", "공유된 내용"),
                    why=Text("too many requests", "요청이 너무 많음"),
                )
            self._seen[name] = created


def _components(method: str, path: str, query: str, to: str) -> list[tuple[str, str]]:
    return [("@method", method), ("@path", path), ("@query", f"?{query}"), (TO, to)]


def _only(asked: Asked, name: str) -> str:
    values = asked.headers.get(name, ())
    if len(values) != 1:
        raise RequestUnsigned(why=Text(f"{name} must stand there once", f"{name} 헤더가 하나여야 함"))
    return values[0]
