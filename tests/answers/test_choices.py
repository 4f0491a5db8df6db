"""Kinds of which one is enough: either alone answers in full, and what lacks names them both."""

import pytest
from tests.answers.make import APP, TODAY, piece

from haechi.answers import Engine
from haechi.facts import Facts

KINDS = ("inclusion_figure.skills", "jobs_figure")


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_a_choice_is_enough(facts: Facts, kind: str) -> None:
    engine = Engine(facts)
    engine.put(piece(1, kind, "sbp.2.3"))
    answer = engine.answer(APP, "sbp.2.3", TODAY)
    assert (answer.state.word, answer.lacks) == ("full", ())


def test_without_either_both_are_named(facts: Facts) -> None:
    (lack,) = Engine(facts).answer(APP, "sbp.2.3", TODAY).lacks
    assert (lack.code, lack.ref) == ("lacks.any-kind", "|".join(KINDS))
    for kind in KINDS:
        assert facts.evidence_kind(kind).label.en in lack.en
        assert facts.evidence_kind(kind).label.ko in lack.say("ko")


def test_a_part_of_one_of_a_choice_is_a_part(facts: Facts) -> None:
    engine = Engine(facts)
    engine.put(piece(1, KINDS[0], "sbp.2.3", whole=False))
    answer = engine.answer(APP, "sbp.2.3", TODAY)
    assert (answer.state.word, [lack.code for lack in answer.lacks]) == ("partial", ["lacks.part"])


def test_a_kind_in_no_choice_is_still_asked_for(facts: Facts) -> None:
    engine = Engine(facts)
    engine.put(piece(1, "mark", "EU.50.2"))
    assert engine.answer(APP, "EU.50.2", TODAY).state.word == "partial"
