"""`haechi gaps`: what applies to an application and is not fully answered by its evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.answers import Given, PartOf, Question, Voices, exit_of, show_counted, work_out
from haechi.cli.asked import NOT_ADVICE, Day, Within, day_of, within
from haechi.cli.duties import read_values
from haechi.cli.options import Json, PinsFile, PolicyFile, QuorumOf, tr
from haechi.cli.out import Out
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Gap
    from haechi.facts import Facts

SCHEMA = "haechi.gaps/1"
_SHAPES = {"none": "·", "claimed": "○", "partial": "◐"}
_APPLIES = {"yes": Text("applies", "적용됨"), "unknown": Text("perhaps", "미상")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "gaps",
        help=tr(
            "What applies to an application and is not fully answered by its evidence, "
            "for one country or all.",
            "응용에 적용되지만 증거가 아직 다 답하지 못한 것을 한 나라 또는 모든 나라에 대해 보입니다.",
        ),
    )(gaps)


def gaps(
    profile: Annotated[
        Path, typer.Argument(help=tr("profile, as YAML, TOML or JSON", "프로필 (YAML, TOML 또는 JSON)"))
    ],
    subject: Annotated[
        str,
        typer.Option(
            "--subject",
            help=tr(
                "as its statements name it; the profile's name without",
                "진술에 적힌 이름. 없으면 프로필의 이름",
            ),
        ),
    ] = "",
    to: Annotated[
        str,
        typer.Option("--to", help=tr("only this country or regime, such as KR", "이 나라·규제만. 예: KR")),
    ] = "",
    evidence: Given = None, part_of: PartOf = None, voice: Voices = None, pins: PinsFile = None,
    policy: PolicyFile = None, quorum: QuorumOf = None, on: Day = "", json: Json = False,
) -> None:  # fmt: skip
    """Exit 0; with evidence that was not counted 1 (a check FAILS) or 3 (UNDECIDED)."""
    from haechi.answers import Catalogue, duties, read_profile
    from haechi.answers import gaps as left_open
    from haechi.facts import load

    out, facts, day = Out(json), load(), day_of(on)
    read = read_profile(read_values(profile), facts)
    part = within(facts, to) if to else None
    name = subject or read.name
    asked = Question(name, evidence or (), part_of or (), voice or (), pins, on, policy, quorum)
    worked = work_out(out, asked)
    found = [
        each
        for each in left_open(duties(read, Catalogue.of(facts), day), worked.answers)
        if part is None or each.duty.requirement in part.targets
    ]
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "subject": name,
            "as_of": day.isoformat(),
            "to": None if part is None else {"en": part.label.en, "ko": part.label.ko},
            "gaps": [{"duty": each.duty.as_dict(), "answer": each.answer.as_dict()} for each in found],
            "evidence": [each.as_dict() for each in worked.counted],
            "note": NOT_ADVICE.say(out.lang),
        }
    )
    if not json:
        _show(out, facts, name, part, found)
        show_counted(out, worked.counted)
        out.say(Text("data version {version}", "데이터 판 {version}"), version=facts.version)
        out.say(NOT_ADVICE)
    raise typer.Exit(exit_of(worked.counted))


def _show(out: Out, facts: "Facts", name: str, part: Within | None, found: "list[Gap]") -> None:
    where = "" if part is None else f", {part.label.say(out.lang)}"
    title = Text("{name}: still open ({n}){where}", "{name}: 남은 것 ({n}){where}").say(
        out.lang, name=name, n=len(found), where=where
    )
    heads = (
        Text("·", "·"), Text("requirement", "요구사항"), Text("force", "강도"), Text("date", "날짜"),
        Text("applies", "적용"), Text("still lacks", "부족한 것"), Text("name", "이름"),
    )  # fmt: skip
    out.table(title, heads, [_row(facts, each, out.lang) for each in found])
    if not found:
        out.say(Text("Nothing is open here.", "여기에 남은 것이 없습니다."))


def _row(facts: "Facts", gap: "Gap", lang: Lang) -> tuple[str, ...]:
    duty = gap.duty
    return (
        _SHAPES[gap.answer.state.word],
        ("! " if duty.low or gap.answer.low else "") + duty.requirement,
        facts.force(duty.force).label.say(lang),
        "–" if duty.effective is None else duty.effective.isoformat(),
        _APPLIES[str(duty.applies)].say(lang),
        "; ".join(each.say(lang) for each in gap.answer.lacks),
        facts.requirement(duty.requirement).label.say(lang),
    )
