"""`withdraw`: the issuer no longer stands by an earlier statement of its own."""

from typing import Annotated

from haechi.facts import Facts
from haechi.statement.claims import Claim, Digest, Kind, Reading, Said, titled
from haechi.statement.kinds._life import EXAMPLE_TARGET, said_row, target_row
from haechi.words import Text


class Withdraw(Claim, frozen=True, kw_only=True):
    """target no longer counts as evidence; that it was said stays provable."""

    target: Annotated[Digest, titled("Withdrawn statement", "철회한 진술")]
    reason: Annotated[Said, titled("Reason", "이유")]


def _check(claim: Withdraw, _facts: Facts) -> None:
    claim.reason.require("withdraw", "reason")


def _read(claim: Withdraw, _facts: Facts) -> Reading:
    return Reading(
        Text("A statement is withdrawn by its issuer.", "발행자가 진술을 철회했습니다."),
        [target_row(claim.target), said_row(Text("Reason", "이유"), claim.reason)],
    )


KIND = Kind(
    name="withdraw",
    title=Text("Withdrawal", "철회"),
    about=Text(
        "Takes back an earlier statement of the same issuer; its place in the log remains.",
        "같은 발행자의 이전 진술을 거두어들입니다. 로그의 자리는 남습니다.",
    ),
    payload=Withdraw,
    check=_check,
    read=_read,
    example=lambda: Withdraw(
        target=EXAMPLE_TARGET, reason=Said(en="The test set had leaked.", ko="시험 자료가 유출되었습니다.")
    ),
    targets=lambda claim: (claim.target,),
    lifecycle=True,
)
