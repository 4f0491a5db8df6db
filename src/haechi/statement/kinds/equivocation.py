"""`equivocation`: a log signed two histories, and here are both signatures.

The claim carries its own proof: whoever has the log's keys needs nobody's word for it. Here only the form is
looked at; `haechi.network.accusation` checks the proof.
"""

from typing import Annotated

import msgspec

from haechi.facts import Facts
from haechi.statement.claims import Claim, ClaimMalformed, Issuer, Kind, Reading, Row, titled
from haechi.statement.kinds._life import neutral
from haechi.words import Text

NAME = "equivocation"
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Vkey = Annotated[str, msgspec.Meta(min_length=1, max_length=8192, pattern=r"^[!-~]+(?![\s\S])")]
_Note = Annotated[str, msgspec.Meta(min_length=1, max_length=24_000)]


class Branch(Claim, frozen=True, kw_only=True):
    """How the larger history began: its root at the smaller one's size, and the RFC 9162 proof of that."""

    root: Annotated[_Hash, titled("Root at the smaller size", "작은 크기에서의 루트")]
    path: Annotated[
        tuple[_Hash, ...], msgspec.Meta(max_length=63), titled("Consistency proof", "일관성 증명")
    ]


class Equivocation(Claim, frozen=True, kw_only=True):
    """Two checkpoints of one log, as signed notes, that cannot both be true; the smaller first.

    good: the largest size at which the finder still holds the log for good: everything after it is in doubt.
    """

    origin: Annotated[Issuer, titled("Log", "로그")]
    first: Annotated[_Note, titled("One signed checkpoint", "서명된 체크포인트 하나")]
    second: Annotated[_Note, titled("The other signed checkpoint", "서명된 다른 체크포인트")]
    vkeys: Annotated[
        tuple[_Vkey, ...],
        msgspec.Meta(min_length=1, max_length=8),
        titled("Keys of the log (C2SP)", "로그의 키(C2SP)"),
    ]
    good: Annotated[
        int, msgspec.Meta(ge=0, lt=1 << 53), titled("Last good size", "마지막으로 믿을 수 있는 크기")
    ]
    begun: Annotated[Branch | None, titled("How the larger history began", "더 긴 이력의 시작")] = None


def size_in(note: str) -> int | None:
    """The number of entries in a checkpoint note's second line; None when there is none."""
    lines = note.split("\n", 3)
    number = lines[1] if len(lines) == 4 else ""
    plain = number.isascii() and number.isdigit() and len(number) < 20
    return int(number) if plain and str(int(number)) == number else None


def _check(claim: Equivocation, _facts: Facts) -> None:
    sizes = [size_in(note) for note in (claim.first, claim.second)]
    if any(note.partition("\n")[0] != claim.origin for note in (claim.first, claim.second)):
        raise ClaimMalformed(
            kind=NAME, why=Text("a checkpoint is of another log", "다른 로그의 체크포인트가 있음")
        )
    first, second = sizes
    if first is None or second is None or first > second:
        raise ClaimMalformed(
            kind=NAME,
            why=Text(
                "two checkpoints with sizes, the smaller first", "크기가 적힌 체크포인트 둘, 작은 것 먼저"
            ),
        )
    if (first < second) != (claim.begun is not None):
        raise ClaimMalformed(
            kind=NAME,
            why=Text(
                "unequal sizes need a proof of how the larger history began, equal ones have none",
                "크기가 다르면 더 긴 이력의 시작을 증명해야 하고, 같으면 증명이 없어야 함",
            ),
        )


def _read(claim: Equivocation, _facts: Facts) -> Reading:
    rows = [
        Row(Text("Log", "로그"), neutral(claim.origin)),
        Row(Text("Entries in the one", "한쪽의 항목 수"), neutral(size_in(claim.first))),
        Row(Text("Entries in the other", "다른 쪽의 항목 수"), neutral(size_in(claim.second))),
        Row(Text("Good up to", "믿을 수 있는 곳까지"), neutral(claim.good)),
    ]
    keys = ", ".join(vkey.rpartition("+")[0][:120] for vkey in claim.vkeys)
    rows.append(Row(Text("Signed with", "서명 키"), neutral(keys)))
    return Reading(
        Text(
            "A log signed two histories that exclude each other. The proof is inside.",
            "한 로그가 함께 참일 수 없는 두 이력에 서명했습니다. 증거가 안에 있습니다.",
        ),
        rows,
    )


_EXAMPLE = "kr.example/log\n{size}\n{root}\n\n— kr.example/log aBcDeA==\n"

KIND = Kind(
    name=NAME,
    title=Text("Two histories of one log", "한 로그의 두 이력"),
    about=Text(
        "A log signed two histories that exclude each other; both signatures and the proof are inside.",
        "한 로그가 함께 참일 수 없는 두 이력에 서명했음을 두 서명과 증명으로 밝힙니다.",
    ),
    payload=Equivocation,
    check=_check,
    read=_read,
    example=lambda: Equivocation(
        origin="kr.example/log",
        first=_EXAMPLE.format(size=40, root="9BuYbBQBtcs4a+Ah6Mv4+rbMWxDS5tJCvJn0XJEbkZM="),
        second=_EXAMPLE.format(size=40, root="MEHLpz0zVFZQqUZ5Vo0nu5nBFx0e3fMF4qPnf4mzyJc="),
        vkeys=("kr.example/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",),
        good=32,
    ),
    lifecycle=True,
)
