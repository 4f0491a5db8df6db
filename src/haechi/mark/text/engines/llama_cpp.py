"""llama-cpp-python (the extra `llama`): a logits processor, and a model as a reader of texts.

    llm.create_completion(prompt, logits_processor=[LlamaMark(writer)],
                          temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)

The processor decides; what it returns leaves one token to the engine's own sampler. One processor, one text.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from haechi.errors import NotFound
from haechi.mark.extra import require
from haechi.mark.text.choice import Choice, choice_of
from haechi.mark.text.engines.writer import Writer
from haechi.mark.text.race import PLAIN, Cut, candidates_of
from haechi.mark.text.tokenizer import TokenizerUnreadable
from haechi.mark.text.tokens import Tokens
from haechi.mark.text.vocabulary import Vocabulary
from haechi.words import Text

MOST_LOOKED_AT = 1024
"""Tokens of a text whose choice is worked out: each holds a row of the whole vocabulary in memory."""


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


def places_of(text: str, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """The characters that each token stands for, from how many bytes it has; a space put before the text is
    none of them. Where the bytes do not add up to the text, each token may stand for all of it.

    >>> places_of("é b", [3, 2])
    [(0, 1), (1, 3)]
    """
    begins = [at for at, letter in enumerate(text) for _ in letter.encode()]
    ends = [at + 1 for at in begins]
    before = sum(sizes) - len(begins)
    if before not in (0, 1):
        return [(0, len(text))] * len(sizes)
    places: list[tuple[int, int]] = []
    at = -before
    for size in sizes:
        first, at = max(at, 0), at + size
        places.append((begins[first], ends[at - 1]) if at > first else (places[-1:] or [(0, 0)])[0])
    return places


class ReadingModel(NamedTuple):
    """A model that reads. digest: SHA-256 of its file, hexadecimal; tokenize: from text to tokens alone;
    choice: what the model had to choose from in the first 1,024 tokens of a text.
    """

    digest: str
    tokenize: Callable[[str], Tokens]
    choice: Callable[[str], Choice]


def load_model(path: Path, cut: Cut = PLAIN) -> ReadingModel:
    """The model in a GGUF file. cut: the sampling settings that the text was written with, where known.

    Raises NotFound, TokenizerUnreadable, ExtraMissing.
    """
    library = require("llama_cpp", "llama")
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=Text("model", "모델"), name=str(path)) from error
    try:
        model: Any = library.Llama(str(path), n_ctx=MOST_LOOKED_AT, logits_all=True, verbose=False)
    except (ValueError, RuntimeError) as error:
        raise TokenizerUnreadable(why=str(error)[:200]) from error

    def tokenize(text: str) -> Tokens:
        ids = [int(token) for token in model.tokenize(text.encode(), add_bos=False)]
        return Tokens(ids, places_of(text, [len(model.detokenize([each])) for each in ids]))

    def choice(text: str) -> Choice:
        tokens = [*tokenize(text).ids][:MOST_LOOKED_AT]
        if len(tokens) < 2:
            return choice_of([])
        model.reset()
        model.eval(tokens)
        offers = (candidates_of(row, cut).probabilities for row in model.scores[: len(tokens) - 1])
        return choice_of(offers)._replace(temperature=cut.temperature)

    return ReadingModel(digest, tokenize, choice)
