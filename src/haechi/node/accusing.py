"""Two histories of one log: how a node finds them, says so in its own log, and believes others who say so.

Evidence is a file beside the log's mirror. Whatever finds it puts it there; here it becomes a statement of
this node, and statements of other nodes become files here, after their proof was checked with our own keys.
"""

from collections.abc import Iterator
from threading import Lock

from haechi.errors import BadInput, HaechiError, NotFound
from haechi.findings import Finding, Verdict, found
from haechi.log.checkpoint import examine_checkpoint, read_checkpoint
from haechi.network.accusation import claim_of_fork, fork_of_claim, mark_entry, subject_of_fork
from haechi.network.fork import Begun, Fork
from haechi.node.logs import log_event
from haechi.node.peers import Peer, Peers
from haechi.node.service import Node
from haechi.node.witnessing import Witnessing
from haechi.statement.claims import encode_claim, examine_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.kinds.equivocation import NAME, Equivocation
from haechi.words import Text

_PAGE = 64
_MAX_TOLD = 4  # of one log: more than one pair of heads adds nothing to the first


class Accusations:
    """Always true: what is logged here was proven with the keys that are pinned here."""

    def __init__(self, node: Node, peers: Peers, witnessing: Witnessing) -> None:
        self._node = node
        self._peers = peers
        self._witnessing = witnessing
        self._told: set[tuple[str, str, str]] = set()
        self._heard = 0
        self._exchanging = Lock()

    def confront(self, raw: bytes) -> Finding:
        """Compare a signed checkpoint that somebody holds with what is held here of that log.

        network.mirror.* as Mirror.confront, log.checkpoint.*; raises BadInput for what is no checkpoint, and
        NotFound for a log that is neither the own one nor mirrored here.
        """
        origin = read_checkpoint(raw)[0].origin
        if origin == self._node.config.origin:
            return self._confront_own(raw)
        peer = next((peer for peer in self._peers if peer.card.origin == origin), None)
        if peer is None:
            raise NotFound(what_is=Text("log held here", "여기 있는 로그"), name=origin)
        finding = peer.confront(raw)
        self._witnessing.look_for_forks()
        return finding

    def good_size(self, origin: str) -> int:
        """Up to which size a log is held for good: the newest head that a quorum of witnesses cosigned."""
        cosigned = self._witnessing.cosigned
        if origin != self._node.config.origin:
            peer = next((peer for peer in self._peers if peer.card.origin == origin), None)
            if peer is None:
                return 0
            cosigned = peer.cosigned
        held = cosigned.settled()
        if held is None:
            return 0
        policy, now = self._witnessing.policy, int(self._node.clock())
        quorum = self._witnessing.standing(held.note, origin, now)[0]
        return held.head.size if policy.witnesses and quorum.verdict is Verdict.HOLDS else 0

    def mark(self, origin: str, index: int) -> list[Finding]:
        """What must be said of an entry of a log that signed two histories; nothing for any other log."""
        if not self._witnessing.is_frozen(origin):
            return []
        return [mark_entry(origin, index, self.good_size(origin))]

    def statements(self, origin: str) -> Iterator[tuple[Statement, str]]:
        """What is logged with proof against a log, and in which log; at most one statement of each."""
        if not self._witnessing.is_frozen(origin):
            return
        seen: set[str] = set()
        for row in self._node.index.by_kind(NAME, _PAGE, None):
            for place in row.places:
                own = place.origin == self._node.config.origin
                raw = (self._node.store if own else self._peers.of(place.origin).store).statement(place.index)
                if raw is None or place.origin in seen:
                    continue
                statement = Statement.from_bytes(raw)
                claim = examine_claim(statement, self._node.facts)[1]
                if isinstance(claim, Equivocation) and claim.origin == origin:
                    seen.add(place.origin)
                    yield statement, place.origin

    def compare_with(self, peer: Peer) -> None:
        """Ask a peer what it mirrors of our log and of the others, and compare it with what is held here."""
        own = self._node.config.origin
        raw = _mirrored(peer, own)
        if raw is not None:
            self._confront_own(raw)
            self._witnessing.keep_mirrors(peer.card, raw)
        for other in self._peers:
            if other is not peer and not self._witnessing.is_frozen(other.card.origin):
                raw = _mirrored(peer, other.card.origin)
                if raw is not None:
                    other.confront(raw)

    def exchange(self) -> None:
        """Believe what the logs here say with proof; then log what is proven here and not yet said."""
        with self._exchanging:
            self._hear()
            self._witnessing.look_for_forks()
            for fork in self._proven():
                if self._key(fork) not in self._told:
                    self._tell(fork)

    def _confront_own(self, raw: bytes) -> Finding:
        node, origin = self._node, self._node.config.origin
        finding, opened = examine_checkpoint(raw, self._witnessing.known_keys(origin), origin)
        published = node.store.published()
        if opened is None or published is None:
            return finding
        size, held = opened.checkpoint.size, published.size
        if size > held:
            return found("network.mirror.ahead", size=size, held=held)
        root = node.tree.root(size)
        if root == opened.checkpoint.root:
            return found("network.mirror.agrees", size=size, held=held)
        path = tuple(one.hex() for one in node.tree.consistency(size, held)) if size < held else ()
        begun = Begun(root=root.hex(), path=path) if size < held else None
        keys = self._witnessing.known_keys(origin)
        fork = Fork.of(origin, raw, published.note, begun, keys)
        self._witnessing.accuse(fork)
        evidence = self._witnessing.memory_of(origin).forks()[0].name
        return found("network.mirror.forked", first=size, second=held, evidence=evidence)

    def _proven(self) -> Iterator[Fork]:
        for origin in sorted(self._witnessing.frozen):
            for path in self._witnessing.memory_of(origin).forks()[:_MAX_TOLD]:
                try:
                    fork = Fork.from_json(path.read_bytes())
                except BadInput:
                    continue  # a person put it there; it freezes and proves nothing
                keys = self._witnessing.known_keys(origin)
                if fork.check(keys).code == "network.fork.proven":
                    yield Fork.of(origin, fork.first.encode(), fork.second.encode(), fork.begun, keys)

    def _tell(self, fork: Fork) -> None:
        node = self._node
        claim = claim_of_fork(fork, self.good_size(fork.origin))
        about = About(
            issuer=node.config.issuer,
            subject=subject_of_fork(fork),
            issued_at=int(node.clock()),
            kind=NAME,
        )
        payload = encode_claim(kind_of(NAME), claim, node.facts)
        statement = sign_statement(node.keys.issuer, about, payload)
        node.register(statement.raw)
        self._told.add(self._key(fork))
        log_event("log.fork-told", origin=fork.origin, digest=statement.digest_hex)

    def _hear(self) -> None:
        """Read the statements about two histories that came since the last time, in every log held here."""
        before: int | None = None
        newest = self._heard
        while rows := self._node.index.by_kind(NAME, _PAGE, before):
            for row in rows:
                if row.serial <= self._heard:
                    break
                newest = max(newest, row.serial)
                for place in row.places:
                    self._hear_one(place.origin, place.index)
            before = rows[-1].serial
            if before <= self._heard:
                break
        self._heard = newest

    def _hear_one(self, origin: str, index: int) -> None:
        own = origin == self._node.config.origin
        raw = (self._node.store if own else self._peers.of(origin).store).statement(index)
        if raw is None:
            return
        try:
            claim = examine_claim(Statement.from_bytes(raw), self._node.facts)[1]
            if not isinstance(claim, Equivocation):
                return
            fork = fork_of_claim(claim)
            # Whoever says it: the proof is checked against the keys that we know for the accused log.
            self._witnessing.accuse(fork)
            if own:
                self._told.add(self._key(fork))
        except HaechiError as error:
            log_event("log.fork-unread", origin=origin, code=error.code)

    def _key(self, fork: Fork) -> tuple[str, str, str]:
        """The evidence by what was signed: the same heads signed anew are nothing new."""
        texts = [read_checkpoint(note.encode())[0].text.decode() for note in (fork.first, fork.second)]
        return fork.origin, texts[0], texts[1]


def _mirrored(peer: Peer, origin: str) -> bytes | None:
    """The checkpoint of `origin` that the peer mirrors; None when it has none to show."""
    try:
        return peer.mirrored_by_it(origin)
    except HaechiError:
        return None
