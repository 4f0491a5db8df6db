"""The text mark: sampling that leaves a keyed trace, and exact p-values for finding it (haechi-text-1).

>>> from haechi.mark.text import Asked, TextKey, detect_text
>>> detect_text("a few words", [Asked(key=TextKey("example", bytes(32)))]).marks
()

Needs the extra `mark` (numpy). Writing: `Marker` with `sample` (token space) or `sample_word` (word space,
whose detection needs neither tokenizer nor model). Reading: `detect_text`, `detect_tokens`.
"""

from haechi.mark.text.detect import (
    ENOUGH,
    LOG10_P_LIMIT,
    Asked,
    Signpost,
    Stretch,
    TextDetection,
    TextMarkFound,
    detect_text,
    detect_tokens,
)
from haechi.mark.text.key import SIGNPOST_KEY, TextKey, TextKeyMalformed
from haechi.mark.text.look import TextMeans, look_at_text
from haechi.mark.text.marker import Marker, TextMark
from haechi.mark.text.outcome import TextLook, TextState
from haechi.mark.text.payload import TextPayloadOutOfRange
from haechi.mark.text.race import Candidates, Cut, LogitsUnfit, candidates_of
from haechi.mark.text.tokens import TokenState, choose, sample
from haechi.mark.text.vocabulary import Vocabulary, WordState, choose_word, sample_word

__all__ = [
    "ENOUGH",
    "LOG10_P_LIMIT",
    "SIGNPOST_KEY",
    "Asked",
    "Candidates",
    "Cut",
    "LogitsUnfit",
    "Marker",
    "Signpost",
    "Stretch",
    "TextDetection",
    "TextKey",
    "TextKeyMalformed",
    "TextLook",
    "TextMark",
    "TextMarkFound",
    "TextMeans",
    "TextPayloadOutOfRange",
    "TextState",
    "TokenState",
    "Vocabulary",
    "WordState",
    "candidates_of",
    "choose",
    "choose_word",
    "detect_text",
    "detect_tokens",
    "look_at_text",
    "sample",
    "sample_word",
]
