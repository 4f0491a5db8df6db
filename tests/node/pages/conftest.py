import pytest
from tests.node.pages.site import Site
from tests.node.pages.town import town


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(town())
