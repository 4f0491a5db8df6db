"""From one machine to several: a node's log moved into a database, and further front processes.

Conflict
├── AlreadyShared        the log is in a database already
├── CopyDamaged          a check of either side did not hold; the old log stays the one in use
└── FrontsDiffer         folders that are not fronts of one log
NotFound
├── NotShared            a front can only join a log in a database
└── WitnessFileMissing   a front no longer knows what it has cosigned
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from haechi.errors import Conflict, NotFound
from haechi.facts import load
from haechi.findings import Finding, Verdict, overall
from haechi.log.checkpoint import open_checkpoint
from haechi.log.copy import copy_log
from haechi.log.fsck import fsck
from haechi.log.headstore import HeadStore
from haechi.log.reader import SqliteReads
from haechi.log.sequencer import rolled_back
from haechi.log.sqlite import SqliteStore, retire
from haechi.log.store import Head, StoreRetired
from haechi.log.tiles import TileTree
from haechi.network.durable import write_durably
from haechi.network.index import Index
from haechi.network.witness_store import SqliteWitnessStore
from haechi.node.config import FILE, Cluster, Config, config_text, load_config
from haechi.node.create import NODE_FOLDERS, require_empty
from haechi.node.keychain import load_keychain
from haechi.node.policies import latest_policy
from haechi.node.shared import INDEX, LOG, database_of, key_id
from haechi.node.witnessing import witness_file
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.log.cluster.database import Database
    from haechi.network.witness_database import Recovered

_PINS = "pins.json"


class Status(NamedTuple):
    """A shared log as the database has it. holder: empty when nobody is the sequencer at the moment."""

    holder: str
    epoch: int
    size: int
    signed: int
    waiting: int


Progress = Callable[[int, int], None]


class AlreadyShared(Conflict):
    """The node's log is in a database; facts: path, database."""

    code = "node.already-shared"
    what = Text("the log of {path} is in {database} already", "{path}의 로그는 이미 {database}에 있습니다")
    hint = Text("nothing to do", "할 일이 없습니다")


class CopyDamaged(Conflict):
    """A check did not hold; facts: where, why."""

    code = "node.copy-damaged"
    what = Text(
        "{where} does not hold, so nothing was moved: {why}",
        "{where} 점검이 성립하지 않아 옮기지 않았습니다: {why}",
    )
    hint = Text(
        "run `haechi log fsck`; the old log is still the one in use",
        "`haechi log fsck` 를 실행하세요. 아직 옛 로그가 쓰이고 있습니다",
    )


class NotShared(NotFound):
    """The node's log is in a file of its own; facts: what_is, name."""

    code = "node.not-shared"
    hint = Text(
        "move the log into a database first: haechi migrate",
        "먼저 로그를 데이터베이스로 옮기세요: haechi migrate",
    )


class FrontsDiffer(Conflict):
    """Two folders are not fronts of one log; facts: one, other."""

    code = "node.fronts-differ"
    what = Text("{one} and {other} are not fronts of one log", "{one}, {other}: 한 로그의 프런트가 아닙니다")
    hint = Text("name the fronts of one log only", "한 로그의 프런트만 적으세요")


class WitnessFileMissing(NotFound):
    """A front has lost what it remembered as a witness; facts: what_is, name."""

    code = "node.witness-file-missing"
    hint = Text(
        "what it cosigned is not known any more: the witness needs new keys",
        "이 프런트가 무엇에 공동 서명했는지 더는 알 수 없습니다. 증인에게 새 키가 필요합니다",
    )


def migrate(
    folder: Path, cluster: Cluster, passphrase: bytes | None, progress: Progress
) -> tuple[Head, list[Finding]]:
    """Move a stopped node's log into PostgreSQL; the head of both sides, and the checks of the new one.

    Both sides are checked whole. Then the old log is closed for good, and after that the settings name the
    database: stopped anywhere, the node runs on one of both, never on both, and calling again goes on.
    Raises AlreadyShared, SignerLocked while the node runs, CopyDamaged, StoreMoved, StoreFailed.
    """
    config = load_config(folder)
    database = database_of(cluster)
    if config.cluster is not None:
        raise AlreadyShared(path=str(folder), database=database.label)
    from haechi.log.cluster.store import PgStore

    keys = load_keychain(folder / "keys", passphrase)
    note_keys = keys.checkpoint_signer(config.origin).keys
    with ExitStack() as stack:
        heads = stack.enter_context(HeadStore.open(config.heads(), config.origin, key_id(keys, config)))
        stored = heads.current()
        target = stack.enter_context(PgStore.create(database, config.origin, begun=True))
        with suppress(StoreRetired), SqliteStore(folder / LOG) as source:
            _require(Text("the old log", "옛 로그"), fsck(source, stored, note_keys, progress))
            copy_log(source, target, _governed(folder, source), progress)
        findings = fsck(target, stored, note_keys, progress)
        _require(Text("the new log", "새 로그"), findings)
        with SqliteReads(folder / LOG) as source:
            head = source.head()
        if target.head() != head:
            raise CopyDamaged(where=Text("the new log", "새 로그"), why=f"head {target.head().size}")
        retire(folder / LOG, database.label)
        moved = msgspec.structs.replace(config, cluster=cluster)
        write_durably(folder / FILE, config_text(moved).encode())
    return head, findings


def _require(where: Text, findings: list[Finding]) -> None:
    if overall(findings) is Verdict.FAILS:
        bad = next(finding for finding in findings if finding.verdict is Verdict.FAILS)
        raise CopyDamaged(where=where, why=Text(bad.say("en"), bad.say("ko")))


def _governed(folder: Path, source: SqliteStore) -> int:
    """Where the policy in force stands."""
    with Index(folder / INDEX) as index:
        index.follow(source, source.head().size, checked=True)
        found = latest_policy(source, index, load())
    return -1 if found is None else found[0]


def join(
    folder: Path, like: Path, heads: Path, port: int | None, passphrase: bytes | None
) -> tuple[Config, Head]:
    """A new front process for the log of the node in `like`: its settings, and the head it remembers now.

    The folder gets the settings, keys and pins; everything else in it can be made again. heads: where this
    front remembers heads, never shared with another front. The database's newest checkpoint must carry this
    node's own signature and be in the log. Raises NotShared, FolderInUse, RolledBack, StoreFailed.
    """
    config = load_config(like)
    database = _database(like, config)
    from haechi.log.cluster.reader import PgLog

    listen = config.listen if port is None else msgspec.structs.replace(config.listen, port=port)
    config = msgspec.structs.replace(config, listen=listen, head_folder=str(heads.absolute()))
    keys = load_keychain(like / "keys", passphrase)
    signer = keys.checkpoint_signer(config.origin)
    require_empty(folder)
    with ExitStack() as stack:
        store = stack.enter_context(PgLog(database))
        memory = stack.enter_context(HeadStore.create(heads, config.origin, key_id(keys, config)))
        published = store.published()
        if published is not None:
            checkpoint = open_checkpoint(published.note, signer.keys, config.origin).checkpoint
            if TileTree(store.tile).root(checkpoint.size) != checkpoint.root:
                raise rolled_back(store, memory)
        head = store.head()
        for name in NODE_FOLDERS:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (like / "keys").iterdir():
            write_durably(folder / "keys" / path.name, path.read_bytes())
        if (like / _PINS).exists():
            shutil.copy2(like / _PINS, folder / _PINS)
        if memory.current() is None:
            memory.advance(None, head)
        write_durably(folder / FILE, config_text(config).encode())
    return config, head


def status(folder: Path) -> Status:
    """Who is the sequencer of this node's shared log, and how far it is. Raises NotShared, StoreFailed."""
    database = _database(folder, load_config(folder))
    from haechi.log.cluster.reader import PgLog

    with PgLog(database) as log:
        holder, epoch, waiting = log.lease_row()
        published = log.published()
        signed = published.size if published else 0
        return Status(holder, epoch, log.head().size, signed, waiting)


def restore_witness(folders: Sequence[Path]) -> "list[Recovered]":
    """Tell a restored database what the fronts in these folders have cosigned; what it had forgotten, by log.

    folders: of every front that ran since the backup, none of them running. Raises NotShared, FrontsDiffer,
    WitnessFileMissing, WitnessDisagrees, StoreFailed; the database is unchanged after the first four.
    """
    configs = {folder: load_config(folder) for folder in folders}
    first = folders[0]
    database = _database(first, configs[first])
    for folder, config in configs.items():
        if _database(folder, config) != database or config.origin != configs[first].origin:
            raise FrontsDiffer(one=str(first), other=str(folder))
        if not witness_file(config).is_file():
            raise WitnessFileMissing(what_is=Text("memory of a witness", "증인의 기억"), name=str(folder))
    from haechi.network.witness_database import recover

    with ExitStack() as stack:
        owns = [stack.enter_context(SqliteWitnessStore(witness_file(one))) for one in configs.values()]
        return recover(database, owns)


def _database(folder: Path, config: Config) -> "Database":
    if config.cluster is None:
        raise NotShared(what_is=Text("log in a database", "데이터베이스에 있는 로그"), name=str(folder))
    return database_of(config.cluster)
