"""Token space: contexts and items are token ids (haechi-text-1, section 4.2).

The strongest form of the mark; whoever detects needs the tokenizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from haechi.mark.text.marker import Marker
from haechi.mark.text.prf import Reals, context_block
from haechi.mark.text.race import PLAIN, Candidates, Cut, candidates_of, draw, race
from haechi.mark.text.words import Pair

TOKEN_CONTEXT = 2
SPACE = b"t"


def token_context(tokens: Sequence[int]) -> bytes:
    """The block of a context: the token ids before an item, each as four little-endian bytes."""
    return context_block(SPACE, b"".join(int(token).to_bytes(4, "little") for token in tokens))


def token_pairs(tokens: Sequence[int], width: int = TOKEN_CONTEXT) -> list[Pair]:
    """Each pair of context and item once, in order; the item of a token is its id."""
    seen: set[tuple[bytes, int]] = set()
    pairs: list[Pair] = []
    for at in range(width, len(tokens)):
        context, item = token_context(tokens[at - width : at]), int(tokens[at])
        if (context, item) not in seen:
            seen.add((context, item))
            pairs.append(Pair(context, item, at))
    return pairs


@dataclass(slots=True)
class TokenState:
    """One text that is being written in token space. The prompt is no part of it: a detector has none.

    tokens: the ids written so far; width: tokens of context.
    """

    marker: Marker
    cut: Cut = PLAIN
    width: int = TOKEN_CONTEXT
    tokens: list[int] = field(default_factory=list[int])


def sample(logits: Reals, state: TokenState) -> int:
    """The next token, added to `state`; with the same distribution as plain sampling. Raises LogitsUnfit."""
    token = choose(candidates_of(logits, state.cut), state)
    state.tokens.append(token)
    return token


def choose(candidates: Candidates, state: TokenState) -> int:
    """The token among candidates that were already cut; nothing is added to `state.tokens`."""
    marker, probabilities = state.marker, candidates.probabilities
    if len(state.tokens) < state.width:
        return int(candidates.tokens[draw(probabilities, marker.rng)])
    context = token_context(state.tokens[-state.width :])
    if not marker.fresh(context):
        return int(candidates.tokens[draw(probabilities, marker.rng)])
    marker.spend(context)
    uniforms = marker.uniforms(context, candidates.tokens.astype(np.uint64))
    return int(candidates.tokens[race(probabilities, uniforms)])
