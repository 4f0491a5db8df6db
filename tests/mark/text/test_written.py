"""What real models wrote with our marks is found, what people wrote is not (`written.py` made the files)."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mark.text.toy import KEY, OTHER
from tests.mark.text.written import engine, kept, model_file
from tests.mark.text.written import written as write_with

from haechi.mark.text import Asked, TextKey, detect_text, detect_tokens

FOLDER = Path(__file__).parent
ROOT = Path(__file__).parents[3]


def written(lang: str, kind: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"written-{lang}.jsonl").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if each["kind"] == kind]


def found(tails: list[float]) -> float:
    """How many are recognised at 10^-6, the chance that the promised figures are about."""
    return float(np.mean(np.array(tails) <= -6.0))


@pytest.mark.parametrize(("lang", "clean", "edited"), [("en", 0.95, 0.70), ("ko", 0.90, 0.0)])
def test_words_of_a_model_are_found_and_most_of_them_after_many_deletions(
    lang: str, clean: float, edited: float
):
    texts = [each["text"] for each in written(lang, "word")]
    asked = [Asked(key=KEY)]
    assert found([detect_text(text, asked).best_log10_p for text in texts]) >= clean
    cut = [detect_text(" ".join(kept(text.split(), n)), asked).best_log10_p for n, text in enumerate(texts)]
    assert found(cut) >= edited
    assert float(np.median(cut)) < -4.0
    assert all(detect_text(text, [Asked(key=OTHER)]).best_log10_p > -5.0 for text in texts)


def test_tokens_of_a_model_are_found_after_a_third_was_deleted():
    _tokens_are_found(written("en", "token"), edited=0.88, times=4)


def test_numbers_in_the_tokens_of_a_model_are_read():
    _numbers_are_read(written("en", "payload"))


@pytest.mark.slow
def test_a_real_model_writes_marks_that_are_found():
    model = engine(model_file())
    made = [*write_with(model, "en", int(os.environ.get("HAECHI_TEXTS", "16")), ("token", "payload"))]
    # Sixteen texts tell that share to a tenth.
    tokens = [each for each in made if each["kind"] == "token"]
    _tokens_are_found(tokens, edited=0.80, times=4)
    _numbers_are_read([each for each in made if each["kind"] == "payload"])


def _tokens_are_found(texts: list[dict[str, Any]], *, edited: float, times: int) -> None:
    """Clean and with words taken out, so many times each: which words they are makes a difference."""
    asked = [Asked(key=KEY)]
    assert found([detect_tokens(each["tokens"], asked).best_log10_p for each in texts]) >= 0.98
    cut = [
        [token for word in kept(each["words"], 1000 * turn + n) for token in word]
        for n, each in enumerate(texts)
        for turn in range(times)
    ]
    assert found([detect_tokens(tokens, asked).best_log10_p for tokens in cut]) >= edited


def _numbers_are_read(texts: list[dict[str, Any]]) -> None:
    asked = [Asked(key=KEY, payload=True)]
    read = [(detect_tokens(each["tokens"], asked), each["payload"]) for each in texts]
    assert np.mean([bool(got.marks) and got.marks[0].payload == payload for got, payload in read]) >= 0.95


@pytest.mark.parametrize("name", ["tutorial", "how-to/run-a-node", "limits", "how-to/verify-evidence"])
@pytest.mark.parametrize("ending", [".md", ".ko.md"])
def test_pages_that_people_wrote_accuse_nobody(name: str, ending: str):
    text = (ROOT / "docs" / f"{name}{ending}").read_text("utf-8")
    keys = [Asked(key=TextKey(str(n), n.to_bytes(32, "big"))) for n in range(200)]
    assert detect_text(text, keys).marks == ()
    assert detect_text(text, keys).best_log10_p > -4.0
