"""What must survive: everything acknowledged, whatever stops the process or the disk, and when.

A child process appends under load and says what was acknowledged; it is killed, or its disk fails, and the
log is then opened and held against every line it said.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import traced
from tests.log.logs import GENESIS, ORIGIN, SIGNER, Log, entries, entry, open_log, small_runs
from tests.traced import end, read_until

from haechi.findings import Verdict
from haechi.log.fsck import fsck
from haechi.log.headstore import HeadStore, peek
from haechi.log.merkle import leaf_hash
from haechi.log.reader import SqliteReads
from haechi.log.sequencer import RolledBack, Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import NotStored, StoreDamaged, StoreFailed
from haechi.log.tiles import TileTree

ROUNDS = int(os.environ.get("HAECHI_CRASH_ROUNDS", "20"))
SLOW_ROUNDS = 200


def start(folder: Path, seed: int, *, limit: int | None = None) -> "subprocess.Popen[bytes]":
    return traced.start([*appender(folder, seed), *([] if limit is None else [str(limit)])])


def appender(folder: Path, seed: int) -> list[str]:
    return [sys.executable, "-m", "tests.log.appender", str(folder), str(seed)]


def acknowledged(said: bytes) -> Iterator[tuple[int, int]]:
    """Number and index of each whole line; the kill may have cut the last."""
    for line in said[: said.rfind(b"\n") + 1].splitlines():
        number, _, index = line.partition(b" ")
        if index:
            yield int(number), int(index)


def holds(folder: Path, placed: dict[int, int]) -> int:
    """Open the log as after a restart and hold it against every acknowledgement; its size."""
    stored = peek(folder / "heads", ORIGIN)
    assert stored is not None
    assert stored.size > max(placed.values(), default=1)
    with SqliteReads(folder / "data") as left_behind:
        # Reading comes first: nobody has tidied up after the process that is gone.
        assert left_behind.head().size >= stored.size
        for number, index in list(placed.items())[:20]:
            assert left_behind.index_of(entry(number).digest) == index
    with SqliteStore(folder / "data") as store:
        head = store.head()
        assert head.size >= stored.size
        assert TileTree(store.tile).root(stored.size) == stored.root
        for number, index in placed.items():
            assert store.digest(index) == entry(number).digest
            assert store.statement(index) == entry(number).statement
        assert store.find([entry(number).digest for number in placed]) == {
            entry(number).digest: index for number, index in placed.items()
        }
        published = store.published()
        assert published is None or published.size <= stored.size
        findings = fsck(store, stored, SIGNER.keys)
        bad = [finding for finding in findings if finding.verdict is Verdict.FAILS]
        assert not bad, bad
    return head.size


def kill_rounds(folder: Path, rounds: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # chance, not secrecy
    placed: dict[int, int] = {}
    for at in range(rounds):
        child = start(folder, rng.randrange(2**31))
        # Some rounds end while the log is being opened, most under load.
        quick = at and rng.random() < 0.15
        said = b"" if quick else read_until_ready(child)
        said += read_until(child, time.monotonic() + rng.random() * (0.2 if quick else 0.4))
        said_besides, errors = end(child)
        assert "Traceback" not in errors, errors
        now = dict(acknowledged(said + said_besides))
        placed.update(now)
        # Every round checks what it acknowledged; the last checks all rounds.
        size = holds(folder, placed if at == rounds - 1 else now)
        assert size > max(placed.values(), default=1)
        if sum(path.stat().st_size for path in (folder / "data").iterdir()) > 40 * 2**20:
            shutil.rmtree(folder)
            folder.mkdir()
            placed.clear()


def read_until_ready(child: "subprocess.Popen[bytes]") -> bytes:
    assert child.stdout is not None
    said = b""
    while b"ready\n" not in said:
        part = os.read(child.stdout.fileno(), 1 << 16)
        assert part, child.stderr.read().decode() if child.stderr else ""
        said += part
    return said


@pytest.fixture(autouse=True)
def _short_runs(monkeypatch: pytest.MonkeyPatch):
    # As in the child, so that parts of the index are sealed and merged while it is killed.
    small_runs(monkeypatch, run=4096, fan_in=2)


def test_everything_acknowledged_survives_a_kill(tmp_path: Path):
    seed = int(os.environ.get("HAECHI_CRASH_SEED", random.SystemRandom().randrange(2**31)))
    print(f"HAECHI_CRASH_SEED={seed}")  # noqa: T201  # pytest shows it when the test fails
    kill_rounds(tmp_path, ROUNDS, seed)


@pytest.mark.slow
def test_everything_acknowledged_survives_many_kills(tmp_path: Path):
    seed = int(os.environ.get("HAECHI_CRASH_SEED", random.SystemRandom().randrange(2**31)))
    print(f"HAECHI_CRASH_SEED={seed}")  # noqa: T201  # as above
    kill_rounds(tmp_path, max(ROUNDS, SLOW_ROUNDS), seed)


def test_a_file_size_limit_refuses_and_loses_nothing(tmp_path: Path):
    child = start(tmp_path, 1, limit=2**20)
    said, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors.decode()
    assert said.endswith(b"refused\n")
    placed = dict(acknowledged(said))
    assert placed
    holds(tmp_path, placed)
    with open_log(tmp_path) as log:
        assert len(log.sequencer.submit_many(entries(0, 500)).result(60)) == 500


def test_a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"mounting a small disk is not permitted: {mounted.stderr.decode().strip()}")
    try:
        (disk / "ballast").write_bytes(bytes(2**20))
        placed: dict[int, int] = {}
        with open_log(tmp_path) as begun:
            assert begun.store.head().size == 2
        shutil.move(tmp_path / "data", disk / "data")
        (tmp_path / "data").symlink_to(disk / "data")
        with open_log(tmp_path) as log:
            with pytest.raises(StoreFailed, match="full"):
                _send_until_refused(log, placed)
            assert log.store.head() == log.heads.current()
            (disk / "ballast").unlink()
            _send(log, placed)
        holds(tmp_path, placed)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _send(log: Log, placed: dict[int, int]) -> None:
    first = max(placed, default=-1) + 1
    places = log.sequencer.submit_many(entries(first, first + 200)).result(60)
    placed.update({number: place.index for number, place in enumerate(places, first)})


def _send_until_refused(log: Log, placed: dict[int, int]) -> None:
    while len(placed) < 10**6:
        _send(log, placed)


def test_a_copy_taken_while_running_is_whole_and_may_not_sign(tmp_path: Path):
    child = start(tmp_path, 3)
    said = read_until_ready(child) + read_until(child, time.monotonic() + 0.3)
    said += end(child)[0]
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    with open_log(tmp_path) as log:
        log.sequencer.submit_many(entries(0, 10)).result(60)
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "backup").rename(tmp_path / "data")
    with pytest.raises(RolledBack), open_log(tmp_path):
        pass
    with SqliteStore(tmp_path / "data") as store:
        for number, index in acknowledged(said):
            assert store.digest(index) == entry(number).digest


def test_a_process_that_only_reads_sees_whole_batches_while_another_writes(tmp_path: Path):
    child = start(tmp_path, 4)
    said = read_until_ready(child)
    try:
        with SqliteReads(tmp_path / "data") as store:
            deadline = time.monotonic() + 0.7
            while time.monotonic() < deadline:
                with store.snapshot() as view:
                    head = view.head()
                    tree = TileTree(view.tile)
                    assert tree.root(head.size) == head.root
                    newest = view.digest(head.size - 1)
                    assert tree.leaf(head.size - 1, head.size) == leaf_hash(newest)
                    assert view.index_of(newest) == head.size - 1
                    assert view.statement(head.size - 1) is not None
                said += read_until(child, time.monotonic() + 0.01)
    finally:
        said += end(child)[0]
    assert len(dict(acknowledged(said))) > 10


def _traced(folder: Path, *inject: str) -> dict[int, int]:
    """Run the appender for a while under strace with these injections; what was acknowledged."""
    return dict(acknowledged(traced.run_traced(folder, appender(folder, 5), *inject)))


def _begun(folder: Path) -> None:
    with open_log(folder) as log:
        log.sequencer.submit_many(entries(0, 200)).result(60)


@pytest.mark.slow
@pytest.mark.parametrize("when", [1, 2, 3, 5, 8, 13, 21, 40, 77])
@pytest.mark.parametrize("call", ["fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"])
def test_a_system_call_that_fails_loses_nothing(tmp_path: Path, call: str, when: int):
    _begun(tmp_path)
    placed = _traced(tmp_path, "trace=fdatasync,pwrite64", f"inject={call}:when={when}")
    holds(tmp_path, placed)
    with open_log(tmp_path) as log:
        assert log.sequencer.submit_many(entries(0, 1)).result(60)[0].index == 2


@pytest.mark.slow
@pytest.mark.parametrize("when", [1, 2, 3, 4, 5, 6, 7, 8, 13, 21, 34, 55, 89])
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_a_kill_at_any_system_call_loses_nothing(tmp_path: Path, call: str, when: int):
    _begun(tmp_path)
    placed = _traced(tmp_path, f"trace={call}", f"inject={call}:signal=KILL:when={when}")
    holds(tmp_path, placed)
    with open_log(tmp_path) as log:
        assert log.sequencer.submit_many(entries(0, 1)).result(60)[0].index == 2


@pytest.mark.slow
@pytest.mark.parametrize("when", range(1, 12))
def test_a_kill_while_a_log_is_begun_leaves_one_that_can_be_begun_or_opened(tmp_path: Path, when: int):
    for call in ("fdatasync", "pwrite64"):
        folder = tmp_path / call
        folder.mkdir()
        _traced(folder, f"trace={call}", f"inject={call}:signal=KILL:when={when}")
        if not (folder / "data").exists():
            continue
        opened = (
            SqliteStore.create(folder / "data", ORIGIN) if _empty(folder) else SqliteStore(folder / "data")
        )
        with opened as store, HeadStore.create(folder / "heads", ORIGIN) as heads:
            if store.head().size == 0:
                Sequencer.create(store, heads, GENESIS).close()
            else:
                Sequencer(store, heads).close()
        holds(folder, {-1: 0, -2: 1})


def _empty(folder: Path) -> bool:
    """Whether the log was not begun yet: no file, no tables in it, or no entries."""
    try:
        with SqliteStore(folder / "data") as store:
            return store.head().size == 0
    except (NotStored, StoreDamaged, StoreFailed):
        return True
