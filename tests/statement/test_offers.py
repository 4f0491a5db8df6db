"""What statements are offered for, typed figures, what deadlines depend on: one change refused at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from haechi.errors import BadInput, UnknownName
from haechi.facts import load
from haechi.statement.claims import Said
from haechi.statement.kinds._measures import MEASURES, Measured
from haechi.statement.kinds._serves import Serves, check_serves
from haechi.statement.kinds.document import KIND as DOCUMENT
from haechi.statement.kinds.incident_report import KIND as INCIDENT
from haechi.statement.kinds.incident_report import Notified
from haechi.statement.kinds.pledge_report import KIND as PLEDGE

FACTS = load()
GOOD = Measured(
    measure="funds_for_small_firms",
    value=8.5e9,
    method="audited",
    scope="country",
    country="KR",
    currency="KRW",
    how="payments in the period",
    auditor="Example Audit LLC",
)


def test_a_wrong_target_lists_the_nearest_right_ones() -> None:
    with pytest.raises(UnknownName) as refused:
        check_serves("document", (Serves(target="KR.31.22", whole=True),), FACTS)
    assert "KR.31.2" in refused.value.say("en")
    with pytest.raises(UnknownName) as refused:
        check_serves("document", (Serves(target="sbp.1.22", whole=True),), FACTS)
    assert "sbp.1.2" in refused.value.say("ko")


@pytest.mark.parametrize(
    "serves",
    [
        (Serves(target="KR.31.2", whole=True), Serves(target="KR.31.2", whole=False)),
        (Serves(target="KR.31.2", whole=True, part=Said(en="images")),),
        (Serves(target="KR.31.2", whole=False, part=Said()),),
        (Serves(target="cls.KR.32", whole=True),),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused(serves: tuple[Serves, ...]) -> None:
    check_serves("document", (Serves(target="KR.31.2", whole=False, part=Said(en="images")),), FACTS)
    with pytest.raises(BadInput):
        check_serves("document", serves, FACTS)


def test_what_a_document_is_offered_for_is_read_aloud() -> None:
    shown = [row.value for row in DOCUMENT.read(DOCUMENT.example(), FACTS).rows]
    assert any("KR.34.1.1" in text.en and "offered for a part" in text.en for text in shown)
    assert any("sbp.1.6" in text.ko and "전부에 대해 제시" in text.ko for text in shown)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_belongs_to_a_commitment_that_takes_it(measure: str) -> None:
    parts = {each.part for each in FACTS.commitments_of("ins.seoul.pledge")}
    assert MEASURES[measure].part in parts  # type: ignore[index]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"currency": None}, "names its currency"),
        ({"currency": "KWR"}, "ISO 4217"),
        ({"denominator": "all"}, "denominator"),
        ({"group": "women"}, "group"),
        ({"country": None}, "country"),
        ({"scope": "global"}, "country"),
        ({"auditor": None}, "auditor"),
        ({"sample": 10}, "answered"),
        ({"how": None}, "how it was obtained"),
        ({"value": -1.0}, "out of range"),
        ({"value": float("inf")}, "finite"),
        ({"method": "estimated", "auditor": None}, "interval"),
        ({"measure": "joint_projects", "currency": None, "value": 1.5}, "whole number"),
        ({"measure": "share_of_staff", "currency": None, "value": 31.0, "group": "women"}, "denominator"),
    ],
)
def test_a_typed_figure_with_one_thing_wrong_is_refused(changed: dict[str, Any], said: str) -> None:
    GOOD.check("pledge_report")
    with pytest.raises(BadInput, match=said):
        msgspec.structs.replace(GOOD, **changed).check("pledge_report")


def pledge_with(commitment: str, *measures: Measured) -> Any:  # noqa: ANN401
    report = PLEDGE.example()
    section = msgspec.structs.replace(report.sections[1], commitment=commitment, measures=measures)
    return msgspec.structs.replace(report, sections=(section,), serves=())


def test_typed_figures_stand_at_the_commitment_that_takes_them() -> None:
    PLEDGE.check(pledge_with("sbp.2.2", GOOD), FACTS)
    with pytest.raises(BadInput, match=r"belongs to small_firms; sbp\.2\.1 takes investment"):
        PLEDGE.check(pledge_with("sbp.2.1", GOOD), FACTS)
    with pytest.raises(BadInput, match="takes no typed figures"):
        PLEDGE.check(pledge_with("sbp.1.2", GOOD), FACTS)
    with pytest.raises(BadInput, match="two figures count the same"):
        PLEDGE.check(pledge_with("sbp.2.2", GOOD, msgspec.structs.replace(GOOD, value=1.0)), FACTS)


def test_a_report_is_not_offered_twice_for_one_commitment() -> None:
    report = PLEDGE.example()
    PLEDGE.check(report, FACTS)
    again = msgspec.structs.replace(report, serves=(Serves(target="sbp.1.2", whole=True),))
    with pytest.raises(BadInput, match="has a section of its own"):
        PLEDGE.check(again, FACTS)


AT = datetime(2026, 9, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subdivisions": ("DE-BE",)}, "lies in none of the countries"),
        ({"subdivisions": ("US-CA", "US-CA")}, "listed twice"),
        ({"deaths": 1}, "severity"),
        ({"severity": "death_or_grave_harm", "deaths": 1201}, "more deaths"),
        ({"stopped": INCIDENT.example().occurred - timedelta(hours=1)}, "stopped before"),
        ({"ordered": AT.replace(year=1850)}, "plausible"),
        (
            {"notified": (Notified(authority="x", country="KR", at=AT, authority_id="auth.US-CA.oes"),)},
            "no authority of KR",
        ),
        (
            {"notified": (Notified(authority="x", country="US", at=AT, authority_id="auth.US-CA.oe"),)},
            r"auth\.US-CA\.oes",
        ),
        ({"serves": (Serves(target="US-CA.53.in", whole=True),)}, r"US-CA\.53\.in"),
    ],
)
def test_an_incident_with_one_thing_wrong_is_refused(changed: dict[str, Any], said: str) -> None:
    report = INCIDENT.example()
    INCIDENT.check(report, FACTS)
    with pytest.raises(BadInput, match=said):
        INCIDENT.check(msgspec.structs.replace(report, **changed), FACTS)
