"""The published vectors are what the program computes, and the JavaScript detector computes the same."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.mark.text.vectors import vectors

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs/spec/haechi-text-1-vectors.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text())


def test_the_published_vectors_are_what_the_program_computes():
    made = json.loads(json.dumps(vectors()))
    assert made["tails"] == [[*law, pytest.approx(tail)] for *law, tail in PUBLISHED["tails"]]
    assert {**made, "tails": None} == {**PUBLISHED, "tails": None}


def test_the_javascript_detector_agrees():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine: the JavaScript detector was not run")
    script = Path(__file__).with_name("check_vectors.mjs")
    folder = ROOT / "src/haechi/mark/text/js"
    command = [node, str(script), str(folder), str(FILE)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found = json.loads(ran.stdout)
    assert found["context"] == PUBLISHED["context"]["block"]
    assert found["keyed"] == [each["r"] for each in PUBLISHED["keyed"]]
    assert found["tails"] == pytest.approx([tail for *_law, tail in PUBLISHED["tails"]])
    assert found["weights"] == [each["weights"] for each in PUBLISHED["weights"]]
    for mine, theirs in zip(PUBLISHED["words"], found["words"], strict=True):
        assert theirs == {name: mine[name] for name in ("normalised", "words", "places")}
    for mine, theirs in zip(PUBLISHED["texts"], found["texts"], strict=True):
        assert theirs["log10_p"] == pytest.approx(mine["log10_p"], abs=1e-4)
        assert {**theirs, "log10_p": 0} == {name: mine[name] for name in ("count", "marks", "signpost")} | {
            "log10_p": 0
        }
