"""Files that commands read and write: bounded on the way in, whole or not at all on the way out.

NotFound
└── FileAbsent        there is no such file
Unavailable
└── FileRefused       the operating system does not give or take the file
"""

import os
import re
from pathlib import Path

from haechi.errors import BadInput, NotFound, TooLarge, Unavailable
from haechi.words import Text, system_reason

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})\Z")


class FileAbsent(NotFound):
    """No such file; facts: what_is, name (its path)."""

    code = "cli.no-file"
    hint = Text("check the path", "경로를 확인하세요")


class FileRefused(Unavailable):
    """A file that can't be read or written; facts: what_is, why."""

    code = "cli.file"
    hint = Text(
        "check the path, its permissions and the free space; nothing was written",
        "경로와 권한, 남은 공간을 확인하세요. 쓴 것은 없습니다",
    )


def read_file(path: Path, limit: int, what: Text) -> bytes:
    """The whole file, at most `limit` bytes; raises FileAbsent, FileRefused, TooLarge."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise FileAbsent(what_is=what, name=str(path)) from None
    except OSError as error:
        raise FileRefused(what_is=str(path), why=system_reason(error)) from error
    if len(raw) > limit:
        raise TooLarge(what_is=what, limit=limit, got=max(len(raw), path.stat().st_size))
    return raw


def write_file(path: Path, data: bytes) -> None:
    """Put the data at `path` durably, in place of what was there, with the usual permissions.

    Raises FileRefused; what was there is untouched then.
    """
    import tempfile  # not needed for reading, and it loads much

    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o666 & ~_umask())
            file.write(data)
            file.flush()
            os.fsync(handle)
        part.replace(path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise FileRefused(what_is=str(path), why=system_reason(error)) from error


def digest_in(text: str) -> str | None:
    """The 64 hex digits of a digest written with or without `sha256:`; None for anything else."""
    found = _DIGEST.match(text)
    return None if found is None else found[1]


def require_digest(text: str) -> str:
    """The 64 hex digits of a digest; raises BadInput."""
    digest = digest_in(text)
    if digest is None:
        why = Text("a digest has 64 hex digits", "다이제스트는 16진수 64자입니다")
        raise BadInput(why=why)
    return digest


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
