"""The marked paragraphs of the demonstration: written by small models with a known key, then edited."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from haechi.cli.demo_mark import missing_extra
from haechi.findings import Finding, Verdict, declare, found
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.cli.demo_steps import Demonstration

SECRET = bytes(range(32))
"""The key the two paragraphs were written with: known to everybody, and of no use but here."""
NAMES: dict[Lang, Text] = {
    "en": Text("English paragraph", "영어 문단"),
    "ko": Text("Korean paragraph", "한국어 문단"),
}

declare(
    "demo.text",
    Text("Marked paragraph", "표시된 문단"),
    {
        "committed": (
            Verdict.HOLDS,
            Text("{issuer} committed to {commitment}…", "{issuer}이(가) {commitment}…을(를) 확정함"),
        ),
        "as-expected": (
            Verdict.HOLDS,
            Text(
                "{what}: {state}, chance without the key at most 10^{log10_p}",
                "{what}: {state}, 키 없이 나타날 확률 10^{log10_p} 이하",
            ),
        ),
        "unexpected": (
            Verdict.FAILS,
            Text("{what}: expected {expected}, got {state}", "{what}: 기대한 결과 {expected}, 실제 {state}"),
        ),
    },
)

_SAID = {
    "processed": Text("its mark was read", "마크를 읽음"),
    "in-part": Text("a mark was read in a part of it", "일부에서 마크를 읽음"),
    "too-little": Text("no mark found, nothing can be said", "마크를 찾지 못해 아무 말도 할 수 없음"),
}


class TextShow:
    """The steps around two paragraphs. Always true: what is shown was answered by the UK's node just then."""

    def __init__(self, demo: "Demonstration", issuer: str) -> None:
        self.demo = demo
        self.issuer = issuer

    def commit(self) -> list[Finding]:
        """The company commits to its profile in Korea, and lets the UK's node answer for it."""
        from haechi.mark.text.commit import Committer, commitment_by
        from haechi.mark.text.profiles import HaechiProfile
        from haechi.node.texts import FOLDER

        profile = HaechiProfile(name=self.issuer, secret=SECRET)
        now = datetime.now(UTC)
        by = Committer(self.issuer, self.demo.company_key)
        statement = commitment_by(by, profile, self.demo.facts, now)
        kept = self.demo.nodes["uk"].folder / FOLDER
        kept.mkdir(mode=0o700, exist_ok=True)
        (kept / "company.profile").write_bytes(profile.to_bytes())
        (kept / "company.profile").chmod(0o600)
        with self.demo.nodes["kr"].client() as client:
            client.post("/entries", statement.raw, "application/cose", 65536)
        # A moment passes from when the mirror has the statement until the profile in it holds there.
        self.demo.wait_for("uk", f"/statements/{statement.digest_hex}")
        self.demo.wait_for("uk", "/marks/profiles", naming='"verdict":"HOLDS"')
        told = found("demo.text.committed", issuer=self.issuer, commitment=profile.digest.hex()[:16])
        return [told, statement.check_signature()]

    def read(self) -> list[Finding]:
        """Whole, with words left out, and inside a page by somebody else; then words that carry nothing."""
        findings: list[Finding] = []
        for lang, name in NAMES.items():
            text = paragraph(lang)
            fewer = " ".join(word for at, word in enumerate(text.split()) if at % 10)
            other = " ".join(paragraph(lang).split()[::-1])
            findings += [
                self._ask(name, text, "processed"),
                self._ask(
                    _and(name, "a tenth of its words left out", "단어의 10분의 1을 뺌"), fewer, "processed"
                ),
                self._ask(
                    _and(name, "inside other words", "다른 글 사이에 넣음"),
                    f"{other}\n\n{text}\n\n{other}",
                    "in-part",
                ),
                self._ask(_and(name, "its words in reverse", "단어 순서를 뒤집음"), other, "too-little"),
            ]
        return findings

    def _ask(self, what: Text, text: str, state: str) -> Finding:
        with self.demo.nodes["uk"].client() as client:
            body = client.post("/marks/text", text.encode(), "text/plain", 1 << 20).body
        told: dict[str, Any] = json.loads(body)
        right = told["state"] == state and told["maker"] in (self.issuer, None)
        if not right:
            return found("demo.text.unexpected", what=what, expected=state, state=told["state"])
        return found("demo.text.as-expected", what=what, state=_SAID[state], log10_p=told["log10_p"] or 0)


def paragraph(lang: Lang) -> str:
    """A paragraph that a small model wrote with our sampler in word space: real marks, and no great prose."""
    return files("haechi.cli").joinpath("demo_texts").joinpath(f"{lang}.txt").read_text("utf-8").strip()


def _and(name: Text, en: str, ko: str) -> Text:
    return Text(f"{name.en}, {en}", f"{name.ko}, {ko}")


def text_steps(demo: "Demonstration", issuer: str) -> None:
    """The steps with the paragraphs; where the extra is absent the picture's steps have said so."""
    if missing_extra() is not None:
        return
    show = TextShow(demo, issuer)
    demo.step(
        Text(
            "The company commits to how its text is marked; the UK's node may answer for it",
            "기업이 텍스트 표시 방식을 확정하고, 영국 노드가 대신 답하게 함",
        ),
        show.commit,
    )
    demo.step(
        Text(
            "A Korean and an English paragraph are recognised after edits, and inside other text",
            "편집한 뒤에도, 다른 글 사이에서도 한국어와 영어 문단을 알아봄",
        ),
        show.read,
    )
