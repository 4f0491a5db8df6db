"""The pledge board: every party of an instrument against every commitment, each with its indicator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from haechi.answers.answer import Answer
from haechi.answers.engine import Engine
from haechi.answers.evidence import Evidence
from haechi.facts import Facts, Seat
from haechi.words import Text


@dataclass(frozen=True, slots=True)
class Cell:
    """One party at one commitment. report: its latest own report, which may have run out; None for none."""

    answer: Answer
    report: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One instrument on one day. cells: (party, commitment) to what is there; every pair is in it.

    seats: the parties in the order of the list, each with since when. perhaps: parties of which nobody knows
    whether they had joined by that day; stated, complete: see `Parties`.
    """

    instrument: str
    day: date
    data_version: str
    seats: tuple[Seat, ...]
    perhaps: tuple[str, ...]
    stated: str
    complete: bool
    commitments: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    def as_dict(self) -> dict[str, object]:
        """JSON form: one entry a cell, in the order of parties and commitments."""
        return {
            "schema": "haechi.pledges/1",
            "data_version": self.data_version,
            "instrument": self.instrument,
            "as_of": self.day.isoformat(),
            "parties": [
                {
                    "party": seat.party,
                    "joined_by": seat.joined.last.isoformat(),
                    "sure": seat.party not in self.perhaps,
                }
                for seat in self.seats
            ],
            "stated": self.stated,
            "complete": self.complete,
            "commitments": list(self.commitments),
            "cells": [
                {
                    "party": party,
                    "commitment": commitment,
                    **cell.answer.as_dict(),
                    "days_left": cell.answer.days_left(self.day),
                    "report": _report(cell.report),
                }
                for (party, commitment), cell in self.cells.items()
            ],
        }


def board(facts: Facts, engine: Engine, instrument: str, day: date) -> Board:
    """The board of one instrument: who had or may have joined by `day`, against its commitments.

    Raises UnknownName. An instrument without commitments has no cells.
    """
    parties = facts.parties_of(instrument)
    sure, perhaps = parties.on(day), parties.perhaps_on(day)
    seats = tuple(seat for seat in parties.seats if seat.party in {*sure, *perhaps})
    commitments = tuple(each.id for each in facts.commitments_of(instrument))
    cells: dict[tuple[str, str], Cell] = {}
    for seat in seats:
        answers = engine.answers(seat.party, day).by_target
        for commitment in commitments:
            report = engine.latest(seat.party, commitment, "pledge_report", day)
            cells[seat.party, commitment] = Cell(answers[commitment], report)
    return Board(
        instrument=instrument,
        day=day,
        data_version=facts.version,
        seats=seats,
        perhaps=perhaps,
        stated=parties.stated,
        complete=parties.complete,
        commitments=commitments,
        cells=MappingProxyType(cells),
    )


def boards(facts: Facts, engine: Engine, day: date) -> tuple[Board, ...]:
    """The boards of all instruments that make commitments, in the order of the files."""
    return tuple(board(facts, engine, each, day) for each in facts.instruments if facts.commitments_of(each))


def _report(report: Evidence | None) -> dict[str, object] | None:
    if report is None:
        return None
    return {
        "statement": report.digest.hex(),
        "issuer": report.issuer,
        "period": None if report.period is None else [day.isoformat() for day in report.period],
    }


@dataclass(frozen=True, slots=True)
class Baseline:
    """A published figure that others counted: context, never evidence. disclosed of `of` companies."""

    id: str
    text: Text
    disclosed: int
    of: int
    source: str
    published: date


def _fmti(id_: str, disclosed: int, en: str, ko: str) -> Baseline:
    return Baseline(f"fmti.{id_}", Text(en, ko), disclosed, 13, "src.fmti", date(2025, 12, 9))


BASELINES = (
    _fmti("energy", 2, "energy of the final training run disclosed", "최종 학습의 에너지 공개"),
    _fmti("carbon", 3, "carbon of the final training run disclosed", "최종 학습의 탄소 배출 공개"),
    _fmti("water", 2, "water use disclosed", "물 사용량 공개"),
    _fmti("external", 5, "risk evaluation by an outside party", "외부 기관의 위험 평가"),
    _fmti(
        "reproducible", 1, "risk evaluation that outsiders can reproduce", "외부에서 재현할 수 있는 위험 평가"
    ),
    _fmti("predeployment", 2, "risk evaluation before release", "출시 전 위험 평가"),
    _fmti("misuse", 3, "protocol for incidents of misuse", "오용 사고 대응 절차"),
    _fmti("detection", 9, "detection of own content", "자사 생성물 탐지"),
)
"""Counted in the Foundation Model Transparency Index, December 2025 (CC BY 4.0), over 13 companies."""

BASELINE_MARK = Text(
    "self-declared on public pages and counted by others; not evidence held here",
    "공개 자료의 자체 선언을 제3자가 센 값이며, 여기에 보관된 증거가 아님",
)
"""Stands beside every baseline wherever it is shown."""
