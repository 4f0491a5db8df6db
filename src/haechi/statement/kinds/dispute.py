"""`dispute`: somebody else says that an earlier statement does not hold, and why."""

from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, Digest, Kind, Reading, Row, Said, titled
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, said_row, target_row
from haechi.words import Text

GROUNDS = {
    "not_reproduced": Text("the figure could not be reproduced", "수치를 재현하지 못함"),
    "wrong_figure": Text("a figure is wrong", "수치가 틀림"),
    "wrong_subject": Text("the statement is about something else", "대상이 다름"),
    "evidence_missing": Text("the evidence is missing", "증거가 없음"),
    "key_misused": Text("the key was not the issuer's to use", "발행자의 키가 아님"),
    "other": Text("other grounds", "그 밖의 이유"),
}
Grounds = Literal[
    "not_reproduced", "wrong_figure", "wrong_subject", "evidence_missing", "key_misused", "other"
]


class Dispute(Claim, frozen=True, kw_only=True):
    """The target is contested on these grounds. Shown beside the target, it removes nothing."""

    target: Annotated[Digest, titled("Statement that is disputed", "이의 대상 진술")]
    grounds: Annotated[Grounds, titled("Grounds", "근거")]
    why: Annotated[Said, titled("Why", "설명")]
    evidence: Annotated[tuple[EvidenceRef, ...], msgspec.Meta(max_length=64), titled("Evidence", "증거")] = ()


def _check(claim: Dispute, _facts: Facts) -> None:
    claim.why.require("dispute", "why")


def _read(claim: Dispute, _facts: Facts) -> Reading:
    rows = [
        target_row(claim.target),
        Row(Text("Grounds", "근거"), GROUNDS[claim.grounds]),
        said_row(Text("Why", "설명"), claim.why),
        *(file_row(ref) for ref in claim.evidence),
    ]
    return Reading(
        Text("Another party disputes a statement.", "다른 기관이 진술에 이의를 제기했습니다."), rows
    )


KIND = Kind(
    name="dispute",
    title=Text("Dispute", "이의"),
    about=Text(
        "Another party contests a statement and gives grounds and evidence.",
        "다른 기관이 근거와 증거를 들어 진술에 이의를 제기합니다.",
    ),
    payload=Dispute,
    check=_check,
    read=_read,
    example=lambda: Dispute(
        target=EXAMPLE_TARGET,
        grounds="not_reproduced",
        why=Said(
            en="Our run of the same samples gave 0.71, outside the stated interval.",
            ko="같은 표본으로 다시 실행한 값 0.71은 제시된 구간을 벗어납니다.",
        ),
    ),
    targets=lambda claim: (claim.target,),
    evidence=lambda claim: claim.evidence,
    lifecycle=True,
)
