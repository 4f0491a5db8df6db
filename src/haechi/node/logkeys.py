"""A log's own keys, of its checkpoints and receipts, go out of use and fresh ones take their place.

    Conflict
    ├── OverlapOpen         the keys before are still signing along; end that first
    └── LogGrew             entries came in between, from another front process of the same log

Until the change is on the disk as a whole (`handovers-next.json`) the old keys are the log's; from then on
the new ones are, and a node that finds the change half carried out does not start before it is finished.
"""

import time
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.errors import Conflict, NotFound
from haechi.facts import load
from haechi.log.checkpoint import CheckpointSigner
from haechi.log.headstore import HeadStore, head_path
from haechi.log.note import NoteKey
from haechi.log.proof import TlogProof
from haechi.network.card import FormerKeys, encode_key
from haechi.network.durable import write_durably
from haechi.network.succession import FILE as HANDOVERS
from haechi.network.succession import Handover, Handovers, Proven
from haechi.node.config import Config, load_config
from haechi.node.keychain import FORMER, Keychain, load_keychain
from haechi.node.keyevents import key_events_of
from haechi.node.open import own_card
from haechi.node.pending import FILE as PENDING
from haechi.node.pending import Pending
from haechi.node.runner import Runner
from haechi.node.turnover import Announcer, Ending, copy_key, next_key, remove_key, with_node
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.keyring import key_path, load_key
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.key_event import KeyEntry, KeyEvent
from haechi.words import Text

_CHECKPOINTS = ("log-ed25519", "log-mldsa44")
_NAMES = (*_CHECKPOINTS, "receipt")
_NEXT = "-next"


class OverlapOpen(Conflict):
    """The former keys still sign; facts: path."""

    code = "node.overlap-open"
    what = Text(
        "the former log keys of {path} are still signing along",
        "{path}의 이전 로그 키가 아직 함께 서명하고 있습니다",
    )
    hint = Text("end that first: haechi key retire", "먼저 끝내세요: haechi key retire")


class LogGrew(Conflict):
    """Entries came in between; facts: path."""

    code = "node.log-grew"
    what = Text("the log of {path} grew meanwhile", "{path}의 로그가 그 사이에 자랐습니다")
    hint = Text(
        "stop every front process of the log, and run the command again",
        "이 로그의 모든 프런트 프로세스를 멈추고 다시 실행하세요",
    )


class LogKeysChanged(NamedTuple):
    """What was done. old, new: vkeys; until: the size that the old keys end at; event: digest of the event.

    fingerprint: of the card from now on; overlap: whether the old keys sign along for a while.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    until: int
    event: str
    fingerprint: str
    overlap: bool


class OverlapEnded(NamedTuple):
    """event: digest of the event that says so; kept: under which names the old keys are kept."""

    event: str
    kept: tuple[str, ...]


class _Fresh(NamedTuple):
    """The keys to come."""

    ed25519: SigningKey
    mldsa44: SigningKey
    receipt: SigningKey

    def private(self) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
        return cast("Ed25519PrivateKey", self.ed25519.private), cast(
            "MLDSA44PrivateKey", self.mldsa44.private
        )

    def entries(self, origin: str) -> tuple[KeyEntry, ...]:
        return _entries(CheckpointSigner(origin, *self.private()), self.ed25519, self.mldsa44, self.receipt)


def change_log_keys(folder: Path, ending: Ending, passphrase: bytes | None) -> LogKeysChanged:
    """Give the log of a stopped node fresh keys, announced in the log and signed for by the old ones.

    After a theft (`ending.stolen_from`) the old keys are revoked and sign nothing more; else they sign along
    until `end_overlap`. May be called again after a stop. Raises TurnoverRunning, KeyInModule, OverlapOpen,
    LogGrew and what opening a node raises.
    """
    config = load_config(folder)
    pending = Pending.load(folder)
    if pending is None:
        keys = load_keychain(folder / "keys", passphrase)
        if keys.former is not None:
            raise OverlapOpen(path=str(folder))
        fresh = _fresh(folder / "keys", keys, passphrase)
        with_node(folder, passphrase, lambda runner: _announce(runner, keys, fresh, ending))
        pending = Pending.load(folder)
    if pending is None:
        raise NotFound(what_is=Text("change of keys", "키 변경"), name=str(folder))
    _carry_out(folder, config, pending, passphrase)
    card = own_card(folder, config, load_keychain(folder / "keys", passphrase))
    last = pending.handovers.former[-1]
    return LogKeysChanged(
        last.vkeys, card.vkeys, last.until, pending.event, card.fingerprint(), pending.overlap
    )


def end_overlap(folder: Path, ending: Ending, passphrase: bytes | None) -> OverlapEnded:
    """The former keys of the log sign no longer, and the log says so; raises NotFound where none do."""
    config, keys = load_config(folder), load_keychain(folder / "keys", passphrase)
    if keys.former is None:
        raise NotFound(what_is=Text("former key that signs along", "함께 서명하는 이전 키"), name=str(folder))
    pair = keys.former
    signer = CheckpointSigner(
        config.origin,
        cast("Ed25519PrivateKey", pair[0].private),
        cast("MLDSA44PrivateKey", pair[1].private),
    )
    events: list[str] = []

    def announce(runner: Runner) -> None:
        said = Announcer(config, load())
        event = said.event("retire", _entries(signer, *pair), keys.issuer, ending)
        events.append(runner.node.register(event.raw)[0].digest_hex)
        runner.node.sequencer.publish(int(time.time()))

    with_node(folder, passphrase, announce)
    kept = tuple(_keep(folder / "keys", name, key) for name, key in zip(_CHECKPOINTS, pair, strict=True))
    return OverlapEnded(events[0], kept)


def _fresh(keys: Path, current: Keychain, passphrase: bytes | None) -> _Fresh:
    """The next keys: those that lie ready under their names, or new ones."""
    for name in _NAMES:
        _drop_stale(keys, name, current, passphrase)
    return _Fresh(*(next_key(keys, name, passphrase) for name in _NAMES))


def _drop_stale(keys: Path, name: str, current: Keychain, passphrase: bytes | None) -> None:
    """Remove a next key that is in use already: a change that stopped at its very end leaves it behind."""
    try:
        left = load_key(key_path(keys, name + _NEXT), passphrase)
    except NotFound:
        return
    if left.public == _named(current, name).public:
        remove_key(keys, name + _NEXT)


def _named(keys: Keychain, name: str) -> SigningKey:
    return cast("SigningKey", getattr(keys, name.replace("-", "_")))


def _announce(runner: Runner, keys: Keychain, fresh: _Fresh, ending: Ending) -> None:
    """Log the change, have both pairs sign the checkpoint that ends in it, and keep that durably."""
    node, config, card = runner.node, runner.node.config, runner.card
    said = Announcer(config, node.facts)
    if ending.stolen_from is not None:
        old = keys.checkpoint_signer(config.origin)
        entries = _entries(old, keys.log_ed25519, keys.log_mldsa44, keys.receipt)
        node.register(said.event("revoke", entries, keys.issuer, ending).raw)
    event = said.event("enrol", fresh.entries(config.origin), keys.issuer, None)
    node.register(event.raw)
    index = node.index_of(event.digest)
    size = node.store.head().size
    if size != index + 1:
        raise LogGrew(path=str(node.folder))
    old_pair = (
        cast("Ed25519PrivateKey", keys.log_ed25519.private),
        cast("MLDSA44PrivateKey", keys.log_mldsa44.private),
    )
    both = CheckpointSigner(config.origin, *fresh.private(), old_pair)
    note = both.sign(size, node.tree.root(size), int(time.time()))
    events = [*_enrolments(runner, size), event]
    proven = tuple(Proven.of(one, _proof(runner, one, size, note)) for one in events)
    former = FormerKeys(vkeys=card.vkeys, receipt_keys=card.receipt_keys, until=size)
    card.handed_over(
        tuple(key.vkey for key in both.keys), (encode_key(fresh.receipt.public),), size
    )  # raises, should the card have no room
    told = Handovers.load(node.folder / HANDOVERS).handovers
    change = Pending(
        handovers=Handovers(handovers=(*told, Handover(former=former, events=proven))),
        overlap=ending.stolen_from is None,
        event=event.digest_hex,
    )
    write_durably(node.folder / PENDING, msgspec.json.encode(change))


def _enrolments(runner: Runner, size: int) -> list[Statement]:
    """How the operator's issuer keys came into use, for those who pinned an earlier one."""
    config = runner.node.config
    told = [one for one, _ in key_events_of(runner, config.origin, config.issuer) if _enrols(runner, one)]
    return [one for one in told if runner.node.index_of(one.digest) < size][-8:]


def _enrols(runner: Runner, statement: Statement) -> bool:
    """Whether it puts an issuer key into use."""
    claim = claim_of(statement, runner.node.facts)
    if not isinstance(claim, KeyEvent) or claim.event != "enrol":
        return False
    return any(entry.scope == "statement" for entry in claim.keys)


def _proof(runner: Runner, statement: Statement, size: int, note: bytes) -> bytes:
    index = runner.node.index_of(statement.digest)
    path = tuple(runner.node.tree.inclusion(index, size))
    return TlogProof(index=index, path=path, checkpoint=note).encode()


def _carry_out(folder: Path, config: Config, pending: Pending, passphrase: bytes | None) -> None:
    """Put the new keys in place of the old ones. Each step may be done twice; the last ends the change."""
    keys = folder / "keys"
    ready = _Fresh(*(load_key(key_path(keys, name + _NEXT), passphrase) for name in _NAMES))
    old = load_keychain(keys, passphrase)
    _move_head(config, pending, ready)
    for name, new in zip(_NAMES, ready, strict=True):
        current = _named(old, name)
        if current.public.thumbprint != new.public.thumbprint:
            along = pending.overlap and name in _CHECKPOINTS
            kept = f"{name}{FORMER}" if along else _kept_name(name, current)
            copy_key(keys, name, kept)
            copy_key(keys, name + _NEXT, name)
    write_durably(folder / HANDOVERS, pending.handovers.to_json())
    (folder / PENDING).unlink()
    for name in _NAMES:
        remove_key(keys, name + _NEXT)


def _move_head(config: Config, pending: Pending, ready: _Fresh) -> None:
    """The head that was signed last is the new keys' to go on from; the old keys can go on from nothing."""
    old = NoteKey.parse(pending.handovers.former[-1].vkeys[0]).key_id
    new = CheckpointSigner(config.origin, *ready.private()).keys[0].key_id
    before = head_path(config.heads(), config.origin, old)
    if not before.exists():
        return
    with (
        HeadStore.open(config.heads(), config.origin, old) as left,
        HeadStore.create(config.heads(), config.origin, new) as taken,
    ):
        head = left.current()
        if head is not None and taken.current() != head:
            taken.advance(taken.current(), head)
        before.unlink()


def _entries(signer: CheckpointSigner, *keys: SigningKey) -> tuple[KeyEntry, ...]:
    """A log's keys as an event names them: Ed25519 and ML-DSA-44 for checkpoints, then one for receipts."""
    vkeys = [key.vkey for key in signer.keys]
    checkpoints = tuple(
        KeyEntry(cose_key=key.public.cose_key, scope="checkpoint", vkey=vkey)
        for key, vkey in zip(keys, vkeys, strict=False)
    )
    receipts = (KeyEntry(cose_key=key.public.cose_key, scope="receipt") for key in keys[2:])
    return (*checkpoints, *receipts)


def _kept_name(name: str, key: SigningKey) -> str:
    return f"{name}-{key.public.thumbprint.hex()[:16]}"


def _keep(keys: Path, name: str, key: SigningKey) -> str:
    """The former key under its thumbprint, where it signs nothing."""
    kept = _kept_name(name, key)
    copy_key(keys, f"{name}{FORMER}", kept)
    remove_key(keys, f"{name}{FORMER}")
    return kept
