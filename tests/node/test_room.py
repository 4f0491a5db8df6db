"""Files that come slowly keep nobody from a look, and no more bytes are held than there is room for."""

import asyncio
from typing import Any

import pytest

from haechi.node import room
from haechi.node.room import MOST_HELD_BYTES, SMALL_BYTES, SPARED_BYTES, LookRoom, LooksFull


def told(raw: bytes) -> dict[str, Any]:
    return {"size": len(raw)}


async def quick() -> bytes:
    return b"abc"


def test_slow_uploads_hold_room_and_no_turn():
    async def play() -> None:
        here, ends = LookRoom(), asyncio.Event()

        async def slow() -> bytes:
            await ends.wait()
            return b"slowly"

        waiting = [asyncio.create_task(here.look(SMALL_BYTES, slow, told)) for _ in range(10)]
        await asyncio.sleep(0)
        assert await here.look(1000, quick, told) == {"size": 3}
        assert here.held == 10 * SMALL_BYTES
        ends.set()
        assert await asyncio.gather(*waiting) == [{"size": 6}] * 10
        assert here.held == 0

    asyncio.run(play())


def test_room_is_never_overdrawn_and_large_files_leave_some_to_small_ones():
    async def play() -> None:
        here, ends = LookRoom(), asyncio.Event()

        async def slow() -> bytes:
            await ends.wait()
            raise ConnectionError

        large = asyncio.create_task(here.look(MOST_HELD_BYTES - SPARED_BYTES, slow, told))
        await asyncio.sleep(0)
        with pytest.raises(LooksFull):
            await here.look(SMALL_BYTES + 1, quick, told)
        assert await here.look(SMALL_BYTES, quick, told) == {"size": 3}
        ends.set()
        with pytest.raises(ConnectionError):
            await large
        assert here.held == 0, "what failed gives its room back"

    asyncio.run(play())


def test_who_waits_too_long_for_a_turn_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "PATIENCE_S", 0.0)
    monkeypatch.setattr(room, "MOST_LOOKS", 0)

    async def play() -> None:
        here = LookRoom()
        with pytest.raises(LooksFull):
            await here.look(10, quick, told)
        assert here.held == 0

    asyncio.run(play())
