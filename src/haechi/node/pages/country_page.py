"""Countries: what each asks for and joined, and what evidence of one still lacks in another."""

from typing import ClassVar

from haechi.answers import SUBJECTS, Catalogue, Routes, country_card, matrix
from haechi.facts import Facts
from haechi.node.pages.answer_view import LawView, day_asked, label_of, law_view
from haechi.node.pages.links import query
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, Pair, View, frame, pair


class RegimeView(View, frozen=True, kw_only=True):
    """A regime with its requirements as the law stood."""

    id: str
    name: Pair
    requirements: tuple[LawView, ...]


class JoinedView(View, frozen=True, kw_only=True):
    """An instrument that the country joined. since: the day by which it had."""

    id: str
    name: Pair
    since: str


class CountryPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.country/1"):
    """One jurisdiction as of a day. pairs: regimes that evidence was judged for from here."""

    template: ClassVar[str] = "country.html"

    code: str
    name: Pair
    as_of: str
    regimes: tuple[RegimeView, ...]
    joined: tuple[JoinedView, ...]
    institutes: tuple[Pair, ...]
    pairs: tuple["ReachView", ...]


class ReachView(View, frozen=True, kw_only=True):
    """Evidence of `source` at `target`: how many requirements it reaches in full, and only in part."""

    source: str
    source_name: Pair
    target: str
    target_name: Pair
    full: int
    partial: int


class UnjudgedView(View, frozen=True, kw_only=True):
    """A requirement that nothing of the other side was judged for."""

    id: str
    label: Pair


class CountriesPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.countries/1"):
    """Every regime against every other: how far evidence of the row serves in the column."""

    template: ClassVar[str] = "countries.html"

    regimes: tuple["RegimeName", ...]
    topics: tuple["TopicName", ...]
    reaches: tuple[ReachView, ...]
    subjects: tuple[str, ...]
    uncertain: tuple[UnjudgedView, ...]


class TopicName(View, frozen=True, kw_only=True):
    """A subject to ask about, by the word in addresses."""

    id: str
    name: Pair


class RegimeName(View, frozen=True, kw_only=True):
    """A regime and the code of its jurisdiction."""

    id: str
    code: str
    name: Pair
    short: str


def countries_page(source: Source, now: int) -> CountriesPage:
    """The matrix of all regimes, the subjects with evidence here, and the facts that are uncertain."""
    shared, facts = frame(source, now), source.facts()
    low = [id_ for id_ in facts.requirements if facts.is_low(id_)]
    return CountriesPage(
        node=shared.node,
        path="countries",
        made=shared.made,
        facts_version=shared.facts_version,
        regimes=regime_names(facts),
        topics=topic_names(),
        reaches=_reaches(facts),
        subjects=source.engine().subjects(),
        uncertain=tuple(UnjudgedView(id=id_, label=pair(label_of(id_, facts))) for id_ in low),
    )


def regime_names(facts: Facts) -> tuple[RegimeName, ...]:
    """All regimes, for tables and for choosing one."""
    return tuple(
        RegimeName(
            id=each.id, code=each.jurisdiction, name=pair(each.label), short=each.id.removeprefix("reg.")
        )
        for each in facts.regimes.values()
    )


def topic_names() -> tuple[TopicName, ...]:
    """All subjects that can be asked about."""
    return tuple(TopicName(id=word, name=pair(each.label)) for word, each in SUBJECTS.items())


def country_page(source: Source, code: str, asked: str | None, now: int) -> CountryPage:
    """The card of a country, a subdivision or the EU; raises UnknownName, BadAddress."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    card = country_card(Catalogue(facts), code, day)
    laws = {law.requirement: law_view(law, facts) for law in card.requirements}
    own = set(card.regimes)
    return CountryPage(
        node=shared.node,
        path=f"country/{code}",
        query=query(as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        code=code,
        name=pair(card.name),
        as_of=day.isoformat(),
        regimes=tuple(
            RegimeView(
                id=id_,
                name=pair(facts.regime(id_).label),
                requirements=tuple(laws[each.id] for each in facts.requirements_of(id_)),
            )
            for id_ in card.regimes
        ),
        joined=tuple(
            JoinedView(id=id_, name=pair(facts.instrument(id_).label), since=seat.joined.last.isoformat())
            for id_, seat in card.joined
        ),
        institutes=tuple(pair(facts.institute(id_).label) for id_ in card.institutes),
        pairs=tuple(each for each in _reaches(facts) if each.source in own or each.target in own),
    )


def _reaches(facts: Facts) -> tuple[ReachView, ...]:
    return tuple(
        ReachView(
            source=source,
            source_name=pair(facts.regime(source).label),
            target=target,
            target_name=pair(facts.regime(target).label),
            full=full,
            partial=partial,
        )
        for (source, target), (full, partial) in matrix(facts, Routes.of(facts)).items()
    )
