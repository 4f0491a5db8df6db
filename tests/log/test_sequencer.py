"""What the sequencer promises: order, one place for each digest, nothing said before it is durable."""

import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.log.logs import (
    GENESIS,
    ORIGIN,
    SIGNER,
    FailingDisk,
    Log,
    entries,
    entry,
    failing_disk,
    open_log,
    publisher,
)

from haechi.errors import Unavailable
from haechi.log import headstore
from haechi.log.backlog import Backlog, Busy, Job, Placed, SequencerStopped, Tuning
from haechi.log.checkpoint import open_checkpoint
from haechi.log.headstore import HeadStore, HeadStoreBroken, SignerLocked, peek
from haechi.log.merkle import check_inclusion, leaf_hash
from haechi.log.sequencer import GenesisTooSmall, Publisher, RolledBack, Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import DigestMismatch, Entry, Head, Role, StoreDamaged, StoreFailed
from haechi.log.tiles import TileTree

PATIENCE_S = 30.0


def places(future: "Future[list[Placed]]") -> list[int]:
    return [place.index for place in future.result(PATIENCE_S)]


def send(log: Log, one: Entry) -> "Future[Placed]":
    return log.sequencer.submit(one.statement, one.digest)


@pytest.mark.usefixtures("each_store")
def test_entries_are_placed_in_order_under_a_head_that_holds_them(tmp_path: Path):
    with open_log(tmp_path) as log:
        for number in range(20):
            place = send(log, entry(number)).result(PATIENCE_S)
            assert place.index == number + 2
            assert place.head == log.store.head() == log.heads.current() == log.sequencer.head
            tree = TileTree(log.store.tile)
            path = tree.inclusion(place.index, place.head.size)
            finding = check_inclusion(
                leaf_hash(entry(number).digest), place.index, place.head.size, path, place.head.root
            )
            assert finding.code == "log.inclusion.valid"
        assert log.store.statement(5) == entry(3).statement


@pytest.mark.usefixtures("each_store")
def test_many_are_placed_in_the_order_given(tmp_path: Path):
    with open_log(tmp_path, tuning=Tuning(max_batch=100)) as log:
        assert places(log.sequencer.submit_many(entries(0, 1000))) == list(range(2, 1002))
        assert places(log.sequencer.submit_many([])) == []
        assert log.store.head().size == 1002


@pytest.mark.usefixtures("each_store")
def test_the_same_entry_gets_the_same_place(tmp_path: Path):
    with open_log(tmp_path) as log:
        first = send(log, entry(7)).result(PATIENCE_S)
        again = send(log, entry(7)).result(PATIENCE_S)
        assert again == first
        doubled = [entry(8), entry(7), entry(8), entry(9), GENESIS[1]]
        assert places(log.sequencer.submit_many(doubled)) == [3, 2, 3, 4, 1]
        assert log.store.head().size == 5
    with open_log(tmp_path) as log:
        assert places(log.sequencer.submit_many(doubled)) == [3, 2, 3, 4, 1]


@pytest.mark.usefixtures("each_store")
def test_a_statement_must_match_its_digest(tmp_path: Path):
    with open_log(tmp_path) as log:
        for wrong in (Entry(entry(1).digest, b"other"), Entry(b"short", None), Entry(b"", b"")):
            with pytest.raises(DigestMismatch):
                send(log, wrong)
            with pytest.raises(DigestMismatch):
                log.sequencer.submit_many([entry(0), wrong])
        assert log.store.head().size == 2
        assert send(log, Entry(entry(1).digest, None)).result(PATIENCE_S).index == 2
        assert log.store.statement(2) is None


def test_a_log_begins_with_two_entries_in_one_batch(tmp_path: Path):
    with (
        SqliteStore.create(tmp_path / "data", ORIGIN) as store,
        HeadStore.create(tmp_path / "h", ORIGIN) as heads,
    ):
        for few in ([], GENESIS[:1], [GENESIS[0], GENESIS[0]]):
            with pytest.raises(GenesisTooSmall):
                Sequencer.create(store, heads, few)
        with pytest.raises(GenesisTooSmall):
            Sequencer(store, heads)
        assert (store.head().size, heads.current()) == (0, None)
        with Sequencer.create(store, heads, GENESIS) as sequencer:
            assert sequencer.head == heads.current() == store.head()
            assert store.first_batch == 2
        with pytest.raises(RolledBack):
            Sequencer.create(store, heads, GENESIS)


def test_size_one_is_never_signed(tmp_path: Path):
    with (
        SqliteStore.create(tmp_path / "data", ORIGIN) as store,
        HeadStore.create(tmp_path / "h", ORIGIN) as heads,
    ):
        store.append(GENESIS[:1])
        with pytest.raises(GenesisTooSmall):
            Sequencer(store, heads)
        assert heads.current() is None


def test_senders_that_come_together_share_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk = failing_disk(monkeypatch)
    with open_log(tmp_path, tuning=Tuning(window_s=0.5)) as log:
        disk.seen.clear()

        def work(sender: int) -> None:
            for number in range(20):
                send(log, entry(1000 * sender + number)).result(PATIENCE_S)

        threads = [threading.Thread(target=work, args=(sender,)) for sender in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.store.head().size == 2 + 16 * 20
        assert disk.seen.count("COMMIT") < 16 * 20 / 3


@pytest.mark.usefixtures("each_store")
def test_a_lone_sender_does_not_wait_for_company(tmp_path: Path):
    with open_log(tmp_path, tuning=Tuning(window_s=60.0)) as log:
        for number in range(5):
            send(log, entry(number)).result(PATIENCE_S)


@pytest.mark.usefixtures("each_store")
def test_a_full_queue_says_so_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with open_log(tmp_path, tuning=Tuning(max_batch=4, max_waiting=8)) as log:
        gate = threading.Event()
        append = log.store.append

        def slow_append(batch: Sequence[Entry], expect: Head | None = None) -> Head:
            gate.wait(PATIENCE_S)
            return append(batch, expect)

        monkeypatch.setattr(log.store, "append", slow_append)
        sent = [log.sequencer.submit_many(entries(0, 4))]
        with pytest.raises(Busy) as caught:
            sent.extend(log.sequencer.submit_many([entry(number)]) for number in range(4, 100))
        assert caught.value.code == "log.busy"
        assert isinstance(caught.value, Unavailable)
        gate.set()
        got = [place for future in sent for place in places(future)]
        assert got == list(range(2, 2 + len(got)))
        assert 8 <= len(got) <= 12
        # A job larger than the queue goes in when it is alone.
        assert len(places(log.sequencer.submit_many(entries(1000, 1050)))) == 50


@pytest.mark.usefixtures("each_store")
def test_a_cancelled_submission_is_not_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with open_log(tmp_path) as log:
        gate = threading.Event()
        find = log.store.find
        monkeypatch.setattr(log.store, "find", lambda digests: gate.wait(PATIENCE_S) and find(digests))
        first = send(log, entry(0))
        while not first.running():
            time.sleep(0.001)
        second, third = send(log, entry(1)), send(log, entry(2))
        assert second.cancel()
        gate.set()
        assert third.result(PATIENCE_S).index == 3
        with pytest.raises(CancelledError):
            second.result()
        assert log.store.index_of(entry(1).digest) is None


@pytest.mark.parametrize("error", ["disk I/O error", "database or disk is full"])
def test_a_failed_batch_is_not_acknowledged_and_the_next_goes_on(
    tmp_path: Path, error: str, monkeypatch: pytest.MonkeyPatch
):
    disk = failing_disk(monkeypatch)
    disk.error = error
    with open_log(tmp_path) as log:
        send(log, entry(0)).result(PATIENCE_S)
        before = peek(tmp_path / "heads", ORIGIN)
        disk.at("COMMIT")
        with pytest.raises(StoreFailed, match=error):
            send(log, entry(1)).result(PATIENCE_S)
        assert log.store.head() == log.sequencer.head == before == peek(tmp_path / "heads", ORIGIN)
        assert send(log, entry(2)).result(PATIENCE_S).index == 3
        assert send(log, entry(1)).result(PATIENCE_S).index == 4


def test_a_failed_batch_of_a_large_job_fails_the_job_and_sending_again_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    disk = failing_disk(monkeypatch)
    with open_log(tmp_path, tuning=Tuning(max_batch=10)) as log:
        disk.at("COMMIT")
        disk.fail = _third(disk)
        with pytest.raises(StoreFailed):
            places(log.sequencer.submit_many(entries(0, 100)))
        assert log.store.head().size == 22
        assert places(log.sequencer.submit_many(entries(0, 100))) == list(range(2, 102))


def _third(disk: FailingDisk):
    commits = 0

    def fail(sql: str) -> bool:
        nonlocal commits
        commits += sql == "COMMIT"
        if commits == 3:
            disk.fail = lambda _: False
        return commits == 3

    return fail


def test_a_commit_that_reports_failure_and_happened_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    disk = failing_disk(monkeypatch)
    with open_log(tmp_path) as log:
        disk.at("COMMIT", after=True)
        with pytest.raises(StoreFailed):
            send(log, entry(0)).result(PATIENCE_S)
        assert log.heads.current() == Head(2, log.sequencer.head.root)
        assert send(log, entry(1)).result(PATIENCE_S) == Placed(3, log.store.head())
        assert send(log, entry(0)).result(PATIENCE_S).index == 2


@pytest.mark.usefixtures("each_store")
def test_when_the_head_store_fails_nothing_more_is_accepted_until_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with open_log(tmp_path, publish=publisher()) as log:
        published = log.sequencer.publish(1)

        def refuse(_: int) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(headstore.os, "fdatasync", refuse)
        with pytest.raises(HeadStoreBroken):
            send(log, entry(0)).result(PATIENCE_S)
        monkeypatch.undo()
        with pytest.raises(SequencerStopped, match="Input/output"):
            _send_until_refused(log)
        assert log.sequencer.publish(2) == published
        assert log.sequencer.head.size == 2
    with open_log(tmp_path) as log:
        assert log.sequencer.head.size == log.store.head().size == 3
        assert send(log, entry(0)).result(PATIENCE_S).index == 2


@pytest.mark.usefixtures("each_store")
def test_damage_met_while_writing_stops_the_sequencer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with open_log(tmp_path) as log:

        def damaged(_: Sequence[bytes]) -> dict[bytes, int]:
            raise StoreDamaged(path="x", why="a page is gone")

        monkeypatch.setattr(log.store, "find", damaged)
        with pytest.raises(StoreDamaged):
            send(log, entry(0)).result(PATIENCE_S)
        with pytest.raises(SequencerStopped, match="a page is gone"):
            _send_until_refused(log)


def _send_until_refused(log: Log) -> None:
    """The thread that gives up may take a moment; what comes in between is refused too."""
    for number in range(1, 1000):
        send(log, entry(number)).result(PATIENCE_S)


def test_a_crash_between_commit_and_head_is_mended_at_opening(tmp_path: Path):
    with open_log(tmp_path) as log:
        send(log, entry(0)).result(PATIENCE_S)
    with SqliteStore(tmp_path / "data") as store:
        ahead = store.append(entries(1, 300))
    assert peek(tmp_path / "heads", ORIGIN) != ahead
    with open_log(tmp_path) as log:
        assert log.sequencer.head == log.heads.current() == ahead


def test_a_crash_at_genesis_is_mended_at_opening(tmp_path: Path):
    with SqliteStore.create(tmp_path / "data", ORIGIN) as store, HeadStore.create(tmp_path / "heads", ORIGIN):
        genesis = store.append(GENESIS)
    with open_log(tmp_path) as log:
        assert log.heads.current() == genesis


@pytest.mark.usefixtures("each_store")
def test_a_log_with_a_new_head_file_is_refused_beyond_its_genesis(tmp_path: Path):
    with open_log(tmp_path) as log:
        send(log, entry(0)).result(PATIENCE_S)
    shutil.rmtree(tmp_path / "heads")
    HeadStore.create(tmp_path / "heads", ORIGIN).close()
    with pytest.raises(RolledBack, match="nothing yet"), open_log(tmp_path):
        pass


def test_a_restored_backup_cannot_sign(tmp_path: Path):
    with open_log(tmp_path) as log:
        log.sequencer.submit_many(entries(0, 300)).result(PATIENCE_S)
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    with open_log(tmp_path) as log:
        send(log, entry(300)).result(PATIENCE_S)
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "backup").rename(tmp_path / "data")
    before = peek(tmp_path / "heads", ORIGIN)
    for _ in range(2):
        with pytest.raises(RolledBack) as caught, open_log(tmp_path):
            pass
        assert caught.value.code == "log.rolled-back"
    assert peek(tmp_path / "heads", ORIGIN) == before


def test_a_backup_that_grew_another_way_cannot_sign(tmp_path: Path):
    with open_log(tmp_path) as log:
        log.sequencer.submit_many(entries(0, 300)).result(PATIENCE_S)
    shutil.copytree(tmp_path / "data", tmp_path / "other" / "data")
    with open_log(tmp_path) as log:
        send(log, entry(300)).result(PATIENCE_S)
    for count in (1, 50):
        with SqliteStore(tmp_path / "other" / "data") as store:
            store.append(entries(1000 * count, 1000 * count + count))
            with HeadStore.open(tmp_path / "heads", ORIGIN) as heads, pytest.raises(RolledBack):
                Sequencer(store, heads)


def test_two_signers_at_once_are_refused(tmp_path: Path):
    with open_log(tmp_path):
        shutil.copytree(tmp_path / "data", tmp_path / "copy")
        with SqliteStore(tmp_path / "copy"), pytest.raises(SignerLocked):
            HeadStore.open(tmp_path / "heads", ORIGIN)


def test_a_mirror_or_another_origin_cannot_sign(tmp_path: Path):
    for name, (origin, role) in {"a": (ORIGIN, Role.MIRROR), "b": ("jp.example/log", Role.OWN)}.items():
        with (
            SqliteStore.create(tmp_path / name, origin, role) as store,
            HeadStore.create(tmp_path / f"{name}-heads", ORIGIN) as heads,
        ):
            store.append(GENESIS)
            with pytest.raises(RolledBack):
                Sequencer(store, heads)
            assert heads.current() is None


def test_publishing_signs_the_durable_head_once(tmp_path: Path):
    signed: list[Head] = []
    real = publisher()

    def sign(head: Head, at: int) -> bytes:
        signed.append(head)
        return real.sign(head, at)

    with open_log(tmp_path, publish=Publisher(sign, real.clock, 3600.0)) as log:
        first = log.sequencer.publish(1_800_000_000)
        assert first is not None
        assert log.sequencer.publish(1_800_000_009) == first == log.store.published()
        send(log, entry(0)).result(PATIENCE_S)
        newer = log.sequencer.publish(1_800_000_010)
        assert newer is not None
        opened = open_checkpoint(newer.note, SIGNER.keys, ORIGIN)
        assert (opened.checkpoint.size, opened.checkpoint.root) == log.store.head()
        assert [head.size for head in signed] == [2, 3]
        send(log, entry(1)).result(PATIENCE_S)
    with SqliteStore(tmp_path / "data") as store:
        closing = store.published()
        assert closing is not None
        assert closing.size == 4


@pytest.mark.usefixtures("each_store")
def test_checkpoints_appear_by_themselves_when_the_log_grows(tmp_path: Path):
    with open_log(tmp_path, publish=publisher(every_s=0.01)) as log:
        for number in range(3):
            size = send(log, entry(number)).result(PATIENCE_S).head.size
            deadline = time.monotonic() + PATIENCE_S
            while True:
                newest = log.store.published()
                if newest is not None and newest.size == size:
                    break
                assert time.monotonic() < deadline
                time.sleep(0.005)


@pytest.mark.usefixtures("each_store")
def test_a_signing_device_that_is_away_is_asked_again(tmp_path: Path):
    real = publisher()
    away = True

    def sign(head: Head, at: int) -> bytes:
        if away:
            raise Unavailable(what_is="signing device", why="unplugged")
        return real.sign(head, at)

    with open_log(tmp_path, publish=Publisher(sign, real.clock, 0.01)) as log:
        assert send(log, entry(0)).result(PATIENCE_S).index == 2
        deadline = time.monotonic() + PATIENCE_S
        while log.sequencer.publish_failure is None:
            assert time.monotonic() < deadline
        assert send(log, entry(1)).result(PATIENCE_S).index == 3
        away = False
        while log.store.published() is None or log.sequencer.publish_failure is not None:
            assert time.monotonic() < deadline


def test_closing_commits_what_waits_and_accepts_no_more(tmp_path: Path):
    with open_log(tmp_path, tuning=Tuning(max_batch=10)) as log:
        sent = [log.sequencer.submit_many(entries(at, at + 100)) for at in range(0, 1000, 100)]
        log.sequencer.close()
        log.sequencer.close()
        assert [place for future in sent for place in places(future)] == list(range(2, 1002))
        with pytest.raises(SequencerStopped):
            send(log, entry(2000))


def test_the_backlog_gives_up_a_batch_when_time_is_over():
    backlog = Backlog(Tuning())
    assert backlog.take(0.0) == []
    job = Job([entry(0)], lambda: True, lambda _: None, lambda _: None)
    backlog.put(job)
    assert backlog.take(None) == [(job, [entry(0)])]
    assert backlog.close("done") == []
    assert backlog.take(None) is None
    with pytest.raises(SequencerStopped):
        backlog.put(job)


def test_a_call_ends_the_wait_for_a_batch_once():
    backlog = Backlog(Tuning())
    backlog.call()
    assert backlog.take(None) == []  # would wait for ever
    assert backlog.take(0.0) == []
    waiting: list[object] = []
    thread = threading.Thread(target=lambda: waiting.append(backlog.take(None)))
    thread.start()
    backlog.call()
    thread.join(PATIENCE_S)
    assert waiting == [[]]


def test_a_batch_waits_for_those_known_to_come():
    backlog = Backlog(Tuning(window_s=PATIENCE_S))
    jobs = [Job([entry(number)], lambda: True, lambda _: None, lambda _: None) for number in range(4)]
    late = jobs[2:]
    for job in jobs[:2]:
        backlog.put(job)
    backlog.expect(lambda: len(late))

    def arrive() -> None:
        while late:
            backlog.put(late[0])
            late.pop(0)

    threading.Timer(0.05, arrive).start()
    assert backlog.take(None) == [(job, [*job.entries]) for job in jobs]


class SequencerAgainstList(RuleBasedStateMachine):
    """Every place ever given holds, across failures and openings, and the head store is never behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="haechi-"))
        self.patch = pytest.MonkeyPatch()
        self.disk = failing_disk(self.patch)
        self.placed: dict[bytes, int] = {one.digest: index for index, one in enumerate(GENESIS)}

    @initialize()
    def open(self) -> None:
        self.opened = open_log(self.folder, publish=publisher(), tuning=Tuning(max_batch=8))
        self.log = self.opened.__enter__()

    def remember(self, sent: Sequence[Entry], got: Sequence[Placed]) -> None:
        stored = peek(self.folder / "heads", ORIGIN)
        assert stored is not None
        for one, place in zip(sent, got, strict=True):
            assert self.placed.setdefault(one.digest, place.index) == place.index
            assert place.index < place.head.size <= stored.size

    @rule(numbers=st.lists(st.integers(0, 60), min_size=1, max_size=30))
    def send(self, numbers: list[int]) -> None:
        sent = [entry(number) for number in numbers]
        self.remember(sent, self.log.sequencer.submit_many(sent).result(PATIENCE_S))

    @rule(
        numbers=st.lists(st.integers(0, 60), min_size=1, max_size=30),
        at=st.integers(0, 30),
        after=st.booleans(),
    )
    def send_on_a_failing_disk(self, numbers: list[int], at: int, *, after: bool) -> None:
        sent = [entry(number) for number in numbers]
        self.disk.after = after
        self.disk.number(at)
        try:
            got = self.log.sequencer.submit_many(sent).result(PATIENCE_S)
        except StoreFailed:
            pass
        else:
            self.remember(sent, got)
        self.disk.number(-1)

    @rule()
    def publish(self) -> None:
        newest = self.log.sequencer.publish(1_800_000_000)
        assert newest is not None
        assert newest.size == self.log.sequencer.head.size

    @rule()
    def reopen(self) -> None:
        self.opened.__exit__(None, None, None)
        self.open()

    @precondition(lambda self: len(self.placed) > 2)
    @invariant()
    def holds(self) -> None:
        store = self.log.store
        assert [store.index_of(digest) for digest in self.placed] == list(self.placed.values())
        assert [store.digest(index) for index in self.placed.values()] == list(self.placed)
        assert len({store.digest(index) for index in range(store.head().size)}) == store.head().size
        newest = store.published()
        assert newest is None or newest.size <= self.log.sequencer.head.size

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        self.patch.undo()
        shutil.rmtree(self.folder)


TestSequencerAgainstList = SequencerAgainstList.TestCase
TestSequencerAgainstList.settings = settings(
    stateful_step_count=10, max_examples=settings().max_examples // 6
)
