"""Word space while generating: which words the tokens of a vocabulary can begin (haechi-text-1, section 4.3).

Only tokens that begin a word are steered. Tokens that begin with the same item share one number, so the
race is between items; which token of the winning item comes, and whether a word begins at all, is drawn
without the key. So every token keeps its probability, averaged over keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haechi.mark.text.marker import Marker
from haechi.mark.text.prf import Reals, Words, item_of_text
from haechi.mark.text.race import PLAIN, Candidates, Cut, candidates_of, draw, race
from haechi.mark.text.words import (
    CONTEXT_WORDS,
    context_of,
    goes_on,
    item_text,
    normal_words,
    normalised,
    stands_alone,
)

_TAIL_CHARS = 512
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What each token id begins. always: a word, wherever it stands; after_gap: a word unless one goes on.

    items: the item of that word, 0 for tokens that begin none. Made once for a tokenizer.
    """

    texts: tuple[str, ...]
    always: Flags
    after_gap: Flags
    items: Words

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Vocabulary":
        """The table of a tokenizer. texts: what each id decodes to by itself, with its leading space."""
        always, after_gap = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
        items = np.zeros(len(texts), np.uint64)
        for token, text in enumerate(texts):
            words = normal_words(text)
            # A broken character decodes to U+FFFD: what it begins is known only with the next token.
            if not words or "\ufffd" in text:
                continue
            first = words[0]
            always[token] = not normalised(text).startswith(first) or stands_alone(first[0])
            after_gap[token] = not always[token]
            items[token] = item_of_text(item_text(first))
        return cls(tuple(texts), always, after_gap, items)

    def starts(self, tokens: NDArray[np.int64], *, inside: bool) -> Flags:
        """Which tokens begin a word here; inside: a word goes on."""
        return self.always[tokens] if inside else self.always[tokens] | self.after_gap[tokens]


@dataclass(slots=True)
class WordState:
    """One text that is being written in word space. text: what was written so far, without the prompt."""

    marker: Marker
    vocabulary: Vocabulary
    cut: Cut = PLAIN
    text: str = ""


def sample_word(logits: Reals, state: WordState) -> int:
    """The next token, its text added to `state`; same distribution as plain sampling. Raises LogitsUnfit.

    Tokenizers whose tokens do not decode one by one: use `choose_word` and set `state.text` by yourself.
    """
    token = choose_word(candidates_of(logits, state.cut), state)
    state.text += state.vocabulary.texts[token]
    return token


def choose_word(candidates: Candidates, state: WordState) -> int:
    """The token among candidates that were already cut; `state.text` stays as it is."""
    marker = state.marker
    tokens, probabilities = candidates
    normal = normalised(state.text[-_TAIL_CHARS:])
    words = normal_words(normal)[-CONTEXT_WORDS:]
    if len(words) == CONTEXT_WORDS:
        starts = state.vocabulary.starts(tokens, inside=goes_on(normal))
        context = context_of(words)
        if starts.any() and marker.fresh(context) and marker.rng.random() < probabilities[starts].sum():
            marker.spend(context)
            return _raced(tokens[starts], probabilities[starts], context, state)
        if starts.any() and marker.fresh(context):
            others = ~starts
            if others.any():
                return int(tokens[others][draw(probabilities[others], marker.rng)])
    return int(tokens[draw(probabilities, marker.rng)])


def _raced(tokens: NDArray[np.int64], probabilities: Reals, context: bytes, state: WordState) -> int:
    """A token that begins a word: the item by the key, the token of that item by chance."""
    items, group = np.unique(state.vocabulary.items[tokens], return_inverse=True)
    shares = np.bincount(group, weights=probabilities).astype(np.float64)
    winner = race(shares, state.marker.uniforms(context, items))
    members = group == winner
    return int(tokens[members][draw(probabilities[members], state.marker.rng)])
