"""The line of the summits: what each instrument carried over from those before, and who came along."""

from dataclasses import dataclass
from datetime import date

from haechi.facts import Facts


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """A commitment that was judged beside an earlier one. relation: crosswalk id, which says how and why."""

    earlier: str
    later: str
    relation: str
    low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The parties of one instrument beside an earlier one of the same kind of parties.

    left: absent here, listed there; empty and `left_known` False when this list is incomplete, because a name
    that was not found has not left. new: likewise for the earlier list.
    """

    earlier: str
    stayed: tuple[str, ...]
    new: tuple[str, ...]
    left: tuple[str, ...]
    new_known: bool
    left_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One instrument of one summit. instrument, day: None for a summit that is only announced."""

    summit: str
    instrument: str | None
    day: date | None
    carried: tuple[CarriedOver, ...]
    fresh: tuple[str, ...]
    change: Change | None


def line(facts: Facts) -> tuple[Station, ...]:
    """Every instrument by summit and day, from the first summit to those announced.

    carried: commitments judged beside one of an earlier instrument; fresh: commitments that were not, which
    means "not judged" and does not prove that they are new.
    """
    stations: list[Station] = []
    past: list[str] = []
    for summit in facts.summits.values():
        instruments = sorted(summit.instruments, key=lambda each: (facts.instrument(each).date, each))
        if not instruments:
            stations.append(
                Station(
                    summit=summit.id, instrument=None, day=summit.start, carried=(), fresh=(), change=None
                )
            )
        for instrument in instruments:
            stations.append(_station(facts, summit.id, instrument, past))
            past.append(instrument)
    return tuple(stations)


def _station(facts: Facts, summit: str, instrument: str, past: list[str]) -> Station:
    own = [each.id for each in facts.commitments_of(instrument)]
    before = {each.id for earlier in past for each in facts.commitments_of(earlier)}
    carried = tuple(
        CarriedOver(relation.other(commitment), commitment, relation.id, facts.is_low(relation.id))
        for commitment in own
        for relation in facts.relations_of(commitment)
        if relation.other(commitment) in before
    )
    touched = {each.later for each in carried}
    return Station(
        summit=summit,
        instrument=instrument,
        day=facts.instrument(instrument).date,
        carried=carried,
        fresh=tuple(each for each in own if each not in touched),
        change=_change(facts, instrument, past),
    )


def _change(facts: Facts, instrument: str, past: list[str]) -> Change | None:
    """Beside the latest earlier instrument of another summit with the same kind of parties."""
    found = facts.instrument(instrument)
    alike = [
        each
        for each in past
        if facts.instrument(each).party_kind == found.party_kind
        and facts.instrument(each).summit != found.summit
    ]
    if not alike:
        return None
    # Several of one summit and day: the one with most parties stands for the summit.
    last_summit = facts.instrument(alike[-1]).summit
    peers = [each for each in alike if facts.instrument(each).summit == last_summit]
    earlier = max(peers, key=lambda each: len(facts.parties_of(each)))
    now, then = facts.parties_of(instrument), facts.parties_of(earlier)
    return Change(
        earlier=earlier,
        stayed=tuple(party for party in then.ids if party in now),
        new=tuple(party for party in now.ids if party not in then) if then.complete else (),
        left=tuple(party for party in then.ids if party not in now) if now.complete else (),
        new_known=then.complete,
        left_known=now.complete,
    )
