"""Words of a text as a detector sees them, without any tokenizer (haechi-text-1, section 4).

What nobody sees is left out, text is put into NFKC and lower case, and Cyrillic and Greek letters that look
like Latin ones become these: a mark outlives what a reader cannot notice. A word is a longest run of letters
and digits (Unicode L and N), but each Han character, Hiragana and Katakana letter is a word by itself: those
scripts write no spaces. The item of a word is its beginning, so that endings and particles may change: one
Hangul syllable, the one character of Han and Kana, four letters of everything else.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from haechi.errors import TooLarge
from haechi.mark.text.novelty import steps_of, weight_of
from haechi.mark.text.prf import context_block, item_of_text
from haechi.words import Text

CONTEXT_WORDS = 2
LETTERS = 4
MAX_TEXT_CHARS = 4_000_000
SPACE = b"w"
_STANDALONE = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_WORD = re.compile(rf"[{_STANDALONE}]|[^\W_{_STANDALONE}]+")
_ALONE = re.compile(rf"[{_STANDALONE}]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
_PIECE = re.compile(r"\S+")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that Unicode calls ignorable by default: they have no width."""
_LOOKALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445"
    "\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
    "\u0131\u0251\u0261",
    "abekmhopctyxsijhldqwabezhikmvoptyxiag",
)
"""Cyrillic, Greek and odd Latin letters in lower case, and the Latin letter that each is taken for."""
_JOIN = "\x1f"


class Word(NamedTuple):
    """One word: its normalised text, and where it stands in the text that was given (characters)."""

    text: str
    start: int
    end: int


class Pair(NamedTuple):
    """What is scored: a context, an item, the word (its place in the list of words) that it is about, and
    the weight of its score.
    """

    context: bytes
    item: int
    word: int
    weight: float


def normalised(text: str) -> str:
    """What is seen of a text, in NFKC, folded, in NFKC again (folding can undo it), and in Latin look-alikes.

    Folded: each character alone in upper case, then in lower case. Case folding proper exists in few
    languages (not in JavaScript), and the final sigma of Greek shows why each must be alone.
    """
    seen = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    folded = "".join(letter.upper().lower() for letter in seen)
    return unicodedata.normalize("NFKC", folded).translate(_LOOKALIKES)


def normal_words(text: str) -> list[str]:
    """The normalised words of a text, in order."""
    return _WORD.findall(normalised(text))


def words_of(text: str) -> list[Word]:
    """The words of a text and where they stand in it. Raises TooLarge above 4,000,000 characters.

    Piece by piece between white space, which no normal form joins: so every word keeps its place in the text
    as it was given. A piece whose length changes gives all of its words the place of the whole piece.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise TooLarge(what_is=Text("text", "텍스트"), limit=MAX_TEXT_CHARS, got=len(text))
    words: list[Word] = []
    for piece in _PIECE.finditer(text):
        given = piece.group()
        normal = normalised(given)
        begin, same = piece.start(), len(normal) == len(given)
        for found in _WORD.finditer(normal):
            start, end = (begin + found.start(), begin + found.end()) if same else piece.span()
            words.append(Word(found.group(), start, end))
    return words


def item_text(word: str) -> str:
    """The beginning of a normalised word that counts.

    >>> item_text("watermarks"), item_text("워터마크를")
    ('wate', '워')
    """
    return word[0] if _HANGUL.match(word) else word[:LETTERS]


def goes_on(normal: str) -> bool:
    """Whether a letter that follows this normalised text would still belong to its last word."""
    return bool(normal) and normal[-1].isalnum() and not _ALONE.match(normal[-1])


def stands_alone(letter: str) -> bool:
    """Whether this character is a word by itself."""
    return _ALONE.match(letter) is not None


def context_of(words: list[str]) -> bytes:
    """The block of a context: the last words before an item, whole."""
    return context_block(SPACE, _JOIN.join(words).encode())


def pairs_of(words: Sequence[Word]) -> list[Pair]:
    """Each pair of context and item once, in the order of the text: a repeated one is no new evidence."""
    seen: set[tuple[bytes, int]] = set()
    pairs: list[Pair] = []
    texts = [word.text for word in words]
    items = [item_text(text) for text in texts]
    steps = steps_of(items)
    for at in range(CONTEXT_WORDS, len(words)):
        context = context_of(texts[at - CONTEXT_WORDS : at])
        item = item_of_text(items[at])
        if (context, item) not in seen:
            seen.add((context, item))
            pairs.append(Pair(context, item, at, weight_of(steps[at])))
    return pairs
