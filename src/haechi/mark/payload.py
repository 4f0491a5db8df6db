"""What a mark says: 16 bits name the issuer, 48 random bits the item."""

import secrets
from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np
from msgspec import Struct

from haechi.errors import BadInput
from haechi.mark.trellis import Bits
from haechi.words import Text

NAMESPACE_BITS = 16
ITEM_BITS = 48


class PayloadOutOfRange(BadInput):
    """A namespace or item number does not fit; facts: field, limit, got."""

    code: ClassVar[str] = "mark.payload.range"
    what = Text(
        "{field} must lie in 0..{limit}, got {got}", "{field}은(는) 0..{limit} 범위여야 합니다: {got}"
    )
    hint = Text(
        "a namespace has 16 bits, an item number 48",
        "네임스페이스는 16비트, 항목 번호는 48비트입니다",
    )


class Payload(Struct, frozen=True, order=True):
    """The 64 bits of a mark: `namespace` (the issuer's, 16 bits) and `item` (random, 48 bits).

    >>> Payload(namespace=0x0102, item=3).hex
    '0102000000000003'
    """

    namespace: int
    item: int

    def __post_init__(self) -> None:
        """Both parts fit, or PayloadOutOfRange."""
        for field, value, bits in (
            ("namespace", self.namespace, NAMESPACE_BITS),
            ("item", self.item, ITEM_BITS),
        ):
            if not 0 <= value < 1 << bits:
                raise PayloadOutOfRange(field=field, limit=(1 << bits) - 1, got=value)

    @classmethod
    def fresh(cls, namespace: int, randbits: Callable[[int], int] = secrets.randbits) -> Self:
        """A payload for a new item; every item gets its own, so averaging many pictures shows none."""
        return cls(namespace=namespace, item=randbits(ITEM_BITS))

    @classmethod
    def from_int(cls, value: int) -> Self:
        """The payload with this 64-bit number; raises PayloadOutOfRange."""
        return cls(namespace=value >> ITEM_BITS, item=value & (1 << ITEM_BITS) - 1)

    @classmethod
    def from_bits(cls, bits: Bits) -> Self:
        """The payload of 64 bits, highest first."""
        return cls.from_int(int.from_bytes(np.packbits(bits).tobytes()))

    def __int__(self) -> int:
        """The 64-bit number: namespace, then item."""
        return self.namespace << ITEM_BITS | self.item

    @property
    def bits(self) -> Bits:
        """64 bits, highest first."""
        return np.unpackbits(np.frombuffer(int(self).to_bytes(8), np.uint8))

    @property
    def hex(self) -> str:
        """16 hexadecimal digits: the form a statement and a log carry."""
        return f"{int(self):016x}"
