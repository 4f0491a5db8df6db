"""Whose mark goes into which context: the writing side that token and word sampling share."""

import numpy as np
from msgspec import Struct

from haechi.mark.text.key import SIGNPOST_KEY, TextKey
from haechi.mark.text.payload import (
    SIGNPOST_DIGITS,
    is_signpost,
    require_payload,
    require_signpost,
    value,
)
from haechi.mark.text.prf import Reals, Words, blocks, keyed, uniform

SECOND_KEY = "second"
DUAL_SHARE = 0.1


class TextMark(Struct, frozen=True, kw_only=True):
    """What is written. payload: 16 bits or None; signpost: 12 public bits that name whom to ask, or None.

    dual_share: how often the key's second key is used instead, as engines with speculative decoding do;
    the repeated prompt then has another answer. Raises TextPayloadOutOfRange.
    """

    key: TextKey
    payload: int | None = None
    signpost: int | None = None
    dual_share: float = 0.0

    def __post_init__(self) -> None:
        """Numbers are in range."""
        require_payload(self.payload)
        require_signpost(self.signpost)


class Marker:
    """Writes one text. Always true: a context gives its numbers once, so the choices stay independent."""

    def __init__(self, mark: TextMark, rng: np.random.Generator) -> None:
        self.mark = mark
        self.rng = rng
        self._second = mark.key.derived(SECOND_KEY)
        self._seen: set[bytes] = set()

    def fresh(self, context: bytes) -> bool:
        """Whether this context may still be marked."""
        return context not in self._seen

    def spend(self, context: bytes) -> None:
        """The context has been used; from now on it is left alone."""
        self._seen.add(context)

    def uniforms(self, context: bytes, items: Words) -> Reals:
        """A number in (0, 1) for each item, by the key whose turn it is."""
        mark = self.mark
        if mark.signpost is not None and is_signpost(context):
            secret, digit = SIGNPOST_KEY.secret, value(mark.signpost, context, SIGNPOST_DIGITS)
        else:
            second = mark.dual_share > 0.0 and self.rng.random() < mark.dual_share
            secret = (self._second if second else mark.key).secret
            digit = value(mark.payload, context)
        return uniform(keyed(secret, blocks([context]), items, digit)[:, 0])
