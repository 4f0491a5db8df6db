"""From a verified statement to what the engine counts.

    Refused
    └── NotTheirVoice     a report in the name of a party by an issuer that does not speak for it

The caller has checked signature, log and keys, and says in `Seen` what held. What a statement is offered for
is read from the signed claim: the `serves` of its kind, and the sections of a pledge report.
"""

from collections.abc import Mapping
from types import MappingProxyType

from haechi.answers.evidence import (
    Confirmation,
    Evidence,
    Item,
    Objection,
    Offer,
    Replacement,
    Seen,
    Withdrawal,
    runs_since,
)
from haechi.errors import Refused
from haechi.facts import Facts
from haechi.statement.claims import Claim
from haechi.statement.envelope import Statement
from haechi.statement.kinds._serves import Serves
from haechi.statement.kinds.confirm import Confirm
from haechi.statement.kinds.content_mark import ContentMark
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.document import Document
from haechi.statement.kinds.pledge_report import PledgeReport, Progress
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw
from haechi.words import Text

Voices = Mapping[str, frozenset[str]]
"""Subject to the issuers that speak for it; a party of the facts that is not listed has no voice."""

# Kinds of statements whose evidence kind has another name in the vocabulary.
_NAMES = MappingProxyType({"content_mark": "mark", "joint_test": "evaluation.joint"})
# What a report says was done, and whether it says that all of it was. Plans are no evidence.
_DONE: Mapping[Progress, bool] = MappingProxyType({"under_way": False, "done_for_period": True})


class NotTheirVoice(Refused):
    """The issuer does not speak for the subject; facts: issuer, subject."""

    code = "answers.voice"
    what = Text(
        "{issuer} does not speak for {subject}: its statement is not counted there",
        "{issuer}은(는) {subject}을(를) 대변하지 않으므로 그 진술을 세지 않습니다",
    )
    hint = Text(
        "pin the issuer for this party first, if it is theirs", "당사자의 발행자가 맞다면 먼저 고정하세요"
    )


def item_of(
    statement: Statement,
    claim: Claim | None,
    seen: Seen,
    facts: Facts,
    *,
    voices: Voices = MappingProxyType({}),
    offers: tuple[Offer, ...] = (),
) -> Item | None:
    """What a verified statement is to the engine; None for kinds that are no evidence, such as policies.

    claim: as `claim_of` gives it, None while the content is withheld. offers: further requirements and
    commitments, where somebody else than the claim names them. Raises NotTheirVoice.
    """
    about, digest, logged = statement.about, statement.digest, bool(seen.logs)
    match claim:
        case Confirm():
            return Confirmation(
                digest=digest, issuer=about.issuer, target=claim.target, how=claim.how, logged=logged
            )
        case Dispute():
            return Objection(
                digest=digest, issuer=about.issuer, target=claim.target, grounds=claim.grounds, logged=logged
            )
        case Withdraw():
            return Withdrawal(digest=digest, issuer=about.issuer, target=claim.target)
        case Supersede():
            return Replacement(digest=digest, issuer=about.issuer, target=claim.old, new=claim.new)
        case PledgeReport():
            return _report(statement, claim, seen, voices)
        case _:
            return _evidence(statement, claim, seen, facts, voices, offers)


def _report(statement: Statement, claim: PledgeReport, seen: Seen, voices: Voices) -> Evidence:
    about = statement.about
    if about.issuer not in voices.get(claim.party, frozenset()):
        raise NotTheirVoice(issuer=about.issuer, subject=claim.party)
    return Evidence(
        digest=statement.digest,
        issuer=about.issuer,
        subject=claim.party,
        kind="pledge_report",
        offers=tuple(
            Offer(section.commitment, _DONE[section.progress])
            for section in claim.sections
            if section.progress in _DONE
        )
        + _served(claim),
        issued_at=about.issued_at,
        since=runs_since(about.issued_at, claim.period.last),
        period=(claim.period.first, claim.period.last),
        seen=seen,
    )


def _evidence(
    statement: Statement,
    claim: Claim | None,
    seen: Seen,
    facts: Facts,
    voices: Voices,
    offers: tuple[Offer, ...],
) -> Evidence | None:
    about = statement.about
    kind = claim.form if isinstance(claim, Document) else _NAMES.get(about.kind, about.kind)
    if kind not in facts.evidence_kinds:
        return None
    known = about.subject in voices or about.subject in facts.parties
    if known and about.issuer not in voices.get(about.subject, frozenset()):
        raise NotTheirVoice(issuer=about.issuer, subject=about.subject)
    return Evidence(
        digest=statement.digest,
        issuer=about.issuer,
        subject=about.subject,
        kind=kind,
        offers=(*_served(claim), *offers),
        issued_at=about.issued_at,
        since=runs_since(about.issued_at, claim.dated if isinstance(claim, Document) else None),
        seen=seen,
        withheld=claim is None,
    )


def _served(claim: Claim | None) -> tuple[Offer, ...]:
    """What the signed claim itself is offered for; kinds that name nothing are offered for nothing.

    One marked item shows that one item was marked, so a content mark is offered for a part.
    """
    if isinstance(claim, ContentMark):
        label = None if claim.item is None else claim.item.label
        return () if label is None else tuple(Offer(target, whole=False) for target in label.serves)
    serves: tuple[Serves, ...] = getattr(claim, "serves", ())
    return tuple(Offer(each.target, each.whole) for each in serves)
