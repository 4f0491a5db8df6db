"""Answers as pages carry them: state, assurance, why, what is lacking, and where each word comes from."""

import re
from datetime import date

from haechi.answers import Answer, Assurance, Credit, Note, State
from haechi.answers.catalogue import LawOn
from haechi.answers.evidence import utc_day
from haechi.facts import Facts
from haechi.facts.source import Cited
from haechi.node.pages.problem import BadAddress
from haechi.node.pages.view import Pair, View, pair
from haechi.words import Text

_HANGUL = re.compile("[가-힣]")
_READ = {
    "text": Text("the text itself", "원문"),
    "excerpt": Text("in part", "일부"),
    "recalled": Text("not read again", "다시 읽지 않음"),
}


class NoteView(View, frozen=True, kw_only=True):
    """A reason or a remainder. ref: the fact it comes from."""

    ref: str
    text: Pair


class CreditView(View, frozen=True, kw_only=True):
    """One route of an answer, as `Credit`."""

    state: str
    assurance: str
    assurance_word: Pair
    source: str
    relations: tuple[str, ...]
    evidence: tuple[str, ...]
    why: tuple[NoteView, ...]
    lacks: tuple[NoteView, ...]
    low: bool


class DisputeView(View, frozen=True, kw_only=True):
    """Another party disputes evidence of an answer. statement: its digest."""

    by: str
    grounds: str
    statement: str


class AnswerView(View, frozen=True, kw_only=True):
    """An answer about one record of `place`. state, assurance: words for programs; the others for people."""

    target: str
    label: Pair
    place: Pair
    place_path: str
    state: str
    state_word: Pair
    assurance: str | None
    assurance_word: Pair | None
    expires: str | None
    days_left: int | None
    credits: tuple[CreditView, ...]
    lacks: tuple[NoteView, ...]
    disputes: tuple[DisputeView, ...]
    low: bool


class SourceView(View, frozen=True, kw_only=True):
    """Where a fact was read. place: article or page, in the text's own language; read: how much of it was."""

    id: str
    korean: bool
    title: Pair
    publisher: str
    published: str
    place: str
    read: str
    read_word: Pair


class LawView(View, frozen=True, kw_only=True):
    """A requirement as the law stood on the page's day."""

    id: str
    label: Pair
    article: str
    force: str
    force_word: Pair
    status: str
    says: Pair
    low: bool


def note_view(said: Note) -> NoteView:
    """A note as a page carries it."""
    return NoteView(ref=said.ref, text=Pair(said.en, said.ko))


def answer_view(answer: Answer, facts: Facts, day: date) -> AnswerView:
    """An answer with its words, as of `day`."""
    place, path = place_of(answer.target, facts)
    return AnswerView(
        target=answer.target,
        label=pair(label_of(answer.target, facts)),
        place=place,
        place_path=path,
        state=answer.state.word,
        state_word=pair(answer.state.label),
        assurance=None if answer.assurance is None else answer.assurance.word,
        assurance_word=None if answer.assurance is None else pair(answer.assurance.label),
        expires=None if answer.expires is None else answer.expires.isoformat(),
        days_left=answer.days_left(day),
        credits=tuple(_credit(each) for each in answer.credits),
        lacks=tuple(note_view(each) for each in answer.lacks),
        disputes=tuple(
            DisputeView(by=each.issuer, grounds=each.grounds, statement=each.digest.hex())
            for each in answer.disputes
        ),
        low=answer.low,
    )


def law_view(law: LawOn, facts: Facts) -> LawView:
    """A requirement with its status in words."""
    found = facts.requirement(law.requirement)
    force = facts.force(law.force)
    return LawView(
        id=found.id,
        label=pair(found.label),
        article=found.article,
        force=law.force,
        force_word=Pair(force.name, force.name_ko),
        status=str(law.status),
        says=Pair(law.say("en"), law.say("ko")),
        low=law.low,
    )


def sources_of(cited: tuple[Cited, ...], facts: Facts) -> tuple[SourceView, ...]:
    """Where a record was read, with addresses."""
    return tuple(_source(each, facts) for each in cited)


def label_of(target: str, facts: Facts) -> Text:
    """The name of a requirement, commitment or risk class."""
    record = facts.requirements.get(target) or facts.commitments.get(target)
    return facts.risk_class(target).label if record is None else record.label


def place_of(target: str, facts: Facts) -> tuple[Pair, str]:
    """The regime or instrument that a record belongs to, and the page of it."""
    requirement = facts.requirements.get(target)
    if requirement is None:
        instrument = facts.instrument(facts.commitment(target).instrument)
        return pair(instrument.label), f"pledges/{instrument.id}"
    regime = facts.regime(requirement.regime)
    return pair(regime.label), f"country/{regime.jurisdiction}"


def day_asked(text: str | None, now: int) -> date:
    """The day a page is asked for as `as_of`, else today in UTC; raises BadAddress."""
    if not text:
        return utc_day(now)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadAddress from None


def _credit(credit: Credit) -> CreditView:
    return CreditView(
        state=credit.state.word,
        assurance=credit.assurance.word,
        assurance_word=pair(credit.assurance.label),
        source=credit.source,
        relations=credit.relations,
        evidence=tuple(digest.hex() for digest in credit.evidence),
        why=tuple(note_view(each) for each in credit.why),
        lacks=tuple(note_view(each) for each in credit.lacks),
        low=credit.low,
    )


def _source(cited: Cited, facts: Facts) -> SourceView:
    found = facts.source(cited.src)
    return SourceView(
        id=cited.src,
        korean=_HANGUL.search(cited.loc) is not None,
        title=pair(found.label),
        publisher=found.publisher,
        published=found.date,
        place=cited.loc,
        read=found.checked,
        read_word=pair(_READ[found.checked]),
    )


LADDER = tuple((each.word, pair(each.label)) for each in Assurance)
STATES = tuple((each.word, pair(each.label)) for each in State)
"""Every word of the two scales, for legends."""
