"""Which requirements apply: unknown stays unknown, contradictions are refused, questions shrink."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.answers import (
    Applies,
    Catalogue,
    Duty,
    LawStatus,
    ProfileContradicts,
    ProfileMalformed,
    duties,
    next_questions,
    read_profile,
)
from haechi.answers.questions import ASKED
from haechi.errors import UnknownName
from haechi.facts import load
from haechi.words import LANGS

FACTS = load()
CATALOGUE = Catalogue.of(FACTS)
TODAY = date(2026, 11, 22)
STUDIO = {
    "name": "image studio",
    "countries": ["KR", "DE"],
    "roles": ["provider"],
    "applications": ["app.genai"],
    "modalities": ["image"],
    "high_impact": False,
}


def duty(requirement: str, as_of: date = TODAY, **values: object) -> Duty:
    found = duties(read_profile({"name": "x", **values}, FACTS), CATALOGUE, as_of)
    return next(each for each in found if each.requirement == requirement)


def studio(requirement: str, **changed: object) -> Duty:
    return duty(requirement, **{**STUDIO, **changed})


@pytest.mark.parametrize(
    ("requirement", "applies"),
    [("EU.50.2", "yes"), ("KR.31.2", "yes"), ("US-CA.942.lat", "no"), ("EU.9", "no"), ("G7.7", "yes")],
)
def test_an_image_studio_in_korea_and_germany(requirement: str, applies: str) -> None:
    assert str(studio(requirement).applies) == applies


@pytest.mark.parametrize("field", ["countries", "roles", "applications"])
def test_what_was_not_said_stays_unknown_and_is_asked_for(field: str) -> None:
    found = studio("EU.50.2", **{field: None})
    assert found.applies is Applies.UNKNOWN
    assert found.ask == (field,)


def test_the_law_of_a_state_waits_for_the_state() -> None:
    assert studio("US-CA.942.lat", countries=["US"]).applies is Applies.UNKNOWN
    assert studio("US-CA.942.lat", countries=["US-CA"]).applies is Applies.YES
    assert studio("US-CA.942.lat", countries=["US-NY"]).applies is Applies.NO


def test_every_member_state_is_in_the_european_union() -> None:
    assert studio("EU.50.2", countries=["FR"]).applies is Applies.YES
    assert studio("EU.50.2", countries=["EU"]).applies is Applies.YES
    assert studio("EU.50.2", countries=["GB"]).applies is Applies.NO


def test_a_class_of_use_decides_high_risk_in_the_eu_and_its_date() -> None:
    hiring = duty("EU.9", countries=["DE"], roles=["provider"], applications=["app.hiring"])
    assert (hiring.applies, hiring.status, hiring.effective) == (
        Applies.YES,
        LawStatus.NOT_YET,
        date(2027, 12, 2),
    )
    medical = duty("EU.9", countries=["DE"], roles=["provider"], applications=["app.medical"])
    assert medical.effective == date(2028, 8, 2)  # Annex I starts later
    assert [reason.why.ref for reason in medical.reasons][-1] == "cls.EU.I"


@pytest.mark.parametrize(("effect", "applies"), [(None, "unknown"), (True, "yes"), (False, "no")])
def test_korean_high_impact_joins_area_and_effect(effect: object, applies: str) -> None:
    found = duty(
        "KR.34.1.1", countries=["KR"], roles=["provider"], applications=["app.hiring"], high_impact=effect
    )
    assert str(found.applies) == applies
    assert found.ask == (("high_impact",) if effect is None else ())


@pytest.mark.parametrize(
    ("flop", "applies"), [(None, "unknown"), (1e25, "no"), (1.1e25, "yes"), (1e27, "yes")]
)
def test_compute_decides_the_frontier(flop: float | None, applies: str) -> None:
    found = duty(
        "EU.55.eval",
        countries=["DE"],
        roles=["gpai_provider"],
        applications=["app.model"],
        compute_flop=flop,
    )
    assert str(found.applies) == applies


@pytest.mark.parametrize(
    ("flop", "effect", "applies"), [(1e26, True, "yes"), (9.9e25, True, "no"), (1e26, None, "unknown")]
)
def test_korea_counts_exactly_the_threshold_and_joins_the_effect(
    flop: float, effect: object, applies: str
) -> None:
    found = duty(
        "KR.32.1",
        countries=["KR"],
        roles=["provider"],
        applications=["app.model"],
        compute_flop=flop,
        high_impact=effect,
    )
    assert str(found.applies) == applies


@pytest.mark.parametrize(("revenue", "applies"), [(None, "unknown"), (500e6, "no"), (500e6 + 1, "yes")])
def test_duties_of_large_developers_wait_for_the_revenue(revenue: float | None, applies: str) -> None:
    found = {
        id_: duty(
            id_,
            date(2027, 1, 1),
            countries=["US-CA"],
            roles=["frontier_developer", "provider"],
            applications=["app.model"],
            compute_flop=2e26,
            revenue_usd=revenue,
        )
        for id_ in ("US-CA.53.fw", "US-CA.53.rep")
    }
    assert str(found["US-CA.53.fw"].applies) == applies
    assert found["US-CA.53.fw"].ask == (("revenue_usd",) if revenue is None else ())
    assert found["US-CA.53.rep"].applies is Applies.YES  # every frontier developer, whatever its size


def test_systems_on_the_market_before_have_longer() -> None:
    assert studio("EU.50.2", placed_on="2026-08-01").effective == date(2026, 12, 2)
    assert studio("EU.50.2", placed_on="2026-08-01").status is LawStatus.NOT_YET
    assert studio("EU.50.2", placed_on="2026-08-02").effective == date(2026, 8, 2)


fields = st.fixed_dictionaries(
    {},
    optional={
        "countries": st.lists(st.sampled_from(["KR", "DE", "US", "US-CA", "CN"]), unique=True),
        "roles": st.lists(st.sampled_from(["provider", "deployer", "platform"]), unique=True),
        "applications": st.lists(st.sampled_from(["app.genai", "app.hiring", "app.medical"]), unique=True),
        "compute_flop": st.sampled_from([1e20, 1e25, 1e27]),
        "high_impact": st.booleans(),
    },
)


@given(fields, st.sampled_from(["countries", "roles", "applications", "compute_flop", "high_impact"]))
def test_forgetting_an_answer_never_turns_a_no_into_a_yes(values: dict[str, object], forgotten: str) -> None:
    less = {key: value for key, value in values.items() if key != forgotten}
    known = duties(read_profile({"name": "x", **values}, FACTS), CATALOGUE, TODAY)
    vague = duties(read_profile({"name": "x", **less}, FACTS), CATALOGUE, TODAY)
    for sure, unsure in zip(known, vague, strict=True):
        assert unsure.applies in (sure.applies, Applies.UNKNOWN)


def test_questions_are_asked_by_how_much_they_decide_until_none_is_left() -> None:
    values: dict[str, object] = {"name": "x"}
    replies = {**STUDIO, "compute_flop": 1e22}
    asked = []
    while questions := next_questions(duties(read_profile(values, FACTS), CATALOGUE, TODAY), FACTS):
        assert [each.decides for each in questions] == sorted(
            (each.decides for each in questions), reverse=True
        )
        asked.append(questions[0].field)
        values[questions[0].field] = replies[questions[0].field]
    assert asked[:2] == ["roles", "countries"]
    assert len(asked) == len(set(asked)) <= 5
    assert all(text.say(lang) for text in ASKED.values() for lang in LANGS)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"applications": ["app.text_public"]}, "applications, modalities"),
        ({"roles": ["frontier_developer", "provider"], "compute_flop": 1e20}, "roles, compute_flop"),
        ({"roles": ["frontier_developer"]}, "roles"),
        (
            {"applications": ["app.agent"], "modalities": None, "autonomy": "suggests"},
            "applications, autonomy",
        ),
        ({"small_firm": True, "revenue_usd": 1e9}, "small_firm, revenue_usd"),
        ({"small_firm": True, "firm_size": "large"}, "small_firm, firm_size"),
        ({"small_firm": False, "firm_size": "micro"}, "small_firm, firm_size"),
        ({"small_firm": False, "start_up": True}, "small_firm, start_up"),
        ({"applications": ["app.model", "app.hiring"], "modalities": None}, "applications"),
    ],
)
def test_contradictions_are_refused_with_place_and_hint(changed: dict[str, object], place: str) -> None:
    read_profile(STUDIO, FACTS)
    with pytest.raises(ProfileContradicts) as caught:
        read_profile({**STUDIO, **changed}, FACTS)
    error = caught.value
    assert (error.code, error.facts["place"]) == ("answers.profile-contradicts", place)
    assert place in error.advise("en")
    assert error.say("en") != error.say("ko")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"countries": ["Korea"]}, ProfileMalformed),
        ({"countries": ["XX"]}, UnknownName),
        ({"roles": ["maker"]}, UnknownName),
        ({"applications": ["app.hirring"]}, UnknownName),
        ({"compute_flop": -1}, ProfileMalformed),
        ({"placed_on": "2026-02-30"}, ProfileMalformed),
        ({"colour": "red"}, ProfileMalformed),
    ],
)
def test_a_wrong_word_is_refused(changed: dict[str, object], error: type[Exception]) -> None:
    read_profile(STUDIO, FACTS)
    with pytest.raises(error):
        read_profile({**STUDIO, **changed}, FACTS)
