"""`erasure`: the operator of a log no longer keeps the bytes of an entry. Its commitment stays in the log."""

from typing import Annotated

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, Digest, Issuer, Kind, Reading, Row, Said, titled
from haechi.statement.kinds._life import EXAMPLE_TARGET, neutral, said_row, target_row
from haechi.words import Text

NAME = "erasure"


class Erasure(Claim, frozen=True, kw_only=True):
    """Erased from the log named `origin`: the statement, evidence files of it, or both.

    erased: digests of what went, the target's own among them when the statement's bytes went too.
    """

    target: Annotated[Digest, titled("Statement", "진술")]
    origin: Annotated[Issuer, titled("Log", "로그")]
    erased: Annotated[
        tuple[Digest, ...], msgspec.Meta(min_length=1, max_length=64), titled("Erased", "지운 것")
    ]
    reason: Annotated[Said, titled("Reason", "이유")]


def _check(claim: Erasure, _facts: Facts) -> None:
    claim.reason.require(NAME, "reason")


def _read(claim: Erasure, _facts: Facts) -> Reading:
    rows = [target_row(claim.target), Row(Text("Log", "로그"), neutral(claim.origin))]
    if claim.target in claim.erased:
        rows.append(Row(Text("Erased", "지운 것"), Text("the statement's bytes", "진술의 바이트")))
    files = [digest.hex() for digest in claim.erased if digest != claim.target]
    rows += [Row(Text("Erased file", "지운 파일"), neutral(digest)) for digest in files]
    return Reading(
        Text(
            "The log's operator erased content; that it was logged stays provable.",
            "로그 운영자가 내용을 지웠습니다. 기록되었다는 사실은 계속 증명할 수 있습니다.",
        ),
        [*rows, said_row(Text("Reason", "이유"), claim.reason)],
    )


KIND = Kind(
    name=NAME,
    title=Text("Erasure", "삭제"),
    about=Text(
        "Says which bytes the log's operator erased and why; the entry itself stays.",
        "로그 운영자가 어떤 바이트를 왜 지웠는지 알립니다. 항목 자체는 남습니다.",
    ),
    payload=Erasure,
    check=_check,
    read=_read,
    example=lambda: Erasure(
        target=EXAMPLE_TARGET,
        origin="kr.example/log",
        erased=(EXAMPLE_TARGET,),
        reason=Said(en="It named a private person.", ko="개인의 이름이 적혀 있었습니다."),
    ),
    targets=lambda claim: (claim.target,),
    lifecycle=True,
)
