from hashlib import sha256

import pytest

from haechi.mark.image import MarkKey, Payload


@pytest.fixture(scope="session")
def key() -> MarkKey:
    return MarkKey("test", sha256(b"audio test").digest())


@pytest.fixture(scope="session")
def payload() -> Payload:
    return Payload(namespace=0x1234, item=0x56789ABCDEF0)
