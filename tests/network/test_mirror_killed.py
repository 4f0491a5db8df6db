"""kill -9 in the middle of a sync: what is there afterwards is true, and the next sync goes on from it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.network.world import ORIGIN, SIGNER, PeerLog, bodies

from haechi.log.sqlite import SqliteStore
from haechi.log.tiles import TileTree, changed_tiles, entries_path, tile_path

CHILD = Path(__file__).with_name("mirror_child.py")
ENTRIES = 4000
SEED = 20261122


def write_site(peer: PeerLog, folder: Path) -> None:
    paths = [tile_path(*name) for name in changed_tiles(0, peer.size)]
    for n in range(-(-peer.size // 256)):
        path = entries_path(n, min(256, peer.size - n * 256))
        paths += [path, path.replace("entries", "statements", 1)]
    for path in ("checkpoint", *paths):
        target = folder / "log" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(peer.file(path))
    (folder / "pin").write_text("\n".join((ORIGIN, *(key.vkey for key in SIGNER.keys))))


def run(site: Path, folder: Path, kill_at: tuple[int, float] | None) -> str:
    """What the child said last. kill_at: after how many pieces, and how many seconds, it is killed."""
    with subprocess.Popen([sys.executable, CHILD, site, folder], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        if kill_at is not None:
            pieces, seconds = kill_at
            for _ in range(pieces):
                child.stdout.readline()
            time.sleep(seconds)
            child.kill()
        return child.stdout.read()


@pytest.mark.slow
def test_a_killed_sync_left_only_truth_and_goes_on(tmp_path: Path) -> None:
    peer = PeerLog().grow(bodies(0, ENTRIES))
    write_site(peer, tmp_path / "site")
    rng = random.Random(SEED)  # noqa: S311  # chance, not secrecy
    tree = TileTree(lambda level, n, width: peer.tiles[level, n][: width * 32])
    reached: list[int] = []
    for n in range(4):
        folder = tmp_path / f"mirror-{n}"
        for _ in range(4):
            run(tmp_path / "site", folder, (rng.randrange(1, 4), rng.uniform(0, 0.02)))
            store = SqliteStore(folder)
            head = store.head()
            reached.append(head.size)
            assert head.root == tree.root(head.size)
            held = dict(store.statements(0, ENTRIES))
            assert held == {index: peer.bodies[index] for index in range(head.size)}
            published = store.published()
            assert published is None or published.size == head.size == ENTRIES
            store.close()
        assert "network.mirror.current" in run(tmp_path / "site", folder, None)
    assert any(0 < size < ENTRIES for size in reached), f"seed {SEED}: no kill hit the middle: {reached}"
