"""The starter path on a terminal: each duty in two sentences, and what is easier for a small firm."""

from typing import TYPE_CHECKING

from haechi.cli.options import tr
from haechi.cli.out import Out
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Help, Path
    from haechi.facts import Facts

KINDS = {
    "exemption": Text("exemption", "면제"),
    "simplified": Text("simpler form", "간소화"),
    "lower_fine": Text("lower fine", "과징금 경감"),
    "lower_fee": Text("lower fee", "수수료 경감"),
    "priority": Text("priority", "우선 이용"),
    "support": Text("help", "지원"),
    "grace": Text("grace period", "유예"),
}
_APPLIES = {"yes": Text("open to you", "이용 가능"), "unknown": Text("not known", "미상")}


def show_path(out: Out, path: "Path", facts: "Facts") -> None:
    """Write the steps in their order, then every relief with its source."""
    lang = out.lang
    out.say(
        Text(
            "{n} duties, the most binding and earliest first.", "의무 {n}개. 구속력이 크고 빠른 순서입니다."
        ),
        n=len(path.steps),
    )
    for at, step in enumerate(path.steps, 1):
        requirement = facts.requirement(step.duty.requirement)
        out.say("")
        mark = "! " if step.duty.low else ""
        sure = str(step.duty.applies) == "yes"
        unknown = "" if sure else f" ({tr('not known whether it applies', '적용 미상')})"
        title = f"{at}. {mark}{requirement.id}  {requirement.label.say(lang)}{unknown}"
        rows = [(tr("in short", "요약"), " ".join(each.say(lang) for each in step.sentences))]
        rows += [(tr("easier for you", "완화"), _line(each, lang)) for each in step.helps]
        out.pairs(title, rows)
    out.say("")
    heads = (
        Text("relief", "경감"),
        Text("kind", "종류"),
        Text("for you", "해당"),
        Text("what it gives", "내용"),
        Text("source", "출처"),
    )
    out.table(
        tr("What is easier for small firms and start-ups", "중소기업과 스타트업에 완화되는 것"),
        heads,
        [_row(each, lang) for each in path.helps],
    )
    if any(str(each.applies) == "unknown" for each in path.helps):
        out.say(
            Text(
                "Say firm_size and start_up in the profile, and what is not known becomes yes or no.",
                "프로필에 firm_size 와 start_up 을 적으면 미상이 가려집니다.",
            )
        )


def _line(help_: "Help", lang: Lang) -> str:
    relief = help_.relief
    low = "! " if help_.low else ""
    when = "" if help_.usable else f" ({tr('from', '시작')} {relief.effective.isoformat()})"
    return f"{low}{relief.label.say(lang)}, {relief.article}{when} [{_APPLIES[str(help_.applies)].say(lang)}]"


def _row(help_: "Help", lang: Lang) -> tuple[str, str, str, str, str]:
    relief = help_.relief
    sources = "; ".join(f"{cited.src}, {cited.loc}" for cited in relief.sources)
    return (
        ("! " if help_.low else "") + relief.id,
        KINDS[relief.kind].say(lang),
        _APPLIES[str(help_.applies)].say(lang),
        f"{relief.text.say(lang)} ({relief.article})",
        sources,
    )
