"""The style sheet: readable in light and dark, nothing fetched from elsewhere, small."""

import gzip
import re
from importlib.resources import files
from itertools import product

import pytest
from tests.node.pages.site import Site

CSS = files("haechi.node.pages").joinpath("static", "haechi.css").read_text("utf-8")
TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{6});")
SCHEMES = ("light", "dark")
TEXT = ("ink", "muted", "accent", "ok", "warn", "bad")
GROUNDS = ("paper", "card")


def tokens(scheme: str) -> dict[str, str]:
    light, dark, *_ = re.findall(r":root \{(.*?)\n *\}", CSS, re.DOTALL)
    found = dict(TOKEN.findall(light))
    return found if scheme == "light" else found | dict(TOKEN.findall(dark))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_ratio_is_the_one_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("scheme", "ink", "ground"), list(product(SCHEMES, TEXT, GROUNDS)))
def test_text_is_readable_on_every_ground(scheme: str, ink: str, ground: str):
    assert contrast(tokens(scheme)[ink], tokens(scheme)[ground]) >= 6


@pytest.mark.parametrize(("scheme", "ink"), list(product(SCHEMES, ("ink", "muted", "accent"))))
def test_commands_are_readable(scheme: str, ink: str):
    assert contrast(tokens(scheme)[ink], tokens(scheme)["sunk"]) >= 6


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_stands_on_colour_is_readable(scheme: str):
    colours = tokens(scheme)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    assert all(contrast(colours["on-verdict"], colours[name]) >= 4.5 for name in ("ok", "warn", "bad"))


@pytest.mark.parametrize(("scheme", "shape"), list(product(SCHEMES, ("edge", "mane", "mirrored", "horn"))))
def test_shapes_that_mean_something_can_be_seen(scheme: str, shape: str):
    assert contrast(tokens(scheme)[shape], tokens(scheme)["paper"]) >= 3


def test_both_schemes_define_the_same_colours():
    light, dark, *_ = re.findall(r":root \{(.*?)\n *\}", CSS, re.DOTALL)
    assert set(dict(TOKEN.findall(light))) == set(dict(TOKEN.findall(dark)))


def test_nothing_is_fetched_from_elsewhere():
    assert not re.search(r"url\(|@import|@font-face|https?:", CSS)


def test_a_first_visit_is_light(site: Site):
    parts = [
        site.get("/ko/").body,
        CSS.encode(),
        files("haechi.node.pages").joinpath("static", "mark.svg").read_bytes(),
    ]
    assert sum(len(gzip.compress(part)) for part in parts) < 20_000
