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

from haechi.log import digests, runs
from haechi.log.merkle import EMPTY_ROOT, Frontier, leaf_hash
from haechi.log.reader import SqliteReads
from haechi.log.sieve import Sieve, keys_of_digests
from haechi.log.sqlite import CHECKPOINTS_KEPT, SqliteStore
from haechi.log.store import (
    DigestMismatch,
    Entry,
    Head,
    NotStored,
    Published,
    Role,
    RootMismatch,
    StoreDamaged,
    StoreFailed,
    StoreLocked,
    StoreMoved,
)
from haechi.log.tiles import TileTree, changed_tiles, decode_entries


def head_of(held: list[Entry]) -> Head:
    frontier = Frontier()
    for one in held:
        frontier.append(leaf_hash(one.digest))
    return Head(len(held), frontier.root())


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore.create(tmp_path / "data", ORIGIN) as made:
        yield made


def test_an_empty_log_has_the_empty_root(store: SqliteStore):
    assert store.head() == Head(0, EMPTY_ROOT)
    assert (store.origin, store.role, store.first_batch) == (ORIGIN, Role.OWN, 0)
    assert store.index_of(entry(0).digest) is None
    assert store.published() is None
    assert store.append([]) == Head(0, EMPTY_ROOT)


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path):
    held = entries(0, 1000)
    with SqliteStore.create(tmp_path / "data", ORIGIN, Role.MIRROR) as store:
        assert store.append(held[:3]) == head_of(held[:3])
        assert store.append(held[3:]) == head_of(held)
    with SqliteStore(tmp_path / "data") as again, SqliteReads(tmp_path / "data") as beside:
        for log in (again, beside):
            assert (log.head(), log.role) == (head_of(held), Role.MIRROR)
            assert [log.statement(index) for index in range(1000)] == [one.statement for one in held]
            assert [log.digest(index) for index in range(0, 1000, 7)] == [one.digest for one in held[::7]]
            assert [log.index_of(one.digest) for one in held[::7]] == list(range(0, 1000, 7))
            assert list(log.statements(990, 50)) == [
                (index, held[index].statement) for index in range(990, 1000)
            ]
        assert again.first_batch == 3


def test_tiles_and_bundles_are_given_at_any_width_up_to_what_is_there(store: SqliteStore):
    held = entries(0, 600)
    store.append(held)
    for size in (1, 255, 256, 257, 600):
        for level, n, width in changed_tiles(0, size):
            tile = store.tile(level, n, width)
            assert tile is not None
            assert len(tile) == 32 * width
            if level == 0:
                bundle = store.entries(n, width)
                assert bundle is not None
                assert decode_entries(bundle, width) == [
                    one.digest for one in held[n * 256 : n * 256 + width]
                ]
        assert TileTree(store.tile).root(size) == head_of(held[:size]).root
    assert store.tile(0, 2, 89) is None
    assert store.tile(0, 3, 1) is None
    assert store.tile(2, 0, 1) is None
    assert store.entries(2, 89) is None


def test_what_is_not_there_is_not_stored(store: SqliteStore):
    store.append(entries(0, 3))
    for index in (-1, 3, 2**40):
        with pytest.raises(NotStored):
            store.digest(index)
        with pytest.raises(NotStored):
            store.statement(index)
    assert list(store.statements(3, 10)) == []
    with pytest.raises(NotStored):
        store.keep_statement(3, b"x")
    with pytest.raises(NotStored):
        SqliteStore(store.directory / "nothing")
    with pytest.raises(NotStored):
        SqliteReads(store.directory / "nothing")


def test_a_mirror_stores_nothing_under_another_root(store: SqliteStore):
    held = entries(0, 700)
    store.append(held[:300], expect=head_of(held[:300]))
    swapped = [*held[300:698], held[699], held[698]]
    for wrong, expect in (
        (swapped, head_of(held)),
        (held[300:699], head_of(held)),
        (held[300:], Head(700, bytes(32))),
    ):
        with pytest.raises(RootMismatch):
            store.append(wrong, expect=expect)
        assert store.head() == head_of(held[:300])
    assert store.append(held[300:], expect=head_of(held)) == head_of(held)
    assert store.index_of(held[699].digest) == 699


def test_an_entry_is_a_digest_of_32_bytes(store: SqliteStore):
    with pytest.raises(DigestMismatch):
        store.append([entry(0), Entry(b"short", None)])
    assert store.head().size == 0


def test_statements_may_come_later_and_only_the_right_ones(store: SqliteStore):
    one = entry(1)
    assert one.statement is not None
    store.append([entry(0), Entry(one.digest, None)])
    assert store.statement(1) is None
    with pytest.raises(DigestMismatch):
        store.keep_statement(1, one.statement + b" ")
    assert store.statement(1) is None
    store.keep_statement(1, one.statement)
    assert store.statement(1) == one.statement


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


def _bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_checkpoints_are_kept_newest_first_and_not_forever(store: SqliteStore):
    store.append(entries(0, 1000))
    with pytest.raises(NotStored):
        store.publish(Published(1001, b"ahead", 1))
    for size in range(2, 2 + CHECKPOINTS_KEPT + 10):
        store.publish(Published(size, b"note %d" % size, size))
    newest = 1 + CHECKPOINTS_KEPT + 10
    assert store.published() == Published(newest, b"note %d" % newest, newest)
    store.publish(Published(newest, b"with cosignatures", 9))
    assert store.published() == Published(newest, b"with cosignatures", 9)
    kept = [size for size in range(newest + 1) if store.published_at(size)]
    assert kept == list(range(newest - CHECKPOINTS_KEPT + 1, newest + 1))


def test_a_snapshot_does_not_move(store: SqliteStore):
    held = entries(0, 500)
    store.append(held[:300])
    with store.snapshot() as view:
        store.append(held[300:])
        store.withdraw(7)
        assert view.head() == head_of(held[:300])
        assert view.statement(7) == held[7].statement
        assert view.index_of(held[299].digest) == 299
        assert view.index_of(held[300].digest) is None
        assert view.tile(0, 1, 45) is None
        with store.snapshot() as newer:
            assert newer.index_of(held[300].digest) == 300
    assert store.statement(7) is None


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


def test_a_log_is_not_made_over_another(tmp_path: Path):
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        assert store.head().size == 0
    SqliteStore.create(tmp_path / "data", ORIGIN).close()
    for origin, role in (("jp.example/log", Role.OWN), (ORIGIN, Role.MIRROR)):
        with pytest.raises(StoreMoved):
            SqliteStore.create(tmp_path / "data", origin, role)
    with SqliteStore(tmp_path / "data") as store:
        store.append(entries(0, 2))
    with pytest.raises(StoreMoved):
        SqliteStore.create(tmp_path / "data", ORIGIN)


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


def test_digests_that_begin_alike_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=64, fan_in=2)
    # More than a chunk of digests with one beginning: as an attacker would choose them.
    alike = [Entry(b"\x77" * 8 + at.to_bytes(24), None) for at in range(300)]
    held = [one for pair in zip(alike, entries(0, 300), strict=True) for one in pair]
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store:
        for at in range(0, 600, 50):
            store.append(held[at : at + 50])
        assert store.find([one.digest for one in held]) == {one.digest: at for at, one in enumerate(held)}
        assert store.find([b"\x77" * 8 + at.to_bytes(24) for at in range(300, 400)]) == {}
        assert [store.index_of(one.digest) for one in held] == list(range(600))


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
