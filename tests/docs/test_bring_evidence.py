"""The page on evidence for another country is true: its commands run as written, in both languages."""

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks
from tests.docs.shell import run

from haechi.words import Lang

PAGES = {"en": DOCS / "how-to/bring-evidence.md", "ko": DOCS / "how-to/bring-evidence.ko.md"}
LACKS = {"en": "A notice in words or voice", "ko": "문구·음성 안내"}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_question_is_answered_as_written(lang: Lang, tmp_path: Path) -> None:
    asked, one, relation, *_, left = run([each.text for each in blocks(PAGES[lang], "sh")], lang, tmp_path)
    assert LACKS[lang] in asked
    assert "src.kr.act" in asked
    assert "KR.31.2" in one
    assert "EU.50.2 ∩ KR.31.2" in relation
    assert "KR.31.1" in left
