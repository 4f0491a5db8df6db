"""What names and bundles promise: C2SP's layout, one spelling for each, nothing else read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.log.layout import (
    ENTRIES,
    BundleMalformed,
    Tile,
    TileName,
    TilePathMalformed,
    changed_tiles,
    decode_entries,
    encode_entries,
    entries_path,
    grow_bundles,
    parse_path,
    tile_path,
)
from haechi.log.merkle import MAX_SIZE, OutOfTree

# --- names ---------------------------------------------------------------------------------------------

NAMES = [
    (TileName(0, 0, 256), "tile/0/000"),
    (TileName(0, 273, 112), "tile/0/273.p/112"),
    (TileName(1, 1, 17), "tile/1/001.p/17"),
    (TileName(2, 0, 1), "tile/2/000.p/1"),
    (TileName(0, 1234067, 256), "tile/0/x001/x234/067"),
    (TileName(0, 1234067, 255), "tile/0/x001/x234/067.p/255"),
    (TileName(0, 1000, 256), "tile/0/x001/000"),
    (TileName(63, 999, 9), "tile/63/999.p/9"),
    (TileName(ENTRIES, 1234067, 256), "tile/entries/x001/x234/067"),
    (TileName(ENTRIES, 0, 1), "tile/entries/000.p/1"),
    (TileName(0, MAX_SIZE, 256), "tile/0/x009/x223/x372/x036/x854/x775/807"),
]


@pytest.mark.parametrize(("name", "path"), NAMES)
def test_a_name_has_one_path(name: TileName, path: str):
    assert tile_path(*name) == path
    assert parse_path(path) == name


@given(
    st.integers(ENTRIES, 63),
    st.integers(0, MAX_SIZE) | st.integers(0, 2000),
    st.integers(1, 256),
)
def test_every_name_comes_back(level: int, n: int, width: int):
    assert parse_path(tile_path(level, n, width)) == (level, n, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/x/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/x000/001",
        "tile/0/x000/x001/000",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/0/x001//002",
        "tile/0/../000",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "tile/0/000.p/-1",
        "tile/0/000p/1",
        "tile/0/٠٠٠",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x001/x009/x223/x372/x036/x854/x775/807",
        "tile/entries",
        "tile/entries/x1/000",
        "checkpoint",
    ],
)
def test_no_second_spelling_is_read(path: str):
    with pytest.raises(TilePathMalformed):
        parse_path(path)


@pytest.mark.parametrize(
    "name", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, MAX_SIZE + 1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_no_path_for_what_is_no_tile(name: tuple[int, int, int]):
    with pytest.raises(TilePathMalformed):
        tile_path(*name)


def test_entry_bundles_have_the_shape_of_level_0():
    assert entries_path(273, 112) == "tile/entries/273.p/112"


def test_tiles_of_a_tree_of_70000():
    """The example in C2SP tlog-tiles."""
    paths = [tile_path(*name) for name in changed_tiles(0, 70_000)]
    full_0 = [f"tile/0/{n:03d}" for n in range(273)]
    assert paths == [*full_0, "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def test_tiles_of_a_tree_of_256():
    assert [tile_path(*name) for name in changed_tiles(0, 256)] == ["tile/0/000", "tile/1/000.p/1"]


def test_nothing_changes_when_nothing_grew():
    assert list(changed_tiles(70_000, 70_000)) == []
    with pytest.raises(OutOfTree):
        list(changed_tiles(2, 1))


# --- entry bundles -------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), max_size=256))
def test_bundles_come_back(entries: list[bytes]):
    assert decode_entries(encode_entries(entries), len(entries)) == entries


@given(st.lists(st.sampled_from([30, 31, 32, 33, 34, 66, 288]), min_size=1, max_size=8))
def test_bundles_of_digests_and_of_what_is_as_long_come_back(sizes: list[int]):
    entries = [b"\0 " * (size // 2) + b"\0" * (size % 2) for size in sizes]
    assert decode_entries(encode_entries(entries), len(entries)) == entries


def test_a_bundle_byte_by_byte():
    assert encode_entries([b"ab", b"", b"c" * 258]) == b"\0\2ab" + b"\0\0" + b"\1\2" + b"c" * 258
    assert len(encode_entries([bytes(65535)])) == 65537


def test_what_is_no_bundle_is_refused():
    good = encode_entries([b"ab", b"cd"])
    assert decode_entries(good, 2) == [b"ab", b"cd"]
    for data, width in (
        (good, 1),
        (good, 3),
        (good[:-1], 2),
        (good + b"\0", 2),
        (good + b"\0\0", 2),
        (b"", 2),
    ):
        with pytest.raises(BundleMalformed):
            decode_entries(data, width)
    with pytest.raises(BundleMalformed):
        decode_entries(bytes(2 * 257), 257)
    with pytest.raises(BundleMalformed):
        encode_entries([b""] * 257)
    with pytest.raises(BundleMalformed):
        encode_entries([bytes(65536)])


@given(st.lists(st.integers(0, 600), max_size=5))
def test_bundles_grow_alike_however_entries_arrive(batches: list[int]):
    entries = [number.to_bytes(2) * (number % 3) for number in range(sum(batches))]
    size, tail = 0, b""
    shelf: dict[int, Tile] = {}
    for batch in batches:
        changed = grow_bundles(size, tail, entries[size : size + batch])
        names = [name[1:] for name in changed_tiles(size, size + batch) if name.level == 0]
        assert [(bundle.n, bundle.width) for bundle in changed] == names
        shelf.update((bundle.n, bundle) for bundle in changed)
        size += batch
        tail = shelf[size // 256].data if size % 256 else b""
    read = [entry for bundle in shelf.values() for entry in decode_entries(bundle.data, bundle.width)]
    assert read == entries
