"""The evidence of the demonstration: a made-up detector run, and the figure anybody can recompute from it."""

import csv
import random
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

ITEMS = 5000
MISSED = 41
LEVEL = 0.95


class Share(NamedTuple):
    """A share in percent with its Wilson interval."""

    percent: float
    low: float
    high: float
    items: int


def write_evidence(path: Path, seed: int) -> None:
    """A CSV with one line for each sampled image: its number and whether the mark was found."""
    rng = random.Random(seed)  # noqa: S311  # made-up data, nothing secret
    missed = set(rng.sample(range(ITEMS), MISSED))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "mark_found"])
        writer.writerows((f"img-{n:05d}", int(n not in missed)) for n in range(ITEMS))


def recompute(path: Path) -> Share:
    """The share of marked images and its interval, from the evidence file alone."""
    with path.open(newline="", encoding="utf-8") as file:
        found = [row["mark_found"] == "1" for row in csv.DictReader(file)]
    return wilson(sum(found), len(found))


def wilson(k: int, n: int, level: float = LEVEL) -> Share:
    """The share k of n in percent with its score interval (Wilson 1927), rounded to 0.01.

    >>> wilson(4959, 5000)
    Share(percent=99.18, low=98.89, high=99.39, items=5000)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return Share(round(100 * p, 2), round(100 * (centre - half), 2), round(100 * (centre + half), 2), n)
