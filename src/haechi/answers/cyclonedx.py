"""CycloneDX 1.7 declarations: requirements, claims that evidence can serve for them, and the evidence.

No conformance score is written: the format allows one, and a number would hide the reasons.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from haechi.answers.answer import Answer
from haechi.answers.engine import Answers
from haechi.answers.evidence import Evidence
from haechi.answers.oscal import NAMESPACE, Json
from haechi.facts import Facts

SPEC_VERSION = "1.7"


def cyclonedx(answers: Answers, facts: Facts, pieces: Mapping[bytes, Evidence], at: datetime) -> Json:
    """The answers of one subject as a CycloneDX BOM with `definitions.standards` and `declarations`.

    pieces: the evidence the answers rest on, by digest; at: when it is made.
    """
    held = [answer for _, answer in sorted(answers.by_target.items()) if answer.credits]
    subject: Json = {"type": "application", "bom-ref": "subject", "name": answers.scope.subject}
    scope = "/".join((NAMESPACE, "cyclonedx", answers.data_version, *answers.scope.names, str(answers.day)))
    bom: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, scope)}",
        "version": 1,
        "metadata": {
            "timestamp": at.astimezone(UTC).isoformat(timespec="seconds"),
            "component": subject,
            "properties": [
                {"name": "haechi:data-version", "value": answers.data_version},
                {"name": "haechi:as-of", "value": answers.day.isoformat()},
            ],
        },
    }
    if held:
        bom["definitions"] = {"standards": _standards(held, facts)}
        bom["declarations"] = _declarations(held, facts, pieces, subject)
    return bom


def _standards(held: list[Answer], facts: Facts) -> list[Json]:
    """Regimes and instruments as standards, each with the requirements that evidence reaches."""
    by_owner: dict[str, list[str]] = {}
    for answer in held:
        requirement = facts.requirements.get(answer.target)
        owner = facts.commitment(answer.target).instrument if requirement is None else requirement.regime
        by_owner.setdefault(owner, []).append(answer.target)
    return [_standard(owner, targets, facts) for owner, targets in sorted(by_owner.items())]


def _standard(owner: str, targets: list[str], facts: Facts) -> Json:
    regime = facts.regimes.get(owner)
    label = facts.instrument(owner).label if regime is None else regime.label
    return {
        "bom-ref": f"standard:{owner}",
        "name": label.en,
        "version": facts.version,
        "description": label.ko,
        "requirements": [_requirement(target, facts) for target in targets],
    }


def _requirement(target: str, facts: Facts) -> Json:
    record = facts.requirements.get(target)
    title = facts.commitment(target).label if record is None else record.label
    return {
        "bom-ref": f"requirement:{target}",
        "identifier": target,
        "title": title.en,
        "descriptions": [title.ko],
    }


def _declarations(held: list[Answer], facts: Facts, pieces: Mapping[bytes, Evidence], subject: Json) -> Json:
    used = sorted({digest for answer in held for credit in answer.credits for digest in credit.evidence})
    disputes = {one.digest: one for answer in held for one in answer.disputes}
    counter: list[Json] = [
        {
            "bom-ref": _evidence_ref(digest),
            "propertyName": "dispute",
            "description": f"{one.issuer} disputes it: {one.grounds}",
            "author": {"name": one.issuer},
        }
        for digest, one in sorted(disputes.items())
    ]
    return {
        "targets": {"components": [{**subject, "bom-ref": "target"}]},
        "claims": [_claim(answer) for answer in held],
        "evidence": [*(_evidence(pieces[digest], facts) for digest in used), *counter],
        "attestations": [
            {
                "summary": "What evidence can serve for. Proposals of this project; not legal advice.",
                "map": [
                    {"requirement": f"requirement:{each.target}", "claims": [f"claim:{each.target}"]}
                    for each in held
                ],
            }
        ],
    }


def _claim(answer: Answer) -> Json:
    best = answer.credits[0]
    reasons = [reason.en for credit in answer.credits for reason in credit.why]
    lacks = [f"Still lacks: {lack.en}" for lack in answer.lacks]
    digests = sorted({digest for credit in answer.credits for digest in credit.evidence})
    claim: Json = {
        "bom-ref": f"claim:{answer.target}",
        "target": "target",
        "predicate": f"{answer.state.label.en}: {answer.target}; {best.assurance.label.en}",
        "reasoning": " ".join(dict.fromkeys((*reasons, *lacks))) or f"Offered for {best.source}.",
        "evidence": [_evidence_ref(digest) for digest in digests],
    }
    if answer.disputes:
        claim["counterEvidence"] = [
            _evidence_ref(digest) for digest in sorted({o.digest for o in answer.disputes})
        ]
    return claim


def _evidence(piece: Evidence, facts: Facts) -> Json:
    return {
        "bom-ref": _evidence_ref(piece.digest),
        "propertyName": piece.kind,
        "description": f"{facts.evidence_kind(piece.kind).label.en}, signed, about {piece.subject}",
        "data": [{"name": f"sha256:{piece.digest.hex()}", "classification": "signed statement"}],
        "created": f"{piece.since.isoformat()}T00:00:00Z",
        "author": {"name": piece.issuer},
    }


def _evidence_ref(digest: bytes) -> str:
    return f"evidence:{digest.hex()}"
