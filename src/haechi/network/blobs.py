"""Evidence files by the digest that was signed: kept whole or not at all, readable by the node alone.

    Unavailable
    └── BlobStoreFull     the disk has no room left for a file of this size
    NotFound
    └── BlobAbsent        no such file here

Who may put a file, and who may get it, is decided where the statement that refers to it is known.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from haechi.errors import NotFound, TooLarge, Unavailable
from haechi.findings import Finding, Verdict, declare, found
from haechi.network.answer import PeerLacks, PeerMisbehaved, PeerRefused
from haechi.network.durable import PART, ContentDiffers, DiskRefused, receive
from haechi.network.lookup import Evidence
from haechi.words import Text

MAX_BLOB_BYTES = 1 << 30
RESERVE_BYTES = 256 << 20
"""What a file may not take from the disk: the log must always have room to commit."""
_STALE_S = 24 * 3600

declare(
    "network.blob",
    Text("Evidence file from a peer", "피어에서 받은 증거 파일"),
    {
        "kept": (Verdict.HOLDS, Text("{digest}: as signed", "{digest}: 서명된 것과 같음")),
        "absent": (
            Verdict.UNDECIDED,
            Text("{digest}: not to be had: {why}", "{digest}: 받을 수 없음: {why}"),
        ),
        "refused": (
            Verdict.FAILS,
            Text("{digest}: not the file that was signed: {why}", "{digest}: 서명된 파일이 아님: {why}"),
        ),
    },
)


class BlobStoreFull(Unavailable):
    """No room for a file of this size; facts: what_is, why."""

    code = "network.blobs-full"
    hint = Text(
        "free space on the node's disk; the statement itself is safe",
        "노드의 디스크 공간을 확보하세요. 진술은 안전합니다",
    )


class BlobAbsent(NotFound):
    """No such file here; facts: what_is, name (the digest in hex)."""

    code = "network.blob-absent"
    hint = Text("ask the issuer or another node for the file", "발행자나 다른 노드에 파일을 요청하세요")


def absent(digest: bytes) -> BlobAbsent:
    """The error for a file that is not here."""
    return BlobAbsent(what_is=Text("evidence file", "증거 파일"), name=digest.hex())


class BlobStore:
    """Files in one folder, `<first two hex digits>/<64 hex digits>`.

    Always true: a file under a name has exactly the bytes whose SHA-256 is that name; what is being received
    has another name until then; files have mode 0600. Threads and processes may share the folder.
    """

    def __init__(
        self, folder: Path, max_bytes: int = MAX_BLOB_BYTES, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        """The store in `folder`, which is made when missing. max_bytes: the largest file taken."""
        self.folder = folder
        self.max_bytes = max_bytes
        self._reserve_bytes = reserve_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, digest: bytes, size: int | None, chunks: Iterable[bytes]) -> Path:
        """Keep a file that arrives as a stream, if it is the promised one; where it is then, on the disk.

        size: in bytes; None when only its digest was signed. A file that is here already is not read again.
        Raises TooLarge, BlobStoreFull, ContentDiffers, DiskRefused, and what `chunks` raises; nothing is
        kept then.
        """
        if size is not None and size > self.max_bytes:
            raise TooLarge(what_is=Text("evidence file", "증거 파일"), limit=self.max_bytes, got=size)
        path = self._path(digest)
        if path.is_file():
            return path
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise DiskRefused(what_is=str(path), why=str(error)) from error
        needed = self.max_bytes if size is None else size
        if free - needed < self._reserve_bytes:
            raise BlobStoreFull(
                what_is=Text("evidence store", "증거 저장소"),
                why=Text(
                    f"{free} bytes free, {needed} may be needed",
                    f"남은 공간 {free}바이트, 필요할 수 있는 공간 {needed}바이트",
                ),
            )
        receive(path, chunks, digest, size, self.max_bytes)
        return path

    def has(self, digest: bytes) -> bool:
        """Whether the file is here."""
        return self._path(digest).is_file()

    def path(self, digest: bytes) -> Path:
        """Where the file is; raises BlobAbsent."""
        path = self._path(digest)
        if not path.is_file():
            raise absent(digest)
        return path

    def erase(self, digest: bytes) -> bool:
        """Remove the file; whether it was here."""
        try:
            self._path(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def prune(self) -> None:
        """Remove copies of files that are gone from where they are kept; here nothing is a copy."""

    def sweep(self, now: float) -> int:
        """Remove what broken-off transfers left more than a day before `now` (Unix seconds); how many."""
        stale = [part for part in self.folder.glob(f"??/{PART}*") if part.stat().st_mtime < now - _STALE_S]
        for part in stale:
            part.unlink(missing_ok=True)
        return len(stale)

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self.folder / name[:2] / name


class Streams(Protocol):
    """Whoever hands out files as streams: a `PeerClient`."""

    def stream(self, path: str, max_bytes: int, /) -> AbstractContextManager[Iterator[bytes]]:
        """The file at `path` in pieces, never more than `max_bytes`."""
        ...


class Wishes(Protocol):
    """Files to be fetched, and what became of them: `Index.files`."""

    def __iter__(self) -> Iterator[Evidence]:
        """The files, those that were least often asked for first."""
        ...

    def tried(self, evidence: Evidence, *, held: bool) -> None:
        """Take note that a file is here, or was asked for in vain."""
        ...


@dataclass(slots=True)
class BlobReport:
    """What one round of fetching did. files, fetched_bytes: kept now; findings: one for each asked for."""

    files: int = 0
    fetched_bytes: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


def fetch_blobs(peer: Streams, store: BlobStore, wishes: Wishes, limit_bytes: int) -> BlobReport:
    """Fetch the wished files from a peer until `limit_bytes` were kept; each is kept only as it was signed.

    A file beyond the store's own bound is passed over. Raises PeerUnavailable, BlobStoreFull, DiskRefused.
    """
    report = BlobReport()
    for evidence in wishes:
        if store.has(evidence.digest):
            wishes.tried(evidence, held=True)
            continue
        if report.fetched_bytes + (evidence.size or 0) > limit_bytes and report.files:
            break
        finding = _fetch(peer, store, evidence)
        report.findings.append(finding)
        wishes.tried(evidence, held=finding.verdict is Verdict.HOLDS)
        if finding.verdict is Verdict.HOLDS:
            report.files += 1
            report.fetched_bytes += store.path(evidence.digest).stat().st_size
    return report


def _fetch(peer: Streams, store: BlobStore, evidence: Evidence) -> Finding:
    name = evidence.digest.hex()
    most = store.max_bytes if evidence.size is None else evidence.size
    if most > store.max_bytes:
        return found("network.blob.absent", digest=name, why=f"{most} bytes are more than are taken here")
    try:
        with peer.stream(f"blobs/{name}", most) as pieces:
            store.put(evidence.digest, evidence.size, pieces)
    except (PeerLacks, PeerRefused) as error:
        return found("network.blob.absent", digest=name, why=error.say("en"))
    except (ContentDiffers, PeerMisbehaved) as error:
        return found("network.blob.refused", digest=name, why=error.say("en"))
    return found("network.blob.kept", digest=name)
