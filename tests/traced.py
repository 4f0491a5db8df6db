"""Programs under strace, whose system calls fail or kill them at a chosen moment."""

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
REPOSITORY = Path(__file__).parents[1]
PATIENCE = 60


def start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """The program, from the root of the repository, with pipes to hear it."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY)


def read_until(child: "subprocess.Popen[bytes]", deadline_s: float) -> bytes:
    """What the child says until the deadline, or at once its end."""
    assert child.stdout is not None
    said = b""
    while (left := deadline_s - time.monotonic()) > 0:
        if select.select([child.stdout], [], [], left)[0]:
            part = os.read(child.stdout.fileno(), 1 << 16)
            if not part:
                break
            said += part
    return said


def end(child: "subprocess.Popen[bytes]") -> tuple[bytes, str]:
    """Kill the child: what it had said besides, and its complaints."""
    child.kill()
    said, errors = child.communicate()
    return said, errors.decode()


def run_traced(folder: Path, command: Sequence[str], *inject: str) -> bytes:
    """Run `command` under strace with these injections, a second longer than the first is met; what it said.

    Skips where tracing is impossible. A program that ends with a traceback must end with an error of ours.
    """
    if STRACE is None:
        pytest.skip("strace is not installed")
    trace = folder / "trace"
    tracer = (STRACE, "-f", "-qq", "-o", str(trace), *(word for one in inject for word in ("-e", one)))
    child = start([*tracer, *command])
    said = b""
    for _ in range(PATIENCE):
        met = trace.exists() and "INJECTED" in trace.read_text()
        began_s = time.monotonic()
        said += read_until(child, began_s + 1.0)
        # Either the failure was met and a second of life after it, or the process has ended.
        if met or time.monotonic() < began_s + 1.0:
            break
    else:
        _kill(child)
        pytest.fail("the injected failure was never met")
    said_besides, errors = _kill(child)
    if "ptrace" in errors or "not permitted" in errors:
        pytest.skip(f"tracing is not permitted: {errors.strip()[:200]}")
    # Opening a file may meet the injected failure too, and then ends with an error of ours.
    last = errors.strip().splitlines()[-1:] or [""]
    assert "Traceback" not in errors or last[0].startswith("haechi."), errors
    return said + said_besides


def _kill(child: "subprocess.Popen[bytes]") -> tuple[bytes, str]:
    tracee = _only_child(child.pid)
    if tracee is not None:
        os.kill(tracee, signal.SIGKILL)
    return end(child)


def _only_child(pid: int) -> int | None:
    """The process that strace runs: killing strace alone would let it live on."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    children = listed.read_text().split() if listed.exists() else []
    return int(children[0]) if children else None
