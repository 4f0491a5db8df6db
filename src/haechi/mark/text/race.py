"""Choosing the next token so that it leaves a trace and keeps its distribution (Gumbel-max).

Aaronson 2022; Kuditipudi et al., TMLR 2024. With u independent and uniform, the candidate with the least
-ln(u) / p is candidate i with probability exactly p_i. Over keys the text is drawn as without a mark; for one
key and one context the choice is fixed, and its u is more often near 1 than chance allows.
"""

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.errors import BadInput
from haechi.mark.text.prf import Reals
from haechi.words import Text

Tokens = NDArray[np.int64]


class LogitsUnfit(BadInput):
    """Logits or sampling settings that no token can be drawn from; facts: why."""

    code: ClassVar[str] = "mark.text.logits"
    what = Text("cannot draw a token: {why}", "토큰을 뽑을 수 없습니다: {why}")
    hint = Text(
        "pass one row of finite logits, a temperature above 0 and top_p in (0, 1]",
        "유한한 로짓 한 줄, 0보다 큰 온도, (0, 1] 범위의 top_p를 넘기세요",
    )


class Candidates(NamedTuple):
    """Tokens that may come next, and their probabilities (same length, sum 1)."""

    tokens: Tokens
    probabilities: Reals


class Cut(NamedTuple):
    """Sampling settings: logits are divided by `temperature`, then cut to `top_k` (0: all) and `top_p`."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0


PLAIN = Cut()


def candidates_of(logits: Reals, cut: Cut) -> Candidates:
    """The candidates of one row of logits; minus infinity bans a token. Raises LogitsUnfit."""
    row = np.asarray(logits, dtype=np.float64)
    if row.ndim != 1 or not row.size or np.isnan(row).any() or np.isposinf(row).any():
        raise LogitsUnfit(why=Text("not one row of numbers", "숫자 한 줄이 아님"))
    if not (np.isfinite(cut.temperature) and cut.temperature > 0.0 and 0.0 < cut.top_p <= 1.0):
        raise LogitsUnfit(why=Text("temperature or top_p out of range", "온도나 top_p가 범위를 벗어남"))
    if 0 < cut.top_k < row.size:
        tokens = np.argpartition(row, row.size - cut.top_k)[-cut.top_k :]
    else:
        tokens = np.arange(row.size)
    kept = row[tokens]
    top = kept.max()
    if np.isneginf(top):
        raise LogitsUnfit(why=Text("every token is banned", "모든 토큰이 금지됨"))
    weights: Reals = np.exp((kept - top) / cut.temperature)
    if cut.top_p < 1.0:
        order = np.argsort(-weights, kind="stable")
        total: Reals = np.cumsum(weights[order])
        last = int(total.searchsorted(cut.top_p * float(total[-1]))) + 1
        tokens, weights = tokens[order[:last]], weights[order[:last]]
    alive = weights > 0.0
    kept_weights: Reals = weights[alive]
    return Candidates(tokens[alive].astype(np.int64), kept_weights / kept_weights.sum())


def race(probabilities: Reals, uniforms: Reals) -> int:
    """The place of the winner. probabilities: all above 0; uniforms: in (0, 1)."""
    return int(np.argmin(-np.log(uniforms) / probabilities))


def draw(probabilities: Reals, rng: np.random.Generator) -> int:
    """A place drawn with these probabilities, without any mark. They may sum to less than 1."""
    total: Reals = np.cumsum(probabilities)
    return min(int(total.searchsorted(rng.random() * float(total[-1]), side="right")), len(total) - 1)
