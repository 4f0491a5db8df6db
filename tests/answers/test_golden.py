"""Content marking: what EU and Korean evidence can serve for. Expected sets are written out by hand."""

import pytest
from tests.answers.make import APP, TODAY, pieces

from haechi.answers.engine import Answers, Engine
from haechi.facts import Facts

EU_FULL = {"EU.50.2", "sbp.1.2", "faisc.bp.content", "G7.7", "SG.G.prov", "BR.label"}
EU_PARTIAL = {
    "EU.COP50.1": 9,
    "KR.31.2": 7,
    "US-CA.942.lat": 7,
    "US-CA.942.det": 7,
    "VN.11": 7,
    "CN.LBL.5": 6,
    "IN.label": 6,
    "US.6001.prov": 6,
    "CA.trans": 6,
    "COE.8": 5,
}
KR_FULL = {"KR.31.2", "sbp.1.2"}
KR_PARTIAL = {
    "EU.50.2": 7,
    "CN.LBL.4": 6,
    "US-CA.942.lat": 6,
    "VN.11": 6,
    "G7.7": 6,
    "CN.LBL.5": 5,
    "SG.G.prov": 5,
    "US.6001.prov": 5,
}


def answered(facts: Facts, target: str) -> Answers:
    engine = Engine(facts)
    for each in pieces(target, facts.requirement(target).evidence):
        engine.put(each)
    return engine.answers(APP, TODAY)


def by_state(answers: Answers, word: str) -> set[str]:
    return {target for target, answer in answers.by_target.items() if answer.state.word == word}


def homes(facts: Facts, targets: set[str]) -> set[str]:
    """The regimes and instruments that the targets belong to."""
    return {
        facts.requirements[target].regime
        if target in facts.requirements
        else facts.commitments[target].instrument
        for target in targets
    }


@pytest.mark.parametrize(
    ("start", "full", "partial", "places"),
    [("EU.50.2", EU_FULL, EU_PARTIAL, 14), ("KR.31.2", KR_FULL, KR_PARTIAL, 9)],
)
def test_marking_evidence_serves_exactly_these(
    facts: Facts, start: str, full: set[str], partial: dict[str, int], places: int
) -> None:
    answers = answered(facts, start)
    assert by_state(answers, "full") == full
    assert by_state(answers, "partial") == set(partial)
    assert by_state(answers, "claimed") == set()
    assert len(homes(facts, full | set(partial))) == places


@pytest.mark.parametrize(("start", "partial"), [("EU.50.2", EU_PARTIAL), ("KR.31.2", KR_PARTIAL)])
def test_partial_credit_comes_from_one_judged_relation(
    facts: Facts, start: str, partial: dict[str, int]
) -> None:
    for target, strength in partial.items():
        (credit,) = answered(facts, start).by_target[target].credits
        (relation,) = credit.relations
        assert facts.relation(relation).strength == strength
        assert {facts.relation(relation).a, facts.relation(relation).b} == {start, target}


def test_korea_still_lacks_the_notice_when_european_evidence_arrives(facts: Facts) -> None:
    answer = answered(facts, "EU.50.2").by_target["KR.31.2"]
    (lack,) = answer.lacks
    assert (lack.code, lack.ref) == ("lacks.named", "xw.001")
    assert lack.en == "A notice in words or voice, or a visible mark, when content leaves the service."
    assert lack.say("ko") == "콘텐츠가 서비스 밖으로 나갈 때의 문구·음성 안내 또는 눈에 보이는 표시."


def test_a_full_chain_names_every_relation(facts: Facts) -> None:
    (credit,) = answered(facts, "EU.50.2").by_target["faisc.bp.content"].credits
    assert credit.relations == ("xw.007", "xw.012")
    assert [reason.en for reason in credit.why] == [facts.relation(r).why for r in credit.relations]


def test_a_bill_of_low_confidence_is_marked(facts: Facts) -> None:
    assert answered(facts, "EU.50.2").by_target["BR.label"].low
    assert not answered(facts, "EU.50.2").by_target["G7.7"].low
