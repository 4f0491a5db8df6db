"""`haechi clocks` and `haechi gaps`: deadlines of one incident, and what one application still lacks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.cli.ran import Run
from tests.network.parties import COMPANY, ed25519_key, sign

from haechi.facts import load
from haechi.statement.claims import Said
from haechi.statement.jsonform import claim_json
from haechi.statement.kinds.incident_report import IncidentReport

KNOWN = datetime(2027, 3, 10, 20, 0, tzinfo=UTC)
REPORT = IncidentReport(
    application="frontier model",
    occurred=KNOWN - timedelta(hours=5),
    known=KNOWN,
    severity="serious",
    countries=("US",),
    subdivisions=("US-CA", "US-NY"),
    imminent_danger=False,
    happened=Said(en="A safeguard failed."),
)


def given(folder: Path, form: str, report: IncidentReport = REPORT) -> Path:
    file = folder / f"incident.{form}"
    if form == "json":
        file.write_bytes(msgspec.json.encode(claim_json(report)))
    else:
        file.write_bytes(sign(ed25519_key(COMPANY), COMPANY, report, "incident_report").raw)
    return file


@pytest.mark.parametrize("form", ["json", "cose"])
def test_california_gives_fifteen_days_where_new_york_gives_seventy_two_hours(
    run: Run, tmp_path: Path, form: str
) -> None:
    file = given(tmp_path, form)
    found = run("clocks", file, "--at", "2027-03-13T21:00:00+00:00", "--json")
    assert found.code == 1
    clocks = {each["clock"]: each for each in found.json["clocks"]}
    assert clocks["US-CA.53.inc/15d"]["state"] == "running"
    assert clocks["US-NY.1422/72h"]["state"] == "missed"
    assert clocks["US-NY.1422/72h"]["due_local"].endswith("-05:00")
    assert found.json["data_version"] == load().version
    early = run("clocks", file, "--at", "2027-03-13T19:59:00+00:00")
    assert (early.code, early.err) == (0, "")
    assert "2027-03-25 23:59 PDT" in " ".join(early.out.split())
    korean = run("clocks", file, "--at", "2027-03-13T19:59:00+00:00", lang="ko")
    assert "진행 중" in korean.out
    assert "running" not in korean.out


def test_what_the_report_leaves_open_stays_undecided(run: Run, tmp_path: Path) -> None:
    file = given(tmp_path, "json", msgspec.structs.replace(REPORT, imminent_danger=None))
    ran = run("clocks", file, "--at", "2027-03-10T21:00:00+00:00")
    assert ran.code == 3
    assert "(perhaps)" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("content", "options", "code", "said"),
    [
        (b'{"application": 3}', (), 4, "application"),
        (b'{"application": ', (), 4, "JSON"),
        (b"", (), 4, ""),
        (None, (), 5, "incident.json"),
        ("good", ("--at", "2027-03-10"), 4, "2026-11-22T09:00+09:00"),
        ("good", ("--at", "2027-03-10T10:00:00"), 4, "2026-11-22T09:00+09:00"),
    ],
)
def test_what_is_no_incident_or_no_moment_is_refused(
    run: Run, tmp_path: Path, content: bytes | str | None, options: tuple[str, ...], code: int, said: str
) -> None:
    file = given(tmp_path, "json")
    if content is None:
        file.unlink()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    ran = run("clocks", file, *options)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


PROFILE = """
name: image studio
applications: [app.genai]
roles: [provider]
modalities: [image]
countries: [KR, EU]
high_impact: false
"""


def test_gaps_of_one_country_are_duties_that_are_not_answered_in_full(run: Run, tmp_path: Path) -> None:
    profile = tmp_path / "studio.yaml"
    profile.write_text(PROFILE)
    found = run("gaps", profile, "--to", "KR", "--on", "2026-11-22", "--json")
    assert found.code == 0
    open_ = {each["duty"]["requirement"]: each for each in found.json["gaps"]}
    assert {"KR.31.1", "KR.31.2"} <= set(open_)
    assert all(id_.startswith("KR.") for id_ in open_)
    assert {each["answer"]["state"] for each in open_.values()} == {"none"}
    assert all(each["answer"]["lacks"] for each in open_.values())
    shown = run("gaps", profile, "--to", "KR", "--on", "2026-11-22", lang="ko")
    assert "남은 것" in shown.out
    everywhere = run("gaps", profile, "--on", "2026-11-22", "--json").json["gaps"]
    assert len(everywhere) > len(open_)
    assert run("gaps", profile, "--to", "Kora").code == 4
