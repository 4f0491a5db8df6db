"""A small world to show on pages: a Korean node, three peers, and one statement of every kind."""

import hashlib
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.answers.make import LOGGED, pieces
from tests.node.pages.book import CHECKPOINTED, Book

import haechi.log.receipt  # noqa: F401  # declares the findings used below
from haechi import facts
from haechi.findings import found
from haechi.node.pages import Card, Peer
from haechi.statement import cbor
from haechi.statement.claims import Claim, Said, encode_claim, kind_names, kind_of
from haechi.statement.envelope import About, HashEnvelope, Sharing, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import Family, SigningKey
from haechi.statement.kinds.confirm import Checked, Confirm
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.document import Document
from haechi.statement.kinds.policy import Grant, Policy
from haechi.statement.kinds.supersede import Supersede
from haechi.statement.kinds.withdraw import Withdraw
from haechi.statement.seal_keys import SealKey
from haechi.statement.sharing import sign_encrypted
from haechi.words import Text

NOW = CHECKPOINTED + 180
HOUR, DAY = 3600, 86400
KR, GB, SG = "aisi.kr.example/log", "aisi.gb.example/log", "aisi.sg.example/log"
AISI_KR, NAVER, AISI_GB, SOCIETY = "aisi.kr.example", "naver.example", "aisi.gb.example", "openwatch.example"
MARKED = date(2026, 6, 1)
REPORT_FILE = b"image,marked\n1,yes\n"


@dataclass
class Town:
    """The node and the statements that tests speak about by name."""

    book: Book
    named: dict[str, Statement]

    def digest(self, name: str) -> str:
        return self.named[name].digest_hex


def key_of(name: str) -> SigningKey:
    """The same key for the same name, in every run."""
    seed = hashlib.sha256(name.encode()).digest()
    return SigningKey(Family.ED25519, Ed25519PrivateKey.from_private_bytes(seed))


def say(issuer: str, kind: str, claim: Claim, subject: str, at: int = NOW - DAY) -> Statement:
    """A signed statement of `issuer`."""
    about = About(issuer=issuer, subject=subject, issued_at=at, kind=kind)
    return sign_statement(key_of(issuer), about, encode_claim(kind_of(kind), claim, facts.load()))


def card() -> Card:
    return Card(
        origin=KR,
        name=Text("Korea AI Safety Institute", "AI안전연구소"),
        role="institute",
        country="KR",
        url="https://aisi.kr.example",
        issuer=AISI_KR,
    )


def town() -> Town:
    """The whole world, made anew."""
    book, named = Book(card()), _statements()
    mirrored = {"incident_report": GB, "key_event": GB, "confirm": GB, "dispute": SG}
    for name, statement in named.items():
        book.add(statement, mirrored.get(name), sealed=name == "green")
        if name == "confirm":
            book.add(statement)
    book.hold(hashlib.sha256(REPORT_FILE).digest())
    book.pin(AISI_KR, key_of(AISI_KR).public.thumbprint)
    book.peers_now = _peers()
    kinds = facts.load().requirement("EU.50.2").evidence
    book.evidence = [*pieces("EU.50.2", kinds, subject="image studio", issued=MARKED, seen=LOGGED)]
    return Town(book, named)


def _statements() -> dict[str, Statement]:
    said: dict[str, Statement] = {}
    said["policy"] = say(AISI_KR, "policy", _policy(), KR, NOW - 90 * DAY)
    said["key_event"] = say(AISI_GB, "key_event", kind_of("key_event").example(), AISI_GB, NOW - 80 * DAY)
    said["document"] = say(NAVER, "document", _document(), "urn:naver:policy:ai-risk", NOW - 40 * DAY)
    said["pledge_report"] = say(
        NAVER,
        "pledge_report",
        kind_of("pledge_report").example(),
        "co.naver/ins.seoul.pledge/2026-Q3",
        NOW - 9 * DAY,
    )
    said["incident_report"] = say(
        AISI_GB,
        "incident_report",
        kind_of("incident_report").example(),
        "urn:app:image-studio",
        NOW - 8 * DAY,
    )
    report = said["pledge_report"].digest
    said["confirm"] = say(
        AISI_GB, "confirm", _confirm(report), "co.naver/ins.seoul.pledge/2026-Q3", NOW - 3 * DAY
    )
    said["dispute"] = say(
        SOCIETY, "dispute", _dispute(report), "co.naver/ins.seoul.pledge/2026-Q3", NOW - 2 * DAY
    )
    said["old"] = say(NAVER, "document", _document("2026-01-01"), "urn:naver:policy:ai-risk", NOW - 30 * DAY)
    reason = Said(en="One figure was off by a month.", ko="수치 하나의 기간이 한 달 어긋났습니다.")
    swap = Supersede(old=said["old"].digest, new=said["document"].digest, reason=reason)
    said["supersede"] = say(NAVER, "supersede", swap, "urn:naver:policy:ai-risk", NOW - DAY)
    said["wrong"] = say(NAVER, "document", _document("2025-05-05"), "urn:naver:policy:leaked", NOW - 20 * DAY)
    back = Withdraw(target=said["wrong"].digest, reason=Said(ko="시험 자료가 유출되었습니다."))
    said["withdraw"] = say(NAVER, "withdraw", back, "urn:naver:policy:leaked", NOW - 5 * HOUR)
    said["hashed"] = _hashed()
    said["unknown_kind"] = _unknown()
    said["green"] = _green()
    said["amber"] = _amber()
    for kind in kind_names():
        if kind not in said:
            said[kind] = say(NAVER, kind, kind_of(kind).example(), f"urn:example:{kind}", NOW - 6 * HOUR)
    return said


def _document(dated: str = "2026-03-01") -> Document:
    file = EvidenceRef(
        digest=hashlib.sha256(REPORT_FILE).digest(),
        size=len(REPORT_FILE),
        media_type="text/csv",
        name="marked-images.csv",
    )
    away = EvidenceRef(digest=bytes(31) + b"\x02", size=4096, media_type="application/pdf", name="policy.pdf")
    return Document(
        title=Said(en="AI risk policy", ko="AI 위험 관리 정책"),
        form="document.policy",
        dated=date.fromisoformat(dated),
        files=(file, away),
        summary=Said(ko="생성형 이미지 서비스에 적용하는 위험 관리 정책입니다.\n둘째 줄입니다."),
    )


def _policy() -> Policy:
    return Policy(
        origin=KR,
        grants=(
            Grant(
                issuer=NAVER,
                kinds=("pledge_report", "document", "supersede", "withdraw"),
                keys=(key_of(NAVER).public.thumbprint,),
            ),
            Grant(issuer="*", kinds=("confirm", "dispute")),
        ),
        note=Said(en="Anybody may confirm or dispute.", ko="누구나 확인하거나 이의를 제기할 수 있습니다."),
    )


def _confirm(target: bytes) -> Confirm:
    return Confirm(
        target=target,
        how="reproduced",
        checks=(Checked(code="statement.signature.valid"), Checked(code="log.inclusion.valid")),
        note=Said(
            en="We recomputed the share from the same sample: 99.1 %.",
            ko="같은 표본에서 비율을 다시 계산했습니다: 99.1 %.",
        ),
    )


def _dispute(target: bytes) -> Dispute:
    why = Said(
        en="The sample leaves out images made through the API, which is most of the traffic.",
        ko="API로 만든 이미지는 표본에서 빠졌는데, 이것이 전체 요청의 대부분입니다.",
    )
    return Dispute(target=target, grounds="not_reproduced", why=why)


def _hashed() -> Statement:
    about = About(issuer=NAVER, subject="urn:naver:log:2026-10", issued_at=NOW - 2 * HOUR, kind="document")
    envelope = HashEnvelope(
        content_type="application/zip", location="https://naver.example/evidence/2026-10.zip"
    )
    return sign_statement(key_of(NAVER), about, hashlib.sha256(b"zip").digest(), hash_envelope=envelope)


def _unknown() -> Statement:
    about = About(issuer=SOCIETY, subject="urn:later:kind", issued_at=NOW - HOUR, kind="moon_landing")
    return sign_statement(key_of(SOCIETY), about, cbor.encode({"x": 1}))


def _amber() -> Statement:
    about = About(
        issuer=NAVER,
        subject="urn:uuid:00000000-0000-4000-8000-000000000000",
        issued_at=NOW,
        kind="document",
        sharing=Sharing.AMBER,
    )
    payload = encode_claim(kind_of("document"), _document(), facts.load())
    return sign_encrypted(key_of(NAVER), about, payload, [SealKey.generate().public])


def _green() -> Statement:
    about = About(
        issuer=NAVER,
        subject="urn:naver:secret-subject",
        issued_at=NOW,
        kind="document",
        sharing=Sharing.GREEN,
    )
    return sign_statement(key_of(NAVER), about, encode_claim(kind_of("document"), _document(), facts.load()))


def _peers() -> list[Peer]:
    root = hashlib.sha256(b"root").digest()
    return [
        Peer(
            origin=GB,
            name=Text("UK AI Security Institute", "영국 AI 보안 연구소"),
            role="institute",
            country="GB",
            url="https://aisi.gb.example",
            size=1204,
            root=root,
            seen=1204,
            synced_at=NOW - 40,
            last=found("log.consistency.valid", old_size=1190, new_size=1204),
            frozen=None,
        ),
        Peer(
            origin=SG,
            name=Text("Singapore AI Safety Institute", "싱가포르 AI 안전 연구소"),
            role="institute",
            country="SG",
            url="https://aisi.sg.example",
            size=310,
            root=root,
            seen=355,
            synced_at=NOW - 3 * HOUR,
            last=found("log.receipt.key-unknown", key="5c1d2e"),
            frozen=None,
        ),
        Peer(
            origin="lab.fr.example/log",
            name=Text("French AI evaluation lab", "프랑스 AI 평가 연구소"),
            role="public_body",
            country="FR",
            url="https://lab.fr.example",
            size=88,
            root=root,
            seen=90,
            synced_at=NOW - 4 * DAY,
            last=None,
            frozen=found(
                "log.consistency.mismatch", size=90, expected=root.hex()[:16], got=root.hex()[16:32]
            ),
        ),
        Peer(
            origin="ke.example/log",
            name=Text("Kenya AI node", "케냐 AI 노드"),
            role="government",
            country="KE",
            url="https://ke.example",
            size=0,
            root=bytes(32),
            seen=0,
            synced_at=None,
            last=None,
            frozen=None,
        ),
    ]
