"""A whole log copied from one store into another, each step held against the source's roots."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from haechi.log.layout import TILE_WIDTH, decode_entries
from haechi.log.store import Auditable, Entry, Head, NotStored, Store, StoreMoved, Terms, View
from haechi.log.tiles import TileTree
from haechi.words import Text

_AT_ONCE = 16 * TILE_WIDTH


class Source(Protocol):
    """What is copied: a store that nobody writes to meanwhile."""

    @property
    def first_batch(self) -> int:
        """Entries of the log's genesis."""
        ...

    def snapshot(self) -> AbstractContextManager[Auditable]:
        """See Store."""
        ...


def copy_log(source: Source, target: Store, governed: int, progress: Callable[[int, int], None]) -> Head:
    """The head of both when this returns: entries, statements and the newest checkpoint are in `target`.

    governed: index of the entry whose terms are in force (-1: none). A copy that was broken off goes on.
    progress: called with entries copied and in all. Raises StoreMoved when `target` holds another log or is
    in use already, RootMismatch, and what either store raises.
    """
    with source.snapshot() as view:
        head = view.head()
        tree = TileTree(view.tree_tile)
        at = _begun(target, view, tree)
        while at < head.size:
            # The genesis is one batch in every store: opening tells a fresh log by it.
            end = source.first_batch if at == 0 else min(head.size, (at // _AT_ONCE + 1) * _AT_ONCE)
            expect = Head(end, tree.root(end))
            target.append(list(_entries(view, at, end, governed)), expect)
            at = end
            progress(at, head.size)
        published = view.published()
        if published is not None:
            target.publish(published)
    return head


def _begun(target: Store, view: View, tree: TileTree) -> int:
    """How much of the log an earlier, broken-off copy brought over."""
    held, size = target.head(), view.head().size
    published = target.published()
    done = held.size == size and published == view.published()
    if held.size > size or not (published is None or done):
        raise StoreMoved(expected=f"at most {size}", got=held.size)
    if held.size and tree.root(held.size) != held.root:
        raise StoreMoved(expected=tree.root(held.size).hex(), got=held.root.hex())
    return held.size


def _entries(view: View, start: int, end: int, governed: int) -> Iterator[Entry]:
    statements = dict(view.statements(start, end - start))
    for n in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        first, width = n * TILE_WIDTH, min(TILE_WIDTH, end - n * TILE_WIDTH)
        bundle = view.entries(n, width)
        if bundle is None:
            raise NotStored(what_is=Text("entry bundle", "항목 묶음"), name=n)
        for index, digest in enumerate(decode_entries(bundle, width), first):
            if index >= start:
                terms = Terms(-1, sets=True) if index == governed else None
                yield Entry(digest, statements.get(index), terms)
