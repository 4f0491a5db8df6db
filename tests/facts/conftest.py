"""The facts of the source tree, read once for all tests of this room."""

import pytest

from haechi.facts import Facts
from haechi.facts.compile import DATA, compile_facts, read_files
from haechi.facts.row import Raw


@pytest.fixture(scope="session")
def raw() -> Raw:
    """The loaded YAML. Shared: a test that alters it works on a deep copy."""
    return read_files(DATA)


@pytest.fixture(scope="session")
def compiled(raw: Raw) -> bytes:
    return compile_facts(raw)


@pytest.fixture(scope="session")
def facts(compiled: bytes) -> Facts:
    return Facts.from_json(compiled)
