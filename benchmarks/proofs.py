"""How long proofs take: ours from tiles, beside pymerkle, scitt-cose and aics-tlog in the same run.

    python -m benchmarks.proofs

Trees of 1,000, 100,000 and 1,000,000 entries. "Warm": every tile was read before; "cold": an empty cache,
tiles in SQLite. Everyone is asked once for each of a random list of places, since a cache that has just
answered a question would only show itself; a peer with such a cache gets a row of its own, "asked again".
Peers are fed the same entries and check their proofs against our roots, so a row also says that both sides
agree. Slow peers are asked for few proofs; nothing is extrapolated.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from benchmarks._table import Row, absent, against, figure, peer_name, report, timed

from haechi.findings import Verdict
from haechi.log.merkle import check_consistency, check_inclusion, leaf_hashes
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry
from haechi.log.tiles import Edge, TileTree, grow

SIZES = (1_000, 100_000, 1_000_000)
BATCH = 512
SAMPLE = 2000
COLD_SAMPLE = 100


class Times(NamedTuple):
    """Median microseconds of the four operations."""

    prove_inclusion: float
    check_inclusion: float
    prove_consistency: float
    check_consistency: float


TITLES = ("inclusion proof", "inclusion check", "consistency proof", "consistency check")
# What the project promises at a million entries.
BOUNDS_US = Times(100, 25, 100, 25)


class Log:
    """Our log of `size` entries in memory, and the questions everyone is asked about it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.entries = [number.to_bytes(32) for number in range(size)]
        self.tiles: dict[tuple[int, int], bytes] = {}
        edge = Edge()
        begun = perf_counter()
        for start in range(0, size, BATCH):
            edge, tiles = grow(edge, leaf_hashes(self.entries[start : start + BATCH]))
            for tile in tiles:
                self.tiles[tile.level, tile.n] = tile.data
        self.appended_per_s = size / (perf_counter() - begun)
        self.tree = TileTree(self.read)
        for index in range(0, size, 256):
            self.tree.inclusion(index, size)
        self.root = edge.root()
        rng = random.Random(size)
        self.indices = [rng.randrange(size) for _ in range(SAMPLE)]
        self.old_sizes = [rng.randrange(1, size) for _ in range(SAMPLE)]

    def read(self, level: int, n: int, width: int) -> bytes | None:  # noqa: ARG002
        return self.tiles.get((level, n))

    def leaf(self, index: int) -> bytes:
        return self.tree.leaf(index, self.size)

    def ask(self, peer: "Peer", count: int) -> Times:
        """The four medians over `count` questions; every proof must hold against our roots."""
        indices, old_sizes = self.indices[:count], self.old_sizes[:count]
        inclusion = timed(peer.prove_inclusion, [(index,) for index in indices], tries=1)
        inclusion_checks = timed(
            peer.check_inclusion,
            [
                (self.leaf(index), index, self.size, proof, self.root)
                for index, proof in zip(indices, inclusion.results, strict=True)
            ],
        )
        consistency = timed(peer.prove_consistency, [(old,) for old in old_sizes], tries=1)
        consistency_checks = timed(
            peer.check_consistency,
            [
                (old, self.size, proof, self.tree.root(old), self.root)
                for old, proof in zip(old_sizes, consistency.results, strict=True)
            ],
        )
        assert all(inclusion_checks.results), "an inclusion proof did not hold"
        assert all(consistency_checks.results), "a consistency proof did not hold"
        return Times(inclusion.us, inclusion_checks.us, consistency.us, consistency_checks.us)


class Peer(NamedTuple):
    """Who is asked; each check answers with something true when the proof holds."""

    prove_inclusion: Callable[[int], Any]
    check_inclusion: Callable[[bytes, int, int, Any, bytes], object]
    prove_consistency: Callable[[int], Any]
    check_consistency: Callable[[int, int, Any, bytes, bytes], object]


# --- ours ----------------------------------------------------------------------------------------------


def _ourselves(log: Log) -> Peer:
    def inclusion_holds(*question: Any) -> bool:  # noqa: ANN401 - as the checks take it
        return check_inclusion(*question).verdict is Verdict.HOLDS

    def consistency_holds(*question: Any) -> bool:  # noqa: ANN401 - as above
        return check_consistency(*question).verdict is Verdict.HOLDS

    return Peer(
        lambda index: log.tree.inclusion(index, log.size),
        inclusion_holds,
        lambda old: log.tree.consistency(old, log.size),
        consistency_holds,
    )


def _cold(log: Log, folder: Path) -> Times:
    """The same from a node's own store in SQLite, an empty cache at every question; checks need no tiles."""
    with SqliteStore.create(folder / f"log-{log.size}", "bench.example/log") as store:
        for start in range(0, log.size, 4096):
            store.append([Entry(entry, None) for entry in log.entries[start : start + 4096]])
        assert store.head().root == log.root
        ourselves = _ourselves(log)
        cold = Peer(
            lambda index: TileTree(store.tree_tile).inclusion(index, log.size),
            ourselves.check_inclusion,
            lambda old: TileTree(store.tree_tile).consistency(old, log.size),
            ourselves.check_consistency,
        )
        return log.ask(cold, COLD_SAMPLE)


# --- peers ---------------------------------------------------------------------------------------------


class _Proof(Protocol):
    def verify(self, first: bytes, second: bytes) -> None: ...


def _pymerkle(log: Log, tree: Any) -> Peer:  # noqa: ANN401 - peers bring no types
    """Indices count from 1 there; `verify` raises when a proof does not hold."""

    def inclusion_holds(leaf: bytes, _index: int, _size: int, proof: _Proof, root: bytes) -> bool:
        proof.verify(leaf, root)
        return True

    def consistency_holds(_old: int, _new: int, proof: _Proof, old_root: bytes, new_root: bytes) -> bool:
        proof.verify(old_root, new_root)
        return True

    tree.prove_inclusion(1)  # its first proof at a size fills a cache and is many times slower
    return Peer(
        lambda index: tree.prove_inclusion(index + 1, log.size),
        inclusion_holds,
        lambda old: tree.prove_consistency(old, log.size),
        consistency_holds,
    )


def _pymerkle_in_memory(log: Log, _folder: Path) -> Peer:
    return _pymerkle(log, import_module("pymerkle").InmemoryTree.init_from_entries(log.entries))


def _pymerkle_sqlite(log: Log, folder: Path) -> Peer:
    tree = import_module("pymerkle").SqliteTree(str(folder / f"pymerkle-{log.size}.db"))
    tree.append_entries(log.entries)
    return _pymerkle(log, tree)


def _scitt_cose(log: Log, _folder: Path) -> Peer:
    """Lists of hexadecimal entries in, hexadecimal proofs out."""
    merkle = import_module("scitt_cose.merkle")
    entries = [entry.hex() for entry in log.entries]

    def inclusion_holds(_leaf: bytes, index: int, size: int, proof: list[str], root: bytes) -> bool:
        return merkle.verify_inclusion(entries[index], index, size, proof, root.hex())

    def consistency_holds(old: int, new: int, proof: list[str], old_root: bytes, new_root: bytes) -> bool:
        return merkle.verify_consistency(old_root.hex(), new_root.hex(), old, new, proof)

    return Peer(
        lambda index: merkle.inclusion_proof(entries, index),
        inclusion_holds,
        lambda old: merkle.consistency_proof(entries, old, log.size),
        consistency_holds,
    )


def _aics(log: Log, inclusion: Callable[[int], Any], consistency: Callable[[int], Any]) -> Peer:
    tlog = import_module("aics_tlog")

    def consistency_holds(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
        return tlog.verify_consistency(old, new, old_root, new_root, proof)

    assert inclusion(log.indices[0]) == log.tree.inclusion(log.indices[0], log.size)
    return Peer(inclusion, tlog.verify_inclusion, consistency, consistency_holds)


def _aics_tiles(log: Log, _folder: Path) -> Peer:
    tlog = import_module("aics_tlog")
    reader = tlog.TileWriter(log.entries).to_memory_reader()
    return _aics(
        log,
        lambda index: tlog.inclusion_proof_from_tiles(reader, index, log.size),
        lambda old: tlog.consistency_proof_from_tiles(reader, old, log.size),
    )


def _aics_levels(log: Log, _folder: Path) -> Peer:
    tree = import_module("aics_tlog").MerkleTree()
    tree.extend(log.entries)
    return _aics(log, tree.inclusion_proof, tree.consistency_proof)


class Rival(NamedTuple):
    """A peer, how many questions it is asked at each size, and the lead we promise at a million."""

    distribution: str
    how: str
    make: Callable[[Log, Path], Peer]
    questions: dict[int, int]
    lead: float | None = None
    from_disk: bool = False  # then it is also measured against our cold proofs, and asked again


RIVALS = (
    Rival("pymerkle", "in memory", _pymerkle_in_memory, {1_000: 500, 100_000: 500, 1_000_000: 500}),
    Rival(
        "pymerkle",
        "in SQLite",
        _pymerkle_sqlite,
        {1_000: 100, 100_000: 50, 1_000_000: 15},
        lead=50,
        from_disk=True,
    ),
    Rival("scitt-cose", "", _scitt_cose, {1_000: 50, 100_000: 5, 1_000_000: 2}, lead=1000),
    Rival("aics-tlog", "in memory", _aics_levels, {1_000: 500, 100_000: 500}),
    Rival("aics-tlog", "from tiles", _aics_tiles, {1_000: 50, 100_000: 10}),
)


# --- rows ----------------------------------------------------------------------------------------------


def _our_rows(log: Log, warm: Times, cold: Times) -> Iterator[Row]:
    promised = log.size == max(SIZES)
    for title, us, bound in zip(TITLES, warm, BOUNDS_US, strict=True):
        yield figure(f"{title}, {log.size:,}, warm", us, "µs", at_most=bound if promised else None)
    for title, us in zip(TITLES[::2], cold[::2], strict=True):
        yield figure(f"{title}, {log.size:,}, cold", us, "µs", at_most=1000 if promised else None)
    if promised:
        yield figure(f"append in memory by {BATCH}", log.appended_per_s, "entries/s", at_least=400_000)
        yield figure("expanded tiles of a warm tree", log.tree.cached_bytes / 2**20, "MiB", at_most=64)


def _rival_rows(rival: Rival, log: Log, warm: Times, cold: Times, folder: Path) -> Iterator[Row]:
    peer = peer_name(rival.distribution, rival.how)
    if peer is None:
        yield absent(f"proofs, {log.size:,}", f"{rival.distribution} {rival.how}".strip())
        return
    made = rival.make(log, folder)
    count = rival.questions[log.size]
    theirs = log.ask(made, count)
    lead = rival.lead if log.size == max(SIZES) else None
    leads = (lead, None, lead, None)  # promised for making proofs; checking them is bounded by hashing
    for title, ours, their, at_least in zip(TITLES, warm, theirs, leads, strict=True):
        yield against(f"{title}, {log.size:,}, warm", ours, their, "µs", peer, at_least=at_least)
    if rival.from_disk:
        # Inclusion came first; by the time of consistency its cache was half filled, so nothing is promised.
        for title, ours, their, at_least in zip(
            TITLES[::2], cold[::2], theirs[::2], (lead, None), strict=True
        ):
            yield against(f"{title}, {log.size:,}, cold", ours, their, "µs", peer, at_least=at_least)
        again = log.ask(made, count)
        for title, ours, their in zip(TITLES[::2], warm[::2], again[::2], strict=True):
            yield against(f"{title}, {log.size:,}, asked again", ours, their, "µs", peer)


def run(sizes: Sequence[int] = SIZES) -> list[Row]:
    """Measure everything once, ours and theirs in the same run; about two minutes."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            log = Log(size)
            warm, cold = log.ask(_ourselves(log), SAMPLE), _cold(log, folder)
            rows += _our_rows(log, warm, cold)
            for rival in RIVALS:
                if size in rival.questions:
                    rows += _rival_rows(rival, log, warm, cold, folder)
    return rows


def main() -> None:
    report("proofs", "Merkle proofs", run())


if __name__ == "__main__":
    main()
