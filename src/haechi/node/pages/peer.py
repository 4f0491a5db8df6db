"""A mirrored peer: how far its log was verified here, how far behind that is, and what stopped it."""

from haechi.facts import Facts
from haechi.node.pages.source import Peer
from haechi.node.pages.view import (
    FindingView,
    Moment,
    Pair,
    View,
    country_name,
    finding_view,
    moment,
    pair,
    role_name,
)


class PeerView(View, frozen=True, kw_only=True):
    """A pinned node. size, root: verified here; seen: the newest size it showed; lag: entries between them.

    synced_at: the last round that ended well; last: how the last round ended; frozen: why the mirror stopped.
    """

    origin: str
    name: Pair
    role: Pair
    country: str
    country_name: Pair
    url: str
    size: int
    root: str
    seen: int
    lag: int
    synced_at: Moment | None
    last: FindingView | None
    frozen: FindingView | None


def peer_view(peer: Peer, facts: Facts, now: int) -> PeerView:
    """A peer as pages show it."""
    return PeerView(
        origin=peer.origin,
        name=pair(peer.name),
        role=role_name(peer.role),
        country=peer.country,
        country_name=country_name(peer.country, facts),
        url=peer.url,
        size=peer.size,
        root=peer.root.hex(),
        seen=peer.seen,
        lag=max(0, peer.seen - peer.size),
        synced_at=None if peer.synced_at is None else moment(peer.synced_at, now),
        last=None if peer.last is None else finding_view(peer.last),
        frozen=None if peer.frozen is None else finding_view(peer.frozen),
    )
