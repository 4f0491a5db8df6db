"""The reference pages are what the code says."""

import re
from pathlib import Path

import pytest
from tests.statement.make import FACTS, key

from haechi.findings import Verdict
from haechi.statement.breach import MAX_DEPTH, RULES
from haechi.statement.claims import check_claim, kind_names
from haechi.statement.envelope import (
    MAX_NAME_CHARS,
    MAX_RECEIPTS,
    MAX_STATEMENT_BYTES,
    Sharing,
    Statement,
)
from haechi.statement.keys import ALGS, SIGNING_ALG
from haechi.statement.reference import main, pages
from haechi.statement.sign1 import MAX_HEADER_BYTES
from haechi.statement.worked import commented, example_statement, items

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
FORMAT_PAGES = ["statement-format.md", "statement-format.ko.md"]


@pytest.mark.parametrize("path", sorted(pages()))
def test_a_page_is_what_the_code_makes(path: str):
    assert (FOLDER / path).read_text("utf-8") == pages()[path], "run: python -m haechi.statement.reference"


def test_no_schema_is_left_of_a_kind_that_is_no_more():
    assert {path.stem for path in (FOLDER / "schemas").glob("*.json")} == set(kind_names())


def test_the_pages_are_made_where_they_are_asked_for(tmp_path: Path):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "gone.json").touch()
    main(tmp_path)
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert made == set(pages())


@pytest.mark.parametrize("page", FORMAT_PAGES)
def test_the_worked_example_is_the_one_the_program_makes(page: str):
    statement = example_statement()
    shown = re.search(r"```\n(d2 +tag 18: .*?)```", (FOLDER / page).read_text("utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == commented(statement.raw), "run: python -m haechi.statement.worked"
    assert statement.digest_hex in (FOLDER / page).read_text("utf-8")


def test_the_worked_example_holds_and_is_the_same_every_time():
    statement = example_statement()
    assert Statement.from_bytes(statement.raw) == statement == example_statement()
    assert statement.check_signature().verdict is Verdict.HOLDS
    assert check_claim(statement, FACTS).verdict is Verdict.HOLDS


def test_the_worked_lines_hold_every_byte_once():
    raw = example_statement().raw
    columns = "".join(line[:48] for line in commented(raw))
    assert bytes.fromhex(columns.replace(" ", "")) == raw
    assert b"".join(item.raw for item in items(raw[1:])) == raw[1:]


@pytest.mark.parametrize("page", FORMAT_PAGES)
def test_the_format_page_names_every_number_that_binds(page: str):
    text = (FOLDER / page).read_text("utf-8")
    for number in (MAX_STATEMENT_BYTES, MAX_HEADER_BYTES, MAX_NAME_CHARS, MAX_RECEIPTS, MAX_DEPTH):
        assert re.search(rf"(?<!\d){number}(?!\d)", text), number
    for family, algs in ALGS.items():
        assert str(family) in text
        assert all(f"`{alg}`" in text for alg in (*algs, SIGNING_ALG[family]))
    assert all(f"`{level}`" in text for level in Sharing)
    assert all(f"`{rule}`" in text for rule in RULES)
    assert key().public.thumbprint.hex() not in text
