"""What people wrote accuses nobody: a hundred thousand tests, and chances that come true as often as stated.

Human text: the folder that HAECHI_HUMAN_TEXT names (`en` and `ko` below it), else this project's own pages.
"""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from haechi.mark.text.score import law_of, sums
from haechi.mark.text.tail import log10_sum_tail
from haechi.mark.text.tokens import token_pairs
from haechi.mark.text.words import Pair, pairs_of, words_of

ROOT = Path(__file__).parents[3]
WINDOW, TESTS, IDS = 200, 50_000, 49_152


def human(lang: str) -> list[str]:
    """Pieces of 200 words."""
    given = os.environ.get("HAECHI_HUMAN_TEXT", "")
    if given:
        paths = sorted((Path(given) / lang).rglob("*.txt"))
    else:
        pages = sorted((ROOT / "docs").rglob("*.md"))
        paths = [path for path in pages if path.name.endswith(".ko.md") == (lang == "ko")]
    words = [word for path in paths for word in path.read_text("utf-8").split()]
    return [" ".join(words[at : at + WINDOW]) for at in range(0, len(words) - WINDOW, WINDOW)]


def pairs(piece: str, space: str) -> list[Pair]:
    """What is scored; ids of tokens are made from words, with all their repetitions."""
    if space == "word":
        return pairs_of(words_of(piece))
    return token_pairs([zlib.crc32(word.encode()) % IDS for word in piece.split()])


@pytest.mark.slow
@pytest.mark.parametrize("space", ["word", "token"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_human_text_follows_the_stated_chance_down_to_one_in_ten_thousand(lang: str, space: str):
    rng = np.random.default_rng([20240522, len(space)])
    pieces = human(lang)
    assert len(pieces) >= 20
    tails, tests = list[float](), 0
    for piece in pieces:
        scored = pairs(piece, space)
        secrets = [rng.bytes(32) for _ in range(-(-TESTS // len(pieces)))]
        tests += len(secrets)
        for score in sorted(sums(secrets, scored).tolist(), reverse=True):
            tails.append(log10_sum_tail(score, law_of(scored)))
            if tails[-1] > -1:  # and all that follow
                break
    found = np.array(tails)
    for digits in (1, 2, 3, 4):
        times = float((found <= -digits).sum()) / tests * 10.0**digits
        assert times == pytest.approx(1.0, abs=4 * float(np.sqrt(10.0**digits / tests)))
    assert found.min() > -7
