"""Where in a text the mark is: windows of the score, each of them paid for (haechi-text-1, section 7)."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from haechi.mark.text.prf import Reals
from haechi.mark.text.tail import log10_sum_tail

SHORTEST = 24
LOG10_P_SEGMENT = -4.0
_EVIDENCE = 1.5


class Segment(NamedTuple):
    """A stretch of pairs that carries the mark: places `start` to `end` (exclusive) in the list of pairs.

    log10_p: after the correction for all windows looked at.
    """

    start: int
    end: int
    log10_p: float


def windows_of(count: int, shortest: int = SHORTEST) -> list[tuple[int, int]]:
    """The windows looked at: lengths 24, 48, 96, ... and the whole, each moved by half its length."""
    windows: list[tuple[int, int]] = []
    length = shortest
    while length < count:
        step = length // 2
        starts = range(0, count - length + step, step)
        windows += [(min(start, count - length), min(start, count - length) + length) for start in starts]
        length *= 2
    return [*dict.fromkeys(windows), (0, count)] if count else []


def locate(scores: Reals, weights: Sequence[float], tried: int) -> list[Segment]:
    """The stretches that carry the mark, in order, none touching another; tried: hypotheses before this one.

    weights: the mean of each score without a mark. Windows are taken best first, then trimmed to where the
    score begins and ends to be high; trimming only moves the ends that are shown, the p-value stays that of
    the window.
    """
    total = np.concatenate(([0.0], np.cumsum(scores)))
    expected = np.concatenate(([0.0], np.cumsum(weights)))

    def tail(start: int, end: int) -> float:
        score = float(total[end] - total[start])
        # A window that scores no more than is expected shows nothing.
        if score <= expected[end] - expected[start]:
            return 0.0
        return log10_sum_tail(score, Counter(weights[start:end]))

    surpluses = scores - _EVIDENCE * np.asarray(weights)
    taken = _best(windows_of(len(scores)), tail, tried)
    return _joined(sorted(_trimmed(segment, surpluses) for segment in taken))


def locate_by(tail: Callable[[int, int], float], count: int, tried: int) -> list[Segment]:
    """The same where only windows can be read, as of other engines' marks.

    tail: log10 p of items `start` to `end`. In a long text the shortest windows are longer, so that all of
    them together are at most twenty times the text.
    """
    taken = _best(windows_of(count, max(SHORTEST, count >> 8)), tail, tried)
    return _joined(sorted(_settled(segment, tail, count) for segment in taken))


def _settled(segment: Segment, tail: Callable[[int, int], float], count: int) -> Segment:
    """The ends moved, by less and less, to where the mark stands out most; p stays that of the window."""
    start, end = segment.start, segment.end
    best = tail(start, end)
    step = (end - start) // 4
    while step >= SHORTEST // 8:
        moved = [(start - step, end), (start + step, end), (start, end - step), (start, end + step)]
        inside = [(max(0, first), min(last, count)) for first, last in moved if last - first >= SHORTEST]
        rated = min(((tail(*each), each) for each in inside), default=(best, (start, end)))
        if rated[0] < best:
            best, (start, end) = rated
        else:
            step //= 2
    return Segment(start, end, segment.log10_p)


def _best(windows: Sequence[tuple[int, int]], tail: Callable[[int, int], float], tried: int) -> list[Segment]:
    """The windows that stand out when all are paid for, the best of those that overlap."""
    cost = math.log10(max(tried, 1) * max(len(windows), 1))
    rated = [Segment(start, end, min(0.0, tail(start, end) + cost)) for start, end in windows]
    taken: list[Segment] = []
    for segment in sorted(rated, key=lambda each: each.log10_p):
        if segment.log10_p > LOG10_P_SEGMENT:
            break
        if all(segment.end <= other.start or segment.start >= other.end for other in taken):
            taken.append(segment)
    return taken


def _trimmed(segment: Segment, surpluses: Reals) -> Segment:
    """The part with the largest surplus over what half-marked text would score."""
    surplus = np.concatenate(([0.0], np.cumsum(surpluses[segment.start : segment.end])))
    lowest = np.minimum.accumulate(surplus)
    end = int(np.argmax(surplus - lowest))
    start = int(np.argmin(surplus[: end + 1]))
    return Segment(segment.start + start, segment.start + max(end, start + 1), segment.log10_p)


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    joined: list[Segment] = []
    for segment in segments:
        if joined and segment.start - joined[-1].end < SHORTEST:
            last = joined.pop()
            joined.append(Segment(last.start, segment.end, min(last.log10_p, segment.log10_p)))
        else:
            joined.append(segment)
    return joined
