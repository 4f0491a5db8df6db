"""Rate limits: a token bucket per client and class of request, in bounded memory; and room for uploads.

Unavailable
├── TooMany       the client has used up its tokens; retry_s says when to come back
└── UploadsFull   as many files are being received as there is room for
"""

import shutil
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from haechi.errors import Unavailable
from haechi.network.blobs import RESERVE_BYTES
from haechi.words import Text

MAX_CLIENTS = 65_536
MAX_UPLOADS = 8
LEAST_ROOM_BYTES = 1 << 20
"""A group commit of small statements with its tiles; below it a node had better be looked after first."""


def has_room(folder: Path) -> bool:
    """Whether the disk of `folder` answers and has room for what a node writes next."""
    try:
        return shutil.disk_usage(folder).free >= LEAST_ROOM_BYTES
    except OSError:
        return False


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


class UploadsFull(Unavailable):
    """No room for one more upload; facts: why, retry_s."""

    code = "node.uploads-full"
    what = Text("no room for one more file now: {why}", "지금은 파일을 더 받을 자리가 없습니다: {why}")
    hint = Text("send it again in {retry_s} s", "{retry_s}초 뒤에 다시 보내세요")


class UploadRoom:
    """Always true: at most `MAX_UPLOADS` files are being received, and what they may still write leaves the
    disk its reserve, so that uploads never take the log's room to commit. Used from one thread.
    """

    def __init__(self, folder: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._promised: list[int] = []

    @contextmanager
    def take(self, most_bytes: int) -> Generator[None]:
        """Room for a file of at most so many bytes while the context lasts; raises UploadsFull."""
        if len(self._promised) >= MAX_UPLOADS:
            why = Text(f"{MAX_UPLOADS} are being received", f"{MAX_UPLOADS}개를 받는 중")
            raise UploadsFull(why=why, retry_s=5)
        free = shutil.disk_usage(self._folder).free - sum(self._promised)
        if free - most_bytes < self._reserve_bytes:
            why = Text("the disk is nearly full", "디스크가 거의 참")
            raise UploadsFull(why=why, retry_s=60)
        self._promised.append(most_bytes)
        try:
            yield
        finally:
            self._promised.remove(most_bytes)


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
