"""Whom a reader trusts: the trust list, and beside it what was pinned by hand.

A pin decides who runs a log and with which keys, for it was made by the reader. For an issuer, pins and list
add up. That a key went out of use holds for a pinned key too: nobody means to rely on a stolen key.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from haechi.errors import NotFound
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.note import NoteKey
from haechi.network.card import Label
from haechi.network.pins import Pins
from haechi.network.trust.keys import ListedKey
from haechi.network.trust.listing import Organisation, TrustList
from haechi.network.trust.metadata import Verified
from haechi.statement.keys import PublicKey
from haechi.words import Text

declare(
    "network.list",
    Text("Trust list is signed and up to date", "신뢰 목록이 서명되어 있고 최신임"),
    {
        "current": (
            Verdict.HOLDS,
            Text(
                "version {version} of {name}, signed under root {root}, good until {expires}",
                "{name} {version}판, 루트 {root}판 아래에서 서명됨, {expires}까지 유효",
            ),
        ),
        "expired": (
            Verdict.UNDECIDED,
            Text(
                "version {version} of {name} expired on {expires}: a newer one may say otherwise",
                "{name} {version}판은 {expires}에 만료됨. 더 새로운 판의 내용은 다를 수 있음",
            ),
        ),
        "refused": (Verdict.FAILS, Text("{why}", "{why}")),
    },
)


def check_list(verified: Verified, now: datetime) -> Finding:
    """Whether every part of the list is still within its date; its signatures were checked before."""
    name = verified.trust_list.name
    facts = {
        "name": Text(name.en, name.ko),
        "version": verified.targets.version,
        "root": verified.root.version,
        "expires": verified.expires.date().isoformat(),
    }
    return found("network.list.expired" if now >= verified.expires else "network.list.current", **facts)


class ListedTrust:
    """Pins and a list as one `Trust`. Without a list it is the pins alone."""

    def __init__(self, pins: Pins, trust_list: TrustList | None) -> None:
        self.pins = pins
        self.trust_list = trust_list or TrustList(name=Label(en="-", ko="-"))
        self._organisations: Mapping[str, Organisation] = {
            one.issuer: one for one in self.trust_list.organisations
        }

    def log_keys(self, origin: str, size: int | None = None) -> Sequence[NoteKey]:
        """Every key that must sign a checkpoint of `size` entries; raises NotFound."""
        try:
            return self.pins.log_keys(origin, size)
        except NotFound:
            return self.trust_list.log_keys(origin, size)

    def receipt_keys(self, origin: str, size: int | None = None) -> list[PublicKey]:
        """The keys of which one must sign a receipt of `origin`; raises NotFound."""
        try:
            return self.pins.receipt_keys(origin, size)
        except NotFound:
            return self.trust_list.receipt_keys(origin)

    def operator(self, origin: str) -> str:
        """The name that the operator of `origin` issues statements under; raises NotFound."""
        try:
            return self.pins.operator(origin)
        except NotFound:
            return self.trust_list.operator(origin)

    def speaks_for(self, issuer: str) -> frozenset[bytes]:
        """Thumbprints (32 bytes) of every key that was ever pinned or listed for this issuer."""
        listed = frozenset(key.public().thumbprint for key in self.listed_keys(issuer))
        return self.pins.speaks_for(issuer) | listed

    def listed_keys(self, issuer: str) -> tuple[ListedKey, ...]:
        """What the list says of the issuer's keys; nothing for an issuer that was only pinned."""
        one = self._organisations.get(issuer)
        return () if one is None else one.keys

    def organisation(self, issuer: str) -> Organisation | None:
        """The issuer as the list knows it."""
        return self._organisations.get(issuer)


def voices_in(listed: TrustList) -> dict[str, frozenset[str]]:
    """The parties of the facts that listed organisations speak for, each with the names they issue under."""
    voices: dict[str, frozenset[str]] = {}
    for one in listed.organisations:
        for party in one.parties:
            voices[party] = voices.get(party, frozenset()) | {one.issuer}
    return voices


def checkers_in(listed: TrustList) -> frozenset[str]:
    """Whose confirmations and disputes count for assurance: the operators of listed nodes."""
    return frozenset(node.operator for node in listed.nodes)
