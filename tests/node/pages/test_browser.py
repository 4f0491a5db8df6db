"""The pages in a real browser, in both languages: accessible, nothing cut off, nothing blocked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.node.pages.site import Site, served
from tests.node.pages.town import town

from haechi.words import LANGS, Lang

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NAMES = (
    "home", "log", "mirror", "peers", "issuer", "report", "withdrawn", "document", "unknown kind", "sealed",
    "not here", "bad address", "board", "parties", "countries", "country", "pair", "requirement",
    "commitment", "party answers", "application answers",
)  # fmt: skip


class Look(NamedTuple):
    """How a page is looked at."""

    scheme: str
    width: int


LOOKS = (DESK, PHONE, DARK_DESK, LIGHT_PHONE) = (
    Look("light", 1280),
    Look("dark", 390),
    Look("dark", 1280),
    Look("light", 390),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the pages on a free port."""
    with served(Site(town())) as url:
        yield url


@pytest.fixture(scope="module")
def paths() -> dict[str, str]:
    made = town()
    return {
        "home": "",
        "log": "log?before=9",
        "mirror": "log?origin=aisi.gb.example/log",
        "peers": "peers",
        "issuer": "issuer/naver.example",
        "report": f"statement/{made.digest('pledge_report')}",
        "withdrawn": f"statement/{made.digest('wrong')}",
        "document": f"statement/{made.digest('document')}",
        "unknown kind": f"statement/{made.digest('unknown_kind')}",
        "sealed": f"statement/{made.digest('green')}",
        "not here": f"statement/{'0' * 64}",
        "bad address": "statement/0",
        "board": "pledges",
        "parties": "pledges/ins.seoul.min",
        "countries": "countries",
        "country": "country/KR",
        "pair": "pair/reg.EU/reg.KR",
        "requirement": "record/EU.50.2",
        "commitment": "record/sbp.1.2",
        "party answers": "subject?name=co.naver",
        "application answers": "subject?name=image%20studio&as_of=2026-11-22",
    }


@dataclass
class Window:
    """One window of the browser, used for one page after the other: opening many is slow."""

    page: "Page"
    complaints: list[str] = field(default_factory=list[str])

    def show(self, url: str) -> "Page":
        """Open the page at this address, in the window's first size."""
        self.complaints.clear()
        self.page.goto(url)
        return self.page


@pytest.fixture(scope="module")
def windows(browser: "Browser") -> Iterator[dict[Look, Window]]:
    made: dict[Look, Window] = {}
    for look in LOOKS:
        context = browser.new_context(
            viewport={"width": look.width, "height": 900},
            color_scheme="dark" if look.scheme == "dark" else "light",
        )
        window = made[look] = Window(context.new_page())
        window.page.on("console", lambda message, window=window: window.complaints.append(message.text))
        window.page.on("pageerror", lambda error, window=window: window.complaints.append(str(error)))
    yield made
    for window in made.values():
        window.page.context.close()


def violations(page: "Page") -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    found: dict[str, Any] = (
        axe.Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    )
    assert len(found["passes"]) >= 20
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_accessible_and_whole(
    windows: dict[Look, Window], address: str, paths: dict[str, str], name: str, lang: Lang, tmp_path: Path
):
    # Every page is seen light and wide in one language, dark and narrow in the other.
    look = DESK if (NAMES.index(name) + LANGS.index(lang)) % 2 else PHONE
    page = windows[look].show(f"{address}/{lang}/{paths[name]}")
    page.screenshot(path=tmp_path / f"{name}-{lang}-{look.width}-{look.scheme}.png", full_page=True)
    assert violations(page) == []
    assert [text for text in windows[look].complaints if "status of 40" not in text] == []
    assert page.evaluate("document.documentElement.lang") == lang
    # Reflow (WCAG 1.4.10): at 320 pixels nothing but tables scrolls sideways.
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": look.width, "height": 900})


@pytest.mark.parametrize("look", [DARK_DESK, LIGHT_PHONE])
@pytest.mark.parametrize("name", ["home", "report"])
def test_the_other_colours_and_widths_are_accessible_too(
    windows: dict[Look, Window], address: str, paths: dict[str, str], name: str, look: Look
):
    assert violations(windows[look].show(f"{address}/ko/{paths[name]}")) == []


def test_a_keyboard_reaches_the_content_and_the_look_up_box(
    windows: dict[Look, Window], address: str, paths: dict[str, str]
):
    page = windows[PHONE].show(f"{address}/ko/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "본문으로 건너뛰기"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type(f"https://other.example/en/{paths['report']}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/ko/{paths['report']}")
    assert "네이버" in page.inner_text("h1")


def test_the_switch_of_language_stays_on_the_page(
    windows: dict[Look, Window], address: str, paths: dict[str, str]
):
    page = windows[DESK].show(f"{address}/en/{paths['log']}")
    page.click("text=한국어")
    page.wait_for_url(f"**/ko/{paths['log']}")


def test_paper_gets_the_content_without_the_controls(
    windows: dict[Look, Window], address: str, paths: dict[str, str]
):
    page = windows[DARK_DESK].show(f"{address}/en/{paths['report']}")
    page.emulate_media(media="print")
    assert not page.is_visible("header nav")
    assert page.is_visible("text=Verify it yourself")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
