"""A node's card: its name, its address and its keys, as it shows them at `/node.json`.

    BadInput
    └── CardInvalid     a card that does not have the form, or whose keys do not fit its origin

The fingerprint covers everything but the address, so a node may move without being pinned again.
"""

import base64
import binascii
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, cast

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.log.keyline import KeyLine, Span
from haechi.log.note import NoteKey, SignatureType
from haechi.misfit import misfit_of
from haechi.statement import cbor
from haechi.statement.keys import PublicKey
from haechi.statement.kinds.key_event import Role
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.seal_keys import Recipient

MAX_CARD_BYTES = 64 * 1024
MAX_HANDOVERS_BYTES = 2 << 20
MAX_CHANGES = 8  # of a log's keys; with more the card has no room for them
_HTTP = ("https://", "http://")

_Vkey = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
_CoseKey = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
_Origin = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*$", max_length=200),
]


class CardInvalid(BadInput):
    """Not an acceptable node card; facts: why."""

    code = "network.card"
    what = Text("the node card is not valid: {why}", "노드 카드가 올바르지 않습니다: {why}")
    hint = Text("ask the node's operator for its node.json", "노드 운영자에게 node.json을 요청하세요")


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name in both languages."""

    en: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    ko: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class FormerKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log's keys before a change. until: the largest checkpoint (in entries) that they alone sign."""

    vkeys: Annotated[tuple[_Vkey, ...], msgspec.Meta(min_length=1, max_length=8)]
    receipt_keys: Annotated[tuple[_CoseKey, ...], msgspec.Meta(min_length=1, max_length=8)]
    until: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]

    def log_keys(self) -> list[NoteKey]:
        """The keys that signed its checkpoints then."""
        return [_note_key(vkey) for vkey in self.vkeys]

    def receipt_public_keys(self) -> list[PublicKey]:
        """The keys that signed its receipts then."""
        return [_key(text) for text in self.receipt_keys]


class NodeCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node and its keys. From outside it is made by `from_json` only, so its keys were checked.

    origin: name of its log; url: where it answers, may be empty; vkeys: every key that signs its
    checkpoints, all named as the origin; receipt_keys, issuer_keys: COSE keys in base64; issuer: the name
    it issues statements under; http_keys: what it signs requests with; encryption_keys: what content for this
    node is encrypted to; witness_vkeys, mirror_vkeys: the keys that it cosigns the logs of others with;
    former: the log's keys before each change of them, oldest first.
    """

    schema: Literal["haechi.node/1"] = "haechi.node/1"
    origin: _Origin
    name: Label
    role: Role
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    url: Annotated[str, msgspec.Meta(max_length=512)]
    vkeys: Annotated[tuple[_Vkey, ...], msgspec.Meta(min_length=1, max_length=8)]
    receipt_keys: Annotated[tuple[_CoseKey, ...], msgspec.Meta(min_length=1, max_length=8)]
    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    issuer_keys: Annotated[tuple[_CoseKey, ...], msgspec.Meta(max_length=16)]
    http_keys: Annotated[tuple[_CoseKey, ...], msgspec.Meta(max_length=4)] = ()
    encryption_keys: Annotated[tuple[_CoseKey, ...], msgspec.Meta(max_length=4)] = ()
    witness_vkeys: Annotated[tuple[_Vkey, ...], msgspec.Meta(max_length=8)] = ()
    mirror_vkeys: Annotated[tuple[_Vkey, ...], msgspec.Meta(max_length=8)] = ()
    former: Annotated[tuple[FormerKeys, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()

    @classmethod
    def from_json(cls, raw: bytes) -> "NodeCard":
        """The checked card; raises TooLarge, CardInvalid, VkeyMalformed, WeakPublicKey or KeyMalformed."""
        if len(raw) > MAX_CARD_BYTES:
            raise TooLarge(what_is=Text("node card", "노드 카드"), limit=MAX_CARD_BYTES, got=len(raw))
        try:
            card = msgspec.convert(read_json(raw), cls)
        except ValueError as error:  # msgspec.ValidationError is one
            raise CardInvalid(why=misfit_of(error)) from error
        card.check()
        return card

    def to_json(self) -> bytes:
        """The card as it is served and handed over."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def check(self) -> None:
        """Raise CardInvalid or the error of a key unless names, address and all keys are acceptable."""
        if self.url and not self.url.startswith(_HTTP):
            raise CardInvalid(why="the url must begin with https:// or http://")
        for text in (self.name.en, self.name.ko, self.url, self.issuer):
            if not (text.isprintable()):
                raise CardInvalid(why="names and url must be printable")
        keys = [*self.log_keys(), *(key for one in self.former for key in one.log_keys())]
        if any(key.name != self.origin for key in keys):
            raise CardInvalid(why="every vkey must be named as the origin")
        for line in (self.log_keys(), *(one.log_keys() for one in self.former)):
            if not any(key.type is SignatureType.ED25519 for key in line):
                raise CardInvalid(why="a log needs an Ed25519 key")
        until = [one.until for one in self.former]
        if sorted(set(until)) != until:
            raise CardInvalid(why="the former keys are out of order")
        cosigners = self.witness_keys() + self.mirror_keys()
        if any(key.name == self.origin or key.type is SignatureType.ED25519 for key in cosigners):
            raise CardInvalid(why="witness and mirror keys have names of their own and are of type 4 or 6")
        raws = [key.public for key in keys + cosigners]
        raws += [key.raw for key in self.receipt_public_keys()]
        raws += [key.raw for one in self.former for key in one.receipt_public_keys()]
        self.recipients()
        self.request_keys()
        issuers = [key.raw for key in self.issuer_public_keys()]
        if len(set(raws)) != len(raws) or len(set(issuers)) != len(issuers):
            raise CardInvalid(why="a key is listed twice")

    def fingerprint(self) -> str:
        """64 hex digits that people compare: SHA-256 over the canonical CBOR of all fields but `url`."""
        fields = cast("dict[str, object]", msgspec.to_builtins(self))
        del fields["url"]
        # A card from before there were such keys keeps its fingerprint.
        for later in ("http_keys", "encryption_keys", "witness_vkeys", "mirror_vkeys", "former"):
            if not fields[later]:
                del fields[later]
        return hashlib.sha256(cbor.encode(fields)).hexdigest()

    def log_keys(self) -> KeyLine:
        """The keys that sign its checkpoints, and those that did before."""
        former = [Span(tuple(one.log_keys()), one.until) for one in self.former]
        return KeyLine([_note_key(vkey) for vkey in self.vkeys], former)

    def witness_keys(self) -> list[NoteKey]:
        """The keys by which it says that it saw a log grow."""
        return [_note_key(vkey) for vkey in self.witness_vkeys]

    def mirror_keys(self) -> list[NoteKey]:
        """The keys by which it says that it holds all of a log."""
        return [_note_key(vkey) for vkey in self.mirror_vkeys]

    def receipt_public_keys(self) -> list[PublicKey]:
        """The keys that sign its receipts."""
        return [_key(text) for text in self.receipt_keys]

    def receipt_keys_at(self, size: int | None) -> list[PublicKey]:
        """The keys of which one must sign a receipt under a head of `size` entries; None: all that ever did.

        The head under which keys change may have been signed for by either.
        """
        told: list[PublicKey] = []
        since = 0
        for one in self.former:
            if size is None or since <= size <= one.until:
                told += one.receipt_public_keys()
            since = one.until
        return [*self.receipt_public_keys(), *told] if size is None or size >= since else told

    def handed_over(self, vkeys: tuple[str, ...], receipt_keys: tuple[str, ...], until: int) -> "NodeCard":
        """The card after the log changed its keys at `until` entries; raises as `check`."""
        before = FormerKeys(vkeys=self.vkeys, receipt_keys=self.receipt_keys, until=until)
        card = msgspec.structs.replace(
            self, vkeys=vkeys, receipt_keys=receipt_keys, former=(*self.former, before)
        )
        if len(card.former) > MAX_CHANGES:
            raise CardInvalid(why=f"more than {MAX_CHANGES} changes of keys")
        card.check()
        return card

    def issuer_public_keys(self) -> list[PublicKey]:
        """The keys that sign statements under its issuer name."""
        return [_key(text) for text in self.issuer_keys]

    def request_keys(self) -> list[PublicKey]:
        """The keys that sign its requests; those of its statements when it has none for that alone."""
        return [_key(text) for text in self.http_keys] or self.issuer_public_keys()

    def recipients(self) -> "list[Recipient]":
        """The keys that content for this node is encrypted to."""
        from haechi.statement.seal_keys import Recipient  # few need encryption

        return [Recipient.from_cose(_from_base64(text)) for text in self.encryption_keys]


def encode_key(key: PublicKey) -> str:
    """A public key as cards carry it: its COSE key in base64."""
    return base64.b64encode(key.cose_key).decode()


# Remembered: a reader's pins are asked for the same few keys with every statement.
@lru_cache(maxsize=1024)
def _note_key(vkey: str) -> NoteKey:
    return NoteKey.parse(vkey)


@lru_cache(maxsize=1024)
def _key(text: str) -> PublicKey:
    return PublicKey.from_cose(_from_base64(text))


def _from_base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CardInvalid(why=f"not base64: {text[:40]!r}") from error
    if base64.b64encode(raw).decode() != text:
        raise CardInvalid(why=f"not canonical base64: {text[:40]!r}")
    return raw


_T = TypeVar("_T")


def read_json(raw: bytes) -> object:
    """The value in strict JSON; a name given twice in one object raises ValueError, as all looseness does.

    msgspec would silently take the last of two, so two readers could see two cards in the same bytes.
    """

    def once(pairs: list[tuple[str, _T]]) -> dict[str, _T]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise ValueError("a name is given twice in one object")
        return fields

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(raw.decode(), object_pairs_hook=once, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
