"""The page of the peers: every pinned node and how far its log is mirrored here."""

from typing import ClassVar

from haechi.node.pages.peer import PeerView, peer_view
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, frame


class PeersPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.peers/1"):
    """All pinned nodes, in the order of the pins."""

    template: ClassVar[str] = "peers.html"

    peers: tuple[PeerView, ...]


def peers_page(source: Source, now: int) -> PeersPage:
    """The page of the peers."""
    shared, facts = frame(source, now), source.facts()
    return PeersPage(
        node=shared.node,
        path="peers",
        made=shared.made,
        facts_version=shared.facts_version,
        peers=tuple(peer_view(peer, facts, now) for peer in source.peers()),
    )
