"""What the facts promise to the rooms above: records by id, parties over time, and the nearest right name."""

import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import haechi.facts
from haechi.errors import UnknownName
from haechi.facts import KINDS, Facts, Institute, When
from haechi.facts.kind import Kind
from haechi.words import Text

ARTICLE_DAY = date(2024, 5, 22)
PLEDGE_COMPANIES = {
    "Samsung Electronics", "NAVER", "Kakao", "LG AI Research", "SK Telecom", "KT",
    "OpenAI", "Anthropic", "Microsoft", "Google", "IBM", "Cohere", "Salesforce", "Adobe",
}  # fmt: skip


def test_the_seoul_pledge_has_14_companies_and_14_commitments(facts: Facts):
    parties = facts.parties_of("ins.seoul.pledge")
    assert {facts.company(party).name for party in parties.ids} == PLEDGE_COMPANIES
    assert len(parties) == 14
    assert parties.stated == "14 companies"
    assert [row.id for row in facts.commitments_of("ins.seoul.pledge")] == [
        "sbp.0", "sbp.1.1", "sbp.1.2", "sbp.1.3", "sbp.1.4", "sbp.1.5", "sbp.1.6",
        "sbp.2.1", "sbp.2.2", "sbp.2.3", "sbp.3.1", "sbp.3.2", "sbp.3.3", "sbp.3.4",
    ]  # fmt: skip


def test_the_ministerial_statement_has_27_countries_and_the_eu(facts: Facts):
    parties = facts.parties_of("ins.seoul.min")
    assert len(parties.on(ARTICLE_DAY)) == 28
    assert [party for party in parties.ids if party not in facts.countries] == ["org.EU"]
    assert "28 in the article" in parties.stated
    assert not {"c.CN", "c.BR", "c.IE"} & set(parties.ids)
    assert {"c.MX", "c.NZ", "c.KR"} <= set(parties.ids)


def test_frontier_commitments_grow_from_16_to_20_companies(facts: Facts):
    parties = facts.parties_of("ins.faisc")
    assert len(parties.on(date(2024, 5, 20))) == 0
    assert len(parties.on(date(2024, 5, 21))) == 16
    assert set(parties.perhaps_on(date(2024, 12, 1))) == {"co.magic", "co.minimax", "co.01ai", "co.nvidia"}
    assert len(parties.on(date(2025, 2, 7))) == 20
    assert parties.perhaps_on(date(2025, 2, 7)) == ()


def test_a_joining_day_that_is_not_known_is_a_span(facts: Facts):
    (paris,) = {seat.joined for seat in facts.parties_of("ins.paris").seats}
    assert paris == When(date(2025, 2, 11), facts.read_on["participants"])
    (zealand,) = [seat for seat in facts.parties_of("ins.bletchley").seats if seat.party == "c.NZ"]
    assert zealand.joined == When(date(2024, 1, 1), date(2024, 12, 31))
    assert zealand.confidence == "low"


def test_who_did_not_sign_and_what_is_incomplete_is_said(facts: Facts):
    assert facts.parties_of("ins.paris").not_signed == ("c.US", "c.GB")
    assert not facts.parties_of("ins.delhi.decl").complete
    assert "c.KR" in facts.parties_of("ins.delhi.decl")


def test_every_seat_is_a_party_and_none_joined_before_the_instrument(facts: Facts):
    for instrument in facts.instruments.values():
        for seat in facts.parties_of(instrument.id).seats:
            assert facts.party(seat.party).id == seat.party
            assert instrument.date <= seat.joined.first <= seat.joined.last


def test_the_instruments_of_a_party(facts: Facts):
    assert [row.id for row in facts.instruments_of("co.kakao")] == ["ins.seoul.pledge"]
    assert {"ins.seoul.pledge", "ins.faisc"} <= {row.id for row in facts.instruments_of("co.naver")}


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("company", "Naver", "co.naver"),
        ("company", "naver corp", "co.naver"),
        ("company", "co.never", "co.naver"),
        ("company", "네이버", "co.naver"),
        ("company", "네이바", "co.naver"),
        ("company", unicodedata.normalize("NFD", "네이버"), "co.naver"),
        ("company", "삼성", "co.samsung"),
        ("company", "카카오톡", "co.kakao"),
        ("company", "LG", "co.lgai"),
        ("company", "SKT", "co.skt"),
        ("company", "에스케이텔레콤", "co.skt"),
        ("company", "Open AI", "co.openai"),
        ("company", "앤스로픽", "co.anthropic"),
        ("company", "Gogle", "co.google"),
        ("party", "한국", "c.KR"),
        ("party", "South Korea", "c.KR"),
        ("party", "EU", "org.EU"),
        ("country", "kor", "c.KR"),
        ("country", "Turkiye", "c.TR"),
        ("country", "Vietnam", "c.VN"),
        ("institute", "영국", "inst.GB"),
        ("instrument", "Seoul pledge", "ins.seoul.pledge"),
        ("instrument", "서울 기업 서약", "ins.seoul.pledge"),
        ("instrument", "장관 성명", "ins.seoul.min"),
        ("commitment", "sbp.1,2", "sbp.1.2"),
        ("requirement", "eu.50.2", "EU.50.2"),
        ("requirement", "AI literacy", "EU.4"),
        ("judged", "sbp12", "sbp.1.2"),
        ("evidence_kind", "watermark", "mark"),
        ("role", "developer", "frontier_developer"),
    ],
)
def test_the_nearest_name(kind: Kind, wrong: str, right: str, facts: Facts):
    assert facts.nearest(kind, wrong)[0] == right


@pytest.mark.parametrize("kind", KINDS)
def test_every_id_and_name_is_nearest_to_itself(kind: Kind, facts: Facts):
    labels = facts.names(kind)
    for id_ in list(labels)[:: max(1, len(labels) // 8)]:
        assert facts.nearest(kind, id_, limit=1) == [id_]
        for name in labels[id_]:
            first = next(other for other, its in labels.items() if name in its)
            assert facts.nearest(kind, name, limit=1) == [first]


@given(kind=st.sampled_from(KINDS), wrong=st.text(), limit=st.integers(1, 5))
def test_nearest_always_answers_with_ids_of_the_kind(kind: Kind, wrong: str, limit: int):
    facts = haechi.facts.load()
    found = facts.nearest(kind, wrong, limit)
    assert len(found) == min(limit, len(facts.names(kind)))
    assert set(found) <= set(facts.names(kind))


@pytest.mark.parametrize(
    ("kind", "text", "id_"),
    [
        ("company", "co.naver", "co.naver"),
        ("company", "Naver", "co.naver"),
        ("company", "  네이버 ", "co.naver"),
        ("company", unicodedata.normalize("NFD", "삼성전자"), "co.samsung"),
        ("company", "samsung  electronics", "co.samsung"),
        ("company", "kt", "co.kt"),
        ("party", "대한민국", "c.KR"),
        ("party", "european union", "org.EU"),
        ("instrument", "서울 ai 기업 서약", "ins.seoul.pledge"),
        ("tier", "금지", "prohibited"),
    ],
)
def test_resolve_takes_an_id_or_an_exact_name(kind: Kind, text: str, id_: str, facts: Facts):
    assert facts.resolve(kind, text) == id_


def test_resolve_refuses_part_of_a_name(facts: Facts):
    with pytest.raises(UnknownName) as unknown:
        facts.resolve("company", "삼성")
    nearest = unknown.value.facts["nearest"]
    assert isinstance(nearest, list)
    assert nearest[0] == "co.samsung"


def test_resolve_refuses_a_name_that_two_records_share(facts: Facts):
    shared = facts.risk_class("cls.NY.frontier").name_ko
    with pytest.raises(UnknownName) as unknown:
        facts.resolve("risk_class", shared)
    assert unknown.value.facts["nearest"] == ["cls.CA.frontier", "cls.NY.frontier"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("initiative", "judged")])
def test_every_kind_has_a_lookup_that_names_the_nearest(kind: Kind, facts: Facts):
    look_up = getattr(facts, kind)
    for id_ in facts.names(kind):
        assert look_up(id_).id == id_
    with pytest.raises(UnknownName) as unknown:
        look_up("no such id")
    assert unknown.value.facts["nearest"] == facts.nearest(kind, "no such id")
    assert unknown.value.facts["field"] == kind


@pytest.mark.parametrize(
    "of", ["commitments_of", "parties_of", "requirements_of", "relations_of", "instruments_of", "is_low"]
)
def test_questions_about_an_unknown_id_are_refused(of: str, facts: Facts):
    with pytest.raises(UnknownName):
        getattr(facts, of)("ins.soul.pledge")


def test_a_long_wrong_name_is_cut_in_the_message(facts: Facts):
    with pytest.raises(UnknownName) as unknown:
        facts.company("x" * 100_000)
    assert len(str(unknown.value)) < 400


def test_low_and_recalled_facts_carry_it(facts: Facts):
    assert facts.requirement("BR.label").confidence == "low"
    assert facts.is_low("BR.label")
    assert not facts.is_low("EU.50.2")
    assert facts.source("src.nist.8477").checked == "recalled"
    assert facts.is_low("src.nist.8477")
    assert not facts.is_low("c.KR")


def test_an_indicator_is_as_sure_as_its_commitment(facts: Facts):
    for commitment in facts.commitments.values():
        assert facts.is_low(commitment.indicator.id) == facts.is_low(commitment.id)
    assert {row.checked for row in facts.commitments.values() if facts.is_low(row.id)} == {"recalled"}


def test_full_answers_to_eu_50_2_carry_to_the_pledge(facts: Facts):
    (relation,) = [row for row in facts.relations_of("EU.50.2") if "sbp.1.2" in (row.a, row.b)]
    assert relation.carry_from("EU.50.2") == "full"
    assert relation.carry_from("sbp.1.2") == "partial"
    assert relation.lacks_from("EU.50.2") is None
    assert relation.lacks_from("sbp.1.2") == Text(
        "All four modalities, detection, robustness.", "네 가지 양식 모두, 탐지, 견고성."
    )
    assert relation.label.ko == "EU.50.2 ⊃ sbp.1.2"
    with pytest.raises(ValueError, match=r"KR\.31\.2"):
        relation.other("KR.31.2")


def test_what_was_not_judged_has_no_relation(facts: Facts):
    assert [id_ for id_ in facts.requirements if not facts.relations_of(id_)] == [
        "EU.5.manip",
        "EU.5.other",
        "KR.36",
    ]
    assert facts.relations_of("sbp.2.1") == ()


def test_relations_are_found_from_both_ends(facts: Facts):
    ends = [(relation.id, end) for relation in facts.relations.values() for end in (relation.a, relation.b)]
    found = [(relation.id, end) for end in facts.names("judged") for relation in facts.relations_of(end)]
    assert sorted(ends) == sorted(found)


def test_a_narrower_kind_of_evidence_serves_as_long_as_its_kind(facts: Facts):
    assert facts.valid_days("mark") == facts.valid_days("mark.detector") == 180
    assert facts.valid_days("incident_report.takedown") is None
    assert facts.requirements_of("reg.KR")[0].regime == "reg.KR"


def test_dates_are_dates(facts: Facts):
    assert facts.requirement("KR.31.2").effective == date(2026, 1, 22)
    assert facts.requirement("COE.8").effective is None
    assert facts.institute("inst.JP").founded == When(date(2024, 2, 1), date(2024, 2, 29))
    assert facts.institute("inst.KE").founded is None
    assert isinstance(facts.party("inst.KR"), Institute)
    assert facts.source("src.article").published.exact
    assert facts.as_of == date(2026, 11, 22)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("initiative", "relation", "source")])
def test_every_name_exists_in_korean(kind: Kind, facts: Facts):
    proper = {"co.kt", "co.ibm", "co.g42", "co.xai", "co.01ai", "reg.ISO"}
    latin = {
        id_
        for id_, label in facts.names(kind).items()
        if not any("가" <= letter <= "힣" for letter in label.ko)
    }
    assert latin <= proper


def test_nothing_can_be_changed(facts: Facts):
    with pytest.raises(AttributeError):
        facts.version = "other"  # pyright: ignore[reportAttributeAccessIssue]  # the refusal is what is tested
    with pytest.raises(AttributeError):
        facts.company("co.naver").name = "other"  # pyright: ignore[reportAttributeAccessIssue]  # as above
    with pytest.raises(TypeError):
        facts.companies["co.new"] = facts.company("co.naver")  # pyright: ignore[reportIndexIssue]  # as above


def test_the_surface_is_what_is_declared():
    public = {name for name, value in vars(haechi.facts).items() if not name.startswith("_")}
    modules = {name for name in public if type(getattr(haechi.facts, name)).__name__ == "module"}
    assert public - modules | {"load"} == set(haechi.facts.__all__)


def test_the_time_to_load_is_shown(compiled: bytes, capsys: pytest.CaptureFixture[str]):
    took: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        Facts.from_json(compiled)
        took.append(time.perf_counter() - start)
    with capsys.disabled():
        print(f" facts: {len(compiled)} bytes read in {min(took) * 1000:.1f} ms ", end="")  # noqa: T201
