"""What the parties of an instrument promised, and the indicator that would show it."""

from haechi.facts.law import Choice
from haechi.facts.record import Record
from haechi.facts.source import Cited
from haechi.facts.terms import Checked, Confidence, Part
from haechi.words import Text


class Indicator(Record, frozen=True, kw_only=True):
    """How one commitment could be measured. The project's proposal, not part of the instrument."""

    id: str
    name: str
    name_ko: str
    unit: str
    unit_ko: str
    rule: str

    @property
    def label(self) -> Text:
        """What is counted, for people."""
        return Text(self.name, self.name_ko)

    @property
    def counted_in(self) -> Text:
        """Its unit, for people."""
        return Text(self.unit, self.unit_ko)


class Commitment(Record, frozen=True, kw_only=True):
    """One promise of an instrument, in our own words; `evidence` lists the kinds that can serve for it.

    any_of: kinds of which one is enough. part: the typed part of a report that its figures belong to, such as
    investment; None where a report on it has no typed part.
    """

    id: str
    instrument: str
    locator: str
    topic: str
    text: str
    text_ko: str
    evidence: tuple[str, ...]
    indicator: Indicator
    sources: tuple[Cited, ...]
    checked: Checked
    confidence: Confidence
    any_of: tuple[Choice, ...] = ()
    part: Part | None = None
    note: str | None = None

    @property
    def label(self) -> Text:
        """The promise itself, for people."""
        return Text(self.text, self.text_ko)
