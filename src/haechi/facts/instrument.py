"""The summits and the instruments that came out of them."""

from datetime import date

from haechi.facts.record import Named, Record
from haechi.facts.terms import Checked, Confidence, InstrumentKind, PartyKind
from haechi.words import Text


class SummitFact(Record, frozen=True, kw_only=True):
    """One thing that a summit stated, with its source."""

    fact: str
    src: str
    fact_ko: str | None = None


class Initiative(Record, frozen=True, kw_only=True):
    """Something launched at a summit that no instrument of it covers."""

    id: str
    name: str
    what: str
    src: str

    @property
    def label(self) -> Text:
        """The proper name, the same in both languages."""
        return Text(self.name, self.name)


class Summit(Named, frozen=True, kw_only=True):
    """One summit of the series; `start` and `end` are None where no day has been announced."""

    place: str
    start: date | None
    end: date | None
    hosts: tuple[str, ...]
    instruments: tuple[str, ...]
    next: str | None
    sources: tuple[str, ...]
    checked: Checked
    confidence: Confidence
    theme: str | None = None
    status: str | None = None
    facts: tuple[SummitFact, ...] = ()
    initiatives: tuple[Initiative, ...] = ()


class Instrument(Named, frozen=True, kw_only=True):
    """A declaration, pledge, set of commitments or network; `date` is the day it was made."""

    summit: str
    date: date
    kind: InstrumentKind
    party_kind: PartyKind
    sources: tuple[str, ...]
