"""What tests of more than one store share."""

from collections.abc import Iterator

import pytest
from tests.log.logs import chosen_kind
from tests.log.stores import KINDS, Kind


@pytest.fixture(params=[*KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of store in turn."""
    return KINDS[request.param]


@pytest.fixture(params=[*KINDS])
def each_store(request: pytest.FixtureRequest) -> Iterator[None]:
    """`open_log` opens each kind of store in turn."""
    before = chosen_kind.set(request.param)
    yield
    chosen_kind.reset(before)
