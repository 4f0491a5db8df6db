"""The trust list itself, as its signers agreed on it: organisations, logs, witnesses and mirrors, with keys.

    BadInput
    └── ListInvalid       not of this form, or one key for two duties, or a name twice
    NotFound
    └── Unlisted          no such log, organisation, witness or mirror in the list
    Conflict
    └── HistoryCut        a newer version leaves out what an older one says

Who signed it, and whether it is the newest, is the business of the metadata around it (`metadata.py`).
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from haechi.errors import Conflict, NotFound, TooLarge
from haechi.log.note import NoteKey
from haechi.misfit import misfit_of
from haechi.network.card import Label, read_json
from haechi.network.trust.keys import (
    KeyStatus,
    ListedKey,
    ListInvalid,
    Origin,
    Standing,
    in_use,
    public_keys,
)
from haechi.statement.keys import PublicKey
from haechi.statement.kinds.key_event import Role
from haechi.statement.seal_keys import Recipient
from haechi.words import Text

MAX_LIST_BYTES = 8 << 20
FILE = "nodes.json"
Issuer = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[!-~]+(?![\s\S])")]
_Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(?![\s\S])")]
_Url = Annotated[str, msgspec.Meta(max_length=512, pattern=r"^(https?://[!-~]+)?(?![\s\S])")]
_Keys = Annotated[tuple[ListedKey, ...], msgspec.Meta(max_length=64)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[!-*,-~]+(?![\s\S])")]
Size = Literal["large", "sme", "startup"]
SIZE: dict[Size, Text] = {
    "large": Text("large company", "대기업"),
    "sme": Text("small or medium-sized company", "중소기업"),
    "startup": Text("start-up", "스타트업"),
}
_ORGANISATION_SCOPES = frozenset({"statement"})
_NODE_SCOPES = frozenset({"checkpoint", "receipt", "http", "encryption"})


class Unlisted(NotFound):
    """Not in the trust list; facts: what_is, name."""

    code = "network.trust.unlisted"
    hint = Text(
        "ask the list's signers to add it, or pin it by hand",
        "목록 서명자에게 추가를 요청하거나 직접 고정하세요",
    )


class HistoryCut(Conflict):
    """A newer version leaves out what an older one says; facts: what_is, name."""

    code = "network.trust.history-cut"
    what = Text(
        "the newer list leaves out the {what_is} {name}", "새 목록에 {what_is} {name}이(가) 빠져 있습니다"
    )
    hint = Text(
        "nothing is taken out of a trust list: retire or revoke the keys instead",
        "신뢰 목록에서는 아무것도 지우지 않습니다. 대신 키를 종료하거나 철회하세요",
    )


class Organisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who issues statements. issuer: the name in its statements; size: of a company, no other has one.

    parties: identifiers in the facts (countries, companies) that it speaks for; keys: of scope `statement`.
    """

    issuer: Issuer
    name: Label
    role: Role
    country: _Country
    size: Size | None = None
    parties: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}(?![\s\S])")], ...],
        msgspec.Meta(max_length=32),
    ] = ()
    keys: _Keys = ()


class ListedNode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log and the node that keeps it. operator: an organisation of the list; url: where the node answers.

    keys: of scope `checkpoint`, `receipt`, `http` (message signatures) and `encryption`; mirrors: addresses
    where copies of the log can be read besides.
    """

    origin: Origin
    name: Label
    operator: Issuer
    url: _Url = ""
    mirrors: Annotated[tuple[_Url, ...], msgspec.Meta(max_length=32)] = ()
    keys: _Keys = ()


class Cosigner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A witness or a mirror: it signs the checkpoints of other logs under its own name."""

    name: _Name
    duty: Literal["witness", "mirror"]
    operator: Issuer
    url: _Url = ""
    keys: _Keys = ()


class TrustList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of the list. From outside it is made by `from_json` only, so every key was checked.

    Always true: names are listed once; every operator is an organisation of the list; a key has one duty and
    one owner; a statement key belongs to one organisation.
    """

    schema: Literal["haechi.trust/1"] = "haechi.trust/1"
    name: Label
    organisations: Annotated[tuple[Organisation, ...], msgspec.Meta(max_length=20_000)] = ()
    nodes: Annotated[tuple[ListedNode, ...], msgspec.Meta(max_length=1000)] = ()
    cosigners: Annotated[tuple[Cosigner, ...], msgspec.Meta(max_length=1000)] = ()

    @classmethod
    def from_json(cls, raw: bytes) -> "TrustList":
        """The checked list; raises TooLarge, ListInvalid, KeyMalformed, VkeyMalformed or WeakPublicKey."""
        if len(raw) > MAX_LIST_BYTES:
            raise TooLarge(what_is=Text("trust list", "신뢰 목록"), limit=MAX_LIST_BYTES, got=len(raw))
        try:
            listed = msgspec.convert(read_json(raw), cls)
        except ValueError as error:  # msgspec.ValidationError is one
            raise ListInvalid(why=misfit_of(error)) from error
        listed.check()
        return listed

    def to_json(self) -> bytes:
        """The bytes that are signed: one way to write each list."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def digest(self) -> bytes:
        """SHA-256 of `to_json`, 32 bytes."""
        return hashlib.sha256(self.to_json()).digest()

    def check(self) -> None:
        """Raise ListInvalid, or the error of a key, unless the list keeps what `TrustList` promises."""
        _once("organisation", [one.issuer for one in self.organisations])
        _once("log", [one.origin for one in self.nodes])
        _once("cosigner", [one.name for one in self.cosigners])
        _check_organisations(self.organisations)
        issuers = {one.issuer for one in self.organisations}
        for one in (*self.nodes, *self.cosigners):
            if one.operator not in issuers:
                raise ListInvalid(
                    why=Text(
                        f"{one.operator} is no organisation of the list",
                        f"{one.operator}은(는) 목록에 없는 기관임",
                    )
                )
        for node in self.nodes:
            _check_node(node)
        for cosigner in self.cosigners:
            _check_cosigner(cosigner)
        _check_keys(self)

    def organisation(self, issuer: str) -> Organisation:
        """The organisation that issues statements under this name; raises Unlisted."""
        for one in self.organisations:
            if one.issuer == issuer:
                return one
        raise Unlisted(what_is=Text("listed organisation", "목록의 기관"), name=issuer)

    def node(self, origin: str) -> ListedNode:
        """The node that keeps the log of this name; raises Unlisted."""
        for one in self.nodes:
            if one.origin == origin:
                return one
        raise Unlisted(what_is=Text("listed log", "목록의 로그"), name=origin)

    def cosigner(self, name: str) -> Cosigner:
        """The witness or mirror of this name; raises Unlisted."""
        for one in self.cosigners:
            if one.name == name:
                return one
        raise Unlisted(what_is=Text("listed witness or mirror", "목록의 입회자나 미러"), name=name)

    def log_keys(self, origin: str, size: int | None = None) -> list[NoteKey]:
        """The keys that must all sign a checkpoint of `size` entries; without a size, the newest one.

        Empty when none was good at that size. Raises Unlisted.
        """
        at = (1 << 53) if size is None else max(0, size - 1)
        keys = self._node_keys(origin, "checkpoint")
        return [key.note_key() for key in keys if key.standing(origin, at) is Standing.GOOD]

    def receipt_keys(self, origin: str, index: int | None = None) -> list[PublicKey]:
        """The keys of which one must sign a receipt of entry `index`; without one, all that ever did.

        Raises Unlisted. A receipt does not say where it was made, so a verifier asks again once a proof does.
        """
        keys = self._node_keys(origin, "receipt")
        if index is None:
            return [key.public() for key in keys]
        return [key.public() for key in keys if key.standing(origin, index) is Standing.GOOD]

    def http_keys(self, origin: str) -> list[PublicKey]:
        """The keys in use that sign a node's HTTP messages (RFC 9421); raises Unlisted."""
        return public_keys(self.node(origin).keys, "http")

    def encryption_keys(self, origin: str) -> list[Recipient]:
        """The keys in use that content for a node's operator is encrypted to; raises Unlisted."""
        return [key.recipient() for key in self._node_keys(origin, "encryption") if in_use(key)]

    def witness_keys(self) -> dict[str, list[NoteKey]]:
        """The keys in use of every witness, by the witness's name."""
        return self._cosigner_keys("witness")

    def mirror_keys(self) -> dict[str, list[NoteKey]]:
        """The keys in use of every mirror that cosigns, by the mirror's name."""
        return self._cosigner_keys("mirror")

    def operator(self, origin: str) -> str:
        """The organisation that runs the log; raises Unlisted."""
        return self.node(origin).operator

    def speaks_for(self, issuer: str) -> frozenset[bytes]:
        """Thumbprints (32 bytes) of every key that ever spoke for this issuer; empty when it is unlisted."""
        return frozenset(key.public().thumbprint for key in self.issuer_keys(issuer))

    def issuer_keys(self, issuer: str) -> tuple[ListedKey, ...]:
        """The statement keys of an organisation with their scopes and histories; none when it is unlisted."""
        for one in self.organisations:
            if one.issuer == issuer:
                return one.keys
        return ()

    def issuer_key(self, issuer: str, thumbprint: bytes) -> ListedKey | None:
        """The key of this organisation with this thumbprint (32 bytes)."""
        for key in self.issuer_keys(issuer):
            if key.public().thumbprint == thumbprint:
                return key
        return None

    def _node_keys(self, origin: str, scope: str) -> list[ListedKey]:
        return [key for key in self.node(origin).keys if key.scope == scope]

    def _cosigner_keys(self, duty: str) -> dict[str, list[NoteKey]]:
        return {
            one.name: [key.note_key() for key in one.keys if in_use(key)]
            for one in self.cosigners
            if one.duty == duty
        }


def require_grown(old: TrustList, new: TrustList) -> None:
    """Raise HistoryCut unless everything that `old` lists is in `new` too.

    Names, addresses and roles may change. A key stays with its owner and its history only grows, or doubts a
    revoked key from an earlier entry on: a list that forgot a revocation would bring a stolen key back.
    """
    for what, before, after in (
        (Text("organisation", "기관"), _owned(old.organisations), _owned(new.organisations)),
        (Text("log", "로그"), _owned(old.nodes), _owned(new.nodes)),
        (Text("witness or mirror", "입회자나 미러"), _owned(old.cosigners), _owned(new.cosigners)),
    ):
        for name, keys in before.items():
            if name not in after:
                raise HistoryCut(what_is=what, name=name)
            kept = {(key.scope, key.key): key for key in after[name]}
            for key in keys:
                _require_kept(key, kept.get((key.scope, key.key)), name)


def _require_kept(old: ListedKey, new: ListedKey | None, owner: str) -> None:
    if new is None:
        raise HistoryCut(what_is=Text("key of", "키의 소유자"), name=owner)
    for told in old.history:
        if not any(_says_as_much(one, told) for one in new.history):
            raise HistoryCut(what_is=Text("history of a key of", "키 이력의 소유자"), name=owner)


def _says_as_much(new: KeyStatus, old: KeyStatus) -> bool:
    if (new.log, new.from_index, new.status) != (old.log, old.from_index, old.status):
        return False
    if old.doubtful_from is None:
        return True
    return new.doubtful_from is not None and new.doubtful_from <= old.doubtful_from


def _owned(listed: tuple[Organisation | ListedNode | Cosigner, ...]) -> dict[str, tuple[ListedKey, ...]]:
    return {_name_of(one): one.keys for one in listed}


def _name_of(one: Organisation | ListedNode | Cosigner) -> str:
    if isinstance(one, Organisation):
        return one.issuer
    return one.origin if isinstance(one, ListedNode) else one.name


def _once(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ListInvalid(why=Text(f"the {what} {twice} is listed twice", f"{twice}이(가) 두 번 적혀 있음"))


def _check_organisations(organisations: tuple[Organisation, ...]) -> None:
    for one in organisations:
        if one.size is not None and one.role != "company":
            raise ListInvalid(why=Text("only a company has a size", "규모는 기업에만 적을 수 있음"))
        _check_scopes(one.issuer, one.keys, _ORGANISATION_SCOPES)
        _printable(one.name)


def _check_node(node: ListedNode) -> None:
    _check_scopes(node.origin, node.keys, _NODE_SCOPES)
    _printable(node.name)
    if any(key.note_key().name != node.origin for key in node.keys if key.scope == "checkpoint"):
        why = Text(
            f"a checkpoint key of {node.origin} has another name",
            f"{node.origin}의 체크포인트 키 이름이 다름",
        )
        raise ListInvalid(why=why)


def _check_cosigner(cosigner: Cosigner) -> None:
    _check_scopes(cosigner.name, cosigner.keys, frozenset({cosigner.duty}))
    if any(key.note_key().name != cosigner.name for key in cosigner.keys):
        why = Text(f"a key of {cosigner.name} has another name", f"{cosigner.name}의 키 이름이 다름")
        raise ListInvalid(why=why)


def _check_scopes(owner: str, keys: tuple[ListedKey, ...], scopes: frozenset[str]) -> None:
    for key in keys:
        if key.scope not in scopes:
            why = Text(
                f"{owner} has a key of scope {key.scope}, which belongs elsewhere",
                f"{owner}에 어울리지 않는 범위({key.scope})의 키가 있음",
            )
            raise ListInvalid(why=why)


def _check_keys(listed: TrustList) -> None:
    seen: set[bytes] = set()
    for key in _all_keys(listed):
        key.check()
        if key.raw in seen:
            raise ListInvalid(
                why=Text("one key has two duties or two owners", "한 키가 두 가지 일이나 두 소유자를 가짐")
            )
        seen.add(key.raw)


def _all_keys(listed: TrustList) -> Iterator[ListedKey]:
    for one in (*listed.organisations, *listed.nodes, *listed.cosigners):
        yield from one.keys


def _printable(name: Label) -> None:
    if not (name.en.isprintable() and name.ko.isprintable()):
        raise ListInvalid(why=Text("a name is not printable", "이름에 출력할 수 없는 문자가 있음"))
