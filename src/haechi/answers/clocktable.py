"""How long each regime gives to report an incident: the facts' prose as a table, with requirement and source.

The facts hold deadlines as prose (`deadline`); a test holds this table against it. It belongs into the facts
as a field `clocks`.
"""

from typing import Literal, NamedTuple

from haechi.words import Text

Unit = Literal["hours", "days"]
Start = Literal["known", "ordered"]


class ClockRule(NamedTuple):
    """One deadline. length: hours, or calendar days that end with the local day in `zone` (IANA name).

    length None: the law sets no number. starts: the moment it counts from; an incident report knows no
    "ordered". severities: for which it runs. authorities: words that name who must be told, in lower case;
    empty means any authority of the jurisdiction.
    """

    id: str
    requirement: str
    label: Text
    severities: frozenset[str]
    zone: str
    length: int | None
    unit: Unit = "hours"
    starts: Start = "known"
    authorities: tuple[str, ...] = ()


_GRAVE = frozenset({"death_or_grave_harm"})
_CRITICAL = frozenset({"critical_infrastructure"})
_SERIOUS = frozenset({"serious"}) | _GRAVE | _CRITICAL
_ALL = _SERIOUS | {"near_miss", "minor"}
_OES = ("emergency services", "caloes", "cal oes")
_NY = ("new york", "ny ", "dfs", "financial services")

CLOCKS: tuple[ClockRule, ...] = (
    ClockRule(
        "EU.73/15d",
        "EU.73",
        Text("15 days for a serious incident", "중대 사고 15일"),
        _SERIOUS,
        "Europe/Brussels",
        15,
        "days",
    ),
    ClockRule(
        "EU.73/10d", "EU.73", Text("10 days for a death", "사망 10일"), _GRAVE, "Europe/Brussels", 10, "days"
    ),
    ClockRule(
        "EU.73/2d",
        "EU.73",
        Text("2 days for critical infrastructure", "핵심 기반시설 2일"),
        _CRITICAL,
        "Europe/Brussels",
        2,
        "days",
    ),
    ClockRule(
        "EU.55.inc/prompt",
        "EU.55.inc",
        Text("without undue delay", "지체 없이"),
        _SERIOUS,
        "Europe/Brussels",
        None,
    ),
    ClockRule(
        "US-CA.53.inc/15d",
        "US-CA.53.inc",
        Text("15 days after discovery", "발견 후 15일"),
        _SERIOUS,
        "America/Los_Angeles",
        15,
        "days",
        authorities=_OES,
    ),
    ClockRule(
        "US-CA.53.inc/24h",
        "US-CA.53.inc",
        Text("24 hours if danger is imminent", "위험이 임박하면 24시간"),
        _GRAVE,
        "America/Los_Angeles",
        24,
    ),
    ClockRule(
        "US-NY.1422/72h",
        "US-NY.1422",
        Text("72 hours", "72시간"),
        _SERIOUS,
        "America/New_York",
        72,
        authorities=_NY,
    ),
    ClockRule(
        "US-NY.1422/24h",
        "US-NY.1422",
        Text("24 hours if danger is imminent", "위험이 임박하면 24시간"),
        _GRAVE,
        "America/New_York",
        24,
    ),
    ClockRule(
        "IN.take/3h",
        "IN.take",
        Text("3 hours after an order to take down", "삭제 명령 후 3시간"),
        _ALL,
        "Asia/Kolkata",
        3,
        starts="ordered",
    ),
)
"""All deadlines, by regime, the longer first."""
