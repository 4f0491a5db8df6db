"""The witnesses among pinned nodes, as a C2SP witness policy."""

from collections.abc import Sequence

from haechi.log.quorum import WitnessPolicy, policy_of_nodes
from haechi.network.card import NodeCard

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
