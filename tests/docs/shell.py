"""Commands of the documentation, run as a reader would: in one shell, in an empty folder, with real nodes."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.docs.pages import ROOT

from haechi.cli.processes import free_ports

MARK = "==== block "
PORTS = ("8470", "8471")


def run(commands: Sequence[str], lang: str, folder: Path) -> list[str]:
    """What each block printed, standard error included; ports are swapped for free ones and back again.

    Fails with the last that was printed when a command that nobody expects to fail fails.
    """
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    # Nodes left running hold the pipe open, and would be waited for.
    script = "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\nset -euo pipefail\n" + "".join(
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
        output, _ = shell.communicate(timeout=180)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate()
    assert shell.returncode == 0, output[-3000:]
    for documented, free in ports.items():
        output = output.replace(free, documented)
    return [part.partition("\n")[2].strip("\n") for part in output.split(MARK)[1:]]


def environment(lang: str, folder: Path) -> dict[str, str]:
    """The caller's, with `haechi` on PATH, a language, and folders for state and settings of its own."""
    tools = folder / ".tools"
    tools.mkdir(exist_ok=True)
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
