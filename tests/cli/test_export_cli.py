"""`haechi answers` and `haechi export` of one subject: files that others can check, nothing half-written."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.cli.ran import Run
from tests.network.parties import COMPANY, Operator, bundle, ed25519_key, pins, sign

from haechi.facts import load
from haechi.statement.claims import Claim, kind_of
from haechi.statement.kinds.content_mark import ContentMark
from haechi.statement.kinds.pledge_report import PledgeReport
from haechi.statement.kinds.policy import Grant

DAY = ("--on", "2026-11-22")


class Given(NamedTuple):
    """A pledge report of Naver in Korea's log, pins, a key to sign with, and the options that name them."""

    report: Path
    pins: Path
    key: Path

    @property
    def options(self) -> tuple[object, ...]:
        return ("-e", self.report, "--pins", self.pins, "--voice", f"co.naver={COMPANY}", *DAY)


@pytest.fixture
def given(tmp_path: Path) -> Given:
    korea, key = Operator("kr"), ed25519_key(COMPANY)
    example = kind_of("pledge_report").example()
    assert isinstance(example, PledgeReport)
    sections = tuple(msgspec.structs.replace(each, evidence=()) for each in example.sections)
    claim = msgspec.structs.replace(example, sections=sections)
    grant = Grant(issuer=COMPANY, kinds=("pledge_report",), keys=(key.public.thumbprint,))
    policy, report = korea.policy(grant), sign(key, COMPANY, claim, "pledge_report", "co.naver")
    korea.log(korea.policy(), policy, report)
    file, pinned, pem = tmp_path / "report.haechi", tmp_path / "pins.json", tmp_path / "kr.pem"
    file.write_bytes(bundle([korea.item("subject", report), korea.item("policy", policy)]))
    pins(korea).save(pinned)
    pem.write_bytes(korea.key.to_pem())
    pem.chmod(0o600)
    return Given(file, pinned, pem)


def test_all_answers_of_a_party_in_both_languages_and_for_programs(run: Run, given: Given) -> None:
    ran = run("answers", "co.naver", *given.options)
    assert (ran.code, ran.err) == (0, "")
    assert "claimed" in ran.out
    assert "sbp.1.2" in ran.out
    assert load().version in ran.out
    assert "can serve" in ran.out
    korean = run("answers", "co.naver", *given.options, lang="ko")
    assert "주장만 있음" in korean.out
    assert "days left" not in korean.out
    found = run("answers", "co.naver", *given.options, "--json").json
    assert {each["state"] for each in found["answers"]} == {"claimed"}
    assert found["evidence"][0]["counted"] is True


def test_a_part_of_the_world_shows_what_has_no_evidence_there(run: Run, given: Given) -> None:
    ran = run("answers", "co.naver", *given.options, "--to", "KR")
    assert "No evidence for these of Republic of Korea" in ran.out
    assert "KR.31.2" in ran.out
    assert "KR.31.2" in run("answers", "co.naver", *given.options, "--to", "KR", "--json").json["lacking"]


def test_evidence_that_is_not_trusted_is_not_counted_and_the_exit_code_says_so(
    run: Run, given: Given
) -> None:
    ran = run("answers", "co.naver", "-e", given.report, "--voice", f"co.naver={COMPANY}", *DAY)
    assert ran.code == 3
    assert "not counted" in ran.out
    assert run("answers", "co.naver", "-e", given.report.with_name("absent")).code == 5


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("answers-csv",), "a.csv"),
        (("oscal-results",), "a.json"),
        (("cyclonedx",), "a.cdx.json"),
        (("report", "kr-34"), "a.md"),
        (("report", "oecd-hiroshima"), "b.md"),
        (("report", "eu-annex-iv"), "c.md"),
    ],
)
def test_each_form_is_written_and_names_the_data_version(
    run: Run, given: Given, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    target = tmp_path / name
    ran = run("export", *command, "co.naver", "-o", target, *given.options)
    assert (ran.code, ran.err) == (0, "")
    assert load().version in target.read_text()
    assert run("export", *command, "co.naver", "-o", target, *given.options, "--json").json["files"]
    if command[0] == "report":
        assert "증거" in target.with_suffix(".ko.md").read_text()


def test_libraries_for_another_tool_are_written(run: Run, tmp_path: Path) -> None:
    assert run("export", "ciso-framework", "reg.KR", "-o", tmp_path / "kr.yaml").code == 0
    assert run("export", "ciso-mapping", "reg.EU", "reg.KR", "-o", tmp_path / "m.yaml").code == 0
    assert "req_mapping_set" in (tmp_path / "m.yaml").read_text()


def test_an_unknown_form_is_refused_with_the_right_ones(run: Run, given: Given, tmp_path: Path) -> None:
    ran = run("export", "report", "kr-99", "co.naver", "-o", tmp_path / "x.md", *given.options)
    assert ran.code == 4
    assert "kr-34" in ran.err
    assert not (tmp_path / "x.md").exists()


@pytest.fixture
def packed(run: Run, given: Given, tmp_path: Path) -> Path:
    file = tmp_path / "answers.json"
    signer = ("--key", given.key, "--issuer", "aisi.kr.example")
    ran = run("export", "package", "co.naver", "-o", file, *signer, *given.options)
    assert (ran.code, ran.err) == (0, "")
    return file


def test_a_package_is_worked_out_again_by_who_pinned_the_same(run: Run, given: Given, packed: Path) -> None:
    ran = run("export", "verify", packed, "--pins", given.pins)
    assert (ran.code, ran.err) == (0, "")
    assert "the same to the byte" in ran.out
    checks = run("export", "verify", packed, "--pins", given.pins, "--json").json["checks"]
    assert {each["verdict"] for each in checks} == {"HOLDS"}


def test_without_pins_the_signer_is_unknown_and_the_answers_do_not_follow(run: Run, packed: Path) -> None:
    assert run("export", "verify", packed).code == 1


def _upgrade(body: dict[str, Any]) -> None:
    body["answers"]["answers"][0]["state"] = "full"


def _add(body: dict[str, Any]) -> None:
    body["subject"] = "co.kakao"


def _older(body: dict[str, Any]) -> None:
    body["data_version"] = "0" * 64


@pytest.mark.parametrize("change", [_upgrade, _add, _older])
def test_a_changed_body_never_holds(run: Run, given: Given, packed: Path, change: Any) -> None:  # noqa: ANN401
    document = json.loads(packed.read_text())
    change(document["body"])
    packed.write_text(json.dumps(document))
    ran = run("export", "verify", packed, "--pins", given.pins)
    assert ran.code == 1
    assert "not the one that was signed" in ran.out


@pytest.mark.parametrize("raw", ["", "{}", '{"statement":"","body":{}}', "[1]"])
def test_what_is_no_package_is_refused(run: Run, tmp_path: Path, raw: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(raw)
    assert run("export", "verify", file).code == 4


def test_a_confirmation_by_a_pinned_institute_raises_assurance_and_goes_into_the_package(
    run: Run, tmp_path: Path
) -> None:
    korea, britain, key = Operator("kr"), Operator("gb"), ed25519_key(COMPANY)
    claim = kind_of("content_mark").example()
    grant = Grant(issuer=COMPANY, kinds=("content_mark",), keys=(key.public.thumbprint,))
    policy = korea.policy(grant)
    marked = sign(key, COMPANY, _bare(claim), "content_mark", "image studio")
    confirmed = britain.say("confirm", marked.digest)
    korea.log(korea.policy(), policy, marked)
    britain.log(britain.policy(), confirmed)
    items = [korea.item("subject", marked), korea.item("policy", policy), britain.item("about", confirmed)]
    file = tmp_path / "marked.haechi"
    file.write_bytes(bundle(items))
    levels: dict[str, str] = {}
    for name, known in {"both": pins(korea, britain), "korea": pins(korea)}.items():
        pinned = tmp_path / f"{name}.json"
        known.save(pinned)
        found = run("answers", "image studio", "-e", file, "--pins", pinned, *DAY, "--json").json
        levels[name] = {each["target"]: each["assurance"] for each in found["answers"]}["KR.31.2"]
    assert levels == {"both": "countersigned", "korea": "logged"}
    pem, packed = tmp_path / "kr.pem", tmp_path / "answers.json"
    pem.write_bytes(korea.key.to_pem())
    pem.chmod(0o600)
    made = run(
        "export", "package", "image studio", "-o", packed, "-k", pem, "-i", korea.issuer, "-e", file,
        "--pins", tmp_path / "both.json", *DAY,
    )  # fmt: skip
    assert made.code == 0, made.err
    assert britain.issuer in json.loads(packed.read_text())["body"]["checkers"]
    assert run("export", "verify", packed, "--pins", tmp_path / "both.json").code == 0


def _bare(claim: Claim) -> ContentMark:
    """A mark without files that a bundle would have to hold."""
    assert isinstance(claim, ContentMark)
    assert claim.item is not None
    return msgspec.structs.replace(claim, item=msgspec.structs.replace(claim.item, credential=None))
