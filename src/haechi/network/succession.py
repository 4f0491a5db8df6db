"""A log changes its own keys, and whoever knew the old ones can follow without asking anybody.

    BadInput
    └── HandoversMalformed    not a list of handovers
    Refused
    └── HandoverRefused       a handover that the known keys do not vouch for

A handover is a `key_event` that names the new keys, signed by the operator's issuer key, and a proof that it
is in the log: the last entry of a checkpoint that the old keys signed, and the new ones too. So two thefts
are needed to take a log over: of its checkpoint keys and of its operator's issuer key. From the next entry
on the new keys must sign, and the old ones no longer count.
"""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from haechi.errors import BadInput, HaechiError, Refused, TooLarge
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.checkpoint import check_checkpoint, read_checkpoint
from haechi.log.keyline import KeyLine
from haechi.log.merkle import check_inclusion, leaf_hash
from haechi.log.note import NoteKey, SignatureType
from haechi.log.proof import TlogProof
from haechi.misfit import misfit_of
from haechi.network.card import MAX_CHANGES, MAX_HANDOVERS_BYTES, FormerKeys, NodeCard, encode_key
from haechi.network.durable import write_durably
from haechi.network.sections import Trust
from haechi.network.trust.keys import ListedKey
from haechi.statement.claims import examine_claim
from haechi.statement.envelope import Statement
from haechi.statement.keys import PublicKey, key_from_cose
from haechi.statement.kinds.key_event import KeyEvent
from haechi.words import Text

FILE = "handovers.json"
_MAX_EVENTS = 16

declare(
    "network.handover",
    Text("Log changed its keys", "로그가 키를 바꿨는지 여부"),
    {
        "followed": (
            Verdict.HOLDS,
            Text(
                "{origin}: the old keys sign up to {until} entries, and vouch for the new ones after that",
                "{origin}: 항목 {until}개까지는 옛 키, 그 뒤로는 새 키가 서명함. 옛 키가 이를 보증함",
            ),
        ),
        "refused": (Verdict.FAILS, Text("{why}", "{why}")),
    },
)


class HandoversMalformed(BadInput):
    """Not a list of handovers; facts: why."""

    code = "network.handovers"
    what = Text("not a list of handovers: {why}", "키 인계 목록이 아닙니다: {why}")
    hint = Text("ask the log's node for it again", "로그의 노드에 다시 요청하세요")


class HandoverRefused(Refused):
    """Nobody who is known vouches for the new keys; facts: origin, why."""

    code = "network.handover-refused"
    what = Text(
        "the change of keys of {origin} does not hold: {why}",
        "{origin}의 키 변경이 성립하지 않습니다: {why}",
    )
    hint = Text(
        "ask the operator over another channel; pin the new card only with a fingerprint told there",
        "다른 경로로 운영자에게 확인하고, 그때 들은 지문으로만 새 카드를 고정하세요",
    )


class Proven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key event (base64 of its signed bytes) and the tlog-proof of it."""

    statement: Annotated[str, msgspec.Meta(max_length=128 * 1024)]
    proof: Annotated[str, msgspec.Meta(max_length=192 * 1024)]

    @classmethod
    def of(cls, statement: Statement, proof: bytes) -> "Proven":
        """Both as they are kept."""
        return cls(statement=base64.b64encode(statement.raw).decode(), proof=proof.decode())

    def raw(self) -> tuple[bytes, bytes]:
        """The statement's bytes and the proof's; raises HandoversMalformed."""
        try:
            return base64.b64decode(self.statement, validate=True), self.proof.encode()
        except (binascii.Error, ValueError) as error:
            raise HandoversMalformed(why="not base64") from error


class Handover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change. former: the keys that it ended.

    events: the last one names the new keys, those before say how the issuer key that signed it came into use.
    """

    former: FormerKeys
    events: Annotated[tuple[Proven, ...], msgspec.Meta(min_length=1, max_length=_MAX_EVENTS)]


class Handovers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every change of a log's keys, oldest first, with nothing verified."""

    schema: Literal["haechi.handovers/1"] = "haechi.handovers/1"
    handovers: Annotated[tuple[Handover, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()

    @classmethod
    def from_json(cls, raw: bytes) -> "Handovers":
        """The list in `raw`; raises TooLarge, HandoversMalformed."""
        if len(raw) > MAX_HANDOVERS_BYTES:
            raise TooLarge(what_is=Text("handovers", "키 인계 목록"), limit=MAX_HANDOVERS_BYTES, got=len(raw))
        try:
            return msgspec.json.decode(raw, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HandoversMalformed(why=misfit_of(error)) from error

    @classmethod
    def load(cls, path: Path) -> "Handovers":
        """The list in a file; empty where there is none. Raises as `from_json`."""
        try:
            with path.open("rb") as file:
                return cls.from_json(file.read(MAX_HANDOVERS_BYTES + 1))
        except FileNotFoundError:
            return cls()

    def to_json(self) -> bytes:
        """The list as it is kept and served."""
        return msgspec.json.encode(self)

    @property
    def former(self) -> tuple[FormerKeys, ...]:
        """The keys before each change, as the node's own card tells them."""
        return tuple(one.former for one in self.handovers)


class Change(NamedTuple):
    """A verified change: until that size the old keys sign, then these (vkeys, COSE keys in base64)."""

    origin: str
    until: int
    vkeys: tuple[str, ...]
    receipt_keys: tuple[str, ...]

    @property
    def finding(self) -> Finding:
        """That it was followed."""
        return found("network.handover.followed", origin=self.origin, until=self.until)


class Follower:
    """Follows one log through its changes of keys.

    Always true: who signed for a change was known to speak for the operator, by the reader or by an earlier
    event, and the keys that went out of use signed the checkpoint that the change is in.
    """

    def __init__(
        self,
        origin: str,
        operator: str,
        known: Collection[bytes],
        keys: Callable[[int], Sequence[NoteKey]],
    ) -> None:
        """known: thumbprints of the operator's issuer keys; keys: the log's at a size, as known until now."""
        self._origin = origin
        self._operator = operator
        self._known = set(known)
        self._keys = keys

    def take(self, statement: Statement, proof: TlogProof, facts: Facts) -> Change | None:
        """What the event changes; None when it enrols an issuer key. Raises HandoverRefused.

        The caller makes `keys` answer by it before the next event is taken.
        """
        claim = examine_claim(statement, facts)[1]
        if not isinstance(claim, KeyEvent) or claim.event != "enrol":
            raise self._refused("it enrols no key", "키 등록이 아님")
        self._require_voice(statement, claim)
        size = self._require_proven(statement, proof)
        new = [entry for entry in claim.keys if entry.scope == "checkpoint"]
        self._known.update(
            key_from_cose(entry.cose_key).thumbprint for entry in claim.keys if entry.scope == "statement"
        )
        if not new:
            return None
        if size != proof.index + 1:
            raise self._refused("its checkpoint has later entries", "체크포인트에 뒤 항목이 더 있음")
        vkeys = tuple(entry.vkey or "" for entry in new)
        self._require_new(vkeys, proof.checkpoint, size)
        receipts = [key_from_cose(entry.cose_key) for entry in claim.keys if entry.scope == "receipt"]
        if not receipts:
            raise self._refused("it names no receipt key", "영수증 키가 없음")
        return Change(self._origin, size, vkeys, tuple(encode_key(key) for key in receipts))

    def _require_voice(self, statement: Statement, event: KeyEvent) -> None:
        if {statement.about.issuer, event.owner} != {self._operator} or event.origin != self._origin:
            raise self._refused("it is not the operator's", "운영자의 것이 아님")
        if statement.kid not in self._known:
            raise self._refused("its signer is not known", "서명자를 알 수 없음")
        signed = statement.check_signature()
        if signed.verdict is not Verdict.HOLDS:
            raise self._refused(signed.say("en"), signed.say("ko"))

    def _require_proven(self, statement: Statement, proof: TlogProof) -> int:
        """The size of the checkpoint, once the old keys signed it and the event is in it."""
        size = read_checkpoint(proof.checkpoint)[0].size  # which keys must have signed depends on it
        finding, checkpoint = check_checkpoint(proof.checkpoint, self._keys(size), self._origin)
        if checkpoint is None:
            raise self._refused(finding.say("en"), finding.say("ko"))
        leaf = leaf_hash(statement.digest)
        included = check_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
        if included.verdict is not Verdict.HOLDS:
            raise self._refused(included.say("en"), included.say("ko"))
        return checkpoint.size

    def _require_new(self, vkeys: tuple[str, ...], note: bytes, size: int) -> None:
        """Whoever hands over to keys must show that somebody holds them: they sign the same checkpoint."""
        keys = [NoteKey.parse(vkey) for vkey in vkeys]
        if not any(key.type is SignatureType.ED25519 for key in keys):
            raise self._refused("a log needs an Ed25519 key", "Ed25519 키가 있어야 함")
        if {key.name for key in keys} != {self._origin} or set(keys) & set(self._keys(size)):
            raise self._refused("the new keys are not the log's own", "새 키가 이 로그의 것이 아님")
        finding, checkpoint = check_checkpoint(note, keys, self._origin)
        if checkpoint is None:
            raise self._refused(finding.say("en"), finding.say("ko"))

    def _refused(self, en: str, ko: str) -> HandoverRefused:
        return HandoverRefused(origin=self._origin, why=Text(en, ko))


class Succession:
    """The card of a log's node as its log carried it on, from the one that was pinned or listed.

    Always true: every step was verified with the keys before it, and is on the disk before it counts.
    """

    def __init__(self, card: NodeCard, folder: Path, facts: Facts) -> None:
        """folder: where what was learned is kept. Raises HandoversMalformed, TooLarge for a damaged file."""
        self.card = card
        self._path = folder / FILE
        self._facts = facts
        self.followed: tuple[Handover, ...] = ()
        self._take(Handovers.load(self._path))

    @property
    def keys(self) -> KeyLine:
        """The log's keys by size."""
        return self.card.log_keys()

    def raw(self) -> bytes:
        """What was followed, for others to follow."""
        return Handovers(handovers=self.followed).to_json()

    def is_strange(self, note: bytes) -> bool:
        """Whether a key of the log's name signed this that is not known here: its keys may have changed."""
        try:
            lines = read_checkpoint(note)[1].lines
        except BadInput:
            return False
        known = {key.key_id for key in self.keys.every}
        return any(line.name == self.card.origin and line.key_id not in known for line in lines)

    def learn(self, raw: bytes) -> None:
        """Follow what is new in a list that was served. Raises BadInput, HandoverRefused, DiskRefused."""
        before, card = self.followed, self.card
        try:
            self._take(Handovers.from_json(raw))
            if self.followed != before:
                write_durably(self._path, self.raw())
        except BaseException:
            self.followed, self.card = before, card
            raise

    def begin(self, card: NodeCard) -> None:
        """Go on from this card, and follow what its log handed over from there. Raises as making one does."""
        fresh = Succession(card, self._path.parent, self._facts)
        self.card, self.followed = fresh.card, fresh.followed

    def _take(self, told: Handovers) -> None:
        for one in told.handovers:
            here = FormerKeys(
                vkeys=self.card.vkeys, receipt_keys=self.card.receipt_keys, until=one.former.until
            )
            if one.former != here:
                continue  # before the card's own time, or of another line
            self.card = self._after(one)
            self.followed = (*self.followed, one)

    def _after(self, one: Handover) -> NodeCard:
        known = {key.thumbprint for key in self.card.issuer_public_keys()}
        follower = Follower(self.card.origin, self.card.issuer, known, self.keys.at)
        change: Change | None = None
        for event in one.events:
            statement, proof = event.raw()
            change = follower.take(Statement.from_bytes(statement), TlogProof.parse(proof), self._facts)
        if change is None or change.until != one.former.until:
            raise HandoverRefused(
                origin=self.card.origin, why=Text("it names no new keys", "새 키를 적지 않음")
            )
        return self.card.handed_over(change.vkeys, change.receipt_keys, change.until)


class Handed:
    """A reader's trust, and the changes of log keys that a bundle proves under it.

    Where the reader's own pins or list say something about the keys after a change, that counts.
    """

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._changes: list[Change] = []
        self._by: dict[bytes, Change] = {}
        self._followers: dict[str, Follower] = {}

    def follow(self, proven: Iterable[tuple[Statement, TlogProof]], facts: Facts) -> None:
        """Take the key events of a bundle, in the order of their logs; what changes no log keys is left."""
        for statement, proof in sorted(proven, key=lambda one: one[1].index):
            change = self._take(origin_in(proof.checkpoint), statement, proof, facts)
            if change is not None:
                self._changes.append(change)
                self._by[statement.digest] = change

    def changed_by(self, statement: Statement) -> list[Finding]:
        """What must be said of an event that was followed; nothing for any other."""
        change = self._by.get(statement.digest)
        return [] if change is None else [change.finding]

    def _take(self, origin: str, statement: Statement, proof: TlogProof, facts: Facts) -> Change | None:
        try:
            if origin not in self._followers:
                operator = self._trust.operator(origin)
                known = self._trust.speaks_for(operator)
                self._followers[origin] = Follower(
                    origin, operator, known, lambda size: self.log_keys(origin, size)
                )
            return self._followers[origin].take(statement, proof, facts)
        except HaechiError:
            return None  # it is an event like any other, and is judged as one

    def log_keys(self, origin: str, size: int | None = None) -> Sequence[NoteKey]:
        """See Trust."""
        keys = self._trust.log_keys(origin, size)
        change = self._last(origin, size)
        if change is None or list(keys) != list(self._trust.log_keys(origin, change.until)):
            return keys
        return [NoteKey.parse(vkey) for vkey in change.vkeys]

    def receipt_keys(self, origin: str, size: int | None = None) -> Sequence[PublicKey]:
        """See Trust."""
        keys = list(self._trust.receipt_keys(origin, size))
        last = self._last(origin, None if size is None else size + 1)
        if last is None:
            return keys
        told = [key for text in last.receipt_keys for key in [_public(text)] if key not in keys]
        return [*keys, *told] if size is None or size == last.until else told or keys

    def operator(self, origin: str) -> str:
        """See Trust."""
        return self._trust.operator(origin)

    def speaks_for(self, issuer: str) -> Collection[bytes]:
        """See Trust."""
        return self._trust.speaks_for(issuer)

    def listed_keys(self, issuer: str) -> Sequence[ListedKey]:
        """See Trust."""
        return self._trust.listed_keys(issuer)

    def _last(self, origin: str, size: int | None) -> Change | None:
        told = [one for one in self._changes if one.origin == origin and (size is None or size > one.until)]
        return max(told, key=lambda one: one.until, default=None)


def origin_in(note: bytes) -> str:
    """The log that a checkpoint names, unverified."""
    return note.partition(b"\n")[0].decode(errors="replace")


def _public(text: str) -> PublicKey:
    return PublicKey.from_cose(base64.b64decode(text))
