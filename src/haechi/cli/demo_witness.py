"""The witnesses of the demonstration: a quorum of three, and a node caught with two histories."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from haechi.cli.demo_cast import ACTORS
from haechi.cli.demo_stage import WAIT_SECONDS
from haechi.cli.processes import NodeProcess
from haechi.errors import NotFound, Unavailable
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.checkpoint import read_checkpoint
from haechi.log.quorum import WitnessPolicy, check_fresh, check_quorum
from haechi.network.client import PeerLacks
from haechi.network.pins import Pins
from haechi.network.verify import verify_fork
from haechi.network.witnesses import pinned_policy
from haechi.node.config import FILE, config_text, load_config
from haechi.node.keychain import load_keychain
from haechi.node.peers import mirror_name
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, sign_statement
from haechi.statement.kinds.confirm import Checked, Confirm
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.cli.demo_steps import Demonstration

LIAR = "co"
TWIN = "co-twin"
_NOTE_BYTES = 1 << 20

declare(
    "demo.fork",
    Text("Two histories", "두 이력"),
    {
        "shown": (
            Verdict.HOLDS,
            Text(
                "{origin} shows one history to Korea and another to the UK, both signed",
                "{origin}이(가) 한국과 영국에 서로 다른 이력을 서명하여 보임",
            ),
        ),
        "frozen": (
            Verdict.HOLDS,
            Text(
                "{name} froze {origin} and logged the evidence ({bytes} bytes)",
                "{name}: {origin}을(를) 동결하고 증거를 기록함 ({bytes}바이트)",
            ),
        ),
        "proven": (
            Verdict.HOLDS,
            Text(
                "the evidence verifies with one fingerprint and no network: {why}",
                "증거가 고정된 지문 하나만으로 네트워크 없이 검증됨: {why}",
            ),
        ),
        "missed": (Verdict.FAILS, Text("not caught: {why}", "잡지 못함: {why}")),
    },
)


class WitnessShow:
    """The steps about witnesses. Always true: what is shown was answered by running nodes just then."""

    def __init__(self, demo: "Demonstration") -> None:
        self.demo = demo

    def quorum(self) -> list[Finding]:
        """Korea's log is cosigned by all three nodes; a reader's policy asks for all of them."""
        policy = pinned_policy([node.card for node in self.demo.nodes.values()], 3)
        deadline_s = time.monotonic() + WAIT_SECONDS
        while True:
            findings = self._witnessed(policy)
            if (findings and findings[0].verdict is Verdict.HOLDS) or time.monotonic() > deadline_s:
                return findings
            time.sleep(0.1)

    def _witnessed(self, policy: WitnessPolicy) -> list[Finding]:
        with self.demo.nodes["kr"].client() as client:
            try:
                raw = client.fetch("/log/witnessed", _NOTE_BYTES)
            except PeerLacks:
                return []
        head, note = read_checkpoint(raw)
        now = int(time.time())
        quorum, signed = check_quorum(note, head, policy, now)
        newest = max((one.time_s for one in signed), default=None)
        return [quorum, check_fresh(head.origin, newest, now)]

    def lie(self) -> list[Finding]:
        """The company runs a second copy of its node with the same keys, and shows it to the UK alone."""
        demo, node = self.demo, self.demo.nodes[LIAR]
        node.stop()
        twin = self._twin(node)
        try:
            for one, subject in ((node, "for-korea"), (twin, "for-the-uk")):
                one.start()
                one.wait_ready()
                self._say(one, subject)
            origin = node.card.origin
            findings = [found("demo.fork.shown", origin=origin)]
            for short in ("kr", "uk"):
                raw = self._evidence(short)
                if raw is None:
                    return [found("demo.fork.missed", why=ACTORS[short].origin)]
                path = demo.root / f"evidence-{short}.json"
                path.write_bytes(raw)
                name = ACTORS[short].origin
                findings.append(found("demo.fork.frozen", name=name, origin=origin, bytes=len(raw)))
            return [*findings, self._proven(demo.root / "evidence-uk.json")]
        finally:
            twin.stop()

    def _proven(self, path: Path) -> Finding:
        """What a reader who pinned the company by its fingerprint finds in the file."""
        card = self.demo.nodes[LIAR].card
        report = verify_fork(path.read_bytes(), Pins().add(card, card.fingerprint()))
        first, second = report.findings
        if (first.code, second.code) != ("network.fork.proven", "network.accused.pinned"):
            return found("demo.fork.missed", why=Text(first.say("en"), first.say("ko")))
        return found("demo.fork.proven", why=Text(first.say("en"), first.say("ko")))

    def _twin(self, node: NodeProcess) -> NodeProcess:
        folder = self.demo.root / TWIN
        shutil.copytree(node.folder, folder)
        shutil.copytree(self.demo.root / "heads", self.demo.root / "twin-heads")
        config = load_config(folder)
        port = self.demo.twin_port
        listen = msgspec.structs.replace(config.listen, port=port)
        heads = str(self.demo.root / "twin-heads")
        config = msgspec.structs.replace(
            config, listen=listen, head_folder=heads, url=f"http://127.0.0.1:{port}"
        )
        (folder / FILE).write_text(config_text(config), "utf-8")
        return NodeProcess(node.name, folder, port, node.card)

    def _say(self, node: NodeProcess, what: str) -> None:
        """Something that only one of the two copies says."""
        key = load_keychain(node.folder / "keys").issuer
        claim = Confirm(
            target=self.demo.confirmation.digest,
            how="reviewed",
            checks=(Checked(code="evidence.digest.matches"),),
            note=Said(en=f"Said {what}.", ko=f"{what}에만 한 말."),
        )
        about = About(
            issuer=ACTORS[LIAR].issuer,
            subject=f"statement:{self.demo.confirmation.digest_hex}",
            issued_at=int(time.time()),
            kind="confirm",
        )
        payload = encode_claim(kind_of("confirm"), claim, self.demo.facts)
        with node.client() as client:
            client.post("/entries", sign_statement(key, about, payload).raw, "application/cose", 65536)

    def _evidence(self, short: str) -> bytes | None:
        """The evidence that a node serves, once it has found it or heard of it."""
        name = mirror_name(ACTORS[LIAR].origin)
        deadline_s = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline_s:
            try:
                with self.demo.nodes[short].client() as client:
                    return client.fetch(f"/equivocations/{name}", _NOTE_BYTES)
            except (NotFound, Unavailable):
                time.sleep(0.1)
        return None


def witness_steps(demo: "Demonstration") -> None:
    """The steps with witnesses."""
    show = WitnessShow(demo)
    demo.step(
        Text("A quorum of three witnesses Korea's log", "세 노드의 정족수가 한국의 로그에 입회"),
        show.quorum,
    )
    demo.step(
        Text(
            "The company shows two histories of its own log; it is caught, frozen, and named in evidence",
            "기업이 자기 로그의 두 이력을 보이다가 잡혀 동결되고 증거에 남음",
        ),
        show.lie,
    )
