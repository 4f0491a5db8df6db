"""The pages made from the program are what the program would make now, and explain every code."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, headings, rows

from haechi.cli.out import EXIT_BY_ERROR, EXIT_BY_VERDICT, EXIT_USAGE
from haechi.cli.reference import commands_in, error_classes, findings_page, load_meanings, load_rooms
from haechi.findings import CATALOGUE, CHECKS
from haechi.words import LANGS, Lang, Text

STALE = "run: make docs"


@pytest.fixture(scope="module")
def meanings() -> dict[str, Text]:
    load_rooms()
    return load_meanings(DOCS / "findings.toml")


def page_of(name: str, lang: Lang) -> Path:
    return DOCS / (f"{name}.md" if lang == "en" else f"{name}.{lang}.md")


@pytest.mark.parametrize("lang", LANGS)
def test_findings_page_is_up_to_date(lang: Lang, meanings: dict[str, Text]) -> None:
    assert page_of("findings", lang).read_text("utf-8") == findings_page(lang, meanings), STALE


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_has_a_heading(lang: Lang, meanings: dict[str, Text]) -> None:
    assert meanings
    codes = {*CATALOGUE, *(kind.code for kind in error_classes())}
    page = headings(page_of("findings", lang))
    assert codes == {code for line in page for code in re.findall(r"^#### `([^`]+)`$", line)}
    assert set(CHECKS) == {check for line in page for check in re.findall(r"^### .*\(`([^`]+)`\)$", line)}


def test_every_check_and_code_is_explained(meanings: dict[str, Text]) -> None:
    expected = {*CHECKS, *CATALOGUE}
    assert expected - meanings.keys() == set(), "explain them in docs/findings.toml"
    assert meanings.keys() - expected == set(), "no such check or code any more"


def test_explanations_are_in_both_languages(meanings: dict[str, Text]) -> None:
    assert [name for name, text in meanings.items() if not re.search("[가-힣]", text.ko)] == []
    assert [name for name, text in meanings.items() if re.search("[가-힣]", text.en)] == []


def test_no_two_errors_share_a_code(meanings: dict[str, Text]) -> None:
    assert meanings
    assert len({kind.code for kind in error_classes()}) == len(error_classes())


@pytest.mark.parametrize("lang", LANGS)
def test_page_of_commands_is_up_to_date(lang: Lang) -> None:
    assert page_of("reference/cli", lang).read_text("utf-8") == commands_in(lang), STALE


@pytest.mark.parametrize("lang", LANGS)
def test_every_exit_code_is_listed(lang: Lang) -> None:
    title = headings(page_of("reference/cli", lang))[0].removeprefix("# ")
    listed = {int(row[0]) for row in rows(page_of("reference/cli", lang), title) if row[0].isdigit()}
    assert listed == {*EXIT_BY_VERDICT.values(), EXIT_USAGE, *(code for _, code in EXIT_BY_ERROR)}
