"""Room for files that are looked at: how many bytes may be here, and how many looks run at once.

Unavailable
└── LooksFull    as many files are here as this node has room for

An upload holds room, never a place to be looked at: so a slow one keeps nobody from a look.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from haechi.errors import Unavailable
from haechi.words import Text

MOST_LOOKS = 2
MOST_HELD_BYTES = 256 << 20
SPARED_BYTES = 32 << 20
"""Room that large files leave to small ones, such as texts."""
SMALL_BYTES = 2 << 20
PATIENCE_S = 20.0
"""How long a file that has come waits for its turn."""


class LooksFull(Unavailable):
    """No room to look at one more file now; facts: retry_s."""

    code = "node.looks-full"
    what = Text("too many files are being looked at", "지금 살펴보는 파일이 너무 많습니다")
    hint = Text("send it again in {retry_s} s", "{retry_s}초 뒤에 다시 보내세요")


class LookRoom:
    """Files that come and are looked at.

    Always true: `held` is the sum of what every file here may have, at most MOST_HELD_BYTES; at most
    MOST_LOOKS looks run, and each of them has its whole file.
    """

    def __init__(self) -> None:
        self.held = 0
        self._turns = asyncio.Semaphore(MOST_LOOKS)

    async def look(
        self,
        most_bytes: int,
        receive: Callable[[], Awaitable[bytes]],
        look: Callable[[bytes], dict[str, Any]],
    ) -> dict[str, Any]:
        """What `look` makes of the file that `receive` brings, which has at most `most_bytes`.

        Raises LooksFull where there is no room, or no turn comes; and what the two raise.
        """
        spared = 0 if most_bytes <= SMALL_BYTES else SPARED_BYTES
        if self.held + most_bytes > MOST_HELD_BYTES - spared:
            raise LooksFull(retry_s=5)
        self.held += most_bytes
        try:
            raw = await receive()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._turns.acquire()
            except TimeoutError:
                raise LooksFull(retry_s=5) from None
            try:
                return await run_in_threadpool(look, raw)
            finally:
                self._turns.release()
        finally:
            self.held -= most_bytes
