"""One statement in one line, as lists show it; and the gate that keeps closed content off every page."""

from collections.abc import Iterable

from haechi.node.pages.source import Found, Sealed
from haechi.node.pages.view import (
    Moment,
    Pair,
    PlaceView,
    StandingView,
    View,
    moment,
    neutral,
    pair,
    place_view,
    standing_view,
)
from haechi.statement.claims import UnknownKind, kind_of
from haechi.statement.envelope import ANYBODY


class StatementLine(View, frozen=True, kw_only=True):
    """Who said what kind of thing about which subject, when, where it is logged and what became of it."""

    digest: str
    kind: str
    title: Pair
    issuer: str
    subject: str
    issued_at: Moment
    places: tuple[PlaceView, ...]
    standing: StandingView


class SealedLine(View, frozen=True, kw_only=True):
    """An entry whose content is not shown here."""

    digest: str
    places: tuple[PlaceView, ...]


def kind_title(kind: str) -> Pair:
    """The kind's name for people; its plain name when this version does not know it."""
    try:
        return pair(kind_of(kind).title)
    except UnknownKind:
        return neutral(kind)


def open_to_all(entry: Found | Sealed) -> Found | Sealed:
    """The entry, sealed unless anybody may have its bytes: a second lock after the source's own."""
    if isinstance(entry, Sealed):
        return entry
    if entry.statement.about.sharing not in ANYBODY and not entry.released:
        return Sealed(entry.statement.digest, entry.places)
    return entry


def statement_line(found: Found, now: int) -> StatementLine:
    """A statement in one line."""
    about = found.statement.about
    return StatementLine(
        digest=found.statement.digest_hex,
        kind=about.kind,
        title=kind_title(about.kind),
        issuer=about.issuer,
        subject=about.subject,
        issued_at=moment(about.issued_at, now),
        places=tuple(place_view(place) for place in found.places),
        standing=standing_view(found.standing),
    )


def lines_of(entries: Iterable[Found], now: int) -> tuple[StatementLine, ...]:
    """The lines of those entries that anybody may see."""
    seen = (open_to_all(entry) for entry in entries)
    return tuple(statement_line(entry, now) for entry in seen if isinstance(entry, Found))


def entry_line(entry: Found | Sealed, now: int) -> StatementLine | SealedLine:
    """The line of an entry, sealed or not."""
    entry = open_to_all(entry)
    if isinstance(entry, Sealed):
        return SealedLine(digest=entry.digest.hex(), places=tuple(place_view(p) for p in entry.places))
    return statement_line(entry, now)
