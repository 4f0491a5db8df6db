"""Evidence files are kept exactly as they were signed, or not at all."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from haechi.errors import TooLarge
from haechi.findings import Verdict
from haechi.network.answer import PeerLacks, PeerMisbehaved, PeerUnavailable
from haechi.network.blobs import BlobAbsent, BlobStore, BlobStoreFull, fetch_blobs
from haechi.network.durable import ContentDiffers, DiskRefused, write_durably
from haechi.network.lookup import Evidence
from haechi.statement.envelope import Sharing

DATA = b"evidence " * 1000
DIGEST = hashlib.sha256(DATA).digest()


def pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", max_bytes=20_000, reserve_bytes=0)


def files(blobs: BlobStore) -> list[str]:
    return sorted(path.name for path in blobs.folder.rglob("*") if path.is_file())


def test_a_file_is_kept_under_its_digest_for_the_node_alone(blobs: BlobStore) -> None:
    assert not blobs.has(DIGEST)
    path = blobs.put(DIGEST, len(DATA), pieces(DATA))
    assert blobs.has(DIGEST)
    assert blobs.path(DIGEST) == path == blobs.folder / DIGEST.hex()[:2] / DIGEST.hex()
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_whose_size_was_not_signed_is_kept_by_its_digest(blobs: BlobStore) -> None:
    blobs.put(DIGEST, None, pieces(DATA))
    assert blobs.path(DIGEST).read_bytes() == DATA


def test_a_file_that_is_here_is_not_read_again(blobs: BlobStore) -> None:
    blobs.put(DIGEST, len(DATA), pieces(DATA))
    never = (pytest.fail("read") for _ in range(1))
    assert blobs.put(DIGEST, len(DATA), never) == blobs.path(DIGEST)


@pytest.mark.parametrize(
    ("size", "data"),
    [
        (len(DATA), DATA[:-1]),
        (len(DATA), DATA + b"x"),
        (len(DATA), DATA[:-1] + b"x"),
        (len(DATA) - 1, DATA),
        (None, DATA + b"x"),
        (None, bytes(20_001)),
    ],
    ids=["short", "long", "altered", "size", "digest-only-altered", "digest-only-too-long"],
)
def test_other_bytes_are_not_kept(blobs: BlobStore, size: int | None, data: bytes) -> None:
    with pytest.raises(ContentDiffers):
        blobs.put(DIGEST, size, pieces(data))
    assert files(blobs) == []


def test_an_endless_stream_is_stopped_at_the_first_byte_too_many(blobs: BlobStore) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1000)

    with pytest.raises(ContentDiffers):
        blobs.put(DIGEST, 5000, endless())
    assert taken == 6


def test_a_broken_stream_leaves_nothing(blobs: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA[:1000]
        raise PeerUnavailable(what_is="peer", why="gone")

    with pytest.raises(PeerUnavailable):
        blobs.put(DIGEST, len(DATA), broken())
    assert files(blobs) == []


def test_files_beyond_the_bound_are_refused_unread(blobs: BlobStore) -> None:
    with pytest.raises(TooLarge):
        blobs.put(DIGEST, 20_001, iter(()))


def test_the_log_always_has_room_to_commit(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(BlobStoreFull):
        blobs.put(DIGEST, len(DATA), iter(()))


def test_a_disk_that_refuses_is_unavailable(blobs: BlobStore) -> None:
    (blobs.folder / DIGEST.hex()[:2]).write_text("a file where the folder should be")
    with pytest.raises(DiskRefused):
        blobs.put(DIGEST, len(DATA), pieces(DATA))
    with pytest.raises(DiskRefused):
        write_durably(blobs.folder / "missing" / "file", b"")


def test_an_erased_file_is_gone(blobs: BlobStore) -> None:
    blobs.put(DIGEST, len(DATA), pieces(DATA))
    assert blobs.erase(DIGEST)
    assert not blobs.erase(DIGEST)
    with pytest.raises(BlobAbsent):
        blobs.path(DIGEST)


def test_what_broken_off_transfers_left_is_swept_after_a_day(blobs: BlobStore) -> None:
    blobs.put(DIGEST, len(DATA), pieces(DATA))
    part = blobs.path(DIGEST).parent / ".part-x"
    part.write_bytes(b"half")
    os.utime(part, (1000, 1000))
    assert blobs.sweep(now=1000 + 24 * 3600) == 0
    assert blobs.sweep(now=1001 + 24 * 3600) == 1
    assert files(blobs) == [DIGEST.hex()]


class Peer:
    """Hands out what it is told to; an error as a value is raised."""

    def __init__(self, answers: dict[bytes, bytes | Exception]) -> None:
        self.answers = {digest.hex(): answer for digest, answer in answers.items()}
        self.asked: list[str] = []

    @contextmanager
    def stream(self, path: str, max_bytes: int, /) -> Iterator[Iterator[bytes]]:
        name = path.removeprefix("blobs/")
        self.asked.append(name)
        answer = self.answers.get(name, PeerLacks(what_is="answer", name=path))
        if isinstance(answer, Exception):
            raise answer
        if len(answer) > max_bytes:
            raise PeerMisbehaved(url=path, why="too long")
        yield pieces(answer)


class Wished:
    def __init__(self, *wishes: Evidence) -> None:
        self.wishes = wishes
        self.held: dict[bytes, bool] = {}

    def __iter__(self) -> Iterator[Evidence]:
        return iter(self.wishes)

    def tried(self, evidence: Evidence, *, held: bool) -> None:
        self.held[evidence.digest] = held


def wish(data: bytes, size: int | None = -1) -> Evidence:
    size = len(data) if size == -1 else size
    return Evidence(hashlib.sha256(data).digest(), size, "text/plain", bytes(32), Sharing.CLEAR)


def test_wished_files_are_fetched_as_signed(blobs: BlobStore) -> None:
    good, hashed, lost, lied, large = (
        wish(b"good"),
        wish(b"hashed", None),
        wish(b"lost"),
        wish(b"lied"),
        wish(b"big", 20_001),
    )
    peer = Peer({good.digest: b"good", hashed.digest: b"hashed", lied.digest: b"LIED"})
    wished = Wished(good, hashed, lost, lied, large)
    report = fetch_blobs(peer, blobs, wished, 1 << 20)
    assert (report.files, report.fetched_bytes) == (2, 10)
    assert [finding.code.rpartition(".")[2] for finding in report.findings] == [
        "kept",
        "kept",
        "absent",
        "refused",
        "absent",
    ]
    assert report.findings[3].verdict is Verdict.FAILS
    assert list(wished.held.values()) == [True, True, False, False, False]
    assert files(blobs) == sorted([good.digest.hex(), hashed.digest.hex()])
    again = fetch_blobs(Peer({}), blobs, Wished(good), 1 << 20)
    assert (again.files, again.findings) == (0, [])


def test_a_round_ends_at_its_bound(blobs: BlobStore) -> None:
    wishes = [wish(bytes((n,)) * 100) for n in range(5)]
    peer = Peer({one.digest: bytes((n,)) * 100 for n, one in enumerate(wishes)})
    assert fetch_blobs(peer, blobs, Wished(*wishes), 250).files == 2
    assert len(peer.asked) == 2


def test_a_peer_that_goes_away_ends_the_round(blobs: BlobStore) -> None:
    one = wish(b"one")
    with pytest.raises(PeerUnavailable):
        fetch_blobs(Peer({one.digest: PeerUnavailable(what_is="x", why="y")}), blobs, Wished(one), 1000)
