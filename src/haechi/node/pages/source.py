"""All that a page may ask of a node. Read-only; one `Source` is one unchanging view, held for one request.

Only what anybody may see passes through here: a statement that is not CLEAR, was withdrawn from the disk or
was never held comes as `Sealed`, with its digest and its places and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from haechi.answers import Engine
from haechi.facts import Facts
from haechi.findings import Finding
from haechi.statement.envelope import Statement
from haechi.words import Text

Where = Literal["own", "mirror"]
Withheld = Literal["erased", "shared", "absent"]


@dataclass(frozen=True, slots=True)
class Card:
    """Whose node this is. url: where others reach it, never empty, no slash at its end; country: alpha-2."""

    origin: str
    name: Text
    role: str
    country: str
    url: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Log:
    """A log as this node serves it: its newest checkpoint and the keys (C2SP vkeys) that sign it.

    published_at: Unix seconds when the checkpoint was signed here or verified here; None: there is none yet.
    path: where its checkpoint and tiles are served here, such as `/log` or `/mirrors/<hex>`. witnessing:
    whether its witnesses make the quorum that this node asks for, and how recent they are; forked: where
    the evidence is that it signed two histories, None while there is none.
    """

    origin: str
    where: Where
    size: int
    root: bytes
    checkpoint: str
    published_at: int | None
    vkeys: tuple[str, ...]
    path: str
    witnessing: tuple[Finding, ...] = ()
    forked: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: number `index` in the log `origin`. receipt: `/entries/<hex>` has one to give."""

    origin: str
    index: int
    where: Where
    receipt: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What later statements did to one. Only the issuer's own words withdraw or supersede it."""

    withdrawn_by: bytes | None = None
    superseded_by: bytes | None = None
    confirmed: int = 0
    disputed: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A statement held here. serial: this node's running number for it, for paging only.

    released: its issuer shared it more widely later, with everybody.
    """

    statement: Statement
    serial: int
    places: tuple[Place, ...]
    standing: Standing
    released: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry whose content is not shown: erased, shared between nodes only (GREEN), or never held here."""

    digest: bytes
    places: tuple[Place, ...]
    why: Withheld = "absent"


@dataclass(frozen=True, slots=True)
class Voucher:
    """Why a key counts as its issuer's. by: the policy or key event, with its place; None: pinned by hand.

    listed: it is in the trust list, which says this of it.
    """

    by: bytes | None
    place: Place | None
    listed: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the trust list says of an issuer: who it is, for whom it speaks, which logs it runs.

    network: name of the list; expires: ISO date; parties: of the facts.
    """

    network: Text
    version: int
    expires: str
    expired: bool
    role: Text
    country: str
    parties: tuple[str, ...]
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key that speaks for an issuer. kinds: what it may publish, `*`: anything; no vouchers: self-said."""

    thumbprint: bytes
    family: str | None
    kinds: tuple[str, ...]
    vouchers: tuple[Voucher, ...]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who says things. name: as pinned or as its key event gives it; statements: how many are held here."""

    issuer: str
    name: Text | None
    keys: tuple[IssuerKey, ...]
    statements: int
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """A pinned node and how far its log is mirrored. size and root: verified here; seen: the newest size it
    showed, verified or not. synced_at: Unix seconds of the last round that ended well. last: how the last
    round ended. frozen: the finding that stopped the mirror until a person looks at it.
    """

    origin: str
    name: Text
    role: str
    country: str
    url: str
    size: int
    root: bytes
    seen: int
    synced_at: int | None
    last: Finding | None
    frozen: Finding | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many statements of a kind are held: of the node's own log, and only in mirrors."""

    own: int
    mirrored: int


class Source(Protocol):
    """What the pages are made from. Calls may come from any thread, one thread at a time."""

    def card(self) -> Card:
        """Whose node this is."""
        ...

    def facts(self) -> Facts:
        """The facts that claims are read with."""
        ...

    def log(self, origin: str | None = None) -> Log | None:
        """The node's own log, or the mirror of `origin`; None when this node has no such log."""
        ...

    def entries(self, origin: str, before: int | None, limit: int) -> Sequence[Found | Sealed]:
        """Entries of one log below index `before` (None: from the end), newest first, at most `limit`."""
        ...

    def latest(self, limit: int) -> Sequence[Found]:
        """Statements of all logs here by `serial`, newest first."""
        ...

    def statement(self, digest: bytes) -> Found | Sealed | None:
        """The statement whose digest this is; None when no log here has such an entry."""
        ...

    def checks(self, found: Found, /) -> Mapping[str, Sequence[Finding]]:
        """Origin to what was checked there just now: inclusion, receipt, checkpoint, trust in the key."""
        ...

    def about(self, digest: bytes, limit: int) -> Sequence[Found]:
        """Statements that name this digest, as their target or as an evidence file; oldest first."""
        ...

    def has_blob(self, digest: bytes) -> bool:
        """Whether `/blobs/<hex>` has this file for anybody."""
        ...

    def issuer(self, name: str) -> Issuer | None:
        """The issuer of this name; None when nothing is known of it here."""
        ...

    def statements_of(self, issuer: str, before: int | None, limit: int) -> Sequence[Found]:
        """The issuer's statements with a `serial` below `before`, newest first."""
        ...

    def peers(self) -> Sequence[Peer]:
        """Every pinned node, in the order of the pins."""
        ...

    def engine(self) -> Engine:
        """What the statements held here can serve for."""
        ...

    def counts(self) -> Mapping[str, Count]:
        """Kind to how many statements of it are held here."""
        ...
