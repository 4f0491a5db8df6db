"""Who may speak, who is believed and who witnessed, by a trust list alone: no pins, no --voice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.cli.ran import Run
from tests.network.parties import COMPANY, Operator, bundle, ed25519_key, sign
from tests.network.test_witnesses import UK_WITNESS, signer
from tests.network.trust.ceremonies import Ceremony
from tests.network.trust.lists import COMPANY_LISTED, KOREA, LISTED, statement_key, with_organisation

from haechi.cli.counted import _by_others
from haechi.cli.looking import _institutes
from haechi.findings import found
from haechi.network.pins import Pins
from haechi.network.trust import package
from haechi.network.trust.keys import KeyStatus
from haechi.network.trust.listing import TrustList
from haechi.network.trust.view import ListedTrust
from haechi.statement.claims import kind_of
from haechi.statement.kinds.incident_report import IncidentReport
from haechi.statement.kinds.pledge_report import PledgeReport

KEY = ed25519_key(COMPANY)
DAY = ("--on", "2026-11-22")
KR = KOREA.origin


def listed(*history: KeyStatus, parties: tuple[str, ...] = ("co.naver",)) -> TrustList:
    key = statement_key(KEY, history=history)
    return with_organisation(msgspec.structs.replace(COMPANY_LISTED, keys=(key,), parties=parties))


def install(folder: Path, trust_list: TrustList, now: datetime | None = None) -> Path:
    made = Ceremony(now=now or datetime.now(UTC))
    path = folder / "trust.json"
    path.unlink(missing_ok=True)
    package.save(path, made.publish(trust_list).held)
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A pledge report of Naver in Korea's log at entry 1, cosigned by Britain's listed witness."""
    korea = Operator("kr", witnesses=(signer(UK_WITNESS),))
    example = kind_of("pledge_report").example()
    assert isinstance(example, PledgeReport)
    sections = tuple(msgspec.structs.replace(each, evidence=()) for each in example.sections)
    claim = msgspec.structs.replace(example, sections=sections)
    said = sign(KEY, COMPANY, claim, "pledge_report", "co.naver")
    korea.log(korea.policy(), said)
    file = tmp_path / "report.haechi"
    file.write_bytes(bundle([korea.item("subject", said)]))
    return file


def test_answers_go_by_the_list_for_keys_and_for_who_speaks(run: Run, tmp_path: Path, report: Path) -> None:
    trust = install(tmp_path, listed())
    ran = run("answers", "co.naver", "-e", report, "--trust", trust, *DAY, "--json")
    assert ran.code == 0, ran.out
    assert ran.json["evidence"][0]["counted"] is True
    assert ran.json["trust_list"]["code"] == "network.list.current"
    board = run("pledges", "--evidence", report, "--trust", trust, *DAY, "--json")
    assert (board.code, board.json["evidence"][0]["counted"]) == (0, True)
    assert run("answers", "co.naver", "-e", report, *DAY).code == 3  # without the list nobody is known


def test_a_listed_company_does_not_speak_for_a_party_that_the_list_does_not_give_it(
    run: Run, tmp_path: Path, report: Path
) -> None:
    trust = install(tmp_path, listed(parties=("co.kakao",)))
    ran = run("answers", "co.naver", "-e", report, "--trust", trust, *DAY)
    assert ran.code == 3
    assert "--voice" in ran.out
    said = ("--voice", f"co.naver={COMPANY}")
    assert run("answers", "co.naver", "-e", report, "--trust", trust, *said, *DAY).code == 0


@pytest.mark.parametrize(("at", "code"), [(1, 1), (2, 0)])
def test_what_was_signed_with_a_key_after_its_revocation_is_not_counted(
    run: Run, tmp_path: Path, report: Path, at: int, code: int
) -> None:
    trust = install(tmp_path, listed(KeyStatus(log=KR, from_index=at, status="revoked")))
    ran = run("answers", "co.naver", "-e", report, "--trust", trust, *DAY, "--json")
    assert (ran.code, ran.json["evidence"][0]["counted"]) == (code, code == 0)


def test_an_expired_list_is_said_and_leaves_it_undecided(run: Run, tmp_path: Path, report: Path) -> None:
    trust = install(tmp_path, listed(), datetime.now(UTC) - timedelta(days=30))
    ran = run("answers", "co.naver", "-e", report, "--trust", trust, *DAY)
    assert ran.code == 3
    assert "expired" in ran.out
    assert "만료" in run("pledges", "--evidence", report, "--trust", trust, *DAY, lang="ko").out


@pytest.mark.parametrize("asked", [("--quorum", 1), ("--policy", "policy")])
def test_a_listed_witness_lifts_assurance_until_its_key_is_revoked(
    run: Run, tmp_path: Path, report: Path, asked: tuple[str, object]
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"witness uk listed:{UK_WITNESS}\nquorum uk\n")
    quorum = (asked[0], policy if asked[1] == "policy" else asked[1])
    for at, code, assurance in ((2, 0, "witnessed"), (1, 3, "logged")):
        told = KeyStatus(log=KR, from_index=at, status="revoked")
        base = listed()
        cosigners = tuple(
            msgspec.structs.replace(one, keys=(msgspec.structs.replace(one.keys[0], history=(told,)),))
            if one.name == UK_WITNESS
            else one
            for one in base.cosigners
        )
        trust = install(tmp_path, msgspec.structs.replace(base, cosigners=cosigners))
        ran = run("verify", report, "--trust", trust, *quorum)
        assert ran.code == code, ran.out
        assert ("out of use" in ran.out) == bool(code)
        found = run("answers", "co.naver", "-e", report, "--trust", trust, *quorum, *DAY, "--json").json
        given_for = [each for answer in found["answers"] for each in answer["credits"]]
        assert {each["assurance"] for each in given_for} == {assurance}


def test_exports_go_by_the_list_too(run: Run, tmp_path: Path, report: Path) -> None:
    trust = install(tmp_path, listed())
    target = tmp_path / "a.csv"
    assert (
        run("export", "answers-csv", "co.naver", "-o", target, "-e", report, "--trust", trust, *DAY).code == 0
    )
    assert "sbp.1.2" in target.read_text()
    example = kind_of("incident_report").example()
    assert isinstance(example, IncidentReport)
    said = sign(KEY, COMPANY, example, "incident_report")
    (tmp_path / "i.cose").write_bytes(said.raw)
    incident = ("export", "incident-stix", tmp_path / "i.cose", "-o", tmp_path / "i.json")
    assert run(*incident).code == 3
    assert run(*incident, "--trust", trust).code == 0
    pem = tmp_path / "kr.pem"
    pem.write_bytes(KOREA.key.to_pem())
    pem.chmod(0o600)
    packed = ("export", "package", "co.naver", "-o", tmp_path / "p.json", "-k", pem, "-i", KOREA.issuer)
    assert run(*packed, "-e", report, "--trust", trust, *DAY).code == 0
    assert run("export", "verify", tmp_path / "p.json", "--trust", trust).code == 0
    assert run("export", "verify", tmp_path / "p.json").code == 1  # nothing in it counts for this reader


def test_roots_of_credentials_are_believed_of_listed_institutes_and_not_of_companies(tmp_path: Path) -> None:
    verified = package.load(install(tmp_path, LISTED))
    assert verified is not None
    assert _institutes(Pins(), verified) == {one.operator for one in LISTED.nodes}
    firm = with_organisation(msgspec.structs.replace(LISTED.organisation(KOREA.issuer), role="company"))
    verified = package.load(install(tmp_path, firm))
    assert _institutes(Pins(), verified) == {one.operator for one in LISTED.nodes} - {KOREA.issuer}


@pytest.mark.parametrize(
    ("by", "others"),
    [
        ("kr.example/log#ed25519", False),
        ("kr.example/log#ed25519, kr.example/log#ml-dsa-44", False),
        (f"{KOREA.issuer}#ed25519", False),
        ("kr.example/log#ed25519, uk.example/log#ed25519", True),
    ],
)
def test_a_log_and_who_runs_it_are_no_others(by: str, *, others: bool) -> None:
    met = found("log.quorum.met", origin=KR, size=9, by=by, newest="2026-11-22T00:00:00Z")
    assert _by_others(met, ListedTrust(Pins(), LISTED)) is others
