"""The page for small firms is true: its commands run as written, in both languages."""

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks
from tests.docs.shell import run

from haechi.words import Lang

PAGES = {"en": DOCS / "how-to/start-small.md", "ko": DOCS / "how-to/start-small.ko.md"}
EASIER = {"en": ("easier for you", "open to you"), "ko": ("완화", "이용 가능")}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_small_firm_walks_the_path_as_written(lang: Lang, tmp_path: Path) -> None:
    # Nobody answers here, as when the input ends.
    commands = [block.text.replace("--ask", "--ask < /dev/null") for block in blocks(PAGES[lang], "sh")]
    asked, _written, path, relief, _schema, crosswalk = run(commands, lang, tmp_path)
    assert "(roles; " in asked
    for words in EASIER[lang]:
        assert words in path
    assert "src.eu.act" in relief
    assert "EU.9" in crosswalk
    assert (tmp_path / "document.schema.json").stat().st_size > 0
