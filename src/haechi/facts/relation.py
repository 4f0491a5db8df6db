"""One judged pair of the crosswalk: how two demands relate as sets, and what evidence carries over."""

from types import MappingProxyType
from typing import Annotated

from msgspec import Meta

from haechi.facts.record import Record
from haechi.facts.terms import Basis, Carry, Confidence, RelationStatus, SetRelation
from haechi.words import Text

_SIGNS = MappingProxyType({"equal": "=", "subset": "⊂", "superset": "⊃", "intersects": "∩"})


class Relation(Record, frozen=True, kw_only=True):
    """A set-theory relation of NIST IR 8477 between two requirements, commitments or risk classes.

    "a subset b": whatever a demands, b demands too. carry_a_to_b: whether evidence that fully answers a
    fully answers b. strength: 1 to 10, how much is shared. All are proposals of this project. A pair with
    no relation was not judged; it is not "unrelated".
    """

    id: str
    topic: str
    a: str
    relation: SetRelation
    b: str
    strength: Annotated[int, Meta(ge=1, le=10)]
    basis: Basis
    why: str
    why_ko: str
    carry_a_to_b: Carry
    carry_b_to_a: Carry
    confidence: Confidence
    status: RelationStatus
    a_evidence_lacks_for_b: str | None = None
    a_evidence_lacks_for_b_ko: str | None = None
    b_evidence_lacks_for_a: str | None = None
    b_evidence_lacks_for_a_ko: str | None = None

    @property
    def label(self) -> Text:
        """Both ids and the sign of set theory between them, the same in both languages."""
        shown = f"{self.a} {_SIGNS[self.relation]} {self.b}"
        return Text(shown, shown)

    def other(self, end: str) -> str:
        """The id at the other end; raises ValueError when `end` is neither."""
        if end not in (self.a, self.b):
            raise ValueError(f"{end} is not in {self.id}")
        return self.b if end == self.a else self.a

    def carry_from(self, start: str) -> Carry:
        """Whether evidence that fully answers `start` fully answers the other end."""
        return self.carry_b_to_a if self.other(start) == self.a else self.carry_a_to_b

    @property
    def reason(self) -> Text:
        """Why it was judged so, for people."""
        return Text(self.why, self.why_ko)

    def lacks_from(self, start: str) -> Text | None:
        """What evidence for `start` still lacks for the other end; None where nothing was named."""
        if self.other(start) == self.a:
            en, ko = self.b_evidence_lacks_for_a, self.b_evidence_lacks_for_a_ko
        else:
            en, ko = self.a_evidence_lacks_for_b, self.a_evidence_lacks_for_b_ko
        return None if en is None or ko is None else Text(en, ko)
