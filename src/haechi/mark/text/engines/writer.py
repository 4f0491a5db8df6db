"""One text that an engine is writing: it hands over all ids and a row of logits, and gets the next id.

BadInput
└── VocabularyMissing   word space without the table of what tokens begin
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from haechi.errors import BadInput
from haechi.mark.text.marker import Marker, TextMark
from haechi.mark.text.prf import Reals
from haechi.mark.text.profiles import HaechiProfile
from haechi.mark.text.race import PLAIN, Cut, candidates_of
from haechi.mark.text.tokens import TokenState, choose
from haechi.mark.text.vocabulary import Vocabulary, WordState, choose_word
from haechi.words import Text


class VocabularyMissing(BadInput):
    """A profile in word space and no vocabulary to write with."""

    code: ClassVar[str] = "mark.text.vocabulary"
    what = Text(
        "words cannot be marked without the tokenizer's vocabulary",
        "토크나이저의 어휘 없이는 단어에 표시할 수 없습니다",
    )
    hint = Text(
        "make it once with Vocabulary.of(texts of all token ids)",
        "Vocabulary.of(모든 토큰 id의 텍스트)로 한 번 만들어 두세요",
    )


Detokenize = Callable[[Sequence[int]], str]


class Writer:
    """Always true: the ids that were there at the first call are the prompt, and no part of the text."""

    def __init__(self, state: TokenState | WordState, detokenize: Detokenize | None = None) -> None:
        """detokenize: for word space, where tokens do not decode one by one; else their texts are joined."""
        self._state = state
        self._detokenize = detokenize
        self._prompt: int | None = None
        self._known: list[int] = []

    def next(self, ids: Sequence[int], logits: Reals) -> int:
        """The next token id. ids: prompt and text so far; logits: one row. Raises LogitsUnfit."""
        if self._prompt is None:
            self._prompt = len(ids)
        self._known = [int(token) for token in ids[self._prompt :]]
        state = self._state
        candidates = candidates_of(logits, state.cut)
        if isinstance(state, TokenState):
            state.tokens = self._known
            return choose(candidates, state)
        state.text = self._text(state)
        return choose_word(candidates, state)

    def _text(self, state: WordState) -> str:
        if self._detokenize is not None:
            return self._detokenize(self._known)
        return "".join(state.vocabulary.texts[token] for token in self._known)


def writer_for(
    profile: HaechiProfile,
    rng: np.random.Generator,
    cut: Cut = PLAIN,
    *,
    payload: int | None = None,
    vocabulary: Vocabulary | None = None,
    detokenize: Detokenize | None = None,
) -> Writer:
    """A writer of the marks that this profile reads; vocabulary: needed in word space.

    Raises TextPayloadOutOfRange, VocabularyMissing.
    """
    mark = TextMark(
        key=profile.key,
        payload=payload if profile.payload else None,
        signpost=profile.signpost,
        dual_share=profile.dual_share,
    )
    marker = Marker(mark, rng)
    if profile.space == "token":
        return Writer(TokenState(marker, cut, profile.width))
    if vocabulary is None:
        raise VocabularyMissing
    return Writer(WordState(marker, vocabulary, cut), detokenize)
