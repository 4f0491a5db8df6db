"""What every store promises, in a file of its own and in a database: all of a batch or none, same answers."""

from pathlib import Path

import pytest
from tests.log.logs import ORIGIN, entries, entry, small_runs
from tests.log.stores import Kind, head_of

from haechi.log.merkle import EMPTY_ROOT
from haechi.log.store import (
    CHECKPOINTS_KEPT,
    DigestMismatch,
    Entry,
    Head,
    NotStored,
    Published,
    Role,
    RootMismatch,
    Store,
    StoreMoved,
)
from haechi.log.tiles import TileTree, changed_tiles, decode_entries


@pytest.fixture
def store(tmp_path: Path, kind: Kind):
    with kind.create(tmp_path) as made:
        yield made


def test_an_empty_log_has_the_empty_root(store: Store):
    assert store.head() == Head(0, EMPTY_ROOT)
    assert (store.origin, store.role, store.first_batch) == (ORIGIN, Role.OWN, 0)
    assert store.index_of(entry(0).digest) is None
    assert store.published() is None
    assert store.append([]) == Head(0, EMPTY_ROOT)


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path, kind: Kind):
    held = entries(0, 1000)
    with kind.create(tmp_path, role=Role.MIRROR) as store:
        assert store.append(held[:3]) == head_of(held[:3])
        assert store.append(held[3:]) == head_of(held)
    with kind.open(tmp_path) as again, kind.beside(tmp_path) as beside:
        for log in (again, beside):
            assert (log.head(), log.role) == (head_of(held), Role.MIRROR)
            assert [log.statement(index) for index in range(1000)] == [one.statement for one in held]
            assert [log.digest(index) for index in range(0, 1000, 7)] == [one.digest for one in held[::7]]
            assert [log.index_of(one.digest) for one in held[::7]] == list(range(0, 1000, 7))
            assert list(log.statements(990, 50)) == [
                (index, held[index].statement) for index in range(990, 1000)
            ]
        assert again.first_batch == 3


def test_tiles_and_bundles_are_given_at_any_width_up_to_what_is_there(store: Store):
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


def test_what_is_not_there_is_not_stored(tmp_path: Path, kind: Kind, store: Store):
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
        kind.open(tmp_path / "nothing")
    with pytest.raises(NotStored):
        kind.beside(tmp_path / "nothing")


def test_a_mirror_stores_nothing_under_another_root(store: Store):
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


def test_an_entry_is_a_digest_of_32_bytes(store: Store):
    with pytest.raises(DigestMismatch):
        store.append([entry(0), Entry(b"short", None)])
    assert store.head().size == 0


def test_statements_may_come_later_and_only_the_right_ones(store: Store):
    one = entry(1)
    assert one.statement is not None
    store.append([entry(0), Entry(one.digest, None)])
    assert store.statement(1) is None
    with pytest.raises(DigestMismatch):
        store.keep_statement(1, one.statement + b" ")
    assert store.statement(1) is None
    store.keep_statement(1, one.statement)
    assert store.statement(1) == one.statement


def test_checkpoints_are_kept_newest_first_and_not_forever(store: Store):
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


def test_a_snapshot_does_not_move(store: Store):
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


def test_a_log_is_not_made_over_another(tmp_path: Path, kind: Kind):
    with kind.create(tmp_path) as store:
        assert store.head().size == 0
    kind.create(tmp_path).close()
    for origin, role in (("jp.example/log", Role.OWN), (ORIGIN, Role.MIRROR)):
        with pytest.raises(StoreMoved):
            kind.create(tmp_path, origin, role)
    with kind.open(tmp_path) as store:
        store.append(entries(0, 2))
    with pytest.raises(StoreMoved):
        kind.create(tmp_path)


def test_digests_that_begin_alike_are_told_apart(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=64, fan_in=2)
    # More than a chunk of digests with one beginning: as an attacker would choose them.
    alike = [Entry(b"\x77" * 8 + at.to_bytes(24), None) for at in range(300)]
    held = [one for pair in zip(alike, entries(0, 300), strict=True) for one in pair]
    with kind.create(tmp_path) as store:
        for at in range(0, 600, 50):
            store.append(held[at : at + 50])
        assert store.find([one.digest for one in held]) == {one.digest: at for at, one in enumerate(held)}
        assert store.find([b"\x77" * 8 + at.to_bytes(24) for at in range(300, 400)]) == {}
        assert [store.index_of(one.digest) for one in held] == list(range(600))
