"""How a node's own log is opened: a file of its own, or a database that several front processes share.

NotFound
└── ClusterExtraMissing   the settings name a database, and its driver is not installed
"""

from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.errors import NotFound
from haechi.log.headstore import HeadStore
from haechi.log.reader import SqliteReads
from haechi.log.sequencer import Publisher, Sequencer
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Role, Store
from haechi.network.shared import SharedShelf
from haechi.node.config import Cluster, Config
from haechi.node.keychain import Keychain
from haechi.node.service import Node, Writer
from haechi.statement.envelope import Statement
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.log.cluster.database import Database
    from haechi.log.cluster.reader import PgLog

LOG = "log"
INDEX = "index.db"


class ClusterExtraMissing(NotFound):
    """The driver for PostgreSQL is not installed; facts: what_is, name."""

    code = "node.cluster-extra-missing"
    hint = Text('install it: pip install "haechi[cluster]"', '설치하세요: pip install "haechi[cluster]"')


class FollowTerms:
    """Keeps a node's policy level with a log that other processes write to as well."""

    def __init__(self) -> None:
        self.node: Node | None = None

    def __call__(self, index: int) -> None:
        """The entry at `index` is the policy in force. Raises StoreFailed."""
        node = self.node
        if node is None or index <= node.policies.index:
            return
        raw = node.store.statement(index)
        if raw is not None:
            node.policies.take(Statement.from_bytes(raw), index)


def key_id(keys: Keychain, config: Config) -> bytes:
    """What the head store is keyed by besides the origin: another key is another log."""
    return keys.checkpoint_signer(config.origin).keys[0].key_id


def database_of(cluster: Cluster) -> "Database":
    """Where a shared log is; raises ClusterExtraMissing."""
    if find_spec("psycopg") is None:
        raise ClusterExtraMissing(
            what_is=Text("driver for PostgreSQL", "PostgreSQL 드라이버"), name="psycopg"
        )
    from haechi.log.cluster.database import Database

    return Database(cluster.database, cluster.schema)


def make_log(folder: Path, config: Config) -> Store:
    """A new empty log for this node, opened for writing. Raises StoreMoved, StoreFailed, LeaseHeld."""
    if config.cluster is None:
        return SqliteStore.create(folder / LOG, config.origin, Role.OWN)
    database = database_of(config.cluster)
    from haechi.log.cluster.store import PgStore

    return PgStore.create(database, config.origin, Role.OWN, config.cluster.name)


def open_shelf(folder: Path, config: Config) -> SharedShelf:
    """Where this node keeps GREEN content, own and fetched; close it. Raises SharedFailed."""
    own, most = folder / "shared", config.limits.blob_bytes
    if config.cluster is None:
        return SharedShelf.in_folder(own, most)
    database = database_of(config.cluster)
    from haechi.network.shared_database import database_shelf

    return database_shelf(own, database, most)


def read_log(folder: Path, config: Config) -> "SqliteReads | PgLog":
    """The log for reading, beside whoever writes; close it. Raises NotStored, StoreFailed."""
    if config.cluster is None:
        return SqliteReads(folder / LOG)
    database = database_of(config.cluster)
    from haechi.log.cluster.reader import PgLog

    return PgLog(database)


def open_log(
    stack: ExitStack,
    folder: Path,
    config: Config,
    opened: tuple[HeadStore, Publisher],
    terms: Callable[[int], None],
) -> tuple[Store, Writer]:
    """The log and who gives its entries their order, closed with `stack`.

    terms: told the index of each policy that comes into force, where other processes may set it.
    Raises RolledBack, NotStored, StoreFailed, StoreLocked.
    """
    heads, publisher = opened
    if config.cluster is None:
        store = stack.enter_context(SqliteStore(folder / LOG))
        return store, stack.enter_context(Sequencer(store, heads, publisher))
    database = database_of(config.cluster)
    from haechi.log.cluster.reader import PgLog
    from haechi.log.cluster.sequencer import ClusterSequencer, Options

    log = stack.enter_context(PgLog(database, cache_bytes=config.tile_cache_bytes))
    options = Options(config.cluster.name, config.cluster.lease_seconds, terms_changed=terms)
    return log, stack.enter_context(ClusterSequencer(log, heads, publisher, options))
