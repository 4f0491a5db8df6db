"""The pledge board: every party of an instrument against every commitment, and the line of the summits."""

from typing import ClassVar

from haechi.answers import BASELINE_MARK, BASELINES, Board, board, line
from haechi.facts import Facts
from haechi.node.pages.answer_view import day_asked
from haechi.node.pages.links import query
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, Pair, View, frame, pair

FIRST = "ins.seoul.pledge"


class CommitmentView(View, frozen=True, kw_only=True):
    """A column, by its number. indicator, unit: a proposal how to measure it; low: an uncertain fact."""

    number: int
    id: str
    text: Pair
    indicator: Pair
    unit: Pair
    low: bool


class CellView(View, frozen=True, kw_only=True):
    """A party at a commitment. assurance: None without evidence; report: digest of its latest own report."""

    commitment: str
    state: str
    state_word: Pair
    assurance_word: Pair | None
    days_left: int | None
    report: str | None
    period: str | None
    disputed: bool


class PartyView(View, frozen=True, kw_only=True):
    """A row. joined: the day by which it had joined; sure: False when nobody knows whether it had by then."""

    id: str
    name: Pair
    joined: str
    sure: bool
    low: bool
    cells: tuple[CellView, ...]


class BaselineView(View, frozen=True, kw_only=True):
    """A figure that others published: context, never evidence of ours."""

    text: Pair
    disclosed: int
    of: int
    source: str
    published: str


class StationView(View, frozen=True, kw_only=True):
    """An instrument on the line of summits. carried: commitments judged beside an earlier one."""

    id: str | None
    name: Pair
    day: str | None
    parties: int
    carried: int
    fresh: int


class BoardPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.board/1"):
    """One instrument on one day. complete: whether the list of parties is; context: what others published."""

    template: ClassVar[str] = "board.html"

    instrument: str
    name: Pair
    as_of: str
    complete: bool
    commitments: tuple[CommitmentView, ...]
    parties: tuple[PartyView, ...]
    context_mark: Pair
    context: tuple[BaselineView, ...]
    line: tuple[StationView, ...]


def board_page(source: Source, instrument: str, asked: str | None, now: int) -> BoardPage:
    """The board of an instrument; raises UnknownName, BadAddress. asked: the day, today without it."""
    shared, facts, day = frame(source, now), source.facts(), day_asked(asked, now)
    found = board(facts, source.engine(), instrument, day)
    return BoardPage(
        node=shared.node,
        path=f"pledges/{instrument}",
        query=query(as_of=asked or None),
        made=shared.made,
        facts_version=shared.facts_version,
        instrument=instrument,
        name=pair(facts.instrument(instrument).label),
        as_of=day.isoformat(),
        complete=found.complete,
        commitments=tuple(_commitment(n, id_, facts) for n, id_ in enumerate(found.commitments, 1)),
        parties=tuple(_party(seat.party, found, facts) for seat in found.seats),
        context_mark=pair(BASELINE_MARK),
        context=_context(instrument, facts),
        line=_line(facts),
    )


def _commitment(number: int, id_: str, facts: Facts) -> CommitmentView:
    found = facts.commitment(id_)
    return CommitmentView(
        number=number,
        id=id_,
        text=pair(found.label),
        indicator=pair(found.indicator.label),
        unit=pair(found.indicator.counted_in),
        low=facts.is_low(id_),
    )


def _party(party: str, found: Board, facts: Facts) -> PartyView:
    seat = next(each for each in found.seats if each.party == party)
    return PartyView(
        id=party,
        name=pair(facts.party(party).label),
        joined=seat.joined.last.isoformat(),
        sure=party not in found.perhaps,
        low=seat.confidence == "low",
        cells=tuple(_cell(party, commitment, found) for commitment in found.commitments),
    )


def _cell(party: str, commitment: str, found: Board) -> CellView:
    cell = found.cells[party, commitment]
    answer, report = cell.answer, cell.report
    return CellView(
        commitment=commitment,
        state=answer.state.word,
        state_word=pair(answer.state.label),
        assurance_word=None if answer.assurance is None else pair(answer.assurance.label),
        days_left=answer.days_left(found.day),
        report=None if report is None else report.digest.hex(),
        period=None
        if report is None or report.period is None
        else " – ".join(day.isoformat() for day in report.period),
        disputed=bool(answer.disputes),
    )


def _context(instrument: str, facts: Facts) -> tuple[BaselineView, ...]:
    if facts.instrument(instrument).party_kind != "companies":
        return ()
    return tuple(
        BaselineView(
            text=pair(each.text),
            disclosed=each.disclosed,
            of=each.of,
            source=each.source,
            published=each.published.isoformat(),
        )
        for each in BASELINES
    )


def _line(facts: Facts) -> tuple[StationView, ...]:
    stations: list[StationView] = []
    for station in line(facts):
        id_ = station.instrument
        name = facts.summit(station.summit).label if id_ is None else facts.instrument(id_).label
        stations.append(
            StationView(
                id=id_,
                name=pair(name),
                day=None if station.day is None else station.day.isoformat(),
                parties=0 if id_ is None else len(facts.parties_of(id_)),
                carried=len({each.later for each in station.carried}),
                fresh=len(station.fresh),
            )
        )
    return tuple(stations)
