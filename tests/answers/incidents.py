"""Incident statements for tests: signed by a company, logged in Korea, at any sharing level."""

import msgspec
from tests.network.parties import COMPANY, FACTS, NOW, Operator, ed25519_key, evidence, sign

from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Sharing, Statement, sign_statement
from haechi.statement.kinds.incident_report import IncidentReport
from haechi.statement.kinds.policy import Grant, Policy

KEY = ed25519_key(COMPANY)
NAME = "incident_report"


def claim(**changes: object) -> IncidentReport:
    example = kind_of(NAME).example()
    assert isinstance(example, IncidentReport)
    return msgspec.structs.replace(example, **changes)


def bare() -> IncidentReport:
    """An incident of which only what must be said is said."""
    full = claim()
    return IncidentReport(
        application=full.application,
        occurred=full.occurred,
        known=full.known,
        severity="minor",
        countries=("KR",),
        happened=msgspec.structs.replace(full.happened, en=None),
    )


def payload(said: IncidentReport) -> bytes:
    return encode_claim(kind_of(NAME), said, FACTS)


def about(sharing: Sharing = Sharing.CLEAR) -> About:
    return About(issuer=COMPANY, subject="app:studio", issued_at=NOW, kind=NAME, sharing=sharing)


def signed(said: IncidentReport | None = None, sharing: Sharing = Sharing.CLEAR) -> Statement:
    """One that is open to those who have its bytes: CLEAR or GREEN."""
    said = said or claim(evidence=(evidence(),))
    return sign_statement(KEY, about(sharing), payload(said))


def logged(*statements: Statement) -> tuple[Operator, Statement]:
    """Korea's log with a policy that admits the company at every level, and these statements; that policy."""
    korea = Operator("kr")
    own = Grant(issuer=korea.issuer, kinds=("*",), keys=(korea.key.public.thumbprint,))
    kinds = (NAME, "withdraw", "supersede", "release")
    company = Grant(issuer=COMPANY, kinds=kinds, keys=(KEY.public.thumbprint,))
    terms = Policy(origin=korea.origin, grants=(own, company), sharing=tuple(map(str, Sharing)))  # type: ignore[arg-type]
    policy = sign(korea.key, korea.issuer, terms, "policy", f"log:{korea.origin}")
    korea.log(korea.policy(), policy, *statements)
    return korea, policy
