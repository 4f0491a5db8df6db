"""Rate limits: a token bucket per client and class of request, in bounded memory.

Unavailable
└── TooMany       the client has used up its tokens; retry_s says when to come back
"""

from collections import OrderedDict
from typing import NamedTuple

from haechi.errors import Unavailable
from haechi.words import Text

MAX_CLIENTS = 65_536


class TooMany(Unavailable):
    """Too many requests; facts: retry_s."""

    code = "node.too-many"
    what = Text(
        "too many requests; try again in {retry_s} s",
        "요청이 너무 많습니다. {retry_s}초 뒤에 다시 시도하세요",
    )
    hint = Text(
        "spread requests out, or mirror the log instead of polling it",
        "요청을 나누어 보내거나, 반복 조회 대신 로그를 미러링하세요",
    )


class _Bucket(NamedTuple):
    tokens: float
    at_s: float


class RateLimit:
    """Always true: a client is never let through faster than `rate_per_s` beyond its first `burst`.

    The least recently seen client is forgotten first; forgetting can only give tokens back, so memory
    stays bounded without ever locking a newcomer out.
    """

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str, now_s: float) -> None:
        """Take one token for `client` at the monotonic time `now_s`; raises TooMany."""
        bucket = self._buckets.pop(client, None)
        tokens = self._burst
        if bucket is not None:
            tokens = min(self._burst, bucket.tokens + (now_s - bucket.at_s) * self._rate_per_s)
        allowed = tokens >= 1
        self._buckets[client] = _Bucket(tokens - 1 if allowed else tokens, now_s)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(retry_s=max(1, round((1 - tokens) / self._rate_per_s)))
