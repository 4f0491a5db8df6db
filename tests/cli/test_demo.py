"""The demonstration: three real processes, every step held, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"


def demo(folder: Path, *options: str, lang: str = "en") -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(SRC), "HAECHI_LANG": lang, "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "haechi", "demo", "--once", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow  # the README's excerpt is compared with a run of its own in the fast lane
@pytest.mark.e2e
def test_every_step_holds_and_is_told_as_one_document(tmp_path: Path):
    ran = demo(tmp_path, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    assert told["held"] is True
    assert [step["step"] for step in told["steps"]] == list(range(1, len(told["steps"]) + 1))
    assert {check["verdict"] for step in told["steps"] for check in step["checks"]} == {"HOLDS"}
    codes = {check["code"] for step in told["steps"] for check in step["checks"]}
    assert {"log.receipt.valid", "log.inclusion.valid", "network.standing.current"} <= codes
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.e2e
def test_it_speaks_korean_and_keeps_what_was_asked_for(tmp_path: Path):
    kept = tmp_path / "kept"
    ran = demo(tmp_path, "--keep", str(kept), lang="ko")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "모든 단계 성립" in ran.stdout
    assert "FAILS" not in ran.stdout
    assert (kept / "report.haechi").exists()


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whoever_ends_it_ends_its_nodes_too(tmp_path: Path, signum: signal.Signals):
    environment = os.environ | {"PYTHONPATH": str(SRC), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "haechi", "demo"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            deadline_s = time.monotonic() + 60
            while not nodes_under(tmp_path) and time.monotonic() < deadline_s:
                time.sleep(0.05)
            assert nodes_under(tmp_path)
        finally:
            process.send_signal(signum)
        process.wait(timeout=60)
    assert nodes_under(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def nodes_under(folder: Path) -> list[int]:
    """Processes whose command line names a place in the folder."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder) in (process / "cmdline").read_bytes().decode(errors="replace"):
                found.append(int(process.name))
    return found


@pytest.mark.e2e
def test_what_stops_it_is_part_of_the_document(tmp_path: Path):
    (tmp_path / "kr").mkdir()
    (tmp_path / "kr" / "note.txt").write_text("mine")  # there is no room for Korea's node
    ran = demo(Path(tempfile.gettempdir()), "--keep", str(tmp_path), "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    assert (told["held"], told["error"]["code"]) == (False, "node.folder-in-use")
    assert (tmp_path / "kr" / "note.txt").read_text() == "mine"
