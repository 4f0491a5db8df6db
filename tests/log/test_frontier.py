"""What the frontier promises: the tree's root however leaves arrived, and only whole states read back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.log import naive

from haechi.log.frontier import Frontier, FrontierMalformed
from haechi.log.hashes import MAX_SIZE

LEAVES = [naive.leaf(number.to_bytes(4)) for number in range(720)]


@given(st.lists(st.integers(0, 90), max_size=8))
def test_a_frontier_does_not_care_how_the_leaves_arrived(batches: list[int]):
    frontier = Frontier()
    for batch in batches:
        size = frontier.size
        completed = frontier.extend(LEAVES[size : size + batch])
        for level, row in enumerate(completed):
            first = size >> level
            assert row == [
                naive.mth(LEAVES[i << level : (i + 1) << level]) for i in range(first, frontier.size >> level)
            ]
    assert frontier.size == len(LEAVES[: sum(batches)])
    assert frontier.root() == naive.mth(LEAVES[: frontier.size])
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


def test_a_copy_grows_alone():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    other = frontier.copy()
    other.append(LEAVES[5])
    assert (frontier.root(), other.root()) == (naive.mth(LEAVES[:5]), naive.mth(LEAVES[:6]))
    assert frontier != other
    assert "size=5" in repr(frontier)


def test_a_refused_batch_adds_nothing():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    bad: list[Any] = [bytes(31), bytes(33), b"", "x" * 32, None, 7]
    for odd in bad:
        with pytest.raises(FrontierMalformed):
            frontier.extend([LEAVES[5], odd])
    assert (frontier.size, frontier.root()) == (5, naive.mth(LEAVES[:5]))


def test_a_full_tree_takes_no_leaf():
    frontier = Frontier(MAX_SIZE, [bytes(32)] * 63)
    with pytest.raises(FrontierMalformed):
        frontier.append(LEAVES[0])


def test_only_what_was_written_is_read_back():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    good = frontier.to_bytes()
    assert Frontier.from_bytes(good) == frontier
    for bad in (
        b"",
        good[:-1],
        good + b"\0",
        good[:-32],
        good + bytes(32),
        (7).to_bytes(8) + good[8:],
        (2**63 + 1).to_bytes(8) + good[8:],
        bytes(8 + 32 * 64),
    ):
        with pytest.raises(FrontierMalformed):
            Frontier.from_bytes(bad)
