"""`haechi verify FILE` without the library of the command line, whose loading takes a quarter of its time.

Only the everyday form is recognised here, word for word. Whatever else is asked (other options,
abbreviations, help, a mistake) goes the long way.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from haechi.cli.ending import end
from haechi.cli.verification import Asked, verify

_FILES = {"--pins": "HAECHI_PINS", "--trust": "HAECHI_TRUST"}
_TOLD_OTHERWISE = ("HAECHI_NODE", "HAECHI_POLICY", "HAECHI_FACTS", "_HAECHI_COMPLETE")


def asked(arguments: Sequence[str], environ: Mapping[str, str]) -> Asked | None:
    """The everyday form of `verify`; None for anything else.

    >>> asked(["verify", "report.haechi", "--json"], {})
    Asked(what='report.haechi', pins=None, trust=None, node='', policy=None, quorum=None, json=True)
    >>> asked(["verify", "report.haechi", "--quorum", "2"], {})
    """
    if list(arguments[:1]) != ["verify"] or any(environ.get(name) for name in _TOLD_OTHERWISE):
        return None
    rest = iter(arguments[1:])
    words: list[str] = []
    given: dict[str, str] = {}
    for word in rest:
        if not word.startswith("-"):
            words.append(word)
            continue
        value = next(rest, "") if word in _FILES else ""
        known = word == "--json" or (word in _FILES and value and not value.startswith("-"))
        if not known or word in given:
            return None
        given[word] = value
    if len(words) != 1 or not words[0]:
        return None
    pins, trust = (given.get(option) or environ.get(name) for option, name in _FILES.items())
    return Asked(
        words[0], Path(pins) if pins else None, Path(trust) if trust else None, json="--json" in given
    )


def main() -> None:
    """Verify and leave the process if that is all that is asked; otherwise return."""
    if (question := asked(sys.argv[1:], os.environ)) is not None:
        end(lambda: verify(question))
