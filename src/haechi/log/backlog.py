"""Entries waiting for the sequencer: a bounded queue that hands out batches.

Its errors:

    Unavailable
    ├── Busy               the queue is full: the caller should wait and send again
    └── SequencerStopped   closed, or stopped by a failure that needs the log to be opened again
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from haechi.errors import Unavailable
from haechi.log.store import Entry, Head
from haechi.words import Text


class Busy(Unavailable):
    """The queue of entries waiting to be committed is full; facts: waiting, limit."""

    code = "log.busy"
    what = Text(
        "the log is busy: {waiting} entries wait, at most {limit}",
        "로그가 바쁩니다: 대기 항목 {waiting}개, 최대 {limit}개",
    )
    hint = Text("send again in a moment", "잠시 뒤에 다시 보내세요")


class SequencerStopped(Unavailable):
    """No entries are accepted any more; facts: why."""

    code = "log.stopped"
    what = Text("the log accepts no entries: {why}", "로그가 항목을 받지 않습니다: {why}")
    hint = Text("open the log again; it checks itself then", "로그를 다시 여세요. 열 때 스스로 점검합니다")


class Placed(NamedTuple):
    """Where an entry is, and a durable head that covers it."""

    index: int  # pyright: ignore[reportIncompatibleMethodOverride]  # nobody searches in a place
    head: Head


@dataclass(frozen=True, slots=True)
class Tuning:
    """How entries are gathered: at most `max_batch` a transaction, `max_waiting` in the queue.

    A batch ends when nobody came for `gap_s` and nobody is known to come, or after `window_s`; a lone sender
    never waits.
    """

    gap_s: float = 0.002
    window_s: float = 0.02
    max_batch: int = 1024
    max_waiting: int = 16384


@dataclass(slots=True, eq=False)
class Job:
    """Entries sent together; they may end in more than one batch, and are answered after the last.

    start: says whether the sender still wants them (a future not cancelled).
    """

    entries: Sequence[Entry]
    start: Callable[[], bool]
    answer: Callable[[list[Placed]], None]
    fail: Callable[[BaseException], None]
    taken: int = 0
    places: list[Placed] = field(default_factory=list[Placed])


class Part(NamedTuple):
    """What one batch takes of a job."""

    job: Job
    entries: Sequence[Entry]


def _nobody() -> int:
    return 0


class Backlog:
    """Jobs in the order they came.

    Always true: `put` never waits; the entries inside are at most `max_waiting`, except for one larger job
    that was alone; a batch has at most `max_batch` entries and keeps the order; a lone sender's entries are
    handed out at once, many senders are waited for while they keep coming, at most `window_s`.
    """

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._jobs: deque[Job] = deque()
        self._waiting = 0
        self._senders = 1
        self._wake_at = 1
        self._closed: str | None = None
        self._called = False
        self._coming: Callable[[], int] = _nobody
        self._changed = threading.Condition(threading.Lock())

    def expect(self, coming: Callable[[], int]) -> None:
        """Ask `coming`, from now on and in any thread, how many more jobs will be put in a moment."""
        self._coming = coming

    @property
    def closed(self) -> str | None:
        """Why nothing is taken any more; None while jobs are."""
        return self._closed

    def put(self, job: Job) -> None:
        """Add a job. Raises Busy, SequencerStopped."""
        limit = self._tuning.max_waiting
        with self._changed:
            if self._closed is not None:
                raise SequencerStopped(why=self._closed)
            if self._waiting and self._waiting + len(job.entries) > limit:
                raise Busy(waiting=self._waiting, limit=limit)
            self._jobs.append(job)
            self._waiting += len(job.entries)
            if self._enough():
                self._changed.notify()

    def take(self, timeout_s: float | None) -> list[Part] | None:
        """The next batch; empty after `timeout_s` without one; None when closed and nothing waits."""
        with self._changed:
            self._wake_at = 1
            if not self._jobs and self._closed is None:
                self._changed.wait_for(lambda: self._called or self._enough(), timeout_s)
            self._called = False
            if not self._jobs:
                return None if self._closed is not None else []
            if self._senders > 1 or len(self._jobs) > 1:
                self._gather()
            parts = self._split()
            self._senders = max(len(parts), 1)
            return parts

    def call(self) -> None:
        """End the wait of whoever takes, for something else that is to be looked at."""
        with self._changed:
            self._called = True
            self._changed.notify()

    def _gather(self) -> None:
        """Wait while senders keep coming, within bounds; the lock is held.

        Each commit costs two syncs and a signed tree, whether for four entries or four hundred; and those
        answered together tend to come back together.
        """
        self._wake_at = self._tuning.max_batch
        until_s = time.monotonic() + self._tuning.window_s
        seen = 0
        while (len(self._jobs) > seen or self._coming() > 0) and not self._enough():
            seen = len(self._jobs)
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            self._changed.wait_for(self._enough, min(self._tuning.gap_s, left_s))

    def drop(self, jobs: Sequence[Job]) -> None:
        """Forget what is left of these jobs."""
        with self._changed:
            for job in jobs:
                if job in self._jobs:
                    self._jobs.remove(job)
                    self._waiting -= len(job.entries) - job.taken

    def close(self, why: str) -> list[Job]:
        """Refuse new jobs from now on; the jobs that wait. The first reason stays."""
        with self._changed:
            self._closed = self._closed or why
            self._changed.notify()
            return list(self._jobs)

    def _enough(self) -> bool:
        return (
            len(self._jobs) >= self._wake_at
            or self._waiting >= self._tuning.max_batch
            or self._closed is not None
        )

    def _split(self) -> list[Part]:
        parts: list[Part] = []
        room = self._tuning.max_batch
        while self._jobs and room:
            job = self._jobs[0]
            if job.taken == 0 and not job.start():
                self._waiting -= len(job.entries)
                self._jobs.popleft()
                continue
            part = Part(job, job.entries[job.taken : job.taken + room])
            parts.append(part)
            room -= len(part.entries)
            job.taken += len(part.entries)
            self._waiting -= len(part.entries)
            if job.taken == len(job.entries):
                self._jobs.popleft()
        return parts
