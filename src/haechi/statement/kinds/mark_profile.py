"""`mark_profile`: an issuer commits to how its content is marked, and says whom to ask for a detection."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Kind, Name, Reading, Row, titled
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._dates import Moment, require_plausible
from haechi.statement.kinds._life import EXAMPLE_TARGET, file_row, neutral
from haechi.words import Text

NAME = "mark_profile"
PROFILE_TYPE = "application/vnd.haechi.mark-profile+json"

Medium = Literal["image", "text", "audio", "video"]
MEDIA: dict[Medium, Text] = {
    "image": Text("pictures", "그림"),
    "text": Text("text", "텍스트"),
    "audio": Text("sound", "소리"),
    "video": Text("film", "영상"),
}
Twelve = Annotated[int, msgspec.Meta(ge=0, lt=4096)]
Address = Annotated[
    str, msgspec.Meta(min_length=9, max_length=256, pattern=r"^https?://[!-;=?-~]+(?![\s\S])")
]


class MarkProfile(Claim, frozen=True, kw_only=True):
    """commitment: SHA-256 of the profile's file, key and salt in it; service: where to ask for a detection.

    signpost: the number of 12 bits that texts carry for anybody to find `service`; since, until: when content
    was marked like this; published: the file itself, beside the log, when everybody may read the marks. Then
    everybody can forge them as well.
    """

    commitment: Annotated[Digest, titled("Commitment", "커밋값")]
    engine: Annotated[Name, titled("Engine", "엔진")]
    medium: Annotated[Medium, titled("Medium", "매체")]
    since: Annotated[Moment, titled("Used since", "사용 시작")]
    until: Annotated[Moment | None, titled("Used until", "사용 종료")] = None
    service: Annotated[Address | None, titled("Detection service", "탐지 서비스")] = None
    signpost: Annotated[Twelve | None, titled("Signpost number", "이정표 번호")] = None
    published: Annotated[EvidenceRef | None, titled("Published profile", "공개된 프로필")] = None


def _check(claim: MarkProfile, _facts: Facts) -> None:
    require_plausible(NAME, "since", claim.since)
    if claim.until is not None:
        require_plausible(NAME, "until", claim.until)
        if claim.until < claim.since:
            raise _wrong("it ends before it begins", "사용 종료가 시작보다 앞섬")
    if claim.signpost is not None and claim.service is None:
        raise _wrong("a signpost needs a service to point at", "이정표 번호에는 가리킬 서비스가 필요함")
    if claim.published is not None and claim.published.digest != claim.commitment:
        raise _wrong("the published file is not the one committed to", "공개된 파일이 커밋된 파일과 다름")


def _wrong(en: str, ko: str) -> ClaimMalformed:
    return ClaimMalformed(kind=NAME, why=Text(en, ko))


def _read(claim: MarkProfile, _facts: Facts) -> Reading:
    medium = MEDIA[claim.medium]
    rows = [
        Row(Text("Commitment", "커밋값"), neutral(claim.commitment.hex())),
        Row(Text("Engine", "엔진"), neutral(claim.engine)),
        Row(Text("Used since", "사용 시작"), neutral(claim.since.isoformat(timespec="seconds"))),
    ]
    if claim.until is not None:
        rows.append(Row(Text("Used until", "사용 종료"), neutral(claim.until.isoformat(timespec="seconds"))))
    if claim.service is not None:
        rows.append(Row(Text("Ask here for a detection", "탐지 문의처"), neutral(claim.service)))
    if claim.signpost is not None:
        rows.append(Row(Text("Signpost number", "이정표 번호"), neutral(claim.signpost)))
    if claim.published is not None:
        rows.append(
            file_row(
                claim.published,
                Text("Published: anybody can read and forge", "공개됨: 누구나 읽고 위조 가능"),
            )
        )
    return Reading(
        Text(
            f"The issuer committed to how it marks {medium.en}.",
            f"발행자가 {medium.ko}에 표시를 넣는 방식을 미리 확정해 두었습니다.",
        ),
        rows,
    )


KIND = Kind(
    name=NAME,
    title=Text("Mark profile", "마크 프로필"),
    about=Text(
        "Commits to how an issuer marks its content, key included, without giving it away; says whom to ask.",
        "발행자가 콘텐츠 표시 방식(키 포함)을 드러내지 않고 미리 확정하며, 문의할 곳을 밝힙니다.",
    ),
    payload=MarkProfile,
    check=_check,
    read=_read,
    example=lambda: MarkProfile(
        commitment=EXAMPLE_TARGET,
        engine="haechi-text-1",
        medium="text",
        since=datetime(2026, 9, 1, tzinfo=UTC),
        service="https://detect.company.example/",
        signpost=2748,
    ),
    evidence=lambda claim: () if claim.published is None else (claim.published,),
)
