"""A key in the trust list: what it may do, and from which entry of which log on it no longer may.

Status is counted by log position and never by wall clock: a thief can write any date into a statement, and
cannot take an earlier place in a log. What was said of a key stays in the list for ever, so that what it
signed while it was good can be verified years later.
"""

import base64
import binascii
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from haechi.errors import BadInput
from haechi.log.note import NoteKey
from haechi.network.card import Label
from haechi.statement.claims import Scope
from haechi.statement.keys import PublicKey, key_from_cose
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.seal_keys import Recipient

MAX_STATUS = 64
VKEY_SCOPES: frozenset[Scope] = frozenset({"checkpoint", "witness", "mirror"})
Origin = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*$", max_length=200),
]
_Index = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
_KindName = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^(\*|[a-z][a-z0-9_]{1,39})(?![\s\S])")]


class ListInvalid(BadInput):
    """Not a trust list of this form, or one that contradicts itself; facts: why."""

    code = "network.trust.form"
    what = Text("the trust list is not valid: {why}", "신뢰 목록이 올바르지 않습니다: {why}")
    hint = Text(
        "ask its signers for a corrected version; the one in use stays in use",
        "서명자들에게 고친 판을 요청하세요. 쓰던 판은 그대로 쓰입니다",
    )


class Standing(StrEnum):
    """What the list says of a key at one place of one log."""

    GOOD = "good"
    EARLY = "early"  # before the entry from which it is in use
    RETIRED = "retired"
    DOUBTFUL = "doubtful"  # it may have been in a thief's hands by then
    REVOKED = "revoked"
    UNPLACED = "unplaced"  # out of use somewhere, and nobody said from where in this log


class KeyStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From entry `from_index` of the log named `log` on, a key is active, retired or revoked.

    doubtful_from: for a revoked key, the first entry it may have signed for a thief, when that is earlier.
    """

    log: Origin
    from_index: _Index
    status: Literal["active", "retired", "revoked"]
    doubtful_from: _Index | None = None
    reason: Label | None = None


class ListedKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key and its one duty.

    key: a C2SP vkey for the scopes `checkpoint`, `witness` and `mirror`, else a COSE_Key in base64 (X25519
    for `encryption`); kinds: what a `statement` key may publish, `*` for everything; history: oldest first
    for each log, empty while it has always been good.
    """

    scope: Scope
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
    kinds: Annotated[tuple[_KindName, ...], msgspec.Meta(min_length=1, max_length=64)] = ("*",)
    history: Annotated[tuple[KeyStatus, ...], msgspec.Meta(max_length=MAX_STATUS)] = ()

    @property
    def raw(self) -> bytes:
        """The bare public key; two keys of the list never share it."""
        if self.scope in VKEY_SCOPES:
            return self.note_key().public
        return self.recipient().raw if self.scope == "encryption" else self.public().raw

    def note_key(self) -> NoteKey:
        """The key of a `checkpoint`, `witness` or `mirror` line; raises VkeyMalformed or WeakPublicKey."""
        return _note_key(self.key)

    def public(self) -> PublicKey:
        """The key of a `statement`, `receipt` or `http` signature; raises ListInvalid, KeyMalformed."""
        return key_from_cose(_base64(self.key))

    def recipient(self) -> "Recipient":
        """The X25519 key that content is encrypted to; raises ListInvalid, RecipientMalformed."""
        from haechi.statement.seal_keys import Recipient  # few need encryption

        return Recipient.from_cose(_base64(self.key))

    def covers(self, kind: str) -> bool:
        """Whether a `statement` key may publish this kind."""
        return "*" in self.kinds or kind in self.kinds

    def standing(self, log: str, index: int) -> Standing:
        """What the history says of this key at entry `index` of `log`."""
        return standing_at(self.history, log, index)

    def check(self) -> None:
        """Raise ListInvalid or the error of a key unless the key and its history have their form."""
        _ = self.raw
        if self.scope != "statement" and self.kinds != ("*",):
            raise ListInvalid(why=Text("only a statement key has kinds", "종류는 진술 키에만 적을 수 있음"))
        for log in {one.log for one in self.history}:
            _check_history([one for one in self.history if one.log == log])


def standing_at(history: Iterable[KeyStatus], log: str, index: int) -> Standing:
    """What a key's history says of it at entry `index` of `log`; nothing brings a revoked key back."""
    history = tuple(history)
    told = [one for one in history if one.log == log]
    if not told:
        ended = any(one.status != "active" for one in history)
        return Standing.UNPLACED if ended else Standing.GOOD
    if any(one.status == "revoked" and one.from_index <= index for one in told):
        return Standing.REVOKED
    if any(one.doubtful_from is not None and one.doubtful_from <= index for one in told):
        return Standing.DOUBTFUL
    before = [one for one in told if one.from_index <= index]
    if not before:
        return Standing.EARLY if told[0].status == "active" else Standing.GOOD
    return Standing.GOOD if before[-1].status == "active" else Standing.RETIRED


def _check_history(told: list[KeyStatus]) -> None:
    places = [one.from_index for one in told]
    if sorted(set(places)) != places:
        raise ListInvalid(why=Text("a key's history is out of order", "키의 이력 순서가 맞지 않음"))
    for at, one in enumerate(told):
        if one.status == "revoked" and at != len(told) - 1:
            raise ListInvalid(why=Text("a revoked key comes back", "철회된 키가 다시 쓰임"))
        if one.doubtful_from is not None and (one.status != "revoked" or one.doubtful_from >= one.from_index):
            raise ListInvalid(
                why=Text(
                    "doubt belongs to a revoked key, and begins before it was revoked",
                    "의심 구간은 철회된 키에만, 철회 위치보다 앞에서 시작해야 함",
                )
            )


def public_keys(keys: Iterable[ListedKey], scope: Scope) -> list[PublicKey]:
    """The keys of this scope that are still in use: none of their histories ends otherwise."""
    return [key.public() for key in keys if key.scope == scope and in_use(key)]


def in_use(key: ListedKey) -> bool:
    """Whether no log has seen the end of it; for keys that sign or open nothing with a place in a log."""
    last = {one.log: one.status for one in key.history}
    return all(status == "active" for status in last.values())


@lru_cache(maxsize=1024)
def _note_key(vkey: str) -> NoteKey:
    return NoteKey.parse(vkey)


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ListInvalid(why=Text("a key is not base64", "키가 base64가 아님")) from error
    if base64.b64encode(raw).decode() != text:
        raise ListInvalid(why=Text("a key is not in canonical base64", "키가 표준 base64 표기가 아님"))
    return raw
