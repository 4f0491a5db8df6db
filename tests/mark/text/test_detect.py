"""A mark is found in its text under its key, over the right part, and nowhere else."""

import math
import unicodedata

import numpy as np
import pytest
from tests.mark.text.toy import KEY, OTHER, human_words, mark_of, write_tokens, write_words

from haechi.errors import TooLarge
from haechi.mark.text import (
    LOG10_P_LIMIT,
    Asked,
    Candidates,
    Marker,
    TextKey,
    TokenState,
    choose,
    detect_text,
    detect_tokens,
)
from haechi.mark.text.payload import value
from haechi.mark.text.tokens import token_context, token_pairs
from haechi.mark.text.words import MAX_TEXT_CHARS

PLAIN = [Asked(key=KEY)]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_marked_text_is_found_under_its_key_and_under_no_other(lang: str):
    text = write_words(mark_of(), 220, lang=lang)
    found = detect_text(text, PLAIN)
    assert found.enough
    assert [mark.key for mark in found.marks] == [KEY]
    assert found.marks[0].log10_p < -20
    assert detect_text(text, [Asked(key=OTHER)]).marks == ()


def test_token_ids_are_found_too_and_word_and_token_marks_are_two_things():
    tokens = write_tokens(mark_of(), 220)
    assert detect_tokens(tokens, PLAIN).best_log10_p < -20
    assert detect_text(" ".join(map(str, tokens)), PLAIN).marks == ()


@pytest.mark.parametrize("payload", [0, 0xBEEF, 0xFFFF])
def test_sixteen_bits_are_read_and_paid_for(payload: int):
    text = write_words(mark_of(payload=payload), 260, seed=3)
    asked = [Asked(key=KEY, payload=True)]
    found = detect_text(text, asked)
    assert [mark.payload for mark in found.marks] == [payload]
    assert found.tried == 65536
    assert detect_text(human_words(260, 4), asked).marks == ()


def test_numbers_differ_in_nearly_every_symbol():
    words = [
        [value(number, bytes((*bytes(14), at, 0))) for at in range(16)] for number in range(0, 65536, 97)
    ]
    apart = np.array(words)[:, None, :] != np.array(words)[None, :, :]
    distances = apart.sum(axis=2)[~np.eye(len(words), dtype=bool)]
    assert distances.min() >= 13


def test_repeated_contexts_are_made_wider_and_used_once():
    tokens = [7, 8, 9] * 6
    pairs = token_pairs(tokens)
    assert len({pair.context for pair in pairs}) == len(pairs)
    first, second = tokens[:5], tokens[3:5]
    assert pairs[3].context == token_context(first[2:5])  # the second time: three tokens
    assert pairs[0].context == token_context(second)
    assert [pair.word for pair in token_pairs([5] * 30)] == list(range(2, 9)), "no further than six more"


def test_a_text_that_goes_round_in_circles_is_marked_more_than_its_first_turn():
    rng = np.random.default_rng(5)
    state = TokenState(Marker(mark_of(), rng))
    for _ in range(220):
        state.tokens.append(choose(Candidates(np.arange(3), np.array([0.5, 0.3, 0.2])), state))
    found = detect_tokens(state.tokens, PLAIN)
    assert found.count > 150
    assert found.best_log10_p < -12
    assert detect_tokens(state.tokens, [Asked(key=OTHER)]).best_log10_p > -4


def test_the_signpost_tells_anyone_whom_to_ask_and_proves_nothing():
    text = write_words(mark_of(signpost=0xABC), 700, seed=5)
    asked_by_a_stranger = detect_text(text, [])
    assert asked_by_a_stranger.signpost is not None
    assert asked_by_a_stranger.signpost.number == 0xABC
    assert asked_by_a_stranger.marks == ()
    assert [mark.key for mark in detect_text(text, PLAIN).marks] == [KEY]
    assert detect_text(write_words(mark_of(), 700, seed=6), []).signpost is None


def test_two_keys_used_in_turn_are_found_when_their_owner_says_so():
    tokens = write_tokens(mark_of(dual_share=0.1), 300, seed=7)
    assert detect_tokens(tokens, [Asked(key=KEY, dual_share=0.1)]).marks
    assert not detect_tokens(write_tokens(mark_of(), 300), [Asked(key=OTHER, dual_share=0.1)]).marks


def test_in_a_mixed_document_the_marked_part_is_shown():
    before, after = human_words(300, 8), human_words(300, 9)
    marked = write_words(mark_of(), 220, seed=10)
    text = f"{before} {marked} {after}"
    found = detect_text(text, PLAIN)
    (stretch,) = found.marks[0].stretches
    shown = text[stretch.start : stretch.end]
    assert len(set(shown.split()) & set(marked.split())) > 0
    overlap = min(stretch.end, len(before) + len(marked)) - max(stretch.start, len(before))
    assert overlap > 0.9 * len(marked)
    assert stretch.end - stretch.start < 1.2 * len(marked)


def test_edits_weaken_a_mark_and_do_not_move_it_to_another_key():
    text = write_words(mark_of(), 400, seed=11).split()
    rng = np.random.default_rng(0)
    kept = " ".join(word for word in text if rng.random() > 0.2)
    clean, edited = detect_text(" ".join(text), PLAIN), detect_text(kept, PLAIN)
    assert clean.best_log10_p < edited.best_log10_p < LOG10_P_LIMIT


def test_every_key_that_is_tried_is_paid_for():
    text = write_words(mark_of(), 220)
    others = [Asked(key=TextKey(str(n), n.to_bytes(32, "big"))) for n in range(999)]
    alone, among = detect_text(text, PLAIN), detect_text(text, [*others, *PLAIN])
    assert [mark.key for mark in among.marks] == [KEY]
    assert among.best_log10_p == pytest.approx(alone.best_log10_p + 3.0)
    assert among.tried == 1000


def test_repeating_a_sentence_is_no_new_evidence():
    text = write_words(mark_of(), 60, seed=12)
    once, often = detect_text(text, PLAIN), detect_text(f"{text} " * 50, PLAIN)
    assert often.best_log10_p > once.best_log10_p - 3.0


def test_form_does_not_matter_where_people_see_none():
    text = write_words(mark_of(), 220, lang="ko")
    decomposed = unicodedata.normalize("NFD", text)
    assert decomposed != text
    plain = detect_text(text, PLAIN)
    for same in (decomposed, text.encode("cp949").decode("cp949"), text.upper(), f"🙂 {text} 🙂\u200b"):
        assert detect_text(same, PLAIN).best_log10_p == pytest.approx(plain.best_log10_p)


def test_unmarked_texts_follow_the_stated_chance():
    rng = np.random.default_rng(13)
    tails: list[float] = []
    for number in range(1500):
        key = TextKey("wrong", rng.bytes(32))
        tails.append(
            detect_text(human_words(90, number, "ko" if number % 2 else "en"), [Asked(key=key)]).best_log10_p
        )
    for power in (1, 2):
        share = float(np.mean(np.array(tails) <= -power))
        spread = math.sqrt(10.0**-power / len(tails))
        assert abs(share - 10.0**-power) < 5 * spread
    assert min(tails) > -7


def test_short_or_empty_texts_say_that_nothing_is_promised():
    for text in ("", "two words", "...", "\n\n"):
        found = detect_text(text, PLAIN)
        assert (found.enough, found.marks, found.best_log10_p) == (False, (), 0.0)


def test_a_text_without_end_is_refused_before_work():
    with pytest.raises(TooLarge):
        detect_text("a" * (MAX_TEXT_CHARS + 1), PLAIN)
    assert detect_text("a" * 1_000_000, PLAIN).count == 0
