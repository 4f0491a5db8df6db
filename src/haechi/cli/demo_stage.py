"""The stage of the demonstration: its nodes, and how a step is run, timed, printed and remembered."""

import io
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from shutil import which

from haechi.cli.out import Out
from haechi.cli.processes import NodeProcess
from haechi.errors import HaechiError, NotFound
from haechi.facts import load
from haechi.findings import Finding, Verdict, overall
from haechi.network.pins import Pins
from haechi.network.verify import Report, verify_bundle
from haechi.node.open import PINS
from haechi.statement.envelope import Statement
from haechi.words import Text

WAIT_SECONDS = 60.0


class Stage(ABC):
    """Three nodes and what was shown with them.

    Always true: what a step reports was measured by that step, and `held` is False as soon as one did not.
    """

    statement: Statement
    bundle: Path

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
        ended: dict[str, object] = {}
        try:
            self.all_steps()
        except HaechiError as error:
            self.held = False
            if self.out.json:
                ended = {"error": error.as_dict(self.out.lang)}  # part of the one document
            else:
                self.out.error(error)
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
        self.out.data({"held": self.held, "seconds": round(total_s, 2), "steps": self.steps, **ended})
        if stay and self.held:
            self._stay()
        return self.held

    @abstractmethod
    def all_steps(self) -> None:
        """Every step, in order, each through `step`."""

    def close(self) -> None:
        """Stop whatever still runs."""
        for node in self.nodes.values():
            node.stop()

    def step(self, title: Text, action: Callable[[], "list[Finding] | Report"]) -> None:
        """Run one step, print its checks, remember them."""
        number = len(self.steps) + 1
        began_s = time.perf_counter()
        answer = action()
        ms = (time.perf_counter() - began_s) * 1000
        findings = answer.findings if isinstance(answer, Report) else answer
        held = overall(findings) is Verdict.HOLDS
        self.held = self.held and held
        lang = self.out.lang
        checks = [finding.as_dict(lang) for finding in findings]
        self.steps.append(
            {"step": number, "title": title.say(lang), "held": held, "ms": round(ms), "checks": checks}
        )
        self.out.heading(f"{number:>2}  {title.say(lang)}", f"{ms:,.0f} ms")
        if isinstance(answer, Report):
            for section in answer.sections:
                self.out.say(f"    {section.title.say(lang)}")
                self.out.findings(section.findings)
        else:
            self.out.findings(findings)

    def verify(self, raw: bytes) -> Report:
        """What a stranger with two pinned fingerprints finds in a bundle."""
        return verify_bundle(io.BytesIO(raw), self.pins("reader"), self.facts)

    def pins(self, who: str) -> Pins:
        """What this reader pinned; `reader` stands for a stranger who was given two fingerprints."""
        if who != "reader":
            return Pins.load(self.root / who / PINS)
        pins = Pins()
        for short in ("kr", "uk"):
            card = self.nodes[short].card
            pins = pins.add(card, card.fingerprint())
        return pins

    def wait_for(self, short: str, path: str, naming: str = "") -> bytes:
        """The answer at `path` once the node has it and names this; else the last one, or its error."""
        deadline_s = time.monotonic() + WAIT_SECONDS
        while True:
            late = time.monotonic() > deadline_s
            try:
                with self.nodes[short].client() as client:
                    answer = client.fetch(path, 1 << 20)
                if late or naming.encode() in answer:
                    return answer
            except NotFound:
                if late:
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
                "\nVerify it yourself:\n  {haechi} verify {bundle} --pins {pins}\n"
                "Ctrl-C ends the demonstration.",
                "\n직접 검증하기:\n  {haechi} verify {bundle} --pins {pins}\nCtrl-C 를 누르면 끝납니다.",
            ),
            haechi=Path(sys.argv[0]).name if which("haechi") else sys.argv[0],
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
        self.pins("reader").save(path)
        return path
