"""What the tiles promise: the same bytes however a log grew, right proofs at every size, no unseen damage."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.log import naive

from haechi.errors import NotFound
from haechi.findings import Verdict
from haechi.log import tiles
from haechi.log.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    FrontierMalformed,
    OutOfTree,
    check_consistency,
    check_inclusion,
    leaf_hashes,
)
from haechi.log.tiles import (
    TILE_BYTES,
    Edge,
    Tile,
    TileDamaged,
    TileName,
    TileTree,
    changed_tiles,
    grow,
    load_edge,
    tile_path,
)

SMALL = 900
BIG = 70_000


class Shelf:
    """Tiles by name, one version each, as a log keeps them; counts what is read."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.reads = 0

    def __call__(self, level: int, n: int, width: int) -> bytes | None:  # noqa: ARG002
        self.reads += 1
        return self.tiles.get((level, n))

    def put(self, tiles: list[Tile]) -> None:
        for tile in tiles:
            self.tiles[tile.level, tile.n] = tile.data + tile.middle


def grown(leaves: list[bytes], batches: list[int]) -> tuple[Edge, Shelf]:
    edge, shelf = Edge(), Shelf()
    for batch in batches:
        edge, tiles = grow(edge, leaves[edge.size : edge.size + batch])
        shelf.put(tiles)
    return edge, shelf


LEAVES = leaf_hashes([number.to_bytes(4) for number in range(BIG)])


@pytest.fixture(scope="module")
def big() -> tuple[Edge, Shelf]:
    return grown(LEAVES, [1000] * 70)


@pytest.fixture(scope="module")
def bare(big: tuple[Edge, Shelf]) -> tuple[Edge, Shelf]:
    """The same from a store that keeps no middles."""
    shelf = Shelf()
    shelf.tiles = {name: data[:TILE_BYTES] for name, data in big[1].tiles.items()}
    return big[0], shelf


@pytest.fixture(scope="module")
def small() -> tuple[Edge, Shelf]:
    return grown(LEAVES, [SMALL])


# --- growing -------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.integers(0, 400), max_size=10))
def test_a_log_has_the_same_tiles_however_it_grew(batches: list[int]):
    edge, shelf = grown(LEAVES, batches)
    once, whole = grown(LEAVES, [sum(batches)])
    assert shelf.tiles == whole.tiles
    assert edge == once
    assert edge.root() == naive.mth(LEAVES[: edge.size])


@given(st.integers(0, 70_000), st.integers(0, 1500))
@settings(max_examples=40)
def test_growing_writes_the_changed_tiles_and_no_other(size: int, more: int):
    more = min(more, BIG - size)
    edge = grow(Edge(), LEAVES[:size]).edge
    before = (edge.size, edge.root(), edge.partial)
    tiles = grow(edge, LEAVES[size : size + more]).tiles
    assert [TileName(*tile[:3]) for tile in tiles] == list(changed_tiles(size, size + more))
    assert before == (edge.size, edge.root(), edge.partial)


def test_a_tile_holds_the_hashes_the_specification_says(big: tuple[Edge, Shelf]):
    """MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]), C2SP tlog-tiles."""
    edge, shelf = big
    assert edge.root() == naive.mth(LEAVES)
    assert len(shelf.tiles) == 273 + 1 + 2 + 1
    for level, n, i in ((0, 0, 0), (0, 273, 111), (1, 0, 255), (1, 1, 16), (2, 0, 0)):
        first, last = (256**level * (n * 256 + i + k) for k in (0, 1))
        assert shelf.tiles[level, n][i * 32 : i * 32 + 32] == naive.mth(LEAVES[first:last])


def test_growing_by_what_is_no_hash_is_refused():
    edge = grow(Edge(), LEAVES[:3]).edge
    with pytest.raises(FrontierMalformed):
        grow(edge, [bytes(31)])
    assert edge.root() == naive.mth(LEAVES[:3])


@given(st.integers(0, 70_000))
@settings(max_examples=25)
def test_an_edge_is_found_again_from_the_tiles(size: int):
    edge, shelf = grown(LEAVES, [size])
    assert load_edge(shelf, size) == edge


# --- proofs --------------------------------------------------------------------------------------------


def test_roots_of_every_size(small: tuple[Edge, Shelf]):
    tree = TileTree(small[1])
    assert tree.root(0) == EMPTY_ROOT
    for size in range(SMALL + 1):
        assert tree.root(size) == naive.mth(LEAVES[:size])


@given(st.data())
def test_proofs_of_any_size_are_those_of_the_rfc(small: tuple[Edge, Shelf], data: st.DataObject):
    tree = TileTree(small[1])
    for _ in range(3):
        new = data.draw(st.integers(1, SMALL))
        old = data.draw(st.integers(1, new))
        assert tree.inclusion(old - 1, new) == naive.path(old - 1, LEAVES[:new])
        assert tree.consistency(old, new) == naive.proof(old, LEAVES[:new])
        assert tree.leaf(old - 1, new) == LEAVES[old - 1]


@given(st.integers(1, BIG), st.data())
@settings(max_examples=60)
def test_proofs_of_a_big_tree_hold(big: tuple[Edge, Shelf], new: int, data: st.DataObject):
    tree = TileTree(big[1])
    old = data.draw(st.integers(1, new))
    roots = tree.root(old), tree.root(new)
    path = tree.inclusion(old - 1, new)
    assert check_inclusion(LEAVES[old - 1], old - 1, new, path, roots[1]).verdict is Verdict.HOLDS
    assert check_consistency(old, new, tree.consistency(old, new), *roots).verdict is Verdict.HOLDS


def test_one_tree_serves_while_the_log_grows():
    edge, shelf = Edge(), Shelf()
    tree = TileTree(shelf)
    sizes = [1]
    for batch in (1, 1, 5, 248, 1, 255, 1, 300, 2):
        edge, tiles = grow(edge, LEAVES[edge.size : edge.size + batch])
        shelf.put(tiles)
        sizes.append(edge.size)
        assert tree.root(edge.size) == edge.root()
        for old in sizes:
            path = tree.consistency(old, edge.size)
            assert path == naive.proof(old, LEAVES[: edge.size])
            assert tree.inclusion(old - 1, edge.size) == naive.path(old - 1, LEAVES[: edge.size])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, MAX_SIZE + 1)])
def test_no_proof_outside_the_tree(small: tuple[Edge, Shelf], index: int, size: int):
    tree = TileTree(small[1])
    for ask in (tree.inclusion, tree.leaf):
        with pytest.raises(OutOfTree):
            ask(index, size)


@pytest.mark.parametrize("size", [-1, MAX_SIZE + 1, True, "5", None])
def test_no_root_of_what_is_no_size(small: tuple[Edge, Shelf], size: Any):  # noqa: ANN401 - wrong types on purpose
    tree = TileTree(small[1])
    for ask in (tree.root, tree.edge):
        with pytest.raises(OutOfTree):
            ask(size)


def test_consistency_with_nothing_is_not_offered(small: tuple[Edge, Shelf]):
    with pytest.raises(OutOfTree):
        TileTree(small[1]).consistency(0, 5)


# --- the cache -----------------------------------------------------------------------------------------


def test_what_was_read_is_not_read_again(big: tuple[Edge, Shelf]):
    shelf = Shelf()
    shelf.tiles = big[1].tiles
    tree = TileTree(shelf)
    first = tree.inclusion(300, BIG)
    reads = shelf.reads
    assert tree.inclusion(300, BIG) == first
    assert tree.inclusion(301, BIG)[1:] == first[1:]
    assert shelf.reads == reads


@pytest.mark.parametrize("bound", [0, 10_000, 40_000, 200_000])
def test_the_cache_keeps_its_bound_and_the_answers(big: tuple[Edge, Shelf], bound: int):
    tree, roomy = TileTree(big[1], cache_bytes=bound), TileTree(big[1])
    for index in range(0, BIG, 3001):
        assert tree.inclusion(index, BIG) == roomy.inclusion(index, BIG)
        assert tree.cached_bytes <= bound
    assert roomy.cached_bytes > bound


def test_threads_share_one_tree(big: tuple[Edge, Shelf]):
    tree = TileTree(big[1], cache_bytes=100_000)
    root = tree.root(BIG)
    failed: list[int] = []

    def work(seed: int) -> None:
        for step in range(150):
            index = (seed * 7919 + step * 4099) % BIG
            path = tree.inclusion(index, BIG)
            if check_inclusion(LEAVES[index], index, BIG, path, root).verdict is not Verdict.HOLDS:
                failed.append(index)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert tree.cached_bytes <= 100_000


# --- damage --------------------------------------------------------------------------------------------


def damaged(shelf: Shelf, key: tuple[int, int], data: bytes | None) -> TileTree:
    other = Shelf()
    other.tiles = {name: tile for name, tile in shelf.tiles.items() if name != key}
    if data is not None:
        other.tiles[key] = data
    return TileTree(other)


@pytest.mark.parametrize(
    "data", [None, b"", bytes(32), bytes(8191), bytes(8193), bytes(TILE_BYTES + 32), bytes(TILE_BYTES)]
)
def test_a_damaged_full_tile_is_named(big: tuple[Edge, Shelf], data: bytes | None):
    shelf = big[1]
    assert damaged(shelf, (0, 3), shelf.tiles[0, 3]).inclusion(1000, BIG)
    with pytest.raises(TileDamaged) as caught:
        damaged(shelf, (0, 3), data).inclusion(1000, BIG)
    assert caught.value.facts["tile"] == "tile/0/003"
    assert "tile/0/003" in caught.value.say("ko")


@given(st.sampled_from([(0, 3), (1, 0)]), st.integers(0, TILE_BYTES * 8 - 1))
@settings(max_examples=40)
def test_any_flipped_bit_of_a_full_tile_is_found(bare: tuple[Edge, Shelf], key: tuple[int, int], bit: int):
    data = bytearray(bare[1].tiles[key])
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TileDamaged) as caught:
        damaged(bare[1], key, bytes(data)).inclusion(1000, BIG)
    assert caught.value.facts["tile"] == tile_path(*key)
    assert caught.value.facts["part"] == "hash"


@given(st.sampled_from([(0, 3), (1, 0)]), st.integers(0, TILE_BYTES + 511), st.integers(0, 7))
@settings(max_examples=60)
def test_a_flipped_bit_beside_a_middle_never_reaches_a_proof(
    big: tuple[Edge, Shelf], key: tuple[int, int], byte: int, bit: int
):
    data = bytearray(big[1].tiles[key])
    data[byte] ^= 1 << bit
    tree = damaged(big[1], key, bytes(data))
    index = 1000 if key[0] == 0 else 3 * 256
    used = (index >> 8 * key[0]) % 256 >> 4
    if byte < TILE_BYTES and byte >> 9 == used:
        with pytest.raises(TileDamaged) as caught:
            tree.inclusion(index, BIG)
        assert caught.value.facts["tile"] == tile_path(*key)
    else:  # another group, or the middle, which is then done without
        assert tree.inclusion(index, BIG) == TileTree(big[1]).inclusion(index, BIG)


def test_a_flipped_hash_is_found_by_the_first_proof_that_needs_it(big: tuple[Edge, Shelf]):
    data = bytearray(big[1].tiles[0, 3])
    data[7 * 512] ^= 1
    tree = damaged(big[1], (0, 3), bytes(data))
    needing = range(3 * 256 + 7 * 16, 3 * 256 + 8 * 16)
    for index in range(3 * 256, 4 * 256):
        if index in needing:
            with pytest.raises(TileDamaged):
                tree.inclusion(index, BIG)
        else:
            assert tree.inclusion(index, BIG) == TileTree(big[1]).inclusion(index, BIG)


def test_a_proof_hashes_little_of_a_tile_with_its_middle(
    big: tuple[Edge, Shelf], bare: tuple[Edge, Shelf], monkeypatch: pytest.MonkeyPatch
):
    made: list[int] = []
    row_above = tiles.row_above

    def counted(row: bytes) -> bytes:
        made.append(len(row) // 64)
        return row_above(row)

    monkeypatch.setattr(tiles, "row_above", counted)
    trees = [TileTree(shelf) for _, shelf in (big, bare)]
    hashes: list[int] = []
    for tree in trees:
        tree.root(BIG)
        made.clear()
        tree.inclusion(1000, BIG)
        hashes.append(sum(made))
    assert hashes == [2 * (15 + 15), 2 * 255]


@given(st.sampled_from([(0, 273), (1, 1), (2, 0)]), st.data())
@settings(max_examples=40)
def test_any_flipped_bit_of_a_partial_tile_changes_the_root(
    big: tuple[Edge, Shelf], key: tuple[int, int], data: st.DataObject
):
    """So comparing the root with the signed checkpoint finds it."""
    tile = bytearray(big[1].tiles[key])
    bit = data.draw(st.integers(0, len(tile) * 8 - 1))
    tile[bit // 8] ^= 1 << bit % 8
    try:
        root = damaged(big[1], key, bytes(tile)).root(BIG)
    except TileDamaged:
        return
    assert root != big[0].root()


@pytest.mark.parametrize("cut", [1, 32, 100])
def test_a_short_partial_tile_is_named(big: tuple[Edge, Shelf], cut: int):
    shelf = big[1]
    with pytest.raises(TileDamaged) as caught:
        damaged(shelf, (0, 273), shelf.tiles[0, 273][:-cut]).root(BIG)
    assert caught.value.facts["tile"] == "tile/0/273.p/112"


def test_a_size_the_log_has_not_reached_is_damage_not_an_answer(big: tuple[Edge, Shelf]):
    with pytest.raises(TileDamaged):
        TileTree(big[1]).root(BIG + 1)


def test_a_reader_that_finds_nothing_may_say_so_by_raising(big: tuple[Edge, Shelf]):
    def read(level: int, n: int, width: int) -> bytes:
        if (level, n) == (0, 3):
            raise NotFound(what_is="tile", name=tile_path(level, n, width))
        return big[1].tiles[level, n]

    tree = TileTree(read)
    assert tree.inclusion(2000, BIG)
    with pytest.raises(TileDamaged) as caught:
        tree.inclusion(1000, BIG)
    assert caught.value.facts["tile"] == "tile/0/003"


def test_damage_is_not_cached(big: tuple[Edge, Shelf]):
    shelf = Shelf()
    shelf.tiles = dict(big[1].tiles)
    good = shelf.tiles.pop((0, 3))
    tree = TileTree(shelf)
    with pytest.raises(TileDamaged):
        tree.inclusion(1000, BIG)
    shelf.tiles[0, 3] = good
    assert tree.inclusion(1000, BIG) == TileTree(big[1]).inclusion(1000, BIG)
