"""Where entries come in, whoever gives them their order."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from hashlib import sha256

from haechi.log.backlog import Backlog, Job, Placed
from haechi.log.merkle import HASH_SIZE
from haechi.log.store import DigestMismatch, Entry, Terms


class Intake:
    """The senders' side of a sequencer.

    Always true: an entry is queued only with the statement of its digest; each sender is answered once.
    """

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog

    def submit(self, statement: bytes | None, digest: bytes, terms: Terms | None = None) -> Future[Placed]:
        """Append one entry; the future gives its place, or the error that kept it out.

        statement: kept beside the log, None when it must not be held here; terms: see Entry, of no
        consequence where one process admits.
        Raises DigestMismatch, Busy, SequencerStopped.
        """
        future: Future[Placed] = Future()
        self.send(
            Entry(digest, statement, terms),
            future.set_running_or_notify_cancel,
            lambda places: future.set_result(places[0]),
            future.set_exception,
        )
        return future

    def send(
        self,
        entry: Entry,
        start: Callable[[], bool],
        answer: Callable[[list[Placed]], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        """`submit` for callers who wait in their own way: exactly one of `answer` and `fail` is called.

        That happens in the sequencer's thread, so it must return at once; neither when `start` said no.
        """
        entries = [entry]
        check_digests(entries)
        self._backlog.put(Job(entries, start=start, answer=answer, fail=fail))

    def submit_many(self, entries: Sequence[Entry]) -> Future[list[Placed]]:
        """Append many entries in this order; the future gives their places.

        They are committed in batches; when one fails, the future fails, and the batches before it stay in
        the log: sending all again gives those the same indices.
        Raises DigestMismatch, Busy, SequencerStopped.
        """
        check_digests(entries)
        future: Future[list[Placed]] = Future()
        if not entries:
            future.set_result([])
            return future
        self._backlog.put(
            Job(
                entries,
                start=future.set_running_or_notify_cancel,
                answer=future.set_result,
                fail=future.set_exception,
            )
        )
        return future

    def expect(self, coming: Callable[[], int]) -> None:
        """How many entries are on their way here, told in any thread; nothing waits for them here."""

    def told(self, since: int, until: int) -> Sequence[bytes]:  # noqa: ARG002  # nobody else is there
        """What the log's other processes read in the entries placed from `since` to `until`; a hint, no more.

        Each is a MessagePack array of what `Entry.said` holds. Raises StoreFailed.
        """
        return ()


def check_digests(entries: Sequence[Entry]) -> None:
    """Raise DigestMismatch unless each statement is the one of its digest."""
    for digest, statement, *_ in entries:
        if len(digest) != HASH_SIZE:
            raise DigestMismatch(expected=f"{HASH_SIZE} bytes", got=f"{len(digest)} bytes")
        if statement is not None and sha256(statement).digest() != digest:
            raise DigestMismatch(expected=digest.hex(), got=sha256(statement).hexdigest())
