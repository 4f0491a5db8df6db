"""What a verification starts from, and what it ends in: a reader's trust, and checks in sections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from haechi.findings import Finding, Verdict, overall
from haechi.log.note import NoteKey
from haechi.log.quorum import WitnessPolicy
from haechi.network.trust.keys import ListedKey
from haechi.statement.claims import Claim
from haechi.statement.envelope import Statement
from haechi.statement.keys import PublicKey
from haechi.words import Text


class Quorum(NamedTuple):
    """The witnesses that a reader asks for, and the reader's time (Unix seconds).

    decides: what is not witnessed is not relied on; otherwise it is only told, beside the checks.
    """

    policy: WitnessPolicy
    now: int
    decides: bool = True


class Trust(Protocol):
    """What the reader trusts: log keys and issuer keys, pinned by hand or from a trust list."""

    def log_keys(self, origin: str, size: int | None = None) -> Sequence[NoteKey]:
        """The keys that must all sign a checkpoint of `size` entries; NotFound when the log is unknown."""
        ...

    def receipt_keys(self, origin: str, size: int | None = None) -> Sequence[PublicKey]:
        """The keys that may sign a receipt under a head of `size` entries; NotFound for an unknown log."""
        ...

    def operator(self, origin: str) -> str:
        """The issuer name that the log's operator was pinned with; raises NotFound when it is not pinned."""
        ...

    def speaks_for(self, issuer: str) -> Collection[bytes]:
        """The thumbprints of keys that ever spoke for an issuer; empty when nobody knows it."""
        ...

    def listed_keys(self, issuer: str) -> Sequence[ListedKey]:
        """What a trust list says of the issuer's keys: their kinds, and from where on they are out of use."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """The checks on one statement. title: what it is to the whole; digest: of the statement, if readable.

    origin, index: the log that it is proven to be in, and where. beside: what is told and decides nothing.
    """

    title: Text
    digest: bytes | None
    findings: list[Finding]
    statement: Statement | None = None
    origin: str | None = None
    claim: Claim | None = None
    index: int | None = None
    beside: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """One verdict over the section's checks."""
        return overall(self.findings)

    @property
    def signed(self) -> bool:
        """Whether the statement's signature was verified."""
        return any(finding.code == "statement.signature.valid" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """Every check that was made, in sections; the first is about the statement asked for."""

    sections: list[Section] = field(default_factory=list[Section])

    @property
    def findings(self) -> list[Finding]:
        """All checks of all sections."""
        return [finding for section in self.sections for finding in section.findings]

    @property
    def verdict(self) -> Verdict:
        """HOLDS only if every check holds."""
        return overall(self.findings)


TITLES = {
    "subject": Text("The statement", "진술"),
    "policy": Text("The log's registration policy", "로그의 등록 정책"),
    "key": Text("What became of keys", "키의 변동"),
    "list": Text("The trust list", "신뢰 목록"),
    "about": Text("Said about it later", "이후에 나온 진술"),
}
