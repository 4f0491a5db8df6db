"""What strangers write is shown and does nothing: no tag, no link, no character that hides others."""

import pytest
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site
from tests.node.pages.town import NOW, key_of, say, town

from haechi.node.pages import Peer
from haechi.node.pages.render import inert
from haechi.node.pages.reply import POLICY
from haechi.statement.claims import Said
from haechi.statement.envelope import About, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.document import Document
from haechi.words import LANGS, Lang, Text

TAG = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}{% raw %}"
TURNING = "safe\u202egnp.exe\u2066\u200f\u061c"
CONTROL = "a\x00b\x1b[31m\x85c\u2028d\U000e0041"
HEBREW = "שלום/evidence"
LONG = "가" * 512
NAMES = [
    TAG,
    HEBREW,
    LONG,
    "javascript:alert(1)",
    "../../static",
    "..",
    "a//b",
    "x.json",
    "x.html",
    "?q=#frag%2F",
]


def document(words: str) -> Document:
    file = EvidenceRef(digest=bytes(32), size=(1 << 53) - 1, media_type=words[:128], name=words[:255])
    return Document(
        title=Said(en=words), form="document.policy", dated=_day(), files=(file,), summary=Said(ko=words)
    )


def _day():
    from datetime import date

    return date(2026, 1, 1)


@pytest.fixture(scope="module")
def hostile() -> Site:
    made = town()
    for name in NAMES:
        said = say(name, "document", document(name), name)
        made.book.add(said)
        made.named[name] = said
    for words in (TURNING, CONTROL, TAG * 40, "x" * 8000):
        said = say("words.example", "document", document(words), "urn:words")
        made.book.add(said)
        made.named[words] = said
    late = About(issuer="late.example", subject="urn:late", issued_at=(1 << 53) - 1, kind="moon")
    made.named["late"] = sign_statement(key_of("late"), late, b"\xa0")
    made.book.add(made.named["late"])
    made.book.peers_now = [
        Peer(
            origin=TAG,
            name=Text(TAG, TURNING + CONTROL),
            role=TAG,
            country="<b>",
            url="javascript:alert(1)",
            size=0,
            root=bytes(32),
            seen=(1 << 63) - 1,
            synced_at=NOW + 5,
            last=None,
            frozen=None,
        )
    ]
    return Site(made)


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_words_are_inert_on_every_page(hostile: Site, lang: Lang):
    addresses = [f"/{lang}/", f"/{lang}/log", f"/{lang}/peers"]
    addresses += [f"/{lang}/statement/{each.digest_hex}" for each in hostile.town.named.values()]
    for address in addresses:
        reply = hostile.get(address)
        assert reply.status == 200
        page = Markup(reply.text)
        assert {tag for tag, _ in page.tags} & {"script", "iframe", "object", "style", "b"} <= {"b"}
        assert [value for _, attrs in page.tags for value in attrs if value.startswith("on")] == []
        assert all(href.startswith(("/", "#")) for href in page.attributes("href", "src", "action"))
        assert inert(reply.text) == reply.text


def test_hostile_words_are_still_there_to_be_read(hostile: Site):
    shown = Markup(hostile.get(f"/en/statement/{hostile.town.digest(TAG)}").text).text()
    assert TAG in shown
    turned = Markup(hostile.get(f"/en/statement/{hostile.town.digest(TURNING)}").text).text()
    assert "safe⟨U+202E⟩gnp.exe" in turned
    twin = hostile.get(f"/en/statement/{hostile.town.digest(TURNING)}.json").json()
    assert TURNING in [said["text"] for row in twin["reading"]["rows"] for said in row["words"]]


@pytest.mark.parametrize("name", NAMES)
def test_every_issuer_has_a_page_and_a_twin_that_links_lead_to(hostile: Site, name: str):
    page = Markup(hostile.get(f"/en/statement/{hostile.town.digest(name)}").text)
    address = next(href for href in page.attributes("href") if "/issuer/" in href)
    reply = hostile.get(address)
    assert reply.status == 200
    links = [attrs for tag, attrs in Markup(reply.text).tags if tag == "link"]
    twin = next(attrs["href"] for attrs in links if attrs.get("type") == "application/json")
    assert hostile.get(twin).json()["issuer"] == name


def test_names_of_both_directions_are_kept_apart(hostile: Site):
    page = Markup(hostile.get(f"/en/statement/{hostile.town.digest(HEBREW)}").text)
    assert {tag for _, tag, text in page.texts if text == HEBREW} == {"bdi"}


def test_a_moment_beyond_the_calendar_is_a_number(hostile: Site):
    assert "unix 9007199254740991" in hostile.get(f"/ko/statement/{hostile.town.digest('late')}").text


def test_every_answer_carries_the_policy_that_runs_no_script(hostile: Site):
    for address in ("/", "/en/", "/en/log.json", "/en/nothing", "/static/0/x", "/en/find?q=zz"):
        reply = hostile.get(address)
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
    assert "script" not in POLICY
    assert POLICY.startswith("default-src 'none'")
