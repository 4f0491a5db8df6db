"""Duties asked one by one, the starter path, profiles in plain YAML: unknown stays unknown."""

import json
import re
from pathlib import Path

import pytest
from tests.cli.ran import Run, haechi

from haechi.answers import read_profile
from haechi.answers.plainyaml import read_plain_yaml
from haechi.cli.duties_ask import as_yaml
from haechi.facts import load

DAY = ("--on", "2026-11-22")
HANGUL = re.compile("[가-힣]")
PROFILE = """\
name: hiring helper
applications: [app.hiring]
roles: [provider]
countries:
  - KR
  - DE
high_impact: true
small_firm: true
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(PROFILE, "utf-8")
    return path


def test_yaml_and_json_profiles_give_the_same_duties(run: Run, profile: Path, tmp_path: Path) -> None:
    as_json = tmp_path / "profile.json"
    as_json.write_text(json.dumps(read_plain_yaml(PROFILE)), "utf-8")
    first, second = (run("duties", path, *DAY, "--json").data for path in (profile, as_json))
    assert first == second
    assert {each["requirement"]: each["applies"] for each in first["duties"]}["KR.34.1.1"] == "yes"


def test_the_starter_path_explains_and_names_what_is_easier(run: Run, profile: Path) -> None:
    found = run("duties", profile, *DAY, "--starter", "--json").data["starter"]
    steps = {each["requirement"]: each for each in found["steps"]}
    assert steps["KR.34.1.1"]["reliefs"] == ["rel.KR.17.3"]
    assert [len(each["sentences"]) for each in found["steps"]] == [2] * len(steps)
    reliefs = {each["relief"]: each for each in found["reliefs"]}
    assert (reliefs["rel.EU.99.6"]["applies"], reliefs["rel.EU.99.6a"]["applies"]) == ("yes", "unknown")
    for lang, word in (("en", "open to you"), ("ko", "이용 가능")):
        ran = run("duties", profile, *DAY, "--starter", lang=lang)
        assert ran.code == 0
        assert word in ran.out
        assert "src.eu.act" in ran.out


def test_questions_come_one_by_one_and_the_answers_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    answers = "provider\nKR, de\napp.hiring\nyes\nq\n"
    ran = haechi("duties", "--ask", "--save", kept, *DAY, "--json", stdin=answers.encode())
    assert ran.code == 0
    values = read_plain_yaml(kept.read_text("utf-8"))
    assert (values["roles"], values["countries"]) == (["provider"], ["KR", "DE"])
    applies = {each["requirement"]: each["applies"] for each in ran.json["duties"]}
    assert (applies["KR.34.1.1"], applies["EU.9"]) == ("yes", "yes")
    assert "(roles; decides " in ran.err
    assert HANGUL.search(haechi("duties", "--ask", stdin=b"q\n", lang="ko").err)


def test_an_empty_answer_stays_unknown_and_is_not_asked_again() -> None:
    ran = haechi("duties", "--ask", *DAY, "--json", stdin=b"\n" * 40)
    assert ran.code == 0
    asked = re.findall(r"\((\w+); decides", ran.err)
    assert len(asked) == len(set(asked)) > 2
    assert {each["field"] for each in ran.json["questions"]} == set(asked)


def test_a_wrong_or_contradicting_answer_is_told_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("name: x\nroles: [gpai_provider, frontier_developer]\ncountries: [EU]\n", "utf-8")
    ran = haechi("duties", path, "--ask", *DAY, "--json", stdin=b"app.modl\napp.model\nlots\n5\n1e26\nq\n")
    assert ran.code == 0
    assert "app.model" in ran.err
    assert "a number is needed here" in ran.err
    assert "so little training compute" in ran.err
    applies = {each["requirement"]: each["applies"] for each in ran.json["duties"]}
    assert applies["EU.55.eval"] == "yes"


def test_what_is_saved_is_read_back() -> None:
    values = {
        "name": "a: b # c",
        "countries": ["NO", "US-CA"],
        "users": [],
        "high_impact": True,
        "compute_flop": 1e25,
        "placed_on": "2026-09-01",
    }
    back = read_plain_yaml(as_yaml(values))
    assert back == values
    assert read_profile(back, load()).countries == ("NO", "US-CA")


def test_nothing_to_start_from_is_wrong_usage(run: Run) -> None:
    ran = run("duties", "--starter")
    assert (ran.code, ran.out) == (2, "")
    assert "--ask" in ran.err
