"""False marks: whole searches of pictures that carry no mark, or only somebody else's, under random keys.

    python -m benchmarks.mark_null [--decodes 100000] [--keys 200] [--others 30] [--long 768]

Every picture of all sets goes through changes (none, JPEG, crop, turn, a screenshot, ...), in an order drawn
by seed, until there are so many decodes of pictures without any mark. Each search is the detector's own, from
its first geometry to its last; its keys are new to it and share what the search has measured, and every
search but the third has a new pilot key too. `--others 30` marks every thirtieth picture under a key that is
not asked: its lattice is found, and no key may read it.

A decode is judged twice: as the search judges it, with all its decodes counted, and as if it were the only
one, which is the easier way to a false mark. Writes benchmarks/results/mark_null.json, and a plot of the
statistics of the decodes against the bound.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from time import process_time
from typing import NamedTuple
from unittest.mock import patch

import cv2
import numpy as np
from benchmarks._attacks import ATTACKS
from benchmarks._pictures import Pixels, at_long_side, held_out, research, small, tuned
from benchmarks._plots import survival
from benchmarks._table import RESULTS, Row, figure, report

from haechi.mark.image import LOG10_P_LIMIT, PUBLIC_KEY, MarkKey, Payload, detect, embed, log10_p
from haechi.mark.image import detect as _exported
from haechi.mark.image.layout import PUBLIC_PILOTS
from haechi.mark.image.plane import Reals
from haechi.mark.image.reading import Word, words_of

CHANGES = ("none", "JPEG 50", "crop 50 %", "turn 5", "size x0.5", "screenshot", "combo_rot", "contrast +30 %")
EVERY_PUBLIC = 3  # each third search is for the public pilots and has the public key among its keys


class Searched(NamedTuple):
    """One search: its decodes in order, the marks it reported, and CPU seconds."""

    words: list[Word]
    marks: int
    seconds: float


def main() -> None:
    asked = _arguments()
    cv2.setNumThreads(1)
    detect(np.zeros((300, 300), np.uint8))  # templates are made once a process
    bare: list[Searched] = []
    foreign: list[Searched] = []
    decodes = 0
    for at, load in enumerate(_cases(asked.long)):
        rng = np.random.default_rng([4, at])
        pilots = PUBLIC_PILOTS if at % EVERY_PUBLIC == 0 else rng.bytes(16)
        keys = [MarkKey(f"null {each}", rng.bytes(32), pilots) for each in range(asked.keys)]
        keys += [PUBLIC_KEY] if pilots == PUBLIC_PILOTS else []
        other = MarkKey("other", rng.bytes(32), pilots) if at % asked.others == asked.others - 1 else None
        made = _search(load(other), keys)
        (foreign if other else bare).append(made)
        decodes += 0 if other else len(made.words)
        print(at, len(made.words), decodes, f"{made.seconds:.1f} s", file=sys.stderr, flush=True)
        if decodes >= asked.decodes:
            break
    rows = [*_rows("unmarked", bare), *_rows("marked under another key", foreign)]
    _plot(bare, foreign)
    report("mark_null", f"False marks in {len(bare) + len(foreign)} whole searches", rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--decodes", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--others", type=int, default=30)
    parser.add_argument("--long", type=int, default=768)
    return parser.parse_args()


def _cases(longest: int) -> Iterator[Callable[[MarkKey | None], Pixels]]:
    """Pictures to come, in an order drawn once; each is marked before its change when a key is given."""
    pictures = [*held_out(), *research(), *tuned(), *small()]
    cases = list(product(pictures, CHANGES))
    for at in np.random.default_rng(4).permutation(len(cases)):
        picture, change = cases[int(at)]

        def load(key: MarkKey | None, picture=picture, change=change) -> Pixels:  # noqa: ANN001 - bound here
            pixels = at_long_side(picture.load(), longest)
            if key is not None:
                pixels = embed(pixels, Payload(namespace=7, item=1), key, psnr_db=42.0).pixels
            return ATTACKS[change](pixels)

        yield load


@contextmanager
def _recorded() -> Iterator[list[Word]]:
    """Every word that the detector decodes meanwhile."""
    words: list[Word] = []

    def recorded(soft: Reals, keys: Sequence[MarkKey]) -> list[Word]:
        words.extend(made := words_of(soft, keys))
        return made

    with patch.object(sys.modules[_exported.__module__], "words_of", recorded):
        yield words


def _search(pixels: Pixels, keys: Sequence[MarkKey]) -> Searched:
    begun = process_time()
    with _recorded() as words:
        found = detect(pixels, keys)
    assert len(words) == found.attempts
    return Searched(words, len(found.marks), process_time() - begun)


def _rows(what: str, searches: list[Searched]) -> list[Row]:
    words = [word for each in searches for word in each.words]
    if not words:
        return []
    alone = min(word.log10_p(1) for word in words)
    judged = min(word.log10_p(len(each.words)) for each in searches for word in each.words)
    return [
        figure(f"{what}: searches", len(searches), ""),
        figure(f"{what}: decodes", len(words), ""),
        figure(f"{what}: false marks", sum(each.marks for each in searches), "", at_most=0),
        figure(
            f"{what}: decodes that would be marks if counted alone",
            sum(word.log10_p(1) <= LOG10_P_LIMIT for word in words),
            "",
            at_most=0,
        ),
        figure(f"{what}: highest statistic", max(word.statistic for word in words), ""),
        figure(f"{what}: lowest log10 p, decodes of the search counted", judged, ""),
        figure(f"{what}: lowest log10 p, counted alone", alone, ""),
        figure(f"{what}: CPU of a search, median", float(np.median([s.seconds for s in searches])), "s"),
    ]


def _plot(bare: list[Searched], foreign: list[Searched]) -> None:
    curves = {
        name: _survival([word.statistic for each in searches for word in each.words])
        for name, searches in (("unmarked", bare), ("another's key", foreign))
        if searches
    }
    curves["bound"] = [(float(z), 10 ** log10_p(float(z), 1)) for z in np.arange(6, 13, 0.1)]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "mark_null.svg").write_text(survival("Decodes of whole searches without a mark", curves))


def _survival(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(value, 1 - at / len(values)) for at, value in enumerate(sorted(values))]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
