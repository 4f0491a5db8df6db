"""How a sync of a mirror went: its outcomes, its progress and its report."""

from dataclasses import dataclass
from typing import NamedTuple

from haechi.findings import Finding, Verdict, declare, overall
from haechi.log.store import Head
from haechi.words import Text

CHECK = "network.mirror"

declare(
    CHECK,
    Text("Copy of the peer's log", "피어 로그의 사본"),
    {
        "current": (
            Verdict.HOLDS,
            Text(
                "{size} entries, each hashed here and under the signed root",
                "항목 {size}개를 모두 여기서 해시하여 서명된 루트와 맞음을 확인함",
            ),
        ),
        "behind": (
            Verdict.UNDECIDED,
            Text(
                "{source} has {size} entries, fewer than the {newest} already signed",
                "{source}에 항목이 {size}개뿐이며, 이미 서명된 {newest}개보다 적음",
            ),
        ),
        "agrees": (
            Verdict.HOLDS,
            Text(
                "the checkpoint of {size} entries is part of the history held here",
                "항목 {size}개의 체크포인트가 여기 있는 이력에 속함",
            ),
        ),
        "ahead": (
            Verdict.UNDECIDED,
            Text(
                "the checkpoint has {size} entries, more than are held here ({held})",
                "체크포인트의 항목이 {size}개로, 여기 있는 {held}개보다 많음",
            ),
        ),
        "unavailable": (Verdict.UNDECIDED, Text("{source}: {why}", "{source}: {why}")),
        "answer-refused": (
            Verdict.FAILS,
            Text("{source} answered against the rules: {why}", "{source}의 응답이 규칙에 어긋남: {why}"),
        ),
        "tiles-differ": (
            Verdict.FAILS,
            Text(
                "the tiles of {source} do not lead to the signed root: {why}",
                "{source}의 타일이 서명된 루트로 이어지지 않음: {why}",
            ),
        ),
        "entries-differ": (
            Verdict.FAILS,
            Text(
                "the entries of {source} do not lead to the signed root: {why}",
                "{source}의 항목이 서명된 루트로 이어지지 않음: {why}",
            ),
        ),
        "statement-differs": (
            Verdict.FAILS,
            Text(
                "{source} serves a statement that is not the logged one: {why}",
                "{source}이(가) 기록된 것과 다른 진술을 보냄: {why}",
            ),
        ),
        "copy-damaged": (
            Verdict.FAILS,
            Text(
                "the copy here of {size} entries does not fit the signed root; run fsck",
                "여기 있는 항목 {size}개의 사본이 서명된 루트와 맞지 않음. fsck를 실행하세요",
            ),
        ),
        "rolled-back": (
            Verdict.FAILS,
            Text(
                "the log shows {size} entries, after it had signed {newest}; nothing was taken",
                "로그가 {newest}개에 서명한 뒤 {size}개만 보임. 받아들인 것은 없음",
            ),
        ),
        "disputed": (
            Verdict.UNDECIDED,
            Text(
                "two signed heads (of {first} and {second} entries) do not fit, with no proof at hand;"
                " nothing was taken",
                "서명된 두 헤드(항목 {first}개와 {second}개)가 맞지 않으나 증명이 없음. 받아들인 것은 없음",
            ),
        ),
        "forked": (
            Verdict.FAILS,
            Text(
                "the log signed two histories (of {first} and {second} entries);"
                " frozen, evidence in {evidence}",
                "로그가 두 이력(항목 {first}개와 {second}개)에 서명함. 미러를 동결했으며 증거는 {evidence}",
            ),
        ),
    },
)


class Progress(NamedTuple):
    """How far a sync is: entries durable here, entries in all, bytes fetched in this sync."""

    entries: int
    target: int
    fetched_bytes: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did. entries: new here; absent: of these, without their statement; head: of the copy."""

    entries: int
    absent: int
    fetched_bytes: int
    seconds: float
    head: Head
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """HOLDS when the copy is up to date and no source did wrong on the way."""
        return overall(self.findings)
