"""What tests of more than one store share."""

import pytest
from tests.log.stores import KINDS, Kind


@pytest.fixture(params=[*KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of store in turn."""
    return KINDS[request.param]
