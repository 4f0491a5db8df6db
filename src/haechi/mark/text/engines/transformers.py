"""A logits processor for transformers (`model.generate(..., logits_processor=[TransformersMark(make)])`).

It goes last. Batched: each row is a text of its own with a writer of its own. Beam search mixes texts and is
not for marks. Nothing of torch or transformers is imported: the tensors bring what is needed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from haechi.mark.text.engines.writer import Writer


class TransformersMark:
    """Called by `generate` with ids (rows, length) and scores (rows, vocabulary); use with do_sample=True."""

    def __init__(self, make_writer: Callable[[], Writer]) -> None:
        self._make = make_writer
        self._writers: list[Writer] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:  # noqa: ANN401  # tensors of an engine not imported
        """The scores with all but the next token of each row banned."""
        while len(self._writers) < len(scores):
            self._writers.append(self._make())
        left = scores.new_full(tuple(scores.shape), float("-inf"))
        for row, writer in enumerate(self._writers[: len(scores)]):
            logits = np.asarray(scores[row].tolist(), np.float64)
            left[row, writer.next(input_ids[row].tolist(), logits)] = 0.0
        return left
