"""Reading the compiled file that ships beside this module: where this room touches the disk at run time."""

from functools import cache
from pathlib import Path

from haechi.facts.facts import Facts, FactsUnreadable

COMPILED = Path(__file__).with_name("compiled.json")
"""Where the compiled facts lie, in an installed package and in a source tree alike."""


@cache
def load() -> Facts:
    """The facts that ship with this release, read once in a process. Raises FactsUnreadable."""
    return read(COMPILED)


def read(path: Path) -> Facts:
    """The facts in a compiled file, read anew each time. Raises FactsUnreadable."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FactsUnreadable(what_is="facts", why=f"{error.strerror}: {path.name}") from error
    return Facts.from_json(raw)
