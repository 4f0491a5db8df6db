"""Exports: OSCAL with the faults that the usual validator lets pass, and CSV that spreadsheets open."""

import csv
import io
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.answers.make import APP, TODAY, piece, pieces

from haechi.answers import Engine, answers_csv, check_oscal, crosswalk_csv, oscal_catalog, oscal_mapping
from haechi.facts import Facts
from haechi.words import LANGS

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def papers(facts: Facts) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    catalogs = [oscal_catalog(facts, regime, AT) for regime in ("reg.EU", "reg.KR")]
    return deepcopy(oscal_mapping(facts, "reg.EU", "reg.KR", AT)), deepcopy(catalogs)


def maps(mapping: dict[str, Any]) -> list[dict[str, Any]]:
    return mapping["mapping-collection"]["mappings"][0]["maps"]


def test_our_own_oscal_is_sound(papers: Any, facts: Facts) -> None:  # noqa: ANN401
    mapping, catalogs = papers
    assert check_oscal(mapping, catalogs) == ()
    controls = catalogs[1]["catalog"]["controls"]
    assert [control["id"] for control in controls] == [each.id for each in facts.requirements_of("reg.KR")]
    marking = next(each for each in maps(mapping) if each["targets"][0]["id-ref"] == "KR.31.2")
    assert marking["relationship"] == "intersects-with"
    assert "A notice in words or voice" in marking["remarks"]


def test_the_turned_mapping_turns_the_relation(facts: Facts) -> None:
    def word(source: str, target: str) -> str:
        found = maps(oscal_mapping(facts, source, target, AT))
        pair = [each for each in found if "'EU.9'" in str(each) and "'KR.34.1.1'" in str(each)]
        return pair[0]["relationship"]

    assert (word("reg.EU", "reg.KR"), word("reg.KR", "reg.EU")) == ("superset-of", "subset-of")


def test_what_was_not_judged_is_a_gap(papers: Any, facts: Facts) -> None:  # noqa: ANN401
    mapping, _ = papers
    inner = mapping["mapping-collection"]["mappings"][0]
    gap = set(inner["target-gap-summary"]["unmapped-controls"][0]["with-ids"])
    mapped = {each["targets"][0]["id-ref"] for each in maps(mapping)}
    assert gap | mapped == {each.id for each in facts.requirements_of("reg.KR")}
    assert not gap & mapped


@pytest.mark.parametrize("fault", ["relationship", "dangling", "duplicate"])
def test_each_fault_is_found(papers: Any, fault: str) -> None:  # noqa: ANN401
    mapping, catalogs = papers
    if fault == "relationship":
        maps(mapping)[0]["relationship"] = "foo-bar"
    elif fault == "dangling":
        maps(mapping)[0]["targets"][0]["id-ref"] = "KR.99"
    else:
        catalogs[0]["catalog"]["controls"].append(catalogs[0]["catalog"]["controls"][0])
    assert [wrong.code for wrong in check_oscal(mapping, catalogs)] == [f"answers.oscal.{fault}"]


def test_the_same_facts_give_the_same_document(facts: Facts) -> None:
    assert oscal_mapping(facts, "reg.EU", "reg.KR", AT) == oscal_mapping(facts, "reg.EU", "reg.KR", AT)


def read(raw: bytes) -> list[list[str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("lang", LANGS)
def test_csv_has_a_row_for_each_direction_and_credit(facts: Facts, lang: Any) -> None:  # noqa: ANN401
    rows = read(crosswalk_csv(facts, lang))
    assert len(rows) == 1 + 2 * len(facts.relations)
    engine = Engine(facts)
    for each in pieces("EU.50.2", facts.requirement("EU.50.2").evidence):
        engine.put(each)
    answers = engine.answers(APP, TODAY)
    rows = read(answers_csv(answers, facts, lang))
    assert len(rows) == 1 + sum(len(answer.credits) for answer in answers.by_target.values())
    assert {len(row) for row in rows} == {13}
    (notice,) = [row[7] for row in rows if row[1] == "KR.31.2"]
    assert (
        notice
        == {
            "en": "A notice in words or voice, or a visible mark, when content leaves the service.",
            "ko": "콘텐츠가 서비스 밖으로 나갈 때의 문구·음성 안내 또는 눈에 보이는 표시.",
        }[lang]
    )


def test_a_cell_never_runs_as_a_formula(facts: Facts) -> None:
    engine = Engine(facts)
    engine.put(piece(1, "mark", "BR.label", subject='=HYPERLINK("x")'))
    rows = read(answers_csv(engine.answers('=HYPERLINK("x")', TODAY), facts, "en"))
    assert rows[1][0] == '\'=HYPERLINK("x")'
