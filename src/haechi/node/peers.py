"""The mirrors of one node: a store for each pinned peer, and how the last round with it went."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from haechi.errors import HaechiError, NotFound
from haechi.facts import load
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES, read_checkpoint
from haechi.log.cosignature import cosign
from haechi.log.note import NoteLine, NoteSigner
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Role, Store
from haechi.log.tiles import TileTree
from haechi.network.answer import PeerMisbehaved, PeerRefused, PeerUnavailable
from haechi.network.client import PeerClient
from haechi.network.cosigned import CosignedHead
from haechi.network.durable import DiskRefused
from haechi.network.memory import SignedHead
from haechi.network.mirror import Listener, Mirror
from haechi.network.pins import NodeCard
from haechi.network.source import Source
from haechi.network.succession import Succession
from haechi.words import Text

_COSIGN_AGAIN_S = 6 * 3600

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


class _OwnLines(NamedTuple):
    """Cosignatures of this mirror on the checkpoint with this text, made at `at` (Unix seconds)."""

    text: bytes
    at: int
    lines: tuple[NoteLine, ...]


def mirror_name(origin: str) -> str:
    """The folder and path name of a mirror: hex SHA-256 of the origin (C2SP tlog-mirror)."""
    return hashlib.sha256(origin.encode()).hexdigest()


class Peer:
    """One pinned peer: its card, our verified copy of its log, and the state of the last round.

    Always true: the store holds only what the pinned keys signed and our own hashing confirmed.
    """

    def __init__(
        self,
        card: NodeCard,
        folder: Path,
        connect: Callable[[str], PeerClient],
        has_quorum: Callable[[SignedHead], bool],
        cosigners: Sequence[NoteSigner] = (),
    ) -> None:
        self._begun_with = card
        self._connect = connect
        self._cosigners = cosigners
        self._own_lines: _OwnLines | None = None
        self.folder = folder / mirror_name(card.origin)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.succession = Succession(card, self.folder, load())  # before anything that would stay open
        self.store: Store = _open_store(self.folder, card.origin)
        self.tree = TileTree(self.store.tree_tile, cache_bytes=8 << 20)
        self.client = connect(card.url)
        source = Source(card.origin, self.client)
        self.mirror = Mirror(self.store, self.folder, self.succession, [source])
        self.cosigned = CosignedHead(self.folder, has_quorum)
        self.state = PeerState()
        self._lock = Lock()

    @property
    def card(self) -> NodeCard:
        """The card that was pinned, carried on by the changes of keys that the log itself handed over."""
        return self.succession.card

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
            if not failing:
                self._take_cosignatures(now)
            return last

    def begin(self, card: NodeCard) -> bool:
        """Go on with another card of the same log, at the address it names; whether it is another.

        Raises BadInput for an address that is none, and what a damaged file of handovers does; then all is as
        before.
        """
        with self._lock:
            if card == self._begun_with:
                return False
            client = self.client if card.url == self._begun_with.url else self._connect(card.url)
            self.succession.begin(card)
            self._begun_with = card
            if client is not self.client:
                # Who is just being answered by the one before is answered to the end.
                before, self.client = self.client, client
                self.mirror.read_from([Source(card.origin, client)])
                before.close()
            return True

    def confront(self, raw: bytes) -> Finding:
        """Compare a checkpoint that somebody holds with the copy here; see Mirror.confront."""
        with self._lock:
            return self.mirror.confront(raw)

    def mirrored_by_it(self, origin: str) -> bytes:
        """The checkpoint of `origin` that the peer's own mirror shows; raises what the client raises."""
        return self.client.fetch(f"/mirrors/{mirror_name(origin)}/checkpoint", MAX_CHECKPOINT_BYTES)

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint whose entries are all here, with this mirror's own cosignatures."""
        published = self.store.published()
        if published is None:
            return None
        note = read_checkpoint(published.note)[1]
        own = self._own_lines
        lines = own.lines if own is not None and own.text == note.text else ()
        return note.with_lines(lines).encode()

    def _take_cosignatures(self, now: int) -> None:
        """Fetch what witnesses said of the log, and say ourselves that all of it is held here."""
        with suppress(PeerMisbehaved, PeerUnavailable, PeerRefused, DiskRefused):
            witnessed = self.mirror.witnessed()
            if witnessed is not None:
                self.cosigned.put(witnessed)
        published = self.store.published()
        if published is None or self.mirror.frozen() is not None:
            return
        head, note = read_checkpoint(published.note)
        own = self._own_lines
        if own is None or own.text != note.text or own.at < now - _COSIGN_AGAIN_S:
            lines = tuple(cosign(head, signer, now) for signer in self._cosigners)
            self._own_lines = _OwnLines(note.text, now, lines)

    def close(self) -> None:
        """Close the connection and the store."""
        self.client.close()
        self.store.close()


class Peers:
    """Every pinned or listed peer of a node, by origin. None leaves while the node runs."""

    def __init__(self, cards: Iterable[NodeCard], make: Callable[[NodeCard], Peer]) -> None:
        """make: a peer by its card."""
        self._make = make
        self._peers = {card.origin: make(card) for card in cards}

    def take(self, card: NodeCard) -> bool:
        """Mirror the log of this card too, or go on with it by this card; whether that is new."""
        if card.origin in self._peers:
            return self._peers[card.origin].begin(card)
        # A dictionary of its own: other threads may be going through the one before.
        self._peers = {**self._peers, card.origin: self._make(card)}
        return True

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
