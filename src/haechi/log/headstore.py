"""The head a signer stands behind, kept outside the log's directory and outside its backups.

A log that is restored from a backup, or started twice, would sign a second history and never know. The
head store is the memory that a restore does not roll back: a file of two slots in a directory of its own,
one file per origin and signing key.

    HeadMoved (Conflict)        the stored head is not the one the caller built upon
    HeadDamaged (Conflict)      neither slot of the file can be trusted, or it belongs to another log
    HeadMissing (NotFound)      there is no file: it was never made, or was left behind in a move
    SignerLocked (Unavailable)  another process signs for this log
    HeadStoreBroken (Unavailable)  a write failed, so what the disk holds is unknown: open it again

The lock is `flock`, which a network file system may not honour: keep the file on a local disk.
"""

import errno
import fcntl
import hashlib
import os
import struct
from pathlib import Path
from typing import NamedTuple, Self

from haechi.errors import Conflict, NotFound, Unavailable
from haechi.log.store import Head
from haechi.words import Text

_MAGIC = b"haechi head v1\n\0"
_BODY = struct.Struct(">16s32sQQ32s")  # magic, identity, step, size, root
_SLOT_BYTES = _BODY.size + hashlib.sha256().digest_size
# A slot has a block to itself, so a torn write can hurt only the slot being written.
_SLOT_STRIDE = 4096
_SLOTS = 2


class HeadMoved(Conflict):
    """Compare-and-swap lost; facts: origin, expected, got (size and root as text)."""

    code = "log.head-moved"
    what = Text(
        "the head of {origin} moved: expected {expected}, got {got}",
        "{origin}의 헤드가 바뀌었습니다: 예상 {expected}, 실제 {got}",
    )
    hint = Text(
        "another signer went on from here, or this copy is old: never sign from it",
        "다른 서명자가 이미 이어 썼거나 이 사본이 오래되었습니다. 이 사본으로 서명하지 마세요",
    )


class HeadDamaged(Conflict):
    """The file cannot be trusted; facts: path, why."""

    code = "log.head-damaged"
    what = Text(
        "the head file {path} cannot be trusted: {why}", "헤드 파일 {path}을(를) 믿을 수 없습니다: {why}"
    )
    hint = Text(
        "compare the log with its mirrors and witnesses before anything is signed again",
        "다시 서명하기 전에 로그를 미러와 증인과 비교하세요",
    )


class HeadMissing(NotFound):
    """No head file for this origin and key; facts: path, origin."""

    code = "log.head-missing"
    what = Text("no head file for {origin} at {path}", "{path}에 {origin}의 헤드 파일이 없습니다")
    hint = Text(
        "move the head file together with the key; without it a restored log could sign a second history",
        "헤드 파일을 키와 함께 옮기세요. 없으면 복원된 로그가 두 번째 이력에 서명할 수 있습니다",
    )


class SignerLocked(Unavailable):
    """Another process holds the head file; facts: origin, path."""

    code = "log.signer-locked"
    what = Text(
        "another process signs for {origin} (lock on {path})",
        "다른 프로세스가 {origin}에 서명하고 있습니다 ({path} 잠김)",
    )
    hint = Text("stop the other process first", "다른 프로세스를 먼저 멈추세요")


class HeadStoreBroken(Unavailable):
    """A write to the head file failed; facts: path, why."""

    code = "log.head-store-broken"
    what = Text("writing the head file {path} failed: {why}", "헤드 파일 {path}에 쓰지 못했습니다: {why}")
    hint = Text(
        "mend the disk and start again; nothing that failed was acknowledged",
        "디스크를 고친 뒤 다시 시작하세요. 실패한 항목은 접수 확인되지 않았습니다",
    )


class _Slot(NamedTuple):
    step: int
    head: Head


class HeadStore:
    """The stored head of one origin and key, held by at most one process.

    Always true: the size never shrinks; a head replaces exactly the head its writer named; when
    `advance` returns, the new head is on the disk; the slot holding the last acknowledged head is never
    the one being written. After a failed write nothing more is accepted until the file is opened again.
    """

    def __init__(self, path: Path, origin: str, fd: int, slot: _Slot | None, identity: bytes) -> None:
        self.path = path
        self.origin = origin
        self._fd = fd
        self._slot = slot
        self._identity = identity
        self._why_broken: str | None = None

    @classmethod
    def open(cls, directory: Path, origin: str, key_id: bytes = b"") -> Self:
        """The head store of an existing log, locked for this process until `close`.

        Raises HeadMissing, SignerLocked, HeadDamaged.
        """
        path = head_path(directory, origin, key_id)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise HeadMissing(path=str(path), origin=origin) from None
        return cls._locked(path, origin, key_id, fd)

    @classmethod
    def create(cls, directory: Path, origin: str, key_id: bytes = b"") -> Self:
        """The head store of a log about to be made: an empty file, made durable; an existing file is kept.

        Raises SignerLocked, HeadDamaged.
        """
        directory.mkdir(parents=True, exist_ok=True)
        path = head_path(directory, origin, key_id)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return cls._locked(path, origin, key_id, fd, make=True)

    @classmethod
    def _locked(cls, path: Path, origin: str, key_id: bytes, fd: int, *, make: bool = False) -> Self:
        identity = _identity(origin, key_id)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if make and os.fstat(fd).st_size == 0:
                # Only under the lock, or it could erase the head that another process has just stored.
                _allocate(path, fd)
            slot = _newest(path, os.pread(fd, _SLOTS * _SLOT_STRIDE, 0), identity)
        except BlockingIOError:
            os.close(fd)
            raise SignerLocked(origin=origin, path=str(path)) from None
        except BaseException:
            os.close(fd)
            raise
        return cls(path, origin, fd, slot, identity)

    def current(self) -> Head | None:
        """The stored head; None when no head was ever stored. Raises HeadStoreBroken after a failed write."""
        self._refuse_when_broken()
        return self._slot.head if self._slot else None

    def advance(self, expected: Head | None, new: Head) -> None:
        """Replace `expected` by `new`; on return it is on the disk.

        Raises HeadMoved when the stored head is not `expected` or `new` is smaller, or has the same
        size and another root; HeadStoreBroken when the disk refuses, and from then on at every call.
        """
        stored = self.current()
        if stored != expected:
            raise HeadMoved(origin=self.origin, expected=_show(expected), got=_show(stored))
        if stored == new:
            return
        if stored is not None and new.size <= stored.size:
            raise HeadMoved(origin=self.origin, expected=f"more than {stored.size} entries", got=_show(new))
        step = self._slot.step + 1 if self._slot else 1
        raw = _pack(self._identity, _Slot(step, new))
        try:
            _write_durably(self._fd, raw, (step % _SLOTS) * _SLOT_STRIDE)
        except OSError as error:
            # After a failed sync the page cache and the disk may differ: memory may not guess which won.
            self._why_broken = str(error)
            raise HeadStoreBroken(path=str(self.path), why=str(error)) from error
        self._slot = _Slot(step, new)

    def close(self) -> None:
        """Release the lock. Closing twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._why_broken = "closed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_when_broken(self) -> None:
        if self._why_broken is not None:
            raise HeadStoreBroken(path=str(self.path), why=self._why_broken)


def head_path(directory: Path, origin: str, key_id: bytes = b"") -> Path:
    """Where the head of this origin and key is kept; the name carries a readable part and a digest."""
    readable = "".join(c if c.isalnum() else "-" for c in origin if c.isascii())[:40]
    return directory / f"{readable}-{_identity(origin, key_id)[:8].hex()}.head"


def peek(directory: Path, origin: str, key_id: bytes = b"") -> Head | None:
    """The stored head without taking the lock, for checks beside a running signer.

    Raises HeadMissing, HeadDamaged. The answer may be one step old when it arrives.
    """
    path = head_path(directory, origin, key_id)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise HeadMissing(path=str(path), origin=origin) from None
    slot = _newest(path, raw, _identity(origin, key_id))
    return slot.head if slot else None


def _identity(origin: str, key_id: bytes) -> bytes:
    name = origin.encode()
    return hashlib.sha256(b"haechi head\0" + struct.pack(">I", len(name)) + name + key_id).digest()


def _pack(identity: bytes, slot: _Slot) -> bytes:
    body = _BODY.pack(_MAGIC, identity, slot.step, slot.head.size, slot.head.root)
    return body + hashlib.sha256(body).digest()


def _newest(path: Path, raw: bytes, identity: bytes) -> _Slot | None:
    """The valid slot with the highest step; None for a file that was made and never written.

    One bad slot is what a crash in the middle of a write leaves: that head was never acknowledged.
    """
    whole = len(raw) == _SLOTS * _SLOT_STRIDE
    if whole and not any(raw):
        return None
    slots = [_unpack(raw[at : at + _SLOT_BYTES], path, identity) for at in (0, _SLOT_STRIDE)]
    good = [slot for slot in slots if slot is not None]
    if not whole or not good:
        raise HeadDamaged(path=str(path), why="no slot has a valid checksum")
    return max(good, key=lambda slot: slot.step)


def _unpack(raw: bytes, path: Path, identity: bytes) -> _Slot | None:
    if len(raw) != _SLOT_BYTES or hashlib.sha256(raw[: _BODY.size]).digest() != raw[_BODY.size :]:
        return None
    magic, owner, step, size, root = _BODY.unpack_from(raw)
    if magic != _MAGIC:
        raise HeadDamaged(path=str(path), why="unknown format")
    if owner != identity:
        raise HeadDamaged(path=str(path), why="it belongs to another origin or key")
    return _Slot(step, Head(size, root))


def _show(head: Head | None) -> str:
    return "none" if head is None else f"{head.size} {head.root.hex()[:16]}"


def _allocate(path: Path, fd: int) -> None:
    """Give a new file its length for good, so that later writes have no metadata to flush."""
    os.pwrite(fd, bytes(_SLOTS * _SLOT_STRIDE), 0)
    os.fsync(fd)
    _sync_directory(path.parent)


def _write_durably(fd: int, raw: bytes, at: int) -> None:
    if os.pwrite(fd, raw, at) != len(raw):
        raise OSError(errno.ENOSPC, "short write")
    os.fdatasync(fd)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
