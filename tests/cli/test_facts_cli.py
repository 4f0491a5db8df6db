"""Duties, exports and the facts on the command line: exit codes, one JSON document, two languages."""

import csv
import json
import re
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from tests.cli.ran import Run

from haechi.answers import check_oscal
from haechi.facts import load
from haechi.facts.load import COMPILED

NOTICE = "A notice in words or voice, or a visible mark, when content leaves the service."
DAY = ("--on", "2026-11-22")
HANGUL = re.compile("[가-힣]")


# duties


@pytest.fixture
def profile(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(run("duties", "--example").out, "utf-8")
    return path


def test_the_example_is_a_profile_in_both_formats(run: Run, profile: Path, tmp_path: Path) -> None:
    assert tomllib.loads(profile.read_text("utf-8"))["placed_on"] == date(2026, 9, 1)
    as_json = tmp_path / "profile.json"
    as_json.write_text(run("duties", "--example", "--json").out, "utf-8")
    first, second = (run("duties", path, *DAY, "--json").json for path in (profile, as_json))
    assert first == second
    found = {each["requirement"]: each for each in first["duties"]}
    mark = found["EU.50.2"]
    assert (mark["applies"], mark["force"], mark["effective"]) == ("yes", "must", "2026-08-02")
    assert mark["why"]
    assert found["KR.31.2"]["applies"] == "yes"
    shown = run("duties", profile, *DAY)
    assert shown.code == 0
    assert re.search(r"KR\.31\.2\s+Duty\s+since 2026-01-22", shown.out)
    assert "해당 없음" in run("duties", profile, *DAY, lang="ko").out


def test_the_unknown_stays_unknown_and_is_asked_for(run: Run, tmp_path: Path) -> None:
    bare = tmp_path / "bare.json"
    bare.write_text('{"name": "x", "roles": ["provider"]}', "utf-8")
    found = run("duties", bare, *DAY, "--json").json
    applies = {each["requirement"]: each["applies"] for each in found["duties"]}
    assert applies["KR.31.2"] == "unknown"
    assert all(each["ask"] for each in found["duties"] if each["applies"] == "unknown")
    asked = run("duties", bare, *DAY, "--questions", "--json").json
    assert asked["questions"][0]["field"] in {"countries", "applications"}
    assert "duties" not in asked
    ran = run("duties", bare, *DAY, "--questions", lang="ko")
    assert ran.code == 0
    assert "어느 국가" in ran.out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.yaml", "name: {x: y}", "line 1"),
        ("p.toml", "name = ", "neither TOML nor JSON"),
        ("p.json", '{"name": ', "neither TOML nor JSON"),
        ("p.json", '{"nam": "x"}', "nam"),
        ("p.json", '{"name": "x", "roles": ["providr"]}', "provider"),
        ("p.toml", 'name = "x"\nsmall_firm = true\nrevenue_usd = 1e9', "small firm"),
    ],
)
def test_a_wrong_profile_is_refused(run: Run, tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    ran = run("duties", path)
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err
    assert HANGUL.search(run("duties", path, lang="ko").err)


def test_a_profile_has_to_be_there(run: Run, tmp_path: Path) -> None:
    assert run("duties").code == 2
    assert run("duties", tmp_path / "none.toml").code == 5


# export


def test_the_crosswalk_as_csv(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "crosswalk.csv"
    ran = run("export", "crosswalk-csv", "-o", path, "--json", lang="ko")
    assert (ran.code, ran.json["bytes"]) == (0, path.stat().st_size)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows[0][0] == "관계"
    assert len(rows) == 1 + 2 * len(load().relations)


def test_oscal_that_passes_our_own_checks(run: Run, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.json" for name in ("reg.EU", "reg.KR", "mapping")}
    for regime in ("reg.EU", "reg.KR"):
        assert run("export", "oscal-catalog", regime, "-o", files[regime]).code == 0
    assert run("export", "oscal-mapping", "reg.EU", "reg.KR", "-o", files["mapping"], "--json").code == 0
    read = {name: json.loads(path.read_bytes()) for name, path in files.items()}
    assert check_oscal(read["mapping"], [read["reg.EU"], read["reg.KR"]]) == ()
    assert NOTICE in json.dumps(read["mapping"])
    assert run("export", "oscal-catalog", "reg.K", "-o", tmp_path / "x").code == 4
    assert run("export", "oscal-catalog", "reg.KR").code == 2
    assert run("export", "oscal-catalog", "reg.KR", "-o", tmp_path / "no" / "x").code == 8
    assert not (tmp_path / "x").exists()


# facts


def test_the_shipped_facts_pass_every_rule(run: Run) -> None:
    ran = run("facts", "check")
    assert ran.code == 0
    assert "the shipped compiled facts" in ran.out
    found = run("facts", "check", "--json", lang="ko").json
    assert (found["checked"], found["problems"], found["data_version"]) == ("compiled", [], load().version)
    assert len(found["rules"]) >= 10


def test_a_broken_rule_is_found_in_compiled_facts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = json.loads(COMPILED.read_bytes())
    compiled["relations"][0]["why"] = " "
    broken = tmp_path / "compiled.json"
    broken.write_text(json.dumps(compiled), "utf-8")
    load()
    monkeypatch.setattr(sys.modules["haechi.facts.load"], "COMPILED", broken)
    ran = run("facts", "check", "--json")
    assert ran.code == 1
    assert [each["code"] for each in ran.json["problems"]] == ["facts.why.missing"]
    assert "xw.001" in run("facts", "check").out


def test_the_least_sure_facts_come_first(run: Run) -> None:
    found = run("facts", "review", "--confidence", "all", "--json").json
    words = [each["confidence"] for each in found["facts"]]
    assert words == sorted(words, key=["low", "medium", "high"].index)
    assert sum(found["counts"].values()) == len(words)
    low = run("facts", "review", "--json").json["facts"]
    assert low
    assert all(load().is_low(each["id"]) for each in low)
    assert "! low" in run("facts", "review").out
    assert "! 낮음" in run("facts", "review", lang="ko").out
    assert run("facts", "review", "--confidence", "sure").code == 4


@pytest.mark.parametrize(
    ("id_", "source"),
    [
        ("KR.31.2", "src.kr.act"),
        ("xw.001", "src.nist.8477"),
        ("sbp.1.2", "src."),
        ("ind.sbp.1.2", "src."),
        ("ins.seoul.pledge", "src.pledge.en"),
        ("cls.KR.32", "src."),
        ("rel.EU.99.6", "src.eu.act"),
        ("auth.US-CA.oes", "src.uca.sb53"),
        ("sum.2024.seoul", "src."),
    ],
)
def test_a_fact_is_shown_with_its_sources(run: Run, id_: str, source: str) -> None:
    found = run("facts", "show", id_, "--json").json
    assert any(each["id"].startswith(source) for each in found["sources"])
    for lang in ("en", "ko"):
        ran = run("facts", "show", id_, lang=lang)
        assert ran.code == 0
        assert source in ran.out


def test_every_fact_can_be_shown(run: Run) -> None:
    facts = load()
    for id_ in (
        *facts.countries,
        *facts.initiatives,
        *facts.tiers,
        *facts.sources,
        *facts.institutes,
        *facts.reliefs,
    ):
        assert run("facts", "show", id_, "--json").json["id"] == id_


def test_an_unknown_fact_names_the_nearest(run: Run) -> None:
    ran = run("facts", "show", "KR.31.22")
    assert (ran.code, ran.out) == (4, "")
    assert "KR.31.2" in ran.err
