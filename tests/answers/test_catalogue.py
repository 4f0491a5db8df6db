"""The law in time: superseded dates, the day on which they stood, and what was known when."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from haechi.answers import Catalogue, Editions, HistoryRefused, LawStatus, NotKnownThen
from haechi.errors import UnknownName
from haechi.facts import Dates, Facts, Was


@pytest.fixture(scope="module")
def catalogue(facts: Facts) -> Catalogue:
    return Catalogue.of(facts)


def test_the_eu_risk_duty_is_not_yet_there_in_september_2026(catalogue: Catalogue) -> None:
    law = catalogue.law_on("EU.9", date(2026, 9, 1))
    assert law.status is LawStatus.NOT_YET
    assert law.effective == date(2027, 12, 2)
    assert law.days_until == 457
    assert [(was.effective, was.src, was.by) for was in law.superseded] == [
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


def test_every_date_that_the_prose_calls_moved_is_there_for_programs(facts: Facts) -> None:
    moved = {
        id_ for id_, found in facts.requirements.items() if found.date_notes and "moved" in found.date_notes
    }
    assert moved == {id_ for id_, found in facts.requirements.items() if found.dates.superseded}
    (later,) = facts.requirement("EU.50.2").dates.transitions
    assert (later.placed_before, later.effective) == (date(2026, 8, 2), date(2026, 12, 2))


GOOD = Was(
    effective=date(2026, 8, 2),
    src="src.eu.act",
    by="src.eu.omnibus",
    stood_from=date(2024, 8, 1),
    stood_until=date(2026, 7, 27),
)


def with_history(facts: Facts, was: Was) -> Facts:
    risk = msgspec.structs.replace(facts.requirement("EU.9"), dates=Dates(superseded=(was,)))
    return replace(facts, requirements={**facts.requirements, "EU.9": risk})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"src": "src.nowhere"}, "no such source"),
        ({"by": "src.nowhere"}, "no such source"),
        ({"stood_until": date(2024, 8, 1)}, "too early"),
        ({"effective": date(2027, 12, 2)}, "not superseded"),
    ],
)
def test_a_broken_history_is_refused_whole(facts: Facts, changed: dict[str, object], why: str) -> None:
    Catalogue.of(with_history(facts, GOOD))
    with pytest.raises(HistoryRefused, match=why):
        Catalogue.of(with_history(facts, msgspec.structs.replace(GOOD, **changed)))


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
