"""What evidence of one regime still lacks in another, each word with the source it was read in."""

from typing import ClassVar

from haechi.answers import Catalogue, PairRow, Routes, State, subject_of
from haechi.answers import pair as pair_of
from haechi.facts import Facts
from haechi.node.pages.answer_view import (
    LawView,
    NoteView,
    SourceView,
    day_asked,
    label_of,
    law_view,
    note_view,
    sources_of,
)
from haechi.node.pages.country_page import (
    RegimeName,
    TopicName,
    UnjudgedView,
    regime_names,
    topic_names,
)
from haechi.node.pages.links import query
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, Pair, View, frame, pair


class AskedView(View, frozen=True, kw_only=True):
    """A kind of evidence that is asked for there. shared: it is asked for here too."""

    id: str
    label: Pair
    shared: bool


class PairRowView(View, frozen=True, kw_only=True):
    """What evidence for `source` gives at `target`. read_there, read_here: where both were read."""

    source: str
    source_label: Pair
    target: str
    target_label: Pair
    target_law: LawView
    target_says: Pair
    carries: str
    carries_word: Pair
    relations: tuple[str, ...]
    why: tuple[NoteView, ...]
    lacks: tuple[NoteView, ...]
    kinds: tuple[AskedView, ...]
    read_there: tuple[SourceView, ...]
    read_here: tuple[SourceView, ...]
    low: bool


class PairPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.pair/2"):
    """Evidence of one regime at another, and what is still lacking there.

    topic: the subject that was asked for, None for all. regimes, topics: what else can be asked.
    """

    template: ClassVar[str] = "pair.html"

    source: str
    source_name: Pair
    target: str
    target_name: Pair
    as_of: str
    topic: str | None
    topic_name: Pair | None
    rows: tuple[PairRowView, ...]
    unjudged: tuple[UnjudgedView, ...]
    command: str
    regimes: tuple[RegimeName, ...]
    topics: tuple[TopicName, ...]


def pair_page(
    source: Source, ends: tuple[str, str], topic: str | None, asked: str | None, now: int
) -> PairPage:
    """What evidence of the first regime still lacks in the second; raises UnknownName, BadAddress."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    subject = subject_of(topic) if topic else None
    from_, to = ends
    found, catalogue = pair_of(facts, Routes.of(facts), from_, to, subject), Catalogue(facts)
    return PairPage(
        node=shared.node,
        path=f"pair/{from_}/{to}",
        query=query(topic=topic or None, as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        source=from_,
        source_name=pair(facts.regime(from_).label),
        target=to,
        target_name=pair(facts.regime(to).label),
        as_of=day.isoformat(),
        topic=topic or None,
        topic_name=None if subject is None else pair(subject.label),
        rows=tuple(
            _row(row, facts, law_view(catalogue.law_on(row.target, day), facts)) for row in found.rows
        ),
        unjudged=tuple(UnjudgedView(id=id_, label=pair(label_of(id_, facts))) for id_ in found.unjudged),
        command=f"haechi crosswalk {from_} --to {to}" + (f" --topic {topic}" if topic else ""),
        regimes=regime_names(facts),
        topics=topic_names(),
    )


def _row(row: PairRow, facts: Facts, law: LawView) -> PairRowView:
    target = facts.requirement(row.target)
    return PairRowView(
        source=row.source,
        source_label=pair(label_of(row.source, facts)),
        target=row.target,
        target_label=pair(target.label),
        target_law=law,
        target_says=pair(target.text),
        carries=row.carries.word,
        carries_word=pair(State(row.carries).label),
        relations=row.hop.relations,
        why=tuple(note_view(each) for each in row.hop.why),
        lacks=tuple(note_view(each) for each in row.hop.lacks),
        kinds=tuple(
            AskedView(id=kind, label=pair(facts.evidence_kind(kind).label), shared=shared)
            for kind, shared in row.kinds
        ),
        read_there=sources_of(target.sources, facts),
        read_here=sources_of(facts.requirement(row.source).sources, facts),
        low=row.low,
    )
