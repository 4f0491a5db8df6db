"""A log that came back from an old backup is completed from those who mirror it.

Nothing is believed on the way: every entry is hashed under a checkpoint that the log's own keys signed, and
every file has the digest that a statement names. Whether it was enough, the head store decides afterwards.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from haechi.errors import HaechiError
from haechi.facts import Facts, load
from haechi.findings import Finding, Verdict
from haechi.log.headstore import HeadStore
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Store
from haechi.network.blobs import BlobStore, fetch_blobs
from haechi.network.client import PeerClient
from haechi.network.glance import files_named
from haechi.network.lookup import Evidence
from haechi.network.mirror import Mirror
from haechi.network.report import Progress
from haechi.network.source import Source
from haechi.node.config import Config, load_config
from haechi.node.keychain import load_keychain
from haechi.node.open import own_card
from haechi.node.peers import mirror_name
from haechi.node.shared import LOG, database_of, key_id
from haechi.statement.claims import examine_claim
from haechi.statement.envelope import Statement
from haechi.statement.kinds.erasure import Erasure

_MEMORY = "restore"


class Restored(NamedTuple):
    """What came back. size: of the log now; entries, files: new here; missing: files that nobody had."""

    size: int
    entries: int
    files: int
    missing: int
    findings: tuple[Finding, ...]


def restore_log(
    folder: Path, peers: Sequence[str], passphrase: bytes | None, progress: Callable[[int, int], None]
) -> Restored:
    """Fetch what the log in `folder` lacks from the mirrors of it at these nodes, asked in this order.

    progress: entries done, entries in all. May be run again after a stop. Raises SignerLocked while the node
    runs, HeadMissing, LeaseHeld, StoreFailed and what opening a node's keys raises.
    """
    config = load_config(folder)
    keychain = load_keychain(folder / "keys", passphrase)
    keys = own_card(folder, config, keychain).log_keys()
    memory = folder / _MEMORY
    memory.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(HeadStore.open(config.heads(), config.origin, key_id(keychain, config)))
        store = stack.enter_context(closing(_writer(folder, config)))
        clients = [stack.enter_context(PeerClient(peer)) for peer in peers]
        prefix = f"mirrors/{mirror_name(config.origin)}"
        sources = [
            Source(peer, client, own=False, prefix=prefix)
            for peer, client in zip(peers, clients, strict=True)
        ]

        def listen(done: Progress) -> None:
            progress(done.entries, done.target)

        report = Mirror(store, memory, keys, sources).sync(int(time.time()), listen)
        wanted = _Wanted(store, config.issuer, load(), progress)
        files = 0 if config.objects else _fetch_files(folder, config, clients, wanted)
        size = store.head().size
    if report.verdict is not Verdict.FAILS:  # else evidence of two histories may lie there
        shutil.rmtree(memory)
    return Restored(size, report.entries, files, len(wanted.left), report.findings)


def _writer(folder: Path, config: Config) -> Store:
    if config.cluster is None:
        return SqliteStore(folder / LOG)
    database = database_of(config.cluster)
    from haechi.log.cluster.store import PgStore

    return PgStore(database, config.cluster.name, config.cluster.lease_seconds)


def _fetch_files(folder: Path, config: Config, clients: Sequence[PeerClient], wanted: "_Wanted") -> int:
    blobs = BlobStore(folder / "blobs", max_bytes=config.limits.blob_bytes)
    files = 0
    for client in clients:
        try:
            files += fetch_blobs(client, blobs, wanted, config.limits.blob_bytes).files
        except HaechiError as error:
            if not error.code.startswith("network.peer"):
                raise  # a full disk here is ours to tell; a peer that went away is not
    return files


class _Wanted:
    """Files that the log's statements name, without those that its operator erased."""

    def __init__(
        self, store: Store, operator: str, facts: Facts, progress: Callable[[int, int], None]
    ) -> None:
        self.left: dict[bytes, Evidence] = {}
        erased: set[bytes] = set()
        size = store.head().size
        for index in range(size):
            raw = store.statement(index)
            if raw is not None:
                statement = Statement.from_bytes(raw)
                erased.update(_erased(statement, operator, facts))
                self.left.update({one.digest: one for one in _files_of(statement, facts)})
            progress(index + 1, size)
        for digest in erased:
            self.left.pop(digest, None)

    def __iter__(self) -> Iterator[Evidence]:
        """The files not here yet."""
        return iter(list(self.left.values()))

    def tried(self, evidence: Evidence, *, held: bool) -> None:
        """See Wishes."""
        if held:
            self.left.pop(evidence.digest, None)


def _erased(statement: Statement, operator: str, facts: Facts) -> tuple[bytes, ...]:
    if statement.about.kind != "erasure" or statement.about.issuer != operator:
        return ()
    claim = examine_claim(statement, facts)[1]
    return claim.erased if isinstance(claim, Erasure) else ()


def _files_of(statement: Statement, facts: Facts) -> Iterator[Evidence]:
    for file in files_named(statement, facts):
        yield Evidence(*file, statement.digest, statement.about.sharing)
