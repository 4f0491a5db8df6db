"""Deadlines of one incident: for every regime's clock whether it was met, missed, or still runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from haechi.answers.applies import Applies
from haechi.answers.catalogue import Catalogue, LawStatus
from haechi.answers.clocktable import CLOCKS, ClockRule
from haechi.answers.profile import EU_MEMBERS
from haechi.statement.kinds.incident_report import IncidentReport
from haechi.words import Lang, Text


class ClockState(StrEnum):
    """NOT_BINDING: the law did not apply when the incident became known. UNCOUNTED: no number or no start."""

    MET = "met"
    MISSED = "missed"
    RUNNING = "running"
    NOT_BINDING = "not_binding"
    UNCOUNTED = "uncounted"


_SAID = {
    ClockState.MET: Text("met: told {told}, due {due}", "준수: {told} 통보, 기한 {due}"),
    ClockState.MISSED: Text("missed: due {due}", "초과: 기한 {due}"),
    ClockState.RUNNING: Text("running: due {due}", "진행 중: 기한 {due}"),
    ClockState.NOT_BINDING: Text("not binding yet when it became known", "인지 당시 아직 적용되지 않음"),
    ClockState.UNCOUNTED: Text(
        "cannot be counted: the law sets no number, or the report lacks the moment it starts from",
        "셀 수 없음: 법에 숫자가 없거나 보고에 시작 시각이 없음",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One deadline of one incident.

    due: the last moment, in the zone of the regime; None when it cannot be counted. told: when the authority
    heard, None while it has not. applies: UNKNOWN while the report does not say which state is meant.
    """

    rule: ClockRule
    state: ClockState
    applies: Applies
    started: datetime
    due: datetime | None
    told: datetime | None
    low: bool

    def left(self, now: datetime) -> timedelta | None:
        """Time left at `now`, negative when over; None when it cannot be counted."""
        return None if self.due is None else self.due - now

    def say(self, lang: Lang) -> str:
        """The clock in one line, times in the zone of the regime."""
        due = "" if self.due is None else self.due.isoformat(timespec="minutes")
        zone = ZoneInfo(self.rule.zone)
        told = "" if self.told is None else self.told.astimezone(zone).isoformat(timespec="minutes")
        return f"{self.rule.label.say(lang)}: {_SAID[self.state].say(lang, due=due, told=told)}"

    def as_dict(self) -> dict[str, object]:
        """JSON form; moments in UTC and, for `due`, also in the zone of the regime."""
        return {
            "clock": self.rule.id,
            "requirement": self.rule.requirement,
            "state": str(self.state),
            "applies": str(self.applies),
            "started": self.started.astimezone(UTC).isoformat(),
            "due": None if self.due is None else self.due.astimezone(UTC).isoformat(),
            "due_local": None if self.due is None else self.due.isoformat(),
            "zone": self.rule.zone,
            "told": None if self.told is None else self.told.astimezone(UTC).isoformat(),
            "low": self.low,
        }


def clocks(
    report: IncidentReport,
    catalogue: Catalogue,
    now: datetime,
    *,
    places: Iterable[str] = (),
    rules: Iterable[ClockRule] = CLOCKS,
) -> tuple[Clock, ...]:
    """Every clock that runs or may run for the incident, as of `now` (with its time zone).

    places: subdivisions where people were affected ("US-CA"), which the report itself cannot name. A clock of
    a jurisdiction that was surely not affected is left out.
    """
    found: list[Clock] = []
    for rule in rules:
        jurisdiction = catalogue.facts.regime(
            catalogue.facts.requirement(rule.requirement).regime
        ).jurisdiction
        applies = _affected(jurisdiction, set(report.countries) | set(places))
        if applies is not Applies.NO and report.severity in rule.severities:
            found.append(_clock(rule, report, catalogue, now, applies))
    return tuple(found)


def due_moment(rule: ClockRule, started: datetime) -> datetime | None:
    """The last moment of a clock that started at `started`, in the regime's zone; None without a number.

    Hours are counted exactly. Days: the day it became known, in local time, does not count; the last day
    counts to its end (the day-counting of Regulation (EEC, Euratom) 1182/71 Art. 3 and of California's
    Government Code 6800). The leave for a last day on a holiday is not taken: the earlier day is shown.
    """
    if rule.length is None or rule.starts != "known":
        return None
    zone = ZoneInfo(rule.zone)
    if rule.unit == "hours":
        return (started.astimezone(UTC) + timedelta(hours=rule.length)).astimezone(zone)
    last = started.astimezone(zone).date() + timedelta(days=rule.length)
    return datetime.combine(last, time(23, 59, 59), zone)


def _clock(
    rule: ClockRule, report: IncidentReport, catalogue: Catalogue, now: datetime, applies: Applies
) -> Clock:
    due = due_moment(rule, report.known)
    told = _told(rule, report, catalogue)
    law = catalogue.law_on(rule.requirement, report.known.astimezone(ZoneInfo(rule.zone)).date())
    if law.status is not LawStatus.APPLIES:
        state = ClockState.NOT_BINDING
    elif due is None:
        state = ClockState.UNCOUNTED
    elif told is not None:
        state = ClockState.MET if told <= due else ClockState.MISSED
    else:
        state = ClockState.RUNNING if now <= due else ClockState.MISSED
    return Clock(
        rule=rule, state=state, applies=applies, started=report.known, due=due, told=told, low=law.low
    )


def _affected(jurisdiction: str, places: set[str]) -> Applies:
    country, _, part = jurisdiction.partition("-")
    if jurisdiction in places or (jurisdiction == "EU" and places & EU_MEMBERS):
        return Applies.YES
    named = any(place.startswith(f"{country}-") for place in places)
    return Applies.UNKNOWN if part and country in places and not named else Applies.NO


def _told(rule: ClockRule, report: IncidentReport, catalogue: Catalogue) -> datetime | None:
    jurisdiction = catalogue.facts.regime(catalogue.facts.requirement(rule.requirement).regime).jurisdiction
    country = jurisdiction.partition("-")[0]
    heard = [
        each.at
        for each in report.notified
        if (each.country in EU_MEMBERS if country == "EU" else each.country == country)
        and (
            not rule.authorities or any(word in f"{each.authority} ".casefold() for word in rule.authorities)
        )
    ]
    return min(heard, default=None)
