"""Opening a node's data directory, and closing what was opened when one part refuses."""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from haechi.facts import load
from haechi.log.headstore import HeadStore
from haechi.log.sequencer import Publisher, Sequencer
from haechi.log.store import Entry, Head, Terms
from haechi.network.card import FormerKeys, Label, NodeCard
from haechi.network.client import PeerClient
from haechi.network.index import Index
from haechi.network.pins import Pins
from haechi.network.succession import FILE as HANDOVERS
from haechi.network.succession import Handovers
from haechi.node.config import Config, load_config
from haechi.node.create import clear_out, genesis, make_folders, make_keys, require_empty
from haechi.node.keychain import Keychain, load_keychain
from haechi.node.peers import Peer, Peers
from haechi.node.pending import require_settled
from haechi.node.policies import latest_policy
from haechi.node.runner import Runner
from haechi.node.service import Node
from haechi.node.shared import INDEX, FollowTerms, key_id, make_log, open_log, open_shelf
from haechi.node.trusting import cards_to_mirror
from haechi.node.witness_policy import NodePolicy
from haechi.node.witnessing import Witnessing
from haechi.statement.claims import kind_names, kind_of

PINS = "pins.json"


def create_node(
    folder: Path, config: Config, passphrase: bytes | None, now: int, prepared: Path | None = None
) -> NodeCard:
    """Make a node with keys and a log of two entries; its card, to be pinned by others.

    prepared: a folder with keys to use instead of fresh ones (`make_keys`).

    Raises NodeExists, FolderInUse, CardInvalid and what making keys or files raises; what was made until then
    is removed again.
    """
    begun = require_empty(folder)
    try:
        return _create(folder, config, passphrase, now, prepared)
    except BaseException:
        clear_out(folder, keep=begun)
        raise


def _create(
    folder: Path, config: Config, passphrase: bytes | None, now: int, prepared: Path | None
) -> NodeCard:
    make_folders(folder, config)
    keys = make_keys(folder, passphrase, prepared)
    card = card_of(config, keys)
    card.check()
    signer = keys.checkpoint_signer(config.origin)
    entries = genesis(config, keys, signer, load(), now)
    with ExitStack() as stack:
        store = make_log(folder, config)
        stack.callback(store.close)
        heads = stack.enter_context(HeadStore.create(config.heads(), config.origin, key_id(keys, config)))
        publisher = Publisher(lambda head, at: signer.sign(head.size, head.root, at), lambda: now)
        sequencer = Sequencer.create(
            store,
            heads,
            [Entry(entry.digest, entry.raw, Terms(-1, entry.about.kind == "policy")) for entry in entries],
            publisher,
        )
        stack.enter_context(sequencer)
        sequencer.publish(now)
    return card


def card_of(config: Config, keys: Keychain, former: tuple[FormerKeys, ...] = ()) -> NodeCard:
    """What this node says of itself; its fingerprint is what operators tell each other.

    former: the log's keys before each change of them (`own_card` reads them).
    """
    signer = keys.checkpoint_signer(config.origin)
    return NodeCard(
        origin=config.origin,
        name=Label(en=config.name_en, ko=config.name_ko),
        role=config.role,
        country=config.country,
        url=config.url,
        vkeys=tuple(key.vkey for key in signer.keys),
        receipt_keys=(_base64(keys.receipt.public.cose_key),),
        issuer=config.issuer,
        issuer_keys=(_base64(keys.issuer.public.cose_key),),
        http_keys=() if keys.http is None else (_base64(keys.http.public.cose_key),),
        encryption_keys=() if keys.encryption is None else (_base64(keys.encryption.public.cose_key),),
        witness_vkeys=tuple(signer.key.vkey for signer in keys.witness_signers(config.origin)),
        mirror_vkeys=tuple(signer.key.vkey for signer in keys.mirror_signers(config.origin)),
        former=former,
    )


def own_card(folder: Path, config: Config, keys: Keychain) -> NodeCard:
    """The card of the node in `folder`, with the keys that its log had before."""
    return card_of(config, keys, Handovers.load(folder / HANDOVERS).former)


def open_node(
    folder: Path, *, clock: Callable[[], float], passphrase: bytes | None = None, port: int | None = None
) -> Runner:
    """The node in `folder`, ready to be started; the caller stops it.

    port: instead of the configured one. Raises NotFound, KeyLocked, SignerLocked when it already runs, and
    RolledBack when the log is older than what it has signed.
    """
    config = load_config(folder)
    for name in kind_names():
        kind_of(name)  # read now: a module that is read under load needs a file descriptor then
    if port is not None:
        config = msgspec.structs.replace(config, listen=msgspec.structs.replace(config.listen, port=port))
    require_settled(folder)
    keys = load_keychain(folder / "keys", passphrase)
    pins = Pins.load(folder / PINS)
    follow_terms = FollowTerms()
    with ExitStack() as stack:
        heads = stack.enter_context(HeadStore.open(config.heads(), config.origin, key_id(keys, config)))
        index = Index(folder / INDEX, config.limits.cache_bytes)
        stack.callback(index.close)
        parts = heads, _publisher(config, keys, clock)
        store, sequencer = open_log(stack, folder, config, parts, follow_terms)
        shared = open_shelf(folder, config)
        stack.callback(shared.close)
        opened = stack.pop_all()
    node = Node(
        folder=folder,
        config=config,
        keys=keys,
        sequencer=sequencer,
        store=store,
        index=index,
        pins=pins,
        facts=load(),
        shared=shared,
        clock=clock,
        close=opened.close,
    )
    follow_terms.node = node
    cosigners = keys.mirror_signers(config.origin) if config.cluster is None else []
    card = own_card(folder, config, keys)
    policy = NodePolicy(folder, [card, *pins.nodes], lambda: node.trusting.trust.trust_list, clock)
    peers = Peers(
        cards_to_mirror(pins, node.trusting.trust.trust_list, config.origin),
        lambda card: Peer(card, folder / "mirrors", PeerClient, policy.is_met_by, cosigners),
    )
    runner = Runner(node, card, peers, Witnessing(node, card, peers, policy))
    runner.settle()
    latest = latest_policy(store, index, node.facts)
    if latest is not None:
        node.policies.take(latest[1], latest[0])
    return runner


def _publisher(config: Config, keys: Keychain, clock: Callable[[], float]) -> Publisher:
    signer = keys.checkpoint_signer(config.origin)

    def sign(head: Head, at: int) -> bytes:
        return signer.sign(head.size, head.root, at)

    return Publisher(sign, lambda: int(clock()), config.checkpoint_seconds)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
