"""Reports, OSCAL results, CycloneDX and CISO Assistant libraries say what the answers say, well formed."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema
import pytest
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT7
from tests.answers.make import APP, LOGGED, TODAY, digest, piece, pieces
from trestle.oscal.assessment_results import Model

from haechi.answers import Engine, Objection
from haechi.answers.ciso import ciso_framework, ciso_mapping
from haechi.answers.cyclonedx import cyclonedx as as_bom
from haechi.answers.engine import Answers
from haechi.answers.oscal_results import oscal_results
from haechi.answers.skeleton import skeleton
from haechi.answers.skeleton_forms import FORMS
from haechi.facts import Facts
from haechi.words import LANGS

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SAID = "ISSUER <b>bold</b> [link](x) | `code`"


@pytest.fixture
def engine(facts: Facts) -> Engine:
    """Marking evidence for the EU, one piece in a log, one of them disputed; and a claim for Korea."""
    made = Engine(facts, checkers=("inst.uk",))
    for each in pieces("EU.50.2", facts.requirement("EU.50.2").evidence, seen=LOGGED):
        made.put(each)
    made.put(piece(90, "document.policy", "KR.34.1.3", whole=False, issuer=SAID))
    made.put(
        Objection(
            digest=digest(91), issuer="inst.uk", target=digest(90), grounds="not_reproduced", logged=True
        )
    )
    return made


@pytest.fixture
def answers(engine: Engine) -> Answers:
    return engine.answers(APP, TODAY)


def held(answers: Answers) -> set[str]:
    return {target for target, answer in answers.by_target.items() if answer.credits}


# OSCAL


def test_oscal_results_are_read_by_the_usual_tool_and_say_what_the_answers_say(
    engine: Engine, answers: Answers, facts: Facts
) -> None:
    document = oscal_results(answers, facts, engine.pieces(answers), AT)
    read = Model(**json.loads(json.dumps(document)))
    (result,) = read.assessment_results.results
    findings: dict[str, Any] = {each.target.target_id: each.target.status for each in result.findings or ()}
    assert set(findings) == held(answers)
    for target, status in findings.items():
        whole = answers.by_target[target].state.word == "full"
        assert str(status.state.value) == ("satisfied" if whole else "not-satisfied"), target
    observed = {each.uuid for each in result.observations or ()}
    related = {
        each.observation_uuid for one in result.findings or () for each in one.related_observations or ()
    }
    assert related == observed


def test_nothing_found_out_is_no_finding(facts: Facts) -> None:
    empty = Engine(facts).answers(APP, TODAY)
    document = oscal_results(empty, facts, {}, AT)
    (result,) = document["assessment-results"]["results"]  # type: ignore[index]
    assert "findings" not in result
    assert Model(**json.loads(json.dumps(document)))


# CycloneDX


def test_the_bom_fits_its_schema_and_carries_no_score(engine: Engine, answers: Answers, facts: Facts) -> None:
    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    schema = json.loads((folder / "bom-1.7.SNAPSHOT.schema.json").read_text())
    bom: dict[str, Any] = json.loads(json.dumps(as_bom(answers, facts, engine.pieces(answers), AT)))
    schemas = [json.loads(path.read_text()) for path in folder.glob("*.schema.json")]
    registry: Any = Registry().with_resources(
        (each["$id"], DRAFT7.create_resource(each)) for each in schemas if "$id" in each
    )
    jsonschema.Draft7Validator(schema, registry=registry).validate(bom)
    claims = {each["bom-ref"] for each in bom["declarations"]["claims"]}
    assert claims == {f"claim:{target}" for target in held(answers)}
    evidence = {each["bom-ref"] for each in bom["declarations"]["evidence"]}
    named = {ref for each in bom["declarations"]["claims"] for ref in each["evidence"]}
    assert named <= evidence
    assert "conformance" not in json.dumps(bom)
    assert any(each.get("counterEvidence") for each in bom["declarations"]["claims"])


# skeleton reports


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("form", FORMS)
def test_every_sentence_of_a_report_leads_to_a_statement_that_is_listed(
    engine: Engine,
    answers: Answers,
    facts: Facts,
    form: str,
    lang: Any,  # noqa: ANN401
) -> None:
    text = skeleton(FORMS[form], answers, facts, engine.pieces(answers), lang)
    named = set(re.findall(r"\(#(e-[0-9a-f]{64})\)", text))
    listed = set(re.findall(r'<a id="(e-[0-9a-f]{64})"></a>', text))
    assert named == listed
    for section in FORMS[form].sections:
        assert f"## {section.number} {section.title.say(lang)}" in text
    assert answers.data_version in text
    assert "complies" not in text.replace("says nowhere that anybody complies", "")


def test_a_section_without_evidence_says_which_statements_would_serve(facts: Facts) -> None:
    empty = Engine(facts).answers(APP, TODAY)
    text = skeleton(FORMS["kr-34"], empty, facts, {}, "en")
    assert text.count("No evidence is held for") == 8
    assert facts.evidence_kind("risk_assessment").label.en in text
    assert "written by hand" in skeleton(FORMS["eu-annex-iv"], empty, facts, {}, "en")


def test_words_of_others_are_no_markup_in_a_report(engine: Engine, answers: Answers, facts: Facts) -> None:
    text = skeleton(FORMS["kr-34"], answers, facts, engine.pieces(answers), "en")
    assert "<b>" not in text
    assert "ISSUER \\<b\\>bold\\</b\\> \\[link\\]" in text
    assert "inst.uk disputes this" in text


def test_forms_name_records_that_exist(facts: Facts) -> None:
    for form in FORMS.values():
        for section in form.sections:
            for record in section.records:
                assert record in facts.requirements


# CISO Assistant


def test_libraries_are_yaml_that_refers_to_itself(facts: Facts) -> None:
    frameworks = {regime: yaml.safe_load(ciso_framework(facts, regime)) for regime in ("reg.EU", "reg.KR")}
    urns = {
        node["urn"]
        for library in frameworks.values()
        for node in library["objects"]["framework"]["requirement_nodes"]
    }
    assert len(urns) == sum(len(facts.requirements_of(regime)) for regime in frameworks)
    mapping = yaml.safe_load(ciso_mapping(facts, "reg.EU", "reg.KR"))
    assert mapping["dependencies"] == [library["urn"] for library in frameworks.values()]
    (chosen,) = mapping["objects"]["requirement_mapping_sets"]
    assert chosen["source_framework_urn"] == frameworks["reg.EU"]["objects"]["framework"]["urn"]
    for each in chosen["requirement_mappings"]:
        assert {each["source_requirement_urn"], each["target_requirement_urn"]} <= urns
        assert each["relationship"] in {"equal", "subset", "superset", "intersect"}
        assert 1 <= each["strength_of_relationship"] <= 10
        assert each["annotation"]
    korean = frameworks["reg.KR"]["objects"]["framework"]["requirement_nodes"]
    assert all(node["translations"]["ko"]["name"] for node in korean)
