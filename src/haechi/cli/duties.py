"""`haechi duties`: which requirements apply to an application, since when and why; unknown stays unknown."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from haechi.cli.asked import NOT_ADVICE, Day, day_of
from haechi.cli.duties_ask import as_yaml
from haechi.cli.duties_ask import ask as ask_for
from haechi.cli.duties_starter import show_path
from haechi.cli.files import read_file, write_file
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput
from haechi.misfit import misfit_of
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Duty, Profile, Question
    from haechi.facts import Facts

SCHEMA = "haechi.duties/1"
MAX_PROFILE_BYTES = 1 << 16
_APPLIES = {
    "yes": Text("applies", "적용됨"),
    "unknown": Text("unknown", "미상"),
    "no": Text("no", "해당 없음"),
}

EXAMPLE: Mapping[str, object] = {
    "name": "image studio",
    "applications": ["app.genai"],
    "roles": ["provider"],
    "modalities": ["image"],
    "countries": ["KR", "EU"],
    "users": ["public"],
    "high_impact": False,
    "placed_on": "2026-09-01",
}
_EXAMPLE_NOTE = Text(
    "# Profile for `haechi duties`. Leave out what you do not know: it stays unknown.",
    "# `haechi duties`용 프로필. 모르는 항목은 비워 두면 미상으로 남습니다.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "duties",
        help=tr(
            "Which requirements apply to an application: yes, no or unknown, since when, and why.",
            "응용에 어떤 요구사항이 적용되는지, 언제부터 왜인지 보입니다. 모르는 것은 미상으로 남깁니다.",
        ),
    )(duties)


def duties(
    profile: Annotated[
        Path | None,
        typer.Argument(help=tr("profile, as YAML, TOML or JSON", "프로필 (YAML, TOML 또는 JSON)")),
    ] = None,
    on: Day = "",
    questions: Annotated[
        bool, typer.Option("--questions", help=tr("what to ask next", "다음에 물을 것"))
    ] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help=tr("ask one question after the other", "하나씩 물어봄"))
    ] = False,
    start: Annotated[
        bool,
        typer.Option(
            "--starter",
            help=tr(
                "for start-ups and small firms: each duty in two sentences, and what is easier for them",
                "스타트업과 중소기업용: 의무마다 두 문장, 완화되는 것",
            ),
        ),
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", help=tr("write the answers as a profile", "답을 프로필로 저장")),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help=tr("print an example profile", "예시 프로필 출력"))
    ] = False,
    json: Json = False,
) -> None:
    """Applicability from a profile."""
    from haechi.answers import Catalogue, next_questions, read_profile
    from haechi.answers import duties as worked_out
    from haechi.facts import load

    out = Out(json)
    if example:
        out.data(EXAMPLE)
        out.say(_example(out.lang))
        return
    values, facts, day = _given(profile, ask=ask), load(), day_of(on)
    catalogue = Catalogue.of(facts)
    if ask:
        values = ask_for(values, catalogue, day, out.lang)
    read = read_profile(values, facts)
    if save is not None:
        write_file(save, f"{as_yaml(values)}\n".encode())
    found = worked_out(read, catalogue, day)
    asked = next_questions(found, facts)
    document: dict[str, object] = {
        "schema": SCHEMA,
        "data_version": facts.version,
        "subject": read.name,
        "as_of": day.isoformat(),
        "questions": [_question_dict(each) for each in asked],
        "note": NOT_ADVICE.say(out.lang),
    }
    if start:
        _start(out, document, read, found, (facts, day))
        return
    if not questions:
        document["duties"] = [{**each.as_dict(), **_names(facts, each)} for each in found]
    out.data(document)
    if json:
        return
    if not questions:
        _show(out, facts, read, found)
    _show_questions(out, asked, full=questions)
    out.say(NOT_ADVICE)


def _given(profile: Path | None, *, ask: bool) -> Mapping[str, object]:
    """The values to begin with; asking may begin with none."""
    if profile is not None:
        return read_values(profile)
    if ask:
        return {"name": tr("my application", "내 응용")}
    why = Text(
        "PROFILE is missing; --example prints one, --ask asks for it",
        "PROFILE이 없습니다. --example 로 예시를 보거나 --ask 로 질문에 답하세요",
    )
    raise WronglyUsed(why=why, command="haechi duties")


def _start(
    out: Out,
    document: dict[str, object],
    read: "Profile",
    found: "Sequence[Duty]",
    at: "tuple[Facts, date]",
) -> None:
    from haechi.answers import starter

    facts, day = at
    path = starter(read, found, facts, day)
    out.data({**document, "starter": path.as_dict()})
    show_path(out, path, facts)
    out.say(NOT_ADVICE)


def read_values(path: Path) -> Mapping[str, object]:
    """The plain values in a YAML, TOML or JSON file; raises BadInput for anything else."""
    raw = read_file(path, MAX_PROFILE_BYTES, Text("profile", "프로필"))
    try:
        text = raw.decode("utf-8-sig")
        if path.suffix.lower() in {".yaml", ".yml"}:
            from haechi.answers.plainyaml import read_plain_yaml

            return read_plain_yaml(text)
        return _table(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:  # no UTF-8, no JSON and no TOML are all ValueErrors
        why = misfit_of(error)
        raise _malformed(f"neither TOML nor JSON: {why.en}", f"TOML도 JSON도 아닙니다: {why.ko}") from error


def _table(text: str) -> Mapping[str, object]:
    import msgspec

    value = msgspec.json.decode(text.encode())
    return cast("Mapping[str, object]", value)  # it begins with a brace


def _malformed(en: str, ko: str) -> BadInput:
    from haechi.answers import ProfileMalformed

    return ProfileMalformed(why=Text(en, ko))


def _example(lang: Lang) -> str:
    import json

    lines = [_EXAMPLE_NOTE.say(lang)]
    for name, value in EXAMPLE.items():
        # A JSON string, list or boolean is written the same in TOML; a day has no quotes there.
        shown = str(value) if name == "placed_on" else json.dumps(value, ensure_ascii=False)
        lines.append(f"{name} = {shown}")
    return "\n".join(lines)


def _show(out: Out, facts: "Facts", profile: "Profile", found: "Sequence[Duty]") -> None:
    by_answer = {word: [each for each in found if str(each.applies) == word] for word in _APPLIES}
    heads = (
        Text("requirement", "요구사항"),
        Text("force", "강도"),
        Text("date", "날짜"),
        Text("name", "이름"),
    )
    for word in ("yes", "unknown"):
        duties_ = by_answer[word]
        title = f"{profile.name}: {_APPLIES[word].say(out.lang)} ({len(duties_)})"
        out.table(title, heads, [_row(each, facts, out.lang) for each in duties_])
        out.say("")
    out.say(
        Text(
            "Do not apply: {n} of {all}; --json lists them with reasons.",
            "해당 없음: 전체 {all}개 중 {n}개. 이유는 --json 에 있습니다.",
        ),
        n=len(by_answer["no"]),
        all=len(found),
    )
    for each in (*by_answer["yes"], *by_answer["unknown"]):
        out.say("")
        name = facts.requirement(each.requirement).label.say(out.lang)
        out.pairs(f"{each.requirement}  {name}", _details(each, out.lang))


def _row(duty: "Duty", facts: "Facts", lang: Lang) -> tuple[str, str, str, str]:
    requirement = facts.requirement(duty.requirement)
    return (
        ("! " if duty.low else "") + duty.requirement,
        facts.force(duty.force).label.say(lang),
        _when(duty, lang),
        requirement.label.say(lang),
    )


def _when(duty: "Duty", lang: Lang) -> str:
    if duty.effective is None:
        return Text("no date", "날짜 없음").say(lang)
    word = (
        Text("since {day}", "{day}부터")
        if str(duty.status) == "applies"
        else Text("from {day} (not yet)", "{day}부터 (아직 아님)")
    )
    return word.say(lang, day=duty.effective)


def _details(duty: "Duty", lang: Lang) -> list[tuple[str, str]]:
    from haechi.answers.answer import LOW_MARK

    rows = [
        (tr("applies", "적용"), _APPLIES[str(duty.applies)].say(lang)),
        (
            tr("since when", "시점"),
            duty.law.say(lang)
            if duty.effective == duty.law.effective
            else f"{_when(duty, lang)}; {duty.law.say(lang)}",
        ),
        (tr("why", "이유"), "\n".join(each.why.say(lang) for each in duty.reasons)),
    ]
    if duty.ask:
        rows.append((tr("ask for", "물을 항목"), ", ".join(duty.ask)))
    if duty.low:
        rows.append((tr("confidence", "신뢰도"), f"! {LOW_MARK.say(lang)}"))
    return rows


def _show_questions(out: Out, asked: "Sequence[Question]", *, full: bool) -> None:
    if not asked:
        out.say(Text("Nothing is left to ask.", "더 물을 것이 없습니다."))
        return
    heads = (Text("field", "항목"), Text("decides", "결정 수"), Text("question", "질문"))
    rows = [(each.field, str(each.decides), each.text.say(out.lang)) for each in asked]
    out.say("")
    out.table(tr("What to ask next, the most decisive first", "다음에 물을 것 (결정력 순)"), heads, rows)
    for each in asked if full else ():
        if each.choices:
            out.say("")
            out.pairs(each.field, [(value, label.say(out.lang)) for value, label in each.choices])


def _question_dict(question: "Question") -> dict[str, object]:
    return {
        "field": question.field,
        "en": question.text.en,
        "ko": question.text.ko,
        "decides": question.decides,
        "choices": [{"value": value, "en": label.en, "ko": label.ko} for value, label in question.choices],
    }


def _names(facts: "Facts", duty: "Duty") -> dict[str, object]:
    requirement = facts.requirement(duty.requirement)
    return {"en": requirement.name, "ko": requirement.name_ko, "regime": requirement.regime}
