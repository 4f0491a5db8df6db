"""No word stands in a template in one language only: all go through `t(en, ko)` or come with the data."""

import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from jinja2 import Environment, nodes

TEMPLATES = {
    file.name: file.read_text("utf-8") for file in files("haechi.node.pages").joinpath("templates").iterdir()
}
FOR_PEOPLE = {
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "content",
    "label",
    "placeholder",
    "title",
}
NOT_FOR_PEOPLE = {("meta", "content")}  # viewport and colour scheme
LETTER = re.compile(r"[^\W\d_]")
HANGUL = re.compile("[가-힣]")


class BareWords(HTMLParser):
    """The words for people that stand in the markup itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in FOR_PEOPLE and (tag, name) not in NOT_FOR_PEOPLE and LETTER.search(value or ""):
                self.found.append(f"{name}={value!r}")

    def handle_data(self, data: str) -> None:
        if LETTER.search(data):
            self.found.append(data.strip())


def bare_words(template: str) -> list[str]:
    environment = Environment(autoescape=True)
    tree = environment.parse(template)
    # Literal text as it is, blocks as nothing, each expression as a character that is no letter.
    markup = "".join(
        value if kind == "data" else "§" if kind == "variable_begin" else ""
        for _, kind, value in environment.lex(template)
    )
    said = [node.value for node in _spoken(tree) if LETTER.search(str(node.value))]
    return [*BareWords(markup).found, *said]


def _spoken(tree: nodes.Template) -> Iterator[nodes.Const]:
    """String constants that are printed as they are."""
    for output in tree.find_all(nodes.Output):
        yield from (node for node in output.nodes if isinstance(node, nodes.Const))


def pairs(template: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for call in Environment(autoescape=True).parse(template).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            en, ko = (arg.value for arg in call.args if isinstance(arg, nodes.Const))
            found.append((en, ko))
    return found


def places(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence)} - {None}


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_word_for_people_stands_alone(name: str):
    assert bare_words(TEMPLATES[name]) == []


@pytest.mark.parametrize(
    "slip",
    [
        "<p>Hello</p>",
        '<p aria-label="Pages">{{ x }}</p>',
        '<img alt="A {{ thing }}">',
        '<input placeholder="찾기">',
        '{{ "Hello" }}',
        "{% if x %}안녕{% endif %}",
    ],
)
def test_a_bare_word_would_be_noticed(slip: str):
    assert bare_words("<p>{{ x }}, 1</p>") == []
    assert bare_words(slip) != []


def test_both_languages_say_the_same_with_the_same_places():
    said = [pair for template in TEMPLATES.values() for pair in pairs(template)]
    assert len(said) > 80
    for en, ko in said:
        assert LETTER.search(en), en
        assert HANGUL.search(ko) or en == ko == "TLP:{level}", ko
        assert not HANGUL.search(en), en
        assert places(en) == places(ko), en


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_style_and_no_script_in_a_template(name: str):
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|\| *safe|Markup", TEMPLATES[name])
