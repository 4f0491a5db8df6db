"""Where a fact comes from, and how much of it was read."""

from haechi.facts.record import Record
from haechi.facts.terms import Checked
from haechi.facts.when import When
from haechi.words import Text


class Cited(Record, frozen=True, kw_only=True):
    """One source of a fact: the source's id and the place in it, such as "Art. 50(2)"."""

    src: str
    loc: str


class Source(Record, frozen=True, kw_only=True):
    """A text or page that facts rest on; `checked` says whether it was read whole, in part, or recalled."""

    id: str
    title: str
    publisher: str
    date: str
    type: str
    checked: Checked
    title_ko: str | None = None
    note: str | None = None

    @property
    def label(self) -> Text:
        """The title; a source without a Korean title keeps its own in both languages."""
        return Text(self.title, self.title_ko or self.title)

    @property
    def published(self) -> When:
        """The day, month or year of publication."""
        return When.parse(self.date)
