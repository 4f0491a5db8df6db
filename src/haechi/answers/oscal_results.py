"""OSCAL 1.2.1 assessment-results of one subject: what was seen, and what follows from it, no more.

An observation for each piece of evidence that an answer rests on; a finding only where the evidence says
something. OSCAL knows "satisfied" and "not-satisfied": satisfied is written when the evidence can serve in
full, not-satisfied when it can serve in part or is a claim, with what is lacking. A requirement without any
evidence has no finding: nothing was found out about it. None of it says that anybody complies.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from haechi.answers.answer import Answer
from haechi.answers.engine import Answers
from haechi.answers.evidence import Evidence
from haechi.answers.ladder import State
from haechi.answers.oscal import NAMESPACE, OSCAL_VERSION, Json, oscal_prop
from haechi.facts import Facts

_REMARKS = "What evidence can serve for. Proposals of this project; not legal advice."
_SERVES = {True: "The evidence can serve in full", False: "The evidence does not serve in full"}
_PLAN = "No assessment plan: what was registered as evidence was counted by published rules."


def oscal_results(answers: Answers, facts: Facts, evidence: Mapping[bytes, Evidence], at: datetime) -> Json:
    """The answers of one subject as an assessment-results document. evidence: by digest; at: when made.

    Shape: OSCAL 1.2.1 JSON. The uuids follow from the data version, the subject and the day.
    """
    made = _Made(answers, facts, evidence, at)
    targets = [answer for _, answer in sorted(answers.by_target.items()) if answer.credits]
    used = sorted({digest for answer in targets for credit in answer.credits for digest in credit.evidence})
    observations = [made.observation(digest) for digest in used]
    findings = [made.finding(answer) for answer in targets]
    result: Json = {
        "uuid": made.uuid("result"),
        "title": f"Answers about {answers.scope.subject}",
        "description": "Each piece of evidence was verified and counted by the rules of the data version.",
        "start": made.moment,
        "props": [oscal_prop("as-of", answers.day.isoformat())],
        "reviewed-controls": {"control-selections": [made.selection(targets)]},
    }
    if observations:
        result["observations"] = observations
        result["findings"] = findings
    return {
        "assessment-results": {
            "uuid": made.uuid("document"),
            "metadata": {
                "title": f"What the evidence about {answers.scope.subject} can serve for",
                "last-modified": made.moment,
                "version": answers.data_version,
                "oscal-version": OSCAL_VERSION,
                "props": [oscal_prop("data-version", answers.data_version)],
                "remarks": _REMARKS,
            },
            "import-ap": {"href": f"#{made.uuid('plan')}"},
            "results": [result],
            "back-matter": {"resources": [{"uuid": made.uuid("plan"), "description": _PLAN}]},
        }
    }


class _Made:
    """One document in the making: what every part of it needs."""

    def __init__(
        self, answers: Answers, facts: Facts, evidence: Mapping[bytes, Evidence], at: datetime
    ) -> None:
        self.answers = answers
        self.facts = facts
        self.evidence = evidence
        self.moment = at.astimezone(UTC).isoformat(timespec="seconds")

    def uuid(self, *parts: str) -> str:
        """The same answers give the same uuids."""
        scope = (self.answers.data_version, *self.answers.scope.names, self.answers.day.isoformat())
        return str(uuid5(NAMESPACE_URL, "/".join((NAMESPACE, "results", *scope, *parts))))

    def selection(self, targets: list[Answer]) -> Json:
        """The controls that were looked at: those with evidence, else all of them."""
        if not targets:
            return {"include-all": {}}
        return {"include-controls": [{"control-id": answer.target} for answer in targets]}

    def observation(self, digest: bytes) -> Json:
        """One statement: who signed it, of which kind, in which logs it was seen."""
        piece = self.evidence[digest]
        props = [
            oscal_prop("issuer", piece.issuer),
            oscal_prop("evidence-kind", piece.kind),
            oscal_prop("since", piece.since.isoformat()),
            *(oscal_prop("log", origin) for origin in piece.seen.logs),
            *([oscal_prop("withheld", "yes")] if piece.withheld else []),
        ]
        return {
            "uuid": self.uuid("observation", digest.hex()),
            "title": f"{piece.kind} by {piece.issuer}",
            "description": f"Signed statement {digest.hex()} about {piece.subject}.",
            "props": props,
            "methods": ["EXAMINE"],
            "types": ["finding"],
            "relevant-evidence": [
                {"href": f"urn:sha256:{digest.hex()}", "description": "The signed statement, by its digest."}
            ],
            "collected": self.moment,
        }

    def finding(self, answer: Answer) -> Json:
        """One requirement or commitment with evidence."""
        best = answer.credits[0]
        record = self.facts.requirements.get(answer.target) or self.facts.commitment(answer.target)
        said = [reason.en for credit in answer.credits for reason in credit.why]
        lacks = [lack.en for lack in answer.lacks]
        disputed = [f"{one.issuer} disputes it: {one.grounds}" for one in answer.disputes]
        whole = answer.state is State.FULL
        digests = sorted({digest for credit in answer.credits for digest in credit.evidence})
        return {
            "uuid": self.uuid("finding", answer.target),
            "title": record.label.en,
            "description": " ".join(
                (f"{_SERVES[whole]} ({answer.state.word}, {best.assurance.word}).", *disputed)
            ),
            "props": [
                oscal_prop("state", answer.state.word),
                oscal_prop("assurance", best.assurance.word),
                oscal_prop("offered-for", best.source),
                *(oscal_prop("relation", id_) for id_ in best.relations),
                *([] if answer.expires is None else [oscal_prop("serves-until", answer.expires.isoformat())]),
                oscal_prop("uncertain", "yes" if answer.low else "no"),
            ],
            "target": {
                "type": "objective-id",
                "target-id": answer.target,
                "status": {
                    "state": "satisfied" if whole else "not-satisfied",
                    "reason": "other",
                    "remarks": _remarks(said, lacks),
                },
            },
            "related-observations": [
                {"observation-uuid": self.uuid("observation", digest.hex())} for digest in digests
            ],
        }


def _remarks(why: list[str], lacks: list[str]) -> str:
    parts = [*dict.fromkeys(why)]
    parts += [f"Still lacks: {lack}" for lack in dict.fromkeys(lacks)]
    return " ".join(parts) or _REMARKS
