"""What people and forgers do to a marked text. An edit takes a text, a generator and words of other texts."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from numpy.random import Generator

Edit = Callable[[str, Generator, Sequence[str]], str]
_WIDE = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
_LATIN, _CYRILLIC = "aeopcxyiABEHKMOPCTX", "аеорсхуіАВЕНКМОРСТХ"  # look alike
_ALIKE = str.maketrans(_LATIN, _CYRILLIC)


def _replaced(text: str, rng: Generator, others: Sequence[str]) -> str:
    words = text.split()
    return " ".join(others[rng.integers(len(others))] if rng.random() < 0.2 else word for word in words)


def _reordered(text: str, rng: Generator, _others: Sequence[str]) -> str:
    sentences = re.split(r"(?<=[.!?])\s+|\n+", text)
    return " ".join(sentences[at] for at in rng.permutation(len(sentences)))


def _mistyped(text: str, rng: Generator, _others: Sequence[str]) -> str:
    words = text.split()
    for at, word in enumerate(words):
        if len(word) > 3 and rng.random() < 0.1:
            place = int(rng.integers(1, len(word) - 1))
            words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def _split(text: str, _rng: Generator, others: Sequence[str]) -> str:
    words = text.split()
    half = len(words) // 2
    return " ".join([*words[:half], *others[: len(words)], *words[half:]])


def _between(text: str, _rng: Generator, others: Sequence[str]) -> str:
    count = len(text.split())
    return " ".join([*others[:count], text, *others[count : 2 * count]])


EDITS: dict[str, Edit] = {
    "a fifth of the words replaced": _replaced,
    "three words in ten deleted": lambda text, rng, _o: " ".join(
        w for w in text.split() if rng.random() >= 0.3
    ),
    "sentences in another order": _reordered,
    "typing errors in a tenth of the words": _mistyped,
    "capitals": lambda text, _r, _o: text.upper(),
    "no punctuation": lambda text, _r, _o: re.sub(r"[^\w\s]", " ", text),
    "as many other words in the middle": _split,
    "between twice as many other words": _between,
    "a zero-width space in every word": lambda text, _r, _o: " ".join(
        word[: len(word) // 2] + "\u200b" + word[len(word) // 2 :] for word in text.split()
    ),
    "soft hyphens between all letters": lambda text, _r, _o: " ".join("\u00ad".join(w) for w in text.split()),
    "full-width letters": lambda text, _r, _o: text.translate(_WIDE),
    "Cyrillic letters that look alike": lambda text, _r, _o: text.translate(_ALIKE),
    "letters taken apart (NFD)": lambda text, _r, _o: unicodedata.normalize("NFD", text),
    "the first half alone": lambda text, _r, _o: " ".join(text.split()[: len(text.split()) // 2]),
}
