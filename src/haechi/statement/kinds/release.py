"""`release`: the issuer lets more have what an earlier statement of its own kept to a few."""

from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Kind, Reading, Row, Said, titled
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, neutral, said_row, target_row
from haechi.words import Text

NAME = "release"
_SignedBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=16384)]
Level = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"]


class Release(Claim, frozen=True, kw_only=True):
    """target may be had by everybody whom `level` lets have it; a release is itself signed at that level.

    content_key: opens the encrypted content of an AMBER statement. signed and file: the statement and the
    kept file of a RED one, neither of which left its issuer before. A GREEN one needs none of them.
    """

    target: Annotated[Digest, titled("Released statement", "공개한 진술")]
    level: Annotated[Level, titled("New sharing level", "새 공유 등급")]
    content_key: Annotated[Digest | None, titled("Content key", "내용 키")] = None
    signed: Annotated[_SignedBytes | None, titled("Signed statement", "서명된 진술")] = None
    file: Annotated[EvidenceRef | None, titled("Kept file", "보관 파일")] = None
    reason: Annotated[Said | None, titled("Reason", "이유")] = None


def _check(claim: Release, _facts: Facts) -> None:
    if claim.reason is not None:
        claim.reason.require(NAME, "reason")
    if (claim.signed is None) != (claim.file is None):
        raise ClaimMalformed(
            kind=NAME,
            why=Text("signed and file come together", "signed와 file은 함께 있어야 함"),
        )
    if claim.content_key is not None and claim.file is not None:
        raise ClaimMalformed(
            kind=NAME,
            why=Text("either a content key, or a kept file", "내용 키와 보관 파일 가운데 하나만 있어야 함"),
        )


def _read(claim: Release, _facts: Facts) -> Reading:
    rows = [target_row(claim.target), Row(Text("Now", "새 등급"), neutral(f"TLP:{claim.level}"))]
    if claim.content_key is not None:
        rows.append(Row(Text("Content key", "내용 키"), neutral(claim.content_key.hex())))
    if claim.file is not None:
        rows.append(file_row(claim.file, Text("Content", "내용")))
    if claim.reason is not None:
        rows.append(said_row(Text("Reason", "이유"), claim.reason))
    return Reading(
        Text("A restricted statement is shared more widely.", "제한된 진술을 더 넓게 공유합니다."), rows
    )


KIND = Kind(
    name=NAME,
    title=Text("Release", "공개"),
    about=Text(
        "Widens who may have an earlier statement of the same issuer; nothing narrows.",
        "같은 발행자의 이전 진술을 더 넓게 공유합니다. 좁힐 수는 없습니다.",
    ),
    payload=Release,
    check=_check,
    read=_read,
    example=lambda: Release(
        target=EXAMPLE_TARGET,
        level="CLEAR",
        content_key=bytes(range(32)),
        reason=Said(en="The embargo has ended.", ko="공개 유예 기간이 끝났습니다."),
    ),
    targets=lambda claim: (claim.target,),
    evidence=lambda claim: () if claim.file is None else (claim.file,),
    lifecycle=True,
)
