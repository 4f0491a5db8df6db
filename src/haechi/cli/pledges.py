"""`haechi pledges`: who promised what at the summits, and what evidence is there for it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haechi.cli.asked import NOT_ADVICE, Day, day_of
from haechi.cli.counted import Counted, Hearing, checkers_of, count_file, exit_of, voices_of
from haechi.cli.options import Json, PinsFile, PolicyFile, QuorumOf, TrustFile, tr
from haechi.cli.out import Out
from haechi.cli.pledges_compare import show_comparison
from haechi.cli.pledges_line import show_line
from haechi.cli.verification import about_list, listed_trust, load_list, load_trust, quorum_of
from haechi.errors import NotFound
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.answers import Board, Cell
    from haechi.facts import Facts

_SHAPES = {"none": "·", "claimed": "○", "partial": "◐", "full": "●"}


class NotAParty(NotFound):
    """The party is not on the list of the instrument on that day; facts: what_is, name."""

    code = "cli.not-a-party"
    hint = Text("see the list without --party", "--party 없이 목록을 보세요")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "pledges",
        help=tr(
            "The board of an instrument: parties, commitments, and what can serve as evidence for them.",
            "문서의 이행 현황판: 당사자, 약속, 그 증거가 될 수 있는 것을 보입니다.",
        ),
    )(pledges)


def pledges(
    instrument: Annotated[
        str,
        typer.Argument(
            help=tr(
                "instrument, such as ins.seoul.pledge; or compare: figures of reports side by side",
                "문서. 예: ins.seoul.pledge. 또는 compare: 보고의 수치를 나란히 비교",
            ),
        ),
    ] = "ins.seoul.pledge",
    party: Annotated[str, typer.Option("--party", help=tr("only this party", "이 당사자만"))] = "",
    evidence: Annotated[
        list[Path] | None,
        typer.Option(
            "--evidence", help=tr("statement or bundle to count; repeat", "셀 진술·묶음. 반복 가능")
        ),
    ] = None,
    voice: Annotated[
        list[str] | None,
        typer.Option(
            "--voice",
            help=tr(
                "PARTY=ISSUER: who speaks for a party; repeat", "당사자=발행자: 누가 대변하는지. 반복 가능"
            ),
        ),
    ] = None,
    pins: PinsFile = None,
    trust: TrustFile = None,
    policy: PolicyFile = None,
    quorum: QuorumOf = None,
    on: Day = "",
    line: Annotated[
        bool,
        typer.Option(
            "--line",
            help=tr("what each summit carried over from those before", "각 정상회의가 이전에서 이어받은 것"),
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Exit 0; 1 (a check FAILS) or 3 (UNDECIDED) with evidence not counted, or an expired trust list."""
    from haechi.answers import Engine, board
    from haechi.facts import load

    out, facts = Out(json), load()
    if line:
        show_line(out, facts)
        return
    pinned, listed = load_trust(pins), load_list(trust)
    asked = quorum_of(pinned, listed, policy, quorum)
    heard = Hearing(listed_trust(pinned, listed), voices_of(voice or (), listed), asked)
    engine = Engine(facts, checkers_of(pinned, listed))
    about = None if listed is None else about_list(listed)
    counted = [each for path in evidence or () for each in count_file(engine, path, heard)]
    if instrument == "compare":
        show_comparison(out, facts, counted, party)
        raise typer.Exit(exit_of(counted, about))
    found = board(facts, engine, facts.resolve("instrument", instrument), day_of(on))
    if party:
        found = _only(found, facts, party)
    if json:
        told = None if about is None else about.as_dict(out.lang)
        out.data({**_as_dict(found, facts, counted), "trust_list": told})
    else:
        _show(out, found, facts)
        _show_counted(out, counted)
        if about is not None:
            out.findings([about])
        _show_context(out, found, facts)
        out.say(NOT_ADVICE)
    raise typer.Exit(exit_of(counted, about))


def _only(found: "Board", facts: "Facts", party: str) -> "Board":
    id_ = facts.resolve("party", party)
    if all(seat.party != id_ for seat in found.seats):
        name = Text(
            f"{facts.party(id_).label.en} at {found.instrument} on {found.day}",
            f"{found.day}의 {found.instrument}: {facts.party(id_).label.ko}",
        )
        raise NotAParty(what_is=Text("party", "당사자"), name=name)
    return replace(
        found,
        seats=tuple(seat for seat in found.seats if seat.party == id_),
        perhaps=tuple(each for each in found.perhaps if each == id_),
        cells={pair: cell for pair, cell in found.cells.items() if pair[0] == id_},
    )


def _as_dict(found: "Board", facts: "Facts", counted: Sequence[Counted]) -> dict[str, object]:
    commitments = [facts.commitment(id_) for id_ in found.commitments]
    return {
        **found.as_dict(),
        "indicators": [
            {
                "commitment": each.id,
                "en": each.text,
                "ko": each.text_ko,
                "indicator": each.indicator.name,
                "indicator_ko": each.indicator.name_ko,
                "unit": each.indicator.unit,
                "unit_ko": each.indicator.unit_ko,
                "rule": each.indicator.rule,
                "low": facts.is_low(each.id),
            }
            for each in commitments
        ],
        "evidence": [each.as_dict() for each in counted],
        "context": _context(found, facts),
    }


def _context(found: "Board", facts: "Facts") -> dict[str, object] | None:
    """What others published about companies: beside the board, never in it."""
    from haechi.answers import BASELINE_MARK, BASELINES

    if facts.instrument(found.instrument).party_kind != "companies":
        return None
    return {
        "assurance": "self_declared",
        "evidence": False,
        "mark": {"en": BASELINE_MARK.en, "ko": BASELINE_MARK.ko},
        "baselines": [
            {
                "id": each.id,
                "en": each.text.en,
                "ko": each.text.ko,
                "disclosed": each.disclosed,
                "of": each.of,
                "source": each.source,
                "published": each.published.isoformat(),
            }
            for each in BASELINES
        ],
    }


def _show(out: Out, found: "Board", facts: "Facts") -> None:
    lang = out.lang
    name = facts.instrument(found.instrument).label.say(lang)
    if not found.commitments:
        out.say(
            Text("{name}: its text makes no commitments.", "{name}: 원문에 약속이 없습니다."),
            name=name,
        )
        return
    # A number heads each column: fourteen ids would not fit on a line.
    numbers = {id_: str(n) for n, id_ in enumerate(found.commitments, 1)}
    out.table(
        f"{name} ({found.instrument}), {found.day}",
        (Text("party", "당사자"), *(Text(number, number) for number in numbers.values())),
        [
            (
                facts.party(seat.party).label.say(lang)
                + (" (?)" if seat.party in found.perhaps else "")
                + (" !" if seat.confidence == "low" else ""),
                *(_SHAPES[found.cells[seat.party, id_].answer.state.word] for id_ in found.commitments),
            )
            for seat in found.seats
        ],
    )
    out.say(
        Text(
            "· no evidence   ○ claimed   ◐ can serve in part   ● can serve in full   "
            "(?) joined perhaps   ! uncertain",
            "· 증거 없음   ○ 주장만 있음   ◐ 일부 증거가 될 수 있음   ● 전부 증거가 될 수 있음   "
            "(?) 참여일 미상   ! 불확실",
        )
    )
    if not found.complete:
        out.say(
            Text(
                "This list of parties is incomplete: it holds the names that were found.",
                "이 당사자 목록은 찾은 이름만 담고 있어 완전하지 않습니다.",
            )
        )
    out.say("")
    rows = [
        (
            numbers[each.id],
            each.id,
            _marked(facts, each.id, each.indicator.label.say(out.lang)),
            each.indicator.counted_in.say(out.lang),
        )
        for each in (facts.commitment(id_) for id_ in found.commitments)
    ]
    heads = (Text("no.", "번호"), Text("commitment", "약속"), Text("indicator", "지표"), Text("unit", "단위"))
    out.table(tr("Commitments and their indicators (proposed)", "약속과 지표 (제안)"), heads, rows)
    _show_cells(out, found, facts)


def _marked(facts: "Facts", id_: str, text: str) -> str:
    from haechi.answers.answer import LOW_MARK

    return f"! {text} [{LOW_MARK.say(Out().lang)}]" if facts.is_low(id_) else text


def _show_cells(out: Out, found: "Board", facts: "Facts") -> None:
    held = [(pair, cell) for pair, cell in found.cells.items() if cell.answer.credits or cell.report]
    if not held:
        out.say(
            Text(
                "\nNo evidence is held here for any of it: give statements with --evidence. "
                "An empty cell says nothing about what a party did.",
                "\n여기에 보관된 증거가 없습니다. --evidence 로 진술을 주세요. "
                "빈칸은 당사자가 무엇을 했는지에 대해 아무 뜻도 없습니다.",
            )
        )
    for (party, commitment), cell in held:
        title = facts.party(party).label.say(out.lang)
        out.say("")
        out.pairs(f"{title}, {commitment}", _cell_rows(cell, facts, commitment, found, out.lang))


def _cell_rows(
    cell: "Cell", facts: "Facts", commitment: str, found: "Board", lang: Lang
) -> list[tuple[str, str]]:
    answer, report = cell.answer, cell.report
    rows = [
        (tr("answer", "답"), answer.say(lang, facts.commitment(commitment).label, found.day)),
        (tr("evidence", "증거"), "\n".join(each.hex() for each in answer.credits[0].evidence))
        if answer.credits
        else (tr("evidence", "증거"), tr("ran out", "기한 지남")),
    ]
    if answer.lacks:
        rows.append((tr("still lacks", "부족한 것"), "\n".join(each.say(lang) for each in answer.lacks)))
    if report is not None and report.period is not None:
        rows.append((tr("own report", "자체 보고"), " – ".join(day.isoformat() for day in report.period)))
    return [
        *rows,
        *((tr("disputed by", "이의"), f"{each.issuer}: {each.grounds}") for each in answer.disputes),
    ]


def _show_counted(out: Out, counted: Sequence[Counted]) -> None:
    if not counted:
        return
    heads = (Text("statement", "진술"), Text("issuer", "발행자"), Text("outcome", "결과"))
    rows = [((each.digest or each.file)[:16], each.issuer or "?", each.why.say(out.lang)) for each in counted]
    out.say("")
    out.table(tr("Evidence given", "받은 증거"), heads, rows)


def _show_context(out: Out, found: "Board", facts: "Facts") -> None:
    from haechi.answers import BASELINE_MARK, BASELINES

    if _context(found, facts) is None:
        return
    out.say("")
    heads = (Text("disclosed", "공개"), Text("what", "항목"), Text("source", "출처"))
    rows = [
        (f"{each.disclosed}/{each.of}", each.text.say(out.lang), f"{each.source}, {each.published}")
        for each in BASELINES
    ]
    mark = BASELINE_MARK.say(out.lang)
    out.table(f"{tr('Published baselines', '공표된 기준선')} [{mark}]", heads, rows)
