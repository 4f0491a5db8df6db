"""A witness cosigns what grows, never what contradicts, and answers in the statuses of the specification."""

import hashlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.world import ORIGIN, SIGNER, PeerLog, bodies, new_signer

from haechi.errors import HaechiError
from haechi.log.canonical import encode_base64
from haechi.log.checkpoint import read_checkpoint
from haechi.log.cosignature import cosigned_at
from haechi.log.headstore import HeadMoved
from haechi.log.merkle import EMPTY_ROOT
from haechi.log.note import Note, NoteSigner, SignatureType
from haechi.log.store import Head, StoreFailed
from haechi.log.tiles import TileTree
from haechi.network.add_checkpoint import (
    AddCheckpoint,
    AddMalformed,
    Inconsistent,
    LogFrozen,
    LogUntrusted,
    OldSizeDiffers,
    OriginUnknown,
)
from haechi.network.fork import Fork
from haechi.network.memory import SignedHead
from haechi.network.witness import Witness
from haechi.network.witness_store import MemoryWitnessStore, SqliteWitnessStore, WitnessStore

NOW = 1_800_000_000
NAME = "uk.example/log/witness"
SIGNERS = [
    NoteSigner(NAME, SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate()),
    NoteSigner(NAME, SignatureType.ML_DSA_44, MLDSA44PrivateKey.generate()),
]


class Stand:
    """A witness of the one log, and what it accused."""

    def __init__(self, store: WitnessStore | None = None) -> None:
        self.forks: list[Fork] = []
        self.frozen: set[str] = set()
        self.store = store or MemoryWitnessStore()
        keys = {ORIGIN: SIGNER.keys}
        self.witness = Witness(
            SIGNERS,
            lambda origin: keys.get(origin, ()),
            self.store,
            self.forks.append,
            self.frozen.__contains__,
        )

    def add(
        self, log: PeerLog, old: int, proof: list[bytes] | None = None, note: bytes | None = None
    ) -> bytes:
        path = proof if proof is not None else prove(log, old)
        return self.witness.add_checkpoint(AddCheckpoint(old, tuple(path), note or log.note).encode(), NOW)


def prove(log: PeerLog, old: int) -> list[bytes]:
    if not 0 < old < log.size:
        return []
    return TileTree(lambda level, n, width: log.tiles[level, n][: width * 32]).consistency(old, log.size)


def grown(size: int, salt: str = "") -> PeerLog:
    return PeerLog().grow(bodies(0, size, salt))


def test_both_cosignatures_verify_on_the_checkpoint():
    log, stand = grown(40), Stand()
    lines = Note.parse(b"x\n\n" + stand.add(log, 0)).lines
    head, _ = read_checkpoint(log.note)
    assert [
        cosigned_at(head, signer.key, line.signature) for signer, line in zip(SIGNERS, lines, strict=True)
    ] == [
        NOW,
        NOW,
    ]
    assert stand.add(PeerLog().grow(bodies(0, 40)).grow(bodies(40, 60)), 40)


def test_a_log_that_signs_with_ed25519_alone_is_cosigned_with_ed25519_alone():
    log, store = grown(5), MemoryWitnessStore()
    plain = SIGNER.keys[:1]
    witness = Witness(SIGNERS, lambda _: plain, store, lambda _: None, lambda _: False)
    note = Note.parse(log.note)
    note = Note(note.text, note.lines[:1])
    lines = Note.parse(
        b"x\n\n" + witness.add_checkpoint(AddCheckpoint(0, (), note.encode()).encode(), NOW)
    ).lines
    assert [line.key_id for line in lines] == [SIGNERS[0].key.key_id]


def test_what_is_shown_to_monitors_is_what_was_answered():
    log, stand = grown(9), Stand()
    answered = stand.add(log, 0)
    shown = stand.witness.checkpoint(hashlib.sha256(ORIGIN.encode()).hexdigest())
    assert shown == log.note + answered


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (lambda _: b"", AddMalformed),
        (lambda log: b"old 0\n" + log.note, AddMalformed),  # no empty line of its own
        (lambda log: b"old 00\n\n" + log.note, AddMalformed),
        (lambda log: b"old -1\n\n" + log.note, AddMalformed),
        (lambda log: b"new 0\n\n" + log.note, AddMalformed),
        (lambda log: b"old 0\nAAAA\n\n" + log.note, AddMalformed),
        (lambda log: b"old 0\n" + b"A" * 44 + b"\n\n" + log.note, AddMalformed),
        (
            lambda log: b"old 0\n" + (encode_base64(bytes(32)).encode() + b"\n") * 64 + b"\n" + log.note,
            AddMalformed,
        ),
        (lambda log: b"old 41\n\n" + log.note, AddMalformed),
        (
            lambda _: b"old 0\n\n" + PeerLog(new_signer("xx.example/log")).grow(bodies(0, 4)).note,
            OriginUnknown,
        ),
        (lambda _: b"old 0\n\n" + PeerLog(new_signer()).grow(bodies(0, 4)).note, LogUntrusted),
        (lambda log: b"old 0\n\n" + log.note.replace(b"\n40\n", b"\n39\n"), LogUntrusted),
        (lambda log: b"old 3\n\n" + log.note, OldSizeDiffers),
        (lambda log: b"old 0\n" + encode_base64(bytes(32)).encode() + b"\n\n" + log.note, Inconsistent),
        (lambda log: b"old 0\n\n" + log.note.replace(b"\n40\n", b"\n0\n"), Inconsistent),
    ],
)
def test_a_request_that_is_wrong_in_one_thing_is_refused_for_that(
    body: Callable[[PeerLog], bytes], error: type[HaechiError]
):
    log, stand = grown(40), Stand()
    with pytest.raises(error):
        stand.witness.add_checkpoint(body(log), NOW)
    assert stand.store.held(ORIGIN) is None
    assert stand.witness.add_checkpoint(b"old 0\n\n" + log.note, NOW)


def test_a_wrong_old_size_is_answered_with_the_right_one():
    log, stand = grown(40), Stand()
    stand.add(log, 0)
    with pytest.raises(OldSizeDiffers) as refused:
        stand.add(log.grow(bodies(40, 1)), 0, [])
    assert refused.value.facts["expected"] == 40


def test_two_roots_of_one_size_are_proof_against_the_log():
    log, stand = grown(40), Stand()
    stand.add(log, 0)
    with pytest.raises(Inconsistent):
        stand.add(log.fork(10).grow(bodies(10, 30, "other")), 40, [])
    assert [fork.check(SIGNER.keys).code for fork in stand.forks] == ["network.fork.proven"]
    assert [fork.check(fork.own_keys()).code for fork in stand.forks] == ["network.fork.proven"]


def test_a_second_history_that_is_longer_convicts_itself_by_its_own_proof():
    log, stand = grown(40), Stand()
    stand.add(log, 0)
    other = log.fork(10).grow(bodies(10, 70, "other"))
    with pytest.raises(Inconsistent):
        stand.add(other, 40)
    assert [fork.check(SIGNER.keys).code for fork in stand.forks] == ["network.fork.proven"]


def test_a_proof_that_proves_nothing_accuses_nobody():
    log, stand = grown(40), Stand()
    stand.add(log, 0)
    with pytest.raises(Inconsistent):
        stand.add(log.grow(bodies(40, 40)), 40, [bytes(32)])
    assert stand.forks == []
    assert stand.add(log, 40)


def test_a_frozen_log_is_cosigned_no_more():
    log, stand = grown(40), Stand()
    stand.add(log, 0)
    stand.frozen.add(ORIGIN)
    with pytest.raises(LogFrozen):
        stand.add(log, 40)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(0, 200), st.randoms())
def test_whatever_is_sent_the_cosigned_sizes_grow_and_stay_one_history(
    steps: list[int], old: int, random: Random
):
    """Any order of honest and forked checkpoints leaves one history cosigned."""
    logs = [grown(0), grown(0, "other")]
    stand, cosigned = Stand(), []
    for step in steps:
        log = random.choice(logs)
        log.grow(bodies(log.size, step, "" if log is logs[0] else "other"))
        for sent in (old, 0 if not cosigned else cosigned[-1][0]):
            try:
                stand.add(log, sent)
            except HaechiError:
                continue
            cosigned.append((log.size, logs.index(log)))
    assert [size for size, _ in cosigned] == sorted(size for size, _ in cosigned)
    assert len({which for _, which in cosigned}) <= 1


# The store


def head(size: int, root: bytes = b"\1" * 32) -> SignedHead:
    return SignedHead(Head(size, root), b"note %d" % size)


def test_what_was_acknowledged_is_there_after_the_process_is_gone(tmp_path: Path):
    with SqliteWitnessStore(tmp_path / "w" / "witness.db") as store:
        store.advance("a", None, head(5))
        store.advance("b", None, head(7))
        store.advance("a", head(5).head, head(9))
    with SqliteWitnessStore(tmp_path / "w" / "witness.db") as again:
        assert (again.held("a"), again.held("b"), again.held("c")) == (head(9), head(7), None)
        with pytest.raises(HeadMoved):
            again.advance("a", head(5).head, head(10))
        with pytest.raises(HeadMoved):
            again.advance("a", head(9).head, head(8))
        with pytest.raises(HeadMoved):
            again.advance("a", head(9).head, head(9, EMPTY_ROOT))
    assert (tmp_path / "w" / "witness.db").stat().st_mode & 0o777 == 0o600


def test_of_two_requests_for_one_log_at_once_one_is_cosigned(tmp_path: Path):
    log = grown(40)
    with SqliteWitnessStore(tmp_path / "witness.db") as store:
        stand = Stand(store)
        stand.add(log, 0)
        branches = [log.fork(40).grow(bodies(40, 1 + at, f"b{at}")) for at in range(8)]
        ended: list[str] = []

        def send(branch: PeerLog) -> None:
            try:
                stand.add(branch, 40)
                ended.append("cosigned")
            except OldSizeDiffers:
                ended.append("409")

        threads = [threading.Thread(target=send, args=(branch,)) for branch in branches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(ended) == ["409"] * 7 + ["cosigned"]


def test_a_disk_that_refuses_leaves_nothing_cosigned(tmp_path: Path):
    log = grown(40)
    with SqliteWitnessStore(tmp_path / "witness.db") as store:
        stand = Stand(store)
        stand.add(log, 0)
        with sqlite3.connect(tmp_path / "witness.db") as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON cosigned BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            other.commit()
            with pytest.raises(StoreFailed):
                stand.add(log.grow(bodies(40, 5)), 40)
            held = store.held(ORIGIN)
            assert held is not None
            assert held.head.size == 40
            other.execute("DROP TRIGGER full")
            other.commit()
        other.close()
        assert stand.add(log, 40)
