"""Commands that work on many files: files, folders and patterns as given, and how the work is spread."""

import glob
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from haechi.cli.files import FileAbsent
from haechi.cli.misuse import WronglyUsed
from haechi.cli.options import tr
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.mark.fanout import Spread

Workers = Annotated[
    int, typer.Option("--workers", "-w", min=1, max=256, help=tr("processes at once", "동시 프로세스 수"))
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine", help=tr("local, or ray: spread over a cluster", "local 또는 ray(클러스터에 나누어 실행)")
    ),
]


class Named(NamedTuple):
    """A file, and its place below the folder or pattern that named it (its bare name when named itself)."""

    path: Path
    inner: Path


def named_files(given: Iterable[Path], suffixes: Collection[str], what: Text) -> Iterator[Named]:
    """The files that paths, folders and patterns name, sorted within each; raises FileAbsent.

    suffixes: which files of a folder or pattern count (lower case); a file named itself is always taken.
    Patterns are for shells that expand none, and for more files than a command line holds.
    """
    for path in given:
        if path.is_dir():
            found = (each for each in sorted(path.rglob("*")) if each.suffix.lower() in suffixes)
            yield from (Named(each, each.relative_to(path)) for each in found if each.is_file())
        elif path.exists():
            yield Named(path, Path(path.name))
        elif glob.has_magic(str(path)):
            yield from _matches(path, suffixes, what)
        else:
            raise FileAbsent(what_is=what, name=str(path))


def _matches(pattern: Path, suffixes: Collection[str], what: Text) -> Iterator[Named]:
    plain = next(at for at, part in enumerate(pattern.parts) if glob.has_magic(part))
    root = Path(*pattern.parts[:plain])
    found = [Path(name) for name in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207 - Path.glob wants a root
    files = [path for path in found if path.suffix.lower() in suffixes and path.is_file()]
    if not files:
        raise FileAbsent(what_is=what, name=str(pattern))
    yield from (Named(path, path.relative_to(root)) for path in files)


def spread_over(engine: str, workers: int, command: str) -> "Spread":
    """Where the work is done; raises WronglyUsed for an engine that there is not."""
    from haechi.mark.fanout import ENGINES, Spread

    for known in ENGINES:
        if known == engine:
            return Spread(known, workers)
    why = Text(
        f"no engine {engine!r}; there are local and ray", f"{engine!r} 엔진은 없음. 있는 것: local, ray"
    )
    raise WronglyUsed(why=why, command=command)
