"""Country cards, pairs of countries, gaps, and the relations that may carry nothing."""

from dataclasses import replace as changed
from datetime import date
from types import MappingProxyType

import msgspec
import pytest
from tests.answers.make import APP, TODAY, pieces

from haechi.answers import (
    Catalogue,
    Engine,
    RelationRefused,
    Routes,
    State,
    country_card,
    duties,
    gaps,
    matrix,
    pair,
    read_profile,
)
from haechi.errors import UnknownName
from haechi.facts import Facts


def test_the_korean_card(facts: Facts) -> None:
    card = country_card(Catalogue.of(facts), "KR", TODAY)
    assert card.name.ko == "대한민국"
    assert card.regimes == ("reg.KR",)
    assert sum(card.counts.values()) == len(facts.requirements_of("reg.KR"))
    assert "ins.seoul.min" in dict(card.joined)
    assert card.institutes == ("inst.KR",)


def test_a_card_before_the_act_says_not_yet(facts: Facts) -> None:
    card = country_card(Catalogue.of(facts), "KR", date(2026, 1, 21))
    assert ("must", "applies") not in card.counts


def test_a_federal_card_shows_its_states_and_the_union_is_a_party(facts: Facts) -> None:
    catalogue = Catalogue.of(facts)
    assert set(country_card(catalogue, "US", TODAY).regimes) == {
        "reg.US", "reg.US-CA", "reg.US-CO", "reg.US-NY", "reg.US-TX",
    }  # fmt: skip
    assert country_card(catalogue, "US-CA", TODAY).regimes == ("reg.US-CA",)
    assert "ins.bletchley" in dict(country_card(catalogue, "EU", TODAY).joined)
    with pytest.raises(UnknownName):
        country_card(catalogue, "XX", TODAY)


def test_what_european_evidence_lacks_in_korea(facts: Facts) -> None:
    found = pair(facts, Routes.of(facts), "reg.EU", "reg.KR")
    marking = next(row for row in found.rows if (row.source, row.target) == ("EU.50.2", "KR.31.2"))
    assert marking.carries is State.PARTIAL
    assert marking.hop.lacks[0].en.startswith("A notice in words or voice")
    full = {row.target for row in found.rows if row.carries is State.FULL}
    assert full == {"KR.34.1.1", "KR.34.1.4", "KR.34.1.5", "KR.35.1"}
    assert set(found.unjudged).isdisjoint(row.target for row in found.rows)


def test_the_matrix_is_the_pairs_counted(facts: Facts) -> None:
    routes = Routes.of(facts)
    table = matrix(facts, routes)
    assert table["reg.EU", "reg.KR"][0] == 4
    assert table["reg.KR", "reg.EU"][0] == 0  # the asymmetry is real
    for (from_, to), (full, partial) in table.items():
        rows = pair(facts, routes, from_, to).rows
        assert len({row.target for row in rows}) == full + partial
        assert len({row.target for row in rows if row.carries is State.FULL}) == full


def test_gaps_leave_out_what_is_answered_and_what_does_not_apply(facts: Facts) -> None:
    engine = Engine(facts)
    profile = read_profile(
        {"name": APP, "countries": ["KR", "DE"], "roles": ["provider"], "applications": ["app.genai"]}, facts
    )
    wanted = duties(profile, Catalogue.of(facts), TODAY)
    before = {gap.duty.requirement for gap in gaps(wanted, engine.answers(APP, TODAY))}
    for each in pieces("EU.50.2", facts.requirement("EU.50.2").evidence):
        engine.put(each)
    after = gaps(wanted, engine.answers(APP, TODAY))
    left = {gap.duty.requirement for gap in after}
    assert before - left == {"EU.50.2", "SG.G.prov", "G7.7"} & before
    assert "KR.31.2" in left
    assert not any(each.startswith("CN.") for each in left)
    forces = [gap.duty.force for gap in after]
    assert forces == sorted(forces, key=["must", "effort", "should", "may", "proposed"].index)


@pytest.mark.parametrize(
    ("values", "why"), [({"why": "  "}, "no reason"), ({"b": "KR.99"}, r"no such record: KR\.99")]
)
def test_a_relation_that_may_carry_nothing_is_refused(facts: Facts, values: dict[str, str], why: str) -> None:
    relation = facts.relation("xw.001")
    Routes.of(facts)
    broken = msgspec.structs.replace(relation, **values)
    relations = MappingProxyType({**facts.relations, relation.id: broken})
    with pytest.raises(RelationRefused, match=why) as caught:
        Routes.of(changed(facts, relations=relations))
    assert caught.value.facts["relation"] == "xw.001"
    assert "crosswalk.yaml" in caught.value.advise("ko")
