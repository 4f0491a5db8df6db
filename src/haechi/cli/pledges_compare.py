"""`haechi pledges compare`: figures of different reports side by side, or refused with every reason."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from haechi.cli.asked import NOT_ADVICE
from haechi.cli.counted import Counted
from haechi.cli.options import tr
from haechi.cli.out import Out
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Comparison, Reported, SideBySide
    from haechi.facts import Facts

SCHEMA = "haechi.compare/1"


def show_comparison(out: Out, facts: "Facts", counted: Sequence[Counted], party: str) -> None:
    """Write the comparison of all figures in the counted reports. Raises UnknownName for a wrong party."""
    from haechi.answers import side_by_side

    only = facts.resolve("party", party) if party else ""
    figures = [each for one in counted for each in _figures(one) if only in ("", each.party)]
    tables = side_by_side(figures)
    out.data(
        {
            "schema": SCHEMA,
            "data_version": facts.version,
            "tables": [each.as_dict() for each in tables],
            "evidence": [each.as_dict() for each in counted],
        }
    )
    if not tables:
        out.say(
            Text(
                "No figures to compare: give pledge reports with --evidence and --voice.",
                "비교할 수치가 없습니다. --evidence 와 --voice 로 서약 이행 보고를 주세요.",
            )
        )
    for each in tables:
        _show(out, facts, each)
    _show_left_out(out, counted)
    out.say(NOT_ADVICE)


def _figures(counted: Counted) -> "tuple[Reported, ...]":
    from haechi.answers import figures_of
    from haechi.statement.kinds.pledge_report import PledgeReport

    if not isinstance(counted.claim, PledgeReport) or counted.digest is None:
        return ()
    return figures_of(counted.claim, bytes.fromhex(counted.digest))


def _show(out: Out, facts: "Facts", table: "SideBySide") -> None:
    lang = out.lang
    heads = (
        Text("group", "묶음"),
        Text("party", "당사자"),
        Text("figure", "수치"),
        Text("period", "기간"),
        Text("statement", "진술"),
    )
    rows = [
        (str(at), *_row(each, facts, lang)) for at, column in enumerate(table.columns, 1) for each in column
    ]
    out.table(f"{table.commitment}: {table.label.say(lang)}", heads, rows)
    for each in table.refused:
        out.say(Text("Not comparable: {line}", "비교 불가: {line}"), line=_refused(each, facts, lang))
    for column in table.columns:
        for caution in _cautions(column, lang):
            out.say(Text("With care: {line}", "주의: {line}"), line=caution)
    out.say("")


def _row(each: "Reported", facts: "Facts", lang: Lang) -> tuple[str, str, str, str]:
    period = f"{each.period.first.isoformat()}..{each.period.last.isoformat()}"
    party = facts.party(each.party).label.say(lang)
    return party, each.figure.text().say(lang), period, each.statement.hex()[:16]


def _refused(each: "Comparison", facts: "Facts", lang: Lang) -> str:
    who = " / ".join(facts.party(one.party).label.say(lang) for one in (each.a, each.b))
    return f"{who}: {'; '.join(reason.say(lang) for reason in each.against)}"


def _cautions(column: "tuple[Reported, ...]", lang: Lang) -> list[str]:
    from haechi.answers import compare

    pairs = [compare(column[0], other) for other in column[1:]]
    return list(dict.fromkeys(note.say(lang) for pair in pairs for note in pair.caution))


def _show_left_out(out: Out, counted: Sequence[Counted]) -> None:
    rows = [
        ((each.digest or each.file)[:16], each.issuer or "?", each.why.say(out.lang))
        for each in counted
        if not each.counted
    ]
    if rows:
        heads = (Text("statement", "진술"), Text("issuer", "발행자"), Text("outcome", "결과"))
        out.table(tr("Evidence not counted", "세지 않은 증거"), heads, rows)
