"""Where in a text the mark is: windows of the score, each of them paid for (haechi-text-1, section 7)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from haechi.mark.text.prf import Reals
from haechi.mark.text.tail import log10_gamma_tail

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


def windows_of(count: int) -> list[tuple[int, int]]:
    """The windows looked at: lengths 24, 48, 96, ... and the whole, each moved by half its length."""
    windows: list[tuple[int, int]] = []
    length = SHORTEST
    while length < count:
        step = length // 2
        starts = range(0, count - length + step, step)
        windows += [(min(start, count - length), min(start, count - length) + length) for start in starts]
        length *= 2
    return [*dict.fromkeys(windows), (0, count)] if count else []


def locate(scores: Reals, tried: int) -> list[Segment]:
    """The stretches that carry the mark, in order, none touching another; tried: hypotheses before this one.

    Windows are taken best first, then trimmed to where the score begins and ends to be high; trimming only
    moves the ends that are shown, the p-value stays that of the window.
    """
    windows = windows_of(len(scores))
    total = np.concatenate(([0.0], np.cumsum(scores)))
    cost = math.log10(max(tried, 1) * max(len(windows), 1))
    rated = [
        Segment(start, end, min(0.0, log10_gamma_tail(float(total[end] - total[start]), end - start) + cost))
        for start, end in windows
    ]
    taken: list[Segment] = []
    for segment in sorted(rated, key=lambda each: each.log10_p):
        if segment.log10_p > LOG10_P_SEGMENT:
            break
        if all(segment.end <= other.start or segment.start >= other.end for other in taken):
            taken.append(segment)
    return _joined(sorted(_trimmed(segment, scores) for segment in taken))


def _trimmed(segment: Segment, scores: Reals) -> Segment:
    """The part with the largest surplus over what half-marked text would score."""
    surplus = np.concatenate(([0.0], np.cumsum(scores[segment.start : segment.end] - _EVIDENCE)))
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
