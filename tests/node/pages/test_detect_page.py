"""The detector page in a real browser, at a running node: a text pasted, sound, film and picture chosen."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import msgspec  # after the checks above
from tests.mark.audio.sounds import speech
from tests.mark.audio.test_codec import wav
from tests.mark.test_pipeline import MAKER, NOW, PIXELS, file_of
from tests.mark.text.toy import human_words, write_words
from tests.mark.video.films import clip
from tests.network.parties import COMPANY
from tests.node.house import KEY, House
from tests.node.processes import new_process
from tests.statement.make import FACTS

from haechi.mark.audio.produce import produce_sound
from haechi.mark.credentials import make_authority
from haechi.mark.image import PUBLIC_KEY, Payload
from haechi.mark.pipeline import produce, statement_for
from haechi.mark.said import subject_of
from haechi.mark.studio import Studio
from haechi.mark.text import TextMark
from haechi.mark.text.commit import commitment
from haechi.mark.text.profiles import HaechiProfile
from haechi.mark.video import Order, produce_video
from haechi.mark.wish import Wish
from haechi.node.maintenance import grant
from haechi.statement.kinds.content_mark import ContentMark

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e

RATE = 16_000
OPEN = HaechiProfile(name=COMPANY, secret=bytes(range(32)), salt=bytes(16))
HELD = HaechiProfile(name=COMPANY, secret=bytes(range(1, 33)), salt=bytes(16))


class Place(NamedTuple):
    """A running node that holds a marked sound, film and picture, and the files."""

    url: str
    sound: Path
    film: Path
    picture: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("detect")
    maker = msgspec.structs.replace(MAKER, issuer=COMPANY)
    studio = Studio(maker, PUBLIC_KEY, KEY, make_authority("Example Company", "KR", NOW), (OPEN,))
    sound = produce_sound(wav(speech(9.0), RATE), "clip", studio, Wish(), Payload(7, 5), NOW)
    (folder / "source.mp4").write_bytes(clip())
    order = Order(folder / "source.mp4", folder, "film", Wish(), Payload(7, 6), NOW)
    moving = produce_video(order, studio)
    picture = produce(file_of(PIXELS, "PNG"), "x", studio, Wish(), Payload(7, 1), NOW)
    process = new_process(folder / "node")
    grant(folder / "node", COMPANY, KEY.public.thumbprint, ("content_mark", "mark_profile"), None)
    (folder / "node" / "profiles").mkdir()
    (folder / "node" / "profiles" / "held.profile").write_bytes(HELD.to_bytes())
    house = House(folder / "node")
    try:
        for made in (sound, moving, picture):
            claim = ContentMark(item=made.item)
            statement = statement_for(claim, subject_of(made.payload), studio, FACTS, NOW)
            assert house.register(statement).status == 201
        for profile, publish in ((OPEN, True), (HELD, False)):
            assert house.register(commitment(profile, studio, FACTS, NOW, publish=publish)).status == 201
        kept = (each for made in (sound, moving, picture) for each in made.kept.values())
        for data in (OPEN.to_bytes(), *kept):
            assert house.ask("PUT", f"/blobs/{sha256(data).hexdigest()}", data).status == 201
    finally:
        house.close()
    (folder / "clip.wav").write_bytes(sound.data)
    (folder / "picture.png").write_bytes(picture.data)
    process.start()
    try:
        process.wait_ready()
        url = f"http://127.0.0.1:{process.port}"
        yield Place(url, folder / "clip.wav", moving.path, folder / "picture.png")
    finally:
        process.stop()


@pytest.fixture(scope="module")
def page(browser: "Browser", place: Place) -> Iterator["Page"]:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.goto(f"{place.url}/en/detect")
    made.wait_for_selector("#detector:not([hidden])")  # its script has begun
    yield made
    assert errors == []
    context.close()


def told(page: "Page", part: str, button: str) -> str:
    """What a part of the page says once it has an answer."""
    page.click(button)
    page.wait_for_function(
        "id => { const part = document.getElementById(id), said = part.innerText.trim();"
        " return said && said !== part.closest('section').dataset.reading; }",
        arg=part,
        timeout=60_000,
    )
    return page.inner_text(f"#{part}")


def marked(profile: HaechiProfile, lang: str = "ko") -> str:
    return write_words(TextMark(key=profile.key), 260, lang=lang)


def test_a_pasted_text_is_read_in_the_browser_under_published_keys(page: "Page"):
    text = f"{human_words(120, 1)} {marked(OPEN)}"
    page.fill("#text", text)
    said = told(page, "text-result", "#text-look")
    assert f"Processed by a system that held the key of {COMPANY}" in said
    assert "anybody could have put this mark there" in said
    shown = "".join(page.locator("#text-result mark").all_inner_texts())
    assert len(shown) > 0.8 * len(marked(OPEN))
    page.fill("#text", human_words(300, 2))
    assert "says nothing about who or what wrote the text" in told(page, "text-result", "#text-look")
    page.fill("#text", marked(HELD))
    assert "No mark found" in told(page, "text-result", "#text-look"), "its key is not public"


def test_the_node_reads_with_keys_it_was_given_when_it_is_asked(page: "Page"):
    page.fill("#text", marked(HELD))
    said = told(page, "text-result", "#text-ask")
    assert f"whose mark {COMPANY} committed to" in said
    assert page.locator("#text-result .verdict.holds").count() >= 2
    page.fill("#text", "too few words")
    assert "Nothing can be said" in told(page, "text-result", "#text-ask")


def test_a_sound_is_sent_and_its_seconds_are_shown(page: "Page", place: Place, tmp_path: Path):
    assert "Choose a sound file first" in told(page, "sound-result", "#sound-ask")
    page.set_input_files("#sound", place.sound)
    said = told(page, "sound-result", "#sound-ask")
    assert "Mark, log and content agree" in said
    assert page.locator("#sound-result .seconds span").count() == 9
    assert page.locator("#sound-result .seconds .there").count() >= 8
    (tmp_path / "no.wav").write_bytes(b"RIFF and nothing else")
    page.set_input_files("#sound", tmp_path / "no.wav")
    assert "mark was" not in told(page, "sound-result", "#sound-ask")


def test_a_film_is_sent_and_shown_stretch_by_stretch(page: "Page", place: Place, tmp_path: Path):
    assert "Choose a film file first" in told(page, "film-result", "#film-ask")
    page.set_input_files("#film", place.film)
    said = told(page, "film-result", "#film-ask")
    assert "Mark, log and content agree" in said
    assert "Pictures, one box for each 1 s" in said
    assert "Sound, one box for each 1 s" in said
    assert page.locator("#film-result .seconds").count() == 2
    assert page.locator("#film-result .seconds .there").count() >= 10
    page.screenshot(path=tmp_path / "detect-film.png", full_page=True)
    (tmp_path / "no.mp4").write_bytes(place.film.read_bytes()[:40])
    page.set_input_files("#film", tmp_path / "no.mp4")
    assert "cannot be read" in told(page, "film-result", "#film-ask")


DROP = """([data, name, type]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("h1").dispatchEvent(event);
}"""


def test_a_dropped_file_goes_to_the_part_for_its_medium_and_is_not_sent(page: "Page", place: Place):
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    for part, name, kind in (
        ("sound", "a.ogg", "video/ogg"),
        ("film", "a.mkv", ""),
        ("film", "a", "video/mp4"),
    ):
        page.evaluate(DROP, [b64encode(b"no such").decode(), name, kind])
        assert page.evaluate(f"document.getElementById('{part}').files[0].name") == name
    page.evaluate(DROP, [b64encode(place.sound.read_bytes()).decode(), "clip.wav", "audio/wav"])
    page.evaluate(DROP, [b64encode("가나다 letters".encode()).decode(), "a.md", ""])
    page.wait_for_function("document.getElementById('text').value === '가나다 letters'")
    assert asked == []
    assert "Mark, log and content agree" in told(page, "sound-result", "#sound-ask")


def test_a_picture_is_read_in_the_browser_and_then_by_the_node(page: "Page", place: Place):
    page.set_input_files("#picture", place.picture)
    page.wait_for_selector("#result h3", timeout=60_000)
    assert "Mark found" in page.inner_text("#result")
    assert "Mark, log and content agree" in told(page, "result", "#ask")


def test_the_page_speaks_korean_and_fits_a_phone(page: "Page", place: Place, tmp_path: Path):
    page.goto(f"{place.url}/ko/detect")
    page.fill("#text", marked(OPEN))
    assert "다음의 키를 가진 시스템을 거침" in told(page, "text-result", "#text-look")
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.screenshot(path=tmp_path / "detect-ko.png", full_page=True)
