"""What one process of a cluster remembers outside the database: the newest head it stood behind."""

import threading

from haechi.log.cluster.reader import PgLog, Standing
from haechi.log.headstore import HeadStore
from haechi.log.sequencer import reconcile

_WARM_ENTRIES = 1 << 16


class Memory:
    """A head store kept level with the shared log.

    Always true: `catch_up` returns a head only after this machine's disk remembers it, and only when the log
    still contains the head remembered before. So whoever acknowledges or signs has a memory that a database
    restored from a backup, or a standby that was promoted too early, does not roll back.
    """

    def __init__(self, log: PgLog, heads: HeadStore) -> None:
        self._log = log
        self._heads = heads
        self._lock = threading.Lock()

    def catch_up(self) -> Standing:
        """The newest durable head and terms, remembered. Raises RolledBack, HeadStoreBroken, StoreFailed."""
        with self._lock:
            # Asked for under the lock: of two threads, the later must not come with the older answer.
            standing = self._log.standing()
            stored = self._heads.current()
            if stored == standing.head:
                return standing
            if stored is not None and 0 < standing.head.size - stored.size < _WARM_ENTRIES:
                self._log.warm(stored.size, standing.head.size)
            reconcile(self._log, self._heads, standing.head)
            return standing
