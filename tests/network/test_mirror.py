"""A mirror holds what the peer signed, whoever served it, whenever it was cut off; never anything else."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.world import ORIGIN, SIGNER, Alter, PeerLog, Wire, bodies, folder_files, new_signer

from haechi.findings import Verdict
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Role, Store
from haechi.log.tiles import TileTree, encode_entries
from haechi.network.answer import PeerMisbehaved, PeerUnavailable
from haechi.network.fork import Fork
from haechi.network.mirror import Mirror, Progress, Source, SyncReport
from haechi.network.source import Transport

PIECE = 512


class Copy:
    """A mirror under test, reopened at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = SqliteStore.create(folder, ORIGIN, Role.MIRROR)

    def mirror(self, *transports: Transport, own: bool = True) -> Mirror:
        sources = [
            Source(name=f"source {n}", transport=one, own=own and n == 0) for n, one in enumerate(transports)
        ]
        return Mirror(self.store, self.folder, SIGNER.keys, sources, piece_entries=PIECE)

    def sync(self, *transports: Transport, own: bool = True) -> SyncReport:
        return self.mirror(*transports, own=own).sync(now=99)

    def reopen(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.folder)

    def require(self, peer: PeerLog, size: int | None = None) -> None:
        """The copy is exactly the peer's first `size` entries, tiles included; published as far as known."""
        size = peer.size if size is None else size
        head = self.store.head()
        assert head.size == size
        tree = TileTree(lambda level, n, width: peer.tiles[level, n][: width * 32])
        assert head.root == tree.root(size)
        for n in range(-(-size // 256)):
            width = min(256, size - n * 256)
            assert self.store.entries(n, width) == encode_entries(peer.digests[n * 256 : n * 256 + width])
        held = [(index, body) for index, body in enumerate(peer.bodies[:size]) if body is not None]
        assert list(self.store.statements(0, size)) == held


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    made = Copy(tmp_path / "mirror")
    yield made
    made.store.close()


def codes(report: SyncReport) -> list[str]:
    return [finding.code.removeprefix("network.mirror.") for finding in report.findings]


def peer_of(size: int) -> PeerLog:
    return PeerLog().grow(bodies(0, size))


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1500])
def test_an_honest_peer_is_copied_whole(copy: Copy, size: int) -> None:
    peer = peer_of(size)
    report = copy.sync(Wire(peer))
    assert codes(report) == ["current"]
    assert report.verdict is Verdict.HOLDS
    assert (report.entries, report.absent, report.head) == (size, 0, copy.store.head())
    copy.require(peer)
    published = copy.store.published()
    assert (published is None) == (size == 0)
    if published is not None:
        assert (published.size, published.note, published.at) == (size, peer.note, 99)


@settings(max_examples=8)
@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_a_growing_peer_is_followed_step_by_step(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    copy = Copy(tmp_path_factory.mktemp("mirror") / "m")
    peer = PeerLog()
    try:
        for step in sizes:
            peer.grow(bodies(peer.size, step))
            assert codes(copy.sync(Wire(peer))) == ["current"]
            copy.require(peer)
    finally:
        copy.store.close()


def test_nothing_is_fetched_twice(copy: Copy) -> None:
    peer = peer_of(600)
    copy.sync(Wire(peer))
    wire = Wire(peer)
    assert codes(copy.sync(wire)) == ["current"]
    assert wire.asked == ["checkpoint"]
    peer.grow(bodies(600, 10))
    copy.sync(wire)
    assert not [path for path in wire.asked if path.startswith(("tile/entries/000", "tile/entries/001"))]


def test_statements_that_are_not_shared_are_counted_and_missed(copy: Copy) -> None:
    peer = peer_of(300).grow(bodies(300, 100), shared=False).grow(bodies(400, 5))
    report = copy.sync(Wire(peer))
    assert codes(report) == ["current"]
    assert (report.entries, report.absent) == (405, 100)
    copy.require(peer)


def test_a_log_that_serves_no_statements_at_all_is_mirrored_too(copy: Copy) -> None:
    class Plain(Wire):
        def fetch(self, path: str, max_bytes: int, /) -> bytes:
            if "tile/statements/" in path:
                self.peer.file("tile/7/999")
            return super().fetch(path, max_bytes)

    report = copy.sync(Plain(peer_of(300)))
    assert codes(report) == ["current"]
    assert report.absent == 300


def test_full_tiles_serve_where_partial_ones_are_gone(copy: Copy) -> None:
    """The peer grew while we copied, and pruned the partial files of the size we copy."""
    peer = peer_of(600)
    note = peer.note
    peer.grow(bodies(600, 300))

    class Pruned(Wire):
        def fetch(self, path: str, max_bytes: int, /) -> bytes:
            if path == "log/checkpoint":
                return note
            if path.endswith(".p/88"):
                self.peer.file("tile/7/999")
            return super().fetch(path, max_bytes)

    wire = Pruned(peer)
    assert codes(copy.sync(wire)) == ["current"]
    copy.require(peer, 600)


def test_progress_is_heard_after_every_durable_piece(copy: Copy) -> None:
    peer = peer_of(1300)
    heard: list[tuple[int, int, int]] = []

    def listen(progress: Progress) -> None:
        heard.append((progress.entries, progress.target, copy.store.head().size))

    copy.mirror(Wire(peer)).sync(1, listen)
    assert heard == [(512, 1300, 512), (1024, 1300, 1024), (1300, 1300, 1300)]


class Broken(Wire):
    """Serves `whole` files, then nothing more."""

    def __init__(self, peer: PeerLog, whole: int) -> None:
        super().__init__(peer)
        self.served = count()  # several threads ask
        self.whole = whole

    def fetch(self, path: str, max_bytes: int, /) -> bytes:
        if next(self.served) >= self.whole:
            raise PeerUnavailable(what_is="peer", why="cut off")
        return super().fetch(path, max_bytes)


class Beginning(Wire):
    """Serves what the first entries need, and nothing of those after them, in whatever order it is asked."""

    def __init__(self, peer: PeerLog, files: Collection[str]) -> None:
        super().__init__(peer)
        self.files = files

    def fetch(self, path: str, max_bytes: int, /) -> bytes:
        if path.removeprefix(self.prefix) not in self.files:
            raise PeerUnavailable(what_is="peer", why="cut off")
        return super().fetch(path, max_bytes)


def test_a_sync_cut_off_anywhere_goes_on_from_there(tmp_path: Path) -> None:
    peer = peer_of(2600)
    for files in range(0, len(_asked(peer, tmp_path / "whole")), 3):
        _goes_on(tmp_path / str(files), peer, Broken(peer, files))


def test_a_sync_keeps_every_piece_that_came_whole(tmp_path: Path) -> None:
    # How far a sync gets before a moment is the threads' luck; how far before a file is not.
    peer = peer_of(2600)
    files = sorted(_asked(peer, tmp_path / "whole"), key=_needed_by)
    reached = [
        _goes_on(tmp_path / str(at), peer, Beginning(peer, files[:at])) for at in range(0, len(files), 3)
    ]
    assert reached == sorted(reached)
    assert set(reached) == {0, 512, 1024, 1536, 2048}


def _needed_by(path: str) -> tuple[int, str]:
    """The tile of entries that cannot be checked without a file: -1 where none can."""
    if path == "checkpoint" or path.startswith("tile/1/") or (path.startswith("tile/0/") and ".p/" in path):
        return -1, path
    # A tile of hashes comes after the entries under it.
    return int(path.split("/")[2].removesuffix(".p")), path.replace("tile/0/", "tile/hashes/", 1)


def _goes_on(folder: Path, peer: PeerLog, broken: Wire) -> int:
    """A sync from `broken`, and then from the whole peer; how far the first one got."""
    copy = Copy(folder)
    report = copy.sync(broken)
    size = copy.store.head().size
    copy.require(peer, size)
    if size < peer.size:
        assert codes(report) == ["unavailable"]
        assert copy.store.published() is None
    copy.reopen()
    assert codes(copy.sync(Wire(peer))) == ["current"]
    copy.require(peer)
    copy.store.close()
    return size


def _asked(peer: PeerLog, folder: Path) -> list[str]:
    copy, wire = Copy(folder), Wire(peer)
    copy.sync(wire)
    copy.store.close()
    return wire.asked


def test_an_interrupted_copy_goes_on_though_the_peer_grew_meanwhile(copy: Copy) -> None:
    peer = peer_of(1300)
    with pytest.raises(KeyboardInterrupt):
        copy.mirror(Wire(peer)).sync(1, _stop)
    copy.require(peer, 512)
    copy.reopen()
    peer.grow(bodies(1300, 1000))
    report = copy.sync(Wire(peer))
    assert codes(report) == ["current"]
    assert report.entries == 2300 - 512
    copy.require(peer)


def _stop(_progress: Progress) -> None:
    raise KeyboardInterrupt


def test_a_copy_that_was_long_offline_catches_up(copy: Copy) -> None:
    peer = peer_of(10)
    copy.sync(Wire(peer))
    peer.grow(bodies(10, 2000))
    assert codes(copy.sync(Wire(peer))) == ["current"]
    copy.require(peer)


# Lies about files: each leaves the mirror at its last verified head.


def flip(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def swap_statements(data: bytes) -> bytes:
    """The first two statements change places; both are of one length."""
    size = 4 + int.from_bytes(data[:4])
    return data[size : 2 * size] + data[:size] + data[2 * size :]


def on(part: str, change: Callable[[bytes], bytes]) -> Alter:
    return lambda path, data: change(data) if path.startswith(part) else data


LIES: dict[str, tuple[Alter, str]] = {
    "level-0 tile": (on("tile/0/", flip), "tiles-differ"),
    "level-1 tile": (on("tile/1/", flip), "tiles-differ"),
    "tile of another length": (on("tile/0/", lambda data: data[:-32]), "tiles-differ"),
    "empty tile": (on("tile/1/", lambda _: b""), "tiles-differ"),
    "entry of another digest": (
        lambda path, data: flip(data, 2) if path.startswith("tile/entries/002") else data,
        "statement-differs",
    ),
    "entries cut short": (on("tile/entries/000", lambda data: data[:-34]), "entries-differ"),
    "entries too long": (on("tile/entries/000", lambda data: data + b"\0"), "answer-refused"),
    "entry of another length": (
        on("tile/entries/000", lambda data: b"\0\x21" + data[2:34] + b"\0\0\x1f" + data[36:67] + data[68:]),
        "entries-differ",
    ),
    "statement of other bytes": (on("tile/statements/001", lambda data: flip(data, 10)), "statement-differs"),
    "two statements swapped": (on("tile/statements/001", swap_statements), "statement-differs"),
    "statements cut short": (on("tile/statements/000", lambda data: data[:-1]), "entries-differ"),
    "statements too long": (on("tile/statements/000", lambda data: data + bytes(4)), "entries-differ"),
    "statement of endless length": (
        on("tile/statements/000", lambda data: b"\xff\xff\xff\xff" + data[4:]),
        "entries-differ",
    ),
    "checkpoint altered": (
        on("checkpoint", lambda data: data.replace(b"\n700\n", b"\n701\n")),
        "log.checkpoint.signature-invalid",
    ),
    "checkpoint garbage": (on("checkpoint", lambda _: b"hello"), "log.checkpoint.malformed"),
}


@pytest.mark.parametrize(("alter", "code"), LIES.values(), ids=LIES)
def test_one_lie_leaves_the_mirror_at_its_last_verified_head(copy: Copy, alter: Alter, code: str) -> None:
    peer = peer_of(200)
    copy.sync(Wire(peer))
    before = (copy.store.head(), copy.store.published())
    peer.grow(bodies(200, 500))
    report = copy.sync(Wire(peer, alter))
    assert codes(report) == [code]
    assert report.verdict is Verdict.FAILS
    assert (copy.store.head(), copy.store.published()) == before
    assert report.head == before[0]
    assert codes(copy.sync(Wire(peer))) == ["current"]
    copy.require(peer)


def test_entries_and_statements_changed_together_do_not_lead_to_the_root(copy: Copy) -> None:
    peer, other = peer_of(700), PeerLog().grow(bodies(0, 700, "other"))
    report = copy.sync(Wire(peer, lambda path, data: other.file(path) if "s/002" in path else data))
    assert codes(report) == ["entries-differ"]
    copy.require(peer, 512)  # the first piece was true, and stands
    assert copy.store.published() is None


def test_a_lie_in_a_later_piece_keeps_the_true_ones(copy: Copy) -> None:
    peer = peer_of(1500)
    lie = on("tile/statements/004", lambda data: flip(data, 10))
    assert codes(copy.sync(Wire(peer, lie))) == ["statement-differs"]
    copy.require(peer, 1024)
    copy.reopen()
    assert codes(copy.sync(Wire(peer))) == ["current"]
    copy.require(peer)


def test_another_copy_is_asked_when_the_first_lies(copy: Copy) -> None:
    peer = peer_of(700)
    wire = Wire(peer, prefix="mirrors/ab/")
    liar = Wire(peer, LIES["two statements swapped"][0])
    sources = [Source("peer", liar), Source("friend", wire, own=False, prefix="mirrors/ab")]
    report = Mirror(copy.store, copy.folder, SIGNER.keys, sources, piece_entries=PIECE).sync(1)
    assert codes(report) == ["statement-differs", "current"]
    copy.require(peer)


@pytest.mark.parametrize("error", [PeerUnavailable(what_is="x", why="y"), PeerMisbehaved(url="x", why="y")])
def test_another_copy_is_asked_when_the_first_does_not_answer(copy: Copy, error: Exception) -> None:
    class Dead:
        def fetch(self, _path: str, _max_bytes: int, /) -> bytes:
            raise error

    peer = peer_of(300)
    report = copy.sync(Dead(), Wire(peer))
    assert codes(report)[1:] == ["current"]
    copy.require(peer)
    assert codes(copy.sync(Dead()))[0] in ("unavailable", "answer-refused")


def test_a_copy_that_lags_behind_is_not_taken_for_the_peer_going_back(copy: Copy) -> None:
    old, new = peer_of(300), peer_of(400)
    copy.sync(Wire(new))
    report = copy.sync(Wire(old), own=False)
    assert codes(report) == ["behind"]
    assert copy.store.published() is not None
    copy.require(new)


def test_a_lagging_copy_still_helps_one_that_has_less(copy: Copy) -> None:
    """The peer showed its newest head and went away; a friend has most of it."""
    old, new = peer_of(300), peer_of(400)
    assert codes(copy.sync(Broken(new, 4))) == ["unavailable"]
    assert copy.mirror(Wire(new)).seen() == 400
    assert codes(copy.sync(Wire(old), own=False)) == ["behind"]
    copy.require(old)
    assert copy.store.published() is not None
    assert codes(copy.sync(Wire(new))) == ["current"]
    copy.require(new)


# Lies about history.


def evidence(copy: Copy) -> list[tuple[str, str]]:
    """Kind of each evidence file and what whoever has the keys finds in it."""
    files = folder_files(copy.folder)
    return sorted(
        (name.partition("-")[0], Fork.from_json(raw).check(SIGNER.keys).code) for name, raw in files.items()
    )


FORKS = {
    "same size": (700, lambda peer: peer.fork(500).grow(bodies(500, 200, "other"))),
    "larger": (700, lambda peer: peer.fork(500).grow(bodies(500, 900, "other"))),
    "larger, at a power of two": (512, lambda peer: peer.fork(500).grow(bodies(500, 900, "other"))),
    "smaller": (700, lambda peer: peer.fork(500).grow(bodies(500, 100, "other"))),
    "smaller, at a power of two": (700, lambda peer: peer.fork(500).grow(bodies(500, 12, "other"))),
    "from the first entry on": (700, lambda peer: peer.fork(0).grow(bodies(0, 1000, "other"))),
}


@pytest.mark.parametrize(("size", "other"), FORKS.values(), ids=FORKS)
@pytest.mark.parametrize("shown_by", ["the peer", "a copy"])
def test_a_forked_peer_leaves_proof_against_itself_and_is_frozen(
    copy: Copy, size: int, other: Callable[[PeerLog], PeerLog], shown_by: str
) -> None:
    peer = peer_of(size)
    copy.sync(Wire(peer))
    before = (copy.store.head(), copy.store.published())
    report = copy.sync(Wire(other(peer)), own=shown_by == "the peer")
    assert codes(report) == ["forked"]
    assert (copy.store.head(), copy.store.published()) == before
    assert evidence(copy) == [("forked", "network.fork.proven")]
    # Back to the first history: too late.
    wire = Wire(peer.grow(bodies(size, 10)))
    copy.reopen()
    assert codes(copy.sync(wire)) == ["forked"]
    assert wire.asked == []
    frozen = copy.mirror(wire).frozen()
    assert frozen is not None
    assert str(frozen.facts["evidence"]) in folder_files(copy.folder)
    # A person looked at it, and moved it away.
    for path in (copy.folder / "evidence").iterdir():
        path.unlink()
    assert codes(copy.sync(wire)) == ["current"]
    copy.require(peer)


def test_a_fork_between_what_was_shown_and_what_was_copied_is_found(copy: Copy) -> None:
    """The peer showed 1300 entries, served 512 of them, and then signs another history from 600 on."""
    peer = peer_of(1300)
    with pytest.raises(KeyboardInterrupt):
        copy.mirror(Wire(peer)).sync(1, _stop)
    other = peer.fork(600).grow(bodies(600, 1000, "other"))
    assert codes(copy.sync(Wire(other))) == ["forked"]
    assert evidence(copy) == [("forked", "network.fork.proven")]
    copy.require(peer, 512)


def test_a_contradiction_without_proof_is_a_doubt_and_freezes_nobody(copy: Copy) -> None:
    """The peer signs a smaller head that lies between what was published and what is copied here."""
    peer = peer_of(1300)
    with pytest.raises(KeyboardInterrupt):
        copy.mirror(Wire(peer)).sync(1, _stop)
    other = peer.fork(100).grow(bodies(100, 200, "other"))
    report = copy.sync(Wire(other))
    assert codes(report) == ["disputed"]
    assert report.verdict is Verdict.UNDECIDED
    assert evidence(copy) == [("doubt", "network.fork.unproven")]
    assert codes(copy.sync(Wire(peer))) == ["current"]
    copy.require(peer)


def test_a_peer_that_goes_back_is_not_followed(copy: Copy) -> None:
    peer = peer_of(700)
    copy.sync(Wire(peer))
    before = (copy.store.head(), copy.store.published())
    report = copy.sync(Wire(peer_of(600)))
    assert codes(report) == ["rolled-back"]
    assert report.verdict is Verdict.FAILS
    assert (copy.store.head(), copy.store.published()) == before
    assert evidence(copy) == [("doubt", "network.fork.unproven")]
    copy.sync(Wire(peer_of(600)))
    assert len(evidence(copy)) == 1
    assert codes(copy.sync(Wire(peer_of(800)))) == ["current"]


def test_a_peer_that_goes_back_behind_a_head_it_only_showed_is_not_followed(copy: Copy) -> None:
    assert codes(copy.sync(Broken(peer_of(700), 4))) == ["unavailable"]
    assert codes(copy.sync(Wire(peer_of(650)))) == ["rolled-back"]
    assert copy.store.head().size == 0


def test_doubts_are_kept_in_bounds(copy: Copy) -> None:
    copy.sync(Wire(peer_of(200)))
    for size in range(100, 180):
        assert codes(copy.sync(Wire(peer_of(size)))) == ["rolled-back"]
    assert len(evidence(copy)) == 64


# Wrong keys, wrong log.


def test_a_checkpoint_by_other_keys_is_not_taken(copy: Copy) -> None:
    stranger = PeerLog(new_signer()).grow(bodies(0, 300))
    report = copy.sync(Wire(stranger))
    assert codes(report) == ["log.checkpoint.key-unknown"]
    assert copy.store.head().size == 0


def test_a_checkpoint_that_lacks_one_of_the_keys_is_not_taken(copy: Copy) -> None:
    def without_late_line(data: bytes) -> bytes:
        return b"\n".join(data.split(b"\n")[:-2]) + b"\n"

    report = copy.sync(Wire(peer_of(300), on("checkpoint", without_late_line)))
    assert codes(report) == ["log.checkpoint.line-missing"]
    assert copy.store.head().size == 0


def test_another_log_of_the_same_keys_is_not_taken(copy: Copy) -> None:
    other = PeerLog(new_signer("kr.example/log2")).grow(bodies(0, 300))
    assert codes(copy.sync(Wire(other))) == ["log.checkpoint.wrong-origin"]
    assert copy.store.head().size == 0


# Trouble at home.


def test_a_damaged_copy_is_not_blamed_on_the_peer(copy: Copy, tmp_path: Path) -> None:
    """Somebody put the store of another history into the folder."""
    peer = peer_of(300)
    copy.sync(Wire(peer))
    copy.store.close()
    copy.store = SqliteStore.create(tmp_path / "other", ORIGIN, Role.MIRROR)
    foreign = Copy.__new__(Copy)
    foreign.folder, foreign.store = copy.folder, copy.store
    Mirror(
        copy.store, tmp_path / "other", SIGNER.keys, [Source("x", Wire(PeerLog().grow(bodies(0, 200, "x"))))]
    ).sync(1)
    report = foreign.sync(Wire(peer.grow(bodies(300, 10))))
    assert codes(report)[0] in ("forked", "copy-damaged")
    assert copy.store.head().size == 200


def test_more_signatures_on_the_same_head_are_passed_on(copy: Copy) -> None:
    peer = peer_of(300)
    copy.sync(Wire(peer))
    peer.note = SIGNER.sign(300, peer.edge.root(), 777)
    copy.sync(Wire(peer), own=False)
    published = copy.store.published()
    assert published is not None
    assert published.note != peer.note
    copy.sync(Wire(peer))
    published = copy.store.published()
    assert published is not None
    assert published.note == peer.note


@contextmanager
def _no_threads_left() -> Iterator[None]:
    import threading

    before = threading.active_count()
    yield
    assert threading.active_count() == before


def test_no_thread_outlives_a_sync_however_it_ends(copy: Copy) -> None:
    peer = peer_of(1300)
    with _no_threads_left():
        copy.sync(Broken(peer, 9))
        copy.sync(Wire(peer, LIES["two statements swapped"][0]))
        with pytest.raises(KeyboardInterrupt):
            copy.mirror(Wire(peer)).sync(1, _stop)
        copy.sync(Wire(peer))


def test_the_digest_in_the_log_is_that_of_the_statement() -> None:
    assert peer_of(1).digests == [hashlib.sha256(b"statement 0").digest()]
