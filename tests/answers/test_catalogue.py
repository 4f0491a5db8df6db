"""The law in time: superseded dates, the day on which they stood, and what was known when."""

from dataclasses import replace
from datetime import date

import pytest

from haechi.answers import Catalogue, Editions, HistoryRefused, LawStatus, NotKnownThen, Was
from haechi.answers.history import SUPERSEDED, TRANSITIONS
from haechi.errors import UnknownName
from haechi.facts import Facts


@pytest.fixture(scope="module")
def catalogue(facts: Facts) -> Catalogue:
    return Catalogue.of(facts)


def test_the_eu_risk_duty_is_not_yet_there_in_september_2026(catalogue: Catalogue) -> None:
    law = catalogue.law_on("EU.9", date(2026, 9, 1))
    assert law.status is LawStatus.NOT_YET
    assert law.effective == date(2027, 12, 2)
    assert law.days_until == 457
    assert [(was.effective, was.source, was.by) for was in law.superseded] == [
        (date(2026, 8, 2), "src.eu.act", "src.eu.omnibus")
    ]
    assert law.say("en") == "not yet: applies from 2027-12-02; the earlier date 2026-08-02 was superseded"
    assert law.say("ko") == "아직 아님: 2027-12-02부터 적용; 이전 날짜 2026-08-02은(는) 대체됨"


@pytest.mark.parametrize(
    ("as_of", "effective", "moved_to"),
    [
        (date(2026, 7, 26), date(2026, 8, 2), date(2027, 12, 2)),
        (date(2026, 7, 27), date(2027, 12, 2), None),
        (date(2024, 7, 31), date(2027, 12, 2), None),  # before the Act: nothing stood yet
    ],
)
def test_a_day_is_answered_as_the_law_stood_then(
    catalogue: Catalogue, as_of: date, effective: date, moved_to: date | None
) -> None:
    law = catalogue.law_on("EU.9", as_of)
    assert (law.effective, law.moved_to) == (effective, moved_to)


@pytest.mark.parametrize(
    ("requirement", "as_of", "status"),
    [
        ("EU.50.2", date(2026, 8, 1), LawStatus.NOT_YET),
        ("EU.50.2", date(2026, 8, 2), LawStatus.APPLIES),
        ("BR.label", date(2030, 1, 1), LawStatus.NO_DATE),
        ("COE.8", date(2030, 1, 1), LawStatus.NO_DATE),
    ],
)
def test_status(catalogue: Catalogue, requirement: str, as_of: date, status: LawStatus) -> None:
    assert catalogue.law_on(requirement, as_of).status is status


def test_every_table_entry_agrees_with_the_prose_of_the_facts(facts: Facts) -> None:
    """Whoever changes `date_notes` changes the table, and the other way round."""
    moved = {
        id_ for id_, found in facts.requirements.items() if found.date_notes and "moved" in found.date_notes
    }
    assert moved == set(SUPERSEDED)
    for id_, entries in SUPERSEDED.items():
        for was in entries:
            assert was.effective.isoformat() in (facts.requirement(id_).date_notes or "")
    for id_, later in TRANSITIONS.items():
        for each in later:
            assert each.effective.isoformat() in (facts.requirement(id_).date_notes or "")


GOOD = Was(date(2026, 8, 2), "src.eu.act", "src.eu.omnibus", date(2024, 8, 1), date(2026, 7, 27))


@pytest.mark.parametrize(
    ("requirement", "was", "why"),
    [
        ("EU.99", GOOD, "no such requirement"),
        ("EU.9", GOOD._replace(source="src.nowhere"), "no such source"),
        ("EU.9", GOOD._replace(stood_until=date(2024, 8, 1)), "too early"),
        ("EU.9", GOOD._replace(effective=date(2027, 12, 2)), "not superseded"),
    ],
)
def test_a_broken_history_is_refused_whole(facts: Facts, requirement: str, was: Was, why: str) -> None:
    Catalogue.of(facts, {"EU.9": (GOOD,)})
    with pytest.raises(HistoryRefused, match=why):
        Catalogue.of(facts, {requirement: (was,)})


def test_what_was_known_when(facts: Facts, catalogue: Catalogue) -> None:
    newer = Catalogue.of(replace(facts, version="f" * 64))
    editions = Editions([(date(2026, 11, 22), newer), (date(2026, 3, 1), catalogue)])
    assert editions.known_at(date(2026, 11, 21)).version == catalogue.version
    assert editions.known_at(date(2026, 11, 22)).version == newer.version
    with pytest.raises(NotKnownThen):
        editions.known_at(date(2026, 2, 28))


def test_an_unknown_requirement_lists_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownName, match=r"EU\.9"):
        catalogue.law_on("EU.9x", date(2026, 9, 1))
