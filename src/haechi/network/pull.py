"""Fetching the entries of a signed head and storing them piece by piece, each proven before it is stored."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from haechi.log.store import Entry, RootMismatch, Store
from haechi.log.tiles import TILE_WIDTH
from haechi.network.source import Bundle, EntriesDiffer, Source, SourceTree

PIECE_ENTRIES = 32_768
PIECE_BYTES = 64 << 20
WORKERS = 3
_AHEAD = 2 * WORKERS


class Piece(NamedTuple):
    """Entries that are durable now: up to which size, how many are without statement, bytes fetched."""

    size: int
    entries: int
    absent: int
    fetched_bytes: int


def pull(
    store: Store, source: Source, tree: SourceTree, piece_entries: int = PIECE_ENTRIES
) -> Generator[Piece]:
    """Copy what the tree has beyond the store; yields after each piece is durable.

    A piece ends after `piece_entries` entries or 64 MiB of statements. It is appended only if the grown tree
    has the root that the signed head gives it at that size. Stopping the iteration stops the fetching.
    Raises BadCopy, StoreFailed, and what the source's transport raises.
    """
    begun = store.head().size
    entries: list[Entry] = []
    absent = weight = 0
    for bundle in _ahead(source, begun, tree.head.size):
        entries += bundle.entries[max(0, begun - bundle.first) :]
        absent += bundle.absent
        weight += bundle.fetched_bytes
        size = bundle.first + len(bundle.entries)
        if len(entries) < piece_entries and weight < PIECE_BYTES and size < tree.head.size:
            continue
        try:
            store.append(entries, tree.prefix(size))
        except RootMismatch as error:
            first = size - len(entries)
            why = f"entries {first} to {size - 1}: {error.say('en')}"
            raise EntriesDiffer(source=source.name, why=why) from error
        yield Piece(size, len(entries), absent, weight)
        entries, absent, weight = [], 0, 0


def _ahead(source: Source, begin: int, end: int) -> Iterator[Bundle]:
    """The bundles that hold the entries [begin, end), in order, a few of them fetched ahead in threads."""
    waiting: deque[Future[Bundle]] = deque()
    pool = ThreadPoolExecutor(WORKERS, "mirror")
    try:
        for n in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH)):
            if len(waiting) == _AHEAD:
                yield waiting.popleft().result()
            waiting.append(pool.submit(source.bundle, n, min(TILE_WIDTH, end - n * TILE_WIDTH)))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
