"""Token space: contexts and items are token ids (haechi-text-1, section 4.2).

The strongest form of the mark; whoever detects needs the tokenizer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from haechi.mark.text.marker import Marker
from haechi.mark.text.novelty import steps_of, weight_of
from haechi.mark.text.prf import Reals, context_block
from haechi.mark.text.race import PLAIN, Candidates, Cut, candidates_of, draw, race
from haechi.mark.text.words import Pair

TOKEN_CONTEXT = 2
BYTES = 256
"""Ids below are single bytes, punctuation among them, in vocabularies that are sorted as they were merged."""
WIDER = 6
"""A context that was used is made wider, token by token, up to the width and this: then chance decides."""
SPACE = b"t"


class Tokens(NamedTuple):
    """Token ids of a text, and the characters of it (start, end) that each stands for."""

    ids: Sequence[int]
    places: Sequence[tuple[int, int]]


def token_context(tokens: Sequence[int]) -> bytes:
    """The block of a context: the token ids before an item, each as four little-endian bytes."""
    return context_block(SPACE, b"".join(int(token).to_bytes(4, "little") for token in tokens))


def contexts_at(tokens: Sequence[int], at: int, width: int = TOKEN_CONTEXT) -> Iterator[bytes]:
    """The contexts that the token at this place may have, narrow to wide; none where too few precede."""
    narrow = width - 1 if width > 1 and at > 0 and tokens[at - 1] >= BYTES else width
    for wide in range(narrow, min(width + WIDER, at) + 1):
        yield token_context(tokens[at - wide : at])


def token_pairs(tokens: Sequence[int], width: int = TOKEN_CONTEXT) -> list[Pair]:
    """What a writer of this very text would have marked: each context once, its item the token's id.

    So no pair comes twice, and no token is scored that was left to chance.
    """
    used: set[bytes] = set()
    steps = steps_of(tokens)
    pairs: list[Pair] = []
    for at in range(1, len(tokens)):
        for place, context in enumerate(contexts_at(tokens, at, width)):
            if context not in used:
                used.add(context)
                pairs.append(Pair(context, int(tokens[at]), at, weight_of(steps[at], wider=place > 0)))
                break
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
    offered = contexts_at(state.tokens, len(state.tokens), state.width)
    context = next((each for each in offered if marker.fresh(each)), None)
    if context is None:
        return int(candidates.tokens[draw(probabilities, marker.rng)])
    marker.spend(context)
    uniforms = marker.uniforms(context, candidates.tokens.astype(np.uint64))
    return int(candidates.tokens[race(probabilities, uniforms)])
