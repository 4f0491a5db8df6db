"""Files that are there whole or not at all, whatever stops the process.

    BadInput
    └── ContentDiffers    what arrived is not what its digest and size promise; nothing was kept
    Unavailable
    └── DiskRefused       the disk did not take the file; nothing was kept

Every file is made with mode 0600.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from haechi.errors import BadInput, Unavailable
from haechi.words import Text

PART = ".part-"
"""How the names of unfinished files begin."""


class ContentDiffers(BadInput):
    """What arrived is not what was promised; facts: name, part, expected, got."""

    code = "network.content-differs"
    what = Text(
        "{name} is not the file that was promised: {part}: expected {expected}, got {got}",
        "{name}은(는) 약속된 파일이 아닙니다: {part}: 기대값 {expected}, 받은 값 {got}",
    )
    hint = Text("nothing was kept; get it from another node", "저장된 것은 없습니다. 다른 노드에서 받으세요")


class DiskRefused(Unavailable):
    """The file could not be written; facts: what_is (its path), why."""

    code = "network.disk-refused"
    hint = Text(
        "free or mend the disk and try again; nothing was kept",
        "디스크를 비우거나 고친 뒤 다시 시도하세요. 저장된 것은 없습니다",
    )


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` with mode 0600, in place of what was there; raises DiskRefused.

    When this returns, the new bytes are on the disk; when it does not, the old ones still are.
    """

    def write(file: BinaryIO) -> None:
        file.write(data)

    _replace(path, write)


def receive(path: Path, chunks: Iterable[bytes], digest: bytes, size: int | None, limit: int) -> None:
    """Put a stream at `path` if its SHA-256 and size are the promised ones.

    size: None when only the digest was promised; it may then have `limit` bytes.

    Raises ContentDiffers, DiskRefused; stops at the first byte too many. Errors of `chunks` pass through.
    Memory: one chunk.
    """
    most = limit if size is None else size

    def write(file: BinaryIO) -> None:
        sha, got = hashlib.sha256(), 0
        for chunk in chunks:
            got += len(chunk)
            if got > most:
                raise ContentDiffers(name=path.name, part="bytes", expected=most, got=f"more than {most}")
            sha.update(chunk)
            file.write(chunk)
        if size is not None and got != size:
            raise ContentDiffers(name=path.name, part="bytes", expected=size, got=got)
        if sha.digest() != digest:
            raise ContentDiffers(name=path.name, part="SHA-256", expected=digest.hex(), got=sha.hexdigest())

    _replace(path, write)


def _replace(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a part file beside `path`, make it durable, then give it the name."""
    import tempfile  # not needed for reading, and it loads much

    try:
        handle, name = tempfile.mkstemp(prefix=PART, dir=path.parent)  # mode 0600
    except OSError as error:
        raise DiskRefused(what_is=str(path), why=str(error)) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise DiskRefused(what_is=str(path), why=str(error)) from error
    finally:
        part.unlink(missing_ok=True)  # only there when something above went wrong


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
