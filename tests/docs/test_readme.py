"""The README is true: its excerpt is what the demonstration prints, its five commands run a node."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, blocks, matches, rows
from tests.docs.shell import environment, run

PAGES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
STATE = {"en": "What is there", "ko": "무엇이 있나"}
FIGURES = {"en": "Figures", "ko": "수치"}


@pytest.mark.e2e
@pytest.mark.parametrize("lang", ["en", pytest.param("ko", marks=pytest.mark.slow)])
def test_excerpt_is_what_the_demonstration_prints(lang: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "haechi", "demo", "--once"],
        env=environment(lang, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    (excerpt,) = blocks(PAGES[lang], "text")
    for line in filter(None, excerpt.text.splitlines()):
        at = next((n for n, got in enumerate(printed) if matches(line, got)), None)
        assert at is not None, f"not printed, or not in this order: {line}"
        printed = printed[at + 1 :]


@pytest.mark.e2e
def test_the_five_commands_run_a_node(tmp_path: Path) -> None:
    (block,) = blocks(PAGES["en"], "sh")
    commands = block.text.splitlines()
    assert len(commands) == 5
    commands[0] += " --port 8470"  # the default, spelled out: the shell puts a free one in its place
    # A person is slower than a shell: the node is up before the next command is typed.
    up = "until curl -sf -o /dev/null http://127.0.0.1:8470/healthz; do sleep 0.1; done"
    printed = run(["\n".join([*commands[:2], up]), *commands[2:]], "en", tmp_path)
    assert "✘" not in printed[-1]
    assert printed[-1].count("✔") > 5


@pytest.mark.parametrize("lang", PAGES)
def test_rooms_that_are_there_are_there(lang: str) -> None:
    table = [(re.findall(r"`(\w+)`", row[0]), row[-1]) for row in rows(PAGES[lang], STATE[lang])]
    named = {room for rooms, _ in table for room in rooms}
    present = {room for rooms, state in table for room in rooms if state == "✔"}
    folders = {path.parent.name for path in (ROOT / "src/haechi").glob("*/__init__.py")}
    assert present <= folders
    assert folders <= named


@pytest.mark.parametrize("lang", PAGES)
def test_every_figure_has_its_benchmark(lang: str) -> None:
    named = {name for row in rows(PAGES[lang], FIGURES[lang]) for name in re.findall(r"ONLY=(\w+)", row[-1])}
    assert len(named) > 5
    assert all((ROOT / f"benchmarks/{name}.py").exists() for name in named)


def test_both_languages_run_the_same_commands() -> None:
    english, korean = ([block.text for block in blocks(page, "sh")] for page in PAGES.values())
    assert english == korean
