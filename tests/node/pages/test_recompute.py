"""Recompute here: what the page fetches, and the browser's own answer under the strict policy."""

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.answers.test_browser_count import recomputed
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site, served
from tests.node.pages.town import town

from haechi.facts import load
from haechi.facts.load import COMPILED
from haechi.node.pages.recompute import RECOMPUTER
from haechi.node.pages.scripts import SCRIPT_POLICY

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ASKED = "name=image%20studio&as_of=2026-11-22"


def test_the_page_names_what_is_fetched_and_each_is_there(site: Site) -> None:
    page = site.get(f"/en/subject?{ASKED}")
    assert page.headers["content-security-policy"] == SCRIPT_POLICY
    twin = site.get(f"/en/subject.json?{ASKED}").json()
    assert site.get(twin["facts_json"]).body == COMPILED.read_bytes()
    inputs, answers = (site.get(twin[name]) for name in ("inputs_json", "answers_json"))
    assert inputs.json()["data_version"] == answers.json()["data_version"] == load().version
    assert answers.json()["as_of"] == "2026-11-22"
    assert recomputed([inputs.body]) == [answers.body]
    for name in ("page.js", "count.js", "lattice.js"):
        assert site.get(RECOMPUTER.assets[name].path).body == RECOMPUTER.assets[name].body
    assert RECOMPUTER.assets["page.js"].path in Markup(page.text).attributes("src")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/answers/facts/{'0' * 64}.json", 404),
        ("/answers/inputs.json", 400),
        ("/answers/answers.json?name=x&as_of=2026-02-30", 400),
        (f"/answers/answers.json?name={'x' * 513}", 400),
        ("/recomputer/0000000000000000/page.js", 404),
    ],
)
def test_what_is_not_there_is_refused(site: Site, address: str, status: int) -> None:
    assert site.get(address, accept="application/json").status == status


def test_the_page_of_one_place_lists_what_has_no_evidence(site: Site) -> None:
    twin = site.get(f"/ko/subject.json?{ASKED}&to=reg.KR").json()
    assert twin["to_name"]["ko"] == "인공지능기본법"
    targets = {each["target"] for each in twin["answers"]} | {each["id"] for each in twin["open"]}
    assert targets == {each.id for each in load().requirements_of("reg.KR")}
    assert all(each["kinds"] for each in twin["open"])
    assert site.get(f"/ko/subject?{ASKED}&to=reg.XX").status == 400


def test_the_twin_holds_the_same_answers(site: Site) -> None:
    twin = site.get(f"/en/subject.json?{ASKED}").json()
    answers = msgspec.json.decode(site.get(twin["answers_json"]).body)
    assert {each["target"] for each in twin["answers"]} == {each["target"] for each in answers["answers"]}


@pytest.mark.e2e
@pytest.mark.parametrize("changed", [False, True])
def test_the_browser_finds_the_same_bytes_and_notices_others(browser: "Browser", *, changed: bool) -> None:
    def change(path: str, body: bytes) -> bytes:
        return body.replace(b'"partial"', b'"full"', 1) if changed and "answers.json" in path else body

    page = browser.new_page()
    with served(Site(town()), change) as url:
        page.goto(f"{url}/ko/subject?{ASKED}")
        page.click("#recompute-now")
        page.wait_for_selector("#recomputed[data-verdict]")
    assert page.get_attribute("#recomputed", "data-verdict") == ("FAILS" if changed else "HOLDS")
    assert load().version in page.inner_text("#recomputed")
    page.close()
