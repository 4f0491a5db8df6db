"""Keys of marks: who may write a mark and what is needed to read it.

A mark key is a name, a secret and a pilot key. The secret decides the signs of the data, so only its holder
can read the payload, and nobody can read it by mistake under another key. Publishing the secret makes the
mark readable by everybody, and also forgeable by everybody: the log says which marks are genuine.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, Self

from msgspec import Struct

from haechi.errors import BadInput
from haechi.mark.image.layout import PUBLIC_PILOTS, Layout, layout_of
from haechi.mark.image.plane import Reals
from haechi.mark.image.stream import signs
from haechi.words import Text

SECRET_BYTES = 32


class MarkKeyMalformed(BadInput):
    """A mark key's secret has the wrong length; facts: got."""

    code: ClassVar[str] = "mark.key.malformed"
    what = Text(
        "a mark key's secret has 32 bytes, got {got}", "마크 키의 비밀값은 32바이트여야 합니다: {got}바이트"
    )
    hint = Text("make a key with MarkKey.generate", "MarkKey.generate 로 키를 만드세요")


class MarkKey(Struct, frozen=True):
    """A key to write and read marks: `name` for people, 32 secret bytes, and the pilots it stands on.

    Rotation: give every period its own key with the same name and a new secret, write with the newest,
    and keep the old ones for reading; each key tried is counted in the p-value.
    """

    name: str
    secret: bytes
    pilots: bytes = PUBLIC_PILOTS

    def __post_init__(self) -> None:
        """The secret has 32 bytes, or MarkKeyMalformed."""
        if len(self.secret) != SECRET_BYTES:
            raise MarkKeyMalformed(got=len(self.secret))

    def __repr__(self) -> str:
        """The name and the id: a secret never reaches a log line or a traceback."""
        return f"MarkKey({self.name!r}, id={self.id})"

    @classmethod
    def generate(cls, name: str, randbytes: Callable[[int], bytes]) -> Self:
        """A new key; `randbytes` is `os.urandom` or a test's own source."""
        return cls(name=name, secret=randbytes(SECRET_BYTES))

    @property
    def id(self) -> str:
        """16 hexadecimal digits that name the key without giving it away."""
        return sha256(b"haechi mark key id/" + self.secret + self.pilots).hexdigest()[:16]

    @property
    def layout(self) -> Layout:
        """The layout of this key's pilots."""
        return layout_of(self.pilots)

    @property
    def signs(self) -> Reals:
        """One sign for each data dimension."""
        return _signs_of(self.secret, self.pilots)


PUBLIC_KEY = MarkKey(name="public", secret=sha256(b"haechi public mark key 1").digest())
"""The key everybody knows: marks under it can be read by anyone without asking (and forged by anyone)."""


@lru_cache(maxsize=4096)
def _signs_of(secret: bytes, pilots: bytes) -> Reals:
    return signs("signs", secret, len(layout_of(pilots).interleaver))
