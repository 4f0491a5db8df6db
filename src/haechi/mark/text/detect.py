"""Reading text marks: whose mark a text carries, how surely, over which part (haechi-text-1, section 7).

What is found says "processed by", never "written by": a mark gets into a text by a machine's sampling, and
stays in whatever is copied from it. What is not found says nothing about who wrote a text.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs

from haechi.mark.text.key import SIGNPOST_KEY, TextKey
from haechi.mark.text.locate import locate
from haechi.mark.text.marker import SECOND_KEY
from haechi.mark.text.payload import DIGITS, PAYLOADS, SIGNPOST_DIGITS, SIGNPOSTS, is_signpost, value
from haechi.mark.text.prf import Reals
from haechi.mark.text.score import digit_scores, exponentials, number_of, sums
from haechi.mark.text.tail import corrected, log10_gamma_tail, log10_mixed_tail
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
    """The mark of one key. score: sum over `count` pairs; log10_p: corrected for everything tried."""

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

    best_log10_p: of the best key, whether reported or not; 0 when no key was tried. entropy_nats: mean of the
    scored tokens, where a model told it.
    """

    space: str
    size: int
    count: int
    tried: int
    best_log10_p: float
    marks: tuple[TextMarkFound, ...]
    signpost: Signpost | None
    entropy_nats: float | None = None

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
    entropies: Sequence[float] | None = None,
) -> TextDetection:
    """What token ids show under these keys: of the text alone, by the tokenizer that wrote it.

    entropies: nats of each token, where the model is at hand; reported, never used for the p-value.
    """
    pairs = token_pairs(tokens, width)
    places = [(pair.word, pair.word + 1) for pair in pairs]
    found = _detect(_Scored("token", len(tokens), pairs, places), keys, others)
    if not entropies:
        return found
    scored = [entropies[pair.word] for pair in pairs if pair.word < len(entropies)]
    return structs.replace(found, entropy_nats=sum(scored) / max(len(scored), 1))


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
    number, score = number_of(digit_scores(SIGNPOST_KEY.secret, public, SIGNPOST_DIGITS))
    log10_p = corrected(log10_gamma_tail(score, len(public)), tried=SIGNPOSTS)
    return Signpost(number, log10_p) if log10_p <= LOG10_P_SIGNPOST else None


def _rate(pairs: Sequence[Pair], keys: Sequence[Asked], looks: int) -> list[_Rated]:
    """The keys that may be reported and the best of the rest, with their corrected p, best first.

    Each key is given an equal part of what may go wrong.
    """
    plain = [asked for asked in keys if not asked.payload and asked.dual_share == 0.0]
    totals = sums([asked.key.secret for asked in plain], pairs)
    rated = [_rate_one(pairs, asked) for asked in keys if asked.payload or asked.dual_share > 0.0]
    order: list[int] = (-totals).argsort().tolist()
    for at in order:
        score = float(totals[at])
        rated.append(_Rated(plain[at], None, score, log10_gamma_tail(score, len(pairs))))
        # All have the same number of pairs, so p only grows from here on.
        if corrected(rated[-1].log10_p, tried=looks) > LOG10_P_LIMIT:
            break
    paid = [
        structs.replace(each, log10_p=corrected(each.log10_p, tried=looks * _hypotheses(each.asked)))
        for each in rated
    ]
    return sorted(paid, key=lambda each: each.log10_p)


def _rate_one(pairs: Sequence[Pair], asked: Asked) -> _Rated:
    """A key with a payload, a second key or both."""
    share = asked.dual_share
    table = _table(asked.key.secret, pairs, asked.payload)
    if share > 0.0:
        second = _table(asked.key.derived(SECOND_KEY).secret, pairs, asked.payload)
        table = (1.0 - share) * table + share * second
    number, score = number_of(table)
    tail = log10_mixed_tail(score, len(pairs), share) if share > 0.0 else log10_gamma_tail(score, len(pairs))
    return _Rated(asked, number if asked.payload else None, score, tail)


def _table(secret: bytes, pairs: Sequence[Pair], payload: bool) -> Reals:  # noqa: FBT001
    if payload:
        return digit_scores(secret, pairs, DIGITS)
    return np.array([[float(exponentials(secret, pairs).sum())]])


def _found(scored: _Scored, rated: _Rated, keys: int) -> TextMarkFound:
    secret = rated.asked.key.secret
    values = [value(rated.payload, pair.context) for pair in scored.pairs]
    each = np.zeros(len(scored.pairs))
    for one in set(values):
        at = [place for place, used in enumerate(values) if used == one]
        each[at] = exponentials(secret, [scored.pairs[place] for place in at], one)
    stretches = [
        Stretch(scored.places[part.start][0], scored.places[part.end - 1][1], part.log10_p)
        for part in locate(each, keys * _hypotheses(rated.asked))
    ]
    return TextMarkFound(
        key=rated.asked.key,
        payload=rated.payload,
        score=rated.score,
        log10_p=rated.log10_p,
        stretches=tuple(stretches),
    )
