"""The first page leads a stranger on; an incident's page shows its deadlines and files for responders."""

import pytest
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site
from tests.node.pages.town import town

from haechi.facts import load
from haechi.findings import found
from haechi.words import LANGS


@pytest.mark.parametrize("lang", LANGS)
def test_the_first_page_asks_what_one_wants_to_know(site: Site, lang: str) -> None:
    page = Markup(site.get(f"/{lang}/").text)
    links = page.attributes("href")
    for there in ("pledges/ins.seoul.pledge", "countries", "detect", "subject?name=image+studio"):
        assert f"/{lang}/{there}" in links
    names = {attrs.get("name") for tag, attrs in page.tags if tag == "select"}
    assert names == {"from", "to", "topic"}
    known = site.get(f"/{lang}/index.json").json()
    assert known["known"]["relations"] == len(load().relations)
    assert len(known["pledge"]["cells"]) == known["pledge"]["parties"] * known["pledge"]["commitments"] == 196


def test_the_form_leads_to_the_pair(site: Site) -> None:
    reply = site.get("/ko/pair?from=reg.EU&to=reg.KR&topic=marking&as_of=")
    assert reply.status == 303
    assert reply.headers["location"] == "/ko/pair/reg.EU/reg.KR?topic=marking"
    twin = site.get("/ko/pair/reg.EU/reg.KR.json?topic=marking").json()
    assert [row["target"] for row in twin["rows"]] == ["KR.31.2", "KR.31.3"]
    assert twin["rows"][0]["lacks"][0]["text"]["ko"].startswith("콘텐츠가 서비스 밖으로 나갈 때")
    assert all(row["read_there"] and row["read_here"] for row in twin["rows"])
    assert twin["command"] == "haechi crosswalk reg.EU --to reg.KR --topic marking"


@pytest.mark.parametrize(
    "asked", ["", "from=reg.EU", "from=reg.EU&to=../log", "from=reg.EU&to=%00", "from=reg.EU&to=a%20b"]
)
def test_a_form_that_chose_nothing_is_refused(site: Site, asked: str) -> None:
    assert site.get(f"/en/pair?{asked}").status == 400


def test_a_pair_of_an_unknown_subject_or_regime_is_refused(site: Site) -> None:
    assert site.get("/en/pair/reg.EU/reg.KR?topic=nothing").status == 400
    assert site.get("/en/pair/reg.EU/reg.XX?topic=marking").status in (400, 404)


def test_an_incident_shows_its_deadlines_in_local_time(site: Site) -> None:
    twin = site.get(f"/en/statement/{site.town.digest('incident_report')}.json").json()
    (clock,) = [each for each in twin["clocks"] if each["requirement"] == "US-CA.53.inc"]
    assert (clock["due"], clock["zone"]) == ("2026-09-16 23:59 PDT", "America/Los_Angeles")
    assert site.get(f"/en/statement/{site.town.digest('document')}.json").json()["clocks"] == []
    korean = site.get(f"/ko/statement/{site.town.digest('incident_report')}").text
    assert "이 사고의 기한" in Markup(korean).text()


def _offered(site: Site, name: str) -> dict[str, str]:
    twin = site.get(f"/en/statement/{site.town.digest(name)}.json").json()
    return {each["name"]["en"]: each["href"] for each in twin["downloads"] if "/incidents/" in each["href"]}


def test_an_incident_can_be_taken_along_for_responders_programs(site: Site) -> None:
    digest, offered = site.town.digest("incident_report"), _offered(site, "incident_report")
    assert list(offered) == ["STIX 2.1 bundle (JSON)", "MISP event (JSON)"]
    stix, misp = (site.get(href) for href in offered.values())
    assert (stix.status, misp.status) == (200, 200)
    assert stix.json()["type"] == "bundle"
    assert misp.json()["Event"]["Tag"]
    assert all(digest in answer.text for answer in (stix, misp))
    assert site.get(f"/en/statement/{digest}").text.count("/incidents/") == 2
    assert _offered(site, "document") == {}
    assert site.get(f"/incidents/{site.town.digest('document')}.stix.json").status == 403
    assert site.get(f"/incidents/{site.town.digest('green')}.misp.json").status == 403
    assert site.get(f"/incidents/{'0' * 64}.stix.json").status == 404
    assert site.get(f"/incidents/{'A' * 64}.stix.json").status == 400
    assert site.get(f"/incidents/{digest}.xml.json").status == 404


def test_an_incident_whose_checks_do_not_hold_is_not_passed_on() -> None:
    site = Site(town())
    digest = site.town.digest("incident_report")
    site.town.book.failing[bytes.fromhex(digest)] = found("log.receipt.key-unknown", key="5c1d2e")
    assert _offered(site, "incident_report") == {}
    assert site.get(f"/incidents/{digest}.stix.json").status == 403
