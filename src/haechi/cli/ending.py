"""How a command ends: with its own exit code, or an error told in one line, a hint and a documented code.

Unavailable
└── SystemRefused     the operating system did not do what a command needs
"""

import io
import sys
from collections.abc import Callable

from haechi.cli.out import Out
from haechi.errors import HaechiError, Unavailable
from haechi.words import Text, system_reason

INTERRUPTED = 130


class SystemRefused(Unavailable):
    """The operating system did not do what a command needs; facts: what_is, why."""

    code = "cli.system"
    hint = Text(
        "check the path, its permissions and the free space",
        "경로와 권한, 남은 공간을 확인하세요",
    )


def end(work: Callable[[], object]) -> None:
    """Do a command's work and leave the process; what the work returns is the exit code, if it is one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a crash.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_ended(work, Out(json="--json" in sys.argv)))


def _ended(work: Callable[[], object], out: Out) -> int:
    try:
        done = work()
        sys.stdout.flush()
    except HaechiError as error:
        return out.error(error)
    except BrokenPipeError:
        # The reader of our output went away; nothing is left to say to it.
        sys.stderr.close()
        return 1
    except OSError as error:
        return out.error(
            SystemRefused(what_is=error.filename or Text("the system", "시스템"), why=system_reason(error))
        )
    except KeyboardInterrupt:
        return INTERRUPTED
    return done if isinstance(done, int) else 0
