"""The trust list that a node goes by: the file its operator installed, read again whenever it changes."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from haechi.errors import HaechiError, NotFound
from haechi.network.card import NodeCard
from haechi.network.pins import Pins
from haechi.network.trust import package
from haechi.network.trust.keys import ListedKey, in_use
from haechi.network.trust.listing import TrustList
from haechi.network.trust.metadata import Verified
from haechi.network.trust.view import ListedTrust
from haechi.node.logs import log_event
from haechi.words import Text

FILE = "trust.json"
_STATUS = {
    "active": Text("in use from entry {at} of {log}", "{log}의 {at}번 항목부터 사용"),
    "retired": Text("out of use from entry {at} of {log}", "{log}의 {at}번 항목부터 종료"),
    "revoked": Text("revoked from entry {at} of {log}", "{log}의 {at}번 항목부터 철회"),
}
_Stamp = tuple[int, int, int] | None


class NodeTrust:
    """Pins and the installed list.

    Always true: what is in use was verified from the first root of its file; a file that cannot be used is
    told in the node's log, and the one before stays in use.
    """

    def __init__(self, path: Path, pins: Pins) -> None:
        self._path = path
        self._pins = pins
        self._lock = Lock()
        self._stamp: _Stamp = None
        self._verified: Verified | None = None
        self._trust = ListedTrust(pins, None)

    @property
    def trust(self) -> ListedTrust:
        """Whom to trust now."""
        self._look()
        return self._trust

    @property
    def verified(self) -> Verified | None:
        """The list in use, with its signatures' results; None when none was installed."""
        self._look()
        return self._verified

    def names(self, origin: str) -> bool:
        """Whether this log is known now: pinned by the operator, or listed with keys in use."""
        trust = self.trust
        if any(card.origin == origin for card in self._pins.nodes):
            return True
        listed = trust.trust_list
        return any(node.origin == origin and listed.log_keys(origin) for node in listed.nodes)

    def files(self) -> dict[str, bytes]:
        """The files of a repository that others can update from; raises NotFound without a list."""
        verified = self.verified
        if verified is None:
            raise NotFound(what_is=Text("trust list", "신뢰 목록"), name=FILE)
        return package.files_of(verified)

    def _look(self) -> None:
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        with self._lock:
            if stamp == self._stamp:
                return
            try:
                verified = package.load(self._path)
            except HaechiError as error:
                log_event("trust.refused", code=error.code)
            else:
                self._verified = verified
                self._trust = ListedTrust(self._pins, None if verified is None else verified.trust_list)
            self._stamp = stamp

    def _stamped(self) -> _Stamp:
        try:
            told = self._path.stat()
        except FileNotFoundError:
            return None
        return told.st_mtime_ns, told.st_size, told.st_ino


def expired(verified: Verified, now_s: float) -> bool:
    """Whether some part of the list is past its date."""
    return datetime.fromtimestamp(now_s, UTC) >= verified.expires


def history_of(key: ListedKey) -> Text:
    """What the list says of a key, in a few words: in use, or from which entry of which log on no longer."""
    told = [_STATUS[one.status] for one in key.history] or [Text("in use", "사용 중")]
    facts = [{"at": one.from_index, "log": one.log} for one in key.history] or [{}]
    said = [(text.say("en", **fact), text.say("ko", **fact)) for text, fact in zip(told, facts, strict=True)]
    return Text("; ".join(en for en, _ in said), "; ".join(ko for _, ko in said))


def cards_to_mirror(pins: Pins, trust_list: TrustList, own: str) -> list[NodeCard]:
    """Whom to mirror: pinned nodes, and those of the list that were not pinned; `own` is nobody's mirror."""
    pinned = {card.origin for card in pins.nodes}
    listed = [card for card in listed_cards(trust_list) if card.origin not in pinned]
    return [card for card in (*pins.nodes, *listed) if card.origin != own]


def listed_cards(trust_list: TrustList) -> list[NodeCard]:
    """A card for every listed log that has an address and keys in use, to be mirrored as a pinned one is.

    Its keys are those that are good at the newest size.
    """
    cards: list[NodeCard] = []
    for node in trust_list.nodes:
        vkeys = tuple(key.vkey for key in trust_list.log_keys(node.origin))
        receipts = tuple(key.key for key in node.keys if key.scope == "receipt")
        if not (node.url and vkeys and receipts):
            continue
        operator = trust_list.organisation(node.operator)
        cards.append(
            NodeCard(
                origin=node.origin,
                name=node.name,
                role=operator.role,
                country=operator.country,
                url=node.url,
                vkeys=vkeys,
                receipt_keys=receipts,
                issuer=node.operator,
                issuer_keys=tuple(key.key for key in operator.keys),
                encryption_keys=tuple(
                    key.key for key in node.keys if key.scope == "encryption" and in_use(key)
                ),
            )
        )
    return cards
