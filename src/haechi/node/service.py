"""What a node can do, without HTTP: take statements in, prove them, hand them out, follow its peers.

Unavailable
└── Stopping          the node is shutting down and takes nothing new
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from haechi.errors import NotFound, Unavailable
from haechi.facts import Facts
from haechi.log.objects import Objects
from haechi.log.proof import TlogProof
from haechi.log.receipt import InclusionProof, ReceiptSigner
from haechi.log.registration import admit
from haechi.log.sequencer import Placed
from haechi.log.store import Entry, Head, Published, Store, Terms, TermsChanged
from haechi.log.tiles import TileTree
from haechi.network.blobs import BlobStore
from haechi.network.bucket import BucketBlobs
from haechi.network.glance import glance_of, said_by
from haechi.network.index import Index
from haechi.network.memory import SignedHead
from haechi.network.pins import Pins
from haechi.network.released import release_of
from haechi.network.shared import SharedShelf
from haechi.network.verify import evidence_of
from haechi.node.config import Config
from haechi.node.keychain import Keychain
from haechi.node.policies import Policies, require_own_erasure, require_own_policy
from haechi.node.soundness import Accepted, SignatureRefused, Sound, require_sound
from haechi.node.telling import heard, tell
from haechi.node.trusting import FILE, NodeTrust
from haechi.statement.envelope import ANYBODY, Sharing, Statement
from haechi.statement.kinds.erasure import Erasure
from haechi.statement.kinds.release import Release
from haechi.words import Text

ADMISSIONS = 3
"""How often a statement is judged anew when the policy changes while it is on its way."""


class Stopping(Unavailable):
    """The node is shutting down; facts: none."""

    code = "node.stopping"
    what = Text("the node is stopping", "노드가 종료 중입니다")
    hint = Text("send it again in a moment; nothing was lost", "잠시 뒤 다시 보내세요. 잃은 것은 없습니다")


class Writer(Protocol):
    """Who gives entries their order: the `Sequencer` of one process, or that of a cluster."""

    @property
    def leading(self) -> bool:
        """Whether this process decides the order."""
        ...

    @property
    def stopped(self) -> str | None:
        """Why no entries are accepted any more; None while they are."""
        ...

    def submit(self, statement: bytes | None, digest: bytes, terms: Terms | None = None) -> "Future[Placed]":
        """Append one entry; the future gives its place, or the error that kept it out."""
        ...

    def send(
        self,
        entry: Entry,
        start: Callable[[], bool],
        answer: Callable[[list[Placed]], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        """`submit` for callers who wait in their own way: exactly one of `answer` and `fail` is called."""

    def expect(self, coming: Callable[[], int]) -> None:
        """How many entries are on their way, for whoever lets a batch wait for them; asked in any thread."""
        ...

    def told(self, since: int, until: int) -> Sequence[bytes]:
        """What the log's other processes read in the entries placed from `since` to `until`; a hint."""
        ...

    def publish(self, now_s: int) -> Published | None:
        """The newest checkpoint, signed and stored first when the log has grown since the last."""

    def close(self) -> None:
        """Accept no more, answer what waits. Closing twice is harmless."""
        ...


@dataclass(kw_only=True, eq=False)
class Node:
    """One node, opened on its data directory.

    Always true: a receipt is made for durable entries only; what not everybody may have is
    not kept beside the log; the pins change by the operator's hand alone.
    """

    folder: Path
    config: Config
    keys: Keychain
    sequencer: Writer
    store: Store
    index: Index
    pins: Pins
    facts: Facts
    shared: SharedShelf
    clock: Callable[[], float]
    close: Callable[[], None]
    stopping: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Make what follows from the parts."""
        self.tree = TileTree(self.store.tree_tile, cache_bytes=self.config.tree_cache_bytes)
        self.blobs = blobs_of(self.folder, self.config)
        self.receipts = ReceiptSigner(self.config.origin, self.keys.receipt)
        self.policies = Policies(self.config.origin, self.facts)
        self.trusting = NodeTrust(self.folder / FILE, self.pins)

    def admit(self, raw: bytes) -> Statement:
        """The statement in `raw` if this log takes it; raises BadInput, NotAdmitted or SignatureRefused.

        Cheap checks come first: size, form, policy; then the signature, then the claim.
        """
        if self.stopping:
            raise Stopping
        statement = Statement.from_bytes(raw)
        admit(self.policies.current, statement)
        claim = require_sound(statement, self.facts)
        if statement.about.kind == "policy":
            require_own_policy(statement, claim, self.config)
        if isinstance(claim, Erasure):
            require_own_erasure(statement, claim, self.config)
        if isinstance(claim, Release):
            self._require_own_release(statement, claim)
        self.index.foresee(statement.digest, *glance_of(statement, claim))
        return statement

    def admit_sound(self, raw: bytes, examined: Sound) -> Accepted:
        """`admit` for a statement that the examiner found to hold; raises TooLarge, NotAdmitted."""
        if self.stopping:
            raise Stopping
        statement = examined.accepted(raw)
        admit(self.policies.current, statement)
        self.index.foresee(statement.digest, said_by(statement.about, statement.kid), examined.refers)
        return statement

    def _require_own_release(self, release: Statement, claim: Release) -> None:
        """Only the issuer of a statement widens it, as far as its bytes are here to tell."""
        index = self.store.index_of(claim.target)
        row = self.shared.get(claim.target)
        raw = row.raw if row is not None else None if index is None else self.store.statement(index)
        if raw is None:
            raw = claim.signed
        target = None if raw is None else Statement.from_bytes(raw)
        if target is not None and release_of(target, claim, release) is None:
            why = Text("not its issuer's, or not wider", "발행자의 것이 아니거나 더 넓지 않음")
            raise SignatureRefused(why=why)

    def shelve(self, statement: Statement) -> None:
        """Keep a GREEN statement apart, durably, before it enters the log; nothing for other levels."""
        if statement.about.sharing is Sharing.GREEN:
            refs = evidence_of(statement, self.facts)
            self.shared.put(statement.digest, self.config.origin, statement.raw, refs)

    def submit(self, statement: Statement, under: int) -> "Future[Placed]":
        """Queue an admitted statement; the future ends when it is durable, or with what went wrong."""
        entry = self.entry(statement, under)
        return self.sequencer.submit(entry.statement, entry.digest, entry.terms)

    def entry(self, statement: Statement | Accepted, under: int) -> Entry:
        """What a statement admitted by the policy at index `under` becomes in the log."""
        # What is not for everybody is not kept beside the log at all: absence, not a filter (TLP 2.0).
        body = statement.raw if statement.about.sharing in ANYBODY else None
        terms = Terms(under, statement.about.kind == "policy")
        if body is None or self.config.cluster is None:
            return Entry(statement.digest, body, terms)
        foreseen = self.index.foreseen(statement.digest)
        said = None if foreseen is None else tell(statement.digest, *foreseen)
        return Entry(statement.digest, body, terms, said)

    def hear(self, since: int, until: int) -> None:
        """Foresee what other fronts read in the entries of [since, until). Raises StoreFailed."""
        for each in heard(self.sequencer.told(since, until)):
            self.index.foresee(*each)

    def register(self, raw: bytes) -> tuple[Statement, bytes]:
        """Admit, wait until durable, and return the statement with its receipt."""
        for attempt in range(ADMISSIONS):
            under = self.policies.index  # before admission: a newer policy in between must be noticed
            statement = self.admit(raw)
            self.shelve(statement)
            try:
                placed = self.submit(statement, under).result()
            except TermsChanged:
                if attempt == ADMISSIONS - 1:
                    raise
                continue
            self.registered(statement, placed)
            return statement, self.receipt(statement, placed)
        raise TermsChanged

    def registered(self, statement: Statement, placed: Placed) -> None:
        """Take note of a durable statement that changes how the node behaves."""
        if statement.about.kind == "policy":
            self.policies.take(statement, placed.index)

    def receipt(self, statement: Statement | Accepted, placed: Placed) -> bytes:
        """A receipt under the head that the entry was placed in."""
        return self._receipt(statement.about.subject, placed.index, placed.head)

    def fresh_receipt(self, digest: bytes) -> bytes:
        """A receipt under the newest durable head; raises NotFound."""
        index = self.index_of(digest)
        statement = self.statement(digest)
        return self._receipt(statement.about.subject, index, self.store.head())

    def index_of(self, digest: bytes) -> int:
        """Where an entry stands in this node's own log; raises NotFound."""
        index = self.store.index_of(digest)
        if index is None:
            raise NotFound(what_is=Text("entry", "항목"), name=digest.hex())
        return index

    def statement(self, digest: bytes) -> Statement:
        """A statement of the own log that anybody may have; raises NotFound."""
        raw = self.store.statement(self.index_of(digest))
        if raw is None:
            raise NotFound(what_is=Text("statement", "진술"), name=digest.hex())
        return self.public(Statement.from_bytes(raw))

    def public(self, statement: Statement) -> Statement:
        """The statement if anybody may have its bytes; raises NotFound otherwise, as if it were not there."""
        if statement.about.sharing not in ANYBODY and not self.shared.is_released(statement.digest):
            raise NotFound(what_is=Text("statement", "진술"), name=statement.digest_hex)
        return statement

    def publish_up_to(self, index: int) -> None:
        """Have a checkpoint that covers the entry at once, if the disk allows, rather than in a moment."""
        published = self.store.published()
        if published is None or index >= published.size:
            with suppress(Unavailable):
                self.sequencer.publish(int(self.clock()))

    def _receipt(self, subject: str, index: int, head: Head) -> bytes:
        path = tuple(self.tree.inclusion(index, head.size))
        return self.receipts.inclusion(InclusionProof(head.size, index, path), head.root, subject)


def blobs_of(folder: Path, config: Config) -> BlobStore:
    """Where this node keeps evidence files: its own folder, or a bucket with the folder as a cache."""
    where, most = config.objects, config.limits.blob_bytes
    if where is None:
        return BlobStore(folder / "blobs", max_bytes=most)
    objects = Objects(where.bucket, where.prefix, where.endpoint, where.region)
    return BucketBlobs(folder / "blobs", objects, max_bytes=most)


def tlog_proof(tree: TileTree, index: int, published: Published | SignedHead | None) -> bytes:
    """The C2SP proof of one entry under a signed checkpoint; raises NotFound if that does not cover it."""
    size = published.head.size if isinstance(published, SignedHead) else published.size if published else 0
    if published is None or index >= size:
        raise NotFound(what_is=Text("checkpoint", "체크포인트"), name=f"one that covers entry {index}")
    path = tuple(tree.inclusion(index, size))
    return TlogProof(index=index, path=path, checkpoint=published.note).encode()
