"""The small parts that pages are put together from.

Every page is a frozen struct made of these by a pure function. Its JSON twin is that very struct and its
HTML is rendered from nothing else, so the two cannot differ. Texts for people are pairs of both languages;
digests and keys are lower-case hex.
"""

from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from haechi import __version__
from haechi.facts import Facts
from haechi.findings import CHECKS, Finding, Verdict
from haechi.node.pages.scripts import Bundle
from haechi.node.pages.source import Card, Log, Place, Source, Standing, Where
from haechi.statement.kinds.key_event import ROLE
from haechi.words import Text

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts: immutable, named fields only."""


class Pair(msgspec.Struct, frozen=True):
    """A text for people in both languages."""

    en: str
    ko: str


class Moment(View, frozen=True, kw_only=True):
    """A point in time. unix: seconds; ago: seen from when the page was made."""

    unix: int
    iso: str
    shown: str
    ago: Pair


class FindingView(View, frozen=True, kw_only=True):
    """The outcome of one check, with the sentence that says why."""

    check: str
    code: str
    verdict: Verdict
    title: Pair
    why: Pair


class PlaceView(View, frozen=True, kw_only=True):
    """Entry number `index` of the log `origin`; where: this node's own log or a mirror of another's."""

    origin: str
    index: int
    where: Where
    receipt: bool


class StandingView(View, frozen=True, kw_only=True):
    """What later statements did: state is stands, superseded or withdrawn; by: the statement that did it."""

    state: str
    by: str | None
    confirmed: int
    disputed: int


class NodeView(View, frozen=True, kw_only=True):
    """Whose node the page comes from."""

    origin: str
    name: Pair
    role: Pair
    country: str
    country_name: Pair
    url: str
    issuer: str


class LogView(View, frozen=True, kw_only=True):
    """A log as this node serves it. path: where on this node its checkpoint and tiles are.

    witnessing: whether enough witnesses cosigned it, and how recently; forked: address of the evidence that
    it signed two histories, None while there is none.
    """

    origin: str
    where: Where
    size: int
    root: str
    checkpoint: str
    published_at: Moment | None
    vkeys: tuple[str, ...]
    path: str
    witnessing: tuple[FindingView, ...] = ()
    forked: str | None = None


class Page(View, frozen=True, kw_only=True):
    """What every page carries. path and query: its address below the language."""

    template: ClassVar[str]
    scripts: ClassVar[Bundle | None] = None

    node: NodeView
    path: str
    query: str = ""
    made: Moment
    facts_version: str
    software: str = f"haechi {__version__}"


def pair(text: Text) -> Pair:
    """The text as a page carries it."""
    return Pair(text.en, text.ko)


def neutral(value: object) -> Pair:
    """A value that reads the same in both languages."""
    return Pair(str(value), str(value))


def moment(unix: int, now: int) -> Moment:
    """A point in time as seen from `now`, both in Unix seconds.

    >>> moment(0, 7200).shown, moment(0, 7200).ago.ko
    ('1970-01-01 00:00 UTC', '2시간 전')
    """
    at = datetime.fromtimestamp(unix, UTC)
    return Moment(
        unix=unix,
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        shown=at.strftime("%Y-%m-%d %H:%M UTC"),
        ago=_ago(now - unix),
    )


def _ago(seconds: int) -> Pair:
    if seconds < 0:
        return Pair("ahead of this node's clock", "이 노드의 시계보다 나중")
    if seconds < _MINUTE:
        return Pair("just now", "방금")
    if seconds < _HOUR:
        return Pair(f"{seconds // _MINUTE} min ago", f"{seconds // _MINUTE}분 전")
    if seconds < _DAY:
        return Pair(f"{seconds // _HOUR} h ago", f"{seconds // _HOUR}시간 전")
    days = seconds // _DAY
    return Pair("1 day ago" if days == 1 else f"{days} days ago", f"{days}일 전")


def finding_view(finding: Finding) -> FindingView:
    """A finding with its words in both languages."""
    return FindingView(
        check=finding.check,
        code=finding.code,
        verdict=finding.verdict,
        title=pair(CHECKS[finding.check]),
        why=Pair(finding.say("en"), finding.say("ko")),
    )


def place_view(place: Place) -> PlaceView:
    """A place in a log."""
    return PlaceView(origin=place.origin, index=place.index, where=place.where, receipt=place.receipt)


def standing_view(standing: Standing) -> StandingView:
    """What became of a statement; a withdrawal weighs more than a replacement."""
    by = standing.withdrawn_by or standing.superseded_by
    state = "withdrawn" if standing.withdrawn_by else "superseded" if standing.superseded_by else "stands"
    return StandingView(
        state=state,
        by=None if by is None else by.hex(),
        confirmed=standing.confirmed,
        disputed=standing.disputed,
    )


def country_name(code: str, facts: Facts) -> Pair:
    """The name of the country with this alpha-2 code; the code itself when the facts do not have it."""
    country = facts.countries.get(f"c.{code}")
    return neutral(code) if country is None else pair(country.label)


def role_name(role: str) -> Pair:
    """What kind of organisation; the word itself when it is none of the known roles."""
    known = ROLE.get(role)
    return neutral(role) if known is None else pair(known)


def log_view(log: Log, now: int) -> LogView:
    """A log with its newest checkpoint."""
    return LogView(
        origin=log.origin,
        where=log.where,
        size=log.size,
        root=log.root.hex(),
        checkpoint=log.checkpoint,
        published_at=None if log.published_at is None else moment(log.published_at, now),
        vkeys=log.vkeys,
        path=log.path,
        witnessing=tuple(finding_view(finding) for finding in log.witnessing),
        forked=log.forked,
    )


class Frame(View, frozen=True, kw_only=True):
    """What all pages of one request share."""

    node: NodeView
    made: Moment
    facts_version: str


def frame(source: Source, now: int) -> Frame:
    """The node, the moment and the facts that a page is made with."""
    facts = source.facts()
    return Frame(node=node_view(source.card(), facts), made=moment(now, now), facts_version=facts.version)


def node_view(card: Card, facts: Facts) -> NodeView:
    """Whose node this is, with the country and the role in words."""
    return NodeView(
        origin=card.origin,
        name=pair(card.name),
        role=role_name(card.role),
        country=card.country,
        country_name=country_name(card.country, facts),
        url=card.url,
        issuer=card.issuer,
    )
