"""A node's issuer key goes out of use and a fresh one takes its place, all of it said in the log.

    Conflict
    ├── TurnoverRunning     the node is running; its key is in its hands
    └── KeyInModule         the key is in a hardware module, and no next one lies ready there

The order is such that a stop at any point can be taken up again by the same command: the new key is on disk
before it is enrolled, enrolled before it signs, and the old one is ended last.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from haechi.errors import Conflict
from haechi.facts import Facts, load
from haechi.log.headstore import SignerLocked
from haechi.network.durable import write_durably
from haechi.node.config import Config, load_config
from haechi.node.keychain import KEY_FAMILIES
from haechi.node.open import open_node
from haechi.node.runner import Runner
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.hsm import SUFFIX
from haechi.statement.keyring import key_path, load_key, save_key
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.key_event import Event, KeyEntry, KeyEvent
from haechi.statement.kinds.policy import Grant, Policy
from haechi.words import Text

_NEXT = "-next"
_ISSUER = "issuer"
NEXT = _ISSUER + _NEXT


class TurnoverRunning(Conflict):
    """The node is running; facts: path."""

    code = "node.turnover-running"
    what = Text("the node in {path} is running", "{path}의 노드가 실행 중입니다")
    hint = Text("stop it, change the key, and start it again", "노드를 멈추고 키를 바꾼 뒤 다시 시작하세요")


class KeyInModule(Conflict):
    """A fresh key in a file would take the place of one that nobody can copy; facts: name, keys."""

    code = "node.key-in-module"
    what = Text(
        "the key {name} is in a hardware module, and its next one is not: {keys}",
        "{name} 키는 하드웨어 모듈에 있으나 다음 키가 준비되지 않았습니다: {keys}",
    )
    hint = Text(
        "make it there first, as {name}-next: haechi key module {name}-next --keys {keys} --make … "
        "(or, to leave the module: haechi key new)",
        "먼저 모듈에 {name}-next 로 만드세요: haechi key module {name}-next --keys {keys} --make … "
        "(모듈을 떠나려면: haechi key new)",
    )


class Ending(NamedTuple):
    """Why the old key ends. stolen_from: the first entry that may be a thief's, if it was stolen."""

    reason: Said
    stolen_from: int | None = None


class TurnedOver(NamedTuple):
    """What was done: thumbprints of both keys, the events' digests, and the card's new fingerprint."""

    old: str
    new: str
    events: tuple[str, ...]
    kept: str
    fingerprint: str


def turn_over(folder: Path, ending: Ending, passphrase: bytes | None) -> TurnedOver:
    """Give the node in `folder` a fresh issuer key.

    Raises TurnoverRunning, KeyInModule and what opening a node raises.
    """
    config, facts = load_config(folder), load()
    keys = folder / "keys"
    new = next_key(keys, _ISSUER, passphrase)
    old = load_key(key_path(keys, _ISSUER), passphrase)
    said = Announcer(config, facts)
    events: list[str] = []

    def enrol(runner: Runner) -> None:
        events.append(_register(runner, said.event("enrol", _entry(new), old, None)))
        _register(runner, said.policy(runner, old, lambda prints: (*prints, new.public.thumbprint), old))

    def end(runner: Runner) -> None:
        how: Event = "retire" if ending.stolen_from is None else "revoke"
        events.append(_register(runner, said.event(how, _entry(old), new, ending)))
        without = old.public.thumbprint
        _register(
            runner,
            said.policy(runner, old, lambda prints: tuple(one for one in prints if one != without), new),
        )

    with_node(folder, passphrase, enrol)
    kept = _swap(keys, old)
    runner = with_node(folder, passphrase, end)
    return TurnedOver(
        old.public.thumbprint.hex(),
        new.public.thumbprint.hex(),
        tuple(events),
        kept,
        runner.card.fingerprint(),
    )


def _entry(key: SigningKey) -> tuple[KeyEntry, ...]:
    return (KeyEntry(cose_key=key.public.cose_key, scope="statement"),)


def with_node(folder: Path, passphrase: bytes | None, work: Callable[[Runner], None]) -> Runner:
    """Open the stopped node in `folder`, do the work, and close it; raises TurnoverRunning."""
    try:
        runner = open_node(folder, clock=time.time, passphrase=passphrase)
    except SignerLocked as error:
        raise TurnoverRunning(path=str(folder)) from error
    try:
        work(runner)
    finally:
        runner.stop()
    return runner


def _register(runner: Runner, statement: Statement) -> str:
    return runner.node.register(statement.raw)[0].digest_hex


def next_key(keys: Path, name: str, passphrase: bytes | None) -> SigningKey:
    """The key to come: the one that lies ready as `name`-next, else a fresh one. Raises KeyInModule."""
    ready = key_path(keys, name + _NEXT)
    if not ready.exists() and not ready.with_suffix(SUFFIX).exists():
        if not key_path(keys, name).exists() and key_path(keys, name).with_suffix(SUFFIX).exists():
            raise KeyInModule(name=name, keys=str(keys))
        save_key(keys, name + _NEXT, SigningKey.generate(KEY_FAMILIES[name]), passphrase)
    return load_key(ready, passphrase)


def copy_key(keys: Path, source: str, target: str) -> None:
    """The key, in a file or a module, in place of whatever had the name; one rename decides."""
    suffix = ".pem" if key_path(keys, source).exists() else SUFFIX
    here, there = (key_path(keys, name).with_suffix(suffix) for name in (source, target))
    write_durably(there, here.read_bytes())
    there.with_suffix(SUFFIX if suffix == ".pem" else ".pem").unlink(missing_ok=True)


def remove_key(keys: Path, name: str) -> None:
    """No file of that name is left, in either form; a module keeps what it has."""
    for suffix in (".pem", SUFFIX):
        key_path(keys, name).with_suffix(suffix).unlink(missing_ok=True)


def _swap(keys: Path, old: SigningKey) -> str:
    """The new key in the old one's place; the old one is kept under its thumbprint. One rename decides."""
    kept = f"{_ISSUER}-{old.public.thumbprint.hex()[:16]}"
    copy_key(keys, _ISSUER, kept)
    copy_key(keys, NEXT, _ISSUER)
    remove_key(keys, NEXT)
    return kept


class Announcer:
    """What a node says of its own keys."""

    def __init__(self, config: Config, facts: Facts) -> None:
        self._config = config
        self._facts = facts

    def event(
        self, event: Event, keys: tuple[KeyEntry, ...], by: SigningKey, ending: Ending | None
    ) -> Statement:
        """A key event about `keys`, signed by another."""
        config = self._config
        claim = KeyEvent(
            event=event,
            owner=config.issuer,
            name=Said(en=config.name_en, ko=config.name_ko),
            role=config.role,
            country=config.country,
            keys=keys,
            origin=config.origin,
            from_index=(ending.stolen_from or 0) if ending else 0,
            reason=None if ending is None else ending.reason,
        )
        return self._signed("key_event", claim, by)

    def policy(
        self,
        runner: Runner,
        old: SigningKey,
        change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]],
        by: SigningKey,
    ) -> Statement:
        """The policy in force with other keys in the operator's own grants."""
        terms = runner.node.policies.current
        prints = old.public.thumbprint

        def changed(grant: Grant) -> Grant:
            if grant.issuer != self._config.issuer or prints not in grant.keys:
                return grant
            return msgspec.structs.replace(grant, keys=tuple(dict.fromkeys(change(grant.keys))))

        policy = msgspec.structs.replace(terms, grants=tuple(changed(grant) for grant in terms.grants))
        return self._signed("policy", policy, by)

    def _signed(self, kind: str, claim: KeyEvent | Policy, by: SigningKey) -> Statement:
        about = About(
            issuer=self._config.issuer,
            subject=f"log:{self._config.origin}",
            issued_at=int(time.time()),
            kind=kind,
        )
        return sign_statement(by, about, encode_claim(kind_of(kind), claim, self._facts))
