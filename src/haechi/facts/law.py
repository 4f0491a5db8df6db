"""What the law says in numbers: its dates and what they replaced, its clocks, its thresholds, its choices."""

from datetime import date

from haechi.facts.record import Record
from haechi.facts.terms import Bound, ClockStart, ClockUnit, Trigger
from haechi.words import Text


class Was(Record, frozen=True, kw_only=True):
    """A date of application that was replaced.

    src: who set it; by: who replaced it. stood_from, stood_until: the days between which the law said so, the
    second one excluded; None where the sources do not say.
    """

    effective: date
    src: str
    by: str
    stood_from: date | None = None
    stood_until: date | None = None

    def stood_on(self, day: date) -> bool:
        """Whether the law surely said so on `day`."""
        if self.stood_from is None or self.stood_until is None:
            return False
        return self.stood_from <= day < self.stood_until


class Transition(Record, frozen=True, kw_only=True):
    """A later date for systems that were on the market before a day."""

    placed_before: date
    effective: date
    src: str
    loc: str
    why: str
    why_ko: str

    @property
    def label(self) -> Text:
        """The rule in one sentence."""
        return Text(self.why, self.why_ko)


class Dates(Record, frozen=True, kw_only=True):
    """The dates of a requirement besides `effective`: what was replaced, oldest first; what comes later."""

    superseded: tuple[Was, ...] = ()
    transitions: tuple[Transition, ...] = ()


class ClockRule(Record, frozen=True, kw_only=True):
    """One deadline for one requirement.

    length: hours, or calendar days that end with the local day in `zone` (IANA name); None: the law sets no
    number. starts: the moment it counts from. triggers: it runs when any of them is there. told: ids of the
    authorities whose hearing of it stops the clock; empty means any authority of the jurisdiction.
    """

    id: str
    name: str
    name_ko: str
    length: int | None
    unit: ClockUnit
    starts: ClockStart
    triggers: tuple[Trigger, ...]
    zone: str
    src: str
    loc: str
    told: tuple[str, ...] = ()

    @property
    def label(self) -> Text:
        """The deadline in words."""
        return Text(self.name, self.name_ko)


class Choice(Record, frozen=True, kw_only=True):
    """Kinds of evidence of which one is enough, and why; kinds in no choice are all asked for."""

    kinds: tuple[str, ...]
    why: str
    why_ko: str

    @property
    def label(self) -> Text:
        """Why one of them is enough."""
        return Text(self.why, self.why_ko)


class Threshold(Record, frozen=True, kw_only=True):
    """How much training compute puts a model into a class: 10 to the power `exponent`, in operations.

    bound: whether exactly that much is enough. revenue_usd_above: from which yearly revenue the developer
    counts as large, for the duties that are on large developers only; None where the law has no such line.
    """

    exponent: int
    bound: Bound
    revenue_usd_above: int | None = None

    def reached(self, flop: float) -> bool:
        """Whether a model that took `flop` operations to train falls under it."""
        line = float(10**self.exponent)
        return flop >= line if self.bound == "at_or_above" else flop > line
