"""The outcome of one check: HOLDS, FAILS or UNDECIDED, a stable code and the facts.

A code is `<room>.<check>.<outcome>`, for example `statement.signature.invalid`. Each room declares its
codes once, with the verdict they stand for and the sentence a reader sees, so a code can never be shown
with another verdict. `docs/findings.md` is made from this catalogue and a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from haechi.words import Lang, Text


class Verdict(StrEnum):
    """Three answers, not two: what could not be decided is never shown as failed."""

    HOLDS = "HOLDS"
    FAILS = "FAILS"
    UNDECIDED = "UNDECIDED"


VERDICT_WORDS: dict[Verdict, Text] = {
    Verdict.HOLDS: Text("Holds", "성립"),
    Verdict.FAILS: Text("Fails", "불성립"),
    Verdict.UNDECIDED: Text("Undecided", "미정"),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for: its verdict and the sentence shown to people."""

    verdict: Verdict
    sentence: Text


CATALOGUE: dict[str, Meaning] = {}
CHECKS: dict[str, Text] = {}


def declare(check: str, title: Text, outcomes: Mapping[str, tuple[Verdict, Text]]) -> None:
    """Add one check and its outcomes to the catalogue; declaring a check twice is a programming error."""
    if check in CHECKS:
        raise ValueError(f"check declared twice: {check}")
    CHECKS[check] = title
    for outcome, (verdict, sentence) in outcomes.items():
        CATALOGUE[f"{check}.{outcome}"] = Meaning(verdict, sentence)


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of one check. Made with `found`, so that code and verdict always agree."""

    code: str
    verdict: Verdict
    facts: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def check(self) -> str:
        """The check's name: the code without its outcome."""
        return self.code.rpartition(".")[0]

    def title(self, lang: Lang) -> str:
        """What was checked, in a few words."""
        return CHECKS[self.check].say(lang)

    def say(self, lang: Lang) -> str:
        """Why the verdict is what it is, in one sentence."""
        return CATALOGUE[self.code].sentence.say(lang, **self.facts)

    def as_dict(self, lang: Lang = "en") -> dict[str, object]:
        """JSON form."""
        return {
            "check": self.check,
            "code": self.code,
            "verdict": str(self.verdict),
            "title": self.title(lang),
            "why": self.say(lang),
            "facts": {name: _plain(fact, lang) for name, fact in self.facts.items()},
        }


def _plain(fact: object, lang: Lang) -> object:
    if isinstance(fact, bytes):
        return fact.hex()
    return fact.say(lang) if isinstance(fact, Text) else fact


def found(code: str, **facts: object) -> Finding:
    """The finding for a declared code; an undeclared code raises KeyError."""
    return Finding(code, CATALOGUE[code].verdict, facts)


def overall(findings: Iterable[Finding]) -> Verdict:
    """One verdict for many checks: FAILS if any fails, else UNDECIDED if any is, else HOLDS.

    No checks at all decide nothing, so an empty sequence is UNDECIDED.
    """
    verdicts = {finding.verdict for finding in findings}
    if Verdict.FAILS in verdicts:
        return Verdict.FAILS
    return Verdict.HOLDS if verdicts == {Verdict.HOLDS} else Verdict.UNDECIDED
