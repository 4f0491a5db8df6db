"""Reading the compiled file that ships beside this module: where this room touches the disk at run time."""

from functools import cache
from pathlib import Path

from haechi.facts.facts import Facts, FactsUnreadable
from haechi.words import Text

COMPILED = Path(__file__).with_name("compiled.json")
"""Where the compiled facts lie, in an installed package and in a source tree alike."""


_chosen = COMPILED


def load() -> Facts:
    """The facts of this release, or those chosen, read once in a process. Raises FactsUnreadable."""
    return _once(_chosen)


def choose(path: Path) -> Facts:
    """Answer with another compiled file from here on. Raises FactsUnreadable; then nothing changed.

    For a command that is asked with what was known earlier; a running node never does it.
    """
    global _chosen  # noqa: PLW0603  # one data version a process, so that no answer mixes two
    found = _once(path)
    _chosen = path
    return found


@cache
def _once(path: Path) -> Facts:
    return read(path)


def read(path: Path) -> Facts:
    """The facts in a compiled file, read anew each time. Raises FactsUnreadable."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FactsUnreadable(
            what_is=Text("facts", "사실 자료"), why=f"{error.strerror}: {path.name}"
        ) from error
    return Facts.from_json(raw)
