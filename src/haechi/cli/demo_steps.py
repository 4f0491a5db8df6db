"""The steps of the demonstration. Each says who does what, what was checked, and how long it took."""

import io
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from haechi.cli.demo_evidence import LEVEL, Share, recompute, write_evidence
from haechi.cli.out import Out
from haechi.cli.processes import NodeProcess, free_ports
from haechi.errors import BadInput, HaechiError, NotFound
from haechi.facts import Facts, load
from haechi.findings import Finding, Verdict, declare, found, overall
from haechi.log.proof import check_tlog_proof
from haechi.log.receipt import check_receipt
from haechi.network.pins import Pins
from haechi.network.verify import Report, evidence_of, verify_bundle, verify_statement
from haechi.node.config import Config, Listen
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import grant
from haechi.node.open import PINS, create_node
from haechi.statement.claims import Said, check_claim, claim_of, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef, check_evidence, reference
from haechi.statement.keyring import save_key
from haechi.statement.keys import SigningKey
from haechi.statement.kinds._figures import Figure, Interval
from haechi.statement.kinds.confirm import Checked, Confirm
from haechi.statement.kinds.key_event import Role
from haechi.statement.kinds.pledge_report import Period, PledgeReport, Section
from haechi.words import Text

COMPANY = "company.example"
WAIT_SECONDS = 30.0


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
PINNED = {"kr": ("uk",), "uk": ("kr",), "co": ("kr", "uk")}

declare(
    "demo",
    Text("Demonstration", "시연"),
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
    "demo.figure",
    Text("Figure recomputed from the evidence", "증거에서 다시 계산한 수치"),
    {
        "reproduced": (
            Verdict.HOLDS,
            Text(
                "{got} % [{low}, {high}] from {items} lines, as claimed",
                "{items}줄에서 {got} % [{low}, {high}], 주장과 같음",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text("claimed {claimed}, recomputed {got}", "주장 {claimed}, 다시 계산한 값 {got}"),
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


class Demonstration:
    """Three nodes and the statement that travels between them.

    Always true: what a step reports was measured by that step, and `held` is False as soon as one did not.
    """

    def __init__(self, root: Path, out: Out) -> None:
        self.root = root
        self.out = out
        self.facts = load()
        self.nodes: dict[str, NodeProcess] = {}
        self.steps: list[dict[str, object]] = []
        self.held = True
        self.began_s = time.perf_counter()

    def run(self, *, stay: bool) -> bool:
        """Every step in order; whether all held. A step that raises ends the demonstration."""
        self.out.say(
            Text(
                "Haechi: one statement crosses a border. All figures are made up for this demonstration.\n",
                "해치: 진술 하나가 국경을 넘습니다. 모든 수치는 시연을 위해 지어낸 것입니다.\n",
            )
        )
        try:
            self._all_steps()
        except HaechiError as error:
            self.out.error(error)
            self.held = False
        total_s = time.perf_counter() - self.began_s
        verdict = (
            Text("every step held", "모든 단계 성립")
            if self.held
            else Text("a step did not hold", "성립하지 않은 단계 있음")
        )
        self.out.say(
            Text("\n{verdict}, {total:.1f} s in all", "\n{verdict}, 총 {total:.1f}초"),
            verdict=verdict.say(self.out.lang),
            total=total_s,
        )
        self.out.data({"held": self.held, "seconds": round(total_s, 2), "steps": self.steps})
        if stay and self.held:
            self._stay()
        return self.held

    def close(self) -> None:
        """Stop whatever still runs."""
        for node in self.nodes.values():
            node.stop()

    def _all_steps(self) -> None:
        for title, action in (
            (
                Text(
                    "Three nodes are made; their operators pin each other's keys by fingerprint",
                    "노드 세 개를 만들고 운영자들이 서로의 키를 지문으로 고정",
                ),
                self._make,
            ),
            (
                Text(
                    "Three processes start: Korea, the UK, a company", "프로세스 세 개 시작: 한국, 영국, 기업"
                ),
                self._start,
            ),
            (
                Text(
                    "Korea logs a policy that lets the company publish",
                    "한국이 기업의 게시를 허용하는 정책을 기록",
                ),
                self._allow,
            ),
            (
                Text(
                    "The company signs a report on two commitments of the Seoul AI Business Pledge",
                    "기업이 서울 AI 기업 서약의 약속 두 가지에 대한 보고에 서명",
                ),
                self._sign,
            ),
            (
                Text(
                    "Korea registers it durably and answers with a receipt",
                    "한국이 내구 저장하여 등록하고 영수증으로 응답",
                ),
                self._register,
            ),
            (
                Text(
                    "The UK mirrors Korea's log and verifies all of it",
                    "영국이 한국의 로그를 미러링하고 전부 검증",
                ),
                self._mirror,
            ),
            (
                Text(
                    "The UK recomputes the figure from the evidence file and confirms the report",
                    "영국이 증거 파일에서 수치를 다시 계산하고 보고를 확인",
                ),
                self._confirm,
            ),
            (
                Text(
                    "Korea mirrors the confirmation; one bundle with everything is exported",
                    "한국이 확인 진술을 미러링하고, 모두 담은 묶음을 내보냄",
                ),
                self._export,
            ),
            (
                Text(
                    "Every node is stopped; the bundle is verified offline",
                    "모든 노드를 멈추고 오프라인에서 묶음을 검증",
                ),
                self._offline,
            ),
            (
                Text(
                    "One byte is changed, in five places in turn; the right check fails each time",
                    "다섯 곳에서 한 바이트씩 바꿈. 매번 알맞은 점검이 실패",
                ),
                self._tamper,
            ),
        ):
            self._step(title, action)

    def _step(self, title: Text, action: Callable[[], list[Finding]]) -> None:
        """Run one step, print its checks, remember them."""
        number = len(self.steps) + 1
        began_s = time.perf_counter()
        findings = action()
        ms = (time.perf_counter() - began_s) * 1000
        held = overall(findings) is Verdict.HOLDS
        self.held = self.held and held
        self.steps.append(
            {
                "step": number,
                "title": title.say(self.out.lang),
                "held": held,
                "ms": round(ms),
                "checks": [finding.as_dict(self.out.lang) for finding in findings],
            }
        )
        self.out.findings(
            findings,
            Text(f"{number:>2}  {title.en}  ({ms:.0f} ms)", f"{number:>2}  {title.ko}  ({ms:.0f} ms)"),
        )

    def _make(self) -> list[Finding]:
        now = int(time.time())
        ports = free_ports(len(ACTORS))
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

    def _start(self) -> list[Finding]:
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_ready()
        return [found("demo.answers", name=node.card.origin, url=node.url) for node in self.nodes.values()]

    def _allow(self) -> list[Finding]:
        self.company_key = SigningKey.generate()
        save_key(self.root / "company-keys", "reports", self.company_key)
        policy = grant(
            self.nodes["kr"].folder, COMPANY, self.company_key.public.thumbprint, ("pledge_report",), None
        )
        return [policy.check_signature(), found("demo.policy", issuer=COMPANY, digest=policy.digest_hex[:16])]

    def _sign(self) -> list[Finding]:
        self.evidence = self.root / "detector-run.csv"
        write_evidence(self.evidence, seed=20240522)
        share = recompute(self.evidence)
        report = _report(share, reference(self.evidence, "text/csv"))
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

    def _register(self) -> list[Finding]:
        with self.nodes["kr"].client() as client:
            answer = client.post("/entries", self.statement.raw, "application/cose", 65536)
            digest = reference(self.evidence, "text/csv").digest
            client.put_file(f"/blobs/{digest.hex()}", self.evidence, "text/csv")
        keys = self._pins("co").receipt_keys(ACTORS["kr"].origin)
        receipt = check_receipt(answer.body, self.statement.digest, self.statement.about.subject, keys)
        return [receipt, found("demo.evidence-sent", name=self.evidence.name)]

    def _mirror(self) -> list[Finding]:
        page = self._wait_for("uk", f"/en/statement/{self.statement.digest_hex}.json")
        with self.nodes["uk"].client() as client:
            raw = client.fetch(f"/statements/{self.statement.digest_hex}", 65536)
            proof = client.fetch(f"/proofs/{self.statement.digest_hex}", 65536)
        origin = ACTORS["kr"].origin
        keys = self._pins("uk").log_keys(origin)
        mirrored = Statement.from_bytes(raw)
        return [
            found("demo.mirrored", bytes=len(page)),
            mirrored.check_signature(),
            check_claim(mirrored, self.facts),
            *check_tlog_proof(proof, mirrored.digest, keys, origin),
        ]

    def _confirm(self) -> list[Finding]:
        ref = evidence_of(self.statement, self.facts)[0]
        self._wait_for("uk", f"/blobs/{ref.digest.hex()}")
        copy = self.root / "uk-copy.csv"
        with self.nodes["uk"].client() as client:
            copy.write_bytes(client.fetch(f"/blobs/{ref.digest.hex()}", 1 << 20))
        fetched = reference(copy, "text/csv")
        evidence = check_evidence(ref, fetched.digest, fetched.size)
        again = recompute(copy)
        claimed = _claimed_figure(self.statement, self.facts)
        same = (claimed.value, claimed.interval) == (again.percent, _interval(again))
        outcome = "demo.figure.reproduced" if same else "demo.figure.differs"
        figure = found(
            outcome,
            claimed=claimed.value,
            got=again.percent,
            low=again.low,
            high=again.high,
            items=again.items,
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

    def _export(self) -> list[Finding]:
        self._wait_for("kr", f"/statements/{self.confirmation.digest_hex}")
        self.bundle = self.root / "report.haechi"
        deadline_s = time.monotonic() + WAIT_SECONDS
        while True:
            with self.nodes["kr"].client() as client:
                self.bundle.write_bytes(client.fetch(f"/bundles/{self.statement.digest_hex}", 64 << 20))
            report = self._verify(self.bundle.read_bytes())
            # The confirmation is in the bundle once Korea has a checkpoint of the UK that covers it.
            if (
                any(s.digest == self.confirmation.digest for s in report.sections)
                or time.monotonic() > deadline_s
            ):
                break
            time.sleep(0.1)
        size = self.bundle.stat().st_size
        return [found("demo.bundle", name=self.bundle.name, size=size, items=len(report.sections))]

    def _offline(self) -> list[Finding]:
        codes = {short: node.stop() for short, node in self.nodes.items()}
        clean = all(code == 0 for code in codes.values())
        began_s = time.perf_counter()
        report = self._verify(self.bundle.read_bytes())
        ms = (time.perf_counter() - began_s) * 1000
        stopped = found(
            "demo.stopped" if clean else "demo.stop-failed", codes=", ".join(map(str, codes.values()))
        )
        return [stopped, *report.findings, found("demo.offline", ms=f"{ms:.1f}")]

    def _tamper(self) -> list[Finding]:
        raw = self.bundle.read_bytes()
        findings: list[Finding] = []
        for place, at, expected in _places(raw, self.statement, self.evidence.read_bytes()):
            changed = bytearray(raw)
            changed[at] ^= 1
            report = self._verify(bytes(changed))
            failing = [finding.code for finding in report.findings if finding.verdict is Verdict.FAILS]
            noticed = report.verdict is Verdict.FAILS and any(code.startswith(expected) for code in failing)
            outcome = "demo.tampering.noticed" if noticed else "demo.tampering.missed"
            findings.append(found(outcome, place=place.say(self.out.lang), by=failing[0] if failing else "-"))
        return findings

    def _verify(self, raw: bytes) -> Report:
        return verify_bundle(io.BytesIO(raw), self._pins("reader"), self.facts)

    def _pins(self, who: str) -> Pins:
        """What this reader pinned; `reader` stands for a stranger who was given two fingerprints."""
        if who != "reader":
            return Pins.load(self.root / who / PINS)
        pins = Pins()
        for short in ("kr", "uk"):
            card = self.nodes[short].card
            pins = pins.add(card, card.fingerprint())
        return pins

    def _wait_for(self, short: str, path: str) -> bytes:
        """The answer at `path` once the node has it; raises what the last try raised."""
        deadline_s = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with self.nodes[short].client() as client:
                    return client.fetch(path, 1 << 20)
            except NotFound:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.05)

    def _stay(self) -> None:
        """The nodes come back, and their pages stay up until Ctrl-C."""
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_ready()
        lang = self.out.lang
        self.out.say(
            Text("\nThe nodes are back. Look at the statement:", "\n노드가 다시 켜졌습니다. 진술을 보세요:")
        )
        for node in self.nodes.values():
            self.out.say(
                f"  {node.name.say(lang)}\n    {node.url}/{lang}/statement/{self.statement.digest_hex}"
            )
        self.out.say(
            Text(
                "\nVerify it yourself:\n  haechi verify {bundle} --pins {pins}\nCtrl-C ends the demonstration.",
                "\n직접 검증하기:\n  haechi verify {bundle} --pins {pins}\nCtrl-C 를 누르면 끝납니다.",
            ),
            bundle=self.bundle,
            pins=self._reader_pins(),
        )
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self.out.say(Text("\nstopping", "\n종료합니다"))

    def _reader_pins(self) -> Path:
        path = self.root / "reader-pins.json"
        self._pins("reader").save(path)
        return path


def _interval(share: Share) -> Interval:
    return Interval(low=share.low, high=share.high, level=LEVEL)


def _report(share: Share, evidence: EvidenceRef) -> PledgeReport:
    """The company's report: one measured figure with its evidence, one claim without."""
    marking = Section(
        commitment="sbp.1.2",
        progress="under_way",
        summary=Said(
            en="Demonstration, made up: generated images carry a mark; a detector was run on a random sample.",
            ko="시연용으로 지어낸 내용: 생성 이미지에 표시를 넣고, 무작위 표본에 검출기를 실행했습니다.",
        ),
        figures=(
            Figure(
                name="images in which the mark was found",
                value=share.percent,
                unit="%",
                how="measured",
                denominator="random sample of generated images, July to September 2026",
                interval=_interval(share),
                method="mark detector on each sampled image; Wilson score interval",
            ),
        ),
        evidence=(evidence,),
    )
    talent = Section(
        commitment="sbp.2.3",
        progress="done_for_period",
        summary=Said(
            en="Demonstration, made up: internships in AI.", ko="시연용으로 지어낸 내용: AI 인턴 과정."
        ),
        figures=(Figure(name="interns", value=40.0, unit="people", how="claimed"),),
    )
    return PledgeReport(
        instrument="ins.seoul.pledge",
        party="co.naver",
        period=Period(first=date(2026, 7, 1), last=date(2026, 9, 30)),
        sections=(marking, talent),
    )


def _claimed_figure(statement: Statement, facts: Facts) -> Figure:
    claim = claim_of(statement, facts)
    if not isinstance(claim, PledgeReport):
        raise BadInput(why="the mirrored statement is not a pledge report")
    return claim.sections[0].figures[0]


def _places(raw: bytes, statement: Statement, evidence: bytes) -> list[tuple[Text, int, str]]:
    """Where to change a byte, and the check that must notice."""
    return [
        (Text("the report's figures", "보고의 수치"), raw.index(statement.payload) + 200, "statement."),
        (
            Text("the issuer's signature", "발행자의 서명"),
            raw.index(statement.envelope.signature) + 20,
            "statement.signature",
        ),
        (Text("the log's proof", "로그의 증명"), raw.index(b"c2sp.org/tlog-proof@v1\nindex ") + 40, "log."),
        (
            Text("the signed checkpoint", "서명된 체크포인트"),
            raw.index("— kr.example/log ".encode()) + 60,
            "log.checkpoint",
        ),
        (Text("the evidence file", "증거 파일"), raw.rindex(evidence[-4000:]) + 100, "evidence.digest"),
    ]
