"""`confirm`: somebody else checked an earlier statement and says what held."""

from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.findings import CATALOGUE
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Kind, Reading, Row, Said, titled
from haechi.statement.kinds._life import EXAMPLE_TARGET, neutral, said_row, target_row
from haechi.words import Text

HOW = {
    "verified": Text("signature, log and files verified", "서명·로그·파일을 검증함"),
    "reviewed": Text("content reviewed by people", "사람이 내용을 검토함"),
    "reproduced": Text("figures reproduced from the evidence", "증거에서 수치를 재현함"),
}
_Code = Annotated[
    str, msgspec.Meta(min_length=3, max_length=128, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+(?![\s\S])")
]


class Checked(Claim, frozen=True, kw_only=True):
    """One check that was run, by the code it ended in."""

    code: Annotated[_Code, titled("Code of the outcome", "결과 코드")]


class Confirm(Claim, frozen=True, kw_only=True):
    """How the target was checked and which checks held. Never says more than the codes do."""

    target: Annotated[Digest, titled("Statement that was checked", "확인한 진술")]
    how: Annotated[Literal["verified", "reviewed", "reproduced"], titled("How", "방법")]
    checks: Annotated[
        tuple[Checked, ...], msgspec.Meta(min_length=1, max_length=64), titled("Checks", "점검 항목")
    ]
    note: Annotated[Said | None, titled("Note", "비고")] = None


def _check(claim: Confirm, _facts: Facts) -> None:
    if claim.note is not None:
        claim.note.require("confirm", "note")
    codes = [check.code for check in claim.checks]
    if len(set(codes)) != len(codes):
        raise ClaimMalformed(kind="confirm", why=Text("a check is listed twice", "같은 점검이 두 번 있음"))


def _read(claim: Confirm, _facts: Facts) -> Reading:
    rows = [target_row(claim.target), Row(Text("How", "방법"), HOW[claim.how])]
    for check in claim.checks:
        known = CATALOGUE.get(check.code)
        label = neutral(known.verdict) if known else Text("check unknown here", "여기서 모르는 점검")
        rows.append(Row(label, neutral(check.code)))
    if claim.note is not None:
        rows.append(said_row(Text("Note", "비고"), claim.note))
    return Reading(Text("Another party confirms a statement.", "다른 기관이 진술을 확인했습니다."), rows)


KIND = Kind(
    name="confirm",
    title=Text("Confirmation", "확인"),
    about=Text(
        "Another party checked a statement and lists the checks and how they ended.",
        "다른 기관이 진술을 점검하고 점검 항목과 결과를 밝힙니다.",
    ),
    payload=Confirm,
    check=_check,
    read=_read,
    example=lambda: Confirm(
        target=EXAMPLE_TARGET,
        how="verified",
        checks=(Checked(code="statement.signature.valid"), Checked(code="log.inclusion.valid")),
        note=Said(en="Evidence file compared byte by byte.", ko="증거 파일을 바이트 단위로 대조했습니다."),
    ),
    targets=lambda claim: (claim.target,),
    lifecycle=True,
)
