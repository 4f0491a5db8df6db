"""Evidence and tiles in a bucket of a real S3-speaking server."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.buckets import ACCESS, bucket_server
from tests.log.logs import entries, open_log, publisher

from haechi.errors import BadInput
from haechi.log.export import ExportElsewhere, export_objects
from haechi.log.objects import Objects, ObjectsRefused
from haechi.log.tiles import TileTree
from haechi.network.blobs import BlobAbsent
from haechi.network.bucket import BucketBlobs
from haechi.network.durable import ContentDiffers

pytestmark = pytest.mark.slow
FILE = b"minutes of the evaluation, " * 1000
DIGEST = sha256(FILE).digest()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ACCESS.items():
            patch.setenv(name, value)
        with bucket_server(tmp_path_factory.mktemp("s3")) as url:
            yield url


@pytest.fixture
def objects(endpoint: str, request: pytest.FixtureRequest) -> Objects:
    return Objects("haechi", request.node.name.replace("[", "-").replace("]", ""), endpoint)


def test_an_object_is_written_once(objects: Objects, tmp_path: Path):
    assert objects.put_new("a/b", b"first")
    assert not objects.put_new("a/b", b"second")
    (tmp_path / "file").write_bytes(b"third")
    assert not objects.put_new("a/b", tmp_path / "file")
    assert objects.get("a/b") == b"first"
    objects.replace("a/b", b"fourth")
    assert objects.get("a/b") == b"fourth"
    objects.remove("a/b")
    objects.remove("a/b")
    assert (objects.get("a/b"), objects.has("a/b")) == (None, False)


def test_a_file_kept_by_one_front_is_had_from_another(objects: Objects, tmp_path: Path):
    first, second = BucketBlobs(tmp_path / "a", objects), BucketBlobs(tmp_path / "b", objects)
    assert not second.has(DIGEST)
    with pytest.raises(BlobAbsent):
        second.path(DIGEST)
    first.put(DIGEST, len(FILE), iter([FILE[:100], FILE[100:]]))
    assert second.has(DIGEST)
    assert second.path(DIGEST).read_bytes() == FILE
    assert second.erase(DIGEST)
    assert not first.has(DIGEST)
    with pytest.raises(BlobAbsent):
        first.path(DIGEST)
    assert not first.erase(DIGEST)


def test_other_bytes_under_a_name_are_kept_nowhere(objects: Objects, tmp_path: Path):
    blobs = BucketBlobs(tmp_path / "a", objects)
    with pytest.raises(ContentDiffers):
        blobs.put(DIGEST, len(FILE), iter([FILE[:-1] + b"x"]))
    assert not blobs.has(DIGEST)
    name = DIGEST.hex()
    objects.put_new(f"blobs/{name[:2]}/{name}", FILE[:-1] + b"x")
    with pytest.raises(ContentDiffers):
        blobs.path(DIGEST)


def test_a_log_is_exported_and_brought_up_to_date(objects: Objects, tmp_path: Path):
    with open_log(tmp_path, publish=publisher()) as log:
        log.sequencer.submit_many(entries(0, 700)).result(60)
        log.sequencer.publish(1)
        first = export_objects(log.store, objects)
        again = export_objects(log.store, objects)
        log.sequencer.submit_many(entries(700, 800)).result(60)
        log.sequencer.publish(2)
        newer = export_objects(log.store, objects)
        assert (first.size, again.size, newer.size) == (702, 702, 802)
        assert (again.written, again.kept) == (0, 0)
        published = log.store.published()
        assert published is not None
        assert objects.get("checkpoint") == published.note
        head = log.store.head()
    from haechi.log.layout import tile_path

    tree = TileTree(lambda level, n, width: objects.get(tile_path(level, n, width)))
    assert tree.root(head.size) == head.root
    with open_log(tmp_path / "other", publish=publisher()) as other:
        other.sequencer.submit_many(entries(5000, 6000)).result(60)
        other.sequencer.publish(1)
        with pytest.raises(ExportElsewhere):
            export_objects(other.store, objects)


def test_storage_that_refuses_says_so(objects: Objects, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(ObjectsRefused) as caught:
        Objects("haechi", "x", objects.endpoint).put_new("a", b"1")
    assert "another" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://", "https://bucket/x", "s3://b/x?y=1", "b/x"])
def test_a_place_is_written_as_a_url(url: str):
    assert Objects.from_url("s3://bucket/a/b").label == "s3://bucket/a/b"
    with pytest.raises(BadInput):
        Objects.from_url(url)
