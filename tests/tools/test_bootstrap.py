"""Setting up happens when something changed, and only the part that changed. A recording `uv` stands in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "tools" / "bootstrap.py"
# Does what bootstrap.py looks at afterwards: an interpreter after `venv`, compiled facts after a build.
UV = f"""#!/bin/sh
echo "$*" >> "$UV_LOG"
case "$*" in
  venv*) mkdir -p .venv/bin && ln -sf {sys.executable} .venv/bin/python ;;
  *--no-build-isolation*) touch src/haechi/facts/compiled.json ;;
esac
"""


class Checkout(NamedTuple):
    """A small project folder with bootstrap.py in it."""

    root: Path

    def set_up(self, *profile: str, lang: str = "C.UTF-8") -> list[str]:
        """Run bootstrap.py; the commands it gave to uv, in short."""
        log = self.root / "uv.log"
        log.unlink(missing_ok=True)
        done = self.run(*profile, lang=lang)
        assert done.returncode == 0, done.stderr
        calls = log.read_text("utf-8").splitlines() if log.exists() else []
        return [_short(call) for call in calls]

    def run(self, *args: str, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "UV_LOG": str(self.root / "uv.log"),
            "LC_ALL": lang,
        }
        # Outside of the tests' own virtual environment.
        python = os.path.realpath(sys.executable)
        command = [python, str(self.root / "tools" / "bootstrap.py"), *args]
        return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def _short(call: str) -> str:
    if call.startswith("venv"):
        return "venv"
    return "haechi" if "--no-build-isolation" in call else call.rpartition("/")[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "haechi"
    for folder in ("bin", "requirements", "src/haechi/facts/data"):
        (root / folder).mkdir(parents=True)
    (root / "tools").mkdir()
    shutil.copy(BOOTSTRAP, root / "tools")
    uv = root / "bin" / "uv"
    uv.write_text(UV, "utf-8")
    uv.chmod(0o755)
    for lock in ("lock.txt", "demo.txt", "test.txt", "check.txt", "bench.txt"):
        (root / "requirements" / lock).write_text(f"a==1 \\\n    --hash=sha256:{lock}\n", "utf-8")
    for file in ("pyproject.toml", "hatch_build.py", "src/haechi/facts/data/a.yaml"):
        (root / file).write_text("", "utf-8")
    return Checkout(root)


def test_the_first_run_does_everything_and_the_second_nothing(checkout: Checkout) -> None:
    assert checkout.set_up("runtime") == ["venv", "lock.txt", "haechi"]
    assert checkout.set_up("runtime") == []


def test_what_holds_more_is_good_enough(checkout: Checkout) -> None:
    checkout.set_up("check")
    assert checkout.set_up("test") == []
    assert checkout.set_up("runtime") == []


def test_more_is_added_to_what_is_there(checkout: Checkout) -> None:
    checkout.set_up("runtime")
    assert checkout.set_up("test") == ["test.txt", "haechi"]


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.set_up("test")
    (checkout.root / "requirements" / "test.txt").write_text("a==2\n", "utf-8")
    assert checkout.set_up("test") == ["test.txt", "haechi"]


@pytest.mark.parametrize("file", ["pyproject.toml", "hatch_build.py", "src/haechi/facts/data/a.yaml"])
def test_a_changed_build_is_built(checkout: Checkout, file: str) -> None:
    checkout.set_up("runtime")
    (checkout.root / file).write_text("# changed", "utf-8")
    assert checkout.set_up("runtime") == ["haechi"]


def test_lost_facts_are_compiled_again(checkout: Checkout) -> None:
    checkout.set_up("runtime")
    (checkout.root / "src/haechi/facts/compiled.json").unlink()
    assert checkout.set_up("runtime") == ["haechi"]


def test_a_moved_checkout_gets_a_new_environment(checkout: Checkout, tmp_path: Path) -> None:
    checkout.set_up("runtime")
    moved = Checkout(checkout.root.rename(tmp_path / "elsewhere"))
    assert moved.set_up("runtime") == ["venv", "lock.txt", "haechi"]


def test_a_failed_install_is_not_remembered(checkout: Checkout) -> None:
    uv = checkout.root / "bin" / "uv"
    uv.write_text(UV.replace("venv*)", "*lock.txt) exit 3 ;;\n  venv*)"), "utf-8")
    failed = checkout.run("runtime")
    assert failed.returncode == 2
    assert "failed (3): uv pip install" in failed.stderr
    uv.write_text(UV, "utf-8")
    assert checkout.set_up("runtime")[-2:] == ["lock.txt", "haechi"]


def test_an_unknown_profile_is_refused_in_the_readers_language(checkout: Checkout) -> None:
    assert checkout.run("everything").returncode == 2
    assert "usage: bootstrap.py" in checkout.run("everything").stderr
    assert "사용법: bootstrap.py" in checkout.run("everything", lang="ko_KR.UTF-8").stderr
