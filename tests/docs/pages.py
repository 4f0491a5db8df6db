"""The pages of the documentation as the tests see them: headings, links, tables, fenced blocks."""

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


def blocks(page: Path, kind: str = "") -> list[Block]:
    """Every fenced block of a page in order, or those of one kind."""
    found: list[Block] = []
    lines = page.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            found.append(Block(lines[at][3:].strip(), "\n".join(lines[at + 1 : end]), at + 1))
            at = end
        at += 1
    return [block for block in found if kind in ("", block.kind)]


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


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of every table row below a heading (given without its marks), without the tables' heads."""
    part = re.split(rf"^#+ {re.escape(heading)}$", page.read_text("utf-8"), flags=re.MULTILINE)[1]
    part = re.split(r"^#+ ", part, flags=re.MULTILINE)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    heads = {n - 1 for n, line in enumerate(lines) if line.startswith("|---")}
    kept = [line for n, line in enumerate(lines) if n not in heads and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def matches(wanted: str, got: str) -> bool:
    """Whether `got` is what `wanted` shows: `…` for anything in a line, alone on a line for any lines."""
    parts: list[str] = []
    for line in wanted.splitlines():
        any_lines = line.strip() == "…"
        parts.append(r"(?:.*\n)*" if any_lines else ".*".join(map(re.escape, line.split("…"))) + r"\n")
    return re.fullmatch("".join(parts), got + "\n", re.IGNORECASE) is not None
