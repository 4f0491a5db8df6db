"""What a node does as a witness of other logs, and what it has other witnesses do for its own.

Publishing waits for none of it: the log's newest checkpoint is out at once, its cosignatures follow.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from haechi.errors import HaechiError, NotFound
from haechi.findings import Finding, Verdict
from haechi.log.checkpoint import examine_checkpoint, read_checkpoint
from haechi.log.note import LineInvalid, Note, NoteKey, NoteLine
from haechi.log.quorum import WitnessPolicy, check_fresh, check_quorum, cosigners
from haechi.log.store import Published
from haechi.network.add_checkpoint import OldSizeDiffers
from haechi.network.answer import Answer
from haechi.network.asking import MAX_LINES_BYTES, WitnessAsker
from haechi.network.card import NodeCard
from haechi.network.client import Limits, PeerClient
from haechi.network.cosigned import CosignedHead, merged
from haechi.network.fork import Fork
from haechi.network.memory import Memory, SignedHead, signed_head
from haechi.network.witness import Witness
from haechi.network.witness_store import SqliteWitnessStore
from haechi.network.witnesses import witness_url
from haechi.node.config import Config
from haechi.node.logs import log_event
from haechi.node.peers import Peers, mirror_name
from haechi.node.service import Node
from haechi.node.shared import database_of
from haechi.node.witness_policy import NodePolicy
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.witness_database import SharedWitnessStore

REFRESH_S = 6 * 3600
_AT_ONCE = 4
_PATIENCE = Limits(stall_s=5.0, total_s=10.0, attempts=1)


class HttpDoor:
    """A witness over HTTP. url: its submission prefix."""

    def __init__(self, url: str) -> None:
        self._client = PeerClient(url, _PATIENCE)

    def add_checkpoint(self, body: bytes, /) -> Answer:
        """See haechi.network.asking.Submission."""
        return self._client.post_any("/add-checkpoint", body, "text/plain", MAX_LINES_BYTES)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class OwnDoor:
    """The node's own witness, asked without a network: its memory outlives a restored log."""

    def __init__(self, witness: Witness, clock: Callable[[], float]) -> None:
        self._witness = witness
        self._clock = clock

    def add_checkpoint(self, body: bytes, /) -> Answer:
        """See haechi.network.asking.Submission."""
        try:
            return Answer(200, "text/plain", "", self._witness.add_checkpoint(body, int(self._clock())))
        except OldSizeDiffers as error:
            return Answer(409, "text/x.tlog.size", "", f"{error.facts['expected']}\n".encode())
        except HaechiError as error:
            status = 422 if error.code == "network.inconsistent" else 403
            return Answer(status, "text/plain", "", error.say("en").encode())


class Witnessing:
    """The witness of a node, its policy, and the cosignatures on its own log.

    Always true: what `cosigned` holds was signed by the own log and verified against the policy's keys.
    """

    def __init__(self, node: Node, card: NodeCard, peers: Peers, policy: NodePolicy) -> None:
        self._node = node
        self._card = card
        self._peers = peers
        self._policy = policy
        self.cosigned = CosignedHead(node.folder / "log", policy.is_met_by)
        self.last: dict[str, Finding] = {}
        self._frozen: frozenset[str] = frozenset()
        self._round = Lock()
        origin = node.config.origin
        self._store = _witness_store(node.config)
        self.witness = Witness(
            node.keys.witness_signers(origin), self.log_keys, self._store, self.accuse, self.is_frozen
        )
        self._doors: dict[str, HttpDoor] = {}
        self._asked_by = self.policy
        self._askers = self._make_askers(self._asked_by)
        self.look_for_forks()

    @property
    def policy(self) -> WitnessPolicy:
        """Whose cosignatures count, by the trust list in use."""
        return self._policy.now()

    def close(self) -> None:
        """Close connections and the witness's file."""
        for door in self._doors.values():
            door.close()
        self._store.close()

    def log_keys(self, origin: str) -> Sequence[NoteKey]:
        """The keys of a log that is witnessed here: the own one, a pinned node's, or one of the policy."""
        if not self.witness.keys:
            return ()
        if origin == self._node.config.origin or self._node.trusting.names(origin):
            return self.known_keys(origin)
        return self._keys_by_policy(origin)  # nobody vouches any more for what is known of it

    def known_keys(self, origin: str) -> Sequence[NoteKey]:
        """The keys of a log that is known here; empty for any other."""
        if origin == self._node.config.origin:
            return self._card.log_keys()
        with suppress(NotFound):
            return self._peers.of(origin).succession.keys
        try:
            return self._node.pins.log_keys(origin)
        except NotFound:
            return self._keys_by_policy(origin)

    def _keys_by_policy(self, origin: str) -> list[NoteKey]:
        return [log.key for log in self.policy.logs if log.key.name == origin]

    def memory_of(self, origin: str) -> Memory:
        """Where evidence about a log is kept: beside its mirror, or in a folder of its own."""
        folder = self._node.folder / "mirrors" / mirror_name(origin)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Memory(folder)

    def is_frozen(self, origin: str) -> bool:
        """Whether two histories of the log are proven here."""
        return origin in self._frozen

    @property
    def frozen(self) -> frozenset[str]:
        """The logs whose two histories are proven here."""
        return self._frozen

    def look_for_forks(self) -> None:
        """Notice evidence that was put into the folders, and that a person has taken away."""
        origins = [self._node.config.origin, *(peer.card.origin for peer in self._peers)]
        origins += [log.key.name for log in self.policy.logs]
        frozen: set[str] = set()
        for origin in origins:
            folder = self._node.folder / "mirrors" / mirror_name(origin)
            if folder.is_dir() and Memory(folder).forks():
                frozen.add(origin)
        self._frozen = frozenset(frozen)

    def evidence(self, name: str) -> bytes:
        """The evidence file against a log, by the hex SHA-256 of its name; raises NotFound."""
        for origin in self._frozen:
            if mirror_name(origin) == name:
                for path in self.memory_of(origin).forks():
                    return path.read_bytes()
        raise NotFound(what_is=Text("evidence", "증거"), name=name[:64])

    def accuse(self, fork: Fork) -> bool:
        """Keep the evidence if the log's known keys signed both heads; whether it is proven and new."""
        finding = fork.check(self.known_keys(fork.origin))
        if finding.code != "network.fork.proven":
            return False
        memory = self.memory_of(fork.origin)
        before = memory.forks()
        path = memory.keep_fork(fork)
        if path in before:
            return False
        self._frozen |= {fork.origin}
        log_event("log.forked", origin=fork.origin, evidence=path.name)
        return True

    def ask(self, now: int) -> list[Finding]:
        """Have the newest checkpoint cosigned by every witness that has not done so lately."""
        with self._round:
            published = self._node.store.published()
            if published is None:
                return []
            self._ask_by(self.policy)
            note = read_checkpoint(published.note)[1]
            due = [asker for asker in self._askers if self._is_due(asker, note, published.note, now)]
            if not due:
                return []
            head = signed_head(published.note)
            prove = self._node.tree.consistency
            with ThreadPoolExecutor(min(_AT_ONCE, len(due)), "witness") as pool:
                waiting = [pool.submit(asker.ask, head, prove) for asker in due]
            asked = [one.result() for one in waiting]
            self.last.update({asker.name: one.finding for asker, one in zip(due, asked, strict=True)})
            self._keep(published, [line for one in asked for line in one.lines])
            return [one.finding for one in asked]

    def keep_mirrors(self, peer: NodeCard, raw: bytes) -> None:
        """Take the peer's mirror cosignature on our newest checkpoint; what does not fit is left."""
        published = self._node.store.published()
        finding, opened = examine_checkpoint(raw, self._card.log_keys(), self._node.config.origin)
        if published is None or opened is None or finding.verdict is not Verdict.HOLDS:
            return
        head = signed_head(published.note).head
        if (opened.checkpoint.size, opened.checkpoint.root) != head:
            return
        try:
            signed = cosigners(opened.note, opened.checkpoint, peer.mirror_keys(), int(self._node.clock()))
        except LineInvalid:
            return
        named = {(one.key.name, one.key.key_id) for one in signed}
        self._keep(published, [line for line in opened.note.lines if (line.name, line.key_id) in named])

    def standing(self, note: bytes | None, origin: str, now: int) -> list[Finding]:
        """Whether the policy is met by a log's newest cosigned checkpoint, and whether that is recent."""
        if note is None:
            return [check_fresh(origin, None, now)]
        checkpoint, opened = read_checkpoint(note)
        quorum, signed = check_quorum(opened, checkpoint, self.policy, now)
        newest = max((one.time_s for one in signed), default=None)
        return [quorum, check_fresh(origin, newest, now)]

    def saw(self, held: SignedHead, own: Sequence[NoteKey]) -> bool:
        """Whether a cosigned head has the quorum, with somebody besides its operator (keys: `own`)."""
        head, note = read_checkpoint(held.note)
        quorum, signed = check_quorum(note, head, self.policy, int(self._node.clock()))
        return quorum.code == "log.quorum.met" and any(one.key not in own for one in signed)

    def newest(self, held: SignedHead | None) -> int | None:
        """The newest time (Unix seconds) at which a known witness cosigned a head."""
        if held is None:
            return None
        head, note = read_checkpoint(held.note)
        try:
            times = [one.time_s for one in cosigners(note, head, self.policy.keys + self.witness.keys)]
        except LineInvalid:
            return None
        return max(times, default=None)

    def _is_due(self, asker: WitnessAsker, newest: Note, raw: bytes, now: int) -> bool:
        held = self.cosigned.get()
        note, head = newest, read_checkpoint(raw)[0]
        if held is not None and held.head.size == head.size:
            note = read_checkpoint(held.note)[1]
        try:
            signed = cosigners(note, head, asker.keys, now)
        except LineInvalid:
            return True
        return max((one.time_s for one in signed), default=0) < now - REFRESH_S

    def _keep(self, published: Published, lines: Sequence[NoteLine]) -> None:
        if not lines:
            return
        note = read_checkpoint(published.note)[1]
        held = self.cosigned.get()
        if held is not None and held.head.size == published.size:
            note = merged(note, read_checkpoint(held.note)[1].lines, self._card.log_keys())
        raw = merged(note, lines, self._card.log_keys()).encode()
        self.cosigned.put(SignedHead(signed_head(raw).head, raw))
        if self._node.config.cluster is None:
            self._node.store.publish(Published(published.size, raw, published.at))

    def _ask_by(self, policy: WitnessPolicy) -> None:
        """Ask the witnesses of this policy from now on; what each has seen is learned from its answers."""
        if policy is not self._asked_by:
            self._asked_by, self._askers = policy, self._make_askers(policy)

    def _make_askers(self, policy: WitnessPolicy) -> list[WitnessAsker]:
        """One asker a witness: the own one, the pinned nodes, and those that the policy gives an address."""
        askers: list[WitnessAsker] = []
        if self.witness.keys:
            own = OwnDoor(self.witness, self._node.clock)
            askers.append(WitnessAsker(self._card.origin, self.witness.keys, own))
        by_url: dict[str, tuple[str, list[NoteKey]]] = {}
        for card in self._node.pins.nodes:
            if card.url and card.witness_vkeys and card.origin != self._card.origin:
                by_url[witness_url(card)] = (card.origin, card.witness_keys())
        for line in policy.witnesses:
            if line.url and line.url not in by_url and line.key not in self.witness.keys:
                by_url[line.url] = (line.key.name, [])
            if line.url and line.key not in by_url.get(line.url, ("", [line.key]))[1]:
                by_url[line.url][1].append(line.key)
        for url, (name, keys) in by_url.items():
            if url not in self._doors:
                self._doors[url] = HttpDoor(url)
            askers.append(WitnessAsker(name, keys, self._doors[url]))
        return askers


def witness_file(config: Config) -> Path:
    """Where this process remembers what it cosigned."""
    return config.heads() / f"witness-{mirror_name(config.origin)[:16]}.db"


def _witness_store(config: Config) -> "SqliteWitnessStore | SharedWitnessStore":
    """What this process cosigned last; of several fronts, what any of them did. Raises StoreFailed."""
    own = SqliteWitnessStore(witness_file(config))
    if config.cluster is None:
        return own
    from haechi.network.witness_database import SharedWitnessStore  # its driver is an extra

    try:
        return SharedWitnessStore(database_of(config.cluster), own)
    except BaseException:
        own.close()
        raise
