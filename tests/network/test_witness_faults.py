"""A witness whose disk fails, or that is killed at a system call: what it answered, it still holds after."""

import hashlib
import re
import sys
from pathlib import Path

import pytest
from tests.network.witness_child import LOGS, origin_of
from tests.network.world import bodies
from tests.traced import run_traced

from haechi.log.merkle import leaf_hashes
from haechi.log.store import Head
from haechi.log.tiles import Edge, grow
from haechi.network.memory import SignedHead
from haechi.network.witness_store import SqliteWitnessStore

pytestmark = pytest.mark.slow
MOMENTS = [1, 2, 3, 5, 8, 13, 21, 40]


def traced(folder: Path, *inject: str) -> tuple[dict[int, dict[int, bytes]], int]:
    """What was answered, as roots by size by log; and how often the disk was said to refuse."""
    said = run_traced(folder, [sys.executable, "-m", "tests.network.witness_child", str(folder)], *inject)
    answered: dict[int, dict[int, bytes]] = {number: {} for number in range(LOGS)}
    lines = said[: said.rfind(b"\n") + 1].decode().splitlines()
    for line in lines:
        match line.split():
            case [number, size, root]:
                answered[int(number)][int(size)] = bytes.fromhex(root)
            case _:
                assert line in ("ready", "refused")
    return answered, lines.count("refused")


def roots(number: int, size: int) -> dict[int, bytes]:
    """The roots of the log at every size up to `size`."""
    edge, found = Edge(), dict[int, bytes]()
    for at, body in enumerate(bodies(0, size, origin_of(number)), 1):
        edge, _ = grow(edge, leaf_hashes([hashlib.sha256(body).digest()]))
        found[at] = edge.root()
    return found


def holds(folder: Path, answered: dict[int, dict[int, bytes]]) -> None:
    """Open the store as after a restart: nothing that was answered is forgotten, and nothing else is held."""
    with SqliteWitnessStore(folder / "witness.db") as store:
        for number, told in answered.items():
            held = store.held(origin_of(number))
            if held is None:
                assert not told
                continue
            true = roots(number, held.head.size)
            assert held.head.size >= max(told, default=0)
            assert held.head.root == true[held.head.size]
            assert all(true[size] == root for size, root in told.items())
            # It can go on from there.
            more = Head(held.head.size + 1, bytes(32))
            store.advance(origin_of(number), held.head, SignedHead(more, b"note"))


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("call", ["fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"])
def test_a_disk_that_fails_is_no_cosignature(tmp_path: Path, call: str, when: int) -> None:
    answered, _ = traced(tmp_path, "trace=fdatasync,pwrite64", f"inject={call}:when={when}")
    holds(tmp_path, answered)


def test_a_disk_that_fails_for_good_is_told_and_nothing_is_answered_from_then_on(tmp_path: Path) -> None:
    answered, refused = traced(tmp_path, "trace=fdatasync", "inject=fdatasync:error=EIO:when=9+")
    assert refused > LOGS
    holds(tmp_path, answered)
    # strace counts for each thread; a sync serves at most one request of each log.
    synced = re.findall(r"fdatasync\(.*= 0$", (tmp_path / "trace").read_text(), re.MULTILINE)
    assert 0 < sum(map(len, answered.values())) <= len(synced) * LOGS


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_a_kill_at_any_system_call_forgets_no_answer(tmp_path: Path, call: str, when: int) -> None:
    answered, _ = traced(tmp_path, f"trace={call}", f"inject={call}:signal=KILL:when={when}")
    holds(tmp_path, answered)
