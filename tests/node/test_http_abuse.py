"""HTTP on real sockets once more: what a hostile, slow or clumsy client may do, and what it costs."""

import asyncio
import errno
import socket
import time
from typing import cast

import pytest
from starlette.types import Receive, Scope, Send
from tests.node.test_http import body_of, get, head, serving, told

from haechi.node.http import connection as limits
from haechi.node.http import serving as served
from haechi.node.http.exchange import EXCHANGE, Exchange

_CHUNKED = get("/once", "Transfer-Encoding: chunked", method="POST")
_PIECE = 64 * 1024
_WHOLE = 16 << 20


def statuses(answer: bytes) -> list[int]:
    return [int(piece[:3]) for piece in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads have 50 ms."""
    monkeypatch.setattr(limits, "HEADER_SECONDS", 0.05)
    monkeypatch.setattr(limits, "_LOOK_SECONDS", 0.01)


async def whole(scope: Scope, _receive: Receive, send: Send) -> None:
    """One large answer in one piece."""
    length = (b"content-length", str(_WHOLE).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": bytes(_WHOLE)})


@pytest.mark.parametrize(
    "sent",
    [
        get("/once", "Content-Length: 2, 2", method="POST") + b"ab",
        get("/once", "Content-Length: 2", "Content-Length: 2", method="POST") + b"ab",
        get("/once", "Content-Length: +2", method="POST") + b"ab",
        get("/once", "Content-Length: 99999999999999999999", method="POST") + b"ab",
        get("/once", "Transfer-Encoding: chunked, gzip", method="POST") + b"0\r\n\r\n",
        get("/once", "Transfer-Encoding: xchunked", method="POST") + b"0\r\n\r\n",
        get("/once", "Transfer-Encoding: identity", method="POST"),
        get("/once", "Transfer-Encoding : chunked", method="POST") + b"0\r\n\r\n",
        get("/once", "Transfer-Encoding:", " chunked", method="POST") + b"0\r\n\r\n",
        _CHUNKED + b"2\nab\n0\n\n",
        _CHUNKED + b"2;a\nab\r\n0\r\n\r\n",
        _CHUNKED + b"0x2\r\nab\r\n0\r\n\r\n",
        _CHUNKED + b"2\r\nabXX0\r\n\r\n",
        _CHUNKED + b"ffffffffffffffffff\r\nab",
        _CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
        get("/once").replace(b"\r\n", b"\n"),
        get("/once", "A: b\rc"),
        get("/once", "A: b\0c"),
        get("/once", "A: b", " c"),
        get("/on ce"),
        get("/on\0ce"),
        get("x:80", method="CONNECT"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(sent: bytes):
    assert statuses(asyncio.run(told(sent + get("/once")))) == [400]


def test_a_body_may_be_longer_than_a_head():
    body = b"a" * (limits.MAX_HEADER_BYTES * 3)
    request = get("/once", f"Content-Length: {len(body)}", method="POST") + body
    answer = asyncio.run(told(request + get("/once")))
    assert statuses(answer) == [201, 201]
    assert body in answer


def test_a_refusal_comes_after_the_answers_before_it():
    assert statuses(asyncio.run(told(get("/once") * 3 + b"nothing\r\n\r\n"))) == [201, 201, 201, 400]


def test_address_and_headers_share_the_limit_of_a_head():
    half = "a" * (limits.MAX_HEADER_BYTES // 2)
    assert statuses(asyncio.run(told(get("/" + half, "A: " + half)))) == [431]


def test_headers_are_counted_too():
    assert statuses(asyncio.run(told(get("/once", *["A: b"] * 100)))) == [431]
    assert statuses(asyncio.run(told(get("/once", *["A: b"] * 99)))) == [201]


@pytest.mark.parametrize("begin", [b"0\r\nA: ", b"1;"])
def test_what_stands_around_a_body_has_no_end(begin: bytes):
    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(_CHUNKED + begin)
            for _ in range(10):
                writer.write(b"a" * 60_000)
                await asyncio.sleep(0.001)
            return await asyncio.wait_for(reader.read(), 5)

    assert statuses(asyncio.run(run())) == [431]


def test_a_body_in_very_small_pieces_is_whole():
    answer = asyncio.run(told(_CHUNKED + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n"))
    assert b"POST /once  " + b"a" * 20_000 in answer


def test_an_offer_of_another_protocol_is_not_taken_and_the_request_is_answered_with_its_body():
    offer = "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"
    posted = get("/once", *offer, "Content-Length: 2", method="POST") + b"ab"
    answer = asyncio.run(told(posted + get("/once", *offer) + get("/known/x")))
    assert statuses(answer) == [201, 201, 200]
    assert b"POST /once  ab" in answer


def test_blanks_after_a_value_are_not_of_it():
    seen: list[tuple[bytes, bytes]] = []

    async def noted(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.extend(scope["headers"])
        cast("Exchange", scope["extensions"][EXCHANGE]).answer(200, b"", b"")

    asyncio.run(told(get("/", "A:  b c \t "), app=noted))
    assert seen == [(b"host", b"x"), (b"a", b"b c")]


@pytest.mark.usefixtures("hurried")
def test_a_slow_reader_has_more_time_than_an_idle_client(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "STALLED_SECONDS", 0.3)

    async def run() -> int:
        async with serving(whole) as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/"))
            await head(reader)
            got = 0
            for _ in range(8):
                await asyncio.sleep(0.05)
                got += len(await reader.readexactly(1 << 20))
            return got + len(await reader.readexactly(_WHOLE - got))

    assert asyncio.run(run()) == _WHOLE


@pytest.mark.usefixtures("hurried")
def test_while_we_do_not_read_nobody_is_too_slow():
    async def slow(scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(0.06)
        cast("Exchange", scope["extensions"][EXCHANGE]).answer(200, b"", b"")

    async def run() -> bytes:
        async with serving(slow) as (_, opened, _task):
            reader, writer = await opened()
            third = get("/", "Connection: close")
            writer.write(get("/") * 2 + third[:9])
            await asyncio.sleep(0.01)
            writer.write(third[9:])
            return await asyncio.wait_for(reader.read(), 5)

    assert statuses(asyncio.run(run())) == [200, 200, 200]


def test_a_client_that_only_asks_is_not_read_any_more():
    answered: list[str] = []

    async def large(scope: Scope, _receive: Receive, _send: Send) -> None:
        answered.append(scope["path"])
        cast("Exchange", scope["extensions"][EXCHANGE]).answer(200, b"", bytes(_PIECE))

    async def run() -> None:
        async with serving(large) as (_, opened, _task):
            reader, writer = await opened()
            cast("asyncio.ReadTransport", writer.transport).pause_reading()
            for _ in range(500):
                writer.write(get("/"))
                await asyncio.sleep(0)
            before = len(answered)
            assert before < 400
            cast("asyncio.ReadTransport", writer.transport).resume_reading()
            await head(reader)
            await reader.readexactly(_PIECE)

    asyncio.run(run())


def test_into_an_answer_that_was_begun_no_other_is_written():
    async def begins(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await body_of(receive)

    async def run() -> bytes:
        async with serving(begins) as (_, opened, _task):
            reader, writer = await opened()
            writer.write(_CHUNKED)
            got = await head(reader)
            writer.write(b"no chunk\r\n")
            try:
                return got + await asyncio.wait_for(reader.read(), 5)
            except ConnectionError:
                return got

    assert statuses(asyncio.run(run())) == [200]


def test_a_refused_client_that_has_sent_all_holds_no_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_CONNECTIONS", 1)

    async def run() -> list[int]:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/slow") + b"nothing\r\n\r\n")
            writer.write_eof()
            first = await asyncio.wait_for(reader.read(), 5)
            await asyncio.sleep(0.01)
            reader, writer = await opened()
            writer.write(get("/once"))
            return statuses(first) + statuses(await head(reader))

    assert asyncio.run(run()) == [200, 400, 201]


def test_without_descriptors_it_tries_now_and_then_and_says_so(monkeypatch: pytest.MonkeyPatch):
    events: list[str] = []
    failed: list[float] = []
    accept = socket.socket.accept

    def failing(self: socket.socket) -> tuple[socket.socket, object]:
        now_s = time.monotonic()
        if failed and now_s > failed[0] + 0.1:
            return accept(self)
        failed.append(now_s)
        raise OSError(errno.EMFILE, "too many open files")

    def noted(event: str, **_facts: object) -> None:
        events.append(event)

    monkeypatch.setattr(socket.socket, "accept", failing)
    monkeypatch.setattr(served, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(served, "log_event", noted)

    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/once"))
            return await head(reader)

    assert statuses(asyncio.run(run())) == [201]
    assert len(failed) < 10
    assert events == ["loop.trouble"] * len(failed)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_on_a_socket_for_both_families_an_address_is_what_it_is():
    seen: list[str] = []

    async def noted(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])
        cast("Exchange", scope["extensions"][EXCHANGE]).answer(200, b"", b"")

    async def run() -> None:
        listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        port = listening.getsockname()[1]
        server = served.HttpServer(noted)
        task = asyncio.create_task(server.serve(listening))
        for host in ("127.0.0.1", "::1"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(get("/"))
            await head(reader)
            writer.close()
        server.stop()
        await asyncio.wait_for(task, 5)

    asyncio.run(run())
    assert seen == ["127.0.0.1", "::1"]
