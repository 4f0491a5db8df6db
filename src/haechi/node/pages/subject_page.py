"""What the evidence about one subject can serve for, and everything needed to work it out again."""

from collections import Counter
from datetime import date
from typing import ClassVar

from haechi.answers import Answer, Catalogue, Scope, State
from haechi.errors import NotFound, UnknownName
from haechi.facts import Facts
from haechi.node.pages.answer_view import (
    STATES,
    AnswerView,
    LawView,
    answer_view,
    day_asked,
    label_of,
    law_view,
)
from haechi.node.pages.links import query
from haechi.node.pages.recompute import RECOMPUTER
from haechi.node.pages.scripts import Bundle
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, Pair, View, frame, neutral, pair
from haechi.words import Text


class SubjectNotHere(NotFound):
    """No evidence about this subject is held here; facts: name."""

    code = "page.subject-not-here"
    what = Text("no evidence about {name} is held here", "{name}에 대한 증거가 여기에 없습니다")
    hint = Text(
        "a subject is named as its statements name it; see the list of subjects",
        "대상은 진술에 적힌 그대로 적습니다. 대상 목록을 보세요",
    )


class PieceView(View, frozen=True, kw_only=True):
    """A piece of evidence that an answer rests on, as the engine counts it."""

    digest: str
    issuer: str
    kind: str
    kind_label: Pair
    since: str
    logs: tuple[str, ...]
    withheld: bool


class StateCount(View, frozen=True, kw_only=True):
    """How many answers have a state."""

    state: str
    word: Pair
    count: int


class PlaceName(View, frozen=True, kw_only=True):
    """A regime or instrument to look at alone."""

    id: str
    name: Pair


class OpenView(View, frozen=True, kw_only=True):
    """A record of the place without any evidence. law: None for commitments; kinds: what could serve."""

    id: str
    label: Pair
    law: LawView | None
    kinds: tuple[Pair, ...]
    low: bool


class SubjectPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.subject/2"):
    """One subject on one day: answers with evidence, most answered first, and the evidence itself.

    to: the place that was asked for, None for all; open: its records without any evidence, none without a
    place. facts_json, inputs_json, answers_json: what "recompute here" fetches.
    """

    template: ClassVar[str] = "subject.html"
    scripts: ClassVar[Bundle | None] = RECOMPUTER

    subject: str
    name: Pair
    as_of: str
    to: str | None
    to_name: Pair | None
    places: tuple[PlaceName, ...]
    counts: tuple[StateCount, ...]
    answers: tuple[AnswerView, ...]
    open: tuple[OpenView, ...]
    pieces: tuple[PieceView, ...]
    facts_json: str
    inputs_json: str
    answers_json: str


def subject_page(source: Source, subject: str, to: str | None, asked: str | None, now: int) -> SubjectPage:
    """The answers about a subject; raises SubjectNotHere, UnknownName for `to`, BadAddress."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    engine = source.engine()
    if subject not in engine.subjects() and subject not in facts.parties:
        raise SubjectNotHere(name=subject)
    found = engine.answers(Scope(subject), day)
    wanted = _records(facts, to)
    held = [each for each in found.by_target.values() if each.credits and each.target in wanted]
    party = facts.parties.get(subject)
    again = query(name=subject, as_of=day.isoformat())
    return SubjectPage(
        node=shared.node,
        path="subject",
        query=query(name=subject, to=to or None, as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        subject=subject,
        name=neutral(subject) if party is None else pair(party.label),
        as_of=day.isoformat(),
        to=to or None,
        to_name=_place_name(facts, to) if to else None,
        places=_places(facts),
        counts=_counts(held),
        answers=tuple(
            answer_view(each, facts, day)
            for each in sorted(held, key=lambda each: (-each.state, each.target))
        ),
        open=_open(facts, [found.by_target[id_] for id_ in wanted], day) if to else (),
        pieces=tuple(
            PieceView(
                digest=digest.hex(),
                issuer=piece.issuer,
                kind=piece.kind,
                kind_label=pair(facts.evidence_kind(piece.kind).label),
                since=piece.since.isoformat(),
                logs=piece.seen.logs,
                withheld=piece.withheld,
            )
            for digest, piece in engine.pieces(found).items()
        ),
        facts_json=f"/answers/facts/{facts.version}.json",
        inputs_json=f"/answers/inputs.json?{again}",
        answers_json=f"/answers/answers.json?{again}",
    )


def _records(facts: Facts, to: str | None) -> dict[str, None]:
    """The records of a regime or instrument, or all, in the order of the facts. Raises UnknownName."""
    if not to:
        return dict.fromkeys((*facts.requirements, *facts.commitments))
    if to in facts.regimes:
        return dict.fromkeys(each.id for each in facts.requirements_of(to))
    if to in facts.instruments:
        return dict.fromkeys(each.id for each in facts.commitments_of(to))
    nearest = [*facts.nearest("regime", to, 2), *facts.nearest("instrument", to, 2)]
    raise UnknownName(field="to", got=to, nearest=nearest)


def _place_name(facts: Facts, id_: str) -> Pair:
    regime = facts.regimes.get(id_)
    return pair(facts.instrument(id_).label if regime is None else regime.label)


def _places(facts: Facts) -> tuple[PlaceName, ...]:
    promised = [each for each in facts.instruments if facts.commitments_of(each)]
    return tuple(PlaceName(id=id_, name=_place_name(facts, id_)) for id_ in (*facts.regimes, *promised))


def _counts(held: list[Answer]) -> tuple[StateCount, ...]:
    by_state = Counter(each.state.word for each in held)
    return tuple(
        StateCount(state=word, word=label, count=by_state[word])
        for word, label in reversed(STATES)
        if word != State.NONE.word
    )


def _open(facts: Facts, answers: list[Answer], day: date) -> tuple[OpenView, ...]:
    catalogue = Catalogue(facts)
    return tuple(
        OpenView(
            id=each.target,
            label=pair(label_of(each.target, facts)),
            law=law_view(catalogue.law_on(each.target, day), facts)
            if each.target in facts.requirements
            else None,
            kinds=tuple(pair(facts.evidence_kind(kind).label) for kind in _kinds(facts, each.target)),
            low=each.low,
        )
        for each in answers
        if not each.credits
    )


def _kinds(facts: Facts, target: str) -> tuple[str, ...]:
    record = facts.requirements.get(target) or facts.commitment(target)
    return record.evidence
