"""What real models wrote with our marks is found, what people wrote is not (`written.py` made the files)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mark.text.toy import KEY, OTHER
from tests.mark.text.written import deleted

from haechi.mark.text import LOG10_P_LIMIT, Asked, TextKey, detect_text, detect_tokens

FOLDER = Path(__file__).parent
ROOT = Path(__file__).parents[3]


def written(lang: str, kind: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"written-{lang}.jsonl").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if each["kind"] == kind]


def found(tails: list[float], limit: float = LOG10_P_LIMIT) -> float:
    return float(np.mean(np.array(tails) <= limit))


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_words_of_a_model_are_found_and_half_of_them_after_many_deletions(lang: str):
    texts = [each["text"] for each in written(lang, "word")]
    asked = [Asked(key=KEY)]
    clean = [detect_text(text, asked).best_log10_p for text in texts]
    assert len(clean) >= 8
    assert found(clean) >= 0.75
    edited = [detect_text(deleted(text, n), asked).best_log10_p for n, text in enumerate(texts)]
    assert float(np.median(edited)) < -4.0
    assert all(detect_text(text, [Asked(key=OTHER)]).best_log10_p > -5.0 for text in texts)


def test_tokens_of_a_model_are_found_after_a_third_was_deleted():
    texts = written("en", "token")
    asked = [Asked(key=KEY)]
    assert found([detect_tokens(each["tokens"], asked).best_log10_p for each in texts]) >= 0.9
    assert found([detect_tokens(each["edited_tokens"], asked).best_log10_p for each in texts], -6.0) >= 0.7


def test_numbers_in_the_tokens_of_a_model_are_read():
    asked = [Asked(key=KEY, payload=True)]
    read = [(detect_tokens(each["tokens"], asked), each["payload"]) for each in written("en", "payload")]
    right = [bool(got.marks) and got.marks[0].payload == payload for got, payload in read]
    assert np.mean(right) >= 0.75  # two small models' loops leave few pairs to some digits


@pytest.mark.parametrize("name", ["tutorial", "how-to/run-a-node", "limits", "how-to/verify-evidence"])
@pytest.mark.parametrize("ending", [".md", ".ko.md"])
def test_pages_that_people_wrote_accuse_nobody(name: str, ending: str):
    text = (ROOT / "docs" / f"{name}{ending}").read_text("utf-8")
    keys = [Asked(key=TextKey(str(n), n.to_bytes(32, "big"))) for n in range(200)]
    assert detect_text(text, keys).marks == ()
    assert detect_text(text, keys).best_log10_p > -4.0
