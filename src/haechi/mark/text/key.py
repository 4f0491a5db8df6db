"""Keys of text marks: who may write a mark and what is needed to read it."""

from collections.abc import Callable
from hashlib import sha256
from typing import ClassVar, Self

from msgspec import Struct

from haechi.errors import BadInput
from haechi.words import Text

SECRET_BYTES = 32


class TextKeyMalformed(BadInput):
    """A text key's secret has the wrong length; facts: got."""

    code: ClassVar[str] = "mark.text.key"
    what = Text(
        "a text key's secret has 32 bytes, got {got}", "텍스트 키의 비밀값은 32바이트여야 합니다: {got}바이트"
    )
    hint = Text("make a key with TextKey.generate", "TextKey.generate 로 키를 만드세요")


class TextKey(Struct, frozen=True):
    """A key to write and read text marks: `name` for people and 32 secret bytes.

    Whoever has the secret can read the mark and can forge it too; the log says who vouches for which key.
    """

    name: str
    secret: bytes

    def __post_init__(self) -> None:
        """The secret has 32 bytes, or TextKeyMalformed."""
        if len(self.secret) != SECRET_BYTES:
            raise TextKeyMalformed(got=len(self.secret))

    def __repr__(self) -> str:
        """The name and the id: a secret never reaches a log line or a traceback."""
        return f"TextKey({self.name!r}, id={self.id})"

    @classmethod
    def generate(cls, name: str, randbytes: Callable[[int], bytes]) -> Self:
        """A new key; `randbytes` is `os.urandom` or a test's own source."""
        return cls(name=name, secret=randbytes(SECRET_BYTES))

    @property
    def id(self) -> str:
        """16 hexadecimal digits that name the key without giving it away."""
        return sha256(b"haechi text key id/" + self.secret).hexdigest()[:16]

    def derived(self, label: str) -> "TextKey":
        """A key of its own for another use of this one, such as the second key of the dual mode."""
        return TextKey(self.name, sha256(b"haechi text key/" + label.encode() + b"/" + self.secret).digest())


SIGNPOST_KEY = TextKey("signpost", sha256(b"haechi-text-1 signpost key").digest())
"""The key that everybody knows: it only says whom to ask, and anybody could have written it."""
