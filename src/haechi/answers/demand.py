"""What one requirement or commitment asks for, worked out once: kinds of evidence and how long they serve."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from haechi.answers.note import Note, note
from haechi.facts import Facts
from haechi.words import Text

REPORT = "pledge_report"
"""A party's own report. Alone it is a claim, whatever it says."""

_MISSING = Text("no evidence of this kind yet: {kind}", "이 종류의 증거가 아직 없음: {kind}")
_PART = Text("offered for a part only: {kind}", "일부에 대해서만 제시됨: {kind}")
_NO_PROOF = Text(
    "the facts name no evidence for this besides the party's own report",
    "사실에 당사자의 보고 외의 증거 종류가 없음",
)
_OFFERED = Text("evidence of this kind was offered for it: {kind}", "이 종류의 증거가 제시됨: {kind}")
_CLAIMED = Text(
    "it was said, without evidence of a kind that is asked for", "요구되는 종류의 증거 없이 주장만 있음"
)


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One kind that is asked for: the kinds that serve as it, and the notes that may be needed."""

    kind: str
    served_by: tuple[str, ...]
    proof: bool
    missing: Note
    part: Note
    offered: Note


class Demand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What `target` asks for. valid_days: its own limit for all kinds; None: the kind's default."""

    target: str
    asked: tuple[Asked, ...]
    valid_days: int | None
    proof_kinds: frozenset[str]
    unmet: tuple[Note, ...]
    claimed: Note
    low: bool


@dataclass(frozen=True, slots=True)
class Demands:
    """All demands by target, in the order of the files: requirements first."""

    by_target: Mapping[str, Demand]
    kind_days: Mapping[str, int | None]

    @classmethod
    def of(cls, facts: Facts) -> "Demands":
        """The demands of every requirement and commitment."""
        kinds = tuple(facts.evidence_kinds)
        asked = {kind: _asked(facts, kind, kinds) for kind in kinds}
        records = (*facts.requirements.values(), *facts.commitments.values())
        return cls(
            {
                record.id: _demand(
                    record.id,
                    tuple(asked[kind] for kind in record.evidence),
                    getattr(record, "evidence_valid_days", None),
                    low=facts.is_low(record.id),
                )
                for record in records
            },
            {kind: facts.valid_days(kind) for kind in kinds},
        )

    def days(self, target: str, kind: str) -> int | None:
        """For how many days evidence of `kind` serves at `target`; None without end."""
        limit = self.by_target[target].valid_days
        return self.kind_days.get(kind) if limit is None else limit


def _asked(facts: Facts, kind: str, kinds: tuple[str, ...]) -> Asked:
    label = facts.evidence_kind(kind).label

    def fill(code: str, text: Text) -> Note:
        return note(code, kind, Text(text.say("en", kind=label.en), text.say("ko", kind=label.ko)))

    return Asked(
        kind=kind,
        served_by=tuple(other for other in kinds if other == kind or other.startswith(f"{kind}.")),
        proof=kind != REPORT,
        missing=fill("lacks.kind", _MISSING),
        part=fill("lacks.part", _PART),
        offered=fill("why.offered", _OFFERED),
    )


def _demand(target: str, asked: tuple[Asked, ...], valid_days: int | None, *, low: bool) -> Demand:
    proof = frozenset(kind for one in asked if one.proof for kind in one.served_by)
    unmet = tuple(one.missing for one in asked if one.proof)
    return Demand(
        target=target,
        asked=asked,
        valid_days=valid_days,
        proof_kinds=proof,
        unmet=unmet or (note("lacks.no-proof-kind", target, _NO_PROOF),),
        claimed=note("why.claimed", target, _CLAIMED),
        low=low,
    )
