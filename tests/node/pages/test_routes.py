"""Addresses: languages, the look-up box, files kept for ever, and errors in the reader's language."""

import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site
from tests.node.pages.town import town

from haechi.errors import Conflict, Refused, Unavailable
from haechi.node.limits import TooMany
from haechi.node.pages.language import lang_of_header
from haechi.node.pages.links import issuer_name, issuer_path
from haechi.node.pages.problem import status_of
from haechi.words import LANGS


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "en"),
        ("en;q=0.2, ko;q=0.7", "ko"),
        ("en;q=0, ko;q=0", "en"),
        ("ko;q=nan, en;q=inf", "en"),
        ("korean-is-not-a-tag, kok;q=1", "en"),
        (",;,q=;" * 500, "en"),
    ],
)
def test_the_reader_ranks_the_languages(site: Site, header: str, lang: str):
    assert lang_of_header(header) == lang
    reply = site.get("/", accept_language=header)
    assert (reply.status, reply.headers["location"]) == (307, f"/{lang}/")
    assert reply.headers["vary"] == "Accept-Language"


def test_a_digest_a_link_or_a_name_leads_to_its_page(site: Site):
    digest = site.town.digest("pledge_report")
    there = f"/ko/statement/{digest}"
    for asked in (
        digest,
        digest.upper(),
        f"  {digest}\n",
        f"https://other.example/en/statement/{digest}",
        f"https://other.example/mirrors/{'0' * 64}/x/{digest}.json",
    ):
        reply = site.get(f"/ko/find?q={quote(asked)}")
        assert (reply.status, reply.headers["location"]) == (303, there)
    assert site.get("/en/find?q=naver.example").headers["location"] == "/en/issuer/naver.example"


@pytest.mark.parametrize(
    "asked", ["", "%20", "nobody.example", "a" * 63, "g" * 64, "a" * 65, "a" * 3000, "%00"]
)
def test_what_means_nothing_is_said_to_mean_nothing(site: Site, asked: str):
    reply = site.get(f"/ko/find?q={asked}")
    assert reply.status == 400
    assert "다이제스트도" in Markup(reply.text).text()


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_digest_is_a_page_that_says_so(site: Site, lang: str):
    reply = site.get(f"/{lang}/statement/{'0' * 64}")
    assert reply.status == 404
    page = Markup(reply.text)
    assert page.tags[0] == ("html", {"lang": lang})
    assert "0" * 64 in page.text()
    assert ("input", "q") in {(tag, attrs.get("name")) for tag, attrs in page.tags}


def test_an_unknown_digest_shows_which_statements_name_it(site: Site):
    away = bytes(31) + b"\x02"
    reply = site.get(f"/en/statement/{away.hex()}")
    assert reply.status == 404
    assert f"/en/statement/{site.town.digest('document')}" in Markup(reply.text).attributes("href")
    error = site.get(f"/en/statement/{away.hex()}.json").json()
    assert error["code"] == "page.statement-not-here"
    assert site.town.digest("document") in error["facts"]["named_by"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/en/statement/abc", 400),
        (f"/en/statement/{'A' * 64}", 400),
        ("/en/log?before=-1", 400),
        ("/en/log?before=1e3", 400),
        ("/en/log?before=" + "9" * 16, 400),
        ("/en/log?origin=nobody.example/log", 404),
        ("/en/log?origin=%00", 400),
        ("/en/issuer/nobody.example", 404),
        ("/en/issuer/" + "x" * 513, 400),
        ("/en/issuer/%1b", 400),
        ("/en/nothing", 404),
        ("/fr/", 404),
        ("/static/0000000000000000/haechi.css", 404),
        ("/static/0000000000000000/..%2Frender.py", 404),
    ],
)
def test_errors_are_pages_for_people_and_json_for_programs(site: Site, address: str, status: int):
    page = site.get(address)
    assert page.status == status
    assert Markup(page.text).text()
    assert page.headers["cache-control"] == "no-store"
    error = site.get(address, accept="application/json")
    assert (error.status, error.headers["content-type"]) == (status, "application/json")
    assert set(error.json()) == {"code", "message", "hint", "facts"}


def test_an_error_without_a_language_in_its_address_follows_the_reader(site: Site):
    assert Markup(site.get("/nothing", accept_language="ko").text).tags[0] == ("html", {"lang": "ko"})


def test_an_error_of_the_source_is_answered_and_not_thrown():
    broken = town()

    def fail() -> None:
        raise Unavailable(what_is="log", why="the disk does not answer")

    broken.book.card = fail  # pyright: ignore[reportAttributeAccessIssue]  # a node whose disk is gone
    reply = Site(broken).get("/ko/peers")
    assert reply.status == 503
    assert "지금은 응답할 수 없습니다" in Markup(reply.text).text()


def test_each_kind_of_error_has_its_status():
    assert [status_of(error) for error in (Refused(why="x"), Conflict(why="x"), TooMany(retry_s=1))] == [
        403,
        409,
        429,
    ]


def test_the_style_sheet_is_named_by_its_content_and_kept_for_ever(site: Site):
    links = [attrs for tag, attrs in Markup(site.get("/en/").text).tags if tag == "link"]
    for rel in ("stylesheet", "icon"):
        address = next(attrs["href"] for attrs in links if attrs["rel"] == rel)
        reply = site.get(address)
        assert reply.status == 200
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(reply.body).hexdigest().startswith(address.split("/")[2])


def test_pages_are_checked_again_at_every_visit(site: Site):
    assert site.get("/en/").headers["cache-control"] == "no-cache"


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40))
def test_an_issuers_address_reads_back_as_its_name(name: str):
    from urllib.parse import unquote

    path = issuer_path(name)
    assert issuer_name(unquote(path.removeprefix("issuer/"))) == name
    assert not path.endswith(".json")
    assert not {"", ".", ".."} & set(path.split("/"))
