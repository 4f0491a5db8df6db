"""Who committed to which profile, and which texts were logged: what a reader of text marks looks up."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, overall
from haechi.mark.records import LogRecord, contents_of, read_folder
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.mark_profile import MarkProfile
from haechi.statement.kinds.withdraw import Withdraw

WITHDRAWN = "network.standing.withdrawn"


class ProfileRecord(NamedTuple):
    """A profile as a statement commits to it. findings: checks on that statement; origin: where it was found;
    withdrawn: its issuer took it back, so the key may be known to others.
    """

    claim: MarkProfile
    statement: bytes
    issuer: str
    origin: str
    findings: tuple[Finding, ...]
    withdrawn: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether the statement held; that it was withdrawn is told apart."""
        return overall([each for each in self.findings if each.code != WITHDRAWN])


class TextRegistry(Protocol):
    """Where profiles and logged texts are looked up: a folder, a node, nothing."""

    def profiles(self) -> Sequence[ProfileRecord]:
        """Every profile of text marks that is known there, newest statement first."""
        ...

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Records of exactly this file."""
        ...

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Records of texts that share fingerprints, nearest first."""
        ...

    def blob(self, digest: bytes) -> bytes | None:
        """A file kept beside the log, if it is at hand."""
        ...


class NoTexts:
    """No registry at all."""

    def profiles(self) -> Sequence[ProfileRecord]:
        """Nothing."""
        return ()

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:  # noqa: ARG002  # as the protocol names it
        """Nothing."""
        return ()

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:  # noqa: ARG002
        """Nothing."""
        return ()

    def blob(self, digest: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None


class TextFolder:
    """The records in a folder, as a registry; signatures are checked."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        """Read it all."""
        self._book = read_folder(folder, facts)
        statements = contents_of(folder).statements
        checked = [(each, (each.check_signature(),)) for each in statements]
        self._profiles = profile_records(checked, facts, str(folder))

    def profiles(self) -> Sequence[ProfileRecord]:
        """The profiles committed to in the folder."""
        return self._profiles

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Records of exactly this file."""
        return self._book.by_digest(digest)

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Records of texts that share fingerprints."""
        return self._book.texts_like(minhash)

    def blob(self, digest: bytes) -> bytes | None:
        """A file of the folder."""
        return self._book.blob(digest)


def profile_records(
    statements: Iterable[tuple[Statement, Sequence[Finding]]], facts: Facts, origin: str
) -> list[ProfileRecord]:
    """The profiles of text marks among statements with their checks, newest first.

    A withdrawal counts when its signature holds and issuer and key are those of its target.
    """
    claims = [(each, tuple(checks), _claim(each, facts)) for each, checks in statements]
    taken_back = {
        (claim.target, each.about.issuer, each.kid)
        for each, checks, claim in claims
        if isinstance(claim, Withdraw) and overall(checks) is not Verdict.FAILS
    }
    records = [
        ProfileRecord(
            claim,
            each.digest,
            each.about.issuer,
            origin,
            checks,
            (each.digest, each.about.issuer, each.kid) in taken_back
            or any(check.code == WITHDRAWN for check in checks),
        )
        for each, checks, claim in claims
        if isinstance(claim, MarkProfile) and claim.medium == "text"
    ]
    return sorted(records, key=lambda record: record.claim.since, reverse=True)


def _claim(statement: Statement, facts: Facts) -> object:
    try:
        return claim_of(statement, facts)
    except BadInput:
        return None
