"""The deadlines of an incident as a page shows them, in the time zone of each regime."""

from datetime import UTC, datetime

from haechi.answers import Applies, Catalogue, Clock, clocks
from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.node.pages.view import Pair, View, pair
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.incident_report import IncidentReport
from haechi.words import Text

_STATES = {
    "met": Text("met", "준수"),
    "missed": Text("missed", "초과"),
    "running": Text("running", "진행 중"),
    "not_binding": Text("the law did not bind then", "당시 적용되지 않음"),
    "uncounted": Text("cannot be counted", "셀 수 없음"),
}


class ClockView(View, frozen=True, kw_only=True):
    """One deadline. due, told: local time there; perhaps: the report does not decide whether it runs."""

    requirement: str
    name: Pair
    state: str
    state_word: Pair
    perhaps: bool
    due: str | None
    told: str | None
    zone: str
    source: str
    low: bool


def clocks_of(statement: Statement, facts: Facts, now: int) -> tuple[ClockView, ...]:
    """The deadlines of an incident report as of `now` (Unix seconds); none for any other statement."""
    try:
        claim = claim_of(statement, facts)
    except BadInput:
        return ()
    if not isinstance(claim, IncidentReport):
        return ()
    return tuple(_view(each) for each in clocks(claim, Catalogue.of(facts), datetime.fromtimestamp(now, UTC)))


def _view(clock: Clock) -> ClockView:
    zone = None if clock.due is None else clock.due.tzinfo
    return ClockView(
        requirement=clock.requirement,
        name=pair(clock.rule.label),
        state=str(clock.state),
        state_word=pair(_STATES[str(clock.state)]),
        perhaps=clock.applies is Applies.UNKNOWN,
        due=_shown(clock.due),
        told=_shown(None if clock.told is None else clock.told.astimezone(zone)),
        zone=clock.rule.zone,
        source=f"{clock.rule.src} {clock.rule.loc}",
        low=clock.low,
    )


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M %Z")
