"""The facts of the source tree, read once for all tests of this room."""

import pytest

from haechi.facts import Facts
from haechi.facts.compile import DATA, compile_facts, read_files


@pytest.fixture(scope="session")
def facts() -> Facts:
    return Facts.from_json(compile_facts(read_files(DATA)))
