"""What the store promises: all of a batch or none, the same answers after any failure, flat cost."""

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.log.logs import ORIGIN, FailingDisk, entries, entry, failing_disk, small_runs
from tests.log.stores import head_of

from haechi.log import digests, runs
from haechi.log.reader import SqliteReads
from haechi.log.sieve import Sieve, keys_of_digests
from haechi.log.sqlite import SqliteStore
from haechi.log.store import (
    Entry,
    Head,
    RootMismatch,
    StoreDamaged,
    StoreFailed,
    StoreLocked,
    StoreMoved,
)
from haechi.log.tiles import TileTree


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore.create(tmp_path / "data", ORIGIN) as made:
        yield made


def test_a_withdrawn_statement_is_gone_from_every_file_and_its_entry_stays(tmp_path: Path):
    secret = b"the address of a witness, " * 400
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        store.append([*entries(0, 50), Entry(sha256(secret).digest(), secret), *entries(50, 100)])
        assert b"address of a witness" in _bytes_on_disk(tmp_path)
        assert store.withdraw(50)
        assert not store.withdraw(50)
        assert store.statement(50) is None
        assert store.index_of(sha256(secret).digest()) == 50
        assert b"address of a witness" not in _bytes_on_disk(tmp_path)
        store.append(entries(100, 200))
        assert list(store.statements(49, 3)) == [(49, entry(49).statement), (51, entry(50).statement)]


def test_statements_stand_at_the_index_of_their_entry_whatever_is_held(store: SqliteStore):
    rng = random.Random(11)  # noqa: S311  # no secret
    held: list[Entry] = []
    for size in (1, 2, 1100, 1, 300, 17, 64):
        batch = [
            one if rng.random() < 0.9 else one._replace(statement=None)
            for one in entries(len(held), len(held) + size)
        ]
        held += batch
        assert store.append(batch) == head_of(held)
        store.withdraw(len(held) - 1)  # the last row of all: the next batch must not take its place
        held[-1] = held[-1]._replace(statement=None)
    assert [store.statement(at) for at in range(len(held))] == [one.statement for one in held]


def test_a_statement_above_the_end_of_the_log_is_never_taken_for_the_next(store: SqliteStore, tmp_path: Path):
    store.append(entries(0, 10))
    with sqlite3.connect(tmp_path / "data" / "log.db") as db:
        db.execute("INSERT INTO statement VALUES (12, x'00')")
    db.close()
    with pytest.raises(StoreDamaged):
        store.append(entries(10, 20))
    assert store.head() == head_of(entries(0, 10))
    assert store.statement(9) == entry(9).statement


def _bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_one_process_writes(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path\n"
        "from haechi.log.sqlite import SqliteStore; from haechi.log.store import StoreLocked\n"
        "try: SqliteStore(Path(sys.argv[1]))\n"
        "except StoreLocked: sys.exit(7)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    with SqliteStore.create(tmp_path / "data", ORIGIN):
        with pytest.raises(StoreLocked):
            SqliteStore(tmp_path / "data")
        assert subprocess.run(command, check=False).returncode == 7
    assert subprocess.run(command, check=False).returncode == 0


def test_a_writer_behind_our_back_is_noticed(tmp_path: Path, store: SqliteStore):
    store.append(entries(0, 10))
    with sqlite3.connect(tmp_path / "data" / "log.db") as other:
        other.execute("UPDATE head SET size = 11")
    other.close()
    with pytest.raises(StoreMoved):
        store.append(entries(10, 20))
    # The file now contradicts itself, and the store says so instead of going on.
    with pytest.raises(StoreDamaged):
        store.append(entries(10, 20))


def test_a_file_that_is_no_log_is_refused(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log.db").write_bytes(b"not a database, and longer than its header" * 100)
    with pytest.raises(StoreDamaged):
        SqliteStore(tmp_path / "data")
    with pytest.raises(StoreDamaged):
        SqliteReads(tmp_path / "data")


def test_a_log_whose_tiles_lost_a_byte_is_not_written_to(tmp_path: Path):
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        store.append(entries(0, 300))
    with sqlite3.connect(tmp_path / "data" / "log.db") as db:
        db.execute("UPDATE tile SET body = zeroblob(length(body)) WHERE id = 1")
    db.close()
    with pytest.raises(StoreDamaged):
        SqliteStore(tmp_path / "data")


@pytest.mark.parametrize("start", ["BEGIN", "UPDATE head", "INSERT OR REPLACE INTO tile", "COMMIT"])
def test_a_refused_batch_leaves_nothing_and_the_next_one_goes_on(
    tmp_path: Path, start: str, monkeypatch: pytest.MonkeyPatch
):
    disk = failing_disk(monkeypatch)
    held = entries(0, 900)
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store, SqliteReads(tmp_path / "data") as beside:
        store.append(held[:300])
        disk.at(start)
        with pytest.raises(StoreFailed):
            store.append(held[300:600])
        for log in (store, beside):
            assert log.head() == head_of(held[:300])
            assert log.index_of(held[300].digest) is None
            assert log.tile(0, 1, 45) is None
        assert store.find([held[299].digest, held[300].digest]) == {held[299].digest: 299}
        assert store.append(held[300:]) == head_of(held)
        assert beside.head() == head_of(held)


def test_a_disk_that_also_refuses_to_be_read_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk = failing_disk(monkeypatch)
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        store.append(entries(0, 300))
        disk.fail = lambda _: True
        for _ in range(3):
            with pytest.raises(StoreFailed):
                store.append(entries(300, 310))
        disk.fail = lambda _: False
        assert store.append(entries(300, 310)) == head_of(entries(0, 310))


def test_a_digest_is_found_at_every_stage_of_merging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=64, fan_in=3)
    rng = random.Random(5)  # noqa: S311  # chance, not secrecy
    held: list[Entry] = []
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store, SqliteReads(tmp_path / "data") as beside:
        while len(held) < 4000:
            batch = entries(len(held), len(held) + rng.choice([1, 3, 40, 64, 65, 200]))
            store.append(batch)
            held += batch
            sample = {
                one.digest: index for index, one in rng.sample(list(enumerate(held)), min(20, len(held)))
            }
            absent = [entry(-1 - at).digest for at in range(5)]
            assert store.find([*sample, *absent]) == sample
            for log in (store, beside):
                assert [log.index_of(digest) for digest in sample] == list(sample.values())
                assert [log.index_of(digest) for digest in absent] == [None] * 5
    with SqliteStore(tmp_path / "data") as again:
        everything = {one.digest: index for index, one in enumerate(held)}
        assert again.find(list(everything)) == everything
        with again.snapshot() as view:
            parts = [(part.first, part.size, len(list(part.records))) for part in view.index_parts()]
    assert max(size for _, size, _ in parts) >= 64 * 27
    assert all(size == stored for _, size, stored in parts)


def test_an_old_snapshot_finds_what_was_sealed_and_merged_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    small_runs(monkeypatch, run=64, fan_in=2)
    held = entries(0, 2000)
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        store.append(held[:100])
        with store.snapshot() as view:
            for at in range(100, 2000, 50):
                store.append(held[at : at + 50])
            assert [view.index_of(one.digest) for one in held[:100]] == list(range(100))
            assert [view.index_of(one.digest) for one in held[100:300]] == [None] * 200


def test_the_sieve_forgets_nothing_and_lets_little_through():
    rng = random.Random(3)  # noqa: S311  # chance, not secrecy
    known = [rng.randbytes(32) for _ in range(20_000)]
    sieve = Sieve(2**21)
    assert sieve.add(keys_of_digests(known))
    assert sieve.suspects(known) == known
    unknown = [rng.randbytes(32) for _ in range(20_000)]
    assert len(sieve.suspects(unknown)) < 20
    while sieve.add(keys_of_digests(unknown)):
        pass
    assert sieve.held_bytes <= 2**21
    assert sieve.suspects(known) == known


def test_a_full_sieve_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=64, fan_in=3)
    monkeypatch.setattr(digests, "SIEVE_BYTES", 0)
    held = entries(0, 1000)
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        for at in range(0, 1000, 50):
            store.append(held[at : at + 50])
        assert store.find([one.digest for one in held]) == {one.digest: at for at, one in enumerate(held)}
        assert store.find([entry(-1).digest]) == {}


class StoreAgainstList(RuleBasedStateMachine):
    """The store does what a list of entries does, whatever fails in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="haechi-"))
        self.patch = pytest.MonkeyPatch()
        small_runs(self.patch, run=64, fan_in=2)
        self.disk: FailingDisk = failing_disk(self.patch)
        self.held: list[Entry] = []
        self.withdrawn: set[int] = set()

    @initialize()
    def create(self) -> None:
        self.store = SqliteStore.create(self.folder / "data", ORIGIN)

    @rule(count=st.integers(1, 400))
    def append(self, count: int) -> None:
        batch = entries(len(self.held), len(self.held) + count)
        self.held += batch
        assert self.store.append(batch) == head_of(self.held)

    @rule(count=st.integers(1, 200), at=st.integers(0, 40), after=st.booleans())
    def append_on_a_failing_disk(self, count: int, at: int, *, after: bool) -> None:
        batch = entries(len(self.held), len(self.held) + count)
        self.disk.after = after
        self.disk.number(at)
        try:
            self.store.append(batch)
        except StoreFailed:
            self.disk.number(-1)
            # A commit that was carried out and then reported as failed is the one doubt that is allowed.
            if self.store.append([]).size != len(self.held):
                assert after
                self.held += batch
        else:
            self.disk.number(-1)
            self.held += batch

    @precondition(lambda self: self.held)
    @rule(count=st.integers(1, 20))
    def append_under_a_wrong_root(self, count: int) -> None:
        with pytest.raises(RootMismatch):
            self.store.append(entries(-count, 0), expect=Head(len(self.held) + count, bytes(32)))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        assert self.store.withdraw(index) == (index not in self.withdrawn)
        self.withdrawn.add(index)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.folder / "data")

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def look_up(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        one = self.held[index]
        assert self.store.index_of(one.digest) == index
        assert self.store.find([one.digest, entry(-1).digest]) == {one.digest: index}
        assert self.store.digest(index) == one.digest
        assert self.store.statement(index) == (None if index in self.withdrawn else one.statement)
        size = data.draw(st.integers(index + 1, len(self.held)))
        assert TileTree(self.store.tile).root(size) == head_of(self.held[:size]).root

    @invariant()
    def agrees(self) -> None:
        assert self.store.head() == head_of(self.held)
        assert self.store.index_of(entry(len(self.held)).digest) is None

    def teardown(self) -> None:
        self.store.close()
        self.patch.undo()
        shutil.rmtree(self.folder)


TestStoreAgainstList = StoreAgainstList.TestCase
TestStoreAgainstList.settings = settings(stateful_step_count=10, max_examples=settings().max_examples // 6)


def test_merging_keeps_up_with_appending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=64, fan_in=4)
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        for at in range(0, 64 * 300, 320):
            store.append(entries(at, at + 320))
        with store.snapshot() as view:
            live = runs.live_runs(view.db)
        for level in range(5):
            assert sum(run.level == level for run in live) <= 3 * 4
        # Cleared runs leave no chunks behind: what is stored is what is listed.
        with store.snapshot() as view:
            slots = {row[0] for row in view.db.execute("SELECT DISTINCT id >> 48 FROM chunk")}
            known = {row[0] for row in view.db.execute("SELECT slot FROM run")}
        assert slots <= known
        assert len(known) < 40
