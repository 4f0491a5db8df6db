"""One requirement or commitment: what it asks, since when, what it relates to, what was offered for it."""

from datetime import date
from typing import ClassVar

from haechi.answers import Catalogue
from haechi.facts import Facts, Relation
from haechi.node.pages.answer_view import (
    LawView,
    SourceView,
    day_asked,
    label_of,
    law_view,
    sources_of,
)
from haechi.node.pages.links import query
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, Pair, View, frame, pair


class RelationView(View, frozen=True, kw_only=True):
    """A judged relation, seen from this record. carries: full or partial, from here to there and back.

    lacks: what evidence for this record still lacks there; lacks_back: the other way; None: not named.
    """

    id: str
    other: str
    other_label: Pair
    relation: str
    strength: int
    strength_of: int = 10
    carries: str
    carries_back: str
    why: Pair
    lacks: Pair | None
    lacks_back: Pair | None
    confidence: str
    low: bool


class KindView(View, frozen=True, kw_only=True):
    """A kind of evidence that serves."""

    id: str
    label: Pair


class SubjectView(View, frozen=True, kw_only=True):
    """A subject with evidence for the record."""

    name: str
    state: str
    state_word: Pair
    assurance_word: Pair | None


class RecordPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.record/1"):
    """A requirement or commitment. law: None for commitments; owner: its regime or instrument."""

    template: ClassVar[str] = "record.html"

    id: str
    label: Pair
    text: Pair
    owner: str
    owner_label: Pair
    owner_path: str
    place: str
    as_of: str
    law: LawView | None
    confidence: str
    low: bool
    sources: tuple[SourceView, ...]
    kinds: tuple[KindView, ...]
    relations: tuple[RelationView, ...]
    subjects: tuple[SubjectView, ...]


def record_page(source: Source, id_: str, asked: str | None, now: int) -> RecordPage:
    """The page of a requirement or commitment; raises UnknownName, BadAddress."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    requirement = facts.requirements.get(id_)
    record = facts.commitment(id_) if requirement is None else requirement
    text, owner, path, place, law = _told(id_, facts, day)
    return RecordPage(
        node=shared.node,
        path=f"record/{id_}",
        query=query(as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        id=id_,
        label=pair(record.label),
        text=text,
        owner=owner,
        owner_label=_owner_label(owner, facts),
        owner_path=path,
        place=place,
        as_of=day.isoformat(),
        law=law,
        confidence=record.confidence,
        low=facts.is_low(id_),
        sources=sources_of(record.sources, facts),
        kinds=tuple(
            KindView(id=kind, label=pair(facts.evidence_kind(kind).label)) for kind in record.evidence
        ),
        relations=tuple(_relation(each, id_, facts) for each in facts.relations_of(id_)),
        subjects=_subjects(source, id_, day),
    )


def _told(id_: str, facts: Facts, day: date) -> tuple[Pair, str, str, str, LawView | None]:
    """What it says, whose it is, the page of that, its place there, and the law on the day."""
    requirement = facts.requirements.get(id_)
    if requirement is None:
        commitment = facts.commitment(id_)
        owner = commitment.instrument
        return pair(commitment.label), owner, f"pledges/{owner}", commitment.locator, None
    code = facts.regime(requirement.regime).jurisdiction
    law = law_view(Catalogue(facts).law_on(id_, day), facts)
    return pair(requirement.text), requirement.regime, f"country/{code}", requirement.article, law


def _owner_label(owner: str, facts: Facts) -> Pair:
    regime = facts.regimes.get(owner)
    return pair(facts.instrument(owner).label if regime is None else regime.label)


def _relation(relation: Relation, id_: str, facts: Facts) -> RelationView:
    other = relation.other(id_)
    return RelationView(
        id=relation.id,
        other=other,
        other_label=pair(label_of(other, facts)),
        relation=relation.relation,
        strength=relation.strength,
        carries=relation.carry_from(id_),
        carries_back=relation.carry_from(other),
        why=pair(relation.reason),
        lacks=_lacks(relation, id_),
        lacks_back=_lacks(relation, other),
        confidence=relation.confidence,
        low=facts.is_low(relation.id),
    )


def _lacks(relation: Relation, start: str) -> Pair | None:
    said = relation.lacks_from(start)
    return None if said is None else pair(said)


def _subjects(source: Source, id_: str, day: date) -> tuple[SubjectView, ...]:
    engine, found = source.engine(), list[SubjectView]()
    for name in engine.subjects():
        answer = engine.answer(name, id_, day)
        if answer.credits:
            word = None if answer.assurance is None else pair(answer.assurance.label)
            found.append(
                SubjectView(
                    name=name,
                    state=answer.state.word,
                    state_word=pair(answer.state.label),
                    assurance_word=word,
                )
            )
    return tuple(found)
