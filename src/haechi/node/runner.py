"""A running node: the service, its mirrors and the work that goes on in the background.

Three threads do that work: one keeps the index up, one visits peers, one asks witnesses. All end
when `stop` is called, and what they were doing is finished first.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from starlette.types import Scope

from haechi.errors import HaechiError, NotFound
from haechi.findings import Finding
from haechi.log.store import Store
from haechi.log.tiles import TileTree
from haechi.network.blobs import fetch_blobs
from haechi.network.card import NodeCard
from haechi.network.cosigned import CosignedHead
from haechi.network.report import Progress
from haechi.network.succession import FILE as HANDOVERS
from haechi.network.succession import Handovers
from haechi.node.accusing import Accusations
from haechi.node.clients import Clients
from haechi.node.counting import Counting
from haechi.node.examining import Examining
from haechi.node.limits import RateLimit, UploadRoom, has_room
from haechi.node.logs import log_event
from haechi.node.metrics import Labels, Metrics, RequestMetrics
from haechi.node.peers import Peer, Peers
from haechi.node.policies import latest_policy
from haechi.node.service import Node, Stopping, tlog_proof
from haechi.node.sharing import GreenSharing
from haechi.node.tilesite import TileSite
from haechi.node.trusting import cards_to_mirror
from haechi.node.witnessing import Witnessing
from haechi.statement.envelope import ENCRYPTED, Statement
from haechi.words import Text

_INDEX_SECONDS = 0.25
_FRONTS_SECONDS = 5.0  # how often a front looks for what the others took, and erased
_CHECKED_AT_ONCE = 4096
_HEARD_AT_ONCE = 2048  # entries; so many of other fronts and as many of our own are remembered
_BLOB_BYTES_A_ROUND = 256 << 20


class Wanted(NamedTuple):
    """An evidence file that may be sent in. size: in bytes; None when only its digest was signed.

    encrypted: its statement is AMBER, so nothing but encrypted content is taken; shared: its statement is
    GREEN, so it is kept apart.
    """

    size: int | None
    encrypted: bool
    shared: bool = False


class Runner:
    """Always true: what a mirror serves was verified against pinned keys; a peer's trouble is logged and
    shown, and stops neither registration nor the other peers.
    """

    def __init__(self, node: Node, card: NodeCard, peers: Peers, witnessing: Witnessing) -> None:
        self.node = node
        self.card = card
        self.peers = peers
        self._mirrored_by = node.trusting.trust.trust_list
        self.witnessing = witnessing
        self.accusations = Accusations(node, peers, witnessing)
        self.sharing = GreenSharing(node)
        self.counting = Counting(node, self.statement, self.witnessed_sizes)
        self.metrics = Metrics()
        self.requests = RequestMetrics()
        self._clients = Clients(node.config.listen.proxies)
        limits = node.config.limits
        self.examining = Examining()
        self._writes = RateLimit(limits.writes_per_s, limits.write_burst)
        self.upload_room = UploadRoom(node.folder / "blobs")
        self._reads = RateLimit(limits.reads_per_s, limits.read_burst)
        self._stop = Event()
        self._wake = Event()
        self._started_s = time.monotonic()
        self._fault: str | None = None
        self._indexed = -1
        self._threads = [
            Thread(target=self._guarded, args=(work,), name=f"haechi-{name}", daemon=True)
            for name, work in (("index", self._keep), ("mirror", self._visit), ("witness", self._attend))
        ]
        self._declare_metrics()

    def start(self) -> None:
        """Begin the background work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing new, finish what was begun, publish what is durable, close everything."""
        self.node.stopping = True
        self._stop.set()
        self._wake.set()
        ran = [thread for thread in self._threads if thread.ident is not None]
        for thread in ran:
            thread.join()
        for peer in self.peers:
            peer.close()
        self.witnessing.close()
        self.examining.stop()
        size = self.node.store.head().size
        self.node.close()
        if ran:  # a command that only opened the node has its own words
            log_event("node.stopped", size=size)

    def take_write(self, scope: Scope) -> None:
        """One token of the writing rate of whoever sent this request; raises TooMany."""
        self._writes.take(self._clients.of(scope), time.monotonic())

    def take_read(self, scope: Scope) -> None:
        """One token of the reading rate of whoever sent this request; raises TooMany."""
        self._reads.take(self._clients.of(scope), time.monotonic())

    def noticed(self) -> None:
        """Something became durable: index it soon."""
        if not self._wake.is_set():
            self._wake.set()

    def located(self, digest: bytes) -> tuple[Statement, str]:
        """A statement anybody may have and the log it is in, own log first; raises NotFound."""
        for origin, store, _tree in self._logs():
            index = store.index_of(digest)
            raw = None if index is None else store.statement(index)
            if raw is not None:
                return self.node.public(Statement.from_bytes(raw)), origin
        raise NotFound(what_is=Text("statement", "진술"), name=digest.hex())

    def statement(self, digest: bytes) -> Statement:
        """A statement anybody may have, from the own log or a mirror; raises NotFound."""
        return self.located(digest)[0]

    def proof(self, digest: bytes) -> bytes:
        """A tlog-proof from the first log that has the entry; raises NotFound."""
        for origin, store, _tree in self._logs():
            if store.index_of(digest) is not None:
                return self.proof_in(origin, digest)
        raise NotFound(what_is=Text("entry", "항목"), name=digest.hex())

    def proof_in(self, origin: str, digest: bytes) -> bytes:
        """A tlog-proof from one log; raises NotFound. The own log publishes first if it has to."""
        index = self.index_in(origin, digest)
        if origin == self.node.config.origin:
            self.node.publish_up_to(index)
        store, tree = next((store, tree) for name, store, tree in self._logs() if name == origin)
        return tlog_proof(tree, index, self.cosigned(origin).covering(index, store.published()))

    def handovers(self, origin: str) -> Handovers:
        """How a log held here changed its own keys; raises NotFound."""
        if origin != self.node.config.origin:
            return Handovers(handovers=self.peers.of(origin).succession.followed)
        return Handovers.load(self.node.folder / HANDOVERS)

    def cosigned(self, origin: str) -> CosignedHead:
        """The newest cosigned head of a log held here; raises NotFound."""
        own = origin == self.node.config.origin
        return self.witnessing.cosigned if own else self.peers.of(origin).cosigned

    def standing(self, origin: str) -> list[Finding]:
        """Whether the witness policy is met by the newest cosigned checkpoint of a log, and its age."""
        store = self.node.store if origin == self.node.config.origin else self.peers.of(origin).store
        held, published = self.cosigned(origin).get(), store.published()
        note = held.note if held is not None else None if published is None else published.note
        return self.witnessing.standing(note, origin, int(self.node.clock()))

    def witnessed_sizes(self) -> dict[str, int]:
        """Each log held here to the size up to which the quorum saw it, somebody besides its operator."""
        cards = {self.node.config.origin: self.card, **{peer.card.origin: peer.card for peer in self.peers}}
        found: dict[str, int] = {}
        for origin, card in cards.items():
            held = self.cosigned(origin).settled()
            if held is not None and self.witnessing.saw(held, card.witness_keys()):
                found[origin] = held.head.size
        return found

    def index_in(self, origin: str, digest: bytes) -> int:
        """Where an entry stands in one log; raises NotFound."""
        for name, store, _tree in self._logs():
            index = store.index_of(digest) if name == origin else None
            if index is not None:
                return index
        raise NotFound(what_is=Text("entry", "항목"), name=digest.hex())

    def own_receipt(self, statement: Statement, origin: str) -> bytes | None:
        """A fresh receipt when the entry is in this node's own log, else None: only the log can sign one."""
        return self.node.fresh_receipt(statement.digest) if origin == self.node.config.origin else None

    def policy_of(self, origin: str, below: int | None = None) -> Statement | None:
        """The policy of a log held here that was in force at position `below`; the newest without it."""
        own = origin == self.node.config.origin
        if own and (below is None or self.node.policies.index < below):
            return self.node.policies.statement
        store = self.node.store if own else self.peers.of(origin).store
        latest = latest_policy(store, self.node.index, self.node.facts, below)
        return None if latest is None else latest[1]

    def about(self, digest: bytes, limit: int) -> Iterator[tuple[Statement, str]]:
        """What others said about a statement, with the log it was said in; oldest first."""
        self.follow()
        for row in self.node.index.about(digest, limit):
            try:
                yield self.located(row.digest)
            except NotFound:
                continue  # indexed, but its content is not for everybody

    def wanted_blob(self, digest: bytes) -> Wanted | None:
        """The evidence file that a statement of the own log asks for by this digest, if one does."""
        self.follow()
        for evidence in self.node.index.evidence(digest):
            try:
                self.node.statement(evidence.statement)
            except NotFound:
                continue
            return Wanted(evidence.size, evidence.sharing in ENCRYPTED)
        for size, statement in self.node.shared.wanted(digest):
            if self.node.store.index_of(statement) is not None:
                return Wanted(size, encrypted=False, shared=True)
        return None

    def blob(self, digest: bytes) -> Path:
        """An evidence file of a statement that anybody may have, encrypted or open; raises NotFound."""
        self.catch_up()
        for evidence in self.node.index.evidence(digest):
            try:
                self.located(evidence.statement)
            except NotFound:
                continue  # another statement may share the same file with more
            return self.node.blobs.path(digest)
        raise NotFound(what_is=Text("file", "파일"), name=digest.hex())

    def mirror_site(self, name: str) -> TileSite:
        """The tile site of a mirrored log; raises NotFound."""
        return TileSite(self.peers.named(name).store)

    def follow(self) -> None:
        """Bring the index up to the own log's durable head."""
        store = self.node.store
        size = store.head().size
        for since in range(self._indexed, size, _HEARD_AT_ONCE) if self._indexed >= 0 else ():
            until = min(size, since + _HEARD_AT_ONCE)
            self.node.hear(since, until)
            self.node.index.follow(store, until, checked=True)
        if self._indexed < 0:  # nobody tells of what was there before
            self.node.index.follow(store, size, checked=True)
        self._indexed = size

    def catch_up(self) -> None:
        """Let a reader see all that was answered before it asked.

        On a disk that takes no more, what is indexed is still served; `_keep` tells of the trouble.
        """
        with suppress(HaechiError):
            self.follow()

    def settle(self) -> None:
        """Bring the index up, and do what erasures and releases in the own log ask."""
        self.follow()
        self.sharing.settle(self.node.config.origin, self.node.store)

    def metrics_text(self) -> str:
        """Every series of this node for Prometheus."""
        return self.requests.text() + self.metrics.text()

    def takes_statements(self) -> bool:
        """Whether a statement that comes now can become durable here."""
        if self.node.stopping or self.node.sequencer.stopped is not None or self._fault is not None:
            return False
        return self.node.config.cluster is not None or has_room(self.node.folder)

    def health(self) -> dict[str, object]:
        """Whether statements are taken, and the figures an operator looks at first."""
        head = self.node.store.head()
        return {
            "ok": self.takes_statements(),
            "origin": self.node.config.origin,
            "sequencer": self.node.sequencer.leading,
            "size": head.size,
            "uptime_s": round(time.monotonic() - self._started_s, 1),
        }

    def sync(self, peer: Peer, now: int) -> None:
        """One round with one peer: mirror, index, check the signatures, fetch the evidence."""
        began = time.monotonic()
        index, store = self.node.index, peer.store
        with index.following(store) as listener:
            finding = peer.sync(now, self._unless_stopping(listener))
        index.follow(store, store.head().size)
        # In portions, so that stopping never waits for a long check.
        while not self._stop.is_set() and index.check(store, self.node.facts, limit=_CHECKED_AT_ONCE):
            pass
        self.accusations.compare_with(peer)
        self.accusations.exchange()
        try:
            fetch_blobs(peer.client, self.node.blobs, index.files(peer.card.origin), _BLOB_BYTES_A_ROUND)
        except HaechiError as error:
            log_event("mirror.blobs", origin=peer.card.origin, code=error.code)
        if not self._stop.is_set():
            self.sharing.round(peer)
        self.metrics.count("haechi_mirror_rounds_total", origin=peer.card.origin, outcome=finding.code)
        log_event(
            "mirror.round",
            origin=peer.card.origin,
            outcome=finding.code,
            size=store.head().size,
            ms=round((time.monotonic() - began) * 1000),
        )

    def follow_list(self) -> None:
        """Once another list is in use: mirror whom it names too, and go on with its keys of the others.

        A log that cannot be taken holds up no other, and is tried again in the next round.
        """
        listed = self.node.trusting.trust.trust_list
        if listed is self._mirrored_by:
            return
        for peer in self.peers:
            if not self.node.trusting.names(peer.card.origin):
                log_event("mirror.withdrawn", origin=peer.card.origin)
        cards = cards_to_mirror(self.node.pins, listed, self.node.config.origin)
        taken = [self._take(card) for card in cards]
        if all(taken):
            self._mirrored_by = listed

    def vouched(self) -> Iterator[Peer]:
        """Whom to visit: of the others a copy stays, and nothing is added to it under their old keys."""
        return (peer for peer in self.peers if self.node.trusting.names(peer.card.origin))

    def _take(self, card: NodeCard) -> bool:
        """Mirror by this card from now on; False, and told in the node's log, when that cannot be."""
        try:
            if self.peers.take(card):
                log_event("mirror.listed", origin=card.origin)
        except (HaechiError, OSError) as error:
            code = error.code if isinstance(error, HaechiError) else type(error).__name__
            log_event("mirror.list", origin=card.origin, code=code)
            return False
        return True

    def _unless_stopping(self, listener: Callable[[Progress], None]) -> Callable[[Progress], None]:
        def hear(progress: Progress) -> None:
            if self._stop.is_set():
                raise Stopping
            listener(progress)

        return hear

    def _logs(self) -> Iterator[tuple[str, Store, TileTree]]:
        yield self.node.config.origin, self.node.store, self.node.tree
        for peer in self.peers:
            yield peer.card.origin, peer.store, peer.tree

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run one thread to its end; a fault nobody foresaw is told, and the node is no longer well."""
        try:
            work()
        except Exception as fault:  # noqa: BLE001  # the thread's outermost shell: silence would be worse
            self._fault = type(fault).__name__
            log_event("node.fault", work=work.__name__.strip("_"), fault=self._fault)

    def _keep(self) -> None:
        """Bring the index up soon after something became durable."""
        while not self._stop.is_set():
            self._wake.wait(None if self.node.config.cluster is None else _FRONTS_SECONDS)
            self._wake.clear()
            try:
                self.settle()
            except HaechiError as error:
                log_event("index.trouble", code=error.code)
            self._stop.wait(_INDEX_SECONDS)

    def _attend(self) -> None:
        while not self._stop.is_set():
            try:
                for finding in self.witnessing.ask(int(self.node.clock())):
                    log_event("witness.asked", outcome=finding.code, witness=str(finding.facts["witness"]))
                    self.metrics.count("haechi_witness_asked_total", outcome=finding.code)
                self.accusations.exchange()
            except HaechiError as error:
                log_event("witness.trouble", code=error.code)
            self._stop.wait(self.node.config.witness_seconds)

    def _visit(self) -> None:
        while not self._stop.is_set():
            try:
                self.follow_list()
            except HaechiError as error:
                log_event("mirror.list", code=error.code)
            for peer in self.vouched():
                if self._stop.is_set():
                    return
                try:
                    self.sync(peer, int(self.node.clock()))
                except HaechiError as error:
                    log_event("mirror.trouble", origin=peer.card.origin, code=error.code)
            self._stop.wait(self.node.config.mirror_seconds)

    def _declare_metrics(self) -> None:
        metrics = self.metrics
        metrics.counter("haechi_mirror_rounds_total", "Mirror rounds by peer and outcome.")
        metrics.counter("haechi_witness_asked_total", "Answers of witnesses of the own log, by outcome.")
        metrics.gauge("haechi_forked", "1 for a log with two proven histories.", self._forked)
        metrics.gauge(
            "haechi_cosigned_timestamp_seconds", "Newest cosignature on a log held here.", self._cosigned_at
        )
        metrics.gauge("haechi_sequencer", "1 where this process decides the order.", self._leads)
        metrics.gauge("haechi_log_entries", "Durable entries by log.", self._sizes)
        metrics.gauge(
            "haechi_peer_synced_timestamp_seconds", "When a peer was last mirrored well.", self._synced
        )

    def _forked(self) -> dict[Labels, float]:
        frozen = self.witnessing.frozen
        return {(("origin", origin),): float(origin in frozen) for origin, _store, _tree in self._logs()}

    def _cosigned_at(self) -> dict[Labels, float]:
        newest = {
            name: self.witnessing.newest(self.cosigned(name).get()) for name, _store, _tree in self._logs()
        }
        return {(("origin", origin),): at for origin, at in newest.items() if at is not None}

    def _leads(self) -> dict[Labels, float]:
        return {(("origin", self.node.config.origin),): float(self.node.sequencer.leading)}

    def _sizes(self) -> dict[Labels, float]:
        return {(("origin", origin),): store.head().size for origin, store, _tree in self._logs()}

    def _synced(self) -> dict[Labels, float]:
        times = {peer.card.origin: peer.state.synced_at for peer in self.peers}
        return {(("origin", origin),): at for origin, at in times.items() if at is not None}
