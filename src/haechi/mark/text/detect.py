"""Reading text marks: whose mark a text carries, how surely, over which part (haechi-text-1, section 7).

What is found says "processed by", never "written by": a mark gets into a text by a machine's sampling, and
stays in whatever is copied from it. What is not found says nothing about who wrote a text.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from haechi.mark.text.key import SIGNPOST_KEY, TextKey
from haechi.mark.text.locate import locate
from haechi.mark.text.marker import SECOND_KEY
from haechi.mark.text.payload import (
    PAYLOADS,
    SIGNPOST_DIGITS,
    SIGNPOSTS,
    decoded,
    is_signpost,
    most,
    value,
)
from haechi.mark.text.prf import Reals
from haechi.mark.text.score import law_of, scores, sums, symbol_scores
from haechi.mark.text.tail import corrected, log10_sum_tail
from haechi.mark.text.tokens import TOKEN_CONTEXT, token_pairs
from haechi.mark.text.words import Pair, pairs_of, words_of

LOG10_P_LIMIT = -8.0
"""A mark is reported at or below this: one wrongly accused text in a hundred million."""
LOG10_P_SIGNPOST = -4.0
ENOUGH = 200
"""Words or tokens below which nothing is promised; the EU code of practice asks for marks above 200."""


class Asked(Struct, frozen=True, kw_only=True):
    """A key to try and how its owner says it is used: with a payload, or with a second key now and then."""

    key: TextKey
    payload: bool = False
    dual_share: float = 0.0


class Stretch(Struct, frozen=True):
    """Characters `start` to `end` (exclusive) of the text, or tokens; log10_p: of this part, corrected."""

    start: int
    end: int
    log10_p: float


class TextMarkFound(Struct, frozen=True, kw_only=True):
    """The mark of one key. score: weighted, over `count` pairs; log10_p: corrected for everything tried."""

    key: TextKey
    payload: int | None
    score: float
    log10_p: float
    stretches: tuple[Stretch, ...]


class Signpost(Struct, frozen=True):
    """A public pointer to a detection service. Anybody can write one: it routes, it proves nothing."""

    number: int
    log10_p: float


class TextDetection(Struct, frozen=True, kw_only=True):
    """What a text shows. count: pairs scored; tried: hypotheses paid for; enough: long enough to promise.

    best_log10_p: of the best key, whether reported or not; 0 when no key was tried.
    """

    space: str
    size: int
    count: int
    tried: int
    best_log10_p: float
    marks: tuple[TextMarkFound, ...]
    signpost: Signpost | None

    @property
    def enough(self) -> bool:
        """Whether a mark would have been found in most texts of this length."""
        return self.size >= ENOUGH


class _Rated(Struct, frozen=True):
    asked: Asked
    payload: int | None
    score: float
    log10_p: float


def detect_text(text: str, keys: Sequence[Asked], *, others: int = 0) -> TextDetection:
    """What the words of a text show under these keys; needs no tokenizer and no model. Raises TooLarge.

    others: hypotheses about the same text that are tried elsewhere and must be paid for as well.
    """
    words = words_of(text)
    pairs = pairs_of(words)
    places = [(words[pair.word].start, words[pair.word].end) for pair in pairs]
    return _detect(_Scored("word", len(words), pairs, places), keys, others)


def detect_tokens(
    tokens: Sequence[int],
    keys: Sequence[Asked],
    width: int = TOKEN_CONTEXT,
    *,
    others: int = 0,
) -> TextDetection:
    """What token ids show under these keys: of the text alone, by the tokenizer that wrote it."""
    pairs = token_pairs(tokens, width)
    places = [(pair.word, pair.word + 1) for pair in pairs]
    return _detect(_Scored("token", len(tokens), pairs, places), keys, others)


class _Scored(NamedTuple):
    space: str
    size: int
    pairs: list[Pair]
    places: list[tuple[int, int]]

    def without_signposts(self) -> "_Scored":
        kept = [at for at, pair in enumerate(self.pairs) if not is_signpost(pair.context)]
        return self._replace(pairs=[self.pairs[at] for at in kept], places=[self.places[at] for at in kept])


def _detect(scored: _Scored, keys: Sequence[Asked], others: int) -> TextDetection:
    signpost = _read_signpost(scored.pairs)
    # Under a key that did not write the text its numbers owe nothing to the public ones, so what the
    # signpost shows may decide which pairs are scored.
    if signpost is not None:
        scored = scored.without_signposts()
    looks = len(keys) + others
    rated = _rate(scored.pairs, keys, looks)
    found = [_found(scored, each, looks) for each in rated if each.log10_p <= LOG10_P_LIMIT]
    return TextDetection(
        space=scored.space,
        size=scored.size,
        count=len(scored.pairs),
        tried=sum(_hypotheses(asked) for asked in keys) + others,
        best_log10_p=min((each.log10_p for each in rated), default=0.0),
        marks=tuple(found),
        signpost=signpost,
    )


def _hypotheses(asked: Asked) -> int:
    return PAYLOADS if asked.payload else 1


def _read_signpost(pairs: Sequence[Pair]) -> Signpost | None:
    public = [pair for pair in pairs if is_signpost(pair.context)]
    number, score = decoded(symbol_scores(SIGNPOST_KEY.secret, public), SIGNPOST_DIGITS)
    log10_p = corrected(log10_sum_tail(score, law_of(public)), tried=SIGNPOSTS)
    return Signpost(number, log10_p) if log10_p <= LOG10_P_SIGNPOST else None


def _rate(pairs: Sequence[Pair], keys: Sequence[Asked], looks: int) -> list[_Rated]:
    """The keys that may be reported and the best of the rest, with their corrected p, best first.

    Each key is given an equal part of what may go wrong.
    """
    plain = [asked for asked in keys if not asked.payload and asked.dual_share == 0.0]
    totals = sums([asked.key.secret for asked in plain], pairs)
    rated = _rate_tables(pairs, [each for each in keys if each.payload or each.dual_share > 0.0], looks)
    order: list[int] = (-totals).argsort().tolist()
    law = law_of(pairs)
    for at in order:
        score = float(totals[at])
        log10_p = corrected(log10_sum_tail(score, law), tried=looks)
        rated.append(_Rated(plain[at], None, score, log10_p))
        # All have the same law, so p only grows from here on.
        if log10_p > LOG10_P_LIMIT:
            break
    return sorted(rated, key=lambda each: each.log10_p)


def _rate_tables(pairs: Sequence[Pair], keys: Sequence[Asked], looks: int) -> list[_Rated]:
    """Keys with a payload, a second key or both.

    The numbers of a payload are gone through where one of them may be reported, and for the most promising
    of the other keys.
    """
    rated: list[_Rated] = []
    promising: tuple[float, Asked, Reals] | None = None
    for asked in keys:
        table = _table(pairs, asked)
        bound = _paid(most(table), pairs, asked, looks)
        if bound <= LOG10_P_LIMIT:
            rated.append(_rate_table(pairs, asked, table, looks))
        elif promising is None or bound < promising[0]:
            promising = bound, asked, table
    if promising is not None:
        rated.append(_rate_table(pairs, *promising[1:], looks))
    return rated


def _rate_table(pairs: Sequence[Pair], asked: Asked, table: Reals, looks: int) -> _Rated:
    number, score = decoded(table) if asked.payload else (None, most(table))
    return _Rated(asked, number, score, _paid(score, pairs, asked, looks))


def _table(pairs: Sequence[Pair], asked: Asked) -> Reals:
    """Scores of symbols and values, shape (16, 16); without a payload the one score, shape (1, 1)."""
    share = asked.dual_share
    table = _scores(asked.key.secret, pairs, asked)
    if share > 0.0:
        second = _scores(asked.key.derived(SECOND_KEY).secret, pairs, asked)
        table = (1.0 - share) * table + share * second
    return table


def _scores(secret: bytes, pairs: Sequence[Pair], asked: Asked) -> Reals:
    if asked.payload:
        return symbol_scores(secret, pairs)
    return np.array([[float(scores(secret, pairs).sum())]])


def _paid(score: float, pairs: Sequence[Pair], asked: Asked, looks: int) -> float:
    """log10 p of a score of this key, after everything that was tried."""
    tail = log10_sum_tail(score, law_of(pairs, asked.dual_share))
    return corrected(tail, tried=looks * _hypotheses(asked))


def _found(scored: _Scored, rated: _Rated, keys: int) -> TextMarkFound:
    secret = rated.asked.key.secret
    values = [value(rated.payload, pair.context) for pair in scored.pairs]
    each = np.zeros(len(scored.pairs))
    for one in set(values):
        at = [place for place, used in enumerate(values) if used == one]
        each[at] = scores(secret, [scored.pairs[place] for place in at], one)
    weights = [pair.weight for pair in scored.pairs]
    stretches = [
        Stretch(scored.places[part.start][0], scored.places[part.end - 1][1], part.log10_p)
        for part in locate(each, weights, keys * _hypotheses(rated.asked))
    ]
    return TextMarkFound(
        key=rated.asked.key,
        payload=rated.payload,
        score=rated.score,
        log10_p=rated.log10_p,
        stretches=tuple(stretches),
    )
