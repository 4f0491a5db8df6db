"""Text forms with one spelling each: base64 and decimal numbers, as notes, checkpoints and proofs use them.

A second spelling of the same bytes would be a second note under the same signature, so whatever could be
written otherwise (no padding, loose trailing bits, leading zeros, a plus sign) is not read at all.
"""

import re
from binascii import a2b_base64, b2a_base64
from itertools import chain
from struct import iter_unpack

from haechi.words import Text

MISFIT = Text("{part}: expected {expected}, got {got}", "{part}: 기대값 {expected}, 받은 값 {got}")
"""The end of every sentence about input of the wrong form; facts: part, expected, got."""

# By the number of bytes in the last group: the characters whose unused bits are zero.
_LAST_CHARACTER = ("", "AQgw", "AEIMQUYcgkosw048")
_HASH_LINE = 45  # 32 bytes are 43 characters and one of padding
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def encode_base64(raw: bytes) -> str:
    """Standard padded base64 (RFC 4648 section 4)."""
    return b2a_base64(raw, newline=False).decode("ascii")


def decode_base64(value: str) -> bytes | None:
    r"""The bytes of which `value` is the standard base64 form, else None.

    Padding is required and unused trailing bits must be zero (RFC 4648 sections 3.2 and 3.5).

    >>> decode_base64("AA=="), decode_base64("AB=="), decode_base64("AA")
    (b'\x00', None, None)
    """
    try:
        raw = a2b_base64(value, strict_mode=True)
    except ValueError:
        return None
    # The rest of the text is as strict decoding has it.
    loose = len(raw) % 3
    if len(value) != (len(raw) + 2) // 3 * 4 or (loose and value[loose - 4] not in _LAST_CHARACTER[loose]):
        return None
    return raw


def decode_hashes(lines: str) -> list[bytes] | None:
    r"""The hashes of 32 bytes of which `lines` are the base64 forms, a newline after each; else None.

    >>> decode_hashes("A" * 43 + "=\n") == [bytes(32)], decode_hashes("A" * 43 + "="), decode_hashes("")
    (True, None, [])
    """
    count, rest = divmod(len(lines), _HASH_LINE)
    if rest or lines[43::_HASH_LINE] != "=" * count or lines[44::_HASH_LINE] != "\n" * count:
        return None
    try:
        # An A is six zero bits: with one for each padding the lines are one text of 33 bytes each, the last
        # of them zero if the unused bits are. Else a padding or newline is no base64, or makes it shorter.
        raw = a2b_base64(lines.replace("=\n", "A"), strict_mode=True)
    except ValueError:
        return None
    if len(raw) != 33 * count or raw[32::33] != bytes(count):
        return None
    return [*chain.from_iterable(iter_unpack("32sx", raw))]


def decode_decimal(value: str) -> int | None:
    """The number that `value` spells in ASCII digits without a leading zero, up to 2^63 - 1, else None.

    >>> decode_decimal("0"), decode_decimal("10"), decode_decimal("010"), decode_decimal("9" * 19)
    (0, 10, None, None)
    """
    if not _DECIMAL.fullmatch(value):
        return None
    number = int(value)
    return number if number < 1 << 63 else None


def show_number(value: int) -> str:
    """`value` for a sentence; one of thousands of digits (Python refuses to print those) as its length."""
    return str(value) if value.bit_length() <= 64 else f"{value.bit_length()} bits"


def shorten(value: str) -> str:
    """`value` for a sentence: quoted, control characters escaped, at most 60 characters of it."""
    return repr(value if len(value) <= 60 else value[:57] + "...")
