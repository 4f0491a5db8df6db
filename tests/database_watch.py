"""Ends the PostgreSQL of a test run that died: `database_watch.py FOLDER`, with a pipe from the run."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 20.0


def main(folder: Path) -> None:
    """Wait until the pipe ends, which it does with the process that holds it; then stop and remove."""
    while os.read(0, 1):
        pass
    for stop in (signal.SIGINT, signal.SIGQUIT):
        if end(folder, stop):
            break
    shutil.rmtree(folder, ignore_errors=True)


def end(folder: Path, stop: signal.Signals) -> bool:
    """Whether the server in `folder` has ended after this signal; one that is not there has."""
    try:
        number = int((folder / "postmaster.pid").read_text().split("\n")[0])
        os.kill(number, stop)
    except (OSError, ValueError):
        return True
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not (folder / "postmaster.pid").exists() or not Path(f"/proc/{number}").exists():
            return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
