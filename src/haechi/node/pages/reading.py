"""A claim as a page shows it: the issuer's own words with their language, and uncertain facts marked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from haechi.errors import BadInput
from haechi.facts import Entry, Facts
from haechi.node.pages.view import Pair, View, pair
from haechi.statement.claims import Claim, Row, Said, claim_of, kind_of
from haechi.statement.envelope import Statement
from haechi.words import Lang, Text


class WordsView(View, frozen=True, kw_only=True):
    """What the issuer wrote, and in which language; nobody translated it."""

    lang: Lang
    text: str


class RowView(View, frozen=True, kw_only=True):
    """One line of a claim. words: the issuer's own, then `value` only repeats them; target: a statement;
    low: the line rests on a fact that is shipped with low confidence.
    """

    label: Pair
    value: Pair
    words: tuple[WordsView, ...]
    target: str | None
    low: bool


class ReadingView(View, frozen=True, kw_only=True):
    """A claim for people."""

    sentence: Pair
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file that a statement rests on. size: bytes; None: only the digest was signed."""

    digest: bytes
    size: int | None
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """What could be read of a statement: no reading when only a digest is signed or the kind is unknown."""

    reading: ReadingView | None
    files: tuple[SignedFile, ...]
    targets: tuple[bytes, ...]


def content_of(statement: Statement, facts: Facts, released: Claim | None = None) -> Content:
    """The statement's claim for people, the files it rests on and the statements it speaks about.

    released: the claim inside an encrypted statement, where its issuer let everybody have it.
    """
    bare = Content(None, _hashed_file(statement), ())
    try:
        kind, claim = kind_of(statement.about.kind), released or claim_of(statement, facts)
    except BadInput:
        # Why it can't be read is told by the finding of `check_claim`, which stands on the same page.
        return bare
    if claim is None:
        return bare
    reading = kind.read(claim, facts)
    said, low = _words_of(claim), _low_labels(claim, facts)
    rows = tuple(_row(row, said, low) for row in reading.rows)
    return Content(
        ReadingView(sentence=pair(reading.sentence), rows=rows),
        tuple(SignedFile(ref.digest, ref.size, ref.media_type, ref.name) for ref in kind.evidence(claim)),
        kind.targets(claim),
    )


def _hashed_file(statement: Statement) -> tuple[SignedFile, ...]:
    envelope = statement.hash_envelope
    if envelope is None:
        return ()
    name = envelope.location or statement.about.subject
    return (SignedFile(statement.payload, None, envelope.content_type, name),)


def _row(row: Row, said: dict[Text, Said], low: frozenset[str]) -> RowView:
    words = said.get(row.value)
    return RowView(
        label=pair(row.label),
        value=pair(row.value),
        words=() if words is None else tuple(WordsView(lang=lang, text=text) for lang, text in words.lines()),
        target=None if row.target is None else row.target.hex(),
        low=any(label in row.value.en for label in low),
    )


def _words_of(claim: Claim) -> dict[Text, Said]:
    return {
        Text(part.in_("en"), part.in_("ko")): part
        for part in _parts(claim)
        if isinstance(part, Said) and part.lines()
    }


def _low_labels(claim: Claim, facts: Facts) -> frozenset[str]:
    words = {part for part in _parts(claim) if isinstance(part, str)}
    tables: tuple[Mapping[str, Entry], ...] = (
        facts.parties,
        facts.instruments,
        facts.commitments,
        facts.requirements,
        facts.risk_classes,
    )
    named = (table[word] for table in tables for word in words if word in table)
    return frozenset(entry.label.en for entry in named if facts.is_low(entry.id))


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _parts(item)  # pyright: ignore[reportUnknownArgumentType]
    else:
        yield value
