"""Marking changes which text comes out, never how likely each text was."""

import numpy as np
import pytest
from tests.mark.text.toy import KEY, mark_of, write_tokens, write_words

from haechi.mark.text import (
    Candidates,
    Cut,
    LogitsUnfit,
    Marker,
    TextKey,
    TextKeyMalformed,
    TextMark,
    TextPayloadOutOfRange,
    TokenState,
    Vocabulary,
    WordState,
    candidates_of,
    choose,
    choose_word,
)

SHARES = np.array([0.4, 0.3, 0.2, 0.1])
TOKENS = np.arange(4)
DRAWS = 4000


def shares_of(drawn: list[int]) -> np.ndarray:
    return np.bincount(drawn, minlength=4) / len(drawn)


@pytest.mark.parametrize("options", [{}, {"payload": 9}, {"signpost": 9}, {"dual_share": 0.1}])
def test_over_keys_a_token_keeps_its_probability(options: dict[str, float]):
    rng = np.random.default_rng(1)
    drawn: list[int] = []
    for _ in range(DRAWS):
        mark = TextMark(key=TextKey("k", rng.bytes(32)), **options)  # type: ignore[arg-type]
        state = TokenState(Marker(mark, rng), tokens=[7, int(rng.integers(1000))])
        drawn.append(choose(Candidates(TOKENS, SHARES), state))
    assert np.abs(shares_of(drawn) - SHARES).max() < 5 * np.sqrt(0.25 / DRAWS)


def test_over_keys_a_word_keeps_its_probability_with_shared_beginnings_and_punctuation():
    vocabulary = Vocabulary.of((" water", " watery", ",", "ing"))
    rng = np.random.default_rng(2)
    drawn: list[int] = []
    for _ in range(DRAWS):
        mark = TextMark(key=TextKey("k", rng.bytes(32)))
        state = WordState(Marker(mark, rng), vocabulary, text="some words here")
        drawn.append(choose_word(Candidates(TOKENS, SHARES), state))
    assert np.abs(shares_of(drawn) - SHARES).max() < 5 * np.sqrt(0.25 / DRAWS)


def test_a_context_is_marked_once():
    state = TokenState(Marker(mark_of(), np.random.default_rng(3)))
    offered = Candidates(TOKENS, SHARES)
    wider = [choose(offered, _at(state, [3, 1, 4, 1, 5, 9, 2, 6])) for _ in range(7)]
    again = [choose(offered, _at(state, [3, 1, 4, 1, 5, 9, 2, 6])) for _ in range(300)]
    assert len(wider) == 7, "two tokens of context, then three, up to eight"
    assert len(set(again)) == 4, "left to chance when no context is left"


def _at(state: TokenState, tokens: list[int]) -> TokenState:
    state.tokens = tokens
    return state


def test_the_same_key_and_seed_write_the_same_text():
    assert write_words(mark_of(), 50) == write_words(mark_of(), 50)
    assert write_tokens(mark_of(), 50) == write_tokens(mark_of(), 50)
    assert write_tokens(mark_of(), 50) != write_tokens(mark_of(payload=1), 50)


def test_candidates_are_cut_as_samplers_do():
    logits = np.log(np.array([0.5, 0.25, 0.125, 0.125]))
    assert candidates_of(logits, Cut()).probabilities == pytest.approx([0.5, 0.25, 0.125, 0.125])
    assert set(candidates_of(logits, Cut(top_k=2)).tokens) == {0, 1}
    assert set(candidates_of(logits, Cut(top_p=0.7)).tokens) == {0, 1}
    cold = candidates_of(logits, Cut(temperature=0.5)).probabilities
    assert cold[0] == pytest.approx(0.25 / (0.25 + 0.0625 + 2 * 0.015625))
    banned = np.array([0.0, -np.inf, 0.0])
    assert set(candidates_of(banned, Cut()).tokens) == {0, 2}


@pytest.mark.parametrize(
    ("logits", "cut"),
    [
        ([0.0, float("nan")], Cut()),
        ([float("-inf")] * 3, Cut()),
        ([0.0, float("inf")], Cut()),
        ([[0.0, 1.0]], Cut()),
        ([], Cut()),
        ([0.0, 1.0], Cut(temperature=0.0)),
        ([0.0, 1.0], Cut(top_p=0.0)),
    ],
)
def test_what_no_token_can_be_drawn_from_is_refused(logits: list[float], cut: Cut):
    with pytest.raises(LogitsUnfit):
        candidates_of(np.array(logits), cut)


def test_keys_and_payloads_out_of_range_are_refused_and_secrets_are_not_shown():
    with pytest.raises(TextKeyMalformed):
        TextKey("short", bytes(31))
    for options in ({"payload": 65536}, {"payload": -1}, {"signpost": 4096}):
        with pytest.raises(TextPayloadOutOfRange):
            TextMark(key=KEY, **options)
    assert KEY.secret.hex() not in repr(KEY)
    assert "writer" in repr(KEY)
