"""`trust_list`: which version of a trust list a node goes by, said in its own log, with the files themselves.

Nobody can later deny that a version existed; whoever has a log can rebuild every version from the evidence.
"""

from typing import Annotated

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, Digest, Kind, Reading, Row, Said, titled
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._life import neutral, said_row
from haechi.words import Text

NAME = "trust_list"
_Version = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]


class TrustListLogged(Claim, frozen=True, kw_only=True):
    """A version in use. first_root: SHA-256 of the root it starts from; listed: SHA-256 of the list itself.

    package: the file with every signed part, from which the version can be verified again.
    """

    name: Annotated[Said, titled("Name", "이름")]
    version: Annotated[_Version, titled("Version", "판")]
    root_version: Annotated[_Version, titled("Root version", "루트 판")]
    first_root: Annotated[Digest, titled("First root", "첫 루트")]
    listed: Annotated[Digest, titled("Digest of the list", "목록의 다이제스트")]
    package: Annotated[EvidenceRef, titled("Signed files", "서명된 파일")]


def _check(claim: TrustListLogged, _facts: Facts) -> None:
    claim.name.require(NAME, "name")


def _read(claim: TrustListLogged, _facts: Facts) -> Reading:
    rows = [
        said_row(Text("Name", "이름"), claim.name),
        Row(Text("Version", "판"), neutral(claim.version)),
        Row(Text("Root version", "루트 판"), neutral(claim.root_version)),
        Row(Text("First root", "첫 루트"), neutral(claim.first_root.hex())),
        Row(Text("Digest of the list", "목록의 다이제스트"), neutral(claim.listed.hex())),
    ]
    said = Text(
        f"Trust list in use: version {claim.version} under root {claim.root_version}.",
        f"사용 중인 신뢰 목록: 루트 {claim.root_version}판 아래 {claim.version}판.",
    )
    return Reading(said, rows)


KIND = Kind(
    name=NAME,
    title=Text("Trust list", "신뢰 목록"),
    about=Text(
        "Which version of a trust list the node goes by from here on, with the signed files as evidence.",
        "노드가 이때부터 따르는 신뢰 목록의 판을, 서명된 파일을 증거로 함께 밝힙니다.",
    ),
    payload=TrustListLogged,
    check=_check,
    read=_read,
    evidence=lambda claim: (claim.package,),
    example=lambda: TrustListLogged(
        name=Said(en="AI safety network", ko="AI 안전 네트워크"),
        version=3,
        root_version=1,
        first_root=bytes(range(32)),
        listed=bytes(range(1, 33)),
        package=EvidenceRef(
            digest=bytes(range(2, 34)), size=4096, media_type="application/json", name="trust.json"
        ),
    ),
    lifecycle=True,
)
