"""`key_event`: keys come into use or go out of it, by position in a log and never by wall clock.

A thief who holds a stolen key can write any date into a statement, but not an earlier log position.
"""

import hashlib
from typing import Annotated, Literal

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import (
    Claim,
    ClaimMalformed,
    CountryCode,
    Issuer,
    Kind,
    Reading,
    Row,
    Said,
    Scope,
    titled,
)
from haechi.statement.keys import key_from_cose
from haechi.statement.kinds._life import country_label, neutral, said_row
from haechi.words import Text

NAME = "key_event"
Event = Literal["genesis", "enrol", "retire", "revoke"]
EVENT = {
    "genesis": Text("a node and its keys begin", "노드와 키의 시작"),
    "enrol": Text("a key comes into use", "키 사용 시작"),
    "retire": Text("a key goes out of use", "키 사용 종료"),
    "revoke": Text("a key is no longer trusted", "키 신뢰 철회"),
}
Role = Literal[
    "government",
    "institute",
    "company",
    "academia",
    "civil_society",
    "public_body",
    "international_organisation",
]
ROLE = {
    "government": Text("government", "정부"),
    "institute": Text("AI safety institute", "AI 안전 연구소"),
    "company": Text("company", "기업"),
    "academia": Text("academia", "학계"),
    "civil_society": Text("civil society", "시민사회"),
    "public_body": Text("public body", "공공기관"),
    "international_organisation": Text("international organisation", "국제기구"),
}


SCOPE = {
    "statement": Text("statements", "진술"),
    "checkpoint": Text("checkpoints", "체크포인트"),
    "receipt": Text("receipts", "영수증"),
    "witness": Text("witnessing", "입회"),
    "mirror": Text("mirroring", "미러"),
    "http": Text("HTTP messages", "HTTP 메시지"),
    "encryption": Text("encryption", "암호화"),
}


class KeyEntry(Claim, frozen=True, kw_only=True):
    """A public key and what it may do. cose_key: its COSE_Key; vkey: its C2SP form, for log keys."""

    cose_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=4096), titled("COSE key", "COSE 키")]
    scope: Annotated[Scope, titled("May sign", "서명 범위")]
    vkey: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=8192, pattern=r"^[!-~]+(?![\s\S])")] | None,
        titled("Verifier key (C2SP)", "검증 키(C2SP)"),
    ] = None


class KeyEvent(Claim, frozen=True, kw_only=True):
    """What happened to the keys of `owner`, counted from an entry of a log. from_index: that entry."""

    event: Annotated[Event, titled("Event", "사건")]
    owner: Annotated[Issuer, titled("Owner", "소유자")]
    name: Annotated[Said, titled("Name", "이름")]
    role: Annotated[Role, titled("Role", "역할")]
    country: Annotated[CountryCode, titled("Country", "국가")]
    keys: Annotated[tuple[KeyEntry, ...], msgspec.Meta(min_length=1, max_length=16), titled("Keys", "키")]
    origin: Annotated[Issuer, titled("Log", "로그")]
    from_index: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53), titled("From entry", "적용 시작 항목")]
    reason: Annotated[Said | None, titled("Reason", "이유")] = None


def _described(entry: KeyEntry) -> str:
    """The key's family and its thumbprint (RFC 9679), once it is known to be one for its scope."""
    if entry.scope == "encryption":
        from haechi.statement.seal_keys import Recipient  # few need encryption

        sealing = Recipient.from_cose(entry.cose_key)
        return f"X25519 {hashlib.sha256(sealing.cose_key).hexdigest()}"
    key = key_from_cose(entry.cose_key)
    return f"{key.family} {key.thumbprint.hex()}"


def _check(claim: KeyEvent, _facts: Facts) -> None:
    claim.name.require(NAME, "name")
    for entry in claim.keys:
        _described(entry)
    if len({(entry.cose_key, entry.scope) for entry in claim.keys}) != len(claim.keys):
        raise ClaimMalformed(kind=NAME, why=Text("a key is listed twice", "같은 키가 두 번 있음"))
    if claim.event == "genesis" and claim.from_index != 0:
        raise ClaimMalformed(
            kind=NAME, why=Text("a genesis counts from entry 0", "시작 사건은 0번 항목부터 적용되어야 함")
        )
    if claim.event in ("retire", "revoke") and claim.reason is None:
        raise ClaimMalformed(
            kind=NAME,
            why=Text("to retire or revoke a key needs a reason", "키의 종료나 철회에는 이유가 있어야 함"),
        )
    if claim.reason is not None:
        claim.reason.require(NAME, "reason")


def _read(claim: KeyEvent, facts: Facts) -> Reading:
    rows = [
        Row(Text("Owner", "소유자"), neutral(claim.owner)),
        said_row(Text("Name", "이름"), claim.name),
        Row(Text("Role", "역할"), ROLE[claim.role]),
        Row(Text("Country", "국가"), country_label(facts, claim.country)),
        Row(Text("Log", "로그"), neutral(claim.origin)),
        Row(Text("From entry", "적용 시작 항목"), neutral(claim.from_index)),
    ]
    for entry in claim.keys:
        scope = SCOPE[entry.scope]
        rows.append(Row(Text(f"Key for {scope.en}", f"{scope.ko}용 키"), neutral(_described(entry))))
    if claim.reason is not None:
        rows.append(said_row(Text("Reason", "이유"), claim.reason))
    event = EVENT[claim.event]
    return Reading(Text(f"Key event: {event.en}.", f"키 사건: {event.ko}."), rows)


KIND = Kind(
    name=NAME,
    title=Text("Key event", "키 사건"),
    about=Text(
        "Keys of an organisation come into use, retire or are revoked from a log position on.",
        "어느 로그 위치부터 기관의 키가 쓰이거나 종료·철회되는지 밝힙니다.",
    ),
    payload=KeyEvent,
    check=_check,
    read=_read,
    example=lambda: KeyEvent(
        event="enrol",
        owner="company.example",
        name=Said(en="Example Company", ko="예시 회사"),
        role="company",
        country="KR",
        keys=(
            KeyEntry(
                # The public key of RFC 8032 section 7.1, test 1.
                cose_key=bytes.fromhex(
                    "a301012006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
                ),
                scope="statement",
            ),
        ),
        origin="kr.example/log",
        from_index=12,
    ),
    lifecycle=True,
)
