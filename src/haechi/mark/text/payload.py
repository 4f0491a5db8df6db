"""What a text mark can say besides whose it is: 16 bits, a digit to each context (haechi-text-1, section 5).

The context alone says which digit it carries, so a detector reads each digit by itself: sixteen values for
each of four digits instead of 65,536 whole payloads. All 65,536 are paid for in the p-value.
"""

from typing import ClassVar

from haechi.errors import BadInput
from haechi.words import Text

DIGITS = 4
BASE = 16
PAYLOADS = BASE**DIGITS
SIGNPOST_DIGITS = 3
SIGNPOSTS = BASE**SIGNPOST_DIGITS
_POSITION_BYTE, _SIGNPOST_BYTE = 14, 15
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


def position(context: bytes, digits: int = DIGITS) -> int:
    """Which digit a context carries, 0 the most significant."""
    return context[_POSITION_BYTE] % digits


def value(number: int | None, context: bytes, digits: int = DIGITS) -> int:
    """What goes into the keyed block: 0 for no payload, else 1 + the digit that this context carries."""
    if number is None:
        return 0
    shift = 4 * (digits - 1 - position(context, digits))
    return 1 + (number >> shift & BASE - 1)
