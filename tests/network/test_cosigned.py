"""Which head of a log counts as witnessed while the log grows and its witnesses answer one by one."""

from pathlib import Path

import pytest
from tests.network.test_asking import head

from haechi.network.cosigned import SETTLED_FILE, CosignedHead
from haechi.network.durable import write_durably
from haechi.network.memory import SignedHead

SETTLED, ALONE, NEXT = head(5, 1), head(8, 2), head(9, 3)


def opened(folder: Path) -> CosignedHead:
    """A quorum has seen two of the three heads."""
    return CosignedHead(folder, lambda held: held in (SETTLED, NEXT))


def sizes(heads: CosignedHead, *indexes: int) -> list[int | None]:
    found = [heads.covering(index, None) for index in indexes]
    return [one.head.size if isinstance(one, SignedHead) else None for one in found]


def test_one_cosignature_on_a_newer_head_takes_nothing_from_what_the_quorum_saw(tmp_path: Path):
    heads = opened(tmp_path)
    heads.put(SETTLED)
    heads.put(ALONE)
    for each in (heads, opened(tmp_path)):
        assert (each.get(), each.settled()) == (ALONE, SETTLED)
        assert sizes(each, 4, 5, 7, 8) == [5, 8, 8, None]


def test_the_quorum_settles_the_newest(tmp_path: Path):
    heads = opened(tmp_path)
    for each in (SETTLED, ALONE, NEXT):
        heads.put(each)
    for each in (heads, opened(tmp_path)):
        assert (each.get(), each.settled()) == (NEXT, NEXT)
        assert sizes(each, 4, 8) == [9, 9]


def test_where_no_head_had_the_quorum_the_newest_is_shown(tmp_path: Path):
    heads = opened(tmp_path)
    heads.put(ALONE)
    assert heads.settled() == ALONE
    assert not (tmp_path / SETTLED_FILE).exists()


def test_what_could_not_be_kept_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    heads = opened(tmp_path)
    heads.put(SETTLED)

    def full(path: Path, data: bytes) -> None:
        if path.name != SETTLED_FILE:
            raise OSError
        write_durably(path, data)

    monkeypatch.setattr("haechi.network.cosigned.write_durably", full)
    with pytest.raises(OSError):  # noqa: PT011  # the planted one
        heads.put(ALONE)
    for each in (heads, opened(tmp_path)):
        assert (each.get(), each.settled()) == (SETTLED, SETTLED)
