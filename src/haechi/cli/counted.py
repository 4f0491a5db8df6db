"""Files counted for the pledge board: each statement is verified first, and what was not counted says why."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.cli.files import read_file
from haechi.cli.out import EXIT_BY_VERDICT
from haechi.errors import BadInput, NotFound
from haechi.findings import VERDICT_WORDS, Finding, Verdict, overall
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.answers import Engine, Seen
    from haechi.network.pins import Pins
    from haechi.network.sections import Report, Section, Trust
    from haechi.network.trust.metadata import Verified
    from haechi.network.verify import Quorum
    from haechi.statement.claims import Claim

MAX_FILE_BYTES = 64 << 20
# Whether a statement still stands is worked out from all items together, not from one bundle.
_STANDING = "network.standing"
_QUORUM = "log.quorum.met"
_COUNTED = Text("counted", "셈에 넣음")
_NO_EVIDENCE = Text("of a kind that is no evidence", "증거가 아닌 종류")
_NAMES_NONE = Text("names no commitment that it is offered for", "어느 약속의 증거인지 적혀 있지 않음")
_NOT_VERIFIED = Text("not counted: {check}: {why}", "세지 않음: {check}: {why}")


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whom a reader hears. trust: whose keys; voices: who speaks for a party; quorum: which witnesses."""

    trust: "Trust"
    voices: Mapping[str, frozenset[str]]
    quorum: "Quorum | None" = None


@dataclass(frozen=True, slots=True)
class Counted:
    """One statement of a file. verdict: of its checks, standing aside; counted: whether it was put in.

    claim: what was signed, of a counted statement only.
    """

    file: str
    digest: str | None
    issuer: str | None
    verdict: Verdict
    counted: bool
    why: Text
    claim: "Claim | None" = None

    def as_dict(self) -> dict[str, object]:
        """JSON form."""
        return {
            "file": self.file,
            "statement": self.digest,
            "issuer": self.issuer,
            "verdict": str(self.verdict),
            "counted": self.counted,
            "why": {"en": self.why.en, "ko": self.why.ko},
        }


def exit_of(counted: Sequence[Counted], about: Finding | None = None) -> int:
    """The worst of what was not verified, `about` among it; what is simply no evidence changes nothing."""
    verdicts = {each.verdict for each in counted if not each.counted}
    verdicts |= set() if about is None else {about.verdict}
    for verdict in (Verdict.FAILS, Verdict.UNDECIDED):
        if verdict in verdicts:
            return EXIT_BY_VERDICT[verdict]
    return 0


def voices_of(said: Iterable[str], listed: "Verified | None" = None) -> Mapping[str, frozenset[str]]:
    """Party to the issuers that speak for it, from PARTY=ISSUER and from a trust list.

    Raises BadInput, UnknownName.
    """
    from haechi.facts import load
    from haechi.network.trust.view import voices_in

    found = {} if listed is None else voices_in(listed.trust_list)
    for each in said:
        party, sign, issuer = each.partition("=")
        if not (sign and issuer):
            why = Text(
                f"a voice is written PARTY=ISSUER, got {each[:200]!r}",
                f"대변자는 당사자=발행자로 씁니다. 받은 값: {each[:200]!r}",
            )
            raise BadInput(why=why)
        id_ = load().resolve("party", party)
        found[id_] = found.get(id_, frozenset()) | {issuer}
    return found


def checkers_of(pins: "Pins", listed: "Verified | None" = None) -> frozenset[str]:
    """Whose confirmations and disputes count for assurance: who runs pinned and listed nodes."""
    from haechi.network.trust.view import checkers_in

    known = frozenset[str]() if listed is None else checkers_in(listed.trust_list)
    return known | {card.issuer for card in pins.nodes}


def count_file(engine: "Engine", path: Path, heard: Hearing) -> list[Counted]:
    """Verify one bundle or statement and put into the engine what holds. Raises NotFound, FileRefused."""
    return count_raw(engine, str(path), read_evidence(path), heard)


def read_evidence(path: Path) -> bytes:
    """The bytes of one bundle or statement. Raises NotFound, FileRefused."""
    return read_file(path, MAX_FILE_BYTES, Text("evidence", "증거"))


def count_raw(engine: "Engine", name: str, raw: bytes, heard: Hearing) -> list[Counted]:
    """`count_file` for bytes at hand."""
    # Whether others saw the log decides how well evidence is assured, not whether it counts.
    asked = None if heard.quorum is None else heard.quorum._replace(decides=False)
    sections = _verified(raw, heard.trust, asked).sections
    return [
        _count(
            engine,
            name,
            section,
            heard.voices,
            witnessed=any(_by_others(finding, heard.trust) for finding in section.beside),
        )
        for section in sections
    ]


def _verified(raw: bytes, trust: "Trust", quorum: "Quorum | None") -> "Report":
    from haechi.facts import load
    from haechi.network.bundle import MAGIC
    from haechi.network.verify import verify_bundle, verify_statement

    if raw.startswith(MAGIC):
        return verify_bundle(io.BytesIO(raw), trust, load(), None, quorum)
    return verify_statement(raw, trust, load())


def _count(
    engine: "Engine",
    file: str,
    section: "Section",
    voices: Mapping[str, frozenset[str]],
    *,
    witnessed: bool,
) -> Counted:
    from haechi.answers import Evidence, NotTheirVoice, item_of

    statement = section.statement
    checks = [each for each in section.findings if each.check != _STANDING]
    verdict = overall(checks)
    digest = None if section.digest is None else section.digest.hex()
    issuer = None if statement is None else statement.about.issuer
    if statement is None or verdict is not Verdict.HOLDS:
        return Counted(file, digest, issuer, verdict, counted=False, why=_unverified(checks))
    try:
        item = item_of(
            statement, section.claim, _seen(section, witnessed=witnessed), engine.facts, voices=voices
        )
    except NotTheirVoice as error:
        why = Text(f"{error.say('en')} (--voice PARTY=ISSUER)", f"{error.say('ko')} (--voice 당사자=발행자)")
        return Counted(file, digest, issuer, Verdict.UNDECIDED, counted=False, why=why)
    if item is None:
        return Counted(file, digest, issuer, verdict, counted=False, why=_NO_EVIDENCE)
    if isinstance(item, Evidence) and not item.offers:
        return Counted(file, digest, issuer, verdict, counted=False, why=_NAMES_NONE)
    engine.put(item)
    return Counted(file, digest, issuer, verdict, counted=True, why=_standing(section), claim=section.claim)


def _standing(section: "Section") -> Text:
    """That it was put in; with what was said against it, which the engine weighs."""
    for each in section.findings:
        if each.check == _STANDING and each.verdict is not Verdict.HOLDS:
            return Text(f"{_COUNTED.en}; {each.say('en')}", f"{_COUNTED.ko}; {each.say('ko')}")
    return _COUNTED


def _unverified(checks: list[Finding]) -> Text:
    """The check that weighs most, in both languages."""
    worst = next((each for each in checks if each.verdict is Verdict.FAILS), None)
    worst = worst or next(each for each in checks if each.verdict is not Verdict.HOLDS)
    word = VERDICT_WORDS[worst.verdict]

    def said(lang: str) -> str:
        at = "ko" if lang == "ko" else "en"
        check = f"{worst.title(at)} [{word.say(at).upper()}]"
        return _NOT_VERIFIED.say(at, check=check, why=worst.say(at))

    return Text(said("en"), said("ko"))


def _seen(section: "Section", *, witnessed: bool) -> "Seen":
    """The logs that hold it, as far as a proof or a receipt of a pinned log showed."""
    from haechi.answers import Seen

    logs = [
        str(each.facts["origin"])
        for each in section.findings
        if each.code.startswith("log.receipt.valid") and each.verdict is Verdict.HOLDS
    ]
    held = {each.code for each in section.findings if each.verdict is Verdict.HOLDS}
    if section.origin is not None and "log.inclusion.valid" in held:
        logs.append(section.origin)
    return Seen(logs=tuple(dict.fromkeys(logs)), witnessed=witnessed)


def _by_others(finding: Finding, trust: "Trust") -> bool:
    """Whether a quorum is met with somebody in it besides the log itself and who runs it."""
    if finding.code != _QUORUM:
        return False
    own = str(finding.facts["origin"])
    try:
        operator = trust.operator(own)
    except NotFound:
        operator = own
    # A node's keys are its name and a word for each (`policy_of_nodes`).
    signed = {name.partition("#")[0] for name in str(finding.facts["by"]).split(", ")}
    return bool(signed - {own, operator})
