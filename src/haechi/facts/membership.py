"""Who joined an instrument, and when: a time series, because lists grow within weeks and over years."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from haechi.facts.instrument import Instrument
from haechi.facts.record import Record
from haechi.facts.terms import Checked, Confidence
from haechi.facts.when import When


class Joiner(Record, frozen=True, kw_only=True):
    """A party that came after the first day; `when` is a day, a month, a year, or "by" a day."""

    party: str
    when: str
    confidence: Confidence | None = None


class MembershipList(Record, frozen=True, kw_only=True):
    """The list of one instrument as the sources give it; read it through `Parties`."""

    instrument: str
    parties: tuple[str, ...]
    count_stated: str
    sources: tuple[str, ...]
    checked: Checked
    confidence: Confidence
    joined_later: tuple[Joiner, ...] = ()
    some_joined_later: bool = False
    not_signed: tuple[str, ...] = ()
    complete: bool = True
    note: str | None = None


class Seat(NamedTuple):
    """One party's place at an instrument: since when, and how sure that is."""

    party: str
    joined: When
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The parties of one instrument as a time series.

    stated: the count that the sources state, in their words; it stands beside the list because the two can
    differ. complete: False when the list holds only names that were found. not_signed: who was there and
    did not join.
    """

    instrument: str
    seats: tuple[Seat, ...]
    stated: str
    complete: bool
    not_signed: tuple[str, ...]
    sources: tuple[str, ...]
    checked: Checked
    confidence: Confidence
    note: str | None

    def __len__(self) -> int:
        return len(self.seats)

    def __contains__(self, party: object) -> bool:
        return any(seat.party == party for seat in self.seats)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every party that ever joined, by id, in the order of the list."""
        return tuple(seat.party for seat in self.seats)

    def on(self, day: date) -> tuple[str, ...]:
        """Who had surely joined by the end of `day`."""
        return tuple(seat.party for seat in self.seats if seat.joined.last <= day)

    def perhaps_on(self, day: date) -> tuple[str, ...]:
        """Who may have joined by the end of `day`, but it is not known: never shown as joined or absent."""
        return tuple(seat.party for seat in self.seats if seat.joined.first <= day < seat.joined.last)

    @classmethod
    def of(cls, members: MembershipList, instrument: Instrument, as_of: date) -> "Parties":
        """The time series of one list; `as_of` is the day on which the list was read.

        A list that mixes first and later parties bounds each joining day by the instrument's date and as_of.
        """
        first_day = When(instrument.date, as_of if members.some_joined_later else instrument.date)
        seats = [Seat(party, first_day, members.confidence) for party in members.parties]
        for joiner in members.joined_later:
            when = When.parse(joiner.when)
            joined = When(max(when.first, instrument.date), when.last)
            seats.append(Seat(joiner.party, joined, joiner.confidence or members.confidence))
        return cls(
            instrument=members.instrument,
            seats=tuple(seats),
            stated=members.count_stated,
            complete=members.complete,
            not_signed=members.not_signed,
            sources=members.sources,
            checked=members.checked,
            confidence=members.confidence,
            note=members.note,
        )
