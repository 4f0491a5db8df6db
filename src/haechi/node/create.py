"""Making a node: keys, settings, and a log that begins with its genesis and its registration policy."""

import os
import shutil
from pathlib import Path
from typing import Literal

from haechi.errors import Conflict
from haechi.facts import Facts
from haechi.log.checkpoint import CheckpointSigner
from haechi.log.note import NoteSigner
from haechi.network.durable import write_durably
from haechi.node.config import FILE, Config, config_text
from haechi.node.keychain import COSIGNER_FAMILIES, ENCRYPTION, HTTP, KEY_FAMILIES, Keychain, load_keychain
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.hsm import SUFFIX
from haechi.statement.keyring import save_key
from haechi.statement.keys import Family, SigningKey
from haechi.statement.kinds.key_event import KeyEntry, KeyEvent
from haechi.statement.kinds.policy import Grant, Policy
from haechi.statement.seal_keys import SealKey
from haechi.words import Text

NODE_FOLDERS = ("keys", "log", "mirrors", "blobs")


class NodeExists(Conflict):
    """A node is already there; facts: path."""

    code = "node.exists"
    what = Text("there is a node already: {path}", "이미 노드가 있습니다: {path}")
    hint = Text("choose an empty folder", "빈 폴더를 고르세요")


class FolderInUse(Conflict):
    """Something else is in the folder; facts: path, name."""

    code = "node.folder-in-use"
    what = Text("{path} is not empty: {name}", "{path} 폴더가 비어 있지 않습니다: {name}")
    hint = Text("choose an empty or a new folder", "비어 있거나 새로운 폴더를 고르세요")


def require_empty(folder: Path) -> bool:
    """Whether the folder is there already, empty; raises NodeExists or FolderInUse."""
    if (folder / FILE).exists():
        raise NodeExists(path=str(folder))
    if not folder.is_dir():
        return False
    # The root of a file system holds a folder of its own.
    names = sorted(path.name for path in folder.iterdir() if path.name != "lost+found")
    if names:
        raise FolderInUse(path=str(folder), name=names[0])
    return True


def clear_out(folder: Path, *, keep: bool) -> None:
    """Remove what was being made in a folder that was empty; the folder itself too unless `keep`."""
    for name in NODE_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / FILE).unlink(missing_ok=True)
    if not keep and folder.is_dir():
        folder.rmdir()


def make_folders(folder: Path, config: Config) -> None:
    """The data directory with its settings."""
    for name in NODE_FOLDERS:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(config_text(config))
        file.flush()
        os.fsync(file.fileno())


def make_keys(folder: Path, passphrase: bytes | None, prepared: Path | None = None) -> Keychain:
    """Keys on disk, one a duty: statements, checkpoints, receipts, requests, decryption, cosigning.

    prepared: a folder whose keys of these names (PEM files, or files that name keys in a module) are taken
    over; the others are made fresh.
    """
    for name, family in {**KEY_FAMILIES, **COSIGNER_FAMILIES, HTTP: Family.ED25519}.items():
        given = [prepared / f"{name}{suffix}" for suffix in (SUFFIX, ".pem")] if prepared else []
        found = next((path for path in given if path.exists()), None)
        if found is None:
            save_key(folder / "keys", name, SigningKey.generate(family), passphrase)
        else:
            write_durably(folder / "keys" / found.name, found.read_bytes())
    save_key(folder / "keys", ENCRYPTION, SealKey.generate(), passphrase)
    return load_keychain(folder / "keys", passphrase)


def genesis(
    config: Config, keys: Keychain, signer: CheckpointSigner, facts: Facts, now: int
) -> list[Statement]:
    """The first two entries of a log: who runs it with which keys, and who may publish in it."""
    ed25519, ml_dsa = signer.keys
    entries = (
        KeyEntry(cose_key=keys.issuer.public.cose_key, scope="statement"),
        KeyEntry(cose_key=keys.log_ed25519.public.cose_key, scope="checkpoint", vkey=ed25519.vkey),
        KeyEntry(cose_key=keys.log_mldsa44.public.cose_key, scope="checkpoint", vkey=ml_dsa.vkey),
        KeyEntry(cose_key=keys.receipt.public.cose_key, scope="receipt"),
        *_cosigner_entries(config.origin, keys),
    )
    begin = KeyEvent(
        event="genesis",
        owner=config.issuer,
        name=Said(en=config.name_en, ko=config.name_ko),
        role=config.role,
        country=config.country,
        keys=entries,
        origin=config.origin,
        from_index=0,
    )
    policy = Policy(
        origin=config.origin,
        grants=(Grant(issuer=config.issuer, kinds=("*",), keys=(keys.issuer.public.thumbprint,)),),
    )
    about = {
        "key_event": About(
            issuer=config.issuer, subject=f"log:{config.origin}", issued_at=now, kind="key_event"
        ),
        "policy": About(issuer=config.issuer, subject=f"log:{config.origin}", issued_at=now, kind="policy"),
    }
    return [
        sign_statement(keys.issuer, about["key_event"], encode_claim(kind_of("key_event"), begin, facts)),
        sign_statement(keys.issuer, about["policy"], encode_claim(kind_of("policy"), policy, facts)),
    ]


def _cosigner_entries(origin: str, keys: Keychain) -> list[KeyEntry]:
    scopes: tuple[tuple[Literal["witness", "mirror"], list[NoteSigner]], ...] = (
        ("witness", keys.witness_signers(origin)),
        ("mirror", keys.mirror_signers(origin)),
    )
    raw = {key.private: key.public.cose_key for key in keys.cosigners.values()}
    return [
        KeyEntry(cose_key=raw[signer.private], scope=scope, vkey=signer.key.vkey)
        for scope, signers in scopes
        for signer in signers
    ]
