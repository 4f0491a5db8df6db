"""What strangers write is shown and does nothing: no tag, no link, no character that hides others."""

from datetime import date

import pytest
from tests.node.pages.markup import Markup
from tests.node.pages.site import Site
from tests.node.pages.town import NOW, say, town

from haechi.node.pages import Peer
from haechi.node.pages.render import inert
from haechi.node.pages.reply import POLICY
from haechi.statement.claims import Said
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.document import Document
from haechi.words import LANGS, Lang, Text

TAG = "<script>alert(1)</script><img/src=x/onerror=alert(2)>\"'&{{7*7}}{%raw%}"
TURNING = "safe\u202egnp.exe\u2066\u200f\u061c"
CONTROL = "a\x00b\x1b[31m\x85c\u2028d\U000e0041"
HEBREW = "שלום/evidence"
ISSUERS = [
    TAG,
    "javascript:alert(1)",
    "../../static",
    "..",
    "a//b",
    "x.json",
    "x.html",
    "?q=#frag%2F",
    "x" * 512,
]
SUBJECTS = [HEBREW, "가" * 512, f"{TAG} {TAG}"]


def document(words: str) -> Document:
    # A file's name holds no path and no line end; everything else hostile stays in.
    name = "_" + words[:254].translate(str.maketrans("/\\\n", "___"))
    file = EvidenceRef(digest=bytes(32), size=(1 << 53) - 1, media_type="text/html", name=name)
    title, summary = Said(en=words), Said(ko=words)
    return Document(
        title=title, form="document.policy", dated=date(2026, 1, 1), files=(file,), summary=summary
    )


@pytest.fixture(scope="module")
def hostile() -> Site:
    made = town()
    for name in ISSUERS:
        made.named[name] = say(name, "document", document(name), name)
    for subject in SUBJECTS:
        made.named[subject] = say("words.example", "document", document(subject), subject)
    for words in (TAG * 40, "x" * 8000):
        made.named[words] = say("words.example", "document", document(words), "urn:words")
    for name, statement in made.named.items():
        if name not in town().named:
            made.book.add(statement)
    made.book.peers_now = [
        Peer(
            origin=TAG,
            name=Text(TAG + TURNING, TURNING + CONTROL),
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
        assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "style"}
        assert [value for _, attrs in page.tags for value in attrs if value.startswith("on")] == []
        assert all(href.startswith(("/", "#")) for href in page.attributes("href", "src", "action"))
        assert inert(reply.text) == reply.text


def test_hostile_words_are_still_there_to_be_read(hostile: Site):
    shown = Markup(hostile.get(f"/en/statement/{hostile.town.digest(TAG)}").text).text()
    assert TAG in shown
    turned = Markup(hostile.get("/en/peers").text).text()
    assert "safe⟨U+202E⟩gnp.exe" in turned
    assert hostile.get("/en/peers.json").json()["peers"][0]["name"]["ko"] == TURNING + CONTROL


@pytest.mark.parametrize("name", ISSUERS)
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


def test_every_answer_carries_the_policy_that_runs_no_script(hostile: Site):
    for address in ("/", "/en/", "/en/log.json", "/en/nothing", "/static/0/x", "/en/find?q=zz"):
        reply = hostile.get(address)
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
    assert "script" not in POLICY
    assert POLICY.startswith("default-src 'none'")
