"""The disk's own speed, to be printed beside every durable figure: it varies more than any code does."""

import os
import tempfile
import time
from pathlib import Path


def fsyncs_per_second(folder: Path, seconds: float = 0.5) -> float:
    """How many 4 KiB overwrites a second become durable (pwrite + fdatasync) in `folder`."""
    with tempfile.TemporaryFile(dir=folder) as file:
        fd = file.fileno()
        os.pwrite(fd, bytes(4096), 0)
        os.fsync(fd)
        done, began_s = 0, time.perf_counter()
        while (took_s := time.perf_counter() - began_s) < seconds:
            os.pwrite(fd, os.urandom(4096), 0)
            os.fdatasync(fd)
            done += 1
        return done / took_s
