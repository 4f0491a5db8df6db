"""The tutorial is run as written, in both languages: every `sh` block in order, in one shell, with real nodes.

A `text` block after a block of commands is what they print; `…` stands for what differs from run to run,
and alone on a line for any number of lines.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from haechi.cli.processes import free_ports
from tests.docs.pages import DOCS, ROOT, Block, blocks

PAGES = {"en": DOCS / "tutorial.md", "ko": DOCS / "tutorial.ko.md"}
MARK = "==== block "


def test_both_languages_run_the_same_commands() -> None:
    english, korean = ([b.text for b in blocks(page) if b.kind == "sh"] for page in PAGES.values())
    assert english == korean
    assert len(english) > 10


@pytest.mark.e2e
@pytest.mark.parametrize("lang", PAGES)
def test_every_command_does_what_the_page_says(lang: str, tmp_path: Path) -> None:
    page = blocks(PAGES[lang])
    printed = run([block.text for block in page if block.kind == "sh"], lang, tmp_path)
    problems = [
        f"line {after.line}: expected\n{after.text}\ngot\n{printed[number]}"
        for number, after in expected(page)
        if not matches(after.text, printed[number])
    ]
    assert not problems, "\n\n".join(problems)


def run(commands: list[str], lang: str, folder: Path) -> list[str]:
    """What each block printed, standard error included; ports are swapped for free ones and back again."""
    ports = dict(zip(("8470", "8471"), map(str, free_ports(2)), strict=True))
    script = "set -euo pipefail\n" + "".join(
        f"echo; echo '{MARK}{n}'\n{text}\n" for n, text in enumerate(commands)
    )
    for documented, free in ports.items():
        script = script.replace(documented, free)
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(lang, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = shell.communicate(timeout=240)
    finally:
        stop_group(shell.pid)
    assert shell.returncode == 0, output[-3000:]
    for documented, free in ports.items():
        output = output.replace(free, documented)
    return [part.partition("\n")[2].strip("\n") for part in output.split(MARK)[1:]]


def environment(lang: str, folder: Path) -> dict[str, str]:
    """The caller's, with `haechi` on PATH, the page's language, and a state folder of its own."""
    tools = folder / ".tools"
    tools.mkdir()
    haechi = tools / "haechi"
    haechi.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m haechi "$@"\n', "utf-8")
    haechi.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HAECHI_")}
    return kept | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "HAECHI_LANG": lang,
        "XDG_STATE_HOME": str(folder / ".state"),
        "XDG_CONFIG_HOME": str(folder / ".config"),
    }


def stop_group(group: int) -> None:
    """Stop whatever the shell that was started here left running."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def expected(page: list[Block]) -> list[tuple[int, Block]]:
    """Each `text` block right after an `sh` block, with the number of that `sh` block."""
    pairs: list[tuple[int, Block]] = []
    number = -1
    for before, block in zip([None, *page], page, strict=False):
        number += block.kind == "sh"
        if block.kind == "text" and before is not None and before.kind == "sh":
            pairs.append((number, block))
    return pairs


def matches(wanted: str, got: str) -> bool:
    lines = []
    for line in wanted.splitlines():
        any_lines = line.strip() == "…"
        lines.append(r"(?:.*\n)*" if any_lines else ".*".join(map(re.escape, line.split("…"))) + r"\n")
    return re.fullmatch("".join(lines), got + "\n", re.IGNORECASE) is not None


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
def test_matching(*, wanted: str, got: str, same: bool) -> None:
    assert matches(wanted, got) is same
