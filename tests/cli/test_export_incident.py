"""`haechi export incident-stix` and `incident-misp`: what verifies and may leave is written, no more."""

import json
import stat
from pathlib import Path

import pytest
from tests.answers.incidents import KEY, NAME, about, claim, logged, payload, signed
from tests.cli.ran import Run
from tests.network.parties import COMPANY, NOW, Operator, bundle, document, evidence, pins, sign
from tests.node.processes import new_process

from haechi.answers.stix import TLP
from haechi.network.pins import Pins
from haechi.node.maintenance import grant
from haechi.statement.claims import Said
from haechi.statement.envelope import Sharing, Statement
from haechi.statement.keyring import save_key
from haechi.statement.kinds.release import Release
from haechi.statement.kinds.withdraw import Withdraw
from haechi.statement.parcel import Parcel
from haechi.statement.seal_keys import SealKey
from haechi.statement.sharing import open_content, sign_encrypted, sign_kept

HUSHED = "a filter was off, told to one reader only"
FORMS = ("incident-stix", "incident-misp")


@pytest.fixture
def reader(tmp_path: Path) -> SealKey:
    key = SealKey.generate()
    save_key(tmp_path / "keys", "reader", key)
    return key


def put(folder: Path, korea: Operator, policy: Statement, subject: Statement, *about: Statement) -> Path:
    """The bundle of `subject` and the pins it holds with."""
    items = [korea.item("subject", subject), korea.item("policy", policy)]
    items += [korea.item("about", each, receipt=False) for each in about]
    (folder / "incident.haechi").write_bytes(bundle(items))
    pins(korea).save(folder / "pins.json")
    return folder / "incident.haechi"


def secret() -> bytes:
    return payload(claim(happened=Said(en=HUSHED)))


@pytest.mark.parametrize("form", FORMS)
def test_a_logged_incident_is_written_with_its_place_in_the_log(run: Run, tmp_path: Path, form: str) -> None:
    subject = signed(claim())
    korea, policy = logged(subject)
    file, target = put(tmp_path, korea, policy, subject), tmp_path / "out.json"
    ran = run("export", form, file, "-o", target, "--pins", tmp_path / "pins.json")
    assert (ran.code, ran.err) == (0, "")
    assert "TLP:CLEAR" in ran.out
    text = target.read_text()
    assert subject.digest_hex in text
    assert "kr.example/log#2" in text
    again = run("export", form, file, "-o", target, "--pins", tmp_path / "pins.json", "--json").json
    assert (again["statement"], again["tlp"], again["ended"]) == (subject.digest_hex, "CLEAR", None)
    assert target.read_text() == text


def test_who_is_not_known_is_not_passed_on(run: Run, tmp_path: Path) -> None:
    subject = signed(claim())
    file, target = put(tmp_path, *logged(subject), subject), tmp_path / "out.json"
    ran = run("export", "incident-stix", file, "-o", target)
    assert ran.code == 3
    assert not target.exists()


def test_a_forged_statement_is_not_passed_on(run: Run, tmp_path: Path) -> None:
    raw = bytearray(signed(claim()).raw)
    raw[-1] ^= 1
    (tmp_path / "forged.cose").write_bytes(raw)
    pins(issuers=[(COMPANY, KEY)]).save(tmp_path / "pins.json")
    target = tmp_path / "out.json"
    ran = run(
        "export", "incident-misp", tmp_path / "forged.cose", "-o", target, "--pins", tmp_path / "pins.json"
    )
    assert ran.code == 1
    assert not target.exists()


@pytest.mark.parametrize("level", [Sharing.AMBER, Sharing.AMBER_STRICT])
@pytest.mark.parametrize("form", FORMS)
def test_encrypted_content_leaves_with_the_key_of_its_reader_and_bears_its_label(
    run: Run, tmp_path: Path, reader: SealKey, level: Sharing, form: str
) -> None:
    subject = sign_encrypted(KEY, about(level), secret(), [reader.public])
    file, target = put(tmp_path, *logged(subject), subject), tmp_path / "out.json"
    options = (file, "-o", target, "--pins", tmp_path / "pins.json", "--keys", tmp_path / "keys")
    closed = run("export", form, *options)
    assert closed.code == 2
    assert not target.exists()
    assert HUSHED not in closed.out + closed.err
    ran = run("export", form, *options, "--with", "reader")
    assert (ran.code, ran.err) == (0, ""), ran.out
    text = target.read_text()
    assert HUSHED in text
    assert (TLP[level] if form == "incident-stix" else f"tlp:{level.lower()}") in text
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_another_key_opens_nothing(run: Run, tmp_path: Path, reader: SealKey) -> None:
    stranger = SealKey.generate()
    subject = sign_encrypted(KEY, about(Sharing.AMBER), secret(), [stranger.public])
    file, target = put(tmp_path, *logged(subject), subject), tmp_path / "out.json"
    ran = run(
        "export", "incident-stix", file, "-o", target, "--pins", tmp_path / "pins.json",
        "--keys", tmp_path / "keys", "--with", "reader",
    )  # fmt: skip
    assert ran.code == 6
    assert not target.exists()


@pytest.mark.parametrize("form", FORMS)
def test_red_is_refused_even_with_its_kept_file(run: Run, tmp_path: Path, form: str) -> None:
    kept = sign_kept(KEY, about(Sharing.RED), Parcel(f"application/vnd.haechi.{NAME}+cbor", "", secret()))
    (tmp_path / "red.cose").write_bytes(kept.statement.raw)
    (tmp_path / "red.kept").write_bytes(kept.file)
    pins(issuers=[(COMPANY, KEY)]).save(tmp_path / "pins.json")
    target = tmp_path / "out.json"
    ran = run(
        "export", form, tmp_path / "red.cose", "-o", target, "--content", tmp_path / "red.kept",
        "--pins", tmp_path / "pins.json",
    )  # fmt: skip
    assert ran.code == 6
    assert "export.stays-here" in ran.err
    assert HUSHED not in ran.out + ran.err
    assert not target.exists()


def test_what_was_released_bears_its_new_label(run: Run, tmp_path: Path, reader: SealKey) -> None:
    subject = sign_encrypted(KEY, about(Sharing.AMBER), secret(), [reader.public])
    content_key = open_content(subject, None, [reader]).key
    said = Release(target=subject.digest, level="CLEAR", content_key=content_key)
    release = sign(KEY, COMPANY, said, "release", at=NOW + 60)
    korea, policy = logged(subject, release)
    file, target = put(tmp_path, korea, policy, subject, release), tmp_path / "out.json"
    ran = run("export", "incident-stix", file, "-o", target, "--pins", tmp_path / "pins.json", "--json")
    assert (ran.code, ran.json["tlp"]) == (0, "CLEAR")
    (main,) = [one for one in json.loads(target.read_text())["objects"] if one["type"] == "incident"]
    assert main["description"] == HUSHED
    assert main["object_marking_refs"] == [TLP[Sharing.CLEAR]]
    assert main["modified"] > main["created"]


def test_what_was_withdrawn_goes_out_as_withdrawn(run: Run, tmp_path: Path) -> None:
    subject = signed(claim())
    said = Withdraw(target=subject.digest, reason=Said(en="It was another system."))
    gone = sign(KEY, COMPANY, said, "withdraw", at=NOW + 60)
    korea, policy = logged(subject, gone)
    file, target = put(tmp_path, korea, policy, subject, gone), tmp_path / "out.json"
    ran = run("export", "incident-stix", file, "-o", target, "--pins", tmp_path / "pins.json")
    assert ran.code == 0
    assert "withdrew" in ran.out
    (main,) = [one for one in json.loads(target.read_text())["objects"] if one["type"] == "incident"]
    assert main["revoked"] is True
    assert f"sha256:{gone.digest_hex}" in json.dumps(main["external_references"])


def test_disputes_of_those_the_reader_knows_go_along_and_those_of_strangers_do_not(
    run: Run, tmp_path: Path
) -> None:
    subject = signed(claim())
    korea, policy = logged(subject)
    britain = Operator("uk")
    doubt = britain.say("dispute", subject.digest)
    britain.log(britain.policy(), doubt)
    items = [korea.item("subject", subject), korea.item("policy", policy), britain.item("about", doubt)]
    file, target = tmp_path / "incident.haechi", tmp_path / "out.json"
    file.write_bytes(bundle(items))
    for known, count in (((korea,), 0), ((korea, britain), 1)):
        pins(*known).save(tmp_path / "pins.json")
        ran = run("export", "incident-stix", file, "-o", target, "--pins", tmp_path / "pins.json", "--json")
        assert (ran.code, ran.json["disputes"]) == (0, count)


def test_another_kind_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.cose").write_bytes(sign(KEY, COMPANY, document(evidence()), "document").raw)
    pins(issuers=[(COMPANY, KEY)]).save(tmp_path / "pins.json")
    ran = run(
        "export", "incident-stix", tmp_path / "d.cose", "-o", tmp_path / "x", "--pins", tmp_path / "pins.json"
    )
    assert ran.code == 4
    assert "export.no-incident" in ran.err
    assert not (tmp_path / "x").exists()


@pytest.mark.e2e
def test_a_node_hands_out_the_very_file_that_a_reader_writes(run: Run, tmp_path: Path) -> None:
    node, subject = new_process(tmp_path / "node"), signed(claim())
    grant(node.folder, COMPANY, KEY.public.thumbprint, ("incident_report", "dispute", "withdraw"), None)
    Pins().add(node.card, node.card.fingerprint()).save(tmp_path / "pins.json")
    withdrawn = sign(KEY, COMPANY, Withdraw(target=subject.digest, reason=Said(en="told twice")), "withdraw")
    node.start()
    try:
        node.wait_ready()
        with node.client() as client:
            for later in ((subject,), (withdrawn,)):
                for one in later:
                    client.post("/entries", one.raw, "application/cose")
                for form, name in (("incident-stix", "stix"), ("incident-misp", "misp")):
                    told = client.fetch(f"/incidents/{subject.digest_hex}.{name}.json", 1 << 20)
                    where = (f"{node.url}/statements/{subject.digest_hex}", "-o", tmp_path / "own.json")
                    ran = run("export", form, *where, "--pins", tmp_path / "pins.json")
                    assert ran.code == 0, ran.out + ran.err
                    assert (tmp_path / "own.json").read_bytes() == told
    finally:
        node.stop()
