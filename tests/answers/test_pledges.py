"""The pledge board, the line of the summits, and figures side by side."""

from dataclasses import replace as changed
from datetime import date
from itertools import pairwise

import msgspec
import pytest
from tests.answers.make import TODAY, digest, piece, pieces, withdraw

from haechi.answers import (
    BASELINES,
    Engine,
    Reported,
    board,
    boards,
    compare,
    figures_of,
    line,
    side_by_side,
)
from haechi.facts import Facts
from haechi.statement.kinds._figures import Figure, Interval
from haechi.statement.kinds._measures import Measured
from haechi.statement.kinds.pledge_report import KIND, Period

PLEDGE = "ins.seoul.pledge"
PERIOD = (date(2026, 7, 1), date(2026, 9, 30))


@pytest.fixture
def engine(facts: Facts) -> Engine:
    engine = Engine(facts)
    engine.put(piece(1, "pledge_report", "sbp.1.2", "sbp.2.1", subject="co.naver", period=PERIOD))
    for each in pieces("sbp.1.2", ("mark", "mark.detector", "evaluation"), 10, subject="co.kakao"):
        engine.put(each)
    return engine


def test_fourteen_companies_and_fourteen_commitments(facts: Facts, engine: Engine) -> None:
    found = board(facts, engine, PLEDGE, TODAY)
    assert (len(found.seats), len(found.commitments), len(found.cells)) == (14, 14, 196)
    naver, kakao = found.cells["co.naver", "sbp.1.2"], found.cells["co.kakao", "sbp.1.2"]
    assert (naver.answer.state.word, kakao.answer.state.word) == ("claimed", "full")
    assert naver.report is not None
    assert (naver.report.digest, naver.report.period) == (digest(1), PERIOD)
    assert kakao.report is None
    assert sum(cell.answer.state.word == "none" for cell in found.cells.values()) == 193


def test_a_report_that_ran_out_is_still_shown_as_the_latest(facts: Facts, engine: Engine) -> None:
    later = date(2029, 1, 1)
    cell = board(facts, engine, PLEDGE, later).cells["co.naver", "sbp.1.2"]
    assert cell.answer.state.word == "none"
    assert cell.report is not None
    engine.put(withdraw(90, 1))
    assert board(facts, engine, PLEDGE, later).cells["co.naver", "sbp.1.2"].report is None


def test_every_instrument_with_commitments_has_a_board(facts: Facts, engine: Engine) -> None:
    sizes = {
        each.instrument: (len(each.seats), len(each.commitments)) for each in boards(facts, engine, TODAY)
    }
    assert sizes["ins.faisc"] == (20, 16)
    assert sizes["ins.seoul.min"] == (28, 6)
    assert "ins.network" not in sizes
    raw = msgspec.json.encode(board(facts, engine, PLEDGE, TODAY).as_dict())
    assert msgspec.json.decode(raw)["data_version"] == facts.version


def test_parties_are_a_time_series(facts: Facts, engine: Engine) -> None:
    first = board(facts, engine, "ins.faisc", date(2024, 5, 21))
    assert len([seat for seat in first.seats if seat.party not in first.perhaps]) == 16
    assert board(facts, engine, "ins.faisc", date(2024, 5, 20)).cells == {}


def test_the_line_runs_from_bletchley_to_geneva_and_on(facts: Facts) -> None:
    stations = line(facts)
    assert list(dict.fromkeys(each.summit for each in stations)) == [
        "sum.2023.bletchley",
        "sum.2024.seoul",
        "sum.2025.paris",
        "sum.2026.delhi",
        "sum.2027.geneva",
        "sum.2028.uae",
    ]
    days = [each.day for each in stations if each.day is not None]
    assert all(one <= next_ for one, next_ in pairwise(days))
    by_instrument = {each.instrument: each for each in stations}
    assert {(each.earlier, each.later) for each in by_instrument["ins.paris"].carried} == {
        ("sbp.3.1", "par.1"),
        ("min.6", "par.1"),
        ("sbp.2.2", "par.3"),
        ("sd.1", "par.6"),
    }
    for station in stations:
        for each in station.carried:
            relation = facts.relation(each.relation)
            assert {relation.a, relation.b} == {each.earlier, each.later}
            assert relation.why


def test_who_came_and_who_left_between_bletchley_and_seoul(facts: Facts) -> None:
    change = {each.instrument: each.change for each in line(facts)}["ins.seoul.min"]
    assert change is not None
    assert change.earlier == "ins.bletchley"
    assert {"c.CN", "c.BR", "c.IE"} <= set(change.left)
    assert change.new == ("c.MX",)


def test_nobody_has_left_a_list_that_is_incomplete(facts: Facts) -> None:
    change = {each.instrument: each.change for each in line(facts)}["ins.delhi.decl"]
    assert change is not None
    assert (change.left, change.left_known) == ((), False)


def figure(**values: object) -> Figure:
    kept = {
        "name": "images marked",
        "value": 99.2,
        "unit": "%",
        "how": "measured",
        "denominator": "images generated in the period",
        "interval": Interval(low=98.9, high=99.5, level=0.95),
        "method": "sample of 5,000",
    }
    return Figure(**{**kept, **values})


def reported(party: str, **values: object) -> Reported:
    period = Period(first=PERIOD[0], last=PERIOD[1])
    return Reported(party, "sbp.1.2", period, figure(**values), digest(1))


def test_equal_ground_is_comparable() -> None:
    found = compare(
        reported("co.naver"), reported("co.kakao", value=97.0, interval=Interval(low=96, high=98, level=0.95))
    )
    assert found.comparable
    assert found.caution == ()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"unit": "images"}, "compare.unit"),
        ({"denominator": "images generated in Korea"}, "compare.denominator"),
        ({"denominator": None}, "compare.denominator-missing"),
        ({"how": "estimated"}, "compare.method-class"),
    ],
)
def test_one_difference_refuses_the_comparison_with_its_reason(values: dict[str, object], code: str) -> None:
    found = compare(reported("co.naver"), reported("co.kakao", **values))
    assert not found.comparable
    assert [reason.code for reason in found.against] == [code]
    assert all(reason.ko for reason in found.against)


def test_another_period_or_commitment_refuses_it_too() -> None:
    one, other = reported("co.naver"), reported("co.kakao")
    longer = changed(other, period=Period(first=PERIOD[0], last=date(2026, 12, 31)))
    assert [reason.code for reason in compare(one, longer).against] == ["compare.period"]
    elsewhere = changed(other, commitment="sbp.1.3")
    assert [reason.code for reason in compare(one, elsewhere).against] == ["compare.commitment"]


def test_overlapping_intervals_are_no_clear_difference() -> None:
    found = compare(reported("co.naver"), reported("co.kakao", method="another sample"))
    assert found.comparable
    assert {each.code for each in found.caution} == {"compare.method-words", "compare.overlap"}


def test_figures_keep_party_period_and_statement() -> None:
    found, *typed = figures_of(KIND.example(), digest(1))
    assert [each.label.en for each in typed] == [
        "small firms and start-ups reached",
        "money paid out to small firms",
    ]
    assert (found.party, found.commitment, found.statement) == ("co.naver", "sbp.1.2", digest(1))


def test_baselines_are_context_with_a_source(facts: Facts) -> None:
    for each in BASELINES:
        assert facts.source(each.source).published.last == each.published
        assert 0 < each.disclosed <= each.of == 13


# typed figures


def typed(party: str, **values: object) -> Reported:
    kept = {
        "measure": "funds_for_small_firms",
        "value": 8.5e9,
        "method": "audited",
        "scope": "country",
        "country": "KR",
        "currency": "KRW",
        "how": "payments in the period",
        "auditor": "Example Audit LLC",
    }
    figure_ = Measured(**{key: value for key, value in {**kept, **values}.items() if value is not None})
    figure_.check("pledge_report")
    return Reported(party, "sbp.2.2", Period(first=PERIOD[0], last=PERIOD[1]), figure_, digest(2))


def test_typed_figures_of_equal_ground_stand_in_one_column() -> None:
    (table,) = side_by_side([typed("co.naver"), typed("co.kakao", value=1.0)])
    assert [[each.party for each in column] for column in table.columns] == [["co.kakao", "co.naver"]]
    assert table.refused == ()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"currency": "USD"}, "compare.currency"),
        ({"scope": "global", "country": None}, "compare.scope"),
        ({"country": "JP"}, "compare.scope"),
        ({"method": "measured", "auditor": None}, "compare.method-class"),
        ({"method": "claimed", "auditor": None, "how": None}, "compare.method-class"),
        ({"measure": "credits_for_small_firms"}, "compare.measure"),
    ],
)
def test_one_typed_difference_refuses_the_comparison(values: dict[str, object], code: str) -> None:
    found = compare(typed("co.naver"), typed("co.kakao", **values))
    assert [reason.code for reason in found.against] == [code]
    assert all(reason.ko for reason in found.against)


def test_a_claim_is_never_shown_as_counted() -> None:
    claimed = typed("co.kakao", method="claimed", auditor=None, how=None)
    tables = side_by_side([typed("co.naver"), claimed])
    assert [len(column) for table in tables for column in table.columns] == [1, 1]
    assert (claimed.method.en, claimed.method.ko) == ("claimed, not measured", "주장값(측정 아님)")
    said, counted = claimed.figure.text(), typed("co.naver").figure.text()
    assert "not measured" in said.en
    assert "측정 아님" in said.ko
    assert "not measured" not in counted.en
    assert "측정 아님" not in counted.ko


def test_another_group_or_denominator_refuses_a_share() -> None:
    share = {
        "measure": "share_of_staff", "value": 31.0, "method": "measured", "currency": None, "auditor": None,
        "group": "women", "denominator": "staff in AI work",
    }  # fmt: skip
    one = typed("co.naver", **share)
    for change, code in (
        ({"group": "people over 55"}, "group"),
        ({"denominator": "all staff"}, "denominator"),
    ):
        assert compare(one, typed("co.kakao", **share)).comparable
        found = compare(one, typed("co.kakao", **{**share, **change}))
        assert [reason.code for reason in found.against] == [f"compare.{code}"]
