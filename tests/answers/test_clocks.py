"""Deadlines of incidents: California against New York, local days, and what cannot be counted."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from haechi.answers import CLOCKS, Applies, Catalogue, Clock, ClockState, clocks
from haechi.facts import Facts
from haechi.statement.claims import Said
from haechi.statement.kinds.incident_report import IncidentReport, Notified, Severity

KNOWN = datetime(2027, 3, 10, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue(facts: Facts) -> Catalogue:
    return Catalogue.of(facts)


def report(
    known: datetime = KNOWN,
    severity: Severity = "serious",
    countries: tuple[str, ...] = ("US",),
    notified: tuple[Notified, ...] = (),
) -> IncidentReport:
    return IncidentReport(
        application="frontier model",
        occurred=known - timedelta(hours=5),
        known=known,
        severity=severity,
        countries=countries,
        happened=Said(en="A safeguard failed."),
        notified=notified,
    )


def by_id(catalogue: Catalogue, incident: IncidentReport, now: datetime, *places: str) -> dict[str, Clock]:
    return {clock.rule.id: clock for clock in clocks(incident, catalogue, now, places=places)}


def test_california_gives_fifteen_days_where_new_york_gives_seventy_two_hours(catalogue: Catalogue) -> None:
    found = by_id(catalogue, report(), KNOWN + timedelta(days=4), "US-CA", "US-NY")
    california, new_york = found["US-CA.53.inc/15d"], found["US-NY.1422/72h"]
    # 20:00 UTC is noon in Los Angeles on 10 March; daylight saving begins on 14 March, before both ends.
    assert california.due == datetime(2027, 3, 25, 23, 59, 59, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert california.due is not None
    assert california.due.astimezone(UTC).isoformat() == "2027-03-26T06:59:59+00:00"
    assert new_york.due is not None
    assert new_york.due.astimezone(UTC).isoformat() == "2027-03-13T20:00:00+00:00"
    assert (california.state, new_york.state) == (ClockState.RUNNING, ClockState.MISSED)
    assert {california.applies, new_york.applies} == {Applies.YES}


def test_new_york_does_not_bind_before_2027(catalogue: Catalogue) -> None:
    found = by_id(catalogue, report(datetime(2026, 12, 31, 12, tzinfo=UTC)), KNOWN, "US-NY", "US-CA")
    assert found["US-NY.1422/72h"].state is ClockState.NOT_BINDING
    assert found["US-CA.53.inc/15d"].state is ClockState.MISSED


def test_the_day_is_the_local_day_of_the_regime(catalogue: Catalogue) -> None:
    # 2 a.m. UTC on the 11th is still the 10th in California.
    incident = report(datetime(2027, 3, 11, 2, 0, tzinfo=UTC))
    due = by_id(catalogue, incident, KNOWN, "US-CA")["US-CA.53.inc/15d"].due
    assert due is not None
    assert due.date().isoformat() == "2027-03-25"


def test_the_same_moment_in_another_zone_gives_the_same_clocks(catalogue: Catalogue) -> None:
    seoul = KNOWN.astimezone(timezone(timedelta(hours=9)))
    here = by_id(catalogue, report(), KNOWN, "US-CA")
    there = by_id(catalogue, report(seoul), KNOWN, "US-CA")
    assert {key: clock.due for key, clock in here.items()} == {key: clock.due for key, clock in there.items()}


@pytest.mark.parametrize(
    ("authority", "hours", "california", "new_york"),
    [
        ("California Office of Emergency Services", 71, "met", "running"),
        ("New York Department of Financial Services", 71, "running", "met"),
        ("New York Department of Financial Services", 73, "running", "missed"),
        ("somebody else", 1, "running", "running"),
    ],
)
def test_telling_one_authority_stops_its_own_clock(
    catalogue: Catalogue, authority: str, hours: int, california: str, new_york: str
) -> None:
    told = Notified(authority=authority, country="US", at=KNOWN + timedelta(hours=hours))
    now = KNOWN + timedelta(hours=72 if hours < 72 else 74)
    found = by_id(catalogue, report(notified=(told,)), now, "US-CA", "US-NY")
    assert str(found["US-CA.53.inc/15d"].state) == california
    assert str(found["US-NY.1422/72h"].state) == new_york


def test_without_a_state_it_is_unknown_which_law_counts(catalogue: Catalogue) -> None:
    assert {clock.applies for clock in clocks(report(), catalogue, KNOWN)} == {Applies.UNKNOWN}
    assert clocks(report(countries=("KR",)), catalogue, KNOWN) == ()  # the Korean Act sets no such clock


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("minor", set()),
        ("serious", {"EU.73/15d", "EU.55.inc/prompt"}),
        ("death_or_grave_harm", {"EU.73/15d", "EU.73/10d", "EU.55.inc/prompt"}),
        ("critical_infrastructure", {"EU.73/15d", "EU.73/2d", "EU.55.inc/prompt"}),
    ],
)
def test_severity_chooses_the_clocks(catalogue: Catalogue, severity: Severity, expected: set[str]) -> None:
    known = datetime(2028, 1, 10, 9, tzinfo=UTC)
    found = by_id(catalogue, report(known, severity, ("DE",)), known)
    assert set(found) == expected
    if expected:
        assert found["EU.55.inc/prompt"].state is ClockState.UNCOUNTED
        assert found["EU.73/15d"].state is ClockState.RUNNING


def test_the_last_second_counts_and_the_next_does_not(catalogue: Catalogue) -> None:
    due = by_id(catalogue, report(), KNOWN, "US-NY")["US-NY.1422/72h"].due
    assert due is not None
    for late, state in ((timedelta(0), ClockState.RUNNING), (timedelta(seconds=1), ClockState.MISSED)):
        clock = by_id(catalogue, report(), due + late, "US-NY")["US-NY.1422/72h"]
        assert clock.state is state
        assert clock.left(due + late) == -late


def test_an_order_is_no_part_of_an_incident_report(catalogue: Catalogue) -> None:
    (clock,) = clocks(report(countries=("IN",)), catalogue, KNOWN)
    assert (clock.rule.id, clock.state, clock.due) == ("IN.take/3h", ClockState.UNCOUNTED, None)
    assert "셀 수 없음" in clock.say("ko")


def test_the_table_says_what_the_facts_say(facts: Facts) -> None:
    """Whoever changes a `deadline` changes the table, and the other way round."""
    stated = {found.id: found.deadline for found in facts.requirements.values() if found.deadline}
    assert {rule.requirement for rule in CLOCKS} == set(stated)
    for id_, prose in stated.items():
        numbers = {(int(number), unit) for number, unit in re.findall(r"(\d+) (days|hours)", prose)}
        rules = [rule for rule in CLOCKS if rule.requirement == id_]
        assert {(rule.length, rule.unit) for rule in rules if rule.length is not None} == numbers
