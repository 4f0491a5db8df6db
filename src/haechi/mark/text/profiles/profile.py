"""What every reader of another engine's marks has in common."""

from collections.abc import Hashable, Iterable, Sequence
from hashlib import sha256
from typing import ClassVar

import msgspec

from haechi.errors import BadInput, TooLarge
from haechi.mark.text.locate import Segment, locate_by
from haechi.words import Text

MAX_TOKENS = 1_000_000
MAX_TOKEN = 1 << 31


class ProfileUnfit(BadInput):
    """A profile or token ids out of range; facts: why."""

    code: ClassVar[str] = "mark.text.profile"
    what = Text("this profile cannot be read: {why}", "이 프로필을 읽을 수 없습니다: {why}")
    hint = Text(
        "take the settings from the engine's own configuration",
        "엔진의 설정에서 값을 그대로 가져오세요",
    )


class ProfileReading(msgspec.Struct, frozen=True, kw_only=True):
    """How a text scored. count: pairs scored; log10_p: under `law`, for this profile, its payloads paid for.

    payload: the 16 bits that score best, where the profile's marks carry some and they are there.
    """

    engine: str
    score: float
    count: int
    log10_p: float
    law: str
    payload: int | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one engine. tokenizer: SHA-256 of its file, hex; salt: random bytes that hide the rest."""

    engine: ClassVar[str]
    tokenizer: str = ""
    salt: bytes = b""

    @property
    def digest(self) -> bytes:
        """32 bytes that commit to the profile, key included: SHA-256 of its file.

        With a random salt it gives nothing away.
        """
        return sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """The file: JSON, names in order, no spaces. It holds the key."""
        fields = {"engine": self.engine, **msgspec.to_builtins(self)}
        return msgspec.json.encode(fields, order="sorted")

    def read(self, tokens: Sequence[int]) -> ProfileReading:  # noqa: ARG002  # each engine reads its own
        """The score of a text; raises TooLarge, ProfileUnfit."""
        raise ProfileUnfit(why=Text("it names no engine", "엔진이 정해지지 않음"))

    def where(self, tokens: Sequence[int], tried: int) -> list[Segment]:
        """The tokens that carry a mark which was read; tried: hypotheses paid for before this one."""
        return locate_by(lambda start, end: self.read(tokens[start:end]).log10_p, len(tokens), tried)


def checked(tokens: Sequence[int]) -> list[int]:
    """The same token ids; raises TooLarge above a million, ProfileUnfit for what is no id."""
    if len(tokens) > MAX_TOKENS:
        raise TooLarge(what_is=Text("token ids", "토큰 id"), limit=MAX_TOKENS, got=len(tokens))
    if any(not 0 <= token < MAX_TOKEN for token in tokens):
        raise ProfileUnfit(why=Text("a token id is out of range", "토큰 id가 범위를 벗어남"))
    return [*tokens]


def distinct(pairs: Iterable[Hashable]) -> list[int]:
    """The places of the first occurrence of each."""
    seen: set[Hashable] = set()
    places: list[int] = []
    for at, pair in enumerate(pairs):
        if pair not in seen:
            seen.add(pair)
            places.append(at)
    return places
