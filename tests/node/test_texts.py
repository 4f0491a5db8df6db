"""A node answers about text: profiles committed to, texts logged, and a paragraph that somebody pastes."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")

import msgspec  # after the check above
from tests.mark.test_pipeline import MAKER, NOW
from tests.mark.text.toy import human_words, write_words
from tests.network.parties import COMPANY
from tests.node.house import KEY, House, house_at, make_node
from tests.statement.make import FACTS

from haechi.mark.credentials import make_authority
from haechi.mark.image import PUBLIC_KEY
from haechi.mark.pipeline import statement_for
from haechi.mark.said import subject_of
from haechi.mark.studio import Studio
from haechi.mark.text import TextMark
from haechi.mark.text.commit import commitment
from haechi.mark.text.prints import minhash_of
from haechi.mark.text.produce import MarkedText, TextFile, produce_text
from haechi.mark.text.profiles import HaechiProfile
from haechi.mark.wish import Wish
from haechi.node.maintenance import grant
from haechi.node.texts import MOST_TEXT_BYTES
from haechi.statement.kinds.content_mark import ContentMark

OPEN = HaechiProfile(name=COMPANY, secret=bytes(range(32)), salt=bytes(16))
HELD = HaechiProfile(name=COMPANY, secret=bytes(range(1, 33)), salt=bytes(16), signpost=0xABC)


class Place(NamedTuple):
    """An open node with a published profile, one that it keeps for the issuer, and a logged text."""

    house: House
    logged: MarkedText


def marked(profile: HaechiProfile, count: int = 260) -> str:
    return write_words(TextMark(key=profile.key, signpost=profile.signpost), count, lang="ko")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("texts") / "node"
    maker = msgspec.structs.replace(MAKER, issuer=COMPANY)
    studio = Studio(maker, PUBLIC_KEY, KEY, make_authority("Example Company", "KR", NOW), (OPEN,))
    logged = produce_text(TextFile(human_words(300, 3).encode(), "note"), studio, Wish(), "00" * 8, NOW)
    statements = [
        commitment(OPEN, studio, FACTS, NOW, publish=True),
        commitment(HELD, studio, FACTS, NOW, service="https://ask.example/"),
        statement_for(ContentMark(item=logged.item), subject_of(logged.payload), studio, FACTS, NOW),
    ]
    kinds = ("content_mark", "mark_profile")
    grant(make_node(folder), COMPANY, KEY.public.thumbprint, kinds, None)
    (folder / "profiles").mkdir()
    (folder / "profiles" / "held.profile").write_bytes(HELD.to_bytes())
    (folder / "profiles" / "broken.profile").write_bytes(b"{")
    with house_at(folder) as house:
        for statement in statements:
            assert house.register(statement).status == 201
        for data in (OPEN.to_bytes(), *logged.kept.values()):
            assert house.ask("PUT", f"/blobs/{sha256(data).hexdigest()}", data).status == 201
        yield Place(house, logged)


def told(place: Place, text: str | bytes, lang: str = "en") -> dict[str, object]:
    raw = text if isinstance(text, bytes) else text.encode()
    answer = place.house.ask("POST", f"/marks/text?lang={lang}", raw)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_a_paragraph_under_a_kept_key_names_who_answers_for_it(place: Place):
    answer = told(place, marked(HELD, 500))
    assert (answer["state"], answer["verdict"], answer["maker"]) == ("processed", "HOLDS", COMPANY)
    assert "거쳤습니다" in str(told(place, marked(HELD, 500), "ko")["says"])
    assert HELD.secret.hex() not in json.dumps(answer)


def test_a_published_key_is_read_and_said_to_be_open(place: Place):
    answer = told(place, marked(OPEN))
    assert (answer["state"], answer["verdict"]) == ("open-key", "UNDECIDED")


def test_a_logged_text_is_found_exactly_and_by_likeness(place: Place):
    assert told(place, place.logged.data)["state"] == "logged"
    text = place.logged.data.decode()
    edited = " ".join(word for at, word in enumerate(text.split()) if at % 9)
    assert told(place, edited)["state"] == "alike"
    minhash = minhash_of(text)
    assert minhash is not None
    for asked in ({"minhash": minhash.hex()}, {"digest": place.logged.item.digest.hex()}):
        answer = place.house.ask("POST", "/marks/like", json.dumps(asked).encode())
        (mark,) = json.loads(answer.body)["marks"]
        assert (mark["issuer"], mark["media_type"]) == (COMPANY, "text/plain")


def test_nobody_is_accused_and_nothing_is_promised(place: Place):
    assert told(place, human_words(400, 8))["state"] == "nothing"
    assert told(place, "a few words")["state"] == "too-little"


def test_profiles_are_listed_with_whom_to_ask_and_without_keys(place: Place):
    answer = place.house.ask("GET", "/marks/profiles")
    listed = json.loads(answer.body)["profiles"]
    assert {each["commitment"] for each in listed} == {OPEN.digest.hex(), HELD.digest.hex()}
    held = next(each for each in listed if each["signpost"] == 0xABC)
    assert (held["service"], held["published"]) == ("https://ask.example/", None)
    assert HELD.secret.hex() not in answer.body.decode()


@pytest.mark.parametrize(
    "asked", [b'{"minhash": "00"}', b'{"digest": "zz"}', b"[]", b"{", b'{"minhash": {"a": 1}}']
)
def test_questions_of_another_form_are_refused(place: Place, asked: bytes):
    assert place.house.ask("POST", "/marks/like", asked).status in (400, 413)


def test_a_text_without_end_is_refused(place: Place):
    assert place.house.ask("POST", "/marks/text", b"x" * (MOST_TEXT_BYTES + 1)).status == 413
    assert place.house.ask("POST", "/marks/text", b"PK\x03\x04\x00").status == 400
