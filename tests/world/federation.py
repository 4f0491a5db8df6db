"""A federation in memory: logs, witnesses and mirrors of nodes, with cut links, liars and bad clocks."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from tests.network.parties import FACTS
from tests.network.world import PeerLog, Wire
from tests.world.turning import LogKeys

from haechi.errors import HaechiError
from haechi.log.checkpoint import read_checkpoint
from haechi.log.merkle import leaf_hashes
from haechi.log.note import NoteKey, NoteLine, NoteSigner, SignatureType
from haechi.log.store import Entry, Head, Published, Role, RootMismatch
from haechi.log.tiles import ENTRIES, TILE_WIDTH, Edge, TileTree, encode_entries, grow, parse_path
from haechi.network.add_checkpoint import OldSizeDiffers
from haechi.network.answer import Answer, PeerLacks, PeerUnavailable
from haechi.network.asking import WitnessAsker
from haechi.network.cosigned import merged
from haechi.network.fork import Fork
from haechi.network.memory import SignedHead, signed_head
from haechi.network.mirror import Mirror
from haechi.network.source import Source
from haechi.network.succession import Succession
from haechi.network.witness import Witness
from haechi.network.witness_store import MemoryWitnessStore

START = 1_800_000_000


class TreeStore:
    """As much of a store as a mirror needs, in memory."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.role = Role.MIRROR
        self._edge = Edge()
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._digests: list[bytes] = []
        self._newest: Published | None = None

    def head(self) -> Head:
        return Head(self._edge.size, self._edge.root())

    def append(self, entries: Sequence[Entry], expect: Head | None = None) -> Head:
        digests = [entry.digest for entry in entries]
        edge, tiles = grow(self._edge, leaf_hashes(digests))
        if expect is not None and (edge.size, edge.root()) != expect:
            raise RootMismatch(size=edge.size, expected=expect.root.hex(), got=edge.root().hex())
        self._edge = edge
        self._tiles |= {(tile.level, tile.n): tile.data for tile in tiles}
        self._digests += digests
        return self.head()

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        data = self._tiles.get((level, n), b"")
        return data[: width * 32] if len(data) >= width * 32 else None

    tree_tile = tile

    def published(self) -> Published | None:
        return self._newest

    def publish(self, checkpoint: Published) -> None:
        self._newest = checkpoint

    def file(self, path: str) -> bytes:
        """What this mirror serves."""
        if path == "checkpoint" and self._newest is not None:
            return self._newest.note
        if path in ("checkpoint", "witnessed") or path.startswith("tile/statements/"):
            raise PeerLacks(what_is="answer", name=path)
        name = parse_path(path)
        first = name.n * TILE_WIDTH
        if name.level == ENTRIES:
            return encode_entries(self._digests[first : first + name.width])
        data = self.tile(name.level, name.n, name.width)
        if data is None:
            raise PeerLacks(what_is="answer", name=path)
        return data


class Link:
    """What one node reads of another's log: the branch it is shown, unless the link is cut."""

    def __init__(self, world: "World", who: str, whom: str) -> None:
        self._world = world
        self._ends = who, whom

    def fetch(self, path: str, max_bytes: int, /) -> bytes:
        who, whom = self._ends
        self._world.require(who, whom)
        if path.endswith("witnessed"):
            raise PeerLacks(what_is="answer", name=path)
        if path.endswith("handovers"):
            return self._world.sites[whom].turning.handovers.to_json()
        return Wire(self._world.branch(whom, who)).fetch(path, max_bytes)


class Site:
    """One node. `branches`: the histories that it shows; more than one makes it a liar."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.origin = f"{name}.example/log"
        self.skew_s = 0
        self.turning = LogKeys(name)
        self.branches = [
            PeerLog(self.turning.signer).grow([b"key", f"policy of {name}".encode()], shared=False)
        ]
        keys = [
            NoteSigner(f"{self.origin}/witness", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate()),
            NoteSigner(f"{self.origin}/witness", SignatureType.ML_DSA_44, MLDSA44PrivateKey.generate()),
        ]
        if world.plain:
            keys = keys[:1]
        self.witness = Witness(keys, self.keys_of, MemoryWitnessStore(), self.accuse, self.is_frozen)
        self.mirrors: dict[str, Mirror] = {}
        self.known: dict[str, Succession] = {}
        self.stores: dict[str, TreeStore] = {}
        self.askers: dict[str, WitnessAsker] = {}
        self.cosigned: dict[bytes, SignedHead] = {}

    def meet(self, others: Sequence["Site"]) -> None:
        for other in others:
            self.askers[other.name] = WitnessAsker(
                other.name, other.witness.keys, Door(self.world, self.name, other)
            )
            if other is self:
                continue
            folder = self.world.folder / self.name / other.name
            folder.mkdir(parents=True)
            store = TreeStore(other.origin)
            self.stores[other.origin] = store
            source = Source(other.origin, Link(self.world, self.name, other.name))
            known = Succession(other.turning.card, folder, FACTS)
            self.known[other.origin] = known
            self.mirrors[other.origin] = Mirror(store, folder, known, [source])  # pyright: ignore[reportArgumentType]  # what a mirror needs of it

    def now(self) -> int:
        return self.world.now + self.skew_s

    def keys_of(self, origin: str) -> Sequence[NoteKey]:
        """The keys of a log as far as this node has heard of their changes."""
        known = self.known.get(origin)
        return self.turning.card.log_keys() if known is None else known.keys

    def has_heard(self, whom: "Site") -> bool:
        return whom is self or self.known[whom.origin].card == whom.turning.card

    def accuse(self, fork: Fork) -> None:
        mirror = self.mirrors.get(fork.origin)
        if mirror is not None and fork.check(self.keys_of(fork.origin)).code == "network.fork.proven":
            mirror.memory.keep_fork(fork)

    def is_frozen(self, origin: str) -> bool:
        return origin in self.mirrors and self.mirrors[origin].frozen() is not None

    def evidence(self) -> list[Fork]:
        paths = [path for mirror in self.mirrors.values() for path in mirror.memory.forks()]
        return [Fork.from_json(path.read_bytes()) for path in paths]

    def round(self) -> None:
        """Ask every witness about every branch, mirror every log, compare mirrors, hear of evidence."""
        for branch in self.branches:
            self._ask(branch)
        for mirror in self.mirrors.values():
            mirror.sync(self.now())
        for other in self.world.reachable(self.name):
            for fork in other.evidence():
                self.accuse(fork)
            for origin, mirror in self.mirrors.items():
                theirs = other.stores.get(origin)
                newest = None if theirs is None else theirs.published()
                if newest is not None and mirror.frozen() is None:
                    mirror.confront(newest.note)

    def _ask(self, branch: PeerLog) -> None:
        head = signed_head(branch.note)
        tree = TileTree(lambda level, n, width: branch.tiles[level, n][: width * 32])
        lines: list[NoteLine] = []
        for asker in self.askers.values():
            lines += asker.ask(head, tree.consistency).lines
        if lines:
            held = self.cosigned.get(head.head.root, head)
            note = merged(read_checkpoint(held.note)[1], lines, self.turning.card.log_keys())
            self.cosigned[head.head.root] = SignedHead(head.head, note.encode())


class Door:
    """A node's witness as another node reaches it."""

    def __init__(self, world: "World", who: str, site: Site) -> None:
        self._world = world
        self._who = who
        self._site = site

    def add_checkpoint(self, body: bytes, /) -> Answer:
        self._world.require(self._who, self._site.name)
        try:
            lines = self._site.witness.add_checkpoint(body, self._site.now())
        except OldSizeDiffers as error:
            return Answer(409, "text/x.tlog.size", "", f"{error.facts['expected']}\n".encode())
        except HaechiError as error:
            return Answer(422 if error.code == "network.inconsistent" else 403, "text/plain", "", b"")
        return Answer(200, "text/plain", "", lines)


class World:
    """Always true: the same seed gives the same run, keys aside.

    robbed: what a thief shows in place of a log, to whom.
    """

    def __init__(self, seed: int, folder: Path, names: Sequence[str], *, plain: bool = True) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # a script of events, not a secret
        self.folder = folder
        self.plain = plain
        self.now = START
        self.cut: set[frozenset[str]] = set()
        self.view: dict[tuple[str, str], int] = {}
        self.robbed: dict[tuple[str, str], PeerLog] = {}
        self.sites: dict[str, Site] = {}
        for name in names:
            self.sites[name] = Site(self, name)
        for site in self.sites.values():
            site.meet(list(self.sites.values()))

    def branch(self, whom: str, who: str) -> PeerLog:
        if (whom, who) in self.robbed:
            return self.robbed[whom, who]
        branches = self.sites[whom].branches
        return branches[self.view.get((whom, who), 0) % len(branches)]

    def require(self, who: str, whom: str) -> None:
        if frozenset({who, whom}) in self.cut:
            raise PeerUnavailable(what_is=whom, why="cut")

    def reachable(self, who: str) -> Iterator[Site]:
        for name, site in self.sites.items():
            if name != who and frozenset({who, name}) not in self.cut:
                yield site

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            self.now += 30
            order = list(self.sites.values())
            self.rng.shuffle(order)
            for site in order:
                site.round()

    @contextmanager
    def partition(self, group: set[str]) -> Iterator[None]:
        """Cut the links between a group and the others for a while."""
        cut = {frozenset({a, b}) for a in group for b in self.sites.keys() - group}
        self.cut |= cut
        yield
        self.cut -= cut
