"""`haechi clocks`: the deadlines of one incident in every regime concerned: met, missed, running."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.asked import NOT_ADVICE
from haechi.cli.files import read_file
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.cli.show import read_statements
from haechi.errors import BadInput, NotFound
from haechi.misfit import misfit_of
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Clock
    from haechi.facts import Facts
    from haechi.statement.kinds.incident_report import IncidentReport

SCHEMA = "haechi.clocks/1"
MAX_REPORT_BYTES = 1 << 20
_SHAPES = {"met": "●", "missed": "✘", "running": "◔", "not_binding": "·", "uncounted": "?"}
_STATES = {
    "met": Text("met", "준수"),
    "missed": Text("missed", "초과"),
    "running": Text("running", "진행 중"),
    "not_binding": Text("not binding then", "당시 적용 전"),
    "uncounted": Text("cannot be counted", "셀 수 없음"),
}


class NoIncident(NotFound):
    """A file without an incident report; facts: what_is, name."""

    code = "cli.no-incident"
    hint = Text(
        "give an incident_report: a statement, a bundle, or its JSON, as `haechi sign incident_report "
        "--example` prints it",
        "incident_report를 주세요. 진술, 묶음, 또는 JSON (`haechi sign incident_report --example`)",
    )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "clocks",
        help=tr(
            "The deadlines of one incident in every regime concerned: met, missed or running.",
            "한 사고에 대한 모든 규제 체계의 기한: 준수, 초과, 진행 중.",
        ),
    )(clocks)


def clocks(
    file: Annotated[
        Path,
        typer.Argument(help=tr("incident report: statement, bundle or JSON", "사고 보고: 진술, 묶음, JSON")),
    ],
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            help=tr(
                "state or region affected besides those named, such as US-CA; repeat",
                "보고에 없는 영향 지역. 예: US-CA. 반복 가능",
            ),
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            help=tr("as of this moment, with its time zone (ISO 8601)", "기준 시각, 시간대 포함 (ISO 8601)"),
            show_default=False,
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Exit 1 when a clock that binds was missed, 3 when one may run that the report leaves open, else 0."""
    from haechi.answers import Applies, Catalogue
    from haechi.answers import clocks as worked_out
    from haechi.facts import load

    out, facts, now = Out(json), load(), _moment(at)
    report = _report(file, facts)
    found = worked_out(report, Catalogue.of(facts), now, places=place or ())
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "at": now.astimezone(UTC).isoformat(),
            "application": report.application,
            "known": report.known.astimezone(UTC).isoformat(),
            "clocks": [{**each.as_dict(), **_names(each)} for each in found],
            "note": NOT_ADVICE.say(out.lang),
        }
    )
    if not json:
        _show(out, facts, report, found, now)
    missed = any(str(each.state) == "missed" and each.applies is Applies.YES for each in found)
    perhaps = any(each.applies is Applies.UNKNOWN for each in found)
    raise typer.Exit(1 if missed else 3 if perhaps else 0)


def _moment(text: str) -> datetime:
    """The moment that was written, now without one; raises BadInput for one without a time zone."""
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        why = Text(
            f"a moment is written 2026-11-22T09:00+09:00, got {text[:60]!r}",
            f"시각은 2026-11-22T09:00+09:00 처럼 씁니다. 받은 값: {text[:60]!r}",
        )
        raise BadInput(why=why)
    return found


def _report(file: Path, facts: "Facts") -> "IncidentReport":
    """The report in a file; raises NoIncident and what reading raises."""
    import msgspec

    from haechi.statement.claims import claim_of, convert_claim, kind_of
    from haechi.statement.jsonform import from_json
    from haechi.statement.kinds.incident_report import NAME, IncidentReport

    raw = read_file(file, MAX_REPORT_BYTES, Text("incident report", "사고 보고"))
    if raw.lstrip()[:1] == b"{":
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            why = misfit_of(error)
            raise BadInput(why=Text(f"not JSON: {why.en}", f"JSON이 아닙니다: {why.ko}")) from error
        claims = [convert_claim(kind_of(NAME), from_json(value), facts)]
    else:
        statements = [each for each in read_statements(file) if each.about.kind == NAME]
        claims = [claim_of(each, facts) for each in statements]
    for claim in claims:
        if isinstance(claim, IncidentReport):
            return claim
    raise NoIncident(what_is=Text("incident report", "사고 보고"), name=str(file))


def _names(clock: "Clock") -> dict[str, str]:
    return {"en": clock.rule.label.en, "ko": clock.rule.label.ko}


def _show(
    out: Out, facts: "Facts", report: "IncidentReport", found: "tuple[Clock, ...]", now: datetime
) -> None:
    lang = out.lang
    heads = (
        Text("·", "·"), Text("state", "상태"), Text("due (local time there)", "기한 (현지 시각)"),
        Text("left", "남은 시간"), Text("clock", "기한의 내용"), Text("requirement", "요구사항"),
        Text("source", "출처"),
    )  # fmt: skip
    title = Text("{what}: known {known}, as of {now}", "{what}: 인지 {known}, 기준 {now}").say(
        lang,
        what=report.application,
        known=report.known.isoformat(timespec="minutes"),
        now=now.isoformat(timespec="minutes"),
    )
    out.table(title, heads, [_row(facts, each, now, lang) for each in found])
    if not found:
        out.say(
            Text(
                "No clock of the facts runs for it. That says nothing about laws that are not in the facts.",
                "사실 자료의 어떤 기한도 적용되지 않습니다. 자료에 없는 법에 대해서는 아무 뜻도 없습니다.",
            )
        )
    out.say(Text("data version {version}", "데이터 판 {version}"), version=facts.version)
    out.say(NOT_ADVICE)


def _row(facts: "Facts", clock: "Clock", now: datetime, lang: Lang) -> tuple[str, ...]:
    from haechi.answers import Applies

    state = _STATES[str(clock.state)].say(lang)
    perhaps = tr(" (perhaps)", " (미상)") if clock.applies is Applies.UNKNOWN else ""
    left = clock.left(now) if str(clock.state) == "running" else None
    return (
        _SHAPES[str(clock.state)] + ("!" if clock.low else ""),
        f"{state}{perhaps}",
        "–" if clock.due is None else clock.due.strftime("%Y-%m-%d %H:%M %Z"),
        "–" if left is None else _span(left, lang),
        clock.rule.label.say(lang),
        f"{clock.requirement} {facts.requirement(clock.requirement).article}",
        f"{clock.rule.src} {clock.rule.loc}",
    )


def _span(left: timedelta, lang: Lang) -> str:
    hours = int(left.total_seconds() // 3600)
    return Text("{d} d {h} h", "{d}일 {h}시간").say(lang, d=hours // 24, h=hours % 24)
