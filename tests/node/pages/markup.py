"""HTML taken apart: a strict walk over the tags, and what a reader would see."""

import re
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}
BLOCK = {
    "article",
    "div",
    "dl",
    "form",
    "h1",
    "h2",
    "h3",
    "main",
    "nav",
    "ol",
    "ul",
    "p",
    "pre",
    "section",
    "table",
}


class Markup(HTMLParser):
    """A parsed page. Raises AssertionError for tags that cross, stay open or stand where they may not."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str, str]] = []  # lang in force, innermost tag, text
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in <{tag}>: {names}"
        given = {name: value or "" for name, value in attrs}
        inside = [name for name, _ in self.open]
        assert not (tag in BLOCK and "p" in inside), f"<{tag}> inside <p>"
        assert not (tag == "a" and "a" in inside), "<a> inside <a>"
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            lang = next((attrs["lang"] for _, attrs in reversed(self.open) if "lang" in attrs), "")
            self.texts.append((lang, self.open[-1][0], data))

    def text(self) -> str:
        """All text that is shown, one piece a line."""
        return "\n".join(re.sub(r"\s+", " ", text).strip() for _, _, text in self.texts)

    def attributes(self, *names: str) -> list[str]:
        """The values of these attributes, wherever they stand."""
        return [attrs[name] for _, attrs in self.tags for name in names if name in attrs]
