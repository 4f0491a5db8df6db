"""Who takes part in the demonstration, and what its steps can find."""

from typing import NamedTuple

from haechi.findings import Verdict, declare
from haechi.statement.kinds.key_event import Role
from haechi.words import Text

COMPANY = "company.example"


class Actor(NamedTuple):
    """Who runs a node in the demonstration."""

    origin: str
    issuer: str
    name: Text
    country: str
    role: Role


ACTORS = {
    "kr": Actor(
        "kr.example/log",
        "aisi.kr.example",
        Text("AI safety institute, Korea", "한국 AI 안전 연구소"),
        "KR",
        "institute",
    ),
    "uk": Actor(
        "uk.example/log",
        "aisi.uk.example",
        Text("AI security institute, UK", "영국 AI 보안 연구소"),
        "GB",
        "institute",
    ),
    "co": Actor(
        "company.example/log", "node.company.example", Text("A company", "어느 기업"), "KR", "company"
    ),
}
PINNED = {"kr": ("uk", "co"), "uk": ("kr", "co"), "co": ("kr", "uk")}

declare(
    "demo",
    Text("Done", "완료"),
    {
        "pinned": (
            Verdict.HOLDS,
            Text("{by} pinned {whom}, fingerprint {fingerprint}…", "{by} → {whom} 고정, 지문 {fingerprint}…"),
        ),
        "answers": (Verdict.HOLDS, Text("{name} answers at {url}", "{name} 응답: {url}")),
        "policy": (
            Verdict.HOLDS,
            Text("policy {digest}… names {issuer} and its key", "정책 {digest}…에 {issuer}와 그 키가 적힘"),
        ),
        "evidence-sent": (
            Verdict.HOLDS,
            Text(
                "{name} taken: its digest is the one in the report",
                "{name} 접수: 보고에 적힌 다이제스트와 같음",
            ),
        ),
        "mirrored": (
            Verdict.HOLDS,
            Text(
                "the statement's page is on the UK's node ({bytes} bytes as JSON)",
                "영국 노드에 진술 페이지가 있음 (JSON {bytes}바이트)",
            ),
        ),
        "bundle": (
            Verdict.HOLDS,
            Text(
                "{name}: {size} bytes, {items} statements with their proofs",
                "{name}: {size}바이트, 진술 {items}건과 증명",
            ),
        ),
        "stopped": (
            Verdict.HOLDS,
            Text(
                "three processes ended by themselves (exit codes {codes})",
                "프로세스 세 개가 정상 종료 (종료 코드 {codes})",
            ),
        ),
        "stop-failed": (
            Verdict.FAILS,
            Text(
                "a process did not end well (exit codes {codes})",
                "프로세스가 정상 종료하지 못함 (종료 코드 {codes})",
            ),
        ),
        "offline": (
            Verdict.HOLDS,
            Text(
                "verified in {ms} ms with two pinned fingerprints and no network",
                "고정된 지문 두 개만으로 네트워크 없이 {ms} ms 만에 검증",
            ),
        ),
    },
)
declare(
    "demo.tampering",
    Text("Changed byte", "바뀐 바이트"),
    {
        "noticed": (Verdict.HOLDS, Text("in {place}: refused by {by}", "{place}: {by}에서 거부됨")),
        "missed": (
            Verdict.FAILS,
            Text(
                "in {place}: not refused by the right check ({by})",
                "{place}: 알맞은 점검이 거부하지 않음 ({by})",
            ),
        ),
    },
)
