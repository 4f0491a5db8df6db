"""Deadlines of one incident: for every regime's clock whether it was met, missed, or still runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from haechi.answers.applies import Applies
from haechi.answers.catalogue import Catalogue, LawStatus
from haechi.facts import ClockRule, Facts, Trigger
from haechi.statement.kinds.incident_report import IncidentReport, Notified
from haechi.words import Lang, Text

_SERIOUS = frozenset({"serious", "death_or_grave_harm", "critical_infrastructure"})


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

    requirement: whose deadline it is. started: the moment it counts from, None while the report lacks it.
    due: the last moment, in the zone of the regime; None when it cannot be counted. told: when the authority
    heard (or, after an order, when it was carried out); None while not. applies: UNKNOWN while the report
    does not say which state is meant, or what the clock depends on, such as imminent danger.
    """

    requirement: str
    rule: ClockRule
    state: ClockState
    applies: Applies
    started: datetime | None
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
        line = f"{self.rule.label.say(lang)}: {_SAID[self.state].say(lang, due=due, told=told)}"
        return f"{line} {_PERHAPS.say(lang)}" if self.applies is Applies.UNKNOWN else line

    def as_dict(self) -> dict[str, object]:
        """JSON form; moments in UTC and, for `due`, also in the zone of the regime."""
        return {
            "clock": self.rule.id,
            "requirement": self.requirement,
            "state": str(self.state),
            "applies": str(self.applies),
            "started": _utc(self.started),
            "due": _utc(self.due),
            "due_local": None if self.due is None else self.due.isoformat(),
            "zone": self.rule.zone,
            "told": _utc(self.told),
            "source": self.rule.src,
            "low": self.low,
        }


_PERHAPS = Text("(not known whether it runs)", "(적용 여부 미상)")


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def clocks(
    report: IncidentReport, catalogue: Catalogue, now: datetime, *, places: Iterable[str] = ()
) -> tuple[Clock, ...]:
    """Every clock that runs or may run for the incident, as of `now` (with its time zone).

    places: further subdivisions where people were affected ("US-CA"), besides those that the report names. A
    clock of a jurisdiction that was surely not affected, or that surely does not run, is left out.
    """
    facts = catalogue.facts
    where = {*report.countries, *report.subdivisions, *places}
    found: list[Clock] = []
    for requirement in facts.requirements.values():
        affected = _affected(facts, facts.regime(requirement.regime).jurisdiction, where)
        for rule in requirement.clocks:
            applies = _both(affected, _runs(rule, report))
            if applies is not Applies.NO:
                found.append(_clock(requirement.id, rule, report, catalogue, (now, applies)))
    return tuple(found)


def due_moment(rule: ClockRule, started: datetime) -> datetime | None:
    """The last moment of a clock that started at `started`, in the regime's zone; None without a number.

    Hours are counted exactly. Days: the day it became known, in local time, does not count; the last day
    counts to its end (the day-counting of Regulation (EEC, Euratom) 1182/71 Art. 3 and of California's
    Government Code 6800). The leave for a last day on a holiday is not taken: the earlier day is shown.
    """
    if rule.length is None:
        return None
    zone = ZoneInfo(rule.zone)
    if rule.unit == "hours":
        return (started.astimezone(UTC) + timedelta(hours=rule.length)).astimezone(zone)
    last = started.astimezone(zone).date() + timedelta(days=rule.length)
    return datetime.combine(last, time(23, 59, 59), zone)


def _clock(
    requirement: str,
    rule: ClockRule,
    report: IncidentReport,
    catalogue: Catalogue,
    at: tuple[datetime, Applies],
) -> Clock:
    now, applies = at
    started = report.known if rule.starts == "known" else report.ordered
    due = None if started is None else due_moment(rule, started)
    told = _told(rule, report, catalogue.facts, requirement) if rule.starts == "known" else report.stopped
    begun = started or report.known
    law = catalogue.law_on(requirement, begun.astimezone(ZoneInfo(rule.zone)).date())
    if law.status is not LawStatus.APPLIES:
        state = ClockState.NOT_BINDING
    elif due is None:
        state = ClockState.UNCOUNTED
    elif told is not None:
        state = ClockState.MET if told <= due else ClockState.MISSED
    else:
        state = ClockState.RUNNING if now <= due else ClockState.MISSED
    return Clock(
        requirement=requirement,
        rule=rule,
        state=state,
        applies=applies,
        started=started,
        due=due,
        told=told,
        low=law.low,
    )


def _affected(facts: Facts, jurisdiction: str, places: set[str]) -> Applies:
    country, _, part = jurisdiction.partition("-")
    if jurisdiction in places or places & facts.members_of(jurisdiction):
        return Applies.YES
    named = any(place.startswith(f"{country}-") for place in places)
    return Applies.UNKNOWN if part and country in places and not named else Applies.NO


def _both(first: Applies, second: Applies) -> Applies:
    if Applies.NO in (first, second):
        return Applies.NO
    return Applies.UNKNOWN if Applies.UNKNOWN in (first, second) else Applies.YES


def _runs(rule: ClockRule, report: IncidentReport) -> Applies:
    """Whether any trigger is there: yes when one surely is, no when none can be."""
    outcomes = {_triggered(trigger, report) for trigger in rule.triggers}
    if Applies.YES in outcomes:
        return Applies.YES
    return Applies.UNKNOWN if Applies.UNKNOWN in outcomes else Applies.NO


def _triggered(trigger: Trigger, report: IncidentReport) -> Applies:
    serious = report.severity in _SERIOUS
    match trigger:
        case "any":
            return Applies.YES
        case "serious":
            return Applies.YES if serious else Applies.NO
        case "critical_infrastructure":
            return Applies.YES if report.severity == trigger else Applies.NO
        case "death":
            dead = None if report.deaths is None else report.deaths > 0
            return _said(said=dead, perhaps=report.severity == "death_or_grave_harm")
        case "widespread_infringement":
            return _said(said=report.widespread, perhaps=serious)
        case "imminent_danger":
            return _said(said=report.imminent_danger, perhaps=serious)


def _said(*, said: bool | None, perhaps: bool) -> Applies:
    """What the report says; where it says nothing, unknown if it may well be so."""
    if said is None:
        return Applies.UNKNOWN if perhaps else Applies.NO
    return Applies.YES if said else Applies.NO


def _told(rule: ClockRule, report: IncidentReport, facts: Facts, requirement: str) -> datetime | None:
    jurisdiction = facts.regime(facts.requirement(requirement).regime).jurisdiction
    country = jurisdiction.partition("-")[0]
    within = {country, *facts.members_of(jurisdiction)}
    heard = [each.at for each in report.notified if each.country in within and _is_it(rule, each, facts)]
    return min(heard, default=None)


def _is_it(rule: ClockRule, notified: Notified, facts: Facts) -> bool:
    """Whether the one told is an authority that stops the clock: by its id, else by words of its name."""
    if not rule.told:
        return True
    if notified.authority_id is not None:
        return notified.authority_id in rule.told
    name = notified.authority.casefold()
    words = [facts.authority(id_).words for id_ in rule.told]
    return any(not known or any(word in name for word in known) for known in words)
