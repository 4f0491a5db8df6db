"""The payload and the key that most tests write and read."""

import pytest
from tests.mark.image.pictures import key_named

from haechi.mark.image import MarkKey, Payload

PAYLOAD = Payload(namespace=0x0102, item=0x030405060708)


@pytest.fixture(scope="session")
def payload() -> Payload:
    return PAYLOAD


@pytest.fixture(scope="session")
def key() -> MarkKey:
    return key_named("ours")
