"""A logits processor for llama-cpp-python (the extra `llama`).

    llm.create_completion(prompt, logits_processor=[LlamaMark(writer)],
                          temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)

The processor decides; what it returns leaves one token to the engine's own sampler. One processor, one text.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from haechi.mark.text.engines.writer import Writer
from haechi.mark.text.vocabulary import Vocabulary


class Model(Protocol):
    """What is asked of `llama_cpp.Llama`."""

    def n_vocab(self) -> int:
        """How many token ids."""
        ...

    def detokenize(self, tokens: list[int], /) -> bytes:
        """The bytes of token ids."""
        ...


class LlamaMark:
    """Called by the engine with all ids and one row of logits."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __call__(self, input_ids: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
        """The row with all but the next token banned."""
        chosen = self._writer.next([int(token) for token in input_ids], np.asarray(scores, np.float64))
        left = np.full_like(scores, -np.inf)
        left[chosen] = 0.0
        return left


def vocabulary_of(model: Model) -> Vocabulary:
    """The table of what each token of a model begins, for word space; some seconds for large vocabularies."""
    return Vocabulary.of(
        [model.detokenize([token]).decode("utf-8", "replace") for token in range(model.n_vocab())]
    )


def text_of(model: Model, tokens: list[int]) -> str:
    """The text of token ids, with U+FFFD where the last character is not whole yet."""
    return model.detokenize(tokens).decode("utf-8", "replace")
