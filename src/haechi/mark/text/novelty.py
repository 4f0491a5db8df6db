"""What a pair counts for: a new word says more than one that came before (haechi-text-1, section 6).

Where a text goes on as it went before, a model had little to choose from, and so the mark little to show; and
a context that had to be made wider is broken by more edits. Items and contexts tell that without the model,
and before any key is looked at: so the law of a score stays exact.
"""

from collections.abc import Iterable

_WEIGHTS = (1.0, 0.6, 0.3)


def weight_of(step: int, *, wider: bool = False) -> float:
    """The weight of a pair by the step of its item; one step less, but no less than 0.3, in a wider context.

    >>> weight_of(0), weight_of(1), weight_of(1, wider=True), weight_of(2, wider=True)
    (1.0, 0.6, 0.3, 0.3)
    """
    return _WEIGHTS[min(step + wider, len(_WEIGHTS) - 1)]


def steps_of(items: Iterable[int | str]) -> list[int]:
    """For each item of a text: 0 when it is new, 1 when it stood before, 2 when it did behind the same item.

    >>> steps_of("a rose is a rose".split())
    [0, 0, 0, 1, 2]
    """
    seen: set[int | str] = set()
    followed: set[tuple[int | str, int | str]] = set()
    steps: list[int] = []
    before: int | str | None = None
    for item in items:
        steps.append(1 if item in seen else 0)
        seen.add(item)
        if before is not None:
            if (before, item) in followed:
                steps[-1] = 2
            followed.add((before, item))
        before = item
    return steps
