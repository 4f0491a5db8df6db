"""Deadlines of incidents: California against New York, local days, and what cannot be counted."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo, available_timezones

import pytest

from haechi.answers import Applies, Catalogue, Clock, ClockState, clocks
from haechi.facts import Facts
from haechi.statement.claims import Said
from haechi.statement.kinds.incident_report import IncidentReport, Notified, Severity

KNOWN = datetime(2027, 3, 10, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue(facts: Facts) -> Catalogue:
    return Catalogue.of(facts)


class More(TypedDict, total=False):
    """What a report may say besides."""

    subdivisions: tuple[str, ...]
    notified: tuple[Notified, ...]
    deaths: int
    imminent_danger: bool
    widespread: bool
    ordered: datetime
    stopped: datetime


def report(
    known: datetime = KNOWN,
    severity: Severity = "serious",
    countries: tuple[str, ...] = ("US",),
    **more: Unpack[More],
) -> IncidentReport:
    return IncidentReport(
        application="frontier model",
        occurred=known - timedelta(hours=5),
        known=known,
        severity=severity,
        countries=countries,
        happened=Said(en="A safeguard failed."),
        **more,
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
    ("severity", "more", "surely", "perhaps"),
    [
        ("minor", {}, set(), set()),
        ("serious", {}, {"15d", "prompt"}, {"2d"}),
        ("serious", {"widespread": True}, {"15d", "prompt", "2d"}, set()),
        ("serious", {"widespread": False}, {"15d", "prompt"}, set()),
        ("death_or_grave_harm", {}, {"15d", "prompt"}, {"10d", "2d"}),
        ("death_or_grave_harm", {"deaths": 1, "widespread": False}, {"15d", "prompt", "10d"}, set()),
        ("death_or_grave_harm", {"deaths": 0, "widespread": False}, {"15d", "prompt"}, set()),
        ("critical_infrastructure", {}, {"15d", "prompt", "2d"}, set()),
        ("critical_infrastructure", {"deaths": 2}, {"15d", "prompt", "2d", "10d"}, set()),
    ],
)
def test_what_happened_chooses_the_clocks_of_the_eu(
    catalogue: Catalogue, severity: Severity, more: More, surely: set[str], perhaps: set[str]
) -> None:
    known = datetime(2028, 1, 10, 9, tzinfo=UTC)
    found = by_id(catalogue, report(known, severity, ("DE",), **more), known)
    by = {
        answer: {key.partition("/")[2] for key, clock in found.items() if clock.applies is answer}
        for answer in (Applies.YES, Applies.UNKNOWN)
    }
    assert by == {Applies.YES: surely, Applies.UNKNOWN: perhaps}


@pytest.mark.parametrize(("days", "trigger"), [(2, "2d"), (10, "10d"), (15, "15d")])
def test_the_days_of_article_73_end_at_midnight_in_brussels(
    catalogue: Catalogue, days: int, trigger: str
) -> None:
    # 23:30 UTC on 9 January is already the 10th in Brussels.
    known = datetime(2028, 1, 9, 23, 30, tzinfo=UTC)
    incident = report(known, "critical_infrastructure", ("DE",), deaths=1)
    clock = by_id(catalogue, incident, known)[f"EU.73/{trigger}"]
    assert clock.due == datetime(2028, 1, 10 + days, 23, 59, 59, tzinfo=ZoneInfo("Europe/Brussels"))
    assert clock.state is ClockState.RUNNING


def test_before_the_duty_applies_its_clock_is_not_binding(catalogue: Catalogue) -> None:
    known = datetime(2026, 9, 1, 9, tzinfo=UTC)
    found = by_id(catalogue, report(known, "serious", ("DE",)), known)
    assert found["EU.73/15d"].state is ClockState.NOT_BINDING
    assert found["EU.55.inc/prompt"].state is ClockState.UNCOUNTED


@pytest.mark.parametrize(("danger", "applies"), [(True, Applies.YES), (None, Applies.UNKNOWN), (False, None)])
def test_imminent_danger_starts_the_short_clocks(
    catalogue: Catalogue,
    danger: "bool | None",
    applies: Applies | None,
) -> None:
    more: More = {"subdivisions": ("US-CA", "US-NY")}
    if danger is not None:
        more["imminent_danger"] = danger
    found = by_id(catalogue, report(**more), KNOWN)
    for clock in ("US-CA.53.inc/24h", "US-NY.1422/24h"):
        assert (found[clock].applies if clock in found else None) is applies
        if clock in found:
            assert found[clock].due == KNOWN + timedelta(hours=24)


def test_the_report_itself_names_the_states(catalogue: Catalogue) -> None:
    assert by_id(catalogue, report(subdivisions=("US-NY",)), KNOWN).keys() == {
        "US-NY.1422/72h",
        "US-NY.1422/24h",
    }
    named = by_id(catalogue, report(subdivisions=("US-CA", "US-NY")), KNOWN)
    given = by_id(catalogue, report(), KNOWN, "US-CA", "US-NY")
    assert {key: clock.as_dict() for key, clock in named.items()} == {
        key: clock.as_dict() for key, clock in given.items()
    }


def test_an_authority_is_known_by_its_id_whatever_it_is_called(catalogue: Catalogue) -> None:
    told = Notified(
        authority="the office in Sacramento", country="US", at=KNOWN, authority_id="auth.US-CA.oes"
    )
    found = by_id(catalogue, report(subdivisions=("US-CA", "US-NY"), notified=(told,)), KNOWN)
    assert found["US-CA.53.inc/15d"].state is ClockState.MET
    assert found["US-NY.1422/72h"].state is ClockState.RUNNING


@pytest.mark.parametrize(("country", "state"), [("FR", ClockState.MET), ("GB", ClockState.RUNNING)])
def test_an_authority_of_any_member_state_hears_for_the_eu(
    catalogue: Catalogue, country: str, state: ClockState
) -> None:
    known = datetime(2028, 1, 10, 9, tzinfo=UTC)
    told = Notified(authority="regulator", country=country, at=known)
    incident = report(known, "serious", ("DE", "GB"), notified=(told,))
    assert by_id(catalogue, incident, known)["EU.73/15d"].state is state


def test_the_last_second_counts_and_the_next_does_not(catalogue: Catalogue) -> None:
    due = by_id(catalogue, report(), KNOWN, "US-NY")["US-NY.1422/72h"].due
    assert due is not None
    for late, state in ((timedelta(0), ClockState.RUNNING), (timedelta(seconds=1), ClockState.MISSED)):
        clock = by_id(catalogue, report(), due + late, "US-NY")["US-NY.1422/72h"]
        assert clock.state is state
        assert clock.left(due + late) == -late


def test_a_clock_after_an_order_waits_for_the_order(catalogue: Catalogue) -> None:
    (clock,) = clocks(report(countries=("IN",)), catalogue, KNOWN)
    assert (clock.rule.id, clock.state, clock.due) == ("IN.take/3h", ClockState.UNCOUNTED, None)
    assert "셀 수 없음" in clock.say("ko")


@pytest.mark.parametrize(
    ("minutes", "state"), [(180, ClockState.MET), (181, ClockState.MISSED), (None, ClockState.RUNNING)]
)
def test_three_hours_after_an_order_in_india(
    catalogue: Catalogue, minutes: int | None, state: ClockState
) -> None:
    ordered = KNOWN + timedelta(days=2)
    more: More = {"ordered": ordered}
    if minutes is not None:
        more["stopped"] = ordered + timedelta(minutes=minutes)
    incident = report(severity="minor", countries=("IN",), **more)
    (clock,) = clocks(incident, catalogue, ordered)
    assert (clock.state, clock.due) == (state, ordered + timedelta(hours=3))


def test_every_zone_is_real_and_every_authority_is_of_the_regime(facts: Facts) -> None:
    zones = available_timezones()
    rules = [(found, rule) for found in facts.requirements.values() for rule in found.clocks]
    assert len(rules) == 9
    for found, rule in rules:
        assert rule.zone in zones
        assert {facts.authority(id_).regime for id_ in rule.told} <= {found.regime}
