"""Every page: its links lead somewhere, and it has a twin of equal shape in the other language.

That no page names a package registry or a path on somebody's machine is held for the whole repository
(tests/test_repository.py).
"""

import re
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, blocks, headings, links, prose

from haechi.cli.reference import anchor

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
TWINS = sorted(
    page
    for page in [ROOT / "README.md", *DOCS.glob("*.md"), *DOCS.glob("how-to/*"), *DOCS.glob("explanation/*")]
    if not page.name.endswith(".ko.md") and page.suffix == ".md"
)
PICTURES = sorted(DOCS.glob("pictures/*.svg"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def twin(page: Path) -> Path:
    return page.with_name(f"{page.stem}.ko.md")


def test_there_are_pages() -> None:
    assert len(TWINS) > 8


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken: list[str] = []
    for link in links(page):
        path, _, part = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = page if not path else (page.parent / path)
        if not target.exists() or (part and target.suffix == ".md" and part not in anchors(target)):
            broken.append(link)
    assert broken == []


def anchors(page: Path) -> set[str]:
    return {anchor(re.sub(r"^#+ ", "", heading)) for heading in headings(page)}


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_both_languages_have_the_same_shape(page: Path) -> None:
    korean = twin(page)
    assert korean.exists()
    assert levels(page) == levels(korean)
    assert links_to(page, korean) or "make docs" in page.read_text("utf-8")
    assert links_to(korean, page) or "make docs" in korean.read_text("utf-8")
    for kind in ("sh", "python", "nginx"):
        assert [b.text for b in blocks(page, kind)] == [b.text for b in blocks(korean, kind)]
    assert table_lines(page) == table_lines(korean)


def levels(page: Path) -> list[int]:
    return [len(heading.split(" ")[0]) for heading in headings(page)]


def links_to(page: Path, other: Path) -> bool:
    return other.name in links(page)


def table_lines(page: Path) -> int:
    return len(re.findall(r"^\|", prose(page), re.MULTILINE))


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_the_korean_page_is_korean(page: Path) -> None:
    if "make docs" in page.read_text("utf-8"):
        return  # made from sentences that stand in both languages on both pages
    korean, english = (re.sub(r"`[^`]*`|\([^)]*\)|<[^>]*>", "", prose(each)) for each in (twin(page), page))
    hangul, latin = len(re.findall("[가-힣]", korean)), len(re.findall("[A-Za-z]", korean))
    assert hangul > latin
    # A Korean syllable carries about two and a half letters of English: a summary would be far shorter.
    assert hangul * 4 > len(re.findall("[A-Za-z]", english))


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_a_korean_page_links_to_korean_pages(page: Path) -> None:
    for link in links(twin(page)):
        target = twin(page).parent / link.partition("#")[0]
        if target.suffix == ".md" and not target.name.endswith(".ko.md") and target.exists():
            assert target == page or not twin(target).exists(), f"{link} has a Korean twin"


@pytest.mark.parametrize("picture", PICTURES, ids=name)
def test_a_picture_has_words_for_those_who_cannot_see_it(picture: Path) -> None:
    text = picture.read_text("utf-8")
    assert re.search(r"<title[^>]*>[^<]{10,}</title>", text)
    assert re.search(r"<desc[^>]*>[^<]{30,}</desc>", text)
    assert bool(re.search("[가-힣]{3}", text.partition("<defs>")[2])) == picture.name.endswith(".ko.svg")
