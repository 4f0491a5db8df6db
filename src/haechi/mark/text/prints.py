"""What a text says, in a few bytes: ISCC Text-Code (ISO 24138) and MinHash over three-word shingles.

ISCC is the name others know and follows a text through about a tenth of its words changed; MinHash still
tells a text from an unrelated one when a third is changed. Texts without a shingle have only their digest.
"""

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from haechi.mark.extra import require
from haechi.mark.text.prf import Words
from haechi.mark.text.words import normal_words
from haechi.statement.kinds.content_mark import MINHASH_BYTES

SHINGLE = 3
NUMBERS = MINHASH_BYTES // 4
ISCC_BITS = 256
ISCC_SAME = 85
"""ISCC distances up to this count as the same text: unrelated texts stay above 100 of 256 bits."""
MINHASH_SAME = 0.15
"""Shares of equal numbers from this on count as the same text: unrelated texts stay below 0.05."""
_PERSON = b"haechi-text-1/mh"
_MIX = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_AT_ONCE = 4096


class TextPrints(NamedTuple):
    """iscc: a Text-Code unit; minhash: 128 numbers of 32 bits, little-endian; None without a shingle."""

    iscc: str
    minhash: bytes | None


def prints_of_text(text: str) -> TextPrints:
    """The fingerprints of a text; raises ExtraMissing."""
    code: dict[str, object] = require("iscc_core").gen_text_code(text, bits=ISCC_BITS)
    return TextPrints(str(code["iscc"]), minhash_of(text))


def minhash_of(text: str) -> bytes | None:
    """512 bytes, or None for a text of fewer than three words."""
    words = normal_words(text)
    shingles = {"\x1f".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
    if not shingles:
        return None
    hashed = np.frombuffer(
        b"".join(blake2b(each.encode(), digest_size=8, person=_PERSON).digest() for each in shingles), "<u8"
    ).astype(np.uint64)
    least = np.full(NUMBERS, np.iinfo(np.uint64).max, np.uint64)
    for begin in range(0, len(hashed), _AT_ONCE):
        mixed: Words = _mixed(hashed[begin : begin + _AT_ONCE, None] ^ _SEEDS[None, :])
        least = np.minimum(least, mixed.min(axis=0))
    return (least >> np.uint64(32)).astype("<u4").tobytes()


def minhash_alike(first: bytes, second: bytes) -> float:
    """The share of equal numbers: an estimate of how many shingles two texts share, of all they have.

    >>> minhash_alike(bytes(512), bytes(512))
    1.0
    """
    same = np.frombuffer(first, "<u4") == np.frombuffer(second, "<u4")
    return int(np.count_nonzero(same)) / NUMBERS


def iscc_distance(first: str, second: str) -> int:
    """How many bits of two Text-Codes of the same length differ; raises ExtraMissing."""
    distance: int = require("iscc_core").iscc_distance(first, second)
    return distance


def _mixed(values: Words) -> Words:
    """The finaliser of SplitMix64 (Steele et al., OOPSLA 2014): a bijection that mixes all bits."""
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))


_SEEDS: Words = np.frombuffer(
    b"".join(
        blake2b(at.to_bytes(2, "little"), digest_size=8, person=_PERSON).digest() for at in range(NUMBERS)
    ),
    "<u8",
).astype(np.uint64)
