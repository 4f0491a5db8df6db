"""Country card, and what evidence of one jurisdiction lacks in another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from haechi.answers.answer import Answer
from haechi.answers.applies import Applies, Duty
from haechi.answers.carry import Hop, Routes
from haechi.answers.catalogue import Catalogue, LawOn
from haechi.answers.engine import Answers
from haechi.answers.ladder import State
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """What evidence for `source` gives at `target`. carries: FULL or PARTIAL; hop: route and remainder."""

    source: str
    target: str
    carries: State
    hop: Hop
    low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Evidence of one regime at another. unjudged: requirements of `to` that nothing there was judged for.

    Not judged is not "unrelated", and evidence for it is to be made anew until somebody judges.
    """

    from_: str
    to: str
    rows: tuple[PairRow, ...]
    unjudged: tuple[str, ...]


def pair(facts: Facts, routes: Routes, from_: str, to: str) -> Pair:
    """What evidence that fully answers requirements of regime `from_` still lacks in regime `to`.

    Rows by target, then full before partial, then source. Raises UnknownName.
    """
    sources = {found.id for found in facts.requirements_of(from_)}
    targets = [found.id for found in facts.requirements_of(to)]
    rows = [
        PairRow(
            source=hop.source,
            target=target,
            carries=State.FULL if hop.full else State.PARTIAL,
            hop=hop,
            low=hop.low or facts.is_low(hop.source) or facts.is_low(target),
        )
        for target in targets
        for hop in sorted(routes.into.get(target, ()), key=lambda hop: (not hop.full, hop.source))
        if hop.source in sources
    ]
    reached = {row.target for row in rows}
    return Pair(
        from_=from_,
        to=to,
        rows=tuple(rows),
        unjudged=tuple(target for target in targets if target not in reached),
    )


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
