"""Copying the log of a pinned peer, and believing none of it before it was checked here."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from haechi.errors import BadInput
from haechi.findings import Finding, found
from haechi.log.checkpoint import examine_checkpoint
from haechi.log.merkle import EMPTY_ROOT
from haechi.log.note import NoteKey
from haechi.log.store import Head, Published, Store
from haechi.log.tiles import TileTree
from haechi.network.answer import PeerLacks, PeerMisbehaved, PeerRefused, PeerUnavailable
from haechi.network.fork import Begun, Fork
from haechi.network.memory import Memory, SignedHead, signed_head
from haechi.network.pull import PIECE_ENTRIES, pull
from haechi.network.report import Progress, SyncReport
from haechi.network.source import BadCopy, Source, SourceTree, Transport
from haechi.network.succession import HandoverRefused, HandoversMalformed, Succession
from haechi.words import Text

__all__ = ["Mirror", "Progress", "Source", "SyncReport", "Transport"]

_TREE_CACHE_BYTES = 4 << 20
Listener = Callable[[Progress], None]


@dataclass(slots=True)
class _Tally:
    entries: int = 0
    absent: int = 0
    fetched_bytes: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


class _Stop(Exception):
    """Carries a finding out of the middle of a sync; final: no other source need be asked."""

    def __init__(self, finding: Finding, *, final: bool = False) -> None:
        super().__init__(finding.code)
        self.finding = finding
        self.final = final


class Mirror:
    """A verified copy of one peer's log, pulled from the peer or from anybody who has a copy.

    Always true, also after kill -9 at any instruction:
    - Entries enter the store in pieces, each with the head that the tree must have after it. That head is
      derived, by hashes checked here, from a root that every pinned key of the log signed, and that signed
      checkpoint was on the disk (`target.checkpoint`) before. So the store never holds an entry that is not
      in a history the peer signed; there is no staging area, and a broken-off sync goes on where it was.
    - `published()` is the newest signed checkpoint whose entries are all here.
    - A statement is kept only if its SHA-256 is its entry. It may be absent; it is never another one.
    - The store agrees with every signed head kept in memory. A peer that contradicts one of them leaves
      evidence against itself and is frozen: nothing more is taken until a person moves the evidence away.

    Memory: one piece (32,768 entries or 64 MiB of statements, whichever is less) and six bundles ahead, each
    at most 16 MiB; in all about 60 MiB for statements of 400 bytes and 240 MiB in the worst case.
    One thread at a time.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        keys: Sequence[NoteKey] | Succession,
        sources: Sequence[Source],
        *,
        piece_entries: int = PIECE_ENTRIES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A mirror of the log `store.origin`. keys: all that must sign it; sources: tried in this order.

        With a `Succession` as keys, changes of them are followed.
        """
        self.store = store
        self.memory = Memory(folder)
        self._given = keys
        self._sources = sources
        self._piece_entries = piece_entries
        self._clock = clock
        self._own_tree = TileTree(store.tree_tile, cache_bytes=_TREE_CACHE_BYTES)

    def read_from(self, sources: Sequence[Source]) -> None:
        """Ask these from the next round on, tried in this order."""
        self._sources = sources

    @property
    def _keys(self) -> Sequence[NoteKey]:
        return self._given.keys if isinstance(self._given, Succession) else self._given

    def seen(self) -> int:
        """The size of the largest head the peer ever signed and showed, verified copy or not."""
        newest = self.memory.newest()
        return self.store.head().size if newest is None else newest.head.size

    def frozen(self) -> Finding | None:
        """The evidence that stopped this mirror; None while there is none."""
        for path in self.memory.forks():
            try:
                facts = dict(Fork.from_json(path.read_bytes()).check(self._keys).facts)
            except BadInput:  # damaged, and evidence nevertheless: a person put or left it there
                facts = dict[str, object]()
            sizes = {name: facts.get(name, "?") for name in ("first", "second")}
            return found("network.mirror.forked", **sizes, evidence=path.name)
        return None

    def confront(self, raw: bytes) -> Finding:
        """Compare a checkpoint that somebody holds, an old one perhaps, with the history held here.

        network.mirror.agrees, .ahead (larger than the copy), .disputed, .forked (evidence is kept), or why it
        is no checkpoint of the log (log.checkpoint.*).
        """
        finding, opened = examine_checkpoint(raw, self._keys, self.store.origin)
        if opened is None:
            return finding
        shown = SignedHead(Head(opened.checkpoint.size, opened.checkpoint.root), opened.note.encode())
        try:
            self._require_agreement(shown, self.memory.anchors(self.store.published()))
        except _Stop as stop:
            return stop.finding
        held = self.store.head().size
        outcome = "ahead" if shown.head.size > held else "agrees"
        return found(f"network.mirror.{outcome}", size=shown.head.size, held=held)

    def witnessed(self) -> SignedHead | None:
        """The newest cosigned checkpoint that the log itself shows, if it is part of the history here."""
        for source in self._sources:
            raw = source.witnessed() if source.own and self.frozen() is None else None
            if raw is not None and self.confront(raw).code == "network.mirror.agrees":
                return signed_head(raw)
        return None

    def sync(self, now: int, progress: Listener | None = None) -> SyncReport:
        """Copy what is new, from the first source that serves it rightly.

        now: Unix seconds, kept with the checkpoint. progress: hears of every durable piece; an error it
        raises ends the sync there. Raises StoreFailed, TileDamaged and DiskRefused for what is wrong here;
        what others do wrong is a finding.
        """
        began = self._clock()
        frozen = self.frozen()
        tally = _Tally(findings=[] if frozen is None else [frozen])
        for source in self._sources if frozen is None else ():
            if self._sync_from(source, now, tally, progress):
                break
        published = self.store.published()
        return SyncReport(
            entries=tally.entries,
            absent=tally.absent,
            fetched_bytes=tally.fetched_bytes,
            seconds=self._clock() - began,
            head=Head(0, EMPTY_ROOT) if published is None else self._head_at(published.size),
            findings=tuple(tally.findings),
        )

    def _sync_from(self, source: Source, now: int, tally: _Tally, progress: Listener | None) -> bool:
        """Whether no other source need be asked; why, or why not, is added to the findings."""
        try:
            finding = self._follow(source, now, tally, progress)
        except _Stop as stop:
            tally.findings.append(stop.finding)
            return stop.final
        except (HandoverRefused, HandoversMalformed) as error:
            tally.findings.append(
                found("network.handover.refused", why=Text(error.say("en"), error.say("ko")))
            )
            return False
        except BadCopy as error:
            tally.findings.append(found(f"network.mirror.{error.outcome}", **error.facts))
            return False
        except (PeerMisbehaved, PeerUnavailable, PeerLacks, PeerRefused) as error:
            outcome = "answer-refused" if isinstance(error, PeerMisbehaved) else "unavailable"
            facts = {"source": source.name, "why": error.say("en")}
            tally.findings.append(found(f"network.mirror.{outcome}", **facts))
            return False
        tally.findings.append(finding)
        return finding.code == "network.mirror.current"

    def _follow(self, source: Source, now: int, tally: _Tally, progress: Listener | None) -> Finding:
        shown = self._shown(source)
        size, anchors = shown.head.size, self.memory.anchors(self.store.published())
        newest = max(anchors, key=lambda anchor: anchor.head.size, default=shown)
        self._require_agreement(shown, anchors)
        if source.own and size < newest.head.size:
            raise self._rolled_back(shown, newest)
        if size > self.store.head().size:
            tree = self._agreeing_tree(source, shown, anchors)
            self.memory.aim(shown)
            self.memory.show(shown)
            with closing(pull(self.store, source, tree, self._piece_entries)) as pieces:
                for piece in pieces:
                    tally.entries += piece.entries
                    tally.absent += piece.absent
                    tally.fetched_bytes += piece.fetched_bytes
                    if progress is not None:
                        progress(Progress(piece.size, size, tally.fetched_bytes))
        else:
            self.memory.show(shown)
        self._publish(shown, now, source)
        if size < newest.head.size:
            return found("network.mirror.behind", source=source.name, size=size, newest=newest.head.size)
        return found("network.mirror.current", size=size)

    def _shown(self, source: Source) -> SignedHead:
        """The head a source shows, signed by every key that was pinned or handed over to."""
        raw = source.checkpoint()
        if isinstance(self._given, Succession) and self._given.is_strange(raw):
            self._given.learn(source.handovers())
        finding, opened = examine_checkpoint(raw, self._keys, self.store.origin)
        if opened is None:
            raise _Stop(finding)
        return SignedHead(Head(opened.checkpoint.size, opened.checkpoint.root), opened.note.encode())

    def _require_agreement(self, shown: SignedHead, anchors: Sequence[SignedHead]) -> None:
        """Compare with what can be compared without asking anybody: equal sizes, and the copy here."""
        for anchor in anchors:
            if anchor.head.size == shown.head.size and anchor.head.root != shown.head.root:
                raise self._contradiction(anchor, shown, None)
        size = shown.head.size
        if size > self.store.head().size or self._head_at(size) == shown.head:
            return
        if not anchors:  # someone removed the files that say under what the entries here stand
            raise _Stop(found("network.mirror.copy-damaged", size=self.store.head().size), final=True)
        covered = [one for one in anchors if size < one.head.size <= self.store.head().size]
        if not covered:
            raise self._contradiction(shown, max(anchors, key=lambda anchor: anchor.head.size), None)
        path = self._own_tree.consistency(size, covered[0].head.size)
        begun = Begun(root=self._head_at(size).root.hex(), path=tuple(node.hex() for node in path))
        raise self._contradiction(shown, covered[0], begun)

    def _agreeing_tree(self, source: Source, shown: SignedHead, anchors: Sequence[SignedHead]) -> SourceTree:
        """The tree of the shown head, once it is known to go on from every smaller head and from the copy."""
        tree = SourceTree(source, shown.head)
        for anchor in anchors:
            if anchor.head.size >= shown.head.size:
                continue
            prefix = tree.prefix(anchor.head.size)
            if prefix != anchor.head:
                path = tree.consistency(anchor.head.size)
                begun = Begun(root=prefix.root.hex(), path=tuple(node.hex() for node in path))
                raise self._contradiction(anchor, shown, begun)
        here = self.store.head()
        if tree.prefix(here.size) != here:
            raise _Stop(found("network.mirror.copy-damaged", size=here.size), final=True)
        return tree

    def _contradiction(self, first: SignedHead, second: SignedHead, begun: Begun | None) -> _Stop:
        """Two signed heads exclude each other: evidence if that can be proven to anybody, else a doubt."""
        fork = Fork.of(self.store.origin, first.note, second.note, begun, self._keys)
        sizes = {"first": first.head.size, "second": second.head.size}
        if fork.check(self._keys).code != "network.fork.proven":
            self.memory.keep_doubt(fork)
            return _Stop(found("network.mirror.disputed", **sizes))
        path = self.memory.keep_fork(fork)
        return _Stop(found("network.mirror.forked", **sizes, evidence=path.name), final=True)

    def _rolled_back(self, shown: SignedHead, newest: SignedHead) -> _Stop:
        self.memory.keep_doubt(self._pair(shown, newest, None))
        sizes = {"size": shown.head.size, "newest": newest.head.size}
        return _Stop(found("network.mirror.rolled-back", **sizes))

    def _pair(self, first: SignedHead, second: SignedHead, begun: Begun | None) -> Fork:
        origin = self.store.origin
        return Fork(origin=origin, first=first.note.decode(), second=second.note.decode(), begun=begun)

    def _publish(self, shown: SignedHead, now: int, source: Source) -> None:
        """Let others have the head, once all its entries are here."""
        size, published = shown.head.size, self.store.published()
        if size == 0 or (published is not None and size < published.size):
            return
        # For the same size, only the log itself may replace its signatures by newer ones.
        again = published is not None and size == published.size
        if not again or (source.own and published is not None and shown.note != published.note):
            self.store.publish(Published(size, shown.note, now))

    def _head_at(self, size: int) -> Head:
        return Head(size, self._own_tree.root(size))
