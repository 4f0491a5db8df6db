"""What the head store promises: one signer, no head lost or replaced unseen, no damage taken for a head."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.log.logs import ORIGIN

from haechi.log import headstore
from haechi.log.headstore import (
    HeadDamaged,
    HeadMissing,
    HeadMoved,
    HeadStore,
    HeadStoreBroken,
    SignerLocked,
    head_path,
    peek,
)
from haechi.log.store import Head

ONE, TWO, THREE = (Head(size, bytes([size]) * 32) for size in (2, 5, 9))


def test_a_new_store_has_no_head_and_an_old_one_the_last(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        assert heads.current() is None
        heads.advance(None, ONE)
        heads.advance(ONE, TWO)
    with HeadStore.open(tmp_path, ORIGIN) as heads:
        assert heads.current() == TWO
        heads.advance(TWO, THREE)
    assert peek(tmp_path, ORIGIN) == THREE


def test_creating_again_keeps_what_is_there(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        assert heads.current() == ONE


def test_a_head_store_is_never_made_by_opening(tmp_path: Path):
    with pytest.raises(HeadMissing):
        HeadStore.open(tmp_path, ORIGIN)
    with pytest.raises(HeadMissing):
        peek(tmp_path, ORIGIN)


@pytest.mark.parametrize(
    ("expected", "new"),
    [
        (None, THREE),
        (ONE, THREE),
        (Head(TWO.size, ONE.root), THREE),
        (TWO, ONE),
        (TWO, Head(TWO.size, ONE.root)),
    ],
    ids=["nothing expected", "older expected", "other root expected", "smaller", "same size, other root"],
)
def test_a_moved_head_refuses(tmp_path: Path, expected: Head | None, new: Head):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
        heads.advance(ONE, TWO)
        with pytest.raises(HeadMoved):
            heads.advance(expected, new)
        assert heads.current() == TWO
        heads.advance(TWO, TWO)
        heads.advance(TWO, THREE)


def test_origins_and_keys_have_heads_of_their_own(tmp_path: Path):
    names = [(ORIGIN, b""), (ORIGIN, b"key1"), (ORIGIN + "2", b""), ("kr.example", b"/log")]
    opened = [HeadStore.create(tmp_path, *name) for name in names]
    for size, heads in enumerate(opened, 2):
        heads.advance(None, Head(size, bytes(32)))
        heads.close()
    assert [peek(tmp_path, *name) for name in names] == [Head(size, bytes(32)) for size in range(2, 6)]


def test_a_second_signer_is_refused_while_the_first_lives(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
        with pytest.raises(SignerLocked):
            HeadStore.open(tmp_path, ORIGIN)
        with pytest.raises(SignerLocked):
            HeadStore.create(tmp_path, ORIGIN)
        assert peek(tmp_path, ORIGIN) == ONE
    HeadStore.open(tmp_path, ORIGIN).close()


def test_another_process_is_refused_too(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from haechi.log.headstore import *\n"
        "try: HeadStore.open(Path(sys.argv[1]), sys.argv[2])\n"
        "except SignerLocked: sys.exit(7)"
    )
    command = [sys.executable, "-c", program, str(tmp_path), ORIGIN]
    with HeadStore.create(tmp_path, ORIGIN):
        assert subprocess.run(command, check=False).returncode == 7
    assert subprocess.run(command, check=False).returncode == 0


def test_a_write_torn_at_any_byte_leaves_the_head_before(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
        heads.advance(ONE, TWO)
    path = head_path(tmp_path, ORIGIN)
    before = path.read_bytes()
    with HeadStore.open(tmp_path, ORIGIN) as heads:
        heads.advance(TWO, THREE)
    after = path.read_bytes()
    changed = [at for at in range(len(before)) if before[at] != after[at]]
    # The new slot's bytes arrive up to `cut`; until the last one the old head must be read.
    for cut in range(changed[0], changed[-1] + 1):
        path.write_bytes(after[:cut] + before[cut:])
        assert peek(tmp_path, ORIGIN) == TWO
    path.write_bytes(after)
    assert peek(tmp_path, ORIGIN) == THREE


def test_damage_is_never_taken_for_a_head(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
        heads.advance(ONE, TWO)
    path = head_path(tmp_path, ORIGIN)
    good = path.read_bytes()
    used = [at for at in range(len(good)) if at % 4096 < 144]
    for at in used:
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert peek(tmp_path, ORIGIN) in (ONE, TWO)
    for damaged in (good[:8000], good[:100], b"\1" * 8192, good[:50] + bytes(8142)):
        path.write_bytes(damaged)
        with pytest.raises(HeadDamaged):
            HeadStore.open(tmp_path, ORIGIN)


def test_the_file_of_another_log_is_refused(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        heads.advance(None, ONE)
    head_path(tmp_path, "jp.example/log").write_bytes(head_path(tmp_path, ORIGIN).read_bytes())
    with pytest.raises(HeadDamaged, match="another origin"):
        HeadStore.open(tmp_path, "jp.example/log")


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_after_a_failed_write_nothing_is_accepted_until_it_is_opened_again(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
):
    heads = HeadStore.create(tmp_path, ORIGIN)
    heads.advance(None, ONE)

    def refuse(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(headstore.os, call, refuse)
    with pytest.raises(HeadStoreBroken, match="Input/output"):
        heads.advance(ONE, TWO)
    monkeypatch.undo()
    for attempt in (heads.current, lambda: heads.advance(ONE, TWO)):
        with pytest.raises(HeadStoreBroken):
            attempt()
    heads.close()
    with HeadStore.open(tmp_path, ORIGIN) as heads:
        # The sync failed, not the write: either head may be there, and both were allowed to be.
        assert heads.current() in (ONE, TWO)


def test_the_file_keeps_its_length_so_that_a_write_has_no_metadata_to_lose(tmp_path: Path):
    with HeadStore.create(tmp_path, ORIGIN) as heads:
        size = os.path.getsize(heads.path)  # noqa: PTH202  # the file is open here
        last: Head | None = None
        for step in range(2, 50):
            new = Head(step, os.urandom(32))
            heads.advance(last, new)
            last = new
        assert heads.path.stat().st_size == size == 8192
        assert heads.path.stat().st_mode & 0o777 == 0o600
