"""The pages of the documentation as the tests see them: headings, links, fenced blocks."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


class Block(NamedTuple):
    """A fenced block: its kind (the word after the fence), its text, the line it begins in."""

    kind: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    found: list[Block] = []
    lines = page.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            found.append(Block(lines[at][3:].strip(), "\n".join(lines[at + 1 : end]), at + 1))
            at = end
        at += 1
    return found


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> list[str]:
    """Every heading with its marks, as `## Title`."""
    return re.findall(r"^#{1,6} .+$", prose(page), flags=re.MULTILINE)


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page point, in Markdown and in HTML."""
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    return re.findall(r"\]\(<?([^)>\s]+)>?\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
