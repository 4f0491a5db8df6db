"""Evidence files in a bucket that several front processes share; the folder of each is a cache of it."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from haechi.network.blobs import MAX_BLOB_BYTES, RESERVE_BYTES, BlobAbsent, BlobStore, absent
from haechi.network.durable import PART


class Bucket(Protocol):
    """Files by name that several processes share: `Objects`, or the database. Each is whole or not there."""

    def put_new(self, name: str, data: Path, /) -> bool:
        """Keep a file unless there is one of this name; whether it was kept."""
        ...

    def pieces(self, name: str, /) -> Iterator[bytes]:
        """A file in pieces; raises FileNotFoundError."""
        ...

    def has(self, name: str, /) -> bool:
        """Whether there is a file of this name."""
        ...

    def remove(self, name: str, /) -> None:
        """Remove a file, if it is there."""
        ...


class BucketBlobs(BlobStore):
    """A `BlobStore` whose files are in a bucket, `blobs/<first two hex digits>/<64 hex digits>`.

    Always true: a file is acknowledged once the bucket has it; what comes back from the bucket is kept only
    if it has the digest of its name; a file that is gone from the bucket is handed out nowhere.
    """

    def __init__(
        self,
        folder: Path,
        objects: Bucket,
        max_bytes: int = MAX_BLOB_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        super().__init__(folder, max_bytes, reserve_bytes)
        self._objects = objects
        self._lock = Lock()
        self._coming: Counter[str] = Counter()  # names in the folder before the bucket has them

    def put(self, digest: bytes, size: int | None, chunks: Iterable[bytes]) -> Path:
        """See BlobStore; the bucket has the file when this returns.

        Raises ObjectsRefused too, and BlobAbsent when the file was erased meanwhile.
        """
        with self._kept_while_coming(digest.hex()):
            path = super().put(digest, size, chunks)
            try:
                self._objects.put_new(_name(digest), path)
            except FileNotFoundError:
                raise absent(digest) from None
        return path

    def has(self, digest: bytes) -> bool:
        """Whether the bucket has the file."""
        return self._objects.has(_name(digest))

    def path(self, digest: bytes) -> Path:
        """Where the file is, after fetching it when it is not in the cache; raises BlobAbsent."""
        if not self.has(digest):
            self._drop(self._path(digest))
            raise absent(digest)
        with suppress(BlobAbsent):
            return super().path(digest)
        return super().put(digest, None, self._fetched(digest))

    def _fetched(self, digest: bytes) -> Iterator[bytes]:
        try:
            yield from self._objects.pieces(_name(digest))
        except FileNotFoundError:
            raise absent(digest) from None

    def erase(self, digest: bytes) -> bool:
        """Remove the file from the bucket and this cache; other caches notice at their next look."""
        here = super().erase(digest)
        there = self._objects.has(_name(digest))
        self._objects.remove(_name(digest))
        return here or there

    def prune(self) -> None:
        """See BlobStore: what another front removed stays in no cache."""
        for path in self.folder.glob("??/*"):
            if path.name.startswith(PART):
                continue
            if not self._objects.has(f"blobs/{path.parent.name}/{path.name}"):
                self._drop(path)

    @contextmanager
    def _kept_while_coming(self, name: str) -> Generator[None]:
        """Until the end the file of this name is no copy of what is gone, though the bucket has none."""
        with self._lock:
            self._coming[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._coming[name] -= 1
                self._coming += Counter()  # forget who is at zero

    def _drop(self, path: Path) -> None:
        with self._lock:
            if not self._coming[path.name]:
                path.unlink(missing_ok=True)


def _name(digest: bytes) -> str:
    name = digest.hex()
    return f"blobs/{name[:2]}/{name}"
