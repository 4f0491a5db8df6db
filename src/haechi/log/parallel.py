"""Signature checks on every core: the libraries that check them let other threads run meanwhile."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_CORES = min(8, os.cpu_count() or 1)
_FEWEST = 4  # handing fewer than so many to a thread costs more than it saves
_T = TypeVar("_T")
_R = TypeVar("_R")


def on_every_core(work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """`work` of each item, in their order; raises what one of them raises.

    work: long in code that releases the interpreter, and itself no user of this function.
    """
    if _CORES == 1 or len(items) < _FEWEST:
        return [work(item) for item in items]
    taken, results = count(), dict[int, _R]()

    def take() -> None:
        while (at := next(taken)) < len(items):
            results[at] = work(items[at])

    waiting = [_pool().submit(take) for _ in range(_CORES - 1)]
    take()
    for one in waiting:
        if not one.cancel():  # it has begun; one that a busy machine has not begun is not waited for
            one.result()
    return [results[at] for at in range(len(items))]


@cache
def _pool() -> "ThreadPoolExecutor":
    from concurrent.futures import (
        ThreadPoolExecutor,  # few verifications are handed out, and it loads logging
    )

    return ThreadPoolExecutor(_CORES - 1, "haechi-verify")
