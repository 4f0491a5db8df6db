"""Subjects: every record belongs to exactly one, and a crossing keeps to the one that was asked for."""

import pytest
from tests.answers.make import TODAY

from haechi.answers import SUBJECTS, Catalogue, Routes, crossing, is_about, pair, subject_of
from haechi.errors import UnknownName
from haechi.facts import Facts


def test_every_record_belongs_to_exactly_one_subject(facts: Facts) -> None:
    for record in (*facts.requirements.values(), *facts.commitments.values()):
        assert sum(is_about(facts, record.id, each) for each in SUBJECTS.values()) == 1, record.topic


@pytest.mark.parametrize("asked", ["marking", "Content marking", "콘텐츠 표시"])
def test_a_subject_is_found_by_word_and_by_both_names(asked: str) -> None:
    assert subject_of(asked) is SUBJECTS["marking"]


def test_an_unknown_subject_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        subject_of("marketing")
    assert "marking" in str(caught.value.facts["nearest"])


def test_what_korea_still_lacks_when_a_company_brings_its_eu_marking_evidence(facts: Facts) -> None:
    found = pair(facts, Routes.of(facts), "reg.EU", "reg.KR", SUBJECTS["marking"])
    assert [(row.source, row.target) for row in found.rows] == [
        ("EU.50.2", "KR.31.2"),
        ("EU.50.4", "KR.31.3"),
    ]
    first, second = found.rows
    assert [(kind, shared) for kind, shared in first.kinds] == [("mark", True), ("document.notice", False)]
    assert all(shared for _, shared in second.kinds)
    assert [lack.ref for lack in first.hop.lacks] == ["xw.001"]
    assert found.unjudged == ()
    assert Catalogue.of(facts).law_on(first.target, TODAY).effective is not None


def test_a_subject_only_leaves_out(facts: Facts) -> None:
    routes = Routes.of(facts)
    whole = pair(facts, routes, "reg.EU", "reg.KR")
    parts = [pair(facts, routes, "reg.EU", "reg.KR", each) for each in SUBJECTS.values()]
    assert {row for part in parts for row in part.rows} == set(whole.rows)
    assert sorted(id_ for part in parts for id_ in part.unjudged) == sorted(whole.unjudged)


def test_evidence_for_a_record_is_not_to_be_made_anew_for_itself(facts: Facts) -> None:
    found = crossing(
        facts, Routes.of(facts), ["KR.31.2"], [each.id for each in facts.requirements_of("reg.KR")]
    )
    assert "KR.31.2" not in found.unjudged
    assert "KR.31.3" in found.unjudged
