"""The database server of a test run ends with the run, also when that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = """
import os, subprocess, sys, time
from pathlib import Path
from tests.databases import watch
folder = Path(sys.argv[1])
watching = watch(str(folder))
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
(folder / "postmaster.pid").write_text(f"{server.pid}\\n")
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_server_and_no_folder(tmp_path: Path, how: signal.Signals):
    folder = tmp_path / "server"
    folder.mkdir()
    command = [sys.executable, "-c", RUN, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as run:
        assert run.stdout is not None
        server = int(run.stdout.readline())
        os.killpg(run.pid, how)
    until = time.monotonic() + 60
    while (folder.exists() or _runs(server)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not folder.exists()
    assert not _runs(server)


def _runs(number: int) -> bool:
    """Whether the process does something; one that waits for its parent to notice its end does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
