"""What one requirement or commitment asks for, worked out once: kinds of evidence and how long they serve."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from haechi.answers.note import Note, note
from haechi.facts import Commitment, Facts, Requirement
from haechi.words import Text

REPORT = "pledge_report"
"""A party's own report. Alone it is a claim, whatever it says."""

WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "lacks.any-kind": Text(
            "no evidence of any of these kinds yet: {kind}", "이 종류 중 어느 증거도 아직 없음: {kind}"
        ),
        "lacks.kind": Text("no evidence of this kind yet: {kind}", "이 종류의 증거가 아직 없음: {kind}"),
        "lacks.part": Text("offered for a part only: {kind}", "일부에 대해서만 제시됨: {kind}"),
        "lacks.no-proof-kind": Text(
            "the facts name no evidence for this besides the party's own report",
            "사실에 당사자의 보고 외의 증거 종류가 없음",
        ),
        "why.offered": Text(
            "evidence of this kind was offered for it: {kind}", "이 종류의 증거가 제시됨: {kind}"
        ),
        "why.claimed": Text(
            "it was said, without evidence of a kind that is asked for",
            "요구되는 종류의 증거 없이 주장만 있음",
        ),
    }
)
"""The words of reasons and remainders that are ours, by code. {kind}: the kinds' names, joined by " / "."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One kind that is asked for: the kinds that serve as it, and the notes that may be needed.

    kind: its id; of a choice the ids of its kinds with "|" between them, for one of them is enough.
    """

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
        records = (*facts.requirements.values(), *facts.commitments.values())
        return cls(
            {
                record.id: _demand(
                    record.id,
                    tuple(_asked(facts, group, kinds) for group in groups(record)),
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


def groups(record: Requirement | Commitment) -> tuple[tuple[str, ...], ...]:
    """What is asked for, in order: each kind alone, and a choice together where its first kind stands.

    >>> from haechi.facts import load
    >>> groups(load().commitment("sbp.2.3"))
    (('inclusion_figure.skills', 'jobs_figure'),)
    """
    chosen = {kind: choice.kinds for choice in record.any_of for kind in choice.kinds}
    return tuple(dict.fromkeys(chosen.get(kind, (kind,)) for kind in record.evidence))


def _asked(facts: Facts, group: tuple[str, ...], kinds: tuple[str, ...]) -> Asked:
    labels = [facts.evidence_kind(kind).label for kind in group]
    ref = "|".join(group)
    en, ko = (" / ".join(label.say(lang) for label in labels) for lang in ("en", "ko"))

    def fill(code: str) -> Note:
        text = WORDS[code]
        return note(code, ref, Text(text.say("en", kind=en), text.say("ko", kind=ko)))

    single = len(group) == 1
    return Asked(
        kind=ref,
        served_by=tuple(each for each in kinds if any(_serves(each, kind) for kind in group)),
        proof=REPORT not in group,
        missing=fill("lacks.kind" if single else "lacks.any-kind"),
        part=fill("lacks.part"),
        offered=fill("why.offered"),
    )


def _serves(kind: str, asked: str) -> bool:
    return kind == asked or kind.startswith(f"{asked}.")


def _demand(target: str, asked: tuple[Asked, ...], valid_days: int | None, *, low: bool) -> Demand:
    proof = frozenset(kind for one in asked if one.proof for kind in one.served_by)
    unmet = tuple(one.missing for one in asked if one.proof)
    return Demand(
        target=target,
        asked=asked,
        valid_days=valid_days,
        proof_kinds=proof,
        unmet=unmet or (note("lacks.no-proof-kind", target, WORDS["lacks.no-proof-kind"]),),
        claimed=note("why.claimed", target, WORDS["why.claimed"]),
        low=low,
    )
