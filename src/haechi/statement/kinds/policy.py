"""`policy`: who may publish what in a log (RFC 9943 section 5.1.1). The latest one in the log applies."""

from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Kind, Name, Reading, Row, Said
from haechi.statement.kinds._life import neutral, said_row
from haechi.words import Text

NAME = "policy"
ANY = "*"
_KindName = Annotated[str, msgspec.Meta(pattern=r"^(\*|[a-z_]{2,40})$")]


class Grant(Claim):
    """An issuer may publish these kinds with these keys.

    issuer: an exact name, or `*` for anybody with a valid signature; keys: thumbprints, none = any key;
    kinds: names of kinds, or `*`.
    """

    issuer: Name
    kinds: Annotated[tuple[_KindName, ...], msgspec.Meta(min_length=1, max_length=64)]
    keys: Annotated[tuple[Digest, ...], msgspec.Meta(max_length=64)] = ()


class Policy(Claim):
    """The registration policy of the log named `origin`. max_bytes bounds one statement."""

    origin: Name
    grants: Annotated[tuple[Grant, ...], msgspec.Meta(min_length=1, max_length=2000)]
    max_bytes: Annotated[int, msgspec.Meta(ge=1024, le=65536)] = 65536
    sharing: Annotated[tuple[Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"], ...], msgspec.Meta(max_length=4)] = (
        "CLEAR",
    )
    note: Said | None = None


def _check(claim: Policy, _facts: Facts) -> None:
    if claim.note is not None:
        claim.note.require(NAME, "note")
    for grant in claim.grants:
        if grant.issuer == ANY and (ANY in grant.kinds or {"policy", "key_event"} & set(grant.kinds)):
            raise ClaimMalformed(kind=NAME, why="anybody may not publish policies or key events")


def _read(claim: Policy, _facts: Facts) -> Reading:
    rows = [Row(Text("Log", "로그"), neutral(claim.origin))]
    for grant in claim.grants:
        who = Text("anybody", "누구나") if grant.issuer == ANY else neutral(grant.issuer)
        kinds = "*" if ANY in grant.kinds else ", ".join(grant.kinds)
        keys = ", ".join(key.hex()[:16] for key in grant.keys)
        rows.append(
            Row(
                who,
                Text(
                    f"{kinds}" + (f" with key {keys}" if keys else ""),
                    f"{kinds}" + (f" (키 {keys})" if keys else ""),
                ),
            )
        )
    rows.append(Row(Text("Largest statement", "최대 진술 크기"), neutral(f"{claim.max_bytes} B")))
    if claim.note is not None:
        rows.append(said_row(Text("Note", "비고"), claim.note))
    return Reading(Text("Who may publish what in this log.", "이 로그에 누가 무엇을 게시할 수 있는지 정합니다."), rows)


KIND = Kind(
    name=NAME,
    title=Text("Registration policy", "등록 정책"),
    about=Text(
        "Who may publish which kinds in a log; the latest policy in the log applies.",
        "로그에 누가 어떤 종류를 게시할 수 있는지 정합니다. 로그의 최신 정책이 적용됩니다.",
    ),
    payload=Policy,
    check=_check,
    read=_read,
    example=lambda: Policy(
        origin="kr.example/log",
        grants=(Grant(issuer="company.example", kinds=("pledge_report", "document")),),
    ),
    lifecycle=True,
)
