"""Crosswalk and pledges on the command line: exit codes, one JSON document, two languages, no overclaim."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.cli.ran import Run
from tests.network.parties import COMPANY, Operator, about_target, bundle, ed25519_key, pins, seed_of, sign

from haechi.cli.asked import within
from haechi.facts import load
from haechi.log.note import NoteSigner, SignatureType
from haechi.statement.claims import kind_of
from haechi.statement.kinds.pledge_report import PledgeReport
from haechi.statement.kinds.policy import Grant

NOTICE = "A notice in words or voice, or a visible mark, when content leaves the service."
DAY = ("--on", "2026-11-22")
WITNESSES = {
    name: NoteSigner(name, SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.from_private_bytes(seed_of(name)))
    for name in ("uk.example/log", "kr.example/log")
}
HANGUL = re.compile("[가-힣]")


# crosswalk


def test_what_korea_still_lacks_when_a_company_brings_its_eu_marking_evidence(run: Run) -> None:
    ran = run("crosswalk", "EU.50.2", "--to", "KR", *DAY)
    assert (ran.code, ran.err) == (0, "")
    assert "can serve as evidence for" in ran.out
    assert re.search(r"KR\.31\.2\s+in part\s+xw\.001\s+high", ran.out)
    assert f"still lacks  xw.001: {NOTICE}" in ran.out
    assert "Notice (document.notice) [not asked for at the source]" in ran.out
    assert "Duty; applies since 2026-01-22" in ran.out
    assert "Not judged is not the same as unrelated" in ran.out


def test_a_whole_country_and_one_subject_in_one_command(run: Run) -> None:
    ran = run("crosswalk", "EU", "--to", "KR", "--topic", "marking", *DAY)
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"KR\.31\.2\s+in part\s+xw\.001\s+high\s+EU\.50\.2\s+Notice", ran.out)
    assert "KR.31.3" in ran.out
    assert "read there   src.kr.act: Framework Act" in ran.out
    assert "Not judged" not in ran.out
    found = run("crosswalk", "유럽", "--to", "한국", "--topic", "콘텐츠 표시", *DAY, "--json").json
    assert [(row["source"], row["target"]) for row in found["can_serve_for"]] == [
        ("EU.50.2", "KR.31.2"), ("EU.50.4", "KR.31.3"),
    ]  # fmt: skip
    assert found["topic"] == {"en": "content marking", "ko": "콘텐츠 표시"}


def test_a_whole_country_needs_to_know_where_to(run: Run) -> None:
    ran = run("crosswalk", "EU")
    assert ran.code == 2
    assert "--to" in ran.err


def test_the_same_in_korean(run: Run) -> None:
    ran = run("crosswalk", "EU.50.2", "--to", "KR", *DAY, lang="ko")
    assert ran.code == 0
    assert (
        "부족한 것          xw.001: 콘텐츠가 서비스 밖으로 나갈 때의 문구·음성 안내 또는 눈에 보이는 표시."
        in ran.out
    )
    assert NOTICE not in ran.out
    assert "증거가 될 수 있는 곳" in ran.out
    assert "still lacks" not in ran.out


def test_the_same_for_programs(run: Run) -> None:
    found = run("crosswalk", "EU.50.2", "--to", "KR", *DAY, "--json").json
    (row,) = found["can_serve_for"]
    assert (row["target"], row["carries"], row["chained"], row["relations"], row["low"]) == (
        "KR.31.2", "partial", False, ["xw.001"], False,
    )  # fmt: skip
    assert [lack["en"] for lack in row["lacks"]] == [NOTICE]
    assert row["law"]["status"] == "applies"
    assert found["data_version"] == load().version
    assert "KR.31.1" in found["not_judged"]
    assert "KR.31.2" not in found["not_judged"]


def test_full_carry_chains_and_partial_takes_one_relation(run: Run) -> None:
    rows = {row["target"]: row for row in run("crosswalk", "EU.50.2", "--json").json["can_serve_for"]}
    chained = rows["faisc.bp.content"]
    assert (chained["carries"], chained["chained"], chained["relations"]) == (
        "full",
        True,
        ["xw.007", "xw.012"],
    )
    assert all(len(row["relations"]) == 1 for row in rows.values() if row["carries"] == "partial")
    assert all(row["lacks"] for row in rows.values() if row["carries"] == "partial")
    assert all(row["why"] for row in rows.values())
    assert rows["sbp.1.2"]["carries"] == "full"


def test_what_is_uncertain_is_marked(run: Run) -> None:
    ran = run("crosswalk", "EU.50.2")
    assert re.search(r"BR\.label.*! low", ran.out)
    assert "! low [uncertain fact: check the instrument]" in ran.out
    assert "! 낮음 [불확실한 사실: 원문 확인 필요]" in run("crosswalk", "EU.50.2", lang="ko").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("EU.50.22",), 4, "EU.50.2"),
        (("EU.50.2", "--to", "Kora"), 4, "c.KR"),
        (("EU.50.2", "--to", "Mexico"), 5, "does not mean that it has none"),
        (("cls.EU.III.4",), 4, "requirement or commitment"),
        (("EU.50.2", "--on", "yesterday"), 4, "YYYY-MM-DD"),
        ((), 2, "SOURCE"),
    ],
)
def test_crosswalk_refuses_with_a_way_out(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    for lang in ("en", "ko"):
        ran = run("crosswalk", *arguments, lang=lang)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.err or (lang == "ko" and HANGUL.search(ran.err))
    assert set(run("crosswalk", *arguments, "--json").json) == {"error"}


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ("KR", "KR.31.2"),
        ("c.KR", "KR.31.2"),
        ("KOR", "KR.31.2"),
        ("대한민국", "KR.31.2"),
        ("reg.KR", "KR.31.2"),
        ("EU", "EU.50.2"),
        ("DE", "EU.50.2"),
        ("US", "US-CA.942.lat"),
        ("US-CA", "US-CA.942.lat"),
        ("ins.seoul.pledge", "sbp.1.2"),
        ("Seoul AI Business Pledge", "sbp.1.2"),
    ],
)
def test_a_place_is_named_by_code_id_or_name(asked: str, holds: str) -> None:
    assert holds in within(load(), asked).targets


def test_nothing_judged_is_said_and_not_taken_for_unrelated(run: Run) -> None:
    assert "Not judged is not the same as unrelated" in run("crosswalk", "EU.50.2", "--to", "reg.ISO").out


# pledges


def test_an_empty_board_is_honest_and_baselines_stand_beside_it(run: Run) -> None:
    ran = run("pledges", *DAY)
    assert ran.code == 0
    assert "An empty cell says nothing about what a party did." in ran.out
    assert "not evidence held here" in ran.out
    assert "●" not in ran.out.replace("● can serve in full", "")
    found = run("pledges", *DAY, "--json").json
    assert (len(found["parties"]), len(found["commitments"]), len(found["cells"])) == (14, 14, 196)
    assert {cell["state"] for cell in found["cells"]} == {"none"}
    assert (found["context"]["assurance"], found["context"]["evidence"]) == ("self_declared", False)
    assert all(each["indicator"] for each in found["indicators"])
    assert "여기에 보관된 증거가 아님" in run("pledges", lang="ko").out


def test_one_party_and_one_that_never_joined(run: Run) -> None:
    found = run("pledges", "ins.seoul.pledge", "--party", "네이버", "--json").json
    assert [each["party"] for each in found["parties"]] == ["co.naver"]
    ran = run("pledges", "ins.seoul.pledge", "--party", "c.KR")
    assert (ran.code, ran.out) == (5, "")
    assert run("pledges", "ins.nowhere").code == 4
    assert "makes no commitments" in run("pledges", "ins.network").out


class Reported(NamedTuple):
    """A pledge report of Naver in Korea's log, as a reader gets it."""

    file: Path
    pins: Path
    withdrawn: Path


@pytest.fixture
def reported(tmp_path: Path) -> Reported:
    korea, key = Operator("kr", witnesses=(*WITNESSES.values(),)), ed25519_key(COMPANY)
    example = kind_of("pledge_report").example()
    assert isinstance(example, PledgeReport)
    sections = tuple(msgspec.structs.replace(each, evidence=()) for each in example.sections)
    claim = msgspec.structs.replace(example, sections=sections)
    grant = Grant(issuer=COMPANY, kinds=("pledge_report", "withdraw"), keys=(key.public.thumbprint,))
    policy, report = korea.policy(grant), sign(key, COMPANY, claim, "pledge_report", "co.naver")
    korea.log(korea.policy(), policy, report)
    file, pinned = tmp_path / "report.haechi", tmp_path / "pins.json"
    file.write_bytes(bundle([korea.item("subject", report), korea.item("policy", policy)]))
    pins(korea).save(pinned)
    withdrawal = sign(key, COMPANY, about_target("withdraw", report.digest), "withdraw", "co.naver")
    korea.log(withdrawal)
    items = [korea.item("subject", report), korea.item("policy", policy), korea.item("about", withdrawal)]
    withdrawn = tmp_path / "withdrawn.haechi"
    withdrawn.write_bytes(bundle(items))
    return Reported(file, pinned, withdrawn)


@pytest.mark.parametrize(
    ("name", "assurance"), [("uk.example/log", "witnessed"), ("kr.example/log", "logged")]
)
def test_a_quorum_that_the_reader_asks_for_lifts_assurance_unless_it_is_the_log_itself(
    run: Run, reported: Reported, tmp_path: Path, name: str, assurance: str
) -> None:
    given = ("co.naver", "-e", reported.file, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}", *DAY)
    policy = tmp_path / "policy"
    vkey = WITNESSES[name].key.vkey
    policy.write_text(f"witness {name} {vkey}\nquorum {name}\n", "utf-8")
    seen: list[set[str]] = []
    for asked in ((), ("--policy", policy)):
        ran = run("answers", *given, *asked, "--json")
        assert ran.code == 0
        given_for = [each for answer in ran.json["answers"] for each in answer["credits"]]
        seen.append({each["assurance"] for each in given_for})
    assert seen == [{"logged"}, {assurance}]


def test_a_quorum_that_is_not_met_takes_nothing_away(run: Run, reported: Reported, tmp_path: Path) -> None:
    stranger = NoteSigner("no.example", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate())
    policy = tmp_path / "policy"
    policy.write_text(f"witness no.example {stranger.key.vkey}\nquorum no.example\n", "utf-8")
    given = ("--evidence", reported.file, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}", *DAY)
    ran = run("pledges", *given, "--policy", policy, "--json")
    assert ran.code == 0
    assert {each["assurance"] for each in ran.json["cells"] if each["state"] != "none"} == {"logged"}


def test_a_verified_report_is_counted_for_its_party_only_as_a_claim(run: Run, reported: Reported) -> None:
    given = ("--evidence", reported.file, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}", *DAY)
    ran = run("pledges", *given, "--json")
    assert ran.code == 0
    cells = {(each["party"], each["commitment"]): each for each in ran.json["cells"]}
    cell = cells["co.naver", "sbp.1.2"]
    assert (cell["state"], cell["assurance"]) == ("claimed", "logged")
    held = {pair for pair, each in cells.items() if each["state"] != "none"}
    assert held == {("co.naver", "sbp.1.2"), ("co.naver", "sbp.2.2")}  # the sections of the report
    assert [each["counted"] for each in ran.json["evidence"]] == [True, False]  # a policy is no evidence
    shown = run("pledges", *given)
    assert shown.code == 0
    assert re.search(r"NAVER\s+·\s+·\s+○", shown.out)
    assert "2026-07-01 – 2026-09-30" in shown.out
    assert "주장만 있음" in run("pledges", *given, lang="ko").out


def test_figures_of_reports_are_put_side_by_side_with_how_they_were_obtained(
    run: Run, reported: Reported
) -> None:
    given = ("--evidence", reported.file, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}", *DAY)
    found = run("pledges", "compare", *given, "--json").data
    figures = {
        each["en"]: (each["value"], each["unit"], each["method"], each["scope"])
        for table in found["tables"]
        for column in table["comparable"]
        for each in column
    }
    assert figures["money paid out to small firms"] == (8.5e9, "KRW", "audited", "KR")
    shown = run("pledges", "compare", *given)
    assert shown.code == 0
    assert "audited by an outside party" in " ".join(shown.out.split())
    assert "외부 감사를 받음" in " ".join(run("pledges", "compare", *given, lang="ko").out.split())
    assert "No figures to compare" in run("pledges", "compare").out


@pytest.mark.parametrize("without", ["--pins", "--voice"])
def test_what_cannot_be_verified_is_not_counted_and_says_why(
    run: Run, reported: Reported, without: str
) -> None:
    given = {"--evidence": reported.file, "--pins": reported.pins, "--voice": f"co.naver={COMPANY}"}
    del given[without]
    words = [word for pair in given.items() for word in pair]
    ran = run("pledges", *words, "--json")
    assert ran.code == 3
    assert {cell["state"] for cell in ran.json["cells"]} == {"none"}
    assert not any(each["counted"] for each in ran.json["evidence"])
    assert "does not speak for" in run("pledges", *words).out or without == "--pins"


def test_a_changed_report_fails(run: Run, reported: Reported) -> None:
    raw = bytearray(reported.file.read_bytes())
    raw[len(raw) // 2] ^= 1
    reported.file.write_bytes(raw)
    given = ("--evidence", reported.file, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}")
    ran = run("pledges", *given, "--json")
    assert ran.code == 1
    assert {cell["state"] for cell in ran.json["cells"]} == {"none"}
    assert run("pledges", "--evidence", reported.file.with_name("none")).code == 5
    assert run("pledges", "--voice", "co.naver").code == 4


def test_a_report_that_was_withdrawn_serves_for_nothing(run: Run, reported: Reported) -> None:
    gone = ("--evidence", reported.withdrawn, "--pins", reported.pins, "--voice", f"co.naver={COMPANY}")
    ran = run("pledges", *gone, "--json", *DAY)
    assert ran.code == 0
    assert {cell["state"] for cell in ran.json["cells"]} == {"none"}
    said = [each["why"]["en"] for each in ran.json["evidence"] if each["counted"]]
    assert len(said) == 2  # the report and its withdrawal
    assert "its issuer withdrew it" in said[0]


def test_the_line_runs_from_bletchley_to_geneva(run: Run) -> None:
    stations = run("pledges", "--line", "--json").json["stations"]
    summits = list(dict.fromkeys(each["summit"] for each in stations))
    assert summits[:5] == [
        "sum.2023.bletchley", "sum.2024.seoul", "sum.2025.paris", "sum.2026.delhi", "sum.2027.geneva",
    ]  # fmt: skip
    pledge = next(each for each in stations if each["instrument"] == "ins.seoul.pledge")
    assert {"earlier": "faisc.bp.content", "later": "sbp.1.2", "relation": "xw.011", "low": False} in pledge[
        "carried_over"
    ]
    delhi = next(each for each in stations if each["instrument"] == "ins.delhi.decl")
    assert delhi["parties"]["left"] is None  # its list is incomplete: a name not found has not left
    assert "faisc.bp.content → sbp.1.2 (xw.011)" in run("pledges", "--line").out
    assert "이어받음" in run("pledges", "--line", lang="ko").out


# what holds for all of them


@pytest.mark.parametrize(
    "arguments",
    [
        ("crosswalk", "EU.50.2"),
        ("pledges",),
        ("pledges", "--line"),
        ("duties", "--example"),
        ("facts", "check"),
        ("facts", "review"),
        ("facts", "show", "KR.31.2"),
    ],
)
def test_nothing_is_ever_called_compliant(run: Run, arguments: tuple[str, ...]) -> None:
    for lang in ("en", "ko"):
        said = run(*arguments, lang=lang).out
        assert not re.search(r"complian|complies|준수함|적합 판정", said)
        ran = run(*arguments, "--json", lang=lang)
        assert ran.code == 0
        json.loads(ran.out)  # one document and nothing else
