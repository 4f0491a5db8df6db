"""One kind of work on many things: in this process, in several, or on a Ray cluster; answers in order.

Only a window of the work is handed out at a time, so that a million files cost no more memory than a hundred.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, Literal, NamedTuple, TypeVar

from haechi.mark.extra import require

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
EngineName = Literal["local", "ray"]
ENGINES: tuple[EngineName, ...] = ("local", "ray")
_AHEAD = 4  # things handed out for each worker


class Spread(NamedTuple):
    """Where work is done. workers: processes of this machine (1: this one); a Ray cluster brings its own."""

    engine: EngineName = "local"
    workers: int = 1


HERE = Spread()


def each_of(
    work: Callable[[Asked], Answer], things: Iterable[Asked], spread: Spread = HERE
) -> Iterator[Answer]:
    """`work` on each thing, in the order given. work: a function of a module, or a partial of one.

    What `work` raises ends all of it, so it should answer with errors of its own. Raises ExtraMissing where
    Ray is not installed.
    """
    workers = spread.workers
    if spread.engine == "ray":
        yield from _with_ray(work, things)
    elif workers <= 1:
        yield from map(work, things)
    else:
        # Spawned, not forked: the libraries below keep threads of their own, which a fork would break.
        with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
            yield from _windowed(
                things, _AHEAD * workers, lambda thing: pool.submit(work, thing), lambda sent: sent.result()
            )


def _with_ray(work: Callable[[Asked], Answer], things: Iterable[Asked]) -> Iterator[Answer]:
    """On the cluster that RAY_ADDRESS names; without one, on this machine, and ended with the work."""
    ray = require("ray", "ray")
    begun_here = not ray.is_initialized()
    if begun_here:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="error")
    try:
        remote: Any = ray.remote(work_of)
        ahead = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield from _windowed(things, ahead, lambda thing: remote.remote(work, thing), ray.get)
    finally:
        if begun_here:
            ray.shutdown()


def work_of(work: Callable[[Asked], Answer], thing: Asked) -> Answer:
    """What Ray runs: partials are no functions to it, so one function takes them as an argument."""
    return work(thing)


def _windowed(
    things: Iterable[Asked],
    ahead: int,
    send: Callable[[Asked], Any],
    receive: Callable[[Any], Answer],
) -> Iterator[Answer]:
    rest = iter(things)
    sent = deque(send(thing) for thing in islice(rest, ahead))
    while sent:
        answer = receive(sent.popleft())
        sent.extend(send(thing) for thing in islice(rest, 1))
        yield answer
