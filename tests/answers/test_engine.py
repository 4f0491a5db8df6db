"""The engine's promises: order does not matter, removal restores, more never lowers, and a second opinion."""

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.answers.make import (
    APP,
    CHECKERS,
    ISSUED,
    ISSUER,
    LOGGED,
    TODAY,
    WITNESSED,
    confirm,
    days,
    digest,
    dispute,
    piece,
    pieces,
    replace,
    withdraw,
)
from tests.answers.naive import Naive, shown
from tests.answers.worlds import FACTS, SCOPE, evidence, worlds

from haechi.answers.engine import Engine
from haechi.answers.evidence import Evidence, Item, Seen
from haechi.answers.ladder import Assurance, State
from haechi.facts import Facts


def engine_of(items: Sequence[Item], facts: Facts = FACTS) -> Engine:
    engine = Engine(facts, CHECKERS)
    for item in items:
        engine.put(item)
    return engine


def bytes_of(items: Sequence[Item], day: date = TODAY) -> bytes:
    return engine_of(items).answers(SCOPE, day).to_json()


@given(worlds)
def test_a_second_implementation_agrees(items: list[Item]) -> None:
    answers = engine_of(items).answers(SCOPE, TODAY)
    assert shown(answers.as_dict()) == Naive(FACTS, items, set(CHECKERS)).answers(SCOPE.names, TODAY)


@given(worlds, st.randoms())
def test_order_of_arrival_does_not_matter(items: list[Item], chance: Random) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert bytes_of(shuffled) == bytes_of(items)


@given(worlds, worlds)
def test_removing_restores_the_earlier_answers_exactly(before: list[Item], more: list[Item]) -> None:
    engine = engine_of(before)
    earlier = engine.answers(SCOPE, TODAY).to_json()
    added = [item for item in more if item.digest not in engine]
    for item in added:
        engine.put(item)
        engine.answers(SCOPE, TODAY)  # work it out in between, so that what is kept must be undone
    for item in added:
        engine.remove(item.digest)
    assert engine.answers(SCOPE, TODAY).to_json() == earlier
    assert len(engine) == len(before)


@given(worlds, evidence)
def test_more_evidence_never_lowers_a_state(items: list[Item], more: Evidence) -> None:
    engine = engine_of([item for item in items if item.digest != more.digest])
    before = engine.answers(SCOPE, TODAY).by_target
    engine.put(more)
    after = engine.answers(SCOPE, TODAY).by_target
    assert all(after[target].state >= answer.state for target, answer in before.items())


@given(worlds)
def test_nothing_is_carried_without_a_reason(items: list[Item]) -> None:
    for answer in engine_of(items).answers(SCOPE, TODAY).by_target.values():
        for credit in answer.credits:
            assert credit.why
            assert all(reason.en.strip() for reason in credit.why)
            assert [reason.ref for reason in credit.why] == list(credit.relations) or credit.direct
        assert answer.lacks or answer.state is State.FULL


@given(worlds)
def test_partial_never_chains_and_only_full_goes_far(items: list[Item]) -> None:
    for answer in engine_of(items).answers(SCOPE, TODAY).by_target.values():
        for credit in answer.credits:
            if len(credit.relations) > 1:
                assert credit.state is State.FULL
                assert all("full" in carries(id_) for id_ in credit.relations)


def carries(id_: str) -> set[str]:
    relation = FACTS.relation(id_)
    return {relation.carry_a_to_b, relation.carry_b_to_a}


def full_set(start: str) -> set[str]:
    records = {**FACTS.requirements, **FACTS.commitments}
    answers = engine_of(pieces(start, records[start].evidence)).answers(APP, TODAY).by_target
    return {target for target, answer in answers.items() if answer.state is State.FULL}


def test_full_carry_is_transitive() -> None:
    reach = {start: full_set(start) for start in (*FACTS.requirements, *FACTS.commitments)}
    for start, ends in reach.items():
        for middle in ends:
            assert reach[middle] <= ends, (start, middle)


@pytest.mark.parametrize(
    ("items", "level", "undisputed"),
    [
        ([], "self_declared", "self_declared"),
        ([confirm(50, 1)], "self_declared", "self_declared"),
    ],
)
def test_what_no_log_holds_is_self_declared(items: list[Item], level: str, undisputed: str) -> None:
    answer = engine_of([piece(1, "mark", "BR.label"), *items]).answer(APP, "BR.label", TODAY)
    assert answer.assurance is not None
    assert answer.undisputed is not None
    assert (answer.assurance.word, answer.undisputed.word) == (level, undisputed)


@pytest.mark.parametrize(
    ("seen", "remarks", "level", "undisputed"),
    [
        (LOGGED, [], "logged", "logged"),
        (WITNESSED, [], "witnessed", "witnessed"),
        (LOGGED, [confirm(50, 1)], "countersigned", "countersigned"),
        (LOGGED, [confirm(50, 1, how="reproduced")], "reproduced", "reproduced"),
        (LOGGED, [confirm(50, 1, by="stranger")], "logged", "logged"),
        (LOGGED, [confirm(50, 1, by=ISSUER)], "logged", "logged"),
        (LOGGED, [confirm(50, 1, logged=False)], "logged", "logged"),
        (LOGGED, [confirm(50, 1), withdraw(51, 50, by="inst.kr")], "logged", "logged"),
        (LOGGED, [confirm(50, 1), dispute(51, 1)], "witnessed", "countersigned"),
        (LOGGED, [confirm(50, 1), dispute(51, 1), dispute(52, 1)], "witnessed", "countersigned"),
        (LOGGED, [confirm(50, 1), dispute(51, 1), dispute(52, 1, by="inst.sg")], "logged", "countersigned"),
        (LOGGED, [dispute(51, 1), withdraw(52, 51, by="inst.uk")], "logged", "logged"),
        (LOGGED, [dispute(51, 1), withdraw(52, 51)], "self_declared", "logged"),
        (WITNESSED, [dispute(51, 1, by="stranger")], "witnessed", "witnessed"),
        (WITNESSED, [dispute(51, 1, logged=False)], "witnessed", "witnessed"),
    ],
)
def test_assurance(seen: Seen, remarks: list[Item], level: str, undisputed: str) -> None:
    answer = engine_of([piece(1, "mark", "BR.label", seen=seen), *remarks]).answer(APP, "BR.label", TODAY)
    assert answer.assurance is not None
    assert answer.undisputed is not None
    assert (answer.assurance.word, answer.undisputed.word) == (level, undisputed)
    assert answer.state is State.FULL


def test_a_dispute_stands_beside_the_answer_even_when_other_evidence_is_counted() -> None:
    items = [
        piece(1, "mark", "BR.label", seen=LOGGED),
        piece(2, "mark", "BR.label", seen=LOGGED),
        dispute(50, 1),
    ]
    answer = engine_of(items).answer(APP, "BR.label", TODAY)
    assert answer.credits[0].evidence == (digest(2),)
    assert [said.digest for said in answer.disputes] == [digest(50)]


@pytest.mark.parametrize(
    ("remarks", "state"),
    [
        ([withdraw(50, 1)], State.NONE),
        ([withdraw(50, 1, by="inst.kr")], State.FULL),
        ([replace(50, 1, 2)], State.NONE),
        ([replace(50, 1, 2, by="inst.kr")], State.FULL),
        ([replace(50, 1, 2), withdraw(51, 50)], State.FULL),
        ([withdraw(50, 1), withdraw(51, 50)], State.NONE),
        ([replace(50, 1, 2), piece(2, "mark", "BR.label", whole=False)], State.PARTIAL),
    ],
)
def test_only_the_issuer_takes_back(remarks: list[Item], state: State) -> None:
    assert engine_of([piece(1, "mark", "BR.label"), *remarks]).answer(APP, "BR.label", TODAY).state is state


def test_evidence_expires_after_its_last_day() -> None:
    engine = engine_of([piece(1, "mark", "BR.label")])
    last = ISSUED + days(180)
    answer = engine.answer(APP, "BR.label", last)
    assert (answer.expires, answer.days_left(last)) == (last, 0)
    assert engine.answer(APP, "BR.label", last + days(1)).state is State.NONE


def test_a_requirement_may_set_its_own_limit_and_carried_evidence_keeps_it() -> None:
    # Both ask every three months; risk assessments serve a year elsewhere.
    engine = engine_of([piece(1, "risk_assessment", "US-CA.53.int")])
    for target in ("US-CA.53.int", "US-NY.1422.int"):
        assert engine.answer(APP, target, ISSUED + days(92)).state is State.FULL
        assert engine.answer(APP, target, ISSUED + days(93)).state is State.NONE


def test_signing_late_does_not_make_a_report_younger() -> None:
    engine = engine_of([piece(1, "document.policy", "sbp.1.5", dated=date(2024, 1, 1))])
    assert engine.answer(APP, "sbp.1.5", date(2025, 12, 31)).state is State.NONE  # not issued yet
    assert engine.answer(APP, "sbp.1.5", TODAY).state is State.NONE  # two years old


def test_a_report_alone_is_a_claim() -> None:
    engine = engine_of([piece(1, "pledge_report", "sbp.1.2", "sbp.3.2", seen=WITNESSED)])
    for target, code in (("sbp.1.2", "lacks.kind"), ("sbp.3.2", "lacks.no-proof-kind")):
        answer = engine.answer(APP, target, TODAY)
        assert answer.state is State.CLAIMED
        assert {lack.code for lack in answer.lacks} == {code}
    assert engine.answer(APP, "G7.9", TODAY).state is State.NONE  # equal to sbp.3.2, but claims go nowhere


def test_withheld_content_is_a_claim() -> None:
    engine = engine_of([piece(1, "mark", "BR.label", withheld=True)])
    assert engine.answer(APP, "BR.label", TODAY).state is State.CLAIMED


def test_what_was_offered_in_part_stays_partial() -> None:
    answer = engine_of([piece(1, "mark", "BR.label", whole=False)]).answer(APP, "BR.label", TODAY)
    assert answer.state is State.PARTIAL
    assert [lack.code for lack in answer.lacks] == ["lacks.part"]


def test_two_parts_do_not_add_up() -> None:
    items = [piece(1, "mark", "KR.31.2"), *pieces("EU.50.2", ("mark", "mark.detector", "evaluation"), 10)]
    answer = engine_of(items).answer(APP, "KR.31.2", TODAY)
    assert answer.state is State.PARTIAL
    assert [credit.source for credit in answer.credits] == ["KR.31.2", "EU.50.2"]


def test_partial_evidence_reaches_only_what_asks_for_its_kind() -> None:
    engine = engine_of([piece(1, "evaluation", "EU.50.2")])
    assert engine.answer(APP, "sbp.1.2", TODAY).state is State.PARTIAL  # asks for evaluations too
    assert engine.answer(APP, "KR.31.2", TODAY).state is State.NONE  # asks for marks and notices
    assert engine.answer(APP, "faisc.bp.content", TODAY).state is State.NONE  # two relations away


def test_seen_by_more_replaces_the_same_statement() -> None:
    engine = engine_of([piece(1, "mark", "BR.label", seen=LOGGED)])
    engine.put(piece(1, "mark", "BR.label", seen=WITNESSED))
    answer = engine.answer(APP, "BR.label", TODAY)
    assert answer.assurance is not None
    assert answer.assurance.word == "witnessed"
    assert len(engine) == 1


def test_answers_name_their_data_version_and_say_can_serve() -> None:
    answers = engine_of([piece(1, "mark", "BR.label")]).answers(APP, TODAY)
    assert answers.as_dict()["data_version"] == FACTS.version
    answer, label = answers.by_target["BR.label"], FACTS.requirement("BR.label").label
    assert "can serve" in answer.say("en", label, TODAY)
    assert "uncertain fact" in answer.say("en", label, TODAY)
    assert "불확실한 사실" in answer.say("ko", label, TODAY)
    assert "증거 없음" in answers.by_target["EU.9"].say("ko", label, TODAY)


def test_nobody_vouches_for_what_it_is_the_subject_of() -> None:
    engine = Engine(FACTS, {"co.naver"})
    for item in (
        piece(1, "mark", "sbp.1.2", subject="co.naver", issuer="naver.example", seen=LOGGED),
        confirm(50, 1, by="co.naver"),
    ):
        engine.put(item)
    answer = engine.answer("co.naver", "sbp.1.2", TODAY)
    assert answer.assurance is Assurance.LOGGED


def test_a_targets_own_limit_holds_for_what_is_carried_to_it() -> None:
    # Technical documents serve two years at G7.3, one year at the report that asks for the same.
    engine = engine_of([piece(1, "document.techdoc", "G7.3")])
    inside, outside = ISSUED + days(365), ISSUED + days(366)
    assert engine.answer(APP, "G7.3", outside).state is State.PARTIAL
    assert engine.answer(APP, "G7.report", inside).state is State.PARTIAL
    assert engine.answer(APP, "G7.report", inside).expires == inside
    assert engine.answer(APP, "G7.report", outside).state is State.NONE


def test_a_report_beside_partial_evidence_does_not_lower_its_assurance() -> None:
    items = [
        piece(1, "document.notice", "sbp.1.3", seen=WITNESSED, whole=False),
        piece(2, "pledge_report", "sbp.1.3"),
    ]
    answer = engine_of(items).answer(APP, "sbp.1.3", TODAY)
    assert answer.state is State.PARTIAL
    assert answer.assurance is Assurance.WITNESSED


def test_a_better_piece_of_a_wider_kind_does_not_hide_the_one_that_carries() -> None:
    takedown = piece(1, "incident_report.takedown", "KR.34.1.3")
    wider = piece(2, "incident_report", "KR.34.1.3", seen=WITNESSED)
    for items in ([takedown], [takedown, wider]):
        assert engine_of(items).answer(APP, "CN.GA.15", TODAY).state is State.PARTIAL
    assert engine_of([wider]).answer(APP, "CN.GA.15", TODAY).state is State.NONE
