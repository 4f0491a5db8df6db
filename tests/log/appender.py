"""A process that appends to a log from several threads until it is killed, and says what was acknowledged.

Each acknowledged entry is a line `number index` on standard output, written in one call, so that what the
parent reads was acknowledged before the kill. Run as `python -m tests.log.appender FOLDER SEED [LIMIT]`;
LIMIT is the largest file in bytes that this process may write.
"""

import os
import random
import resource
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.log.logs import entry, open_log, publisher, small_runs

from haechi.errors import Unavailable
from haechi.log.backlog import Placed, SequencerStopped, Tuning
from haechi.log.sequencer import Sequencer

SINGLE_SENDERS = 4
ATTEMPTS = 5
BULK = 300


def say(numbers: list[int], places: list[Placed]) -> None:
    lines = [f"{number} {place.index}\n" for number, place in zip(numbers, places, strict=True)]
    for at in range(0, len(lines), 100):
        os.write(1, "".join(lines[at : at + 100]).encode())


def send_one_by_one(sequencer: Sequencer, first: int) -> None:
    for number in range(first, first + 10**6):
        one = entry(number)
        say([number], [sequencer.submit(one.statement, one.digest).result()])


def send_in_bulk(sequencer: Sequencer, first: int, seed: int) -> None:
    at, rng = first, random.Random(seed)  # noqa: S311  # chance, not secrecy
    while True:
        numbers = list(range(at, at + rng.randrange(1, BULK)))
        places = sequencer.submit_many([entry(number) for number in numbers]).result()
        say(numbers, places)
        at = numbers[-1]  # and the last one again: it must get the same index


def main(folder: Path, seed: int, limit: int | None) -> None:
    rng = random.Random(seed)  # noqa: S311  # as above
    if limit is not None:
        # Writing beyond the limit is then an error (EFBIG) and not the end of the process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    small_runs(pytest.MonkeyPatch(), run=4096, fan_in=2)
    with open_log(folder, tuning=Tuning(max_batch=256), publish=publisher(every_s=0.005)) as log:
        os.write(1, b"ready\n")
        base = rng.randrange(10**9) * 10**9
        works = [partial(send_one_by_one, log.sequencer, base + at * 10**7) for at in range(SINGLE_SENDERS)]
        works.append(partial(send_in_bulk, log.sequencer, base + 10**8, seed))
        threads = [threading.Thread(target=_until_refused, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    os.write(1, b"refused\n")


def _until_refused(work: Callable[[], None]) -> None:
    """Begin again after a failure: what was acknowledged before must get the same index again."""
    for _ in range(ATTEMPTS):
        try:
            work()
        except SequencerStopped:
            return
        except Unavailable:
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
