"""What a text mark can say besides whose it is: 16 bits, a symbol to each context (haechi-text-1, section 5).

A number is spread over sixteen symbols of four bits, the extended Reed-Solomon code over GF(16): any two
numbers differ in at least 13 of 16 symbols, so nearly every pair of a text helps to tell them apart. The
context alone says which symbol it carries, so a detector scores sixteen values of sixteen symbols, and then
adds up all 65,536 words of the code. All of them are paid for in the p-value.
"""

from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from haechi.errors import BadInput
from haechi.mark.text.prf import Reals
from haechi.words import Text

DIGITS = 4
BASE = 16
SYMBOLS = 16
PAYLOADS = BASE**DIGITS
SIGNPOST_DIGITS = 3
SIGNPOSTS = BASE**SIGNPOST_DIGITS
_POSITION_BYTE, _SIGNPOST_BYTE = 14, 15
_MODULUS = 0b10011
_SIGNPOST_BELOW = 64


class TextPayloadOutOfRange(BadInput):
    """A payload or signpost number does not fit; facts: field, limit, got."""

    code: ClassVar[str] = "mark.text.payload"
    what = Text(
        "{field} must lie in 0..{limit}, got {got}", "{field}은(는) 0..{limit} 범위여야 합니다: {got}"
    )
    hint = Text(
        "a payload has 16 bits, a signpost number 12", "페이로드는 16비트, 이정표 번호는 12비트입니다"
    )


def require_payload(payload: int | None) -> None:
    """Raise TextPayloadOutOfRange unless it is None or has 16 bits."""
    _require("payload", payload, PAYLOADS)


def require_signpost(number: int | None) -> None:
    """Raise TextPayloadOutOfRange unless it is None or has 12 bits."""
    _require("signpost", number, SIGNPOSTS)


def _require(field: str, number: int | None, count: int) -> None:
    if number is not None and not 0 <= number < count:
        raise TextPayloadOutOfRange(field=field, limit=count - 1, got=number)


def is_signpost(context: bytes) -> bool:
    """Whether this context carries the public signpost when the mark has one: a quarter of all."""
    return context[_SIGNPOST_BYTE] < _SIGNPOST_BELOW


def position(context: bytes) -> int:
    """Which of the sixteen symbols a context carries."""
    return context[_POSITION_BYTE] % SYMBOLS


def value(number: int | None, context: bytes, digits: int = DIGITS) -> int:
    """What goes into the keyed block: 0 for no payload, else 1 + the symbol that this context carries."""
    if number is None:
        return 0
    symbol, at = 0, position(context)
    for digit in range(digits - 1, -1, -1):  # Horner's rule, the highest digit first
        symbol = _times(symbol, at) ^ (number >> 4 * digit & BASE - 1)
    return 1 + symbol


def decoded(table: Reals, digits: int = DIGITS) -> tuple[int, float]:
    """The number whose symbols score best, and its score. table: (16 symbols, 16 values)."""
    code = _code(digits)
    scores = np.zeros(code.shape[1])
    for values, symbols in zip(table, code, strict=True):
        scores += values[symbols]
    best = int(scores.argmax())
    return best, float(scores[best])


def most(table: Reals) -> float:
    """A bound on the score of every number: the best value of each symbol by itself."""
    return float(table.max(axis=1).sum())


@cache
def _code(digits: int) -> NDArray[np.uint8]:
    """All words of the code, (16, 16^digits): column n has the symbols of n."""
    products = np.array([[_times(a, b) for b in range(BASE)] for a in range(BASE)], dtype=np.uint8)
    numbers = np.arange(BASE**digits, dtype=np.int64)
    places = np.arange(SYMBOLS, dtype=np.int64)[:, None]
    words: NDArray[np.uint8] = np.zeros((SYMBOLS, len(numbers)), dtype=np.uint8)
    for digit in range(digits - 1, -1, -1):
        words = products[words, places] ^ (numbers >> 4 * digit & BASE - 1).astype(np.uint8)
    return words


def _times(a: int, b: int) -> int:
    """The product in GF(16), bits as coefficients, modulo x^4 + x + 1."""
    product = 0
    for bit in range(4):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(6, 3, -1):
        product ^= (_MODULUS << bit - 4) * (product >> bit & 1)
    return product
