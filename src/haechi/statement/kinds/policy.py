"""`policy`: who may publish what in a log (RFC 9943 section 5.1.1). The latest one in the log applies."""

from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Digest, Issuer, Kind, Reading, Row, Said, titled
from haechi.statement.kinds._life import neutral, said_row
from haechi.words import Text

NAME = "policy"
ANY = "*"
GOVERNANCE = frozenset({"policy", "key_event"})  # who publishes these decides who publishes the rest
_KindName = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^(\*|[a-z][a-z0-9_]{1,39})(?![\s\S])")]
Level = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


class Grant(Claim, frozen=True, kw_only=True):
    """An issuer may publish these kinds with these keys.

    issuer: an exact name, or `*` for anybody with a valid signature; keys: thumbprints, none = any key;
    kinds: names of kinds, or `*`.
    """

    issuer: Annotated[Issuer, titled("Issuer", "발행자")]
    kinds: Annotated[
        tuple[_KindName, ...], msgspec.Meta(min_length=1, max_length=64), titled("Kinds", "종류")
    ]
    keys: Annotated[tuple[Digest, ...], msgspec.Meta(max_length=64), titled("Keys", "키")] = ()


class Policy(Claim, frozen=True, kw_only=True):
    """The registration policy of the log named `origin`. max_bytes bounds one statement."""

    origin: Annotated[Issuer, titled("Log", "로그")]
    grants: Annotated[
        tuple[Grant, ...], msgspec.Meta(min_length=1, max_length=2000), titled("Grants", "허용")
    ]
    max_bytes: Annotated[
        int, msgspec.Meta(ge=1024, le=65536), titled("Largest statement in bytes", "최대 진술 크기(바이트)")
    ] = 65536
    sharing: Annotated[
        tuple[Level, ...],
        msgspec.Meta(min_length=1, max_length=5),
        titled("Sharing levels taken", "받는 공유 등급"),
    ] = ("CLEAR",)
    note: Annotated[Said | None, titled("Note", "비고")] = None


def _check(claim: Policy, _facts: Facts) -> None:
    if claim.note is not None:
        claim.note.require(NAME, "note")
    for grant in claim.grants:
        governs = ANY in grant.kinds or not GOVERNANCE.isdisjoint(grant.kinds)
        # A name costs nothing to claim: without keys, a grant to one issuer is a grant to anybody.
        if governs and (grant.issuer == ANY or not grant.keys):
            raise ClaimMalformed(
                kind=NAME,
                why=Text(
                    "policies and key events may be granted to an issuer with named keys only",
                    "정책과 키 사건은 키가 지정된 발행자에게만 허용할 수 있음",
                ),
            )
    if len(set(claim.sharing)) != len(claim.sharing):
        raise ClaimMalformed(
            kind=NAME, why=Text("a sharing level is listed twice", "같은 공유 등급이 두 번 있음")
        )


def _read(claim: Policy, _facts: Facts) -> Reading:
    rows = [Row(Text("Log", "로그"), neutral(claim.origin))]
    rows += [_grant_row(grant) for grant in claim.grants]
    rows.append(Row(Text("Largest statement", "최대 진술 크기"), neutral(f"{claim.max_bytes:,} B")))
    rows.append(Row(Text("Sharing levels", "공유 등급"), neutral(", ".join(claim.sharing))))
    if claim.note is not None:
        rows.append(said_row(Text("Note", "비고"), claim.note))
    return Reading(
        Text("Who may publish what in this log.", "이 로그에 누가 무엇을 게시할 수 있는지 정합니다."), rows
    )


def _grant_row(grant: Grant) -> Row:
    who = Text("anybody", "누구나") if grant.issuer == ANY else neutral(grant.issuer)
    kinds = Text("every kind", "모든 종류") if ANY in grant.kinds else neutral(", ".join(grant.kinds))
    if not grant.keys:
        return Row(who, Text(f"{kinds.en} (any key)", f"{kinds.ko} (키 제한 없음)"))
    keys = ", ".join(key.hex()[:16] for key in grant.keys)
    return Row(who, Text(f"{kinds.en} (key {keys})", f"{kinds.ko} (키 {keys})"))


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
