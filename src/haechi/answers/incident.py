"""One incident statement as it leaves for programs that know nothing of ours (`stix.py`, `misp.py`).

    Refused
    └── StaysHere         RED content, which no export may carry
    BadInput
    └── NoIncident        a statement of another kind, or one whose content was not read

Identifiers are UUIDs of version 5 over what the statement's digest and fields say, so that the same statement
gives the same objects wherever it is exported. What a statement does not say is absent there, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from haechi.errors import BadInput, Refused
from haechi.statement.claims import Claim
from haechi.statement.envelope import Sharing, Statement
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.incident_report import IncidentReport
from haechi.words import Text

_NAMESPACE = "https://haechi.example/ns/incident"


class StaysHere(Refused):
    """RED content never leaves; facts: name (the statement's digest)."""

    code = "export.stays-here"
    what = Text(
        "{name} is TLP:RED: its content leaves in no form",
        "{name}은(는) TLP:RED로, 어떤 형태로도 나가지 않습니다",
    )
    hint = Text(
        "its issuer may widen it first (`haechi release`)",
        "발행자가 먼저 넓힐 수 있습니다 (`haechi release`)",
    )


class NoIncident(BadInput):
    """Not an incident that could be read; facts: name (the statement's digest), kind."""

    code = "export.no-incident"
    what = Text("{name} is of kind {kind}, or closed", "{name}의 종류가 {kind}이거나, 내용이 닫혀 있습니다")
    hint = Text(
        "name an incident report; an encrypted one needs --with, your encryption key",
        "사고 보고를 지정하세요. 암호화된 것에는 --with 로 자신의 암호화 키가 필요합니다",
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """How its issuer ended it: `withdrawn` or `superseded`, by which statement (digest), when (Unix s)."""

    how: str
    by: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Objected:
    """Somebody disputes it. issuer: who; digest: of the dispute; at: when it was signed."""

    issuer: str
    digest: bytes
    at: datetime
    claim: Dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A verified incident statement. level: who may have it now; widened_at: since when, if fewer before.

    origin, index: its place in a log; url: where the signed bytes can be fetched, if a node was named. It is
    made by `incident_of` only, so the level is one that may leave.
    """

    statement: Statement
    claim: IncidentReport
    level: Sharing
    widened_at: int | None = None
    origin: str | None = None
    index: int | None = None
    url: str | None = None
    ended: Ended | None = None
    disputes: tuple[Objected, ...] = ()

    @property
    def issued(self) -> datetime:
        """When it was signed, by its issuer's word."""
        return datetime.fromtimestamp(self.statement.about.issued_at, UTC)

    @property
    def changed(self) -> datetime:
        """When it was signed, or last widened or ended: what is told of it is of that moment."""
        at = [
            self.statement.about.issued_at,
            self.widened_at or 0,
            0 if self.ended is None else self.ended.at,
        ]
        return datetime.fromtimestamp(max(at), UTC)

    @property
    def moments(self) -> dict[str, str]:
        """The times that the claim names, by field; those it leaves out are not in it."""
        claim = self.claim
        told = {
            "occurred": claim.occurred,
            "known": claim.known,
            "ordered": claim.ordered,
            "stopped": claim.stopped,
        }
        return {name: moment(at) for name, at in told.items() if at is not None}

    @property
    def title(self) -> Text:
        """One line: whose application it was."""
        name = self.claim.application
        return Text(f"Incident: {name}", f"사고: {name}")


def require_leaves(statement: Statement, level: Sharing) -> None:
    """Raise StaysHere for a level at which nothing leaves."""
    if level is Sharing.RED:
        raise StaysHere(name=statement.digest_hex[:16])


def incident_of(statement: Statement, claim: Claim | None, level: Sharing) -> Incident:
    """The statement as one that may leave at this level; raises StaysHere, NoIncident."""
    require_leaves(statement, level)
    if not isinstance(claim, IncidentReport):
        raise NoIncident(name=statement.digest_hex[:16], kind=statement.about.kind)
    return Incident(statement=statement, claim=claim, level=level)


def disputes_of(subject: Statement, later: Sequence[tuple[Statement, Claim | None]]) -> tuple[Objected, ...]:
    """The disputes of `subject` among verified statements, each once."""
    told = {
        one.digest: Objected(
            one.about.issuer, one.digest, datetime.fromtimestamp(one.about.issued_at, UTC), claim
        )
        for one, claim in later
        if isinstance(claim, Dispute) and claim.target == subject.digest
    }
    return tuple(told[digest] for digest in sorted(told))


def name_of(*parts: str) -> str:
    """A UUID of version 5 for what these parts name, in this project's own namespace."""
    return str(uuid5(NAMESPACE_URL, "/".join((_NAMESPACE, *parts))))


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as STIX 2.1 section 3.2 writes a timestamp."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
