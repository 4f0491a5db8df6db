"""The detector page in a real browser: a picture is dropped on it, and nothing but a number leaves."""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.mark.image.pictures import drawing, jpeg, photo
from tests.node.pages.site import Site, served
from tests.node.pages.town import town

from haechi.mark.image import Payload, embed
from haechi.words import Lang

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e

PAYLOAD = Payload(namespace=0x0102, item=0x030405060708)
SIGNED = {
    "provider": "Harbour Studio",
    "issuer": "harbour.example",
    "made": "2026-11-20T10:00:00Z",
    "statement": "ab" * 32,
}
DROP = """([data, type]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "picture", { type }));
  const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.getElementById("detector").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(Site(town())) as url:
        yield url


class Seen:
    """One visit to the detector page: what was asked of the node, and what the browser complained of."""

    def __init__(self, browser: "Browser", address: str, lang: Lang, marks: list[dict[str, str]]) -> None:
        self.page: Page = browser.new_page()
        self.asked: list[tuple[str, str, bytes]] = []
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.route("**/marks/**", lambda route: route.fulfill(json={"marks": marks}))
        self.page.goto(f"{address}/{lang}/detect")
        self.page.on("request", lambda each: self._note(each.method, each.url, each.post_data_buffer))

    def drop(self, data: bytes, media_type: str) -> str:
        """Drop a file; the text of the result once the page has come to an end with it."""
        self.page.evaluate(DROP, [base64.b64encode(data).decode(), media_type])
        self.page.wait_for_selector("#ask:not([hidden])", timeout=60_000)
        return self.page.inner_text("#result")

    def _note(self, method: str, url: str, body: bytes | None) -> None:
        path = url.split("/", 3)[3]
        if not path.startswith("static/") and not path.endswith(
            ".js"
        ):  # the icon comes when the browser likes
            self.asked.append((method, path, body or b""))


def _file(pixels: NDArray[np.uint8], suffix: str) -> bytes:
    return cv2.imencode(suffix, pixels[..., ::-1])[1].tobytes()


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_dropped_copy_names_its_maker_and_only_the_number_is_asked(
    browser: "Browser", address: str, lang: Lang
) -> None:
    marked = embed(drawing(700, 600), PAYLOAD, psnr_db=42).pixels
    seen = Seen(browser, address, lang, [SIGNED])
    told = seen.drop(_file(jpeg(marked[40:, 30:], 60), ".jpg"), "image/jpeg")
    assert PAYLOAD.hex in told
    assert "Harbour Studio (harbour.example)" in told
    assert seen.page.get_attribute("#result a", "href") == f"/{lang}/statement/{'ab' * 32}"
    assert seen.asked == [("GET", f"marks/{PAYLOAD.hex}", b"")]
    assert seen.complaints == []
    seen.page.close()


def test_a_mark_that_nobody_signed_for_an_unmarked_picture_and_no_picture(
    browser: "Browser", address: str
) -> None:
    seen = Seen(browser, address, "en", [])
    marked = embed(photo(600, 500), PAYLOAD, psnr_db=42).pixels
    assert "Nobody in the logs held here signed for it" in seen.drop(_file(marked, ".png"), "image/png")
    seen.page.reload()
    seen.asked.clear()
    assert "No mark found" in seen.drop(_file(photo(320, 260), ".png"), "image/png")
    seen.page.reload()
    assert "cannot be read here" in seen.drop(b"no picture at all", "image/png")
    assert [each for each in seen.asked if each[1].startswith("marks")] == []
    seen.page.close()
