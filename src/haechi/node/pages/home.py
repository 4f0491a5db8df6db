"""The first page: whose node this is, what its log holds, what came in last, whom it mirrors."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from haechi.answers import board
from haechi.answers.evidence import utc_day
from haechi.facts import Facts
from haechi.node.pages.board_page import FIRST
from haechi.node.pages.commands import verify_command
from haechi.node.pages.country_page import RegimeName, TopicName, regime_names, topic_names
from haechi.node.pages.line import StatementLine, kind_title, lines_of
from haechi.node.pages.peer import PeerView, peer_view
from haechi.node.pages.source import Count, Source
from haechi.node.pages.view import LogView, Page, Pair, View, frame, log_view, pair

LATEST = 12
SUBJECTS_SHOWN = 8


class CountView(View, frozen=True, kw_only=True):
    """How many statements of one kind are held: from the node's own log, and only from mirrors."""

    kind: str
    title: Pair
    own: int
    mirrored: int
    total: int


class FactCounts(View, frozen=True, kw_only=True):
    """How much of the world the facts hold."""

    regimes: int
    requirements: int
    commitments: int
    relations: int


class PledgeView(View, frozen=True, kw_only=True):
    """The first board in small: how many parties and commitments, and the state of each cell, row by row."""

    id: str
    name: Pair
    parties: int
    commitments: int
    cells: tuple[str, ...]


class HomePage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.home/1"):
    """The node at a glance. total: statements held, own and mirrored; log: None before a first checkpoint."""

    template: ClassVar[str] = "home.html"

    log: LogView | None
    latest: tuple[StatementLine, ...]
    peers: tuple[PeerView, ...]
    counts: tuple[CountView, ...]
    total: int
    command: str
    regimes: tuple[RegimeName, ...]
    topics: tuple[TopicName, ...]
    known: FactCounts
    subjects: tuple[str, ...]
    pledge: PledgeView


def home_page(source: Source, now: int) -> HomePage:
    """The first page of a node."""
    shared, facts, log = frame(source, now), source.facts(), source.log()
    counts, latest = _counts(source.counts()), lines_of(source.latest(LATEST), now)
    return HomePage(
        node=shared.node,
        path="",
        made=shared.made,
        facts_version=shared.facts_version,
        log=None if log is None else log_view(log, now),
        latest=latest,
        peers=tuple(peer_view(peer, facts, now) for peer in source.peers()),
        counts=counts,
        total=sum(count.total for count in counts),
        regimes=regime_names(facts),
        topics=topic_names(),
        known=FactCounts(
            regimes=len(facts.regimes),
            requirements=len(facts.requirements),
            commitments=len(facts.commitments),
            relations=len(facts.relations),
        ),
        subjects=source.engine().subjects()[:SUBJECTS_SHOWN],
        pledge=_pledge(source, facts, utc_day(now)),
        command=verify_command(shared.node.url, latest[0].digest if latest else "DIGEST"),
    )


def _pledge(source: Source, facts: Facts, day: date) -> PledgeView:
    found = board(facts, source.engine(), FIRST, day)
    return PledgeView(
        id=FIRST,
        name=pair(facts.instrument(FIRST).label),
        parties=len(found.seats),
        commitments=len(found.commitments),
        cells=tuple(cell.answer.state.word for cell in found.cells.values()),
    )


def _counts(counts: Mapping[str, Count]) -> tuple[CountView, ...]:
    views = [
        CountView(
            kind=kind,
            title=kind_title(kind),
            own=count.own,
            mirrored=count.mirrored,
            total=count.own + count.mirrored,
        )
        for kind, count in counts.items()
    ]
    return tuple(sorted(views, key=lambda view: (-view.total, view.kind)))
