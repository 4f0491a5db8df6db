"""Which record's full answer reaches which other, along the crosswalk's full carries only.

Partial credit never chains: spreading it through an intermediate was seen to inflate it (8 by way of a
pledge where the direct judgement is 7), so nothing but full carries is in this graph.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Step(NamedTuple):
    """Evidence that fully answers `start` fully answers `end`; equal when the two demand the same."""

    start: str
    end: str
    equal: bool


@dataclass(frozen=True, slots=True)
class CarryGraph:
    """The full carries as a directed graph over record ids."""

    steps: tuple[Step, ...]
    onward: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "CarryGraph":
        """The graph of the given steps, in a fixed order."""
        kept = tuple(sorted(set(steps)))
        onward: dict[str, tuple[str, ...]] = {}
        for step in kept:
            onward[step.start] = (*onward.get(step.start, ()), step.end)
        return cls(kept, onward)

    def path(self, start: str, end: str) -> list[str]:
        """The shortest chain of ids from start to end, both included; empty when there is none.

        >>> CarryGraph.of([Step("a", "b", False), Step("b", "c", False)]).path("a", "c")
        ['a', 'b', 'c']
        """
        came_from: dict[str, str] = {start: ""}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            if here == end:
                return _chain(came_from, end)
            for there in self.onward.get(here, ()):
                if there not in came_from:
                    came_from[there] = here
                    waiting.append(there)
        return []

    def cycles(self) -> list[list[str]]:
        """Every circle that a step between unequal records closes, each once; empty when all is well."""
        found: dict[frozenset[str], list[str]] = {}
        for step in self.steps:
            back = [] if step.equal else self.path(step.end, step.start)
            if back:
                found.setdefault(frozenset(back), [step.start, *back])
        return list(found.values())


def _chain(came_from: Mapping[str, str], end: str) -> list[str]:
    chain = [end]
    while came_from[chain[-1]]:
        chain.append(came_from[chain[-1]])
    return chain[::-1]
