"""`supersede`: the issuer replaces an earlier statement of its own by a newer one."""

from typing import Annotated

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Kind, Reading, Said, titled
from haechi.statement.kinds._life import EXAMPLE_TARGET, said_row, target_row
from haechi.words import Text


class Supersede(Claim, frozen=True, kw_only=True):
    """old is no longer what the issuer says; new is. Both are digests of statements of this issuer."""

    old: Annotated[Digest, titled("Replaced statement", "대체된 진술")]
    new: Annotated[Digest, titled("New statement", "새 진술")]
    reason: Annotated[Said, titled("Reason", "이유")]


def _check(claim: Supersede, _facts: Facts) -> None:
    claim.reason.require("supersede", "reason")
    if claim.old == claim.new:
        raise ClaimMalformed(
            kind="supersede",
            why=Text("a statement cannot supersede itself", "진술은 자기 자신을 대체할 수 없음"),
        )


def _read(claim: Supersede, _facts: Facts) -> Reading:
    return Reading(
        Text("A statement is replaced by a newer one.", "진술이 새 진술로 대체되었습니다."),
        [
            target_row(claim.old, Text("Replaced", "대체된 진술")),
            target_row(claim.new, Text("By", "새 진술")),
            said_row(Text("Reason", "이유"), claim.reason),
        ],
    )


KIND = Kind(
    name="supersede",
    title=Text("Replacement", "대체"),
    about=Text(
        "Replaces an earlier statement of the same issuer; the earlier one stays in the log.",
        "같은 발행자의 이전 진술을 대체합니다. 이전 진술은 로그에 남습니다.",
    ),
    payload=Supersede,
    check=_check,
    read=_read,
    example=lambda: Supersede(
        old=EXAMPLE_TARGET,
        new=bytes(31) + b"\x01",
        reason=Said(en="One figure was off by a month.", ko="수치 하나의 기간이 한 달 어긋났습니다."),
    ),
    targets=lambda claim: (claim.old, claim.new),
    lifecycle=True,
)
