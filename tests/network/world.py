"""A peer in memory: its log, its keys, and a transport that reads it without sockets, truly or not."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.log.checkpoint import CheckpointSigner
from haechi.log.merkle import EMPTY_ROOT, leaf_hashes
from haechi.log.store import Entry, Head, Role
from haechi.log.tiles import ENTRIES, TILE_WIDTH, Edge, encode_entries, grow, parse_path
from haechi.network.answer import PeerLacks, PeerMisbehaved

ORIGIN = "kr.example/log"
STATEMENTS = "tile/statements/"
Alter = Callable[[str, bytes], bytes]


def new_signer(origin: str = ORIGIN) -> CheckpointSigner:
    return CheckpointSigner(origin, Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())


SIGNER = new_signer()


class PeerLog:
    """The files of one log at its newest size. Bodies are any bytes; None: the statement is not shared."""

    def __init__(self, signer: CheckpointSigner = SIGNER) -> None:
        self.signer = signer
        self.digests: list[bytes] = []
        self.bodies: list[bytes | None] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.edge = Edge()
        self.note = signer.sign(0, self.edge.root(), 1)

    @property
    def size(self) -> int:
        return len(self.digests)

    def grow(self, bodies: Iterable[bytes], *, shared: bool = True) -> "PeerLog":
        new = list(bodies)
        digests = [hashlib.sha256(body).digest() for body in new]
        self.edge, tiles = grow(self.edge, leaf_hashes(digests))
        for tile in tiles:
            self.tiles[tile.level, tile.n] = tile.data
        self.digests += digests
        self.bodies += new if shared else [None] * len(new)
        self.note = self.signer.sign(self.size, self.edge.root(), 1 + self.size)
        return self

    def fork(self, keep: int) -> "PeerLog":
        """Another history of the same log, the same up to `keep` entries."""
        other = PeerLog(self.signer)
        return other.grow(body or b"" for body in self.bodies[:keep])

    def file(self, path: str) -> bytes:
        if path == "checkpoint":
            return self.note
        if path.startswith(STATEMENTS):
            name = parse_path("tile/entries/" + path.removeprefix(STATEMENTS))
            first = name.n * TILE_WIDTH
            self._require(first + name.width <= self.size)
            parts = [body or b"" for body in self.bodies[first : first + name.width]]
            return b"".join(len(part).to_bytes(4) + part for part in parts)
        name = parse_path(path)
        if name.level == ENTRIES:
            first = name.n * TILE_WIDTH
            self._require(first + name.width <= self.size)
            return encode_entries(self.digests[first : first + name.width])
        data = self.tiles.get((name.level, name.n), b"")
        self._require(len(data) >= name.width * 32)
        return data[: name.width * 32]

    def _require(self, there: object) -> None:
        if not there:
            raise PeerLacks(what_is="answer", name="a file")


class Wire:
    """A transport over a log. alter: what becomes of each file; log: every path asked for."""

    def __init__(self, peer: PeerLog, alter: Alter | None = None, prefix: str = "log/") -> None:
        self.peer = peer
        self.alter = alter
        self.prefix = prefix
        self.asked: list[str] = []

    def fetch(self, path: str, max_bytes: int, /) -> bytes:
        assert path.startswith(self.prefix)
        path = path.removeprefix(self.prefix)
        self.asked.append(path)
        data = self.peer.file(path)
        if self.alter is not None:
            data = self.alter(path, data)
        if len(data) > max_bytes:
            raise PeerMisbehaved(url=path, why="too long")
        return data


class MemoryStore:
    """As much of a store as the index reads, without a disk."""

    def __init__(self, origin: str, role: Role) -> None:
        self.origin = origin
        self.role = role
        self.held: list[Entry] = []

    def append(self, entries: Iterable[Entry]) -> None:
        self.held += entries

    def head(self) -> Head:
        return Head(len(self.held), EMPTY_ROOT)

    def digest(self, index: int) -> bytes:
        return self.held[index].digest

    def statement(self, index: int) -> bytes | None:
        return self.held[index].statement

    def statements(self, start: int, count: int) -> Iterator[tuple[int, bytes]]:
        for index, entry in enumerate(self.held[start : start + count], start):
            if entry.statement is not None:
                yield index, entry.statement

    def holding(self, start: int, count: int) -> set[int]:
        return {index for index, _ in self.statements(start, count)}

    def entries(self, n: int, width: int) -> bytes | None:
        part = self.held[n * TILE_WIDTH : n * TILE_WIDTH + width]
        return encode_entries([entry.digest for entry in part]) if len(part) == width else None

    def put(self, index: int, statement: bytes | None) -> None:
        self.held[index] = Entry(self.held[index].digest, statement)

    @contextmanager
    def snapshot(self) -> Iterator["MemoryStore"]:
        yield self


def bodies(first: int, count: int, salt: str = "") -> list[bytes]:
    return [f"statement {salt}{index}".encode() for index in range(first, first + count)]


def folder_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.json")}
