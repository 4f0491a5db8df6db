"""A writer that needs no model: words drawn from lists of our own, with frequencies as in real text."""

import numpy as np

from haechi.mark.text import (
    Cut,
    Marker,
    TextKey,
    TextMark,
    TokenState,
    Vocabulary,
    WordState,
    sample,
    sample_word,
)

KEY = TextKey("writer", bytes(range(32)))
OTHER = TextKey("other", bytes(range(1, 33)))


def _words(text: str) -> list[str]:
    return text.split()


_EN = _words(
    "river city council report morning people water market school winter train garden music doctor "
    "island bridge paper story window engine harvest teacher village coast storm letter bread forest "
    "library camera signal planet energy price worker mountain museum station history kitchen "
    "theatre question answer summer found brought carried opened built showed asked wrote followed "
    "closed near under after before between quiet bright narrow modern early broken common public "
    "distant simple the a of and to in for with on by"
)
_KO = _words(
    "강이 도시는 의회가 보고서를 아침에 사람들이 물을 "
    "시장에서 학교와 겨울의 기차가 정원을 음악은 의사와 섬에 "
    "다리를 종이에 이야기가 창문을 엔진은 수확을 선생님이 마을의 해안을 폭풍이 편지를 빵과 숲에서 도서관의 "
    "사진을 신호가 행성은 에너지를 가격이 노동자의 산에서 박물관을 역에서 역사를 부엌의 극장이 질문을 대답이 "
    "여름에 찾았다 가져왔다 열었다 지었다 보여주었다 물었다 썼다 따랐다 닫았다 가까이 아래에서 이후에 이전의 "
    "사이에 조용한 밝은 좁은 현대적 이른 부서진 흔한 공공의 먼 단순한"
)


def mark_of(**options: int | float) -> TextMark:
    """A mark of the usual key."""
    return TextMark(**{"key": KEY, **options})


def _logits(rng: np.random.Generator, size: int) -> np.ndarray:
    """A row as a model would give it: Zipf's frequencies, in another order at every step."""
    return -1.0 * np.log(rng.permutation(size) + 1.0)


def write_words(mark: TextMark, count: int, seed: int = 1, lang: str = "en") -> str:
    """A marked text of `count` words."""
    rng = np.random.default_rng(seed)
    words = _KO if lang == "ko" else _EN
    state = WordState(Marker(mark, rng), Vocabulary.of([f" {word}" for word in words]), Cut(temperature=0.8))
    for _ in range(count):
        sample_word(_logits(rng, len(words)), state)
    return state.text.strip()


def write_tokens(mark: TextMark, count: int, seed: int = 1, size: int = 600) -> list[int]:
    """Marked token ids."""
    rng = np.random.default_rng(seed)
    state = TokenState(Marker(mark, rng), Cut(temperature=0.8, top_k=100))
    for _ in range(count):
        sample(_logits(rng, size), state)
    return state.tokens


def human_words(count: int, seed: int, lang: str = "en") -> str:
    """An unmarked text of `count` words."""
    rng = np.random.default_rng(seed)
    words = _KO if lang == "ko" else _EN
    shares = 1.0 / np.arange(1.0, len(words) + 1.0)
    return " ".join(rng.choice(words, count, p=shares / shares.sum()))
