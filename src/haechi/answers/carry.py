"""Which credit goes where: every route of the crosswalk from one record to another, worked out once.

    BadInput
    └── RelationRefused   a relation without a reason, or one that names nothing we have

Full credit chains along `equal` and `superset`; partial credit takes exactly one direct relation.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from haechi.answers.note import Note, note
from haechi.errors import BadInput
from haechi.facts import Facts, Relation
from haechi.words import Text

UNNAMED = Text(
    "what is still lacking has not been named yet; compare both texts",
    "부족한 부분이 아직 명시되지 않음. 두 원문을 비교해야 함",
)


class RelationRefused(BadInput):
    """A relation that may carry nothing; facts: relation, why."""

    code = "answers.relation"
    what = Text("relation {relation} cannot be used: {why}", "관계 {relation}을(를) 쓸 수 없습니다: {why}")
    hint = Text(
        "correct crosswalk.yaml and compile the facts again",
        "crosswalk.yaml을 고치고 사실을 다시 컴파일하세요",
    )


class Hop(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One route of credit. full: it hands on full credit; direct: it is one relation, so partial may pass.

    relations: crosswalk ids from source to target. low: one of them has low confidence.
    """

    source: str
    target: str
    full: bool
    relations: tuple[str, ...]
    why: tuple[Note, ...]
    lacks: tuple[Note, ...]
    low: bool

    @property
    def direct(self) -> bool:
        """Whether the route is one relation."""
        return len(self.relations) == 1


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes by where they end and by where they start, each in a fixed order."""

    into: Mapping[str, tuple[Hop, ...]]
    onward: Mapping[str, tuple[Hop, ...]]

    @classmethod
    def of(cls, facts: Facts) -> "Routes":
        """The routes between requirements and commitments. Raises RelationRefused."""
        known = facts.requirements.keys() | facts.commitments.keys()
        full: dict[str, list[tuple[Relation, str]]] = {}
        hops: list[Hop] = []
        for relation in facts.relations.values():
            _admit(relation, known | facts.risk_classes.keys())
            if relation.a not in known:
                continue
            for start in (relation.a, relation.b):
                carries = relation.carry_from(start) == "full"
                if carries:
                    full.setdefault(start, []).append((relation, relation.other(start)))
                hops.append(_hop(start, relation.other(start), [relation], full=carries))
        for start in sorted(full):
            hops += _chains(start, full)
        return cls(_grouped(hops, "target"), _grouped(hops, "source"))


def _admit(relation: Relation, known: set[str]) -> None:
    if not relation.why.strip():
        raise RelationRefused(relation=relation.id, why="no reason is given")
    for end in (relation.a, relation.b):
        if end not in known:
            raise RelationRefused(relation=relation.id, why=f"no such record: {end}")


def _chains(start: str, full: Mapping[str, list[tuple[Relation, str]]]) -> list[Hop]:
    """The shortest chain of two or more full carries to every record so reached; ties by relation id."""
    paths: dict[str, list[Relation]] = {start: []}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for relation, there in sorted(full.get(here, ()), key=lambda step: step[0].id):
            if there not in paths:
                paths[there] = [*paths[here], relation]
                waiting.append(there)
    return [_hop(start, end, path, full=True) for end, path in paths.items() if len(path) > 1]


def _hop(source: str, target: str, path: list[Relation], *, full: bool) -> Hop:
    lacks: list[Note] = []
    here = source
    for relation in path:
        lack = relation.lacks_from(here)
        if lack is not None:
            lacks.append(note("lacks.named", relation.id, lack))
        here = relation.other(here)
    if not full and not lacks:
        lacks.append(note("lacks.unnamed", path[0].id, UNNAMED))
    return Hop(
        source=source,
        target=target,
        full=full,
        relations=tuple(relation.id for relation in path),
        why=tuple(note("why.relation", relation.id, relation.reason) for relation in path),
        lacks=tuple(lacks),
        low=any(relation.confidence == "low" for relation in path),
    )


def _grouped(hops: list[Hop], end: str) -> dict[str, tuple[Hop, ...]]:
    found: dict[str, list[Hop]] = {}
    for hop in sorted(hops, key=lambda hop: (hop.source, hop.target, hop.relations)):
        found.setdefault(getattr(hop, end), []).append(hop)
    return {key: tuple(group) for key, group in found.items()}
