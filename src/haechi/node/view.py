"""What the pages see of a node: the `Source` of one request, read from its log, mirrors and index."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from haechi.answers import Engine
from haechi.errors import NotFound
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, overall
from haechi.log.checkpoint import read_checkpoint
from haechi.log.note import NoteKey
from haechi.log.proof import TlogProof, check_tlog_proof
from haechi.log.quorum import check_quorum
from haechi.log.receipt import check_receipt
from haechi.log.registration import check_registration
from haechi.log.store import Store
from haechi.network.keyhistory import KeyHistory
from haechi.network.keyhistory import Place as At
from haechi.network.lookup import Row
from haechi.network.trust.listing import SIZE
from haechi.network.verify import check_issuer
from haechi.node.keyevents import key_events_of
from haechi.node.pages.source import (
    Card,
    Count,
    Found,
    Issuer,
    IssuerKey,
    Listed,
    Log,
    Peer,
    Place,
    Sealed,
    Standing,
    Voucher,
    Where,
    Withheld,
)
from haechi.node.peers import Peer as MirroredPeer
from haechi.node.peers import mirror_name
from haechi.node.runner import Runner
from haechi.node.trusting import expired, history_of
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.key_event import ROLE, KeyEvent
from haechi.statement.kinds.policy import Policy
from haechi.statement.kinds.supersede import Supersede
from haechi.words import Text

_MAX_LATER = 256


class View:
    """One request's view. Only what anybody may have passes, encrypted or open; the rest is `Sealed`."""

    def __init__(self, runner: Runner) -> None:
        self._open = ExitStack()
        self._engine: Engine | None = None
        self._runner = runner
        self._node = runner.node
        self._index = runner.node.index

    def close(self) -> None:
        """The request is over: what it held is let go."""
        self._open.close()

    def engine(self) -> Engine:
        """What the statements held here can serve for; held until the request is over."""
        if self._engine is None:
            self._engine = self._open.enter_context(self._runner.counting.open())
        return self._engine

    def card(self) -> Card:
        """Whose node this is."""
        config = self._node.config
        return Card(
            config.origin,
            Text(config.name_en, config.name_ko),
            config.role,
            config.country,
            self._runner.card.url.rstrip("/"),
            config.issuer,
        )

    def facts(self) -> Facts:
        """The facts that claims are read with."""
        return self._node.facts

    def log(self, origin: str | None = None) -> Log | None:
        """The node's own log, or the mirror of `origin`."""
        if origin is None or origin == self._node.config.origin:
            keys = self._runner.card.log_keys()
            return self._log(self._node.store, "own", keys, "/log")
        peer = self._peer(origin)
        if peer is None:
            return None
        return self._log(peer.store, "mirror", peer.card.log_keys(), f"/mirrors/{mirror_name(origin)}")

    def entries(self, origin: str, before: int | None, limit: int) -> Sequence[Found | Sealed]:
        """Entries of one log below `before`, newest first."""
        return [self._held(row) for row in self._index.entries(origin, before, limit)]

    def latest(self, limit: int) -> Sequence[Found]:
        """Statements of all logs here, newest first."""
        return list(self._found(self._index.recent(limit, None)))

    def statement(self, digest: bytes) -> Found | Sealed | None:
        """The statement whose digest this is, if any log here has it."""
        row = self._index.by_digest(digest)
        if row is None:
            self._runner.follow()
            row = self._index.by_digest(digest)
        return None if row is None else self._held(row)

    def checks(self, found: Found) -> Mapping[str, Sequence[Finding]]:
        """For each log that has it: inclusion, receipt and checkpoint, checked just now; then the key."""
        return {place.origin: self._checks_in(found.statement, place) for place in found.places}

    def about(self, digest: bytes, limit: int) -> Sequence[Found]:
        """Statements that name this digest, oldest first."""
        return list(self._found(self._index.about(digest, limit)))

    def has_blob(self, digest: bytes) -> bool:
        """Whether the file is here for anybody."""
        try:
            self._runner.blob(digest)
        except NotFound:
            return False
        return True

    def issuer(self, name: str) -> Issuer | None:
        """What is known of an issuer here: its keys by policies and pins, and how much it said."""
        keys = list(self._issuer_keys(name))
        counted = self._index.issuer_count(name)
        listed = self._listed(name)
        if not keys and not counted and listed is None:
            return None
        return Issuer(name, self._issuer_name(name), tuple(keys), counted, listed)

    def statements_of(self, issuer: str, before: int | None, limit: int) -> Sequence[Found]:
        """The issuer's statements, newest first."""
        return list(self._found(self._index.by_issuer(issuer, limit, before)))

    def peers(self) -> Sequence[Peer]:
        """Every pinned node and how far it is mirrored."""
        return [_peer(peer) for peer in self._runner.peers]

    def counts(self) -> Mapping[str, Count]:
        """How many statements of each kind are held."""
        return {kind: Count(count.own, count.mirrored) for kind, count in self._index.counts().items()}

    def _log(self, store: Store, where: Where, keys: Sequence[NoteKey], path: str) -> Log:
        head, published, origin = store.head(), store.published(), store.origin
        forked = self._runner.witnessing.is_frozen(origin)
        return Log(
            origin=origin,
            where=where,
            size=head.size,
            root=head.root,
            checkpoint="" if published is None else published.note.decode(),
            published_at=None if published is None else published.at,
            vkeys=tuple(key.vkey for key in keys),
            path=path,
            witnessing=tuple(self._runner.standing(origin)),
            forked=f"/equivocations/{mirror_name(origin)}" if forked else None,
        )

    def _peer(self, origin: str) -> MirroredPeer | None:
        return next((peer for peer in self._runner.peers if peer.card.origin == origin), None)

    def _found(self, rows: Sequence[Row]) -> Iterator[Found]:
        for row in rows:
            held = self._held(row)
            if isinstance(held, Found):
                yield held

    def _held(self, row: Row) -> Found | Sealed:
        places = tuple(self._place(place.origin, place.index) for place in row.places)
        try:
            statement = self._runner.statement(row.digest)
        except NotFound:
            return Sealed(row.digest, places, self._why(row.digest))
        released = self._node.shared.is_released(row.digest)
        return Found(statement, row.serial, places, self._standing(statement), released)

    def _why(self, digest: bytes) -> Withheld:
        """Why the bytes of an entry are not shown."""
        if any(self._runner.sharing.erases(row) for row in self._index.about(digest, _MAX_LATER)):
            return "erased"
        return "absent" if self._node.shared.get(digest) is None else "shared"

    def _place(self, origin: str, index: int) -> Place:
        where: Where = "own" if origin == self._node.config.origin else "mirror"
        return Place(origin, index, where, receipt=where == "own")

    def _standing(self, statement: Statement) -> Standing:
        """What later statements did; only the same issuer withdraws or replaces, with a key that counts."""
        own: dict[str, bytes] = {}
        others: dict[str, set[str]] = {"confirm": set(), "dispute": set()}
        for row in self._index.about(statement.digest, _MAX_LATER):
            said = row.said
            if said is None:
                continue
            if said.kind in others:
                others[said.kind].add(said.issuer)
            ends = said.kind in ("withdraw", "supersede") and said.issuer == statement.about.issuer
            if ends and said.kind not in own and self._same_voice(row, same_key=said.kid == statement.kid):
                own[said.kind] = row.digest
        newer = own.get("supersede")
        superseded_by = newer if newer is not None and self._replaces(newer, statement.digest) else None
        return Standing(own.get("withdraw"), superseded_by, len(others["confirm"]), len(others["dispute"]))

    def _same_voice(self, row: Row, *, same_key: bool) -> bool:
        """As for a bundle: another key of the issuer needs all checks, the same must not be out of use."""
        try:
            other = self._runner.statement(row.digest)
        except NotFound:
            return False
        places = (self._place(place.origin, place.index) for place in row.places)
        checks = [finding for place in places for finding in self._checks_in(other, place)]
        if not same_key:
            told = [one for one in checks if one.check != "log.quorum"]  # it is said, witnessed or not
            return overall([other.check_signature(), *told]) is Verdict.HOLDS
        return not any(one.check == "network.key" and one.verdict is Verdict.FAILS for one in checks)

    def _replaces(self, supersede: bytes, digest: bytes) -> bool:
        """Whether the supersede statement replaces `digest`; it names its new statement as well."""
        claim = claim_of(self._runner.statement(supersede), self._node.facts)
        return isinstance(claim, Supersede) and claim.old == digest

    def _checks_in(self, statement: Statement, place: Place) -> list[Finding]:
        findings: list[Finding] = []
        if place.where == "own":
            key = self._node.keys.receipt.public
            receipt = self._node.fresh_receipt(statement.digest)
            findings.append(check_receipt(receipt, statement.digest, statement.about.subject, [key]))
        findings += self._proof_checks(statement, place.origin)
        findings += self._key_checks(statement, place)
        findings += self._runner.accusations.mark(place.origin, place.index)
        return findings

    def _proof_checks(self, statement: Statement, origin: str) -> list[Finding]:
        try:
            proof = self._runner.proof_in(origin, statement.digest)
        except NotFound:
            return []  # durable, but no checkpoint covers it yet
        checks = check_tlog_proof(proof, statement.digest, self._keys_of(origin), origin)
        head, note = read_checkpoint(TlogProof.parse(proof).checkpoint)
        policy, now = self._runner.witnessing.policy, int(self._node.clock())
        return [*checks, check_quorum(note, head, policy, now)[0]]

    def _keys_of(self, origin: str) -> Sequence[NoteKey]:
        if origin == self._node.config.origin:
            return self._runner.card.log_keys()
        peer = self._peer(origin)
        return [] if peer is None else peer.card.log_keys()

    def _key_checks(self, statement: Statement, place: Place) -> list[Finding]:
        """Known by pin or list, else by the policy in force at that place; and whether it was in use."""
        known = check_issuer(statement, self._node.trusting.trust)
        history = self._key_history(statement, place)
        if known.verdict is Verdict.FAILS:
            known = history.enrolled(statement) or known
        if known.verdict is Verdict.FAILS:
            return [known]
        if known.verdict is Verdict.UNDECIDED:
            policy = self._runner.policy_of(place.origin, place.index)
            known = check_registration(statement, policy, None if policy is None else self._terms(policy))
        used = history.check(statement, At(place.origin, place.index))
        return [known] if used is None else [known, used]

    def _key_history(self, statement: Statement, place: Place) -> KeyHistory:
        """What the place's log says of this issuer's keys; it took each event by the policy of its day."""
        trust = self._node.trusting.trust
        history = KeyHistory(trust)
        for event, origin in key_events_of(self._runner, place.origin, statement.about.issuer):
            claim = claim_of(event, self._node.facts)
            stranger = check_issuer(event, trust).verdict is Verdict.FAILS and history.enrolled(event) is None
            if isinstance(claim, KeyEvent) and not stranger:
                history.take(At(origin, self._runner.index_in(origin, event.digest)), event, claim)
        return history

    def _terms(self, policy: Statement) -> Policy | None:
        claim = claim_of(policy, self._node.facts)
        return claim if isinstance(claim, Policy) else None

    def _listed(self, name: str) -> Listed | None:
        verified = self._node.trusting.verified
        one = self._node.trusting.trust.organisation(name)
        if verified is None or one is None:
            return None
        label = verified.trust_list.name
        return Listed(
            network=Text(label.en, label.ko),
            version=verified.targets.version,
            expires=verified.expires.date().isoformat(),
            expired=expired(verified, self._node.clock()),
            role=SIZE[one.size] if one.size else ROLE[one.role],
            country=one.country,
            parties=one.parties,
            logs=tuple(node.origin for node in verified.trust_list.nodes if node.operator == name),
        )

    def _issuer_name(self, name: str) -> Text | None:
        one = self._node.trusting.trust.organisation(name)
        if one is not None:
            return Text(one.name.en, one.name.ko)
        for pinned in self._node.pins.issuers:
            if pinned.issuer == name:
                return Text(pinned.name.en, pinned.name.ko)
        for card in (self._runner.card, *self._node.pins.nodes):
            if card.issuer == name:
                return Text(card.name.en, card.name.ko)
        return None

    def _issuer_keys(self, name: str) -> Iterator[IssuerKey]:
        vouchers: dict[bytes, list[Voucher]] = {}
        kinds: dict[bytes, set[str]] = {}
        for thumbprint in self._node.pins.speaks_for(name):
            vouchers.setdefault(thumbprint, []).append(Voucher(None, None))
            kinds.setdefault(thumbprint, set()).add("*")
        for key in self._node.trusting.trust.listed_keys(name):
            thumbprint = key.public().thumbprint
            vouchers.setdefault(thumbprint, []).append(Voucher(None, None, history_of(key)))
            kinds.setdefault(thumbprint, set()).update(key.kinds)
        for origin in (self._node.config.origin, *(peer.card.origin for peer in self._runner.peers)):
            policy = self._runner.policy_of(origin)
            terms = None if policy is None else self._terms(policy)
            if policy is None or terms is None:
                continue
            index = self._runner.index_in(origin, policy.digest)
            voucher = Voucher(policy.digest, self._place(origin, index))
            for grant in terms.grants:
                for thumbprint in grant.keys if grant.issuer == name else ():
                    vouchers.setdefault(thumbprint, []).append(voucher)
                    kinds.setdefault(thumbprint, set()).update(grant.kinds)
        for thumbprint, reasons in vouchers.items():
            yield IssuerKey(thumbprint, None, tuple(sorted(kinds[thumbprint])), tuple(reasons))


def _peer(peer: MirroredPeer) -> Peer:
    card, head = peer.card, peer.store.head()
    return Peer(
        origin=card.origin,
        name=Text(card.name.en, card.name.ko),
        role=card.role,
        country=card.country,
        url=card.url,
        size=head.size,
        root=head.root,
        seen=peer.mirror.seen(),
        synced_at=peer.state.synced_at,
        last=peer.state.last,
        frozen=peer.mirror.frozen(),
    )
