"""HTTP on real sockets, without a node behind it: what a connection may send, and how it ends."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from haechi.node.http import connection as limits
from haechi.node.http.exchange import EXCHANGE, Exchange
from haechi.node.http.serving import HttpServer

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opened = Callable[[], Awaitable[Stream]]
_BIG = 32 << 20


async def body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body += message["body"]
        more = message["more_body"]
    return body


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was asked, in the ways that the paths name."""
    path = scope["path"]
    said = f"{scope['method']} {path} {scope['query_string'].decode()}".encode()
    headers: list[tuple[bytes, bytes]] = [(b"content-type", b"text/plain")]
    if path == "/early":
        said = b"early"
    elif path == "/slow":
        await asyncio.sleep(0.02)
    elif path == "/big":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(_BIG // 65536):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
            scope["state"].append(65536)
        await send({"type": "http.response.body"})
        return
    elif path == "/fault":
        raise ValueError(path)
    elif path == "/split":
        headers.append((b"location", b"/a\r\nset-cookie: b"))
    elif path == "/short":
        headers.append((b"content-length", b"99"))
    else:
        said += b" " + await body_of(receive)
    if path == "/once":
        exchange: Exchange = scope["extensions"][EXCHANGE]
        exchange.answer(201, b"x-a: b\r\n", said)
        return
    if path.startswith("/known"):
        headers.append((b"content-length", str(len(said)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said, "more_body": path == "/known"})
    if path == "/known":
        await send({"type": "http.response.body"})


@asynccontextmanager
async def serving(app: ASGIApp = app) -> AsyncIterator[tuple[HttpServer, Opened, "asyncio.Task[None]"]]:
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    server = HttpServer(app)
    task = asyncio.create_task(server.serve(listening))
    writers: list[asyncio.StreamWriter] = []

    async def opened() -> Stream:
        reader, writer = await asyncio.open_connection(*address[:2], limit=1 << 16)
        writers.append(writer)
        return reader, writer

    try:
        yield server, opened, task
    finally:
        server.stop()
        for writer in writers:
            writer.close()
        await asyncio.wait_for(task, 5)


async def told(sent: bytes, *, app: ASGIApp = app) -> bytes:
    """Everything that comes back for these bytes until the connection is closed."""
    async with serving(app) as (_, opened, _task):
        reader, writer = await opened()
        writer.write(sent)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)


async def head(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


def test_requests_sent_together_are_answered_in_their_order():
    paths = ["/slow", "/once", "/known?a=1", "/slow", "/once"]
    answer = asyncio.run(told(b"".join(map(get, paths))))
    told_of = [
        answer.index(f"GET {path.replace('?', ' ')}".encode()) for path in ("/slow", "/once", "/known?a=1")
    ]
    assert answer.count(b"HTTP/1.1 20") == 5
    assert told_of == sorted(told_of)
    assert answer.rindex(b"GET /slow") < answer.rindex(b"GET /once")


def test_an_answer_without_length_is_chunked_and_for_old_clients_ends_with_the_connection():
    answer = asyncio.run(told(get("/a%20b")))
    assert b"transfer-encoding: chunked" in answer
    assert answer.endswith(b"\r\n\r\na\r\nGET /a b  \r\n0\r\n\r\n")
    old = asyncio.run(told(get("/a", version="1.0")))
    assert b"chunked" not in old
    assert b"connection: close" in old
    assert old.endswith(b"\r\n\r\nGET /a  ")


def test_a_head_is_asked_for_without_its_body():
    answer = asyncio.run(told(get("/known/x", method="HEAD")))
    assert b"content-length: " in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_body_comes_in_any_pieces():
    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/once", "Transfer-Encoding: chunked", method="POST"))
            for piece in (b"1\r\n", b"a", b"\r\n2\r\nb", b"c\r\n0\r\n", b"X-Trailer: t\r\n\r\n"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)
            await head(reader)
            return await reader.readexactly(len(b"POST /once  abc"))

    assert asyncio.run(run()) == b"POST /once  abc"


def test_who_asks_before_sending_is_told_to_go_on():
    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/once", "Content-Length: 2", "Expect: 100-continue", method="POST"))
            assert await head(reader) == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"ab")
            await head(reader)
            return await reader.readexactly(len(b"POST /once  ab"))

    assert asyncio.run(run()).endswith(b"ab")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (get("/" + "a" * limits.MAX_HEADER_BYTES), 431),
        (get("/", "X-A: " + "b" * limits.MAX_HEADER_BYTES), 431),
        (get("/", *["A: " + "b" * 90] * (limits.MAX_HEADER_BYTES // 90)), 431),
        (get("/", version="2.0"), 505),
        (get("/", "Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (get("/", "Content-Length: 1", "Content-Length: 2"), 400),
        (b"nothing\r\n\r\n", 400),
    ],
)
def test_what_is_too_long_or_no_request_is_refused_and_the_connection_ends(sent: bytes, status: int):
    answer = asyncio.run(told(sent))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"connection: close" in answer


def test_a_head_within_the_limit_is_answered():
    answer = asyncio.run(told(get("/once", "X-A: " + "b" * (limits.MAX_HEADER_BYTES - 200))))
    assert answer.startswith(b"HTTP/1.1 201 ")


def test_too_many_requests_at_once_are_refused_after_those_before_them():
    answer = asyncio.run(told(get("/slow") * 40))
    assert answer.count(b"HTTP/1.1 200") == 16
    assert answer.count(b"HTTP/1.1 400") == 1


def test_refused_before_its_body_came_a_client_still_reads_why():
    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/early", "Content-Length: 500000", method="POST"))
            answer = await head(reader)
            writer.write(bytes(400_000))
            return answer + await asyncio.wait_for(reader.read(), 5)

    answer = asyncio.run(run())
    assert b"connection: close" in answer
    assert b"early" in answer


@pytest.mark.parametrize("path", ["/fault", "/split", "/short"])
def test_an_answer_that_cannot_be_ended_cuts_the_connection(path: str):
    try:
        answer = asyncio.run(told(get("/once") + get(path) + get("/once")))
    except ConnectionError:
        return
    assert answer.count(b"HTTP/1.1") == answer.count(b"HTTP/1.1 201 ") <= 1


@pytest.mark.parametrize("sent", [b"", b"GET / HT", get("/once"), get("/once") + b"GET /"])
def test_whoever_sends_no_whole_head_in_time_is_cut(monkeypatch: pytest.MonkeyPatch, sent: bytes):
    monkeypatch.setattr(limits, "HEADER_SECONDS", 0.05)
    monkeypatch.setattr(limits, "_LOOK_SECONDS", 0.01)

    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            reader, writer = await opened()
            writer.write(sent)
            try:
                return await asyncio.wait_for(reader.read(), 5)
            except ConnectionError:
                return b""

    assert asyncio.run(run()).count(b"HTTP/1.1 201") == sent.count(b"/once")


def test_who_reads_nothing_holds_little_and_is_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(limits, "_LOOK_SECONDS", 0.02)
    written: list[int] = []

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": written}, receive, send)

    async def run() -> int:
        async with serving(noted) as (_, opened, _task):
            reader, writer = await opened()
            writer.write(get("/big"))
            await head(reader)
            held = sum(written)  # of what is sent after the cut nothing is held
            await asyncio.sleep(0.6)  # the client's system takes a little more when it is probed, 0.2 s later
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(_BIG), 5)
            return held

    assert 0 < asyncio.run(run()) < _BIG


def test_more_connections_than_there_is_room_for_are_told_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_CONNECTIONS", 2)

    async def run() -> bytes:
        async with serving() as (_, opened, _task):
            for _ in range(2):
                reader, writer = await opened()
                writer.write(get("/once"))
                await head(reader)
            reader, _writer = await opened()
            return await asyncio.wait_for(reader.read(), 5)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 503 ")


def test_one_network_cannot_hold_every_place(monkeypatch: pytest.MonkeyPatch):
    """The oldest of the crowd that owes a request goes, not one that is owed an answer, and no newcomer's."""
    monkeypatch.setattr(limits, "MOST_CONNECTIONS", 4)

    async def run() -> list[bytes]:
        async with serving() as (_, opened, _task):
            busy = await opened()
            busy[1].write(get("/slow"))
            half = await opened()
            half[1].write(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            await asyncio.sleep(0.002)
            idle = [await opened() for _ in range(2)]
            port = idle[0][1].get_extra_info("peername")[1]
            others: list[Stream] = []
            for _ in range(3):
                others.append(await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0)))
                others[-1][1].write(get("/once"))
            answers = [await asyncio.wait_for(busy[0].readuntil(b"\r\n\r\n"), 5)]
            answers += [await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5) for reader, _ in others]
            answers += [await ended(reader) for reader, _ in (half, idle[0])]
            idle[1][1].write(get("/once"))
            answers.append(await head(idle[1][0]))
            for _, writer in others:
                writer.close()
            return answers

    answers = [answer[:13] for answer in asyncio.run(run())]
    ok, full, cut = b"HTTP/1.1 200 ", b"HTTP/1.1 503 ", b""
    assert answers == [ok, *[b"HTTP/1.1 201 "] * 2, full, cut, cut, b"HTTP/1.1 201 "]


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection ends, however it does."""
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return b""


def test_stopping_answers_what_was_begun_and_ends_what_is_idle():
    async def run() -> tuple[bytes, bytes]:
        async with serving() as (server, opened, task):
            idle, busy = await opened(), await opened()
            idle[1].write(get("/once"))
            await head(idle[0])
            busy[1].write(get("/slow"))
            await asyncio.sleep(0.005)
            server.stop()
            answers = await asyncio.wait_for(busy[0].read(), 5), await asyncio.wait_for(idle[0].read(), 5)
            await asyncio.wait_for(task, 5)
            return answers

    answer, rest = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer
    assert rest == b"GET /once  "
