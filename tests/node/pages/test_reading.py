"""Claims as pages show them: whose words they are, how figures were obtained, which facts are uncertain."""

from datetime import date

import pytest
from tests.node.pages.site import Site
from tests.node.pages.town import NAVER, say, town

from haechi import facts
from haechi.node.pages.reading import content_of
from haechi.statement.claims import Said
from haechi.statement.kinds._figures import Figure
from haechi.statement.kinds.pledge_report import Period, PledgeReport, Section


def report(instrument: str, party: str, commitment: str, *figures: Figure) -> PledgeReport:
    section = Section(commitment=commitment, progress="planned", summary=Said(en="Planned."), figures=figures)
    period = Period(first=date(2026, 1, 1), last=date(2026, 3, 31))
    return PledgeReport(instrument=instrument, party=party, period=period, sections=(section,))


def uncertain_report() -> PledgeReport:
    """A report on a commitment that the facts mark as uncertain."""
    known = facts.load()
    for commitment in known.commitments.values():
        for party in known.parties_of(commitment.instrument).ids:
            if known.is_low(commitment.id) and not known.is_low(party):
                return report(commitment.instrument, party, commitment.id)
    pytest.skip("no commitment in the facts is uncertain")


def test_a_line_that_rests_on_an_uncertain_fact_is_marked():
    claim = uncertain_report()
    made = town()
    made.named["low"] = say(NAVER, "pledge_report", claim, "urn:low")
    made.book.add(made.named["low"])
    site = Site(made)
    twin = site.get(f"/en/statement/{made.digest('low')}.json").json()
    label = facts.load().commitments[claim.sections[0].commitment].label.en
    marked = {row["value"]["en"] for row in twin["reading"]["rows"] if row["low"]}
    assert any(label in value for value in marked)
    assert "low-confidence fact" in site.get(f"/en/statement/{made.digest('low')}").text
    assert "신뢰도 낮은 사실" in site.get(f"/ko/statement/{made.digest('low')}").text


def test_a_line_that_rests_on_sure_facts_is_not_marked(site: Site):
    known = facts.load()
    assert not any(known.is_low(name) for name in ("co.naver", "sbp.1.2", "ins.seoul.pledge"))
    reading = content_of(site.town.named["pledge_report"], known).reading
    assert reading is not None
    assert not any(row.low for row in reading.rows)


def test_a_claimed_number_is_never_shown_as_measured():
    claim = report(
        "ins.seoul.pledge",
        "co.naver",
        "sbp.1.2",
        Figure(name="images marked", value=99.5, unit="%", how="claimed"),
    )
    made = town()
    made.named["claimed"] = say(NAVER, "pledge_report", claim, "urn:claimed")
    made.book.add(made.named["claimed"])
    page = Site(made).get(f"/en/statement/{made.digest('claimed')}").text
    assert "99.5 % (claimed, not measured)" in page


def test_a_measured_number_stands_with_its_interval(site: Site):
    assert (
        "99.2 % [98.9, 99.5] @0.95 (measured"
        in site.get(f"/en/statement/{site.town.digest('pledge_report')}").text
    )
