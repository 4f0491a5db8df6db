"""The sequencer of a shared log, as one of its processes has it: always a front, and at times the leader."""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from haechi.errors import HaechiError, Unavailable
from haechi.log.backlog import Backlog, SequencerStopped, Tuning
from haechi.log.cluster.courier import Courier
from haechi.log.cluster.database import TOLD, make_missing
from haechi.log.cluster.leader import forget_old, run_round
from haechi.log.cluster.lease import LeaseHeld, LeaseLost
from haechi.log.cluster.memory import Memory
from haechi.log.cluster.reader import PgLog
from haechi.log.cluster.store import LEASE_S, PgStore
from haechi.log.headstore import HeadStore
from haechi.log.intake import Intake
from haechi.log.sequencer import Publisher
from haechi.log.store import Head, Published, StoreFailed, StoreMoved

_TUNING = Tuning(window_s=0.05)
"""Longer than for one process: a batch passes the database twice more, and each time costs about the same."""
_BUSY_POLL_S = 0.004
_IDLE_POLL_S = 0.02
_MANY = 32
_PAUSE_S = 0.008
"""After a round of so many entries: the next are being gathered at the fronts, and go together then."""
_BUSY_FOR_S = 0.5
_CLEAN_S = 60.0
_PUBLISH_WAIT_S = 2.0


def _ignore(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Options:
    """holder: name in the lease row, made unique; terms_changed: told the index of new terms.

    A leader that is killed is followed by another after at most 1.25 times `lease_s`.
    """

    holder: str = ""
    lease_s: float = LEASE_S
    tuning: Tuning | None = None
    terms_changed: Callable[[int], None] = _ignore


class ClusterSequencer(Intake):
    """What `Sequencer` is to a log of one process, for a log of several; same promises, same methods.

    Always true: whoever leads appends under its epoch only; whoever answers a sender has the entry
    committed in the database and a head that covers it on its own disk; only such heads are signed. A process
    whose memory disagrees with the database stops, as a leader and as a front.
    """

    def __init__(
        self, log: PgLog, heads: HeadStore, publisher: Publisher | None = None, options: Options | None = None
    ) -> None:
        """The sequencer of an existing log; log and head store stay the caller's to close.

        Raises RolledBack, GenesisTooSmall, StoreFailed.
        """
        self._log = log
        self._options = options or Options()
        self._publisher = publisher
        # Two processes with the same settings must not take each other for themselves.
        self._holder = f"{self._options.holder or 'front'}-{secrets.token_hex(4)}"
        self._signed_size = 0
        self._memory = Memory(log, heads)
        self._head = self._memory.catch_up().head
        with log.database.translated(), log.database.connect() as db:
            make_missing(db, TOLD)
        super().__init__(Backlog(self._options.tuning or _TUNING))
        self._courier = Courier(
            log.database,
            self._memory,
            self._backlog,
            self._wake_up,
            lambda: self.leading,
            self._options.terms_changed,
        )
        self._wake, self._closing = threading.Event(), threading.Event()
        self._publishing = threading.Lock()
        self._leading: PgStore | None = None
        self._why: str | None = None
        self.publish_failure: Unavailable | None = None
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=f"haechi-{name}", daemon=True)
            for name, work in (("courier", self._courier.run), ("leader", self._lead_when_free))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def head(self) -> Head:
        """The newest durable head that this machine remembers."""
        return self._memory.catch_up().head

    @property
    def leading(self) -> bool:
        """Whether this process decides the order now."""
        return self._leading is not None

    @property
    def stopped(self) -> str | None:
        """Why no entries are accepted any more; None while they are."""
        return self._why or self._backlog.closed

    def expect(self, coming: Callable[[], int]) -> None:
        """Let batches wait a moment for entries on their way here: each batch costs about the same."""
        self._backlog.expect(coming)

    def told(self, since: int, until: int) -> Sequence[bytes]:
        """See Intake."""
        return self._log.told(since, until, self._courier.front)

    def publish(self, now_s: int) -> Published | None:
        """The newest checkpoint, after waiting a moment for one that covers the head of this call.

        now_s: unix seconds. Raises StoreFailed.
        """
        store = self._leading
        if store is not None:
            return self._sign(store, now_s)
        size = self._memory.catch_up().head.size
        until_s = time.monotonic() + _PUBLISH_WAIT_S
        while (newest := self._log.published()) is None or newest.size < size:
            if time.monotonic() > until_s or self._publisher is None:
                break
            time.sleep(_IDLE_POLL_S)
        return newest

    def close(self) -> None:
        """Accept no more, answer what waits, give the lease back. Closing twice is harmless."""
        self._backlog.close("closed")
        self._threads[0].join()
        self._closing.set()
        self._wake.set()
        self._threads[1].join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake_up(self) -> None:
        self._wake.set()

    def _guarded(self, work: Callable[[], None]) -> None:
        """One thread to its end; what stops one stops the process as a front and as a leader."""
        why = "it failed in a way that was not foreseen"
        try:
            work()
            why = "closed"
        except HaechiError as error:
            why = str(error)
        finally:
            if why != "closed":
                self._why = self._why or why
                self._closing.set()
                self._wake.set()
            left = self._backlog.close(why)
            if why != "closed":
                self._backlog.drop(left)
                for job in left:
                    job.fail(SequencerStopped(why=why))

    def _lead_when_free(self) -> None:
        """Take the lease whenever nobody has it. Raises RolledBack and what else must end this process."""
        while not self._closing.is_set():
            try:
                store = self._elected()
            except (LeaseHeld, StoreFailed):
                store = None
            if store is None:
                self._closing.wait(self._options.lease_s / 4)
                continue
            try:
                self._lead(store)
            except (LeaseLost, StoreMoved, StoreFailed):
                continue
            finally:
                self._leading = None
                store.close()

    def _elected(self) -> PgStore | None:
        """The log for writing, when the lease is free. Raises LeaseHeld, RolledBack, StoreFailed."""
        if self._log.holder() not in {"", self._holder}:
            return None
        self._memory.catch_up()
        store = PgStore(self._log.database, self._holder, self._options.lease_s)
        store.cache = self._log.cache
        return store

    def _lead(self, store: PgStore) -> None:
        governed = self._memory.catch_up().governed
        self._leading = store
        published = store.published()
        self._signed_size = published.size if published else 0
        renew_s = busy_s = publish_s = 0.0
        clean_s = time.monotonic() + _CLEAN_S
        while not self._closing.is_set():
            self._wake.clear()
            before = store.head().size
            newest = run_round(store, governed)
            now_s = time.monotonic()
            if newest is not None:
                self._courier.answered()
                governed, busy_s = newest, now_s + _BUSY_FOR_S
            if now_s >= renew_s:
                store.renew()
                renew_s = now_s + self._options.lease_s / 3
            if now_s >= clean_s:
                forget_old(store)
                clean_s = now_s + _CLEAN_S
            if self._publisher is not None and now_s >= publish_s and store.head().size > self._signed_size:
                self._publish_quietly(store, self._publisher)
                publish_s = now_s + self._publisher.every_s
            if newest is None:
                self._wake.wait(_BUSY_POLL_S if now_s < busy_s else _IDLE_POLL_S)
            elif store.head().size - before >= _MANY:
                self._wake.wait(_PAUSE_S)
        if self._publisher is not None:
            self._publish_quietly(store, self._publisher)

    def _publish_quietly(self, store: PgStore, publisher: Publisher) -> None:
        """Publish; a signing device that does not answer is remembered and tried again later."""
        try:
            self._sign(store, publisher.clock())
        except StoreFailed:
            raise
        except Unavailable as error:
            self.publish_failure = error
        else:
            self.publish_failure = None

    def _sign(self, store: PgStore, now_s: int) -> Published | None:
        with self._publishing:
            head = self._memory.catch_up().head
            if self._publisher is not None and head.size > self._signed_size:
                store.publish(Published(head.size, self._publisher.sign(head, now_s), now_s))
                self._signed_size = head.size
            return self._log.published()
