"""What a regime asks for, of whom, and which kinds of evidence can serve for it."""

from datetime import date

from haechi.facts.law import Choice, ClockRule, Dates
from haechi.facts.record import Named, Record
from haechi.facts.source import Cited
from haechi.facts.terms import Checked, Confidence
from haechi.words import Text


class Scope(Record, frozen=True, kw_only=True):
    """Whom and what a requirement is about: ids of roles, applications and tiers."""

    roles: tuple[str, ...]
    applications: tuple[str, ...]
    tiers: tuple[str, ...]


class Requirement(Named, frozen=True, kw_only=True):
    """One demand of a regime, in our own words.

    force: id of the force (must, effort, should, may, proposed). effective: the day from which it applies;
    None while it is a bill or its treaty is not in force. evidence_valid_days: how long evidence serves
    where the regime says so; otherwise the default of the kind of evidence counts. dates: superseded and
    later dates; clocks: its deadlines; date_notes and deadline say the same in prose. any_of: kinds of
    evidence of which one is enough. large_only: binds developers above the revenue of their class only.
    """

    regime: str
    article: str
    topic: str
    says: str
    says_ko: str
    applies_to: Scope
    force: str
    effective: date | None
    evidence: tuple[str, ...]
    sources: tuple[Cited, ...]
    checked: Checked
    confidence: Confidence
    date_notes: str | None = None
    deadline: str | None = None
    evidence_valid_days: int | None = None
    dates: Dates = Dates()
    clocks: tuple[ClockRule, ...] = ()
    any_of: tuple[Choice, ...] = ()
    large_only: bool = False
    note: str | None = None

    @property
    def text(self) -> Text:
        """What it asks, in our own words."""
        return Text(self.says, self.says_ko)
