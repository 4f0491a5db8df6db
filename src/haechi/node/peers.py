"""The mirrors of one node: a store for each pinned peer, and how the last round with it went."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from haechi.errors import HaechiError, NotFound
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Role, Store
from haechi.log.tiles import TileTree
from haechi.network.client import PeerClient
from haechi.network.mirror import Listener, Mirror
from haechi.network.pins import NodeCard
from haechi.network.source import Source
from haechi.words import Text

declare(
    "network.peer",
    Text("Peer answers", "피어 응답"),
    {
        "synced": (Verdict.HOLDS, Text("mirrored up to {size} entries", "항목 {size}개까지 미러링함")),
        "unreachable": (Verdict.UNDECIDED, Text("{why}", "{why}")),
    },
)


@dataclass(frozen=True, slots=True)
class PeerState:
    """How far a peer's log is mirrored. times: Unix seconds; last: how the last round ended."""

    synced_at: int | None = None
    last: Finding | None = None


def mirror_name(origin: str) -> str:
    """The folder and path name of a mirror: hex SHA-256 of the origin (C2SP tlog-mirror)."""
    return hashlib.sha256(origin.encode()).hexdigest()


class Peer:
    """One pinned peer: its card, our verified copy of its log, and the state of the last round.

    Always true: the store holds only what the pinned keys signed and our own hashing confirmed.
    """

    def __init__(self, card: NodeCard, folder: Path, connect: Callable[[str], PeerClient]) -> None:
        self.card = card
        self.folder = folder / mirror_name(card.origin)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store: Store = _open_store(self.folder, card.origin)
        self.tree = TileTree(self.store.tile, cache_bytes=8 << 20)
        self.client = connect(card.url)
        source = Source(card.origin, self.client)
        self.mirror = Mirror(self.store, self.folder, card.log_keys(), [source])
        self.state = PeerState()
        self._lock = Lock()

    def sync(self, now: int, listener: Listener | None = None) -> Finding:
        """One round: pull what is new and verify it; how it ended, also kept in `state`.

        listener: hears how far it is; what it raises ends the round.
        """
        with self._lock:
            try:
                report = self.mirror.sync(now, listener)
            except HaechiError as error:
                last = found("network.peer.unreachable", why=error.say("en"))
                self.state = replace(self.state, last=last)
                return last
            failing = [finding for finding in report.findings if finding.verdict is not Verdict.HOLDS]
            last = failing[0] if failing else found("network.peer.synced", size=self.store.head().size)
            synced_at = self.state.synced_at if failing else now
            self.state = PeerState(synced_at=synced_at, last=last)
            return last

    def close(self) -> None:
        """Close the connection and the store."""
        self.client.close()
        self.store.close()


class Peers:
    """Every pinned peer of a node, by origin."""

    def __init__(self, peers: Mapping[str, Peer]) -> None:
        self._peers = dict(peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers.values())

    def of(self, origin: str) -> Peer:
        """The peer of this origin; raises NotFound."""
        if origin not in self._peers:
            raise NotFound(what_is=Text("mirror", "미러"), name=origin)
        return self._peers[origin]

    def named(self, name: str) -> Peer:
        """The peer whose mirror has this path name; raises NotFound."""
        for peer in self:
            if mirror_name(peer.card.origin) == name:
                return peer
        raise NotFound(what_is=Text("mirror", "미러"), name=name[:64])


def _open_store(folder: Path, origin: str) -> Store:
    if (folder / "log.db").exists():
        return SqliteStore(folder)
    return SqliteStore.create(folder, origin, Role.MIRROR)
