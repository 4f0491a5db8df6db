"""Statements examined in a process of their own: the same answers, whatever becomes of that process."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from tests.network.parties import COMPANY, FACTS, NOW, evidence
from tests.node.house import KEY, Answer, Ask, House, house_at, make_config, numbered

from haechi import __version__
from haechi.findings import Verdict
from haechi.log.receipt import check_receipt
from haechi.network.glance import glance_of
from haechi.node import examining as examining_module
from haechi.node.config import FILE, Limits, config_text, load_config
from haechi.node.examiner import frame
from haechi.node.examining import Examining
from haechi.node.soundness import sound
from haechi.statement.claims import claim_of, encode_claim, kind_of
from haechi.statement.envelope import About, Sharing, Statement, sign_statement

GOOD = numbered(1)
BROKEN = GOOD.raw[:-1] + bytes((GOOD.raw[-1] ^ 1,))
MANY = 40


def said(kind: str, sharing: Sharing = Sharing.CLEAR) -> Statement:
    """The company's example of a kind."""
    about = About(issuer=COMPANY, subject="app:demo", issued_at=NOW, kind=kind, sharing=sharing)
    form = kind_of(kind)
    return sign_statement(KEY, about, encode_claim(form, form.example(), FACTS))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path / "node") as made:
        yield made


def post(house: House, *raws: bytes) -> list[Answer]:
    return house.ask_all([Ask("POST", "/entries", (raw,)) for raw in raws])


def examiner_of(house: House) -> int:
    """The process id of the node's examiner, which a crowd has called."""
    post(house, *(numbered(10_000 + n).raw for n in range(16)))
    until(lambda: house.runner.examining.ready)
    process = house.runner.examining.process_id
    assert process is not None
    return process


def until(done: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_sound_statement_is_told_as_it_is():
    told = sound(GOOD.raw, FACTS)
    assert told is not None
    assert told.accepted(GOOD.raw) == (GOOD.raw, GOOD.digest, GOOD.kid, GOOD.about)
    assert told.refers == glance_of(GOOD, claim_of(GOOD, FACTS))[1]
    assert told.refers.files


@pytest.mark.parametrize("at", range(0, len(GOOD.raw), 5))
def test_any_flipped_bit_is_left_to_the_node(at: int):
    assert sound(GOOD.raw[:at] + bytes((GOOD.raw[at] ^ 1,)) + GOOD.raw[at + 1 :], FACTS) is None


@pytest.mark.parametrize(
    "raw",
    [
        said("policy").raw,
        said("erasure").raw,
        said("release").raw,
        said("document", Sharing.GREEN).raw,
        GOOD.with_receipts([b"a receipt"]),
        b"",
    ],
)
def test_what_needs_more_than_the_statement_is_left_to_the_node(raw: bytes):
    assert sound(raw, FACTS) is None


def test_a_crowd_gets_the_answers_that_one_gets(house: House):
    examiner_of(house)
    good = [numbered(n) for n in range(MANY)]
    not_granted = said("dispute").raw
    expected = [*post(house, BROKEN), *post(house, not_granted)]
    answers = post(house, *(one.raw for one in good), BROKEN, not_granted)
    assert [answer.status for answer in answers] == [201] * MANY + [400, 400]
    assert [answer.problem for answer in answers[MANY:]] == [answer.problem for answer in expected]
    keys = house.runner.card.receipt_public_keys()
    for statement, answer in zip(good, answers, strict=False):
        finding = check_receipt(answer.body, statement.digest, statement.about.subject, keys)
        assert finding.verdict is Verdict.HOLDS
    house.runner.settle()
    files = {one.statement for one in house.node.index.evidence(evidence().digest)}
    assert files >= {statement.digest for statement in good}


def test_an_examiner_that_is_killed_takes_nobody_along(house: House):
    process = examiner_of(house)
    os.kill(process, signal.SIGSTOP)
    threatened = [numbered(n) for n in range(MANY)]
    killing = asyncio.run_coroutine_threadsafe(_later(lambda: os.kill(process, signal.SIGKILL)), house.loop)
    answers = post(house, *(one.raw for one in threatened), BROKEN)
    killing.result(30)
    assert [answer.status for answer in answers] == [201] * MANY + [400]
    until(lambda: not house.runner.examining.ready)
    assert [answer.status for answer in post(house, *(numbered(500 + n).raw for n in range(MANY)))] == [
        201
    ] * MANY


async def _later(work: Callable[[], None]) -> None:
    await asyncio.sleep(0.3)
    work()


def test_a_node_that_stops_leaves_no_examiner(tmp_path: Path):
    with house_at(tmp_path / "node") as house:
        process = examiner_of(house)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_it_can_be_forbidden(tmp_path: Path):
    folder = tmp_path / "node"
    with house_at(folder, limits=Limits(writes_per_s=1e9, write_burst=10**9, examiner=False)) as house:
        assert [answer.status for answer in post(house, *(numbered(n).raw for n in range(MANY)))] == [
            201
        ] * MANY
        assert house.runner.examining.process_id is None
    assert not load_config(folder).limits.examiner


@pytest.mark.parametrize("examiner", [True, False])
def test_the_setting_is_written_as_it_is_read(tmp_path: Path, *, examiner: bool):
    config = make_config(tmp_path, limits=Limits(examiner=examiner))
    (tmp_path / FILE).write_text(config_text(config))
    assert load_config(tmp_path).limits.examiner is examiner


ANSWER = sound(GOOD.raw, FACTS)
HELLO = frame(__version__)


@pytest.mark.parametrize(
    "told",
    [
        HELLO,
        frame([ANSWER, ANSWER]),
        frame([]),
        frame([1]),
        b"\xff\xff\xff\xff",
        frame([None]) + frame([None]),
        b"",
    ],
)
def test_a_strange_examiner_is_given_up(told: bytes):
    """Whatever it says, and when it ends without a word: the answer is None, and it is asked no more."""

    async def ask(examining: Examining, other: socket.socket) -> None:
        other.sendall(HELLO)
        await settled(lambda: examining.ready)
        waiter = examining.ask(GOOD.raw)
        assert waiter is not None
        other.sendall(told)
        other.shutdown(socket.SHUT_WR)
        assert await waiter is None
        await settled(lambda: not examining.ready)
        assert examining.ask(GOOD.raw) is None

    linked(ask)


def test_an_examiner_of_another_version_is_not_asked():
    async def ask(examining: Examining, other: socket.socket) -> None:
        other.sendall(frame(__version__ + "+1"))
        assert await asyncio.to_thread(other.recv, 1) == b""
        assert not examining.ready

    linked(ask)


def test_its_answers_come_in_the_order_of_the_questions():
    async def ask(examining: Examining, other: socket.socket) -> None:
        other.sendall(HELLO)
        await settled(lambda: examining.ready)
        waiters = [examining.ask(GOOD.raw), examining.ask(BROKEN)]
        await asyncio.sleep(0)
        for byte in frame([ANSWER, None]):  # however the bytes arrive
            other.sendall(bytes((byte,)))
            await asyncio.sleep(0)
        assert [await waiter for waiter in waiters if waiter is not None] == [ANSWER, None]

    linked(ask)


def test_an_examiner_without_a_word_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(examining_module, "_PATIENCE_S", 0.05)

    async def ask(examining: Examining, other: socket.socket) -> None:
        assert await asyncio.to_thread(other.recv, 1) == b""
        assert examining.ask(GOOD.raw) is None
        assert examining.process_id is None  # nor is another started before a minute has passed

    linked(ask)


def test_one_that_told_its_version_has_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(examining_module, "_PATIENCE_S", 0.05)

    async def ask(examining: Examining, other: socket.socket) -> None:
        other.sendall(HELLO)
        await settled(lambda: examining.ready)
        await asyncio.sleep(0.15)
        assert examining.ready

    linked(ask)


@pytest.mark.parametrize("error", [OSError(12, "no memory"), RuntimeError("no thread")])
def test_one_that_cannot_be_started_is_tried_again_later(monkeypatch: pytest.MonkeyPatch, error: Exception):
    def spawn(_link: socket.socket) -> None:
        raise error

    monkeypatch.setattr(examining_module, "_spawn", spawn)
    monkeypatch.setattr(examining_module, "_PAUSE_S", 0.0)
    told: list[str] = []
    monkeypatch.setattr(examining_module, "log_event", lambda _event, why: told.append(why))

    async def ask() -> None:
        examining = Examining()
        for times in (1, 2):
            assert examining.ask(GOOD.raw) is None
            await settled(lambda times=times: len(told) == times)

    asyncio.run(ask())


def test_it_is_told_no_secret_and_runs_nothing_that_lies_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "msgspec.py").write_text("open('ran', 'w').close()\nraise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    for name in ("HAECHI_PASSPHRASE", "HAECHI_DATABASE", "HAECHI_PIN"):
        monkeypatch.setenv(name, "a-secret-of-the-node")

    async def ask() -> bytes:
        examining = Examining()
        assert examining.ask(GOOD.raw) is None
        await asyncio.to_thread(until, lambda: examining.ready)
        environment = await asyncio.to_thread(Path(f"/proc/{examining.process_id}/environ").read_bytes)
        await asyncio.to_thread(examining.stop)
        return environment

    environment = asyncio.run(ask())
    assert b"PATH=" in environment
    assert b"a-secret-of-the-node" not in environment
    assert b"HAECHI_" not in environment
    assert not (tmp_path / "ran").exists()


async def settled(done: Callable[[], bool]) -> None:
    for _ in range(3000):
        if done():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come to pass")


def linked(work: Callable[[Examining, socket.socket], Coroutine[None, None, None]]) -> None:
    """Run `work` with the node's side and the socket at whose other end an examiner would be."""

    async def begin() -> None:
        ours, theirs = socket.socketpair()
        examining = Examining()
        with theirs:
            await asyncio.get_running_loop().create_connection(lambda: examining, sock=ours)
            await asyncio.wait_for(work(examining, theirs), 30)

    asyncio.run(begin())
