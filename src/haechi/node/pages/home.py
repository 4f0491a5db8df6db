"""The first page: whose node this is, what its log holds, what came in last, whom it mirrors."""

from collections.abc import Mapping
from typing import ClassVar

from haechi.node.pages.commands import verify_command
from haechi.node.pages.line import StatementLine, kind_title, lines_of
from haechi.node.pages.peer import PeerView, peer_view
from haechi.node.pages.source import Count, Source
from haechi.node.pages.view import LogView, Page, Pair, View, frame, log_view

LATEST = 12


class CountView(View, frozen=True, kw_only=True):
    """How many statements of one kind are held: from the node's own log, and only from mirrors."""

    kind: str
    title: Pair
    own: int
    mirrored: int
    total: int


class HomePage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.home/1"):
    """The node at a glance. total: statements held, own and mirrored; log: None before a first checkpoint."""

    template: ClassVar[str] = "home.html"

    log: LogView | None
    latest: tuple[StatementLine, ...]
    peers: tuple[PeerView, ...]
    counts: tuple[CountView, ...]
    total: int
    command: str


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
        command=verify_command(shared.node.url, latest[0].digest if latest else "DIGEST"),
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
