"""Keys on disk: one PEM file a key, for its owner only, or a `.p11` file that names one in a module.

Conflict
└── KeyExists         a key of that name is there; it is never overwritten
Refused
└── KeyExposed        the file can be read by others than its owner
Unavailable
└── KeyUnreadable     the operating system does not give the file
"""

import os
import stat
from pathlib import Path

from haechi.errors import Conflict, NotFound, Refused, Unavailable
from haechi.statement.hsm import SUFFIX, ModuleKey
from haechi.statement.keys import KeyMalformed, SigningKey
from haechi.statement.seal_keys import SealKey
from haechi.statement.sentence import Sentence
from haechi.words import Text, system_reason

_MAX_PEM_BYTES = 16 * 1024


class KeyExists(Conflict):
    """A key of that name is on disk; facts: name, path."""

    code = "statement.key-exists"
    what = Text("a key named {name} exists: {path}", "{name}(이)라는 키가 이미 있습니다: {path}")
    hint = Text(
        "choose another name; keys are never overwritten", "다른 이름을 고르세요. 키는 덮어쓰지 않습니다"
    )


class KeyExposed(Refused):
    """The private key's file is open to others; facts: path, mode."""

    code = "statement.key-exposed"
    what = Text(
        "{path} can be read by others (mode {mode})",
        "{path}을(를) 다른 사용자가 읽을 수 있습니다 (권한 {mode})",
    )
    hint = Text(
        "run: chmod 600 {path} - and consider the key stolen",
        "chmod 600 {path} 을 실행하고, 키가 유출되었다고 보세요",
    )


class KeyUnreadable(Unavailable):
    """The file is there and cannot be read; facts: what_is, why."""

    code = "statement.key-unreadable"
    what = Sentence("the {what_is} cannot be read: {why}", "{what_is}을(를) 읽을 수 없습니다: {why}")
    hint = Text("check the owner and the kind of the file", "파일의 소유자와 종류를 확인하세요")


def key_path(folder: Path, name: str) -> Path:
    """Where the key of this name lives; raises KeyMalformed for a name that is not a plain file name."""
    if not name or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise KeyMalformed(
            why=Text(
                "a key's name has letters, digits, - and _ only",
                "키 이름에는 영문자, 숫자, -, _만 쓸 수 있음",
            )
        )
    return folder / f"{name}.pem"


def save_key(folder: Path, name: str, key: SigningKey | SealKey, passphrase: bytes | None = None) -> Path:
    """Write a new key durably with mode 0600 from its first byte; raises KeyExists."""
    path = key_path(folder, name)
    pem = key.to_pem(passphrase)  # before the file is made: a failure must not leave an empty key behind
    if path.with_suffix(SUFFIX).exists():
        raise KeyExists(name=name, path=str(path.with_suffix(SUFFIX)))
    return _create(path, name, pem)


def load_key(path: Path, passphrase: bytes | None = None) -> SigningKey:
    """The key in a PEM file, or in the module that a `.p11` file in its place names.

    Raises NotFound, KeyUnreadable, KeyExposed, KeyLocked, KeyMalformed, ModuleRefused or ModuleKeyInvalid.
    """
    named = path.with_suffix(SUFFIX)
    if path.suffix == SUFFIX or (named.exists() and not path.exists()):
        return ModuleKey.load(named).open(named)
    return SigningKey.from_pem(_read_pem(path), passphrase)


def _read_pem(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyExposed(path=str(path), mode=f"{mode:04o}")
            return file.read(_MAX_PEM_BYTES)
    except FileNotFoundError:
        raise NotFound(what_is=Text("key", "키"), name=str(path)) from None
    except OSError as error:
        reason = system_reason(error)
        why = Text(f"{path}: {reason.en}", f"{path}: {reason.ko}")
        raise KeyUnreadable(what_is=Text("key", "키"), why=why) from error


def load_seal_key(path: Path, passphrase: bytes | None = None) -> SealKey:
    """The encryption key in a PEM file; raises as `load_key`."""
    return SealKey.from_pem(_read_pem(path), passphrase)


def list_keys(folder: Path) -> list[str]:
    """The names of the keys in `folder`, sorted."""
    if not folder.is_dir():
        return []
    return sorted({path.stem for suffix in (".pem", SUFFIX) for path in folder.glob(f"*{suffix}")})


def save_module_key(folder: Path, name: str, key: ModuleKey) -> Path:
    """Write down where a key in a module is; raises KeyExists, also for a key in a file of that name."""
    path = key_path(folder, name)
    if path.exists():
        raise KeyExists(name=name, path=str(path))
    return _create(path.with_suffix(SUFFIX), name, key.to_toml())


def _create(path: Path, name: str, data: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyExists(name=name, path=str(path)) from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    # A file is durable only when the folder's entry for it is.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
