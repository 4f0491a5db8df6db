"""Nodes for tests: one shared by those that leave it as it is, fresh ones for the others."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.node.house import House, house_at


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A node that tests of one module share."""
    with house_at(tmp_path_factory.mktemp("shared") / "node") as open_house:
        yield open_house


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes a fresh node with the settings given."""
    with ExitStack() as stack:
        yield lambda **fields: stack.enter_context(house_at(tmp_path / "node", **fields))
