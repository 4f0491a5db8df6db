"""The path of a small firm: two sentences a duty, reliefs with sources, unknown stays unknown."""

import re
from datetime import date

import pytest

from haechi.answers import Applies, Catalogue, Path, duties, read_profile, starter
from haechi.facts import Facts
from haechi.words import LANGS

TODAY = date(2026, 11, 22)
FIRM = {
    "name": "hiring helper",
    "countries": ["KR", "DE"],
    "roles": ["provider"],
    "applications": ["app.hiring"],
    "high_impact": True,
}


def path(facts: Facts, day: date = TODAY, **values: object) -> Path:
    profile = read_profile({**FIRM, **values}, facts)
    return starter(profile, duties(profile, Catalogue.of(facts), day), facts, day)


def helps(facts: Facts, **values: object) -> dict[str, str]:
    return {each.relief.id: str(each.applies) for each in path(facts, TODAY, **values).helps}


def test_every_step_has_two_sentences_in_both_languages(facts: Facts) -> None:
    steps = path(facts).steps
    assert {"KR.34.1.1", "EU.17"} <= {each.duty.requirement for each in steps}
    for step in steps:
        for sentence in step.sentences:
            assert all(sentence.say(lang).endswith(".") for lang in LANGS)
            assert re.search("[가-힣]", sentence.ko)
            assert not re.search("[가-힣]", sentence.en)


def test_the_path_holds_duties_only_and_the_surest_first(facts: Facts) -> None:
    steps = path(facts, applications=None).steps
    assert {each.duty.force for each in steps} == {"must", "effort"}
    order = [(each.duty.force != "must", each.duty.applies is Applies.UNKNOWN) for each in steps]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"rel.EU.99.6": "unknown", "rel.EU.99.6a": "unknown", "rel.KR.17.3": "unknown"}),
        ({"small_firm": True}, {"rel.EU.99.6": "yes", "rel.EU.99.6a": "unknown", "rel.KR.17.3": "yes"}),
        ({"firm_size": "micro"}, {"rel.EU.99.6": "yes", "rel.EU.63": "yes", "rel.KR.17.3": "yes"}),
        ({"start_up": True}, {"rel.EU.99.6": "yes", "rel.EU.11.1": "yes", "rel.KR.17.3": "yes"}),
        ({"firm_size": "small_mid_cap", "start_up": False}, {"rel.EU.99.6a": "yes", "rel.EU.11.1": "yes"}),
    ],
)
def test_the_size_of_the_firm_decides_and_unknown_stays_unknown(
    facts: Facts, values: dict[str, object], expected: dict[str, str]
) -> None:
    found = helps(facts, **values)
    assert expected.items() <= found.items()


@pytest.mark.parametrize("relief", ["rel.EU.99.6", "rel.EU.63", "rel.EU.11.1", "rel.KR.17.3"])
def test_a_large_firm_gets_no_relief_but_the_grace_for_everybody(facts: Facts, relief: str) -> None:
    assert relief in helps(facts, firm_size="micro")
    found = helps(facts, small_firm=False, firm_size="large", start_up=False)
    assert relief not in found
    assert found["rel.KR.grace"] == "yes"


def test_a_relief_of_another_country_is_not_shown(facts: Facts) -> None:
    assert "rel.EU.99.6" not in helps(facts, countries=["KR"], small_firm=True)
    assert "rel.KR.17.3" not in helps(facts, countries=["DE"], small_firm=True)


def test_a_relief_stands_beside_the_duty_that_it_eases(facts: Facts) -> None:
    found = path(facts, small_firm=True)
    eased = {each.duty.requirement: [one.relief.id for one in each.helps] for each in found.steps}
    assert eased["EU.17"] == ["rel.EU.63"]
    assert eased["EU.9"] == []
    (quality,) = (each for each in found.helps if each.relief.id == "rel.EU.63")
    assert not quality.usable  # its duty applies from 2027-12-02 only
    assert path(facts, date(2027, 12, 2), small_firm=True).as_dict() != found.as_dict()


def test_every_relief_names_its_sources_and_speaks_both_languages(facts: Facts) -> None:
    assert len(facts.reliefs) >= 10
    for relief in facts.reliefs.values():
        assert all(facts.source(cited.src) and cited.loc for cited in relief.sources)
        assert re.search("[가-힣]", relief.says_ko)
