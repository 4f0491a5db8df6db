"""Where a log can be copied from: its own node, or another node's mirror. Neither is believed.

    BadInput
    └── BadCopy                 what a source served is not what the log's signed root says
        ├── TilesDiffer         tiles that do not lead to the root
        ├── EntriesDiffer       entries that are malformed, or do not lead to the root
        └── StatementDiffers    a statement whose SHA-256 is not its entry

Paths below a source are those of C2SP tlog-tiles, and our `tile/statements/<N>[.p/<W>]`: for each entry of
that bundle four bytes of length, big-endian, and the signed statement; length 0 where it is not shared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, NamedTuple, Protocol, TypeVar

from haechi.errors import BadInput
from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES
from haechi.log.merkle import EMPTY_ROOT, HASH_SIZE, ProofMalformed, node_hash, root_from_inclusion
from haechi.log.store import Entry, Head
from haechi.log.tiles import (
    ENTRIES,
    TILE_BYTES,
    TILE_WIDTH,
    BundleMalformed,
    TileDamaged,
    TileTree,
    decode_entries,
    tile_path,
)
from haechi.network.answer import PeerLacks
from haechi.network.card import MAX_HANDOVERS_BYTES
from haechi.statement.envelope import MAX_STATEMENT_BYTES
from haechi.words import Text

_ENTRY_BYTES = 2 + HASH_SIZE
_LENGTH_BYTES = 4
_TREE_CACHE_BYTES = 4 << 20
_T = TypeVar("_T")


class BadCopy(BadInput):
    """What a source served is not what the signed root says; facts: source, why."""

    outcome: ClassVar[str]
    code = "network.bad-copy"
    what = Text("{source} serves a bad copy: {why}", "{source}의 사본이 올바르지 않습니다: {why}")
    hint = Text(
        "nothing was taken from it; copy the log from another node",
        "받아들인 것은 없습니다. 다른 노드에서 로그를 복사하세요",
    )


class TilesDiffer(BadCopy):
    """Tiles that do not lead to the signed root; facts: source, why."""

    outcome = "tiles-differ"
    code = "network.tiles-differ"


class EntriesDiffer(BadCopy):
    """Entries that are malformed or do not lead to the signed root; facts: source, why."""

    outcome = "entries-differ"
    code = "network.entries-differ"


class StatementDiffers(BadCopy):
    """A statement whose SHA-256 is not its entry; facts: source, why, index, expected, got."""

    outcome = "statement-differs"
    code = "network.statement-differs"


class Transport(Protocol):
    """How files are read. Raises PeerUnavailable, PeerMisbehaved, PeerLacks or PeerRefused."""

    def fetch(self, path: str, max_bytes: int, /) -> bytes:
        """The file at `path`, never more than `max_bytes`."""
        ...


class Bundle(NamedTuple):
    """Up to 256 entries with the statements that came along, each one hashed and equal to its entry."""

    first: int
    entries: list[Entry]
    absent: int
    fetched_bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """One place to copy a log from. Threads may share it.

    own: whether the log's own node answers here, so that what it shows is what the log shows; prefix: the
    path below the transport's address, `log` at its own node, `mirrors/<hex>` at another.
    """

    name: str
    transport: Transport
    own: bool = True
    prefix: str = "log"

    def checkpoint(self) -> bytes:
        """The checkpoint as it is shown now."""
        return self._fetch("checkpoint", MAX_CHECKPOINT_BYTES)

    def witnessed(self) -> bytes | None:
        """The newest checkpoint that witnesses cosigned; None where the source tells of none."""
        try:
            return self._fetch("witnessed", MAX_CHECKPOINT_BYTES)
        except PeerLacks:
            return None

    def handovers(self) -> bytes:
        """How the log changed its own keys; an empty list where the source tells of no change."""
        try:
            return self._fetch("handovers", MAX_HANDOVERS_BYTES)
        except PeerLacks:
            return b'{"schema":"haechi.handovers/1"}'

    def tile(self, level: int, n: int, width: int) -> bytes:
        """A tile's first `width` hashes. Raises PeerLacks and the like, TilesDiffer for another length."""
        data = self._fetch_tile(level, n, width)
        if len(data) not in (width * HASH_SIZE, TILE_BYTES):
            raise TilesDiffer(source=self.name, why=f"{tile_path(level, n, width)} has {len(data)} bytes")
        return data[: width * HASH_SIZE]

    def bundle(self, n: int, width: int) -> Bundle:
        """The first `width` entries of a bundle and their statements.

        Raises EntriesDiffer, StatementDiffers, and what the transport raises.
        """
        data = self._fetch_tile(ENTRIES, n, width)
        entries = self._entries(n, width, data)
        raw = self._fetch_statements(n, width)
        bodies = self._bodies(n, width, raw)
        absent = bodies.count(None)
        if absent < width:
            self._require_own(n, entries, bodies)
        held = [*map(Entry, entries, bodies)]
        return Bundle(n * TILE_WIDTH, held, absent, len(data) + len(raw or b""))

    def _require_own(self, n: int, entries: list[bytes], bodies: list[bytes | None]) -> None:
        """Each statement that came is the one of its entry. Raises StatementDiffers."""
        for index, (digest, body) in enumerate(zip(entries, bodies, strict=True), n * TILE_WIDTH):
            if body is None:
                continue
            got = sha256(body).digest()
            if got != digest:
                raise StatementDiffers(
                    source=self.name,
                    why=f"entry {index}: expected {digest.hex()}, got {got.hex()}",
                    index=index,
                    expected=digest.hex(),
                    got=got.hex(),
                )

    def _entries(self, n: int, width: int, data: bytes) -> list[bytes]:
        if len(data) == TILE_WIDTH * _ENTRY_BYTES:
            data = data[: width * _ENTRY_BYTES]
        try:
            entries = decode_entries(data, width)
        except BundleMalformed as error:
            raise EntriesDiffer(source=self.name, why=f"bundle {n}: {error}") from error
        if {*map(len, entries)} != {HASH_SIZE}:
            raise EntriesDiffer(source=self.name, why=f"bundle {n}: an entry here has 32 bytes")
        return entries

    def _bodies(self, n: int, width: int, raw: bytes | None) -> list[bytes | None]:
        """The statement of each entry; None for each where the source serves none of them."""
        if raw is None or raw == bytes(_LENGTH_BYTES * width):
            return [None] * width
        bodies: list[bytes | None] = []
        at = 0
        while at < len(raw) and len(bodies) < TILE_WIDTH:
            start = at + _LENGTH_BYTES
            at = start + int.from_bytes(raw[at:start])
            bodies.append(raw[start:at] or None)
        if at != len(raw) or len(bodies) not in (width, TILE_WIDTH):
            raise EntriesDiffer(source=self.name, why=f"statements of bundle {n} are malformed")
        return bodies[:width]

    def _fetch_statements(self, n: int, width: int) -> bytes | None:
        try:
            return self._fetch_tile(ENTRIES, n, width, statements=True)
        except PeerLacks:
            return None

    def _fetch_tile(self, level: int, n: int, width: int, *, statements: bool = False) -> bytes:
        """A partial tile may be gone once the full one is there (tlog-tiles, "Partial Tiles")."""
        try:
            return self._fetch_exactly(level, n, width, statements=statements)
        except PeerLacks:
            if width == TILE_WIDTH:
                raise
            return self._fetch_exactly(level, n, TILE_WIDTH, statements=statements)

    def _fetch_exactly(self, level: int, n: int, width: int, *, statements: bool) -> bytes:
        path = tile_path(level, n, width)
        if statements:
            path = path.replace("tile/entries/", "tile/statements/", 1)
            return self._fetch(path, width * (_LENGTH_BYTES + MAX_STATEMENT_BYTES))
        return self._fetch(path, width * _ENTRY_BYTES if level == ENTRIES else width * HASH_SIZE)

    def _fetch(self, path: str, max_bytes: int) -> bytes:
        return self.transport.fetch(f"{self.prefix}/{path}" if self.prefix else path, max_bytes)


class SourceTree:
    """The tree of one signed head, read from a source's tiles.

    Always true: what it answers follows from the signed root by hashes that were checked here; a source can
    make it fail and cannot make it wrong. Raises TilesDiffer, and what the transport raises.
    """

    def __init__(self, source: Source, head: Head) -> None:
        """The tree of `head`, whose size is not 0."""
        self.head = head
        self._source = source
        self._tree = TileTree(source.tile, cache_bytes=_TREE_CACHE_BYTES)
        got = self._ask(lambda: self._tree.root(head.size))
        if got != head.root:
            raise TilesDiffer(source=source.name, why=f"expected root {head.root.hex()}, got {got.hex()}")

    def prefix(self, size: int) -> Head:
        """The head that the first `size` entries had, 0 <= size <= the head's own."""
        if size == 0:
            return Head(0, EMPTY_ROOT)
        if size == self.head.size:
            return self.head
        index = size - 1
        leaf = self._ask(lambda: self._tree.leaf(index, self.head.size))
        path = self._ask(lambda: self._tree.inclusion(index, self.head.size))
        try:
            bound = root_from_inclusion(leaf, index, self.head.size, path) == self.head.root
        except ProofMalformed:
            bound = False
        if not bound:
            raise TilesDiffer(source=self._source.name, why=f"no proof of entry {index}")
        return Head(size, _prefix_root(leaf, index, self.head.size, path))

    def consistency(self, size: int) -> list[bytes]:
        """The RFC 9162 proof that the tree begins with its first `size` entries, 0 < size."""
        return self._ask(lambda: self._tree.consistency(size, self.head.size))

    def _ask(self, question: Callable[[], _T]) -> _T:
        try:
            return question()
        except TileDamaged as error:
            raise TilesDiffer(source=self._source.name, why=str(error)) from error


def _prefix_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that the tree had when this leaf was its last: only what lies to the left counts then."""
    root = leaf
    inner = (index ^ (size - 1)).bit_length()
    for height, node in enumerate(path):
        if height >= inner or index >> height & 1:
            root = node_hash(node, root)
    return root
