"""Settings of a process that serves: its memory, its descriptors, and how its threads take turns."""

import gc
import os
import resource
import sys
import threading
from contextlib import suppress

_THRESHOLDS = (20_000, 20, 50)
_DESCRIPTORS = 4096


def settle_memory() -> None:
    """Look no more through what is there now, and less often through what comes.

    Looking through facts and code for garbage again and again cost every twentieth statement's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def settle_descriptors() -> None:
    """Room for every connection beside our own files, as far as the system allows it to us.

    Most systems give 1,024 descriptors to who does not ask, which connections alone could take.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(_DESCRIPTORS, most)
    if resource.RLIM_INFINITY != now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def settle_threads() -> None:
    """Let no thread of this process push another off its core when it wakes; nothing where that is refused.

    A statement passes three threads and two processes. When every wake-up interrupts whoever works, most wait
    for the interpreter's lock a moment later. Threads and processes started from here on do the same. A core
    that is free is had at once as before; beside busy programs a wake-up waits for a time slice (sched(7)).
    """
    if sys.platform != "linux":
        return
    for thread in threading.enumerate():
        with suppress(OSError):  # a container may forbid it, or the thread has just ended
            os.sched_setscheduler(thread.native_id or 0, os.SCHED_BATCH, os.sched_param(0))
