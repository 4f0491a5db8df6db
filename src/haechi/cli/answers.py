"""`haechi answers`: what the evidence about one application or party can serve for, everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from haechi.cli.asked import NOT_ADVICE, Day, Within, day_of, within
from haechi.cli.counted import (
    Counted,
    Hearing,
    checkers_of,
    count_raw,
    exit_of,
    read_evidence,
    voices_of,
)
from haechi.cli.options import Json, PinsFile, PolicyFile, QuorumOf, TrustFile, tr
from haechi.cli.out import Out
from haechi.cli.verification import about_list, listed_trust, load_list, load_trust, quorum_of
from haechi.findings import Finding
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Answer, Answers, Engine
    from haechi.facts import Facts

Subject = Annotated[
    str,
    typer.Argument(
        help=tr("application or party, as its statements name it", "진술에 적힌 응용 또는 당사자 이름")
    ),
]
Given = Annotated[
    list[Path] | None,
    typer.Option(
        "--evidence", "-e", help=tr("statement or bundle to count; repeat", "셀 진술·묶음. 반복 가능")
    ),
]
Voices = Annotated[
    list[str] | None,
    typer.Option(
        "--voice",
        help=tr("PARTY=ISSUER: who speaks for a party; repeat", "당사자=발행자: 누가 대변하는지. 반복 가능"),
    ),
]
PartOf = Annotated[
    list[str] | None,
    typer.Option(
        "--part-of",
        help=tr(
            "what it is part of, whose evidence counts too; repeat", "속한 대상. 그 증거도 셈. 반복 가능"
        ),
    ),
]
_SHAPES = {"none": "·", "claimed": "○", "partial": "◐", "full": "●"}


class Question(NamedTuple):
    """What is asked about whom, as the options of a command say it. on: YYYY-MM-DD, empty for today."""

    subject: str
    evidence: Sequence[Path]
    part_of: Sequence[str]
    voice: Sequence[str]
    pins: Path | None
    on: str
    policy: Path | None = None
    quorum: int | None = None
    trust: Path | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """Answers worked out from files, with the files and what became of each statement in them."""

    engine: "Engine"
    answers: "Answers"
    counted: tuple[Counted, ...]
    files: tuple[bytes, ...]
    voices: Mapping[str, frozenset[str]]
    about_list: Finding | None = None

    @property
    def code(self) -> int:
        """The exit code: the worst of what was not verified, the trust list among it."""
        return exit_of(self.counted, self.about_list)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "answers",
        help=tr(
            "What the evidence about one subject can serve for: every requirement and commitment it reaches.",
            "한 대상의 증거가 무엇의 증거가 될 수 있는지, 닿는 모든 요구사항과 약속을 보입니다.",
        ),
    )(answers)


def answers(
    subject: Subject,
    evidence: Given = None,
    to: Annotated[
        str,
        typer.Option("--to", help=tr("only this country, regime or instrument", "이 나라·규제·문서만")),
    ] = "",
    part_of: PartOf = None,
    voice: Voices = None,
    pins: PinsFile = None,
    trust: TrustFile = None,
    policy: PolicyFile = None,
    quorum: QuorumOf = None,
    on: Day = "",
    json: Json = False,
) -> None:
    """Exit 0; 1 (a check FAILS) or 3 (UNDECIDED) with evidence not counted, or an expired trust list."""
    from haechi.facts import load

    out, facts = Out(json), load()
    part = within(facts, to) if to else None
    asked = Question(subject, evidence or (), part_of or (), voice or (), pins, on, policy, quorum, trust)
    worked = work_out(out, asked)
    if json:
        out.data(
            {
                **worked.answers.as_dict(),
                "evidence": [each.as_dict() for each in worked.counted],
                "trust_list": None if worked.about_list is None else worked.about_list.as_dict(out.lang),
                "lacking": _lacking(part, worked.answers),
                "note": NOT_ADVICE.say(out.lang),
            }
        )
    else:
        _show(out, facts, worked, part)
    raise typer.Exit(worked.code)


def work_out(out: Out, given: Question) -> Worked:
    """The answers that follow from files. Raises what reading and verifying them raises."""
    from haechi.answers import Engine, Scope
    from haechi.facts import load

    facts = load()
    pins, listed = load_trust(given.pins), load_list(given.trust)
    voices = voices_of(given.voice, listed)
    engine = Engine(facts, checkers_of(pins, listed))
    asked = quorum_of(pins, listed, given.policy, given.quorum)
    heard = Hearing(listed_trust(pins, listed), voices, asked)
    counted: list[Counted] = []
    files: list[bytes] = []
    with out.progress(Text("counting evidence", "증거를 세는 중")) as progress:
        for done, path in enumerate(given.evidence):
            raw = read_evidence(path)
            files.append(raw)
            counted += count_raw(engine, str(path), raw, heard)
            progress(done + 1, len(given.evidence))
    found = engine.answers(Scope(given.subject, tuple(given.part_of)), day_of(given.on))
    about = None if listed is None else about_list(listed)
    return Worked(engine, found, tuple(counted), tuple(files), voices, about)


def _lacking(part: Within | None, found: "Answers") -> list[str]:
    """The targets of the part that was asked for without any evidence; empty when no part was."""
    return [] if part is None else [id_ for id_ in part.targets if not found.by_target[id_].credits]


def _show(out: Out, facts: "Facts", worked: Worked, part: Within | None) -> None:
    lang, found = out.lang, worked.answers
    wanted = None if part is None else set(part.targets)
    held = [
        answer
        for _, answer in sorted(found.by_target.items(), key=lambda each: (-each[1].state, each[0]))
        if answer.credits and (wanted is None or answer.target in wanted)
    ]
    where = "" if part is None else f", {part.label.say(lang)}"
    title = tr("What the evidence about {} can serve for", "{}에 대한 증거가 될 수 있는 곳")
    heads = (
        Text("·", "·"), Text("id", "식별자"), Text("serves", "정도"), Text("assurance", "확인 수준"),
        Text("days left", "남은 날"), Text("relations", "관계"), Text("name", "이름"),
    )  # fmt: skip
    if held:
        rows = [_row(facts, answer, found, lang) for answer in held]
        out.table(f"{title.format(found.scope.subject)}{where}, {found.day}", heads, rows)
    else:
        out.say(
            Text(
                "Nothing that was counted serves here yet.",
                "지금까지 센 것 가운데 여기에 쓰일 증거가 없습니다.",
            )
        )
    for answer in held:
        _show_why(out, facts, answer)
    missing = _lacking(part, found)
    if missing and part is not None:
        out.say(
            Text(
                "\nNo evidence for these of {part}: {ids}. What would serve: `haechi crosswalk <id>`.",
                "\n{part}에서 증거가 없는 것: {ids}. 무엇이 증거가 되는지는 `haechi crosswalk <식별자>`.",
            ),
            part=part.label,
            ids=", ".join(missing),
        )
    show_counted(out, worked.counted)
    if worked.about_list is not None:
        out.findings([worked.about_list])
    out.say(Text("data version {version}", "데이터 판 {version}"), version=found.data_version)
    out.say(NOT_ADVICE)


def _row(facts: "Facts", answer: "Answer", found: "Answers", lang: Lang) -> tuple[str, ...]:
    best, left = answer.credits[0], answer.days_left(found.day)
    record = facts.requirements.get(answer.target) or facts.commitment(answer.target)
    name = record.label.say(lang)
    return (
        _SHAPES[answer.state.word] + ("!" if answer.low else ""),
        answer.target,
        answer.state.label.say(lang),
        best.assurance.label.say(lang),
        "–" if left is None else str(left),
        " ".join(best.relations) or "–",
        name if len(name) <= 48 else f"{name[:47]}…",
    )


def _show_why(out: Out, facts: "Facts", answer: "Answer") -> None:
    """Where an answer was carried, lacks something or is disputed: why, in words that lead to a source."""
    lang, best = out.lang, answer.credits[0]
    rows = [(tr("offered for", "제시 대상"), best.source)] if best.relations else []
    if best.why and best.relations:
        rows.append((tr("why", "이유"), "\n".join(f"{each.ref}: {each.say(lang)}" for each in best.why)))
    if answer.lacks:
        rows.append((tr("still lacks", "부족한 것"), "\n".join(each.say(lang) for each in answer.lacks)))
    rows += [(tr("disputed by", "이의"), f"{each.issuer}: {each.grounds}") for each in answer.disputes]
    if not rows:
        return
    rows.append((tr("evidence", "증거"), "\n".join(digest.hex() for digest in best.evidence)))
    record = facts.requirements.get(answer.target) or facts.commitment(answer.target)
    if record.sources:
        rows.append(
            (tr("source", "출처"), "; ".join(f"{each.src} {each.loc}".strip() for each in record.sources))
        )
    out.say("")
    out.pairs(f"{answer.target} {record.label.say(lang)}", rows)


def show_counted(out: Out, counted: Sequence[Counted]) -> None:
    """What became of each statement that was given."""
    out.say("")
    if not counted:
        out.say(
            Text(
                "No evidence was given: name statements or bundles with --evidence.",
                "받은 증거가 없습니다. --evidence 로 진술이나 묶음을 주세요.",
            )
        )
        return
    heads = (Text("statement", "진술"), Text("issuer", "발행자"), Text("outcome", "결과"))
    rows = [((each.digest or each.file)[:16], each.issuer or "?", each.why.say(out.lang)) for each in counted]
    out.table(tr("Evidence given", "받은 증거"), heads, rows)
