"""Keys on disk: private from the first byte, durable, never overwritten, never read when exposed."""

import os
import stat
from pathlib import Path

import pytest
from tests.statement.make import key

from haechi.errors import NotFound
from haechi.statement.keyring import (
    KeyExists,
    KeyExposed,
    KeyUnreadable,
    key_path,
    list_keys,
    load_key,
    save_key,
)
from haechi.statement.keys import Family, KeyLocked, KeyMalformed, SigningKey


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_saved_for_its_owner_alone_and_loaded(tmp_path: Path):
    folder = tmp_path / "keys"
    before = os.umask(0)  # the mode must not lean on a kind umask
    try:
        path = save_key(folder, "issuer", key())
    finally:
        os.umask(before)
    assert (mode(path), mode(folder)) == (0o600, 0o700)
    assert path == key_path(folder, "issuer")
    assert load_key(path).public == key().public
    assert list_keys(folder) == ["issuer"]


def test_a_passphrase_is_asked_for(tmp_path: Path):
    path = save_key(tmp_path, "issuer", key(), b"secret")
    assert load_key(path, b"secret").public == key().public
    for wrong in (None, b"Secret"):
        with pytest.raises(KeyLocked):
            load_key(path, wrong)


def test_a_key_is_never_overwritten(tmp_path: Path):
    path = save_key(tmp_path, "issuer", key())
    before = path.read_bytes()
    with pytest.raises(KeyExists) as refused:
        save_key(tmp_path, "issuer", key(seed=2))
    assert refused.value.facts == {"name": "issuer", "path": str(path)}
    assert path.read_bytes() == before
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(KeyExists):
        save_key(tmp_path, "link", key())
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_failure_leaves_no_empty_key_behind(tmp_path: Path):
    class Broken(SigningKey):
        def to_pem(self, passphrase: bytes | None = None) -> bytes:
            raise KeyboardInterrupt(passphrase)

    with pytest.raises(KeyboardInterrupt):
        save_key(tmp_path, "issuer", Broken(Family.ED25519, key().private))
    assert list_keys(tmp_path) == []


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o620, 0o601, 0o644, 0o777])
def test_an_exposed_key_is_not_used(tmp_path: Path, bits: int):
    path = save_key(tmp_path, "issuer", key())
    path.chmod(bits)
    with pytest.raises(KeyExposed) as refused:
        load_key(path)
    assert refused.value.facts["mode"] == f"{bits:04o}"
    path.chmod(0o400)
    assert load_key(path).public == key().public


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a.pem", "a b", "가", "-", "_", "a\x00", "é"])
def test_a_key_has_a_plain_name(tmp_path: Path, name: str):
    with pytest.raises(KeyMalformed):
        key_path(tmp_path, name)
    with pytest.raises(KeyMalformed):
        save_key(tmp_path, name, key())


def test_what_cannot_be_read_is_said_plainly(tmp_path: Path):
    with pytest.raises(NotFound):
        load_key(tmp_path / "none.pem")
    (tmp_path / "folder.pem").mkdir()
    with pytest.raises(KeyUnreadable) as refused:
        load_key(tmp_path / "folder.pem")
    assert refused.value.say("ko") != refused.value.say("en")
    empty = tmp_path / "empty.pem"
    empty.touch(0o600)
    with pytest.raises(KeyMalformed):
        load_key(empty)
    large = tmp_path / "large.pem"
    large.touch(0o600)
    large.write_bytes(key().to_pem() + b"\n" * (1 << 20))
    assert load_key(large).public == key().public  # only its beginning is read
    assert list_keys(tmp_path / "none") == []
