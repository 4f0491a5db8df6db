"""What a build promises: the wheel carries the compiled facts, and building needs no msgspec."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from haechi.facts import Facts

pytest.importorskip("hatchling", reason="the build backend is not installed here")

ROOT = Path(__file__).parents[2]
PROJECT = """
[build-system]
requires = ["hatchling", "pyyaml"]
build-backend = "hatchling.build"
[project]
name = "haechi"
version = "0"
[tool.hatch.build.hooks.custom]
path = "hatch_build.py"
[tool.hatch.build.targets.wheel]
packages = ["src/haechi"]
"""
# A build environment has no msgspec: importing it must not even be tried.
BUILD = "import sys; sys.modules['msgspec'] = None; from hatchling.build import {how} as build; build('out')"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with this room only, ignoring what git ignores, as in a fresh clone."""
    facts = Path("src", "haechi", "facts")
    shutil.copytree(
        ROOT / facts, tmp_path / facts, ignore=shutil.ignore_patterns("compiled.json*", "__pycache__")
    )
    for name in ("__init__.py", "errors.py", "words.py"):
        shutil.copy(ROOT / "src" / "haechi" / name, tmp_path / "src" / "haechi" / name)
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / ".gitignore").write_text("/src/haechi/facts/compiled.json\n")
    return tmp_path


def build(tree: Path, how: str = "build_wheel") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BUILD.format(how=how)]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_the_wheel_carries_the_compiled_facts(tree: Path, facts: Facts):
    assert build(tree).returncode == 0
    with zipfile.ZipFile(next((tree / "out").glob("*.whl"))) as wheel:
        packed = wheel.read("haechi/facts/compiled.json")
    assert Facts.from_json(packed).version == facts.version


def test_an_editable_install_compiles_into_the_tree(tree: Path, facts: Facts):
    pytest.importorskip("editables", reason="hatchling needs it for editable wheels of this layout")
    assert build(tree, "build_editable").returncode == 0
    assert Facts.from_json((tree / "src/haechi/facts/compiled.json").read_bytes()).version == facts.version


def test_refused_facts_stop_the_build(tree: Path):
    page = tree / "src/haechi/facts/data/participants.yaml"
    page.write_text(page.read_text("utf-8").replace("home: c.CA", "home: c.XX"), "utf-8")
    built = build(tree)
    assert built.returncode != 0
    assert "facts.reference.unknown" in built.stderr
    assert not list(tree.glob("out/*.whl"))
