"""A file or a claim with its name and type and random bytes in front: what is encrypted, or kept at home.

    BadInput
    └── ParcelMalformed   not a parcel

The random bytes make the digest of a parcel unguessable, also when its content is a yes or a no.
"""

import os
from typing import NamedTuple, cast

from haechi.errors import BadInput
from haechi.statement import cbor
from haechi.statement.header import MEDIA_TYPE
from haechi.statement.sealed import MAX_SEALED_BYTES
from haechi.words import Text

PARCEL_TYPE = "application/vnd.haechi.parcel+cbor"
MAX_PARCEL_BYTES = MAX_SEALED_BYTES
_SALT_BYTES = 16
_MAX_NAME_CHARS = 255


class ParcelMalformed(BadInput):
    """Not a parcel; facts: none."""

    code = "statement.parcel"
    what = Text("not a file that `haechi sign` put away", "`haechi sign` 이 따로 담아 둔 파일이 아닙니다")
    hint = Text(
        "give the .kept or .sealed file that was written beside the statement",
        "진술과 함께 쓰인 .kept 또는 .sealed 파일을 지정하세요",
    )


class Parcel(NamedTuple):
    """What is inside. media_type: of `body`; name: a file name without folders, empty for a claim."""

    media_type: str
    name: str
    body: bytes

    def encode(self) -> bytes:
        """The parcel with fresh random bytes."""
        fields = {"salt": os.urandom(_SALT_BYTES), "type": self.media_type, "name": self.name}
        return cbor.encode({**fields, "body": self.body}, where="parcel")

    @classmethod
    def decode(cls, raw: bytes) -> "Parcel":
        """The parcel in `raw`; raises TooLarge, CborMalformed, ParcelMalformed."""
        value = cbor.decode(raw, where="parcel", max_bytes=MAX_PARCEL_BYTES)
        match cast("dict[object, object]", value) if isinstance(value, dict) else {}:
            case {"salt": bytes(salt), "type": str(kind), "name": str(name), "body": bytes(body), **rest}:
                plain = len(salt) == _SALT_BYTES and not rest and MEDIA_TYPE.match(kind)
                if plain and len(name) <= _MAX_NAME_CHARS and "/" not in name and name not in (".", ".."):
                    return cls(kind, name, body)
            case _:
                pass
        raise ParcelMalformed
