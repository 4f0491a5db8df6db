"""What the evidence about one subject can serve for, and everything needed to work it out again."""

from typing import ClassVar

from haechi.answers import Scope
from haechi.errors import NotFound
from haechi.node.pages.answer_view import AnswerView, answer_view, day_asked
from haechi.node.pages.links import query
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


class SubjectPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.subject/1"):
    """One subject on one day: answers with evidence, most answered first, and the evidence itself."""

    template: ClassVar[str] = "subject.html"

    subject: str
    name: Pair
    as_of: str
    answers: tuple[AnswerView, ...]
    pieces: tuple[PieceView, ...]


def subject_page(source: Source, subject: str, asked: str | None, now: int) -> SubjectPage:
    """The answers about a subject; raises SubjectNotHere, BadAddress."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    engine = source.engine()
    if subject not in engine.subjects() and subject not in facts.parties:
        raise SubjectNotHere(name=subject)
    found = engine.answers(Scope(subject), day)
    held = [answer for answer in found.by_target.values() if answer.credits]
    party = facts.parties.get(subject)
    return SubjectPage(
        node=shared.node,
        path="subject",
        query=query(name=subject, as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        subject=subject,
        name=neutral(subject) if party is None else pair(party.label),
        as_of=day.isoformat(),
        answers=tuple(
            answer_view(each, facts, day)
            for each in sorted(held, key=lambda each: (-each.state, each.target))
        ),
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
    )
