"""A log written out as the static files of C2SP tlog-tiles, for any web server or bucket to serve.

Its errors:

    Conflict
    └── ExportElsewhere    the directory holds another log, or a history this log does not have
    Unavailable
    ├── ExportRunning      another export writes there now
    └── ExportFailed       the disk refused; what was there before is still whole
"""

import fcntl
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from haechi.errors import BadInput, Conflict, Unavailable
from haechi.log.checkpoint import Checkpoint, read_checkpoint
from haechi.log.objects import Objects
from haechi.log.store import NotStored, View
from haechi.log.tiles import ENTRIES, TileDamaged, TileName, TileTree, changed_tiles, tile_path
from haechi.words import Text, system_reason

CHECKPOINT = "checkpoint"
_LOCK = ".export.lock"
_PART = ".part"


class ExportElsewhere(Conflict):
    """The directory holds something this log did not write; facts: path, why."""

    code = "log.export-elsewhere"
    what = Text(
        "{path} is not an export of this log: {why}", "{path}은(는) 이 로그의 내보내기가 아닙니다: {why}"
    )
    hint = Text("choose an empty directory", "빈 디렉터리를 고르세요")


class ExportRunning(Unavailable):
    """Another process exports to the directory; facts: path."""

    code = "log.export-running"
    what = Text("another export writes to {path}", "다른 내보내기가 {path}에 쓰고 있습니다")
    hint = Text("wait until it has finished", "끝날 때까지 기다리세요")


class ExportFailed(Unavailable):
    """A file could not be written; facts: path, why."""

    code = "log.export-failed"
    what = Text("{path} could not be written: {why}", "{path}에 쓸 수 없습니다: {why}")
    hint = Text(
        "free or mend the disk and export again; it goes on where it stopped",
        "디스크를 비우거나 고친 뒤 다시 내보내세요. 멈춘 곳부터 이어집니다",
    )


class Exported(NamedTuple):
    """What an export did: entries served now; tile files written, there already, and removed as outgrown."""

    size: int
    written: int
    kept: int
    removed: int


def _silent(_done: int) -> None:
    pass


def export(view: View, directory: Path, progress: Callable[[int], None] = _silent) -> Exported:
    """Bring `directory` up to the newest published checkpoint of `view`.

    Every file appears whole, on the disk, by a rename; full tiles are written once; the checkpoint comes
    last, so a visitor never sees one whose tiles are missing. Stopped anywhere, the next call goes on.
    progress: called with the number of files written. Raises NotStored (nothing published), ExportElsewhere,
    ExportRunning, ExportFailed, TileDamaged, StoreFailed.
    """
    published = view.published()
    if published is None:
        raise NotStored(what_is=Text("checkpoint", "체크포인트"), name=Text("of this log", "이 로그의 것"))
    new, _ = read_checkpoint(published.note)
    with _alone(directory), _disk(directory):
        old_size = _exported_size(directory, view, new)
        written = kept = 0
        touched: set[Path] = set()
        for name in _names(old_size, new.size):
            path = directory / tile_path(*name)
            touched.update(_folders(path, directory))
            if path.exists():
                kept += 1
                continue
            _write(path, _tile(view, name))
            written += 1
            progress(written)
        # The folders of files that were there too: an export that was killed may not have come this far.
        for folder in {directory.parent, *touched}:
            _sync(folder)
        # Also at the same size: more cosignatures may have come.
        _write(directory / CHECKPOINT, published.note)
        _sync(directory)
        return Exported(new.size, written, kept, _remove_partials(touched))


def export_objects(view: View, objects: Objects, progress: Callable[[int], None] = _silent) -> Exported:
    """Bring a place in a bucket up to the newest published checkpoint of `view`; as `export`, in objects.

    Tiles are written on condition that they are not there; the checkpoint comes last. Only one process may
    export to a place at a time. Raises NotStored, ExportElsewhere, ObjectsRefused, TileDamaged, StoreFailed.
    """
    published = view.published()
    if published is None:
        raise NotStored(what_is=Text("checkpoint", "체크포인트"), name=Text("of this log", "이 로그의 것"))
    new, _ = read_checkpoint(published.note)
    old = objects.get(CHECKPOINT)
    old_size = 0 if old is None else _same_history(old, objects.label, view, new)
    written = kept = 0
    for name in _names(old_size, new.size):
        if objects.put_new(tile_path(*name), _tile(view, name)):
            written += 1
            progress(written)
        else:
            kept += 1
    objects.replace(CHECKPOINT, published.note)
    return Exported(new.size, written, kept, 0)


def _names(old_size: int, new_size: int) -> Generator[TileName]:
    """Tiles and bundles that the newer tree has and the older has not."""
    for name in changed_tiles(old_size, new_size):
        if name.level == 0:
            yield TileName(ENTRIES, name.n, name.width)
        yield name


def _tile(view: View, name: TileName) -> bytes:
    data = view.entries(name.n, name.width) if name.level == ENTRIES else view.tile(*name)
    if data is None:
        raise TileDamaged(tile=tile_path(*name), part="bytes", expected=name.width, got="none")
    return data


def _exported_size(directory: Path, view: View, new: Checkpoint) -> int:
    """Entries that an earlier export finished here; 0 for none. Raises ExportElsewhere."""
    try:
        raw = (directory / CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return 0
    return _same_history(raw, str(directory), view, new)


def _same_history(raw: bytes, where: str, view: View, new: Checkpoint) -> int:
    """The size of an earlier export's checkpoint, if this log continues it. Raises ExportElsewhere."""
    try:
        old, _ = read_checkpoint(raw)
    except BadInput as error:
        raise ExportElsewhere(path=where, why=str(error)) from error
    if old.origin != new.origin:
        raise ExportElsewhere(path=where, why=f"it holds {old.origin}")
    if old.size > new.size:
        raise ExportElsewhere(path=where, why=f"it has {old.size} entries, the log {new.size}")
    if TileTree(view.tree_tile).root(old.size) != old.root:
        raise ExportElsewhere(path=where, why=f"another root at size {old.size}")
    return old.size


def _remove_partials(folders: Iterable[Path]) -> int:
    """Remove the partial tiles in `folders` whose full tile is served now; how many."""
    removed = 0
    for folder in folders:
        for partials in folder.glob("*.p"):
            if not partials.with_suffix("").is_file():
                continue
            for partial in partials.iterdir():
                partial.unlink()
                removed += 1
            partials.rmdir()
    return removed


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path` by a rename of a synced file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + _PART)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _folders(path: Path, top: Path) -> list[Path]:
    """The folders between `path` and `top`; each may have a new name in it."""
    return [folder for folder in path.parents if folder.is_relative_to(top)]


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _alone(directory: Path) -> Generator[None]:
    """No other export to `directory` in this block: an older checkpoint must not come after a newer one."""
    with _disk(directory):
        directory.mkdir(parents=True, exist_ok=True)
        fd = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ExportRunning(path=str(directory)) from None
        yield
    finally:
        os.close(fd)


@contextmanager
def _disk(directory: Path) -> Generator[None]:
    """Raises ExportFailed instead of OSError."""
    try:
        yield
    except OSError as error:
        raise ExportFailed(path=str(error.filename or directory), why=system_reason(error)) from error
