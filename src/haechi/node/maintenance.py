"""What an operator does to a node besides running it: grant, check, export."""

import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from haechi.errors import BadInput, Conflict, NotFound, Unavailable
from haechi.facts import load
from haechi.findings import Finding, Verdict
from haechi.log.checkpoint import read_checkpoint
from haechi.log.export import Exported, export, export_objects
from haechi.log.fsck import fsck
from haechi.log.headstore import SignerLocked, peek
from haechi.log.objects import Objects
from haechi.log.quorum import check_quorum
from haechi.network.card import NodeCard
from haechi.network.client import PeerClient
from haechi.network.pins import Pins
from haechi.network.witnesses import pinned_policy
from haechi.node.config import Config, load_config
from haechi.node.keychain import load_keychain
from haechi.node.open import PINS, open_node, own_card
from haechi.node.policies import PolicyMissing
from haechi.node.shared import read_log
from haechi.statement.claims import Said, claim_of, encode_claim, kind_of
from haechi.statement.envelope import MAX_STATEMENT_BYTES, About, Statement, sign_statement
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.erasure import Erasure
from haechi.statement.kinds.policy import Grant, Level, Policy
from haechi.words import Text

_ERASE_SECONDS = 10.0
_POLICY_LOCK = "policy.lock"


class AlreadyGranted(Conflict):
    """The policy in force grants this already; facts: issuer."""

    code = "node.already-granted"
    what = Text("{issuer} may publish this already", "{issuer}은(는) 이미 게시할 수 있습니다")
    hint = Text("nothing to do", "할 일이 없습니다")


class NotGranted(Conflict):
    """The policy in force has no such grant; facts: issuer."""

    code = "node.not-granted"
    what = Text("{issuer} has no grant with this key", "{issuer}에게 이 키로 된 허용이 없습니다")
    hint = Text("see who may publish: haechi node's /policy", "게시 허용 목록은 노드의 /policy 에 있습니다")


def grant(
    folder: Path, issuer: str, thumbprint: bytes, kinds: tuple[str, ...], passphrase: bytes | None
) -> Statement:
    """Log a new policy that also lets `issuer` publish `kinds` with this key; the policy statement.

    Works on a running node (through its own door) and on a stopped one. Raises UnknownKind, AlreadyGranted
    and whatever registration raises.
    """
    for kind in kinds:
        kind_of(kind)
    added = Grant(issuer=issuer, kinds=kinds, keys=(thumbprint,))

    def change(terms: Policy) -> Policy:
        if added in terms.grants:
            raise AlreadyGranted(issuer=issuer)
        return msgspec.structs.replace(terms, grants=(*terms.grants, added))

    return _change_policy(folder, passphrase, change)


def revoke(folder: Path, issuer: str, thumbprint: bytes, passphrase: bytes | None) -> Statement:
    """Log a new policy without the grants that let `issuer` publish with this key; the policy statement.

    What was registered before stays: it was admitted by the policy of its day. Raises NotGranted.
    """

    def change(terms: Policy) -> Policy:
        kept = tuple(one for one in terms.grants if one.issuer != issuer or thumbprint not in one.keys)
        if kept == terms.grants:
            raise NotGranted(issuer=issuer)
        return msgspec.structs.replace(terms, grants=kept)

    return _change_policy(folder, passphrase, change)


def take_levels(folder: Path, levels: tuple[Level, ...], passphrase: bytes | None) -> Statement:
    """Log a new policy that takes statements of these sharing levels and no others; the policy statement.

    What was registered before stays. Raises AlreadyGranted when the policy in force says just this.
    """

    def change(terms: Policy) -> Policy:
        if set(terms.sharing) == set(levels):
            raise AlreadyGranted(issuer=", ".join(levels))
        return msgspec.structs.replace(terms, sharing=levels)

    return _change_policy(folder, passphrase, change)


_Change = Callable[[Policy], Policy]


def _change_policy(folder: Path, passphrase: bytes | None, change: _Change) -> Statement:
    config = load_config(folder)
    with _one_at_a_time(folder):
        return _change_locked(folder, config, passphrase, change)


@contextmanager
def _one_at_a_time(folder: Path) -> Generator[None]:
    """Two changes made at once would build upon the same policy, and the second would undo the first."""
    fd = os.open(folder / _POLICY_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _change_locked(folder: Path, config: Config, passphrase: bytes | None, change: _Change) -> Statement:
    key = load_keychain(folder / "keys", passphrase).issuer
    try:
        runner = open_node(folder, clock=time.time, passphrase=passphrase)
    except SignerLocked:
        return _change_running(folder, config, key, change)
    try:
        statement = _changed(config, key, runner.node.policies.statement, change)
        return runner.node.register(statement.raw)[0]
    finally:
        runner.stop()


def erase(
    folder: Path, erased: tuple[bytes, ...], target: bytes, reason: Said, passphrase: bytes | None
) -> Statement:
    """Log that these bytes of the entry `target` are erased, then erase them; the erasure statement.

    erased: digests, the target's own among them for the statement itself. Works on a running node and on a
    stopped one; returns when the bytes are gone. Raises NotFound when the own log has no such entry.
    """
    config, facts = load_config(folder), load()
    with read_log(folder, config) as store:
        if store.index_of(target) is None:
            raise NotFound(what_is=Text("entry", "항목"), name=target.hex())
    claim = Erasure(target=target, origin=config.origin, erased=erased, reason=reason)
    about = About(
        issuer=config.issuer, subject=f"log:{config.origin}", issued_at=int(time.time()), kind="erasure"
    )
    key = load_keychain(folder / "keys", passphrase).issuer
    statement = sign_statement(key, about, encode_claim(kind_of("erasure"), claim, facts))
    try:
        runner = open_node(folder, clock=time.time, passphrase=passphrase)
    except SignerLocked:
        with PeerClient(own_door(config)) as client:
            client.post("/entries", statement.raw, "application/cose", MAX_STATEMENT_BYTES)
        _wait_until_gone(folder, config, target, erased)
        return statement
    try:
        runner.node.register(statement.raw)
        runner.settle()
    finally:
        runner.stop()
    return statement


def _wait_until_gone(folder: Path, config: Config, target: bytes, erased: tuple[bytes, ...]) -> None:
    """Wait for the running node to erase; raises Unavailable when it does not within ten seconds."""
    shelf = folder / "blobs"
    files = [shelf / one.hex()[:2] / one.hex() for one in erased if one != target]
    deadline_s = time.monotonic() + _ERASE_SECONDS
    with read_log(folder, config) as store:
        index = store.index_of(target)
        while index is not None and time.monotonic() < deadline_s:
            body = store.statement(index) if target in erased else None
            if body is None and not any(file.exists() for file in files):
                return
            time.sleep(0.05)
    raise Unavailable(
        what_is=Text("erasing", "삭제"), why=Text("the node still has it", "노드에 아직 남아 있음")
    )


def run_fsck(folder: Path, passphrase: bytes | None, progress: Callable[[int, int], None]) -> list[Finding]:
    """Check the whole log against itself, its head store and its keys; works beside a running node.

    progress: entries done, entries in all. Raises NotFound when there is no node in `folder`.
    """
    config = load_config(folder)
    card = own_card(folder, config, load_keychain(folder / "keys", passphrase))
    keys = card.log_keys()
    stored = peek(config.heads(), config.origin, keys[0].key_id)
    with read_log(folder, config) as store:
        findings = fsck(store, stored, keys, progress)
        published = store.published()
    damaged = [] if published is None else _bad_cosignatures(published.note, folder, card)
    return [*findings, *damaged]


def _bad_cosignatures(note: bytes, folder: Path, card: NodeCard) -> list[Finding]:
    """Lines of known witnesses that verify no more: readers who know them refuse such a checkpoint."""
    try:
        head, lines = read_checkpoint(note)
    except BadInput:
        return []  # said already
    known = pinned_policy([card, *Pins.load(folder / PINS).nodes])
    checked = check_quorum(lines, head, known, int(time.time()))[0]
    return [checked] if checked.verdict is Verdict.FAILS else []


def run_export(folder: Path, target: str, progress: Callable[[int], None]) -> Exported:
    """Bring a static tile site up to the newest checkpoint; works beside a running node.

    target: a folder, or `s3://bucket/prefix` with the endpoint and region of the settings.
    """
    config = load_config(folder)
    with read_log(folder, config) as store:
        if target.startswith("s3://"):
            where = (config.objects.endpoint, config.objects.region) if config.objects else ()
            return export_objects(store, Objects.from_url(target, *where), progress)
        return export(store, Path(target), progress)


def _change_running(folder: Path, config: Config, key: SigningKey, change: _Change) -> Statement:
    with PeerClient(own_door(config)) as client, read_log(folder, config) as store:
        current = Statement.from_bytes(client.fetch("/policy", MAX_STATEMENT_BYTES))
        # The door may be somebody else's: build only upon a policy that is in our own log.
        if store.index_of(current.digest) is None:
            raise NotFound(what_is=Text("policy in the own log", "이 로그의 정책"), name=current.digest_hex)
        statement = _changed(config, key, current, change)
        client.post("/entries", statement.raw, "application/cose", MAX_STATEMENT_BYTES)
        return statement


def own_door(config: Config) -> str:
    """Where the node itself listens, whatever address others reach it at."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.listen.host, config.listen.host)  # noqa: S104  # read
    return f"http://{f'[{host}]' if ':' in host else host}:{config.listen.port}"


def _changed(config: Config, key: SigningKey, current: Statement | None, change: _Change) -> Statement:
    facts = load()
    terms = None if current is None else claim_of(current, facts)
    if not isinstance(terms, Policy):
        raise PolicyMissing(origin=config.origin)
    policy = change(terms)
    about = About(
        issuer=config.issuer, subject=f"log:{config.origin}", issued_at=int(time.time()), kind="policy"
    )
    return sign_statement(key, about, encode_claim(kind_of("policy"), policy, facts))
