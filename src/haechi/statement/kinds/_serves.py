"""What a statement is offered for: the requirements and commitments that it names itself."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from haechi.errors import UnknownName
from haechi.facts import Commitment, Facts, Requirement
from haechi.statement.claims import Claim, ClaimMalformed, Name, Row, Said, titled
from haechi.words import Text

_NEAREST = 4


class Serves(Claim, frozen=True, kw_only=True):
    """One requirement or commitment that the statement is offered as evidence for.

    target: an id of the facts, such as `KR.31.2` or `sbp.1.2`. whole: whether the issuer says that it covers
    all of the target. It is an offer, never a finding.
    """

    target: Annotated[Name, titled("Requirement or commitment", "요구사항 또는 약속")]
    whole: Annotated[bool, titled("Covers all of it", "전부에 해당")]
    part: Annotated[Said | None, titled("Which part", "해당하는 부분")] = None


Offers = Annotated[tuple[Serves, ...], msgspec.Meta(max_length=64), titled("Offered for", "제시 대상")]


def check_serves(kind: str, serves: Sequence[Serves], facts: Facts) -> None:
    """Raise UnknownName with the nearest right ids, or ClaimMalformed, unless all can be offered for.

    A target stands once. A part is described in words only where the whole is not covered.
    """
    named = [each.target for each in serves]
    for each in serves:
        target_of(each.target, facts)
        if each.part is not None:
            each.part.require(kind, f"serves {each.target}")
            if each.whole:
                raise ClaimMalformed(
                    kind=kind,
                    why=Text(
                        f"{each.target} is offered as a whole and in part",
                        f"{each.target}이(가) 전부이면서 일부로 제시됨",
                    ),
                )
    twice = sorted({target for target in named if named.count(target) > 1})
    if twice:
        raise ClaimMalformed(
            kind=kind,
            why=Text(f"{twice[0]} is offered for twice", f"{twice[0]}이(가) 두 번 제시됨"),
        )


def target_of(id_: str, facts: Facts) -> Requirement | Commitment:
    """The requirement or commitment with this id; raises UnknownName with the nearest right ids of both."""
    found = facts.requirements.get(id_) or facts.commitments.get(id_)
    if found is None:
        near = [*facts.nearest("requirement", id_, 2), *facts.nearest("commitment", id_, 2)]
        raise UnknownName(field="serves.target", got=id_[:120], nearest=near[:_NEAREST])
    return found


def serves_rows(serves: Sequence[Serves], facts: Facts) -> list[Row]:
    """One row a target: its id, its name, and whether it is offered as a whole."""
    rows: list[Row] = []
    for each in serves:
        label = target_of(each.target, facts).label
        whole = Text("offered for all of it", "전부에 대해 제시")
        part = Text("offered for a part", "일부에 대해 제시")
        how = whole if each.whole else part
        rows.append(
            Row(
                Text("Can serve as evidence for", "증거로 제시하는 대상"),
                Text(f"{each.target}: {label.en} [{how.en}]", f"{each.target}: {label.ko} [{how.ko}]"),
            )
        )
        if each.part is not None:
            words = each.part
            rows.append(Row(Text("Which part", "해당하는 부분"), Text(words.in_("en"), words.in_("ko"))))
    return rows
