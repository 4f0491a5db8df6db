"""What the checks promise: the shipped facts pass every one, and one wrong change fails exactly its own."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.facts.alter import Alter, add, drop, head, put, put_in, relate

from haechi.facts.checks import CHECKS, check
from haechi.facts.problem import MEANINGS, Problem
from haechi.facts.row import Raw, Rows, rows
from haechi.facts.shape import check_shape
from haechi.words import LANGS

# These three stand in no relation of the shipped facts, so a chain of them holds only what a test says.
FREE = ("EU.5.manip", "EU.5.other", "KR.36")
A, B, C = FREE

WRONG: list[tuple[str, Alter]] = [
    ("facts.file.missing", lambda raw: raw.pop("sources")),
    ("facts.file.missing", lambda raw: raw.update(sources={})),
    ("facts.file.schema", head("sources", schema="haechi.sources/9.9")),
    ("facts.shape.missing", lambda raw: raw["crosswalk"].pop("method")),
    ("facts.shape.missing", lambda raw: raw["sources"].pop("sources")),
    ("facts.shape.missing", drop("requirements", "EU.4", "says")),
    ("facts.shape.missing", drop("commitments", "sbp.1.2", "text_ko")),
    ("facts.shape.missing", put_in("commitments", "sbp.1.2", "sources.0", {"src": "src.article"})),
    ("facts.shape.unknown", head("sources", method="src.nist.8477")),
    ("facts.shape.unknown", put("requirements", "EU.4", say_ko="철자")),
    ("facts.shape.unknown", put_in("requirements", "EU.4", "applies_to.role", ["provider"])),
    ("facts.shape.type", head("sources", sources={"id": "src.article"})),
    ("facts.shape.type", lambda raw: raw["sources"]["sources"].append("src.article")),
    ("facts.shape.type", put("countries", "c.NO", alpha2=False)),
    ("facts.shape.type", put("requirements", "EU.4", says="  ")),
    ("facts.shape.type", put("requirements", "EU.4", says=None)),
    ("facts.shape.type", put("requirements", "EU.4", evidence="mark")),
    ("facts.shape.type", put("requirements", "EU.4", evidence=["mark", 1])),
    ("facts.shape.type", put("requirements", "EU.4", sources="src.eu.act")),
    ("facts.shape.type", put("requirements", "EU.4", applies_to=["provider"])),
    ("facts.shape.type", put("requirements", "EU.4", evidence_valid_days="365")),
    ("facts.shape.type", put("relations", "xw.001", strength=True)),
    ("facts.shape.type", put("institutes", "inst.KR", network_member="yes")),
    ("facts.shape.word", put("requirements", "EU.4", confidence="certain")),
    ("facts.shape.word", put("requirements", "EU.4", checked=["text"])),
    ("facts.shape.word", put("relations", "xw.001", relation="similar")),
    ("facts.id.duplicate", put("roles", "company", id="must")),
    ("facts.id.duplicate", put_in("commitments", "sbp.0", "indicator.id", "ind.sbp.1.1")),
    ("facts.id.duplicate", put_in("summits", "sum.2025.paris", "initiatives.0.id", "ini.charter")),
    ("facts.reference.unknown", head("crosswalk", method="src.nist.8478")),
    ("facts.reference.unknown", put("companies", "co.naver", home="c.KO")),
    ("facts.reference.unknown", put("institutes", "inst.KR", party="co.naver")),
    ("facts.reference.unknown", put("institutes", "inst.KR", sources=["src.nowhere"])),
    ("facts.reference.unknown", put("memberships", "ins.paris", not_signed=["c.XX"])),
    ("facts.reference.unknown", put("summits", "sum.2028.uae", next="sum.2029.nowhere")),
    ("facts.reference.unknown", put("summits", "sum.2024.seoul", hosts=["org.EU"])),
    ("facts.reference.unknown", put("summits", "sum.2024.seoul", instruments=["ins.seoul"])),
    ("facts.reference.unknown", put_in("summits", "sum.2024.seoul", "facts.0.src", "src.x")),
    ("facts.reference.unknown", put_in("summits", "sum.2025.paris", "initiatives.0.src", "src.x")),
    ("facts.reference.unknown", put("instruments", "ins.network", summit="sum.2024")),
    ("facts.reference.unknown", put("commitments", "sbp.1.2", instrument="ins.seoul")),
    ("facts.reference.unknown", put("commitments", "sbp.1.2", evidence=["watermark"])),
    ("facts.reference.unknown", put("regimes", "reg.KR", jurisdiction="KO")),
    ("facts.reference.unknown", put("classes", "cls.KR.32", regime="reg.KO")),
    ("facts.reference.unknown", put("classes", "cls.KR.32", applications=["app.models"])),
    ("facts.reference.unknown", put("requirements", "EU.4", regime="reg.DE")),
    ("facts.reference.unknown", put("requirements", "EU.4", force="shall")),
    ("facts.reference.unknown", put("requirements", "EU.4", evidence=["document.poem"])),
    ("facts.reference.unknown", put_in("requirements", "EU.4", "applies_to.roles", ["any"])),
    ("facts.reference.unknown", put_in("requirements", "EU.4", "applies_to.applications", ["app.no"])),
    ("facts.reference.unknown", put_in("requirements", "EU.4", "applies_to.tiers", ["anyone"])),
    ("facts.reference.unknown", put_in("requirements", "EU.4", "sources.0.src", "src.x")),
    ("facts.reference.unknown", put("relations", "xw.001", a="EU.999")),
    ("facts.reference.unknown", put("relations", "xw.001", b="app.any")),
    ("facts.reference.unknown", add("vocabulary", "evidence_subkinds", id="ode.x", name="Ode", name_ko="시")),
    ("facts.source.none", put("requirements", "EU.4", sources=[])),
    ("facts.source.none", put("memberships", "ins.paris", sources=[])),
    ("facts.date.unreal", head("regimes", as_of="2026")),
    ("facts.date.unreal", put("requirements", "EU.4", effective="2026-02-30")),
    ("facts.date.unreal", put("requirements", "EU.4", effective="2026-08")),
    ("facts.date.unreal", put("classes", "cls.KR.32", effective="soon")),
    ("facts.date.unreal", put("regimes", "reg.KR", in_force="22.1.2026")),
    ("facts.date.unreal", put("summits", "sum.2024.seoul", end="2024-05-32")),
    ("facts.date.unreal", put("instruments", "ins.network", date="20241120")),
    ("facts.date.unreal", put("instruments", "ins.network", date="2024-W47-3")),
    ("facts.date.unreal", put("sources", "src.article", date="May 2024")),
    ("facts.date.unreal", put("sources", "src.article", date="2024-13")),
    ("facts.date.unreal", put("institutes", "inst.KR", since="2024-1")),
    ("facts.date.unreal", put_in("memberships", "ins.faisc", "joined_later.0.when", "before 2025")),
    ("facts.korean.missing", put("requirements", "EU.4", name_ko="AI literacy")),
    ("facts.korean.missing", put("companies", "co.naver", name_ko="Naver Corp.")),
    ("facts.korean.missing", put("commitments", "sbp.1.2", text_ko="Mark it.")),
    ("facts.confidence.recalled", put("requirements", "EU.9", checked="recalled")),
    ("facts.confidence.recalled", put("memberships", "ins.paris", checked="recalled")),
    ("facts.pair.self", relate(f"{A} intersects {A}")),
    ("facts.pair.twice", relate("EU.50.2 intersects KR.31.2")),
    ("facts.pair.twice", relate("KR.31.2 intersects EU.50.2")),
    ("facts.pair.class", relate(f"cls.KR.32 intersects {A}")),
    ("facts.why.missing", drop("relations", "xw.001", "why")),
    ("facts.why.missing", put("relations", "xw.001", why=" ")),
    ("facts.shape.missing", drop("relations", "xw.001", "why_ko")),
    ("facts.korean.missing", drop("relations", "xw.001", "a_evidence_lacks_for_b_ko")),
    ("facts.korean.missing", put("relations", "xw.001", why_ko="no Korean here")),
    ("facts.strength.range", put("relations", "xw.001", strength=0)),
    ("facts.strength.range", put("relations", "xw.001", strength=11)),
    ("facts.carry.relation", put("relations", "xw.001", carry_a_to_b="full")),
    ("facts.carry.relation", put("relations", "xw.007", carry_a_to_b="partial")),
    ("facts.carry.cycle", relate(f"{A} superset {B}", f"{B} superset {C}", f"{C} superset {A}")),
    ("facts.carry.cycle", relate(f"{A} subset {B}", f"{B} equal {C}", f"{A} superset {C}")),
    ("facts.carry.contradiction", relate(f"{A} superset {B}", f"{B} superset {C}", f"{A} intersects {C}")),
    ("facts.carry.contradiction", relate(f"{A} equal {B}", f"{B} subset {C}", f"{C} intersects {A}")),
    ("facts.shape.word", put_in("requirements", "EU.73", "clocks.0.triggers", ["grave"])),
    ("facts.shape.word", put_in("reliefs", "rel.EU.63", "firms.0", "tiny")),
    ("facts.shape.type", put("reliefs", "rel.EU.63", firms="micro")),
    ("facts.shape.unknown", put_in("requirements", "EU.9", "dates.superseded.0.until", "2026-07-27")),
    ("facts.id.duplicate", put_in("requirements", "EU.73", "clocks.1.id", "EU.73/15d")),
    ("facts.reference.unknown", put("organisations", "org.EU", members=["c.XX"])),
    ("facts.reference.unknown", put_in("requirements", "EU.9", "dates.superseded.0.by", "src.x")),
    ("facts.reference.unknown", put_in("requirements", "EU.73", "clocks.0.told", ["auth.DE"])),
    ("facts.reference.unknown", put("reliefs", "rel.EU.99.6", requirements=["EU.999"])),
    ("facts.date.unreal", put_in("requirements", "EU.9", "dates.superseded.0.stood_from", "2024-08-32")),
    ("facts.korean.missing", put_in("requirements", "EU.73", "clocks.0.name_ko", "15 days")),
    ("facts.law.dates", put_in("requirements", "EU.9", "dates.superseded.0.stood_until", "2024-08-01")),
    ("facts.law.dates", put_in("requirements", "EU.9", "dates.superseded.0.effective", "2027-12-02")),
    ("facts.law.dates", put("requirements", "EU.50.2", effective="2026-12-02")),
    ("facts.law.prose", put("requirements", "EU.9", date_notes="Moved.")),
    ("facts.law.prose", put("requirements", "US-NY.1422", deadline="48 hours; 24 hours if imminent")),
    ("facts.law.prose", drop("requirements", "EU.55.inc", "deadline")),
    ("facts.law.prose", drop("requirements", "EU.55.inc", "clocks")),
    ("facts.law.clock", put_in("requirements", "EU.73", "clocks.0.zone", "CET+1")),
    ("facts.law.clock", put_in("requirements", "EU.73", "clocks.0.id", "EU.9/15d")),
    ("facts.law.clock", put_in("requirements", "EU.73", "clocks.0.triggers", [])),
    ("facts.law.choice", put_in("commitments", "sbp.2.3", "any_of.0.kinds", ["jobs_figure"])),
    ("facts.law.choice", put_in("commitments", "sbp.2.3", "any_of.0.kinds", ["jobs_figure", "mark"])),
    ("facts.law.choice", put_in("commitments", "sbp.2.3", "any_of.0.kinds", ["jobs_figure", "jobs_figure"])),
    ("facts.law.threshold", put_in("classes", "cls.KR.32", "threshold.exponent", 1)),
    ("facts.law.threshold", put_in("classes", "cls.CA.frontier", "threshold.revenue_usd_above", 0)),
    ("facts.law.relief", put("reliefs", "rel.EU.63", requirements=["KR.31.2"])),
    ("facts.law.relief", put("reliefs", "rel.US-CA.large", requirements=[])),
    ("facts.membership.lists", lambda raw: raw["participants"]["memberships"].pop()),
    ("facts.membership.party", put_in("memberships", "ins.delhi.frontier", "parties.0", "co.openai")),
    ("facts.membership.party", put_in("memberships", "ins.delhi.frontier", "parties.0", "c.KR")),
    ("facts.membership.party", put_in("memberships", "ins.delhi.decl", "parties.0", "co.naver")),
    ("facts.membership.party", put("memberships", "ins.paris", not_signed=["c.KR"])),
    ("facts.count.differs", put("memberships", "ins.seoul.pledge", count_stated="13 companies")),
    ("facts.count.differs", put("memberships", "ins.seoul.pledge", count_stated="many companies")),
    ("facts.count.differs", put("memberships", "ins.faisc", count_stated="19 with later joiners")),
    ("facts.count.differs", put("memberships", "ins.network", count_stated="8 countries and the EU")),
    ("facts.count.differs", put_in("memberships", "ins.seoul.decl", "parties.10", "org.UN")),
    ("facts.count.differs", put("memberships", "ins.delhi.frontier", count_stated="4 developers")),
]  # fmt: skip


def codes(problems: list[Problem]) -> set[str]:
    return {found.code for found in problems}


def test_the_shipped_facts_have_no_problem(raw: Raw):
    assert [found.line() for found in check(raw)] == []


def test_the_shipped_facts_have_the_shape(raw: Raw):
    assert [found.line() for found in check_shape(raw)] == []


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.__name__)
def test_the_shipped_facts_pass(one: Callable[[Rows], Iterator[Problem]], raw: Raw):
    assert [found.line() for found in one(rows(raw))] == []


@pytest.mark.parametrize(("code", "alter"), WRONG, ids=[f"{n}-{code}" for n, (code, _) in enumerate(WRONG)])
def test_one_wrong_change_fails_its_own_check_and_no_other(code: str, alter: Alter, raw: Raw):
    altered: Any = copy.deepcopy(raw)
    alter(altered)
    problems = check(altered)
    assert codes(problems) == {code}
    for found in problems:
        assert found.place.split(":")[0].removesuffix(".yaml") in raw
        assert all(found.code in found.line(lang) and found.advise(lang) for lang in LANGS)


@pytest.mark.parametrize(
    "alter",
    [
        relate(f"{A} equal {B}", f"{B} equal {C}", f"{A} equal {C}"),
        relate(f"{A} equal {B}", f"{B} superset {C}"),
        relate(f"{A} superset {B}", f"{B} superset {C}", f"{A} superset {C}"),
        relate(f"{A} intersects {B}", f"{B} intersects {C}", f"{C} intersects {A}"),
        put("relations", "xw.001", strength=1),
        put("relations", "xw.001", strength=10),
        put("requirements", "BR.label", checked="recalled"),
        put("companies", "co.naver", name_ko="NAVER"),
        put("institutes", "inst.KR", since="2024"),
        put_in("memberships", "ins.faisc", "joined_later.0.when", "by 2025-02"),
        put("memberships", "ins.delhi.frontier", count_stated="5 developers"),
    ],
)
def test_what_only_looks_wrong_passes(alter: Alter, raw: Raw):
    altered: Any = copy.deepcopy(raw)
    alter(altered)
    assert check(altered) == []


def test_every_code_is_refused_by_some_case():
    assert {code for code, _ in WRONG} == set(MEANINGS)


def test_a_problem_names_the_file_and_the_record(raw: Raw):
    altered: Any = copy.deepcopy(raw)
    put("companies", "co.naver", home="c.KO")(altered)
    (found,) = check(altered)
    assert found.place == "participants.yaml: co.naver"
    assert found.say("en") == "home names 'c.KO', which is none of: countries"
