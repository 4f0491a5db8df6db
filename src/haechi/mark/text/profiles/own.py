"""Our own mark as a profile: what `haechi-text-1` needs to be read, so that an issuer can commit to it."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from haechi.mark.text.detect import Asked, TextDetection, detect_text, detect_tokens
from haechi.mark.text.key import SECRET_BYTES, TextKey
from haechi.mark.text.locate import Segment
from haechi.mark.text.payload import SIGNPOSTS
from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit, checked
from haechi.words import Text

_MOST_WIDTH = 16
_SALT_BYTES = 16


class HaechiProfile(Profile, frozen=True, kw_only=True):
    """name: for people; secret: 32 bytes; space: word (no tokenizer needed) or token; width: of the context.

    payload: whether marks carry 16 bits; dual_share: share of the second key; signpost: 12 bits, or None.
    """

    engine: ClassVar[str] = "haechi-text-1"
    name: str
    secret: bytes
    space: Literal["word", "token"] = "word"
    width: int = 2
    payload: bool = False
    dual_share: float = 0.0
    signpost: int | None = None

    def __post_init__(self) -> None:
        """Raises ProfileUnfit."""
        if len(self.secret) != SECRET_BYTES or not 1 <= len(self.name) <= 200:
            raise ProfileUnfit(
                why=Text("a secret of 32 bytes and a name are needed", "32바이트 비밀값과 이름이 필요함")
            )
        if not 1 <= self.width <= _MOST_WIDTH or not 0.0 <= self.dual_share <= 1.0:
            raise ProfileUnfit(why=Text("context width or share out of range", "문맥 너비나 비율이 범위 밖"))
        if self.space == "word" and self.width != 2:
            raise ProfileUnfit(why=Text("words have a context of two", "단어 공간의 문맥은 두 단어임"))
        if self.signpost is not None and not 0 <= self.signpost < SIGNPOSTS:
            raise ProfileUnfit(why=Text("a signpost number has 12 bits", "이정표 번호는 12비트임"))

    @classmethod
    def fresh(cls, name: str, randbytes: Callable[[int], bytes]) -> "HaechiProfile":
        """A new profile in word space with a key and a salt of its own."""
        return cls(name=name, secret=randbytes(SECRET_BYTES), salt=randbytes(_SALT_BYTES))

    @property
    def key(self) -> TextKey:
        """The key."""
        return TextKey(self.name, self.secret)

    @property
    def asked(self) -> Asked:
        """The key and how it is used, for a detector."""
        return Asked(key=self.key, payload=self.payload, dual_share=self.dual_share)

    def read(self, tokens: Sequence[int]) -> ProfileReading:
        """The score of token ids; a profile in word space is read from text instead."""
        if self.space != "token":
            raise ProfileUnfit(why=Text("it is read from words", "단어에서 읽는 프로필임"))
        found = detect_tokens(checked(tokens), [self.asked], self.width)
        return self._reading(found)

    def where(self, tokens: Sequence[int], tried: int) -> list[Segment]:
        """The tokens that carry it, by the score of each."""
        found = detect_tokens(checked(tokens), [self.asked], self.width, others=tried - 1)
        parts = [part for mark in found.marks for part in mark.stretches]
        return [Segment(part.start, part.end, part.log10_p) for part in parts]

    def read_words(self, text: str) -> ProfileReading:
        """The score of a text in word space; raises TooLarge, ProfileUnfit."""
        if self.space != "word":
            raise ProfileUnfit(why=Text("it is read from token ids", "토큰 id에서 읽는 프로필임"))
        found = detect_text(text, [self.asked])
        return self._reading(found)

    def _reading(self, found: TextDetection) -> ProfileReading:
        mark = found.marks[0] if found.marks else None
        return ProfileReading(
            engine=self.engine,
            score=-found.best_log10_p if mark is None else mark.score,
            count=found.count,
            log10_p=found.best_log10_p,
            law="weighted sum of exponentials",
            payload=None if mark is None else mark.payload,
        )
