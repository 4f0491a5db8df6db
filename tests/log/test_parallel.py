"""Work is spread over cores, and comes back in order, with its errors."""

import pytest

from haechi.log import parallel
from haechi.log.parallel import on_every_core


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 17])
def test_results_are_in_the_order_of_the_items(cores: int, count: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "_CORES", cores)
    parallel._pool.cache_clear()
    assert on_every_core(lambda one: one * one, list(range(count))) == [one * one for one in range(count)]


@pytest.mark.parametrize("at", range(9))
def test_an_error_of_one_is_raised(at: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "_CORES", 3)
    parallel._pool.cache_clear()

    def work(item: int) -> int:
        if item == at:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match=str(at)):
        on_every_core(work, list(range(9)))
