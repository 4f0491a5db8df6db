"""GREEN between nodes: what a node serves to those it lists, fetches from those that list it, and lets go.

Here also: what a release and an erasure do to what is kept. Both are statements in the log first; doing it
again changes nothing, so a node that was killed in between finishes when it starts.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from haechi.errors import BadInput, HaechiError, NotFound
from haechi.findings import Verdict, overall
from haechi.log.store import Store
from haechi.network.answer import PeerLacks, PeerMisbehaved, PeerRefused
from haechi.network.card import encode_key
from haechi.network.client import PeerClient
from haechi.network.lookup import Row
from haechi.network.released import release_of
from haechi.network.shared import MAX_LISTED, SharedShelf
from haechi.network.signed_request import NONCE_BYTES, Asked, Gate, Listed, sign_request
from haechi.network.trust.keys import in_use
from haechi.network.trust.listing import TrustList
from haechi.node.logs import log_event
from haechi.node.peers import Peer
from haechi.node.service import Node
from haechi.statement.claims import claim_of, examine_claim, kind_of
from haechi.statement.envelope import MAX_STATEMENT_BYTES, Sharing, Statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.erasure import Erasure
from haechi.statement.kinds.release import Release
from haechi.words import Text

_MAX_LIST_BYTES = 1 << 20
_PAGE = 1000
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class SharedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One GREEN statement in a list. serial: the serving node's running number; digest: 64 hex digits."""

    serial: int
    digest: str


class SharedList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """GREEN statements of the log `origin`, oldest first; more follow while it is full."""

    origin: str
    statements: tuple[SharedEntry, ...]
    full: bool


class GreenSharing:
    """Always true: GREEN content is handed to a node whose key is listed, and to nobody else; what was
    fetched stands in the log that it is said to stand in, and its bytes have the digest of that entry.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._shelf: SharedShelf = node.shared
        self._list = node.trusting.trust.trust_list
        self._gate = Gate(node.config.origin, _who_may_ask(node, self._list))
        self._done: dict[str, int] = {}

    def admit(self, asked: Asked, now: int) -> str:
        """The origin of the node that asks, by the pins and the trust list in use; raises as Gate.admit."""
        listed = self._node.trusting.trust.trust_list
        if listed is not self._list:
            self._gate.relist(_who_may_ask(self._node, listed))
            self._list = listed
        return self._gate.admit(asked, now)

    def listing(self, after: int) -> SharedList:
        """The own log's GREEN statements above a serial.

        One gets its serial once it stands in the log: who asked in between has not gone past it.
        """
        origin, shelf = self._node.config.origin, self._shelf
        shelf.number([digest for digest in shelf.waiting(origin) if self._logged(digest)])
        rows = shelf.listed(origin, after, MAX_LISTED)
        seen = [row for row in rows if self._logged(row.digest)]
        shelf.set_aside([row for row in rows if row not in seen])
        entries = tuple(SharedEntry(serial=row.serial, digest=row.digest.hex()) for row in seen)
        return SharedList(origin=origin, statements=entries, full=len(rows) == MAX_LISTED)

    def statement(self, digest: bytes) -> bytes:
        """A GREEN statement of the own log; raises NotFound."""
        row = self._shelf.get(digest)
        if row is None or row.origin != self._node.config.origin or not self._logged(digest):
            raise NotFound(what_is=Text("shared statement", "공유된 진술"), name=digest.hex())
        return row.raw

    def _logged(self, digest: bytes) -> bool:
        return self._node.store.index_of(digest) is not None

    def fetch(self, peer: Peer) -> int:
        """Bring over what a peer shares with us; how many statements came. Raises what the client raises."""
        count, full = 0, True
        while full:
            after = self._shelf.cursor(peer.card.origin)
            told = self._listed_by(peer, after)
            for entry in told.statements:
                if not after < entry.serial:
                    raise PeerMisbehaved(url=peer.card.url, why="its list of shared content goes backwards")
                digest = bytes.fromhex(entry.digest)
                if peer.store.index_of(digest) is None:
                    return count  # its log is not mirrored that far yet: asked again after the next round
                after = entry.serial
                count += self._take(peer, digest)
                self._shelf.move(peer.card.origin, after)
            full = told.full and bool(told.statements)
        return count

    def _listed_by(self, peer: Peer, after: int) -> SharedList:
        path = f"/shared?after={after}"
        raw = peer.client.fetch(path, _MAX_LIST_BYTES, headers=self._signer(peer.card.origin))
        try:
            told = msgspec.json.decode(raw, type=SharedList)
        except msgspec.ValidationError as error:
            raise PeerMisbehaved(url=peer.card.url, why=str(error)[:200]) from error
        wrong = told.origin != peer.card.origin or len(told.statements) > MAX_LISTED
        if wrong or not all(_DIGEST.match(entry.digest) for entry in told.statements):
            raise PeerMisbehaved(url=peer.card.url, why="its list of shared statements is not of its log")
        return told

    def _take(self, peer: Peer, digest: bytes) -> int:
        get = partial(peer.client.fetch, headers=self._signer(peer.card.origin))
        try:
            raw = get(f"/shared/statements/{digest.hex()}", MAX_STATEMENT_BYTES)
        except PeerLacks:
            return 0  # erased or released since it was listed
        if hashlib.sha256(raw).digest() != digest:
            raise PeerMisbehaved(url=peer.card.url, why="a shared statement has another digest")
        statement = Statement.from_bytes(raw)
        refs = evidence_in(statement, self._node)
        self._shelf.put(digest, peer.card.origin, raw, refs)
        for ref in refs:
            self._take_file(peer, ref)
        return 1

    def _take_file(self, peer: Peer, ref: EvidenceRef) -> None:
        if ref.size > self._shelf.files.max_bytes or self._shelf.files.has(ref.digest):
            return
        try:
            path, headers = f"/shared/files/{ref.digest.hex()}", self._signer(peer.card.origin)
            with peer.client.stream(path, ref.size, headers=headers) as pieces:
                self._shelf.files.put(ref.digest, ref.size, pieces)
        except (PeerLacks, PeerRefused, BadInput) as error:
            log_event("shared.file", origin=peer.card.origin, code=error.code)

    def _signer(self, origin: str) -> Callable[[str], dict[str, str]]:
        """Headers for one request at a time: a nonce is used once."""

        def headers(target: str) -> dict[str, str]:
            now = int(self._node.clock())
            return sign_request(self._node.keys.requests, target, origin, now, os.urandom(NONCE_BYTES))

        return headers

    def round(self, peer: Peer) -> None:
        """After a mirror round: what the peer shares with us, and what its releases and erasures ask."""
        try:
            count = self.fetch(peer)
            if count:
                log_event("shared.round", origin=peer.card.origin, statements=count)
        except (PeerLacks, PeerRefused):
            pass  # it does not list us, or knows nothing of sharing
        except HaechiError as error:
            log_event("shared.trouble", origin=peer.card.origin, code=error.code)
        self.settle(peer.card.origin, peer.store, peer.client)

    def settle(self, origin: str, store: Store, client: PeerClient | None = None) -> None:
        """Do what the erasures and releases in one log ask, those that are new since the last time.

        client: where to fetch what was released; None for the own log. Raises what the stores raise.
        """
        newest = self._done.get(origin, 0)
        for kind in ("erasure", "release"):
            for row in self._new_rows(kind, origin, self._done.get(origin, 0)):
                index = next(place.index for place in row.places if place.origin == origin)
                raw = store.statement(index)
                if raw is None:
                    continue
                statement = Statement.from_bytes(raw)
                claim = examine_claim(statement, self._node.facts)[1]
                if isinstance(claim, Erasure):
                    self._erase(origin, store, statement, claim)
                elif isinstance(claim, Release):
                    self._release(origin, store, client, statement, claim)
                newest = max(newest, row.serial)
        self._done[origin] = newest

    def _new_rows(self, kind: str, origin: str, after: int) -> Iterator[Row]:
        found: list[Row] = []
        before: int | None = None
        while rows := self._node.index.by_kind(kind, _PAGE, before):
            found += [row for row in rows if row.serial > after and _stands_in(row, origin)]
            before = rows[-1].serial
            if before <= after:
                break
        return iter(found[::-1])

    def _erase(self, origin: str, store: Store, statement: Statement, claim: Erasure) -> None:
        if claim.origin != origin or not self._operates(statement, origin):
            return
        for digest in claim.erased:
            index = store.index_of(digest) if digest == claim.target else None
            if index is not None:
                self._forget_statement(store, index, digest)
            elif digest != claim.target:
                self._node.blobs.erase(digest)
                self._shelf.files.erase(digest)

    def _forget_statement(self, store: Store, index: int, digest: bytes) -> None:
        row = self._node.index.by_digest(digest)
        files = self._files_of(store, index)
        if store.withdraw(index) or (row is not None and row.said is not None):
            self._node.index.refresh(store, index)
        self._shelf.erase(digest)
        for file in files:
            if not self._node.index.evidence(file):  # no other statement rests on it
                self._node.blobs.erase(file)

    def _files_of(self, store: Store, index: int) -> list[bytes]:
        raw = store.statement(index)
        if raw is None:
            return []
        statement = Statement.from_bytes(raw)
        hashed = [] if statement.hash_envelope is None else [statement.payload]
        return [*hashed, *(ref.digest for ref in evidence_in(statement, self._node))]

    def erases(self, row: Row) -> bool:
        """Whether this is an erasure by the operator of a log that it stands in."""
        if row.said is None or row.said.kind != "erasure":
            return False
        operators = {card.origin: card.issuer for card in self._node.pins.nodes}
        operators[self._node.config.origin] = self._node.config.issuer
        return any(operators.get(place.origin) == row.said.issuer for place in row.places)

    def _operates(self, statement: Statement, origin: str) -> bool:
        """Whether the operator of the log signed it, with the key that is pinned for that very log."""
        if origin == self._node.config.origin:
            return statement.about.issuer == self._node.config.issuer and (
                statement.kid == self._node.keys.issuer.public.thumbprint
            )
        card = self._node.pins.node(origin)
        keys = {key.thumbprint for key in card.issuer_public_keys()}
        return statement.about.issuer == card.issuer and statement.kid in keys

    def _release(
        self, origin: str, store: Store, client: PeerClient | None, release: Statement, claim: Release
    ) -> None:
        """GREEN that became CLEAR moves from the shelf to where everybody finds it."""
        index = store.index_of(claim.target)
        if claim.level != Sharing.CLEAR or claim.content_key or claim.signed or index is None:
            return
        row = self._shelf.get(claim.target)
        raw = row.raw if row is not None and row.origin == origin else store.statement(index)
        if raw is None and client is not None:
            raw = client.fetch(f"/statements/{claim.target.hex()}", MAX_STATEMENT_BYTES)
        target = None if raw is None else Statement.from_bytes(raw)
        if target is None or release_of(target, claim, release) is None or not self._holds(target):
            return
        store.keep_statement(index, target.raw)
        self._shelf.release(target.digest, release.digest)
        self._publish_files(target)
        self._node.index.refresh(store, index, checked=True)
        self._node.index.widen(target.digest)
        self._shelf.erase(target.digest)

    def _holds(self, target: Statement) -> bool:
        findings = (target.check_signature(), examine_claim(target, self._node.facts)[0])
        return overall(findings) is Verdict.HOLDS

    def _publish_files(self, target: Statement) -> None:
        for file, size in self._shelf.wishes(target.digest):
            if self._shelf.files.has(file):
                with self._shelf.files.path(file).open("rb") as stream:
                    self._node.blobs.put(file, size, iter(partial(stream.read, 1 << 16), b""))


def evidence_in(statement: Statement, node: Node) -> tuple[EvidenceRef, ...]:
    """The files that a readable claim refers to."""
    try:
        claim = claim_of(statement, node.facts)
        return () if claim is None else kind_of(statement.about.kind).evidence(claim)
    except BadInput:
        return ()


def _who_may_ask(node: Node, known: TrustList) -> list[Listed]:
    """Pinned nodes and those of the list, without the keys that the list says are out of use."""
    ended = {key.key for one in known.nodes for key in one.keys if key.scope == "http" and not in_use(key)}
    cards = [card for card in node.pins.nodes if card.origin != node.config.origin]
    pinned = [Listed(card.origin, key) for card in cards for key in card.request_keys()]
    listed = [Listed(one.origin, key) for one in known.nodes for key in known.http_keys(one.origin)]
    return [one for one in (*pinned, *listed) if encode_key(one.key) not in ended]


def _stands_in(row: Row, origin: str) -> bool:
    return any(place.origin == origin for place in row.places)


__all__ = ["GreenSharing", "SharedEntry", "SharedList", "evidence_in"]
