"""The steps of the demonstration. Each says who does what, what was checked, and how long it took."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from haechi.cli.demo_annex import annex_step
from haechi.cli.demo_cast import ACTORS, COMPANY, PINNED
from haechi.cli.demo_evidence import recompute, write_evidence
from haechi.cli.demo_film import film_steps
from haechi.cli.demo_mark import picture_steps
from haechi.cli.demo_report import build_report, claimed_figure, interval_of, tamper_places
from haechi.cli.demo_sound import sound_steps
from haechi.cli.demo_stage import WAIT_SECONDS, Stage
from haechi.cli.demo_text import text_steps
from haechi.cli.demo_witness import LIAR, witness_steps
from haechi.cli.processes import NodeProcess, free_ports
from haechi.findings import Finding, Verdict, found
from haechi.log.proof import check_tlog_proof
from haechi.log.receipt import check_receipt
from haechi.network.pins import Pins
from haechi.network.verify import Report, Section, evidence_of, verify_statement
from haechi.node.config import Config, Listen
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import grant
from haechi.node.open import PINS, create_node
from haechi.statement.claims import Said, check_claim, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import check_evidence, reference
from haechi.statement.keyring import save_key
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.confirm import Checked, Confirm
from haechi.words import Text


class Demonstration(Stage):
    """One statement crosses a border: what each step does. Later steps use what earlier ones left here."""

    company_key: SigningKey
    evidence: Path
    confirmation: Statement
    twin_port: int

    def all_steps(self) -> None:
        """Every step, in order."""
        for title, action in STEPS:
            if action is Demonstration.export:  # the last moment at which the nodes run
                witness_steps(self)
                picture_steps(self, COMPANY)
                annex_step(self, COMPANY)
                sound_steps(self, COMPANY)
                film_steps(self, COMPANY)
                text_steps(self, COMPANY)
            self.step(title, partial(action, self))

    def make(self) -> list[Finding]:
        """Folders, keys, logs; and each operator pins the others by their fingerprints."""
        now = int(time.time())
        self.twin_port, *ports = free_ports(len(ACTORS) + 1)
        for (short, actor), port in zip(ACTORS.items(), ports, strict=True):
            config = Config(
                origin=actor.origin,
                issuer=actor.issuer,
                name_en=actor.name.en,
                name_ko=actor.name.ko,
                role=actor.role,
                country=actor.country,
                url=f"http://127.0.0.1:{port}",
                head_folder=str(self.root / "heads"),
                mirror_seconds=0.5,
                listen=Listen(port=port),
            )
            card = create_node(self.root / short, config, None, now)
            self.nodes[short] = NodeProcess(actor.name, self.root / short, port, card)
        findings: list[Finding] = []
        for short, others in PINNED.items():
            pins = Pins()
            for other in others:
                card = self.nodes[other].card
                if (short, other) == ("uk", LIAR):  # where the company will show the UK another history
                    card = msgspec.structs.replace(card, url=f"http://127.0.0.1:{self.twin_port}")
                pins = pins.add(card, card.fingerprint())
                findings.append(
                    found(
                        "demo.pinned",
                        by=ACTORS[short].origin,
                        whom=card.origin,
                        fingerprint=card.fingerprint()[:16],
                    )
                )
            pins.save(self.root / short / PINS)
        return findings

    def start(self) -> list[Finding]:
        """One process a node; ready when it answers."""
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_ready()
        return [found("demo.answers", name=node.card.origin, url=node.url) for node in self.nodes.values()]

    def allow(self) -> list[Finding]:
        """Korea's operator grants the company's key one kind of statement."""
        self.company_key = SigningKey.generate()
        save_key(self.root / "company-keys", "reports", self.company_key)
        kinds = ("pledge_report", "content_mark", "mark_profile")
        policy = grant(self.nodes["kr"].folder, COMPANY, self.company_key.public.thumbprint, kinds, None)
        return [policy.check_signature(), found("demo.policy", issuer=COMPANY, digest=policy.digest_hex[:16])]

    def sign(self) -> list[Finding]:
        """The report refers to the evidence file by its digest."""
        self.evidence = self.root / "detector-run.csv"
        write_evidence(self.evidence, seed=20240522)
        share = recompute(self.evidence)
        report = build_report(share, reference(self.evidence, "text/csv"))
        payload = encode_claim(kind_of("pledge_report"), report, self.facts)
        about = About(
            issuer=COMPANY,
            subject="pledge:ins.seoul.pledge:demo",
            issued_at=int(time.time()),
            kind="pledge_report",
        )
        self.statement = sign_statement(self.company_key, about, payload)
        (self.root / "report.cose").write_bytes(self.statement.raw)
        checked = verify_statement(self.statement.raw, Pins(), self.facts).findings
        return [finding for finding in checked if not finding.check.startswith("network.issuer")]

    def register(self) -> list[Finding]:
        """Durable, then answered with a receipt; the evidence file follows."""
        with self.nodes["kr"].client() as client:
            answer = client.post("/entries", self.statement.raw, "application/cose", 65536)
            digest = reference(self.evidence, "text/csv").digest
            client.put_file(f"/blobs/{digest.hex()}", self.evidence, "text/csv")
        keys = self.pins("co").receipt_keys(ACTORS["kr"].origin)
        receipt = check_receipt(answer.body, self.statement.digest, self.statement.about.subject, keys)
        return [receipt, found("demo.evidence-sent", name=self.evidence.name)]

    def mirror(self) -> list[Finding]:
        """What the UK holds is checked against the keys it pinned for Korea."""
        page = self.wait_for("uk", f"/en/statement/{self.statement.digest_hex}.json")
        with self.nodes["uk"].client() as client:
            raw = client.fetch(f"/statements/{self.statement.digest_hex}", 65536)
            proof = client.fetch(f"/proofs/{self.statement.digest_hex}", 65536)
        origin = ACTORS["kr"].origin
        keys = self.pins("uk").log_keys(origin)
        mirrored = Statement.from_bytes(raw)
        return [
            found("demo.mirrored", bytes=len(page)),
            mirrored.check_signature(),
            check_claim(mirrored, self.facts),
            *check_tlog_proof(proof, mirrored.digest, keys, origin),
        ]

    def confirm(self) -> list[Finding]:
        """The UK says what it recomputed, in a statement of its own."""
        ref = evidence_of(self.statement, self.facts)[0]
        self.wait_for("uk", f"/blobs/{ref.digest.hex()}")
        copy = self.root / "uk-copy.csv"
        with self.nodes["uk"].client() as client:
            copy.write_bytes(client.fetch(f"/blobs/{ref.digest.hex()}", 1 << 20))
        fetched = reference(copy, "text/csv")
        evidence = check_evidence(ref, fetched.digest, fetched.size)
        again = recompute(copy)
        claimed = claimed_figure(self.statement, self.facts)
        same = (claimed.value, claimed.interval) == (again.percent, interval_of(again))
        outcome = "evidence.figure.reproduced" if same else "evidence.figure.differs"
        figure = found(
            outcome,
            claimed=claimed.value,
            got=again.percent,
            low=again.low,
            high=again.high,
            items=again.items,
            unit=claimed.unit,
        )
        if not same:
            return [evidence, figure]
        confirm = Confirm(
            target=self.statement.digest,
            how="reproduced",
            checks=tuple(Checked(code=finding.code) for finding in (evidence, figure)),
            note=Said(
                en=f"Recomputed {again.percent} % from {again.items} lines of the evidence file.",
                ko=f"증거 파일 {again.items}줄에서 {again.percent} %를 다시 계산했습니다.",
            ),
        )
        keys = load_keychain(self.nodes["uk"].folder / "keys")
        about = About(
            issuer=ACTORS["uk"].issuer,
            subject=f"statement:{self.statement.digest_hex}",
            issued_at=int(time.time()),
            kind="confirm",
        )
        self.confirmation = sign_statement(
            keys.issuer, about, encode_claim(kind_of("confirm"), confirm, self.facts)
        )
        with self.nodes["uk"].client() as client:
            answer = client.post("/entries", self.confirmation.raw, "application/cose", 65536)
        receipt_keys = [self.nodes["uk"].card.receipt_public_keys()[0]]
        return [
            evidence,
            figure,
            check_receipt(answer.body, self.confirmation.digest, about.subject, receipt_keys),
        ]

    def export(self) -> list[Finding]:
        """Wait until Korea holds the confirmation, then fetch the bundle."""
        self.wait_for("kr", f"/statements/{self.confirmation.digest_hex}")
        self.bundle = self.root / "report.haechi"
        deadline_s = time.monotonic() + WAIT_SECONDS
        while True:
            with self.nodes["kr"].client() as client:
                self.bundle.write_bytes(client.fetch(f"/bundles/{self.statement.digest_hex}", 64 << 20))
            report = self.verify(self.bundle.read_bytes())
            # The confirmation is in the bundle once Korea has a checkpoint of the UK that covers it.
            if (
                any(s.digest == self.confirmation.digest for s in report.sections)
                or time.monotonic() > deadline_s
            ):
                break
            time.sleep(0.1)
        size = self.bundle.stat().st_size
        return [found("demo.bundle", name=self.bundle.name, size=size, items=len(report.sections))]

    def offline(self) -> Report:
        """No process runs any more; the bundle and two fingerprints are all there is."""
        codes = [node.stop() for node in self.nodes.values()]
        clean = not any(codes)
        began_s = time.perf_counter()
        report = self.verify(self.bundle.read_bytes())
        ms = (time.perf_counter() - began_s) * 1000
        ended = found("demo.stopped" if clean else "demo.stop-failed", codes=", ".join(map(str, codes)))
        around = Section(Text("Around it", "그 밖에"), None, [ended, found("demo.offline", ms=f"{ms:.1f}")])
        return Report([*report.sections, around])

    def tamper(self) -> list[Finding]:
        """Each change must be noticed by the check that is responsible for that byte."""
        raw = self.bundle.read_bytes()
        findings: list[Finding] = []
        for place, at, expected in tamper_places(raw, self.statement, self.evidence.read_bytes()):
            changed = bytearray(raw)
            changed[at] ^= 1
            report = self.verify(bytes(changed))
            failing = [finding.code for finding in report.findings if finding.verdict is Verdict.FAILS]
            noticed = report.verdict is Verdict.FAILS and any(code.startswith(expected) for code in failing)
            outcome = "demo.tampering.noticed" if noticed else "demo.tampering.missed"
            findings.append(found(outcome, place=place.say(self.out.lang), by=failing[0] if failing else "-"))
        return findings


STEPS: tuple[tuple[Text, Callable[[Demonstration], list[Finding] | Report]], ...] = (
    (
        Text(
            "Three nodes are made; their operators pin each other's keys by fingerprint",
            "노드 세 개를 만들고 운영자들이 서로의 키를 지문으로 고정",
        ),
        Demonstration.make,
    ),
    (
        Text(
            "Three processes start: Korea, the UK, a company",
            "프로세스 세 개 시작: 한국, 영국, 기업",
        ),
        Demonstration.start,
    ),
    (
        Text(
            "Korea logs a policy that lets the company publish",
            "한국이 기업의 게시를 허용하는 정책을 기록",
        ),
        Demonstration.allow,
    ),
    (
        Text(
            "The company signs a report on two commitments of the Seoul AI Business Pledge",
            "기업이 서울 AI 기업 서약의 약속 두 가지에 대한 보고에 서명",
        ),
        Demonstration.sign,
    ),
    (
        Text(
            "Korea registers it durably and answers with a receipt",
            "한국이 내구 저장하여 등록하고 영수증으로 응답",
        ),
        Demonstration.register,
    ),
    (
        Text(
            "The UK mirrors Korea's log and verifies all of it",
            "영국이 한국의 로그를 미러링하고 전부 검증",
        ),
        Demonstration.mirror,
    ),
    (
        Text(
            "The UK recomputes the figure from the evidence file and confirms the report",
            "영국이 증거 파일에서 수치를 다시 계산하고 보고를 확인",
        ),
        Demonstration.confirm,
    ),
    (
        Text(
            "Korea mirrors the confirmation; one bundle with everything is exported",
            "한국이 확인 진술을 미러링하고, 모두 담은 묶음을 내보냄",
        ),
        Demonstration.export,
    ),
    (
        Text(
            "Every node is stopped; the bundle is verified offline",
            "모든 노드를 멈추고 오프라인에서 묶음을 검증",
        ),
        Demonstration.offline,
    ),
    (
        Text(
            "One byte is changed, in five places in turn; the right check fails each time",
            "다섯 곳에서 한 바이트씩 바꿈. 매번 알맞은 점검이 실패",
        ),
        Demonstration.tamper,
    ),
)
