"""Finding a record by what a person typed: an exact name, or the nearest right ones."""

import heapq
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from haechi.words import Text

if TYPE_CHECKING:
    from difflib import SequenceMatcher

MAX_ASKED = 120
"""Characters of a wrong name that are looked at: comparing costs the product of both lengths."""

# A code or the end of an id counts a little less than a record's own name.
_LESS = 0.95
_SHORT = 2
_UNLIKE = 0.3


class NameIndex:
    """Ids by their names. Always true: every id given is found by itself, its English and its Korean name."""

    def __init__(
        self, labels: Mapping[str, Text], further: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """labels: id to its name. further: more forms of a name (ISO codes), for `nearest` only."""
        self._exact: dict[str, list[str]] = {}
        self._keys: dict[str, tuple[tuple[str, float], ...]] = {}
        for id_, label in labels.items():
            for name in {_same(label.en), _same(label.ko)}:
                self._exact.setdefault(name, []).append(id_)
            keys = {
                _near(key): _LESS for key in (id_.partition(".")[2], *(further or {}).get(id_, ())) if key
            }
            keys |= {_near(key): 1.0 for key in (id_, label.en, label.ko)}
            self._keys[id_] = tuple(keys.items())

    def exact(self, name: str) -> list[str]:
        """The ids whose English or Korean name this is, letter case aside; several when it is not unique."""
        return list(self._exact.get(_same(name), ()))

    def nearest(self, wrong: str, limit: int = 3) -> list[str]:
        """The `limit` ids nearest to what was typed, best first; fewer only when there are fewer.

        Of two that are equally near, the one given first comes first.
        """
        from difflib import SequenceMatcher  # for mistakes alone

        asked = _near(wrong[:MAX_ASKED])
        matcher = SequenceMatcher(None, b=asked, autojunk=False)
        scores = {
            id_: max(weight * _score(matcher, asked, key) for key, weight in keys)
            for id_, keys in self._keys.items()
        }
        return heapq.nlargest(limit, scores, key=scores.__getitem__)


def _same(text: str) -> str:
    # NFKC: a Korean name typed on a Mac arrives as separate letters.
    return unicodedata.normalize("NFKC", " ".join(text.split())).casefold()


def _near(text: str) -> str:
    # NFKD takes a Hangul syllable apart into its letters, so that one wrong vowel is a small difference,
    # and takes accents off Latin letters, which are then dropped.
    parts = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _score(matcher: "SequenceMatcher[str]", asked: str, key: str) -> float:
    """How near, 0 to 1: the name itself, then its beginning, a part of it, shared words, then likeness."""
    if asked == key:
        return 1.0
    share = min(len(asked), len(key)) / max(len(asked), len(key), 1)
    if len(asked) > 1 and key.startswith(asked):
        return 0.9 + 0.1 * share
    if len(key) > _SHORT and asked.startswith(key):
        return 0.8 + 0.1 * share
    if len(asked) > _SHORT and asked in key:
        return 0.7 + 0.1 * share
    words = _words(asked)
    shared = len(words & _words(key))
    if shared:
        return 0.5 + 0.2 * shared / len(words)
    matcher.set_seq1(key)
    return matcher.ratio() if matcher.quick_ratio() > _UNLIKE else 0.0


def _words(text: str) -> set[str]:
    # Four letters, because a Hangul syllable is two or three of them here: "AI" and "의" say nothing.
    return {word for word in text.split() if len(word) > 3}
