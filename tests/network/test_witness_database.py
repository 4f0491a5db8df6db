"""A witness that several front processes are: it cosigns one history, whichever front is asked."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.databases import fresh_database
from tests.network.world import ORIGIN, SIGNER, PeerLog, bodies

from haechi.errors import HaechiError
from haechi.log.cluster.database import Database
from haechi.log.headstore import HeadMoved
from haechi.log.merkle import EMPTY_ROOT
from haechi.log.note import NoteSigner, SignatureType
from haechi.log.store import Head
from haechi.log.tiles import TileTree
from haechi.network.add_checkpoint import AddCheckpoint, Inconsistent, OldSizeDiffers
from haechi.network.memory import SignedHead
from haechi.network.witness import Witness
from haechi.network.witness_database import (
    Recovered,
    SharedWitnessStore,
    WitnessDisagrees,
    WitnessRolledBack,
    recover,
)
from haechi.network.witness_store import SqliteWitnessStore

KEY = NoteSigner("w.example/w", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate())
NOW = 1_800_000_000


@pytest.fixture
def database() -> Database:
    database = fresh_database()
    database.make_tables(ORIGIN, "own", EMPTY_ROOT)
    return database


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def store(stack: ExitStack, database: Database, folder: Path) -> SharedWitnessStore:
    made = SharedWitnessStore(database, SqliteWitnessStore(folder / "witness.db"))
    stack.callback(made.close)
    return made


def front(held: SharedWitnessStore) -> Witness:
    return Witness([KEY], lambda _: SIGNER.keys, held, lambda _: None, lambda _: False)


def ask(log: PeerLog, old: int) -> bytes:
    tree = TileTree(lambda level, n, width: log.tiles[level, n][: width * 32])
    proof = tuple(tree.consistency(old, log.size)) if 0 < old < log.size else ()
    return AddCheckpoint(old, proof, log.note).encode()


def test_what_one_front_cosigned_binds_the_other(tmp_path: Path, database: Database, stack: ExitStack):
    one, other = (front(store(stack, database, tmp_path / name)) for name in ("one", "other"))
    log = PeerLog().grow(bodies(0, 5))
    assert one.add_checkpoint(ask(log, 0), NOW)
    liar = log.fork(4).grow(bodies(4, 3, "else"))
    with pytest.raises(OldSizeDiffers) as told:
        other.add_checkpoint(ask(liar, 0), NOW)
    assert told.value.facts["expected"] == 5
    with pytest.raises(Inconsistent):
        other.add_checkpoint(ask(liar, 5), NOW)
    log.grow(bodies(5, 2))
    assert other.add_checkpoint(ask(log, 5), NOW)
    assert one.checkpoint(_name()) == other.checkpoint(_name())
    assert one.add_checkpoint(ask(log, 7), NOW + 1), "the same head again, at the front that is behind"


def _name() -> str:
    return hashlib.sha256(ORIGIN.encode()).hexdigest()


def test_of_two_histories_at_the_same_moment_one_is_cosigned(
    tmp_path: Path, database: Database, stack: ExitStack
):
    """Each round both fronts are asked at once for another history from the same size."""
    stores = [store(stack, database, tmp_path / name) for name in ("one", "other")]
    log = PeerLog().grow(bodies(0, 3))
    front(stores[0]).add_checkpoint(ask(log, 0), NOW)
    for turn in range(8):
        ways = [log.fork(log.size).grow(bodies(log.size, 2, f"{way}{turn}")) for way in range(2)]
        start, answers = Barrier(2), dict[int, object]()

        def send(at: int, ways=ways, start=start, answers=answers) -> None:  # noqa: ANN001
            start.wait()
            try:
                answers[at] = front(stores[at]).add_checkpoint(ask(ways[at], ways[at].size - 2), NOW)
            except HaechiError as error:
                answers[at] = error

        threads = [Thread(target=send, args=(at,)) for at in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        signed = [at for at in range(2) if isinstance(answers[at], bytes)]
        assert len(signed) == 1, answers
        assert isinstance(answers[1 - signed[0]], OldSizeDiffers)
        log = ways[signed[0]]


def test_a_database_that_forgot_is_noticed_by_whoever_cosigned(
    tmp_path: Path, database: Database, stack: ExitStack
):
    held = store(stack, database, tmp_path / "one")
    log = PeerLog().grow(bodies(0, 5))
    front(held).add_checkpoint(ask(log, 0), NOW)
    with database.connect() as db:
        backup = db.execute("SELECT size, root, note FROM cosigned").fetchone()
        assert backup is not None
        front(held).add_checkpoint(ask(log.grow(bodies(5, 4)), 5), NOW)
        db.execute("UPDATE cosigned SET size = %s, root = %s, note = %s", backup)
        liar = log.fork(5).grow(bodies(5, 6, "else"))
        with pytest.raises(WitnessRolledBack):
            front(held).add_checkpoint(ask(liar, 5), NOW)
        db.execute("DELETE FROM cosigned")
        with pytest.raises(WitnessRolledBack):
            front(held).add_checkpoint(ask(liar, 0), NOW)
    again = store(stack, database, tmp_path / "one")
    with pytest.raises(WitnessRolledBack):
        front(again).add_checkpoint(ask(liar, 0), NOW)


def test_who_reads_while_another_thread_cosigns_is_told_of_no_rollback(
    tmp_path: Path, database: Database, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
):
    """The other thread starts after the row was read, and has until the row is compared with the own file."""
    held = store(stack, database, tmp_path / "one")
    witness, log = front(held), PeerLog().grow(bodies(0, 5))
    witness.add_checkpoint(ask(log, 0), NOW)
    newer, threads, failed = ask(log.grow(bodies(5, 4)), 5), list[Thread](), list[HaechiError]()
    compare = held._require_kept

    def cosign() -> None:
        try:
            witness.add_checkpoint(newer, NOW)
        except HaechiError as error:
            failed.append(error)

    def late(origin: str, there: SignedHead | None) -> None:
        if not threads:
            threads.append(Thread(target=cosign))
            threads[0].start()
            threads[0].join(0.5)
        compare(origin, there)

    monkeypatch.setattr(held, "_require_kept", late)
    assert held.named(_name())
    threads[0].join()
    assert not failed
    now = held.named(_name())
    assert now is not None
    assert now.head.size == 9


def test_a_connection_that_breaks_is_made_again(tmp_path: Path, database: Database, stack: ExitStack):
    held = store(stack, database, tmp_path / "one")
    log = PeerLog().grow(bodies(0, 5))
    front(held).add_checkpoint(ask(log, 0), NOW)
    with database.connect() as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND pid <> pg_backend_pid()",
            (database.schema,),
        )
    with pytest.raises(HaechiError):
        front(held).add_checkpoint(ask(log, 5), NOW)
    assert front(held).add_checkpoint(ask(log, 5), NOW)


def test_a_head_is_never_replaced_by_a_smaller_or_another(
    tmp_path: Path, database: Database, stack: ExitStack
):
    held = store(stack, database, tmp_path / "one")
    five, other = Head(5, bytes(32)), Head(5, b"\1" * 32)
    held.advance(ORIGIN, None, SignedHead(five, b"note"))
    for old, new in ((None, Head(6, bytes(32))), (five, other), (five, Head(4, bytes(32))), (other, five)):
        with pytest.raises(HeadMoved):
            held.advance(ORIGIN, old, SignedHead(new, b"note"))
    assert held.held(ORIGIN) == SignedHead(five, b"note")


def rolled_back(database: Database, size: int) -> None:
    """The database as a backup from then has it."""
    with database.connect() as db:
        db.execute("UPDATE cosigned SET size = %s, root = %s", (size, bytes([size]) * 32))


def test_a_restored_database_learns_from_its_fronts_what_was_cosigned(
    tmp_path: Path, database: Database, stack: ExitStack
):
    stores = [store(stack, database, tmp_path / name) for name in ("one", "other")]
    one, other = (front(each) for each in stores)
    log = PeerLog().grow(bodies(0, 3))
    one.add_checkpoint(ask(log, 0), NOW)
    log.grow(bodies(3, 2))
    other.add_checkpoint(ask(log, 3), NOW)
    rolled_back(database, 2)
    liar = log.fork(2).grow(bodies(2, 1, "else"))
    owns = [each._own for each in stores]
    assert recover(database, owns) == [Recovered(ORIGIN, 2, 5)]
    assert recover(database, owns) == []
    with pytest.raises(OldSizeDiffers):
        one.add_checkpoint(ask(liar, 2), NOW)
    log.grow(bodies(5, 1))
    assert one.add_checkpoint(ask(log, 5), NOW)


def test_a_database_that_lost_a_log_altogether_learns_of_it_again(
    tmp_path: Path, database: Database, stack: ExitStack
):
    made = store(stack, database, tmp_path / "one")
    front(made).add_checkpoint(ask(PeerLog().grow(bodies(0, 3)), 0), NOW)
    with database.connect() as db:
        db.execute("DELETE FROM cosigned")
    assert recover(database, [made._own]) == [Recovered(ORIGIN, 0, 3)]
    assert made.named(_name()) == made._own.held(ORIGIN)


def test_of_two_roots_of_one_size_no_memory_is_made(tmp_path: Path, database: Database, stack: ExitStack):
    log = PeerLog().grow(bodies(0, 3))
    made = store(stack, database, tmp_path / "one")
    front(made).add_checkpoint(ask(log, 0), NOW)
    rolled_back(database, 3)
    with pytest.raises(WitnessDisagrees):
        recover(database, [made._own])
    with database.connect() as db:
        db.execute("DELETE FROM cosigned")
    other = SqliteWitnessStore(tmp_path / "other.db")
    stack.callback(other.close)
    front_of = Witness([KEY], lambda _: SIGNER.keys, other, lambda _: None, lambda _: False)
    front_of.add_checkpoint(ask(log.fork(1).grow(bodies(1, 2, "else")), 0), NOW)
    with pytest.raises(WitnessDisagrees):
        recover(database, [made._own, other])
    assert made.named(_name()) is None


def test_what_a_front_hands_out_for_another_is_in_its_own_memory_first(
    tmp_path: Path, database: Database, stack: ExitStack
):
    one, other = (store(stack, database, tmp_path / name) for name in ("one", "other"))
    log = PeerLog().grow(bodies(0, 3))
    front(one).add_checkpoint(ask(log, 0), NOW)
    assert other._own.held(ORIGIN) is None
    told = front(other).checkpoint(_name())
    held = other._own.held(ORIGIN)
    assert held is not None
    assert held.note == told
    rolled_back(database, 2)
    with pytest.raises(WitnessRolledBack):
        front(other).checkpoint(_name())
