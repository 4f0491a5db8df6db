"""Country card, and what evidence of one jurisdiction lacks in another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from haechi.answers.answer import Answer
from haechi.answers.applies import Applies, Duty
from haechi.answers.carry import Hop, Routes
from haechi.answers.catalogue import Catalogue, LawOn
from haechi.answers.engine import Answers
from haechi.answers.ladder import State
from haechi.answers.topics import Subject, is_about
from haechi.facts import Facts
from haechi.facts.membership import Seat
from haechi.words import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryCard:
    """What one jurisdiction asks for and joined, as of a day.

    code: ISO 3166 code with or without a subdivision, or EU. name: both languages. requirements: by regime.
    joined: instruments with the seat that says since when. institutes: ids.
    """

    code: str
    name: Text
    as_of: date
    regimes: tuple[str, ...]
    requirements: tuple[LawOn, ...]
    joined: tuple[tuple[str, Seat], ...]
    institutes: tuple[str, ...]

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many requirements of each (force, status)."""
        found: dict[tuple[str, str], int] = {}
        for law in self.requirements:
            key = (law.force, str(law.status))
            found[key] = found.get(key, 0) + 1
        return found


def country_card(catalogue: Catalogue, code: str, as_of: date) -> CountryCard:
    """The card of a country, one of its subdivisions, or the EU. Raises UnknownName."""
    facts = catalogue.facts
    party = "org.EU" if code == "EU" else f"c.{code.partition('-')[0]}"
    name = facts.party(party).label
    # A country's card shows the laws of its parts too: they bind there.
    regimes = [
        each
        for each in facts.regimes.values()
        if each.jurisdiction == code or each.jurisdiction.startswith(f"{code}-")
    ]
    return CountryCard(
        code=code,
        name=name,
        as_of=as_of,
        regimes=tuple(each.id for each in regimes),
        requirements=tuple(
            catalogue.law_on(found.id, as_of) for each in regimes for found in facts.requirements_of(each.id)
        ),
        joined=tuple(
            (instrument.id, seat)
            for instrument in facts.instruments_of(party)
            for seat in facts.parties_of(instrument.id).seats
            if seat.party == party
        ),
        institutes=tuple(each.id for each in facts.institutes.values() if each.party == party),
    )


class KindAsked(NamedTuple):
    """A kind of evidence that the target asks for. shared: the source asks for it, or for more of it, too."""

    kind: str
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """What evidence for `source` gives at `target`. carries: FULL or PARTIAL; hop: route and remainder.

    kinds: what the target asks for, in its order.
    """

    source: str
    target: str
    carries: State
    hop: Hop
    kinds: tuple[KindAsked, ...]
    low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Evidence of one place at another. unjudged: records there that nothing here was judged for.

    Not judged is not "unrelated", and evidence for it is to be made anew until somebody judges.
    """

    rows: tuple[PairRow, ...]
    unjudged: tuple[str, ...]


def crossing(
    facts: Facts,
    routes: Routes,
    sources: Iterable[str],
    targets: Iterable[str],
    subject: Subject | None = None,
) -> Pair:
    """What evidence that fully answers `sources` still lacks at `targets`, all ids of the facts.

    Rows by target, then full before partial, then source. subject: only targets that belong to it.
    """
    given = frozenset(sources)
    asked = [target for target in targets if is_about(facts, target, subject)]
    rows = [
        PairRow(
            source=hop.source,
            target=target,
            carries=State.FULL if hop.full else State.PARTIAL,
            hop=hop,
            kinds=kinds_asked(facts, hop.source, target),
            low=hop.low or facts.is_low(hop.source) or facts.is_low(target),
        )
        for target in asked
        for hop in sorted(routes.into.get(target, ()), key=lambda hop: (not hop.full, hop.source))
        if hop.source in given
    ]
    reached = {row.target for row in rows} | given
    return Pair(rows=tuple(rows), unjudged=tuple(target for target in asked if target not in reached))


def pair(facts: Facts, routes: Routes, from_: str, to: str, subject: Subject | None = None) -> Pair:
    """`crossing` for all requirements of two regimes. Raises UnknownName."""
    ends = ([found.id for found in facts.requirements_of(each)] for each in (from_, to))
    first, second = ends
    return crossing(facts, routes, first, second, subject)


def kinds_asked(facts: Facts, source: str, target: str) -> tuple[KindAsked, ...]:
    """What the target asks for, and whether evidence for the source has it."""
    have = {part for kind in _kinds(facts, source) for part in (kind, kind.partition(".")[0])}
    return tuple(KindAsked(kind, kind in have) for kind in _kinds(facts, target))


def _kinds(facts: Facts, id_: str) -> tuple[str, ...]:
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return record.evidence


def matrix(facts: Facts, routes: Routes) -> dict[tuple[str, str], tuple[int, int]]:
    """(from, to) regimes to how many requirements of `to` are reached: (in full, only in part).

    Pairs with none are left out: they were not judged.
    """
    regime = {found.id: found.regime for found in facts.requirements.values()}
    best: dict[tuple[str, str], dict[str, bool]] = {}
    for target, hops in routes.into.items():
        for hop in hops:
            if target in regime and hop.source in regime and regime[hop.source] != regime[target]:
                reached = best.setdefault((regime[hop.source], regime[target]), {})
                reached[target] = reached.get(target, False) or hop.full
    return {
        key: (sum(reached.values()), len(reached) - sum(reached.values()))
        for key, reached in sorted(best.items())
    }


@dataclass(frozen=True, slots=True)
class Gap:
    """A requirement that applies, or may, and is not fully answered."""

    duty: Duty
    answer: Answer


def gaps(duties: Iterable[Duty], answers: Answers) -> tuple[Gap, ...]:
    """What is still open for one application: everything that applies or may, and is less than full.

    Order: duties before recommendations, applying before later, sure before unknown, then by the facts.
    """
    forces = {"must": 0, "effort": 1, "should": 2, "may": 3, "proposed": 4}
    open_ = [
        Gap(duty, answers.by_target[duty.requirement])
        for duty in duties
        if duty.applies is not Applies.NO and answers.by_target[duty.requirement].state is not State.FULL
    ]
    return tuple(
        sorted(
            open_,
            key=lambda gap: (
                forces.get(gap.duty.force, len(forces)),
                str(gap.duty.status) != "applies",
                gap.duty.applies is not Applies.YES,
            ),
        )
    )
