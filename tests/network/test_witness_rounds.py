"""Requests that a witness answers in one round: each gets the answer that it would have got alone."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.network.world import PeerLog, bodies, new_signer

from haechi.errors import HaechiError
from haechi.log.headstore import HeadMoved
from haechi.log.note import Claim, Note, NoteSigner, SignatureType
from haechi.log.store import Head, StoreFailed
from haechi.log.tiles import TileTree
from haechi.network.add_checkpoint import (
    AddCheckpoint,
    AddMalformed,
    Inconsistent,
    LogUntrusted,
    OldSizeDiffers,
    OriginUnknown,
)
from haechi.network.fork import Fork
from haechi.network.memory import SignedHead
from haechi.network.witness import Witness
from haechi.network.witness_store import SqliteWitnessStore, Step

NOW = 1_800_000_000
OWN = NoteSigner("uk.example/log/witness", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate())
LOGS = {f"log{at}.example/log": new_signer(f"log{at}.example/log") for at in range(3)}
ONE, TWO, THREE = LOGS


def grown(origin: str, size: int, salt: str = "") -> PeerLog:
    return PeerLog(LOGS[origin]).grow(bodies(0, size, salt))


def prove(log: PeerLog, old: int) -> tuple[bytes, ...]:
    tree = TileTree(lambda level, n, width: log.tiles[level, n][: width * 32])
    return tuple(tree.consistency(old, log.size)) if 0 < old < log.size else ()


def asked(log: PeerLog, old: int) -> bytes:
    return AddCheckpoint(old, prove(log, old), log.note).encode()


class Stand:
    """A witness of three logs whose next round begins when all of it has come."""

    def __init__(self, store: SqliteWitnessStore) -> None:
        self.forks: list[Fork] = []
        self.closed = threading.Event()
        self.entered = threading.Event()
        self.witness = Witness([OWN], self.keys, store, self.forks.append, lambda _: False)

    def keys(self, origin: str):
        if origin == "gate.example/log":
            self.entered.set()
            assert self.closed.wait(30)
        return LOGS[origin].keys if origin in LOGS else ()

    def round(self, requests: Sequence[bytes]) -> list[bytes | HaechiError]:
        """What each is answered when all of them come while the witness is busy, in this order."""
        answers: dict[int, bytes | HaechiError] = {}
        self.closed.clear()
        self.entered.clear()

        def send(at: int, raw: bytes) -> None:
            try:
                answers[at] = self.witness.add_checkpoint(raw, NOW)
            except HaechiError as error:
                answers[at] = error

        gate = PeerLog(new_signer("gate.example/log")).grow(bodies(0, 1)).note
        threads = [threading.Thread(target=send, args=(-1, b"old 0\n\n" + gate))]
        threads[0].start()
        assert self.entered.wait(30)
        for at, raw in enumerate(requests):
            threads.append(threading.Thread(target=send, args=(at, raw)))
            threads[-1].start()
            while len(self.witness._together._waiting) <= at:
                time.sleep(0.001)
        self.closed.set()
        for thread in threads:
            thread.join(30)
        return [answers[at] for at in range(len(requests))]


@pytest.fixture
def store(tmp_path: Path):
    with SqliteWitnessStore(tmp_path / "witness.db") as store:
        yield store


def kinds(answers: Sequence[bytes | HaechiError]) -> list[type]:
    return [type(answer) for answer in answers]


def test_every_request_of_a_round_is_answered_for_itself(store: SqliteWitnessStore):
    one, two, three = (grown(origin, 5) for origin in LOGS)
    answers = Stand(store).round(
        [
            asked(one, 0),
            b"nonsense",
            asked(two, 0),
            b"old 0\n\n" + grown(THREE, 4).note.replace(b"\n4\n", b"\n3\n"),
            b"old 0\n\n" + PeerLog(new_signer("xx.example/log")).grow(bodies(0, 4)).note,
            asked(three, 0),
            asked(one, 5),  # once more, upon what the round has cosigned
            asked(one, 0),
        ]
    )
    assert kinds(answers) == [
        bytes,
        AddMalformed,
        bytes,
        LogUntrusted,
        OriginUnknown,
        bytes,
        bytes,
        OldSizeDiffers,
    ]
    with SqliteWitnessStore(store.path) as again:
        assert {origin: held.head.size for origin, held in again.heads().items()} == dict.fromkeys(LOGS, 5)


def test_two_histories_in_one_round_get_one_cosignature_and_are_evidence(store: SqliteWitnessStore):
    begun, stand = grown(ONE, 5), Stand(store)
    other, longer = grown(ONE, 5, "other"), grown(ONE, 9, "other")
    answers = stand.round([asked(begun, 0), asked(other, 5), asked(longer, 5)])
    assert kinds(answers) == [bytes, Inconsistent, Inconsistent]
    checked = [fork.check(LOGS[ONE].keys).code for fork in stand.forks]
    assert checked == ["network.fork.proven"] * 2
    held = store.held(ONE)
    assert held is not None
    assert answers[0] == held.note.removeprefix(begun.note)


def test_nothing_is_said_of_a_head_that_the_disk_refused(store: SqliteWitnessStore):
    stand = Stand(store)
    with sqlite3.connect(store.path) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON cosigned BEGIN SELECT RAISE(ABORT, 'full'); END")
    other.close()
    first, rival = grown(ONE, 5), grown(ONE, 5, "other")
    answers = stand.round([asked(first, 0), asked(first, 0), asked(rival, 5), b"nonsense", asked(first, 6)])
    # Told the size 5, a log would build upon a head that this witness has never cosigned.
    assert kinds(answers) == [StoreFailed, StoreFailed, StoreFailed, AddMalformed, AddMalformed]
    assert [fork.check(LOGS[ONE].keys).code for fork in stand.forks] == ["network.fork.proven"]
    assert store.heads() == {}


class Overtaken(SqliteWitnessStore):
    """A store where another front of the witness is quicker, once."""

    rival: SignedHead | None = None

    def advance_all(self, steps: Sequence[Step]) -> list[HaechiError | None]:
        if steps and self.rival is not None:
            rival, self.rival = self.rival, None
            super().advance_all([Step(ONE, None, rival)])
        return super().advance_all(steps)


def test_who_was_refused_for_a_head_that_another_front_forestalled_hears_of_that_fronts(tmp_path: Path):
    log, ahead = grown(ONE, 5), grown(ONE, 3)
    with Overtaken(tmp_path / "witness.db") as store:
        store.rival = SignedHead(Head(3, TileTree(lambda *at: ahead.tiles[at[:2]]).root(3)), ahead.note)
        answers = Stand(store).round([asked(log, 0), asked(log, 0), asked(grown(TWO, 4), 0)])
    assert kinds(answers) == [OldSizeDiffers, OldSizeDiffers, bytes]
    for answer in answers[:2]:
        assert isinstance(answer, OldSizeDiffers)
        assert answer.facts["expected"] == 3


def test_dozens_of_false_lines_in_a_logs_name_cost_one_check(
    store: SqliteWitnessStore, monkeypatch: pytest.MonkeyPatch
):
    checks: list[bytes] = []
    check_of = Claim.check

    def counted(claim: Claim) -> Callable[[], bool] | None:
        check = check_of(claim)
        return check and (lambda: checks.append(claim.signature) or check())

    monkeypatch.setattr(Claim, "check", counted)
    log, stand = grown(ONE, 5), Stand(store)
    note = Note.parse(log.note)
    # Only the equation tells that these are none.
    false = [note.lines[0]._replace(signature=bytes([2 + at]) * 32 + bytes([1]) * 32) for at in range(60)]
    hostile = AddCheckpoint(0, (), Note(note.text, (note.lines[0], *false)).encode()).encode()
    answers = stand.round([hostile, hostile, asked(grown(TWO, 5), 0), hostile])
    assert kinds(answers) == [LogUntrusted, LogUntrusted, bytes, LogUntrusted]
    # The true line and the first false one, three times, and what the honest log signed.
    assert len(checks) == 3 * 2 + len(LOGS[TWO].keys)


def test_a_step_upon_one_that_was_refused_is_refused(store: SqliteWitnessStore):
    def head(size: int) -> SignedHead:
        return SignedHead(Head(size, bytes([size]) * 32), b"note %d" % size)

    store.advance(ONE, None, head(3))
    refused = store.advance_all(
        [
            Step(ONE, head(2).head, head(5)),
            Step(ONE, head(5).head, head(6)),
            Step(TWO, None, head(1)),
            Step(TWO, head(1).head, head(4)),
        ]
    )
    assert kinds([each or b"" for each in refused]) == [HeadMoved, HeadMoved, bytes, bytes]
    with SqliteWitnessStore(store.path) as again:
        assert again.heads() == {ONE: head(3), TWO: head(4)}
