"""The reference page names every code, and its examples run."""

import doctest
import re
from pathlib import Path

from haechi import answers
from haechi.errors import HaechiError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "answers.md"


def test_the_examples_of_the_page_run() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0


def test_every_error_and_note_code_has_its_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    classes = [each for each in vars(answers).values() if isinstance(each, type)]
    errors = [each for each in classes if issubclass(each, HaechiError)]
    assert len(errors) == 6
    codes = {error.code for error in errors}
    for source in (ROOT / "src" / "haechi" / "answers").glob("*.py"):
        codes |= set(re.findall(r'"((?:why|lacks)\.[a-z-]+)"', source.read_text(encoding="utf-8")))
    assert len(codes) >= 14
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_the_public_names_are_there() -> None:
    assert sorted(answers.__all__) == sorted(set(answers.__all__))
    assert all(hasattr(answers, name) for name in answers.__all__)
