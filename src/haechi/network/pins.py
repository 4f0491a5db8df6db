"""Whom the operator trusts, pinned by hand: nodes with their keys, and issuers with theirs.

Nothing is ever learned into the pins from the network: a node's card is taken only together with the
fingerprint that its operator told ours over another channel (a call, a letter, a treaty's annex).

    BadInput
    ├── CardInvalid         a node card that does not have the form, or keys that do not fit its origin
    └── PinsInvalid         a pins file that does not have the form
    Conflict
    ├── FingerprintDiffers  the card is not the one whose fingerprint was told
    └── AlreadyPinned       the origin, issuer or key is pinned already; remove the old pin first
    NotFound
    ├── NodeUnpinned        no pinned node has this origin
    └── IssuerUnpinned      no pinned issuer has this name
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from haechi.errors import BadInput, Conflict, NotFound, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.note import NoteKey
from haechi.misfit import misfit_of
from haechi.network.card import Label, NodeCard, read_json
from haechi.network.durable import write_durably
from haechi.network.trust.keys import ListedKey
from haechi.statement.keys import PublicKey
from haechi.words import Text

MAX_PINS_BYTES = 1 << 20

declare(
    "network.pin",
    Text("Node is the one pinned by hand", "직접 고정한 노드와 같은지 여부"),
    {
        "matches": (
            Verdict.HOLDS,
            Text(
                "{origin} is pinned with fingerprint {fingerprint}",
                "{origin}은(는) 지문 {fingerprint}(으)로 고정되어 있음",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "{origin} shows another card than the pinned one: expected {expected}, got {got}",
                "{origin}이(가) 고정된 것과 다른 카드를 보임: 기대값 {expected}, 받은 값 {got}",
            ),
        ),
        "unpinned": (
            Verdict.UNDECIDED,
            Text(
                "{origin} is not pinned here; its card has fingerprint {got}",
                "{origin}은(는) 여기에 고정되지 않음. 카드 지문은 {got}",
            ),
        ),
    },
)


class PinsInvalid(BadInput):
    """The pins file does not have the form; facts: why."""

    code = "network.pins"
    what = Text("the pins are not valid: {why}", "고정 목록이 올바르지 않습니다: {why}")
    hint = Text(
        "restore pins.json from a copy, or pin the nodes again by fingerprint",
        "pins.json을 사본에서 되살리거나 지문으로 노드를 다시 고정하세요",
    )


class FingerprintDiffers(Conflict):
    """The card's fingerprint is not the one that was told; facts: origin, expected, got."""

    code = "network.fingerprint-differs"
    what = Text(
        "the card of {origin} has another fingerprint: expected {expected}, got {got}",
        "{origin}의 카드 지문이 다릅니다: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text(
        "ask the node's operator for the fingerprint again, not over the network",
        "네트워크가 아닌 다른 경로로 노드 운영자에게 지문을 다시 확인하세요",
    )


class AlreadyPinned(Conflict):
    """The origin, issuer or key is pinned already; facts: what_is, name, by."""

    code = "network.already-pinned"
    what = Text(
        "the {what_is} {name} is pinned already, by {by}",
        "{what_is} {name}은(는) {by}에 이미 고정되어 있습니다",
    )
    hint = Text("remove the old pin first if it is out of use", "더 쓰지 않는다면 기존 고정을 먼저 지우세요")


class NodeUnpinned(NotFound):
    """No pinned node has this origin; facts: what_is, name."""

    code = "network.node-unpinned"
    hint = Text("pin it with its card and fingerprint", "카드와 지문으로 고정하세요")


class IssuerUnpinned(NotFound):
    """No pinned issuer has this name; facts: what_is, name."""

    code = "network.issuer-unpinned"
    hint = Text("pin the issuer's key by its thumbprint", "발행자 키를 지문으로 고정하세요")


class PinnedIssuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issuer and the thumbprints (64 lower-case hex digits) of the keys that speak for it."""

    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    name: Label
    keys: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")], ...],
        msgspec.Meta(min_length=1, max_length=64),
    ]


class Pins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The nodes and issuers that were pinned by hand. Changing them makes new pins; `save` keeps them.

    Always true: an origin is pinned once, an issuer is pinned once, no log or receipt key belongs to two
    nodes, and every key was checked when it was read (strict Ed25519 profile, points on the curve).
    """

    schema: Literal["haechi.pins/1"] = "haechi.pins/1"
    nodes: Annotated[tuple[NodeCard, ...], msgspec.Meta(max_length=256)] = ()
    issuers: Annotated[tuple[PinnedIssuer, ...], msgspec.Meta(max_length=2000)] = ()

    @classmethod
    def from_json(cls, raw: bytes) -> "Pins":
        """The checked pins; raises TooLarge, PinsInvalid, AlreadyPinned, CardInvalid or an error of a key."""
        if len(raw) > MAX_PINS_BYTES:
            raise TooLarge(what_is=Text("pins", "고정 파일"), limit=MAX_PINS_BYTES, got=len(raw))
        try:
            read = msgspec.convert(read_json(raw), cls)
        except ValueError as error:  # msgspec.ValidationError is one
            raise PinsInvalid(why=misfit_of(error)) from error
        pins = cls()
        for card in read.nodes:
            pins = pins.add(card, card.fingerprint())
        for issuer in read.issuers:
            pins = pins.add_issuer(issuer)
        return pins

    @classmethod
    def load(cls, path: Path) -> "Pins":
        """The pins in the file at `path`; nobody is pinned when there is no file. Raises as `from_json`."""
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_PINS_BYTES + 1)
        except FileNotFoundError:
            return cls()
        return cls.from_json(raw)

    def save(self, path: Path) -> None:
        """Replace the file at `path` durably, or leave it as it is; raises DiskRefused, TooLarge."""
        raw = msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"
        if len(raw) > MAX_PINS_BYTES:
            raise TooLarge(what_is=Text("pins", "고정 파일"), limit=MAX_PINS_BYTES, got=len(raw))
        write_durably(path, raw)

    def node(self, origin: str) -> NodeCard:
        """The card pinned for `origin`; raises NodeUnpinned."""
        for card in self.nodes:
            if card.origin == origin:
                return card
        raise NodeUnpinned(what_is=Text("pinned node", "고정된 노드"), name=origin)

    def issuer(self, name: str) -> PinnedIssuer:
        """The pinned issuer of this name; raises IssuerUnpinned."""
        for pinned in self.issuers:
            if pinned.issuer == name:
                return pinned
        raise IssuerUnpinned(what_is=Text("pinned issuer", "고정된 발행자"), name=name)

    def log_keys(self, origin: str, size: int | None = None) -> Sequence[NoteKey]:
        """The keys that must all sign its checkpoints, a `KeyLine` without a size; raises NodeUnpinned."""
        line = self.node(origin).log_keys()
        return line if size is None else line.at(size)

    def receipt_keys(self, origin: str, size: int | None = None) -> list[PublicKey]:
        """The keys of which one must sign a receipt of `origin`; raises NodeUnpinned."""
        return self.node(origin).receipt_keys_at(size)

    def operator(self, origin: str) -> str:
        """The name that the operator of `origin` issues statements under; raises NodeUnpinned."""
        return self.node(origin).issuer

    def speaks_for(self, issuer: str) -> frozenset[bytes]:
        """Thumbprints (32 bytes) of the keys pinned for this issuer: its own pin, and its node's card."""
        pinned = [one for one in self.issuers if one.issuer == issuer]
        prints = {bytes.fromhex(key) for one in pinned for key in one.keys}
        for card in self.nodes:
            if card.issuer == issuer:
                prints.update(key.thumbprint for key in card.issuer_public_keys())
        return frozenset(prints)

    def listed_keys(self, issuer: str) -> tuple[ListedKey, ...]:  # noqa: ARG002  # as in Trust
        """Nothing: a pin has no history, it is removed."""
        return ()

    def add(self, card: NodeCard, fingerprint: str) -> "Pins":
        """These pins with one more node, if its card has the fingerprint that the operator was told.

        fingerprint: 64 hex digits; case and spaces do not matter. Raises FingerprintDiffers, AlreadyPinned,
        CardInvalid, and VkeyMalformed, WeakPublicKey or KeyMalformed for a key we do not take.
        """
        got = card.fingerprint()
        if "".join(fingerprint.split()).lower() != got:
            raise FingerprintDiffers(origin=card.origin, expected=fingerprint, got=got)
        card.check()
        keys = _keys_of(card)
        for other in self.nodes:
            if other.origin == card.origin:
                raise AlreadyPinned(
                    what_is=Text("origin", "오리진"), name=card.origin, by=other.fingerprint()[:16]
                )
            shared = keys & _keys_of(other)
            if shared:
                raise AlreadyPinned(what_is=Text("key", "키"), name=min(shared)[:64], by=other.origin)
        return msgspec.structs.replace(self, nodes=(*self.nodes, card))

    def add_issuer(self, issuer: PinnedIssuer) -> "Pins":
        """These pins with one more issuer; raises AlreadyPinned, also for a key listed twice."""
        if any(pinned.issuer == issuer.issuer for pinned in self.issuers):
            raise AlreadyPinned(
                what_is=Text("issuer", "발행자"), name=issuer.issuer, by=Text("an earlier pin", "앞선 항목")
            )
        if len(set(issuer.keys)) != len(issuer.keys):
            raise AlreadyPinned(what_is=Text("key", "키"), name=issuer.keys[0], by=issuer.issuer)
        return msgspec.structs.replace(self, issuers=(*self.issuers, issuer))

    def without(self, origin: str) -> "Pins":
        """These pins without the node of `origin`; raises NodeUnpinned."""
        gone = self.node(origin)
        return msgspec.structs.replace(self, nodes=tuple(card for card in self.nodes if card is not gone))

    def without_issuer(self, name: str) -> "Pins":
        """These pins without the issuer of this name; raises IssuerUnpinned."""
        gone = self.issuer(name)
        return msgspec.structs.replace(self, issuers=tuple(one for one in self.issuers if one is not gone))

    def check_card(self, card: NodeCard) -> Finding:
        """Whether a card shown by the network is the pinned one. A moved `url` changes nothing."""
        got = card.fingerprint()
        try:
            pinned = self.node(card.origin).fingerprint()
        except NodeUnpinned:
            return found("network.pin.unpinned", origin=card.origin, got=got)
        if pinned != got:
            return found("network.pin.differs", origin=card.origin, expected=pinned, got=got)
        return found("network.pin.matches", origin=card.origin, fingerprint=got)


def _keys_of(card: NodeCard) -> set[str]:
    """What no other node may use. Issuer keys are left out: an issuer may run two nodes."""
    logs = {key.public.hex() for key in [*card.log_keys().every, *card.witness_keys(), *card.mirror_keys()]}
    return logs | {key.raw.hex() for key in card.receipt_keys_at(None)}
