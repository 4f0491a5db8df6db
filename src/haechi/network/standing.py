"""What became of a statement: withdrawn, replaced or disputed by those that are shown with it."""

from collections.abc import Sequence
from typing import Literal

from haechi.findings import Finding, Verdict, declare, found
from haechi.network.sections import Section
from haechi.statement.claims import Claim
from haechi.statement.envelope import Statement
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw
from haechi.words import Text

declare(
    "network.standing",
    Text("Statement still stands", "진술이 여전히 유효함"),
    {
        "current": (
            Verdict.HOLDS,
            Text(
                "nothing known here withdraws, replaces or disputes it",
                "철회·대체·이의가 여기에 알려져 있지 않음",
            ),
        ),
        "withdrawn": (Verdict.FAILS, Text("its issuer withdrew it ({by})", "발행자가 철회함 ({by})")),
        "superseded": (Verdict.FAILS, Text("its issuer replaced it ({by})", "발행자가 대체함 ({by})")),
        "disputed": (Verdict.UNDECIDED, Text("{by} disputes it", "{by}이(가) 이의를 제기함")),
    },
)


def standing_of(subject: Statement, others: Sequence[Section]) -> Finding:
    """What the statements in the bundle do to the subject; only its issuer, with its key, can withdraw it.

    A withdrawal counts by its signature alone: that no log vouches for it does not unsay it. With another key
    of the issuer it counts once everything in it holds; with a key that was out of use it is a thief's.
    """
    told: dict[str, Finding] = {}
    for section in others:
        other = section.statement
        if other is None or not section.signed or not _targets(section.claim, subject.digest):
            continue
        own = other.about.issuer == subject.about.issuer and _same_voice(section, subject)
        if own and isinstance(section.claim, Withdraw):
            told["withdrawn"] = what_became("withdrawn", other.digest_hex[:16])
        elif own and isinstance(section.claim, Supersede):
            told["superseded"] = what_became("superseded", other.digest_hex[:16])
        elif isinstance(section.claim, Dispute):
            told.setdefault("disputed", what_became("disputed", other.about.issuer))
    gravest = [told[outcome] for outcome in ("withdrawn", "superseded", "disputed") if outcome in told]
    return gravest[0] if gravest else what_became("current")


def _same_voice(section: Section, subject: Statement) -> bool:
    if section.statement is None or section.statement.kid != subject.kid:
        return section.verdict is Verdict.HOLDS
    return not any(one.check == "network.key" and one.verdict is Verdict.FAILS for one in section.findings)


def _targets(claim: Claim | None, digest: bytes) -> bool:
    """Whether the claim acts on `digest`; a supersede acts on what it replaces only."""
    if isinstance(claim, Supersede):
        return claim.old == digest
    return isinstance(claim, Withdraw | Dispute) and claim.target == digest


def what_became(outcome: Literal["current", "withdrawn", "superseded", "disputed"], by: str = "") -> Finding:
    """The finding. by: who disputes it, or the beginning of the digest of what ended it."""
    return found(f"network.standing.{outcome}", **({} if outcome == "current" else {"by": by}))
