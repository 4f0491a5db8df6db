"""The folder of a front as a cache of a bucket, while several threads use it."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from haechi.network.blobs import BlobAbsent
from haechi.network.bucket import BucketBlobs

FILE = b"minutes of the evaluation"
DIGEST = sha256(FILE).digest()


class Slow:
    """A bucket in memory: something else happens just before it takes a file."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.meanwhile: Callable[[], object] = lambda: None

    def put_new(self, name: str, data: Path) -> bool:
        self.meanwhile()
        self.files[name] = data.read_bytes()
        return True

    def pieces(self, name: str) -> Iterator[bytes]:
        yield self.files[name]

    def has(self, name: str) -> bool:
        return name in self.files

    def remove(self, name: str) -> None:
        self.files.pop(name, None)


@pytest.fixture
def bucket() -> Slow:
    return Slow()


@pytest.fixture
def blobs(bucket: Slow, tmp_path: Path) -> BucketBlobs:
    return BucketBlobs(tmp_path, bucket, reserve_bytes=0)


def test_what_is_on_its_way_to_the_bucket_is_not_pruned(bucket: Slow, blobs: BucketBlobs) -> None:
    def meanwhile() -> None:
        blobs.prune()
        with pytest.raises(BlobAbsent):
            blobs.path(DIGEST)

    bucket.meanwhile = meanwhile
    assert blobs.put(DIGEST, len(FILE), [FILE]).read_bytes() == FILE
    assert blobs.path(DIGEST).read_bytes() == FILE
    bucket.files.clear()  # another front erased it
    blobs.prune()
    assert not list(blobs.folder.glob("??/*"))


def test_what_is_erased_on_its_way_is_absent(bucket: Slow, blobs: BucketBlobs) -> None:
    bucket.meanwhile = lambda: blobs.erase(DIGEST)
    with pytest.raises(BlobAbsent):
        blobs.put(DIGEST, len(FILE), [FILE])
    assert not blobs.has(DIGEST)
    bucket.meanwhile = lambda: None
    blobs.put(DIGEST, len(FILE), [FILE])
    bucket.files.clear()
    with pytest.raises(BlobAbsent):
        blobs.path(DIGEST)
    assert not list(blobs.folder.glob("??/*"))
