"""Every page, in both languages: there, well-formed, and saying nothing that its JSON twin does not say."""

import re
from itertools import pairwise

import jinja2
import msgspec
import pytest
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site, twin_of
from tests.node.pages.town import NOW, town

from haechi.node.pages.home import HomePage, home_page
from haechi.node.pages.issuer import IssuerPage, issuer_page
from haechi.node.pages.log import LogPage, log_page
from haechi.node.pages.peers import PeersPage, peers_page
from haechi.node.pages.render import render
from haechi.node.pages.statement import StatementPage, statement_page
from haechi.statement.claims import kind_names
from haechi.words import LANGS, Lang

HANGUL = re.compile("[가-힣]")
SHORTENED = re.compile("([0-9a-f]{12,16})…")
NUMBER = re.compile(r"\d[\d,]*")
# Numbers that are part of a sentence of ours ("64 hexadecimal digits"), not of the node's state.
OF_OUR_WORDS = {"64", "16"}


def numbers(text: str, whole: str = "") -> set[str]:
    """The numbers in a text; a digest cut short ("9f86d081884c…") counts when the whole text has it."""
    text = SHORTENED.sub(lambda cut: "" if cut[1] in whole else cut[0], text)
    return {found.replace(",", "") for found in NUMBER.findall(text)}


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_is_there_and_well_formed(site: Site, lang: Lang):
    for path in site.pages():
        reply = site.get(f"/{lang}/{path}")
        assert reply.status == 200, path
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.headers["content-language"] == lang
        page = Markup(reply.text)
        assert page.tags[0] == ("html", {"lang": lang})


def test_there_is_a_statement_of_every_kind(site: Site):
    assert {statement.about.kind for statement in site.town.named.values()} >= set(kind_names())


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_on_a_page_is_in_its_twin(site: Site, lang: Lang):
    for path in site.pages():
        page = Markup(site.get(f"/{lang}/{path}").text)
        twin = site.get(f"/{lang}/{twin_of(path)}").text
        assert numbers(page.text(), twin) - numbers(twin) <= OF_OUR_WORDS, path


def test_the_twin_is_the_same_in_both_languages(site: Site):
    for path in site.pages():
        replies = [site.get(f"/{lang}/{twin_of(path)}") for lang in LANGS]
        assert replies[0].status == 200, path
        assert replies[0].headers["content-type"] == "application/json"
        assert replies[0].body == replies[1].body


def test_a_twin_reads_back_as_the_struct_the_page_was_made_from(site: Site):
    book, report = site.town.book, site.town.named["pledge_report"]
    made = {
        "index.json": (HomePage, home_page(book, NOW)),
        "log.json": (LogPage, log_page(book, None, None, NOW)),
        "peers.json": (PeersPage, peers_page(book, NOW)),
        "issuer/naver.example.json": (IssuerPage, issuer_page(book, "naver.example", None, NOW)),
        f"statement/{report.digest_hex}.json": (StatementPage, statement_page(book, report.digest, NOW)),
    }
    for address, (kind, page) in made.items():
        assert msgspec.json.decode(site.get(f"/en/{address}").body, type=kind) == page


def test_pages_name_their_twin_and_their_other_language(site: Site):
    page = Markup(site.get("/en/log?before=5").text)
    links = [attrs for tag, attrs in page.tags if tag == "link"]
    assert {"rel": "alternate", "type": "application/json", "href": "/en/log.json?before=5"} in links
    assert {"rel": "alternate", "hreflang": "ko", "href": "/ko/log?before=5"} in links


@pytest.mark.parametrize("lang", LANGS)
def test_headings_come_in_order_and_titles_say_where_one_is(site: Site, lang: Lang):
    titles: set[str] = set()
    for path in site.pages():
        page = Markup(site.get(f"/{lang}/{path}").text)
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        titles.add(next(text for _, tag, text in page.texts if tag == "title"))
    assert len(titles) >= 12  # documents of one issuer share theirs


def test_a_korean_page_speaks_korean(site: Site):
    for path in site.pages():
        page = Markup(site.get(f"/ko/{path}").text)
        headings = [text for _, tag, text in page.texts if tag in {"h2", "h3", "dt", "button", "label"}]
        ours = [text for text in headings if not re.fullmatch(r"[\w .:/-]*\s*", text, re.ASCII)]
        assert all(HANGUL.search(text) for text in ours), path
        assert HANGUL.search(page.text())


def test_an_english_page_holds_korean_only_where_it_is_marked(site: Site):
    for path in site.pages():
        page = Markup(site.get(f"/en/{path}").text)
        assert [text for lang, _, text in page.texts if HANGUL.search(text) and lang != "ko"] == []


def test_the_issuers_words_stand_in_their_own_language(site: Site):
    page = Markup(site.get(f"/en/statement/{site.town.digest('withdraw')}").text)
    assert ("ko", "bdi", "시험 자료가 유출되었습니다.") in page.texts
    assert "in Korean" in page.text()


def test_a_withdrawn_statement_says_so_on_its_page_and_in_lists(site: Site):
    digest, back = site.town.digest("wrong"), site.town.digest("withdraw")
    page = site.get(f"/en/statement/{digest}")
    assert "no longer counts as evidence" in page.text
    assert f"/en/statement/{back}" in page.text
    twin = site.get(f"/en/statement/{digest}.json").json()
    assert twin["line"]["standing"]["state"] == "withdrawn"
    assert (twin["verdict"], twin["tally"]["fails"]) == ("FAILS", 1)  # as `haechi verify` says
    assert twin["checks"][0]["findings"][-1]["code"] == "network.standing.withdrawn"
    assert "Withdrawn" in Markup(site.get("/en/").text).text()


def test_confirmations_and_disputes_stand_beside_the_statement(site: Site):
    twin = site.get(f"/en/statement/{site.town.digest('pledge_report')}.json").json()
    assert [(other["line"]["kind"], other["same_issuer"]) for other in twin["later"]] == [
        ("confirm", False),
        ("dispute", False),
    ]
    assert twin["line"]["standing"] == {"state": "stands", "by": None, "confirmed": 1, "disputed": 1}
    assert twin["checks"][0]["findings"][-1]["code"] == "network.standing.disputed"


def test_a_statement_of_an_unknown_kind_is_shown_with_what_can_be_checked(site: Site):
    twin = site.get(f"/en/statement/{site.town.digest('unknown_kind')}.json").json()
    assert twin["reading"] is None
    assert twin["verdict"] == "UNDECIDED"
    assert "statement.claim.kind-unknown" in {
        one["code"] for group in twin["checks"] for one in group["findings"]
    }


def test_of_a_hash_envelope_the_signed_digest_is_shown_as_a_file_of_unsigned_size(site: Site):
    statement = site.town.named["hashed"]
    twin = site.get(f"/en/statement/{statement.digest_hex}.json").json()
    assert [(file["digest"], file["size"]) for file in twin["files"]] == [(statement.payload.hex(), None)]
    assert "size not signed" in site.get(f"/en/statement/{statement.digest_hex}").text


def test_an_evidence_file_is_offered_only_where_it_is_held(site: Site):
    twin = site.get(f"/en/statement/{site.town.digest('document')}.json").json()
    assert [file["href"] is not None for file in twin["files"]] == [True, False]


def test_content_that_is_not_for_everybody_is_on_no_page(site: Site):
    secret = site.town.named["green"]
    for path in site.pages():
        for address in (f"/ko/{path}", f"/ko/{twin_of(path)}"):
            assert secret.about.subject not in site.get(address).text
    assert "In the log, not shown here" in site.get(f"/en/statement/{secret.digest_hex}").text


def test_the_pages_seal_what_a_careless_source_hands_out(site: Site):
    careless = town()
    careless.book.add(careless.named["green"])
    for path in ("", "log", "issuer/naver.example", f"statement/{careless.digest('green')}"):
        assert careless.named["green"].about.subject not in Site(careless).get(f"/en/{path}").text


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_encrypted_content_is_told_as_such_with_the_way_to_open_it(site: Site, lang: str):
    digest = site.town.digest("amber")
    twin = site.get(f"/{lang}/statement/{digest}.json").json()
    assert (twin["sharing"], twin["encrypted"], twin["reading"]) == ("AMBER", True, None)
    opening = f"haechi open {site.town.book.card().url}/bundles/{digest}"
    assert any(opening in one["line"] for one in twin["commands"])
    codes = {one["code"] for group in twin["checks"] for one in group["findings"]}
    assert "statement.claim.encrypted" in codes
    words = {"en": "does not know who can", "ko": "누가 열 수 있는지도 모릅니다"}
    assert words[lang] in site.get(f"/{lang}/statement/{digest}").text


def test_a_log_is_paged_by_address(site: Site):
    first, later = site.get("/en/log.json").json(), site.get("/en/log.json?before=3").json()
    assert [entry["index"] for entry in later["entries"]] == [2, 1, 0]
    assert later["older"] is None
    assert first["entries"][0]["index"] == first["log"]["size"] - 1
    assert "/en/log" in Markup(site.get("/en/log?before=3").text).attributes("href")


def test_a_mirrored_log_has_the_same_page(site: Site):
    twin = site.get("/en/log.json?origin=aisi.gb.example/log").json()
    assert (twin["log"]["where"], twin["log"]["origin"]) == ("mirror", "aisi.gb.example/log")
    assert all(item["href"].startswith("/mirrors/") for item in twin["downloads"])


def test_an_issuers_keys_stand_with_their_reasons(site: Site):
    granted = site.get("/en/issuer/naver.example.json").json()["keys"][0]
    assert granted["family"] == "Ed25519"  # known from what the key signed
    assert [(why["by"], why["place"]["index"]) for why in granted["vouchers"]] == [
        (site.town.digest("policy"), 0)
    ]
    pinned = site.get("/en/issuer/aisi.kr.example.json").json()["keys"][0]
    assert [why["by"] for why in pinned["vouchers"]] == [None]
    assert "only the issuer says so" in site.get("/en/issuer/openwatch.example").text


class Gap:
    template, path, query = "home.html", "", ""


def test_a_page_whose_parts_are_missing_is_an_error_and_not_a_gap():
    with pytest.raises(jinja2.UndefinedError):
        render(Gap(), "en")  # pyright: ignore[reportArgumentType]  # made wrong on purpose
