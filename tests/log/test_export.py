"""What an export promises: the files of C2SP tlog-tiles, whole, resumable, the checkpoint last."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from tests.log.logs import ORIGIN, SIGNER, Log, entries, open_log, publisher

from haechi.log import export as exporting
from haechi.log.checkpoint import open_checkpoint, read_checkpoint
from haechi.log.export import ExportElsewhere, ExportFailed, ExportRunning, export
from haechi.log.store import NotStored, Published
from haechi.log.tiles import ENTRIES, TileTree, changed_tiles, decode_entries, tile_path

NOW = 1_800_000_000


def grown(log: Log, start: int, end: int) -> None:
    log.sequencer.submit_many(entries(start, end)).result(60)
    log.sequencer.publish(NOW)


def files(site: Path) -> set[str]:
    return {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()} - {".export.lock"}


def expected(size: int) -> set[str]:
    names = list(changed_tiles(0, size))
    bundles = [name._replace(level=ENTRIES) for name in names if name.level == 0]
    return {"checkpoint", *(tile_path(*name) for name in [*names, *bundles])}


def proves_itself(site: Path) -> int:
    """The size of the exported log, after reading it as a visitor does: from its files alone."""
    opened = open_checkpoint((site / "checkpoint").read_bytes(), SIGNER.keys, ORIGIN).checkpoint

    def read(level: int, n: int, width: int) -> bytes | None:
        path = site / tile_path(level, n, width)
        return path.read_bytes() if path.exists() else None

    tree = TileTree(read)
    assert tree.root(opened.size) == opened.root
    for n in range(-(-opened.size // 256)):
        width = min(256, opened.size - n * 256)
        bundle = read(ENTRIES, n, width)
        assert bundle is not None
        assert len(decode_entries(bundle, width)) == width
        tree.inclusion(n * 256, opened.size)
    return opened.size


def test_an_export_is_the_tile_site_and_nothing_else(tmp_path: Path):
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 1000)
        done = export(log.store, tmp_path / "site")
    assert done.size == 1002 == proves_itself(tmp_path / "site")
    assert files(tmp_path / "site") == expected(1002)
    assert (done.written, done.kept, done.removed) == (len(expected(1002)) - 1, 0, 0)


def test_growing_adds_files_and_rewrites_none(tmp_path: Path):
    site = tmp_path / "site"
    with open_log(tmp_path, publish=publisher()) as log:
        last = 0
        for end in (100, 101, 300, 900, 1278):
            grown(log, last, end)
            before = {name: (site / name).stat() for name in files(site)}
            done = export(log.store, site)
            assert done.size == end + 2 == proves_itself(site)
            after = {name: (site / name).stat() for name in files(site)}
            for name in (before.keys() & after.keys()) - {"checkpoint"}:
                assert (before[name].st_ino, before[name].st_mtime_ns) == (
                    after[name].st_ino,
                    after[name].st_mtime_ns,
                )
            assert expected(end + 2) <= after.keys()
            last = end
    # Partial tiles go when the full one is there: 1280 is five full tiles.
    assert not list((site / "tile" / "0").glob("*.p"))
    assert not list((site / "tile" / "entries").glob("*.p"))


def test_nothing_new_writes_only_the_checkpoint(tmp_path: Path):
    site = tmp_path / "site"
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 300)
        export(log.store, site)
        newest = log.store.published()
        assert newest is not None
        more = newest.note + b"\xe2\x80\x94 witness.example/w AAAAAAAA\n"
        log.store.publish(Published(newest.size, more, NOW))
        assert export(log.store, site) == (302, 0, 0, 0)
        assert (site / "checkpoint").read_bytes() == more


def test_an_export_stopped_anywhere_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    site = tmp_path / "site"
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 400)
        export(log.store, site)
        grown(log, 400, 1500)
        sizes: list[int] = []
        for stop in range(100):
            shutil.rmtree(tmp_path / "try", ignore_errors=True)
            shutil.copytree(site, tmp_path / "try")
            with monkeypatch.context() as patch:
                _fail_after(patch, stop)
                try:
                    export(log.store, tmp_path / "try")
                    break
                except ExportFailed as error:
                    why = str(error)
            assert why.endswith("No space left on device")
            # Whatever was written, a visitor finds a whole log.
            sizes.append(proves_itself(tmp_path / "try"))
            assert export(log.store, tmp_path / "try").size == 1502 == proves_itself(tmp_path / "try")
            assert expected(1502) <= files(tmp_path / "try")
            assert not [name for name in files(tmp_path / "try") if name.endswith(".part")]
        assert sizes == [402] * (len(sizes) - 1) + [1502]
        assert len(sizes) > len(expected(1502) - expected(402))


def _fail_after(patch: pytest.MonkeyPatch, stop: int) -> None:
    calls, real = 0, os.fsync

    def fsync(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls > stop:
            raise OSError(28, "No space left on device")
        real(fd)

    patch.setattr(exporting.os, "fsync", fsync)


def test_only_one_export_writes_to_a_directory(tmp_path: Path):
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 10)
        export(log.store, tmp_path / "site")
        with (tmp_path / "site" / ".export.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with pytest.raises(ExportRunning):
                export(log.store, tmp_path / "site")
        export(log.store, tmp_path / "site")


def test_the_export_of_another_history_is_left_alone(tmp_path: Path):
    site = tmp_path / "site"
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 300)
        for name, note in {
            "another log": SIGNER.sign(302, bytes(32), NOW).replace(
                b"kr.example/log\n", b"jp.example/log\n", 1
            ),
            "another root": SIGNER.sign(302, bytes(32), NOW),
            "another past": SIGNER.sign(150, bytes(32), NOW),
            "ahead": SIGNER.sign(303, bytes(32), NOW),
            "garbage": b"hello",
        }.items():
            there = site / name
            there.mkdir(parents=True)
            (there / "checkpoint").write_bytes(note)
            with pytest.raises(ExportElsewhere):
                export(log.store, there)
            assert files(there) == {"checkpoint"}
            assert (there / "checkpoint").read_bytes() == note


def test_a_log_without_a_checkpoint_is_not_exported(tmp_path: Path):
    with open_log(tmp_path) as log, pytest.raises(NotStored):
        export(log.store, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_growing_log_is_exported_at_the_published_size(tmp_path: Path):
    with open_log(tmp_path, publish=publisher()) as log:
        grown(log, 0, 300)
        log.sequencer.submit_many(entries(300, 700)).result(60)
        assert export(log.store, tmp_path / "site").size == 302
        assert files(tmp_path / "site") == expected(302)
        note, _ = read_checkpoint((tmp_path / "site" / "checkpoint").read_bytes())
        assert note.size == 302
