"""Witnesses as a C2SP witness policy: the pinned nodes, and those that a trust list names.

A listed key counts for a checkpoint while the list says it is good at that checkpoint's last entry. Status is
by log position, so that a thief of a witness key cannot cosign from the past, and what it cosigned before it
was revoked keeps its worth. What the list says of a key holds for a pinned key too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from haechi.log.cosignature import TreeHead
from haechi.log.note import NoteKey
from haechi.log.quorum import Counts, WitnessPolicy, policy_of_nodes
from haechi.network.card import NodeCard
from haechi.network.trust.keys import ListedKey, Standing

if TYPE_CHECKING:  # few readers have a list, and it takes long to load
    from haechi.network.trust.listing import TrustList

PREFIX = "/witness"
"""Where a node's witness answers, below the node's address."""


def witness_url(card: NodeCard) -> str:
    """The submission prefix of a node's witness."""
    return card.url.rstrip("/") + PREFIX


def pinned_policy(cards: Sequence[NodeCard], quorum: int | None = None) -> WitnessPolicy:
    """The policy in which each of these nodes is a witness.

    quorum: how many must have cosigned, 0: none need to; None: `default_quorum`, and none of a node alone.
    Raises WitnessPolicyMalformed for a quorum of more nodes than there are.
    """
    witnessing = {card.origin: card for card in cards if card.witness_vkeys}
    if len(witnessing) < 2 and quorum is None:
        quorum = 0
    nodes = ((card.origin, card.witness_keys(), witness_url(card)) for card in witnessing.values())
    return policy_of_nodes(nodes, quorum)


def read_policy(raw: bytes, listed: "TrustList | None") -> WitnessPolicy:
    """A policy file whose witnesses may be named by their entry in a trust list (`listed:NAME`).

    Raises TooLarge, WitnessPolicyMalformed.
    """
    if listed is None:
        return WitnessPolicy.parse(raw)
    keys = {one.name: [key.note_key() for key in one.keys] for one in listed.cosigners}
    return replace(WitnessPolicy.parse(raw, keys), counts=counts_by(lambda: listed))


def known_policy(cards: Sequence[NodeCard], listed: "TrustList | None", quorum: int | None) -> WitnessPolicy:
    """The policy in which each pinned node, and each organisation with listed witnesses, is one witness.

    Whoever is both is one. quorum: as for `pinned_policy`. Raises WitnessPolicyMalformed.
    """
    if listed is None:
        return pinned_policy(cards, quorum)
    keys: dict[str, dict[bytes, NoteKey]] = {}
    for name, key in (*_pinned(cards), *_listed(listed)):
        keys.setdefault(name, {}).setdefault(key.public, key)
    once = _each_once((name, list(of_one.values())) for name, of_one in keys.items())
    if len(once) < 2 and quorum is None:
        quorum = 0
    made = policy_of_nodes(((name, of_one, "") for name, of_one in once), quorum)
    return replace(made, counts=counts_by(lambda: listed))


def counts_by(listed: "Callable[[], TrustList]") -> Counts:
    """Which keys count where, by the list that `listed` gives at that moment; a key it lacks counts."""
    known: list[tuple[TrustList, dict[bytes, ListedKey]]] = []

    def counts(key: NoteKey, head: TreeHead) -> bool:
        now = listed()
        if not known or known[0][0] is not now:
            known[:] = [(now, {each.raw: each for one in now.cosigners for each in one.keys})]
        told = known[0][1].get(key.public)
        return told is None or told.standing(head.origin, max(0, head.size - 1)) is Standing.GOOD

    return counts


def _pinned(cards: Iterable[NodeCard]) -> Iterable[tuple[str, NoteKey]]:
    return ((card.issuer, key) for card in cards for key in card.witness_keys())


def _listed(listed: "TrustList") -> Iterable[tuple[str, NoteKey]]:
    return (
        (one.operator, key.note_key())
        for one in listed.cosigners
        if one.duty == "witness"
        for key in one.keys
    )


def _each_once(named: Iterable[tuple[str, list[NoteKey]]]) -> list[tuple[str, list[NoteKey]]]:
    """A key that two claim is the first one's: nobody counts twice."""
    taken: set[bytes] = set()
    once: list[tuple[str, list[NoteKey]]] = []
    for name, keys in named:
        own = [key for key in keys if key.public not in taken]
        taken.update(key.public for key in own)
        once.append((name, own))
    return [(name, keys) for name, keys in once if keys]
