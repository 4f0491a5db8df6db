"""The tutorial is run as written, in both languages: every `sh` block in order, in one shell, real nodes.

A `text` block right after an `sh` block is what that block prints.
"""

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, Block, blocks, matches
from tests.docs.shell import run

PAGES = {"en": DOCS / "tutorial.md", "ko": DOCS / "tutorial.ko.md"}


@pytest.mark.e2e
@pytest.mark.parametrize("lang", ["en", pytest.param("ko", marks=pytest.mark.slow)])
def test_every_command_does_what_the_page_says(lang: str, tmp_path: Path) -> None:
    page = blocks(PAGES[lang])
    commands = [block.text for block in page if block.kind == "sh"]
    assert len(commands) > 10
    printed = run(commands, lang, tmp_path)
    shown = expected(page)
    assert len(shown) > 10
    problems = [
        f"line {block.line}: expected\n{block.text}\ngot\n{printed[number]}"
        for number, block in shown
        if not matches(block.text, printed[number])
    ]
    assert not problems, "\n\n".join(problems)


def expected(page: list[Block]) -> list[tuple[int, Block]]:
    """Each `text` block right after an `sh` block, with the number of that `sh` block."""
    pairs: list[tuple[int, Block]] = []
    number, before = -1, ""
    for block in page:
        number += block.kind == "sh"
        if block.kind == "text" and before == "sh":
            pairs.append((number, block))
        before = block.kind
    return pairs


@pytest.mark.parametrize(
    ("wanted", "got", "same"),
    [
        ("a …\nc", "a 12\nc", True),
        ("a …\nc", "a 12\nd", False),
        ("a\n…\nc", "a\nx\ny\nc", True),
        ("a\n…", "a", True),
        ("a", "a\nb", False),
    ],
)
def test_what_counts_as_the_same(*, wanted: str, got: str, same: bool) -> None:
    assert matches(wanted, got) is same
