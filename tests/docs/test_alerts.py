"""The documented alert rules are rules that Prometheus takes, by its own tool (Debian's `prometheus`)."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.docs.pages import DOCS

RULES = DOCS / "how-to" / "haechi-alerts.yml"
PROMTOOL = shutil.which("promtool")


def checked(raw: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    if PROMTOOL is None:
        pytest.skip("promtool (prometheus) is not installed")
    file = folder / RULES.name
    file.write_text(raw, "utf-8")
    command = [PROMTOOL, "check", "rules", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow
def test_promtool_takes_the_alert_rules(tmp_path: Path) -> None:
    ran = checked(RULES.read_text("utf-8"), tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rules = RULES.read_text("utf-8").count("- alert:")
    assert f"{rules} rules found" in ran.stdout


@pytest.mark.slow
def test_promtool_would_tell(tmp_path: Path) -> None:
    assert checked(RULES.read_text("utf-8").replace("== 0", "== = 0", 1), tmp_path).returncode != 0
