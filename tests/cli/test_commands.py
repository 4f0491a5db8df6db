"""Every command does what it says, in text and as one JSON document, and ends with the documented code."""

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.cli.conftest import Place
from tests.cli.ran import Run, files_in, haechi
from tests.network.parties import COMPANY, FILE, evidence
from tests.network.scripted import answers, ok, scripted
from tests.node.house import KEY

from haechi.cli.processes import NodeProcess
from haechi.facts import load
from haechi.network.client import PeerClient
from haechi.network.fork import Fork
from haechi.node.maintenance import grant
from haechi.statement.claims import claim_of, kind_names
from haechi.statement.envelope import MAX_STATEMENT_BYTES, Statement
from haechi.statement.kinds.policy import Policy

THUMBPRINT = KEY.public.thumbprint.hex()


def digest_of(file: Path) -> str:
    return Statement.from_bytes(file.read_bytes()).digest_hex


# init


def test_init_makes_a_node_and_tells_its_fingerprint(tmp_path: Path):
    ran = haechi(
        "init", tmp_path / "n", "--origin", "kr.example/log", "--issuer", "aisi.kr.example",
        "--name-en", "Korea", "--name-ko", "한국", "--country", "KR", "--heads", tmp_path / "h", "--json",
    )  # fmt: skip
    assert ran.code == 0
    assert set(ran.data) == {"folder", "origin", "fingerprint", "url"}
    assert len(ran.data["fingerprint"]) == 64
    assert (tmp_path / "n" / "haechi.toml").stat().st_mode & 0o777 == 0o600


def test_init_touches_no_folder_that_holds_something(stopped: Path, tmp_path: Path):
    before = files_in(stopped)
    options = (
        "--origin",
        "kr.example/log",
        "--issuer",
        "x",
        "--name-en",
        "a",
        "--name-ko",
        "가",
        "--country",
        "KR",
    )
    assert haechi("init", stopped, *options).code == 7
    assert files_in(stopped) == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "note.txt").write_text("mine")
    ran = haechi("init", tmp_path / "other", *options)
    assert ran.code == 7
    assert "note.txt" in ran.err
    assert files_in(tmp_path / "other") == {"note.txt": b"mine"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--origin", "KR.EXAMPLE"),
        ("--country", "Korea"),
        ("--role", "king"),
        ("--issuer", ""),
        ("--issuer", "two words"),
        ("--url", "ftp://kr.example"),
        ("--port", "70000"),
        ("--name-ko", "한국\u202e"),
        ("--heads", os.devnull),
    ],
)
def test_init_leaves_nothing_behind_when_it_refuses(tmp_path: Path, option: str, value: str):
    given = {
        "--origin": "kr.example/log", "--issuer": "x", "--name-en": "a", "--name-ko": "가", "--country": "KR",
        "--heads": str(tmp_path / "heads"), option: value,
    }  # fmt: skip
    ran = haechi("init", tmp_path / "n", *(word for pair in given.items() for word in pair))
    assert ran.code in (4, 8), ran.err
    assert not (tmp_path / "n").exists()


# keys


def test_a_key_is_made_listed_and_shown(tmp_path: Path):
    made = haechi("key", "new", "mine", "--keys", tmp_path, "--json").data
    assert made["encrypted"] is False
    assert haechi("key", "list", "--keys", tmp_path, "--json").data["keys"] == ["mine"]
    assert "mine" in haechi("key", "list", "--keys", tmp_path).out
    shown = haechi("key", "show", "mine", "--keys", tmp_path, "--json").data
    assert shown["thumbprint"] == made["thumbprint"]
    assert made["thumbprint"] in haechi("key", "show", tmp_path / "mine.pem").out
    assert (tmp_path / "mine.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("family", ["Ed25519", "ES256", "ML-DSA-44", "ML-DSA-65"])
def test_every_family_of_keys_can_be_made(tmp_path: Path, family: str):
    assert (
        haechi("key", "new", "k", "--family", family, "--keys", tmp_path, "--json").data["family"] == family
    )


def test_a_key_with_a_passphrase_opens_with_it_alone(tmp_path: Path):
    right, wrong = ({"HAECHI_PASSPHRASE": word} for word in ("open sesame", "no"))
    assert haechi("key", "new", "k", "--keys", tmp_path, "--json", variables=right).data["encrypted"] is True
    show = ("key", "show", "k", "--keys", tmp_path)
    assert haechi(*show).code == 6
    assert "statement.key-locked" in haechi(*show, variables=wrong).err
    assert haechi(*show, variables=right).code == 0


def test_no_private_key_is_ever_written_out(place: Place):
    private = KEY.private.private_bytes_raw()  # type: ignore[union-attr]
    for arguments in (("show", "company"), ("show", "company", "--json"), ("list", "--json")):
        ran = haechi("key", *arguments, "--keys", place.keys)
        assert private.hex() not in ran.out + ran.err


# sign


def test_every_kind_is_listed_with_a_schema_and_an_example(place: Place, tmp_path: Path):
    listed = haechi("sign", "kinds", "--json").data
    assert [each["kind"] for each in listed] == kind_names()
    assert all(each["title"].keys() == {"en", "ko"} for each in listed)
    text = haechi("sign", "kinds", lang="ko").out
    for kind in kind_names():
        assert kind in text
        assert haechi("sign", kind, "--schema").data["$id"] == f"urn:haechi:kind:{kind}"
        example = haechi("sign", kind, "--example")
        ran = haechi(
            "sign", kind, "-", "-k", "company", "--keys", place.keys, "-i", COMPANY, "-s", "app:x",
            "-o", tmp_path / f"{kind}.cose", "--json", stdin=example.out.encode(),
        )  # fmt: skip
        assert ran.code == 0, ran.out
        assert haechi("show", tmp_path / f"{kind}.cose", "--json").data[0]["claim"] == example.data
        assert haechi("show", tmp_path / f"{kind}.cose", lang="ko").code == 0


def test_a_signed_payload_refers_to_its_files_by_digest(signed: Path):
    claim = haechi("show", signed, "--json").data[0]["claim"]
    assert claim["files"][0]["digest"] == f"sha256:{evidence().digest.hex()}"
    assert claim["files"][0]["size"] == len(FILE)


def test_a_file_can_be_signed_by_its_digest_alone(place: Place, tmp_path: Path):
    (tmp_path / "run.csv").write_bytes(FILE)
    ran = haechi(
        "sign", "document", "--file", tmp_path / "run.csv", "-k", "company", "--keys", place.keys,
        "-i", COMPANY, "-s", "app:x", "-o", tmp_path / "s.cose", "--json",
    )  # fmt: skip
    shown = haechi("show", tmp_path / "s.cose", "--json").data[0]
    assert shown["digest"] == ran.data["digest"]
    assert shown["hash_envelope"]["payload"] == f"sha256:{evidence().digest.hex()}"
    assert evidence().digest.hex() in haechi("show", tmp_path / "s.cose").out


def test_the_default_name_of_a_statement_is_its_digest(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.csv").write_bytes(FILE)
    ran = haechi(
        "sign", "document", "--file", "run.csv", "-k", "company", "--keys", place.keys, "-i", COMPANY,
        "-s", "a", "--json",
    )  # fmt: skip
    assert ran.data["file"] == f"{ran.data['digest'][:16]}.cose"
    assert digest_of(tmp_path / ran.data["file"]) == ran.data["digest"]


BAD_PAYLOADS = {
    "not-json": b"{",
    "not-utf-8": b"\xff",
    "twice": b'{"title":{"en":"x"},"title":{"en":"y"}}',
    "nan": b'{"title":NaN}',
    "deep": b"[" * 100_000,
    "list": b"[]",
    "unknown-field": b'{"title":{"en":"x"},"form":"document.policy","dated":"2026-03-01","files":[],"x":1}',
    "unknown-name": b'{"title":{"en":"x"},"form":"document.polcy","dated":"2026-03-01",'
    b'"files":[{"file":"run.csv"}]}',
    "no-such-file": b'{"files":[{"file":"nowhere.csv"}]}',
    "large": b'"' + b"a" * (1 << 20) + b'"',
}


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_a_payload_with_a_fault_is_refused_and_nothing_is_written(
    place: Place, tmp_path: Path, payload: bytes
):
    (tmp_path / "run.csv").write_bytes(FILE)
    (tmp_path / "p.json").write_bytes(payload)
    before = files_in(tmp_path)
    for lang in ("en", "ko"):
        ran = haechi(
            "sign", "document", tmp_path / "p.json", "-k", "company", "--keys", place.keys, "-i", COMPANY,
            "-s", "app:x", "-o", tmp_path / "out.cose", lang=lang,
        )  # fmt: skip
        assert ran.code in (4, 5), ran.err
        assert ran.out == ""
        assert ran.err.count("\n") == 2
    assert files_in(tmp_path) == before


# submit, log bundle, verify, show


def test_a_statement_goes_in_and_a_bundle_comes_out(
    node: NodeProcess, place: Place, signed: Path, tmp_path: Path
):
    digest, pins = digest_of(signed), tmp_path / "pins.json"
    unpinned = haechi("submit", signed, "--node", node.url, "--json")
    assert unpinned.code == 3
    assert unpinned.data["checks"][0]["code"] == "log.receipt.key-unknown"
    assert haechi("mirror", "pin", node.url, "-f", node.card.fingerprint(), "--pins", pins).code == 0
    ran = haechi("submit", signed, "--node", node.url, "--pins", pins, "-e", tmp_path / "run.csv", "--json")
    assert ran.code == 0
    assert ran.data["evidence"] == ["run.csv"]
    assert len(Statement.from_bytes(signed.read_bytes()).receipts) == 1
    target = tmp_path / "report.haechi"
    written = haechi("log", "bundle", digest, "--node", node.url, "-o", target, "--json")
    assert written.data["bytes"] == target.stat().st_size
    for what in (
        target,
        digest,
        f"sha256:{digest}",
        f"{node.url}/ko/statement/{digest}",
        f"{node.url}/entries/{digest}",
    ):
        report = haechi("verify", what, "--pins", pins, "--node", node.url, "--json")
        assert (report.code, report.data["verdict"]) == (0, "HOLDS"), report.out
    assert haechi("verify", target).code == 3
    assert "pinned" in haechi("verify", target).out
    assert [each["kind"] for each in haechi("show", target, "--json").data] == ["document", "policy"]


def test_receipts_of_other_logs_are_kept(node: NodeProcess, place: Place, signed: Path):
    foreign = (
        Statement.from_bytes(place.statement.read_bytes())
        .receipts[0]
        .replace(b"kr.example/log", b"uk.example/log")
    )
    statement = Statement.from_bytes(signed.read_bytes())
    signed.write_bytes(statement.with_receipts([foreign, b"junk"]))
    assert haechi("submit", signed, "--node", node.url).code == 3
    receipts = Statement.from_bytes(signed.read_bytes()).receipts
    assert len(receipts) == 2
    assert receipts[0] == foreign


def test_a_statement_that_the_policy_does_not_admit_is_refused_with_what_to_do(
    node: NodeProcess, place: Place, tmp_path: Path
):
    target = tmp_path / "w.cose"
    haechi(
        "sign", "dispute", "-", "-k", "company", "--keys", place.keys, "-i", COMPANY, "-s", "a", "-o", target,
        stdin=haechi("sign", "dispute", "--example").out.encode(),
    )  # fmt: skip
    before = target.read_bytes()
    ran = haechi("submit", target, "--node", node.url)
    assert ran.code == 6
    assert "haechi log allow" in ran.err
    assert target.read_bytes() == before


@pytest.mark.parametrize("body", [b"", b"no receipt", b"\xd2\x84\x40\xa0\xf6\x40"])
def test_an_answer_that_is_no_receipt_fails_and_is_not_kept(signed: Path, body: bytes):
    before = signed.read_bytes()
    with scripted(answers(ok(body).replace(b"200 OK", b"201 Created"))) as liar:
        ran = haechi("submit", signed, "--node", liar.url, "--json")
    assert ran.code == 1
    assert ran.data["checks"][0]["code"] == "log.receipt.malformed"
    assert signed.read_bytes() == before


def test_evidence_that_the_statement_does_not_name_stays_here(
    node: NodeProcess, signed: Path, tmp_path: Path
):
    (tmp_path / "diary.txt").write_text("mine")
    ran = haechi("submit", signed, "--node", node.url, "-e", tmp_path / "diary.txt")
    assert ran.code == 4
    assert "diary.txt" in ran.err


def test_a_node_that_answers_with_another_bundle_is_found_out(place: Place):
    raw = place.bundle.read_bytes()
    with scripted(answers(ok(raw))) as liar:
        honest = haechi("verify", digest_of(place.statement), "--node", liar.url, "--pins", place.pins)
        lied_to = haechi("verify", "0" * 64, "--node", liar.url, "--pins", place.pins, "--json")
    assert honest.code == 0
    assert lied_to.code == 1
    assert "network.bundle.another" in {check["code"] for check in lied_to.data["sections"][0]["checks"]}


def test_verify_names_each_check_its_verdict_and_why(place: Place):
    en = haechi("verify", place.bundle, "--pins", place.pins)
    ko = haechi("verify", place.bundle, "--pins", place.pins, lang="ko")
    assert (en.code, ko.code) == (0, 0)
    assert en.out.splitlines()[-1] == "Verdict: HOLDS"
    assert ko.out.splitlines()[-1] == "판정: 성립"
    assert (
        sum("✔" in line for line in en.out.splitlines())
        == sum("✔" in line for line in ko.out.splitlines())
        > 15
    )
    data = haechi("verify", place.bundle, "--pins", place.pins, "--json").data
    assert {check["verdict"] for section in data["sections"] for check in section["checks"]} == {"HOLDS"}


def test_verify_of_a_changed_bundle_fails(place: Place, tmp_path: Path):
    raw = bytearray(place.bundle.read_bytes())
    raw[-1] ^= 1
    (tmp_path / "changed.haechi").write_bytes(raw)
    ran = haechi("verify", tmp_path / "changed.haechi", "--pins", place.pins)
    assert ran.code == 1
    assert "✘ FAILS" in ran.out


def test_a_quorum_of_more_witnesses_than_are_known_is_said_as_that(place: Place):
    ran = haechi("verify", place.bundle, "--pins", place.pins, "--quorum", 9, "--json")
    assert ran.code == 4
    assert ran.json["error"]["message"].endswith("asks for 9 witnesses, and 0 are pinned or listed here")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.json", '{"x": 1}'),
        ("x.json", "{"),
        ("list.json", "[1, 2]"),
        ("code.py", "print('안녕')\n"),
        ("a.csv", "a,b\n"),
    ],
)
def test_a_file_that_nobody_signs_is_refused_with_a_hint_and_no_verdict(
    place: Place, tmp_path: Path, name: str, text: str
):
    (tmp_path / name).write_text(text, "utf-8")
    ran = haechi("verify", tmp_path / name, "--pins", place.pins, "--json")
    assert ran.code == 4
    assert ran.json["error"]["code"] == "cli.nothing-to-verify"
    assert "haechi detect" in ran.json["error"]["hint"]


@pytest.mark.parametrize(
    "words",
    [
        ("duties", "{file}"),
        ("clocks", "{file}"),
        ("--facts", "{file}", "facts", "check"),
        (
            "sign",
            "document",
            "{file}",
            "--keys",
            "{keys}",
            "--key",
            "company",
            "--issuer",
            "a",
            "--subject",
            "b",
        ),
    ],
)
def test_a_broken_file_is_told_in_korean_without_the_parsers_english(
    run: Run, place: Place, tmp_path: Path, words: tuple[str, ...]
):
    (tmp_path / "broken.json").write_text("{[")
    given = [word.format(file=tmp_path / "broken.json", keys=place.keys) for word in words]
    told = run(*given, lang="ko")
    assert told.code in (4, 8)
    assert "JSON이 올바르지 않음" in told.err
    assert not re.search(r"malformed|invalid|Expecting|byte", told.err)


def test_damaged_evidence_of_two_histories_still_fails(place: Place, tmp_path: Path):
    keys = ("example.com+0123abcd+AQ==",)
    whole = Fork(origin="x.example/log", first="a\n", second="b\n", vkeys=keys).to_json()
    for at in range(1, len(whole), 7):
        damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        (tmp_path / "fork.json").write_bytes(damaged)
        assert haechi("verify", tmp_path / "fork.json", "--pins", place.pins).code == 1, damaged
    (tmp_path / "fork.json").write_bytes(whole[: len(whole) // 2])
    told = haechi("verify", tmp_path / "fork.json", "--pins", place.pins)
    assert (told.code, told.out.count("not a fork evidence file")) == (1, 1)


def test_a_damaged_statement_still_fails(place: Place, tmp_path: Path):
    whole = place.statement.read_bytes()
    for raw in (b"\x41" + whole[1:], whole[:2], whole[:-9], b"\x00garbage"):
        (tmp_path / "s.cose").write_bytes(raw)
        assert haechi("verify", tmp_path / "s.cose", "--pins", place.pins).code == 1


def test_show_reads_what_this_version_does_not_know(place: Place, tmp_path: Path):
    from haechi.statement.envelope import About, sign_statement

    about = About(issuer=COMPANY, subject="app:x", issued_at=0, kind="horoscope")
    (tmp_path / "f.cose").write_bytes(sign_statement(KEY, about, b"\xa0").raw)
    assert "does not know" in haechi("show", tmp_path / "f.cose").out
    assert haechi("show", tmp_path / "f.cose", "--json").data[0]["kind"] == "horoscope"
    about = About(issuer=COMPANY, subject="app:x", issued_at=0, kind="document")
    (tmp_path / "m.cose").write_bytes(sign_statement(KEY, about, b"\xa0").raw)
    assert haechi("show", tmp_path / "m.cose").code == 0
    assert haechi("show", tmp_path / "m.cose", "--json").data[0]["error"]["code"] == "statement.claim"


# log


def test_the_head_of_a_log_is_shown_beside_a_running_node(node: NodeProcess, stopped: Path):
    running = haechi("log", "head", "--dir", node.folder, "--json").data
    assert running["size"] >= 3
    assert running["checkpoint"].startswith("kr.example/log\n")
    assert haechi("log", "head", "--dir", stopped, "--json").data["size"] == 2
    text = haechi("log", "head", "--dir", stopped).out
    assert all(len(line) < 200 for line in text.splitlines())


def test_fsck_holds_for_a_sound_log_and_fails_for_a_damaged_one(stopped: Path):
    sound = haechi("log", "fsck", "--dir", stopped, "--json")
    assert sound.code == 0
    assert {check["verdict"] for check in sound.data} == {"HOLDS"}
    raw = bytearray((stopped / "log" / "log.db").read_bytes())
    at = raw.index(b"\xd2\x84")  # a statement: a COSE_Sign1 begins so
    raw[at + 100] ^= 1
    (stopped / "log" / "log.db").write_bytes(raw)
    damaged = haechi("log", "fsck", "--dir", stopped, "--json")
    assert damaged.code == 1
    assert "FAILS" in {check["verdict"] for check in damaged.data}
    assert "✘" in haechi("log", "fsck", "--dir", stopped, lang="ko").out


def test_export_writes_tiles_once(stopped: Path, tmp_path: Path):
    first = haechi("log", "export", tmp_path / "out", "--dir", stopped, "--json").data
    again = haechi("log", "export", tmp_path / "out", "--dir", stopped, "--json").data
    assert (first["written"] > 0, again["written"]) == (True, 0)
    assert (tmp_path / "out" / "checkpoint").read_bytes().startswith(b"kr.example/log\n2\n")


def test_an_issuer_is_allowed_once_on_a_stopped_and_on_a_running_node(stopped: Path, node: NodeProcess):
    for folder, kind in ((stopped, "document"), (node.folder, "incident_report")):
        options = ("--issuer", COMPANY, "--key", THUMBPRINT, "--kind", kind, "--dir", folder)
        assert len(haechi("log", "allow", *options, "--json").data["policy"]) == 64
        again = haechi("log", "allow", *options)
        assert again.code == 7
        assert "already" in again.err


def test_two_grants_at_the_same_moment_are_both_kept(node: NodeProcess):
    names = [f"issuer-{n}.example" for n in range(6)]

    def allow(name: str) -> Statement:
        return grant(node.folder, name, KEY.public.thumbprint, ("document",), None)

    with ThreadPoolExecutor(len(names)) as pool:
        assert len({statement.digest for statement in pool.map(allow, names)}) == len(names)
    with PeerClient(node.url) as client:
        policy = claim_of(Statement.from_bytes(client.fetch("/policy", MAX_STATEMENT_BYTES)), load())
    assert isinstance(policy, Policy)
    assert set(names) <= {grant.issuer for grant in policy.grants}


# mirror


def test_pins_are_added_listed_and_removed(node: NodeProcess, stopped: Path, tmp_path: Path):
    told = " ".join(node.card.fingerprint()[at : at + 8].upper() for at in range(0, 64, 8))
    (tmp_path / "card.json").write_bytes(node.card.to_json().replace(b"kr.example", b"kr.example"))
    pins = tmp_path / "pins.json"
    assert haechi("mirror", "pin", tmp_path / "card.json", "-f", told, "--pins", pins, "--json").code == 0
    assert haechi("mirror", "pin", node.url, "-f", told, "--pins", pins).code == 7
    listed = haechi("mirror", "list", "--pins", pins, "--json").data
    assert [each["fingerprint"] for each in listed] == [node.card.fingerprint()]
    assert node.card.fingerprint() in haechi("mirror", "list", "--pins", pins).out
    assert haechi("mirror", "unpin", node.card.origin, "--pins", pins).code == 0
    assert haechi("mirror", "list", "--pins", pins, "--json").data == []
    assert haechi("mirror", "unpin", node.card.origin, "--pins", pins).code == 5
    assert haechi("mirror", "list", "--dir", stopped, "--json").data == []


def test_a_wrong_fingerprint_pins_nothing(node: NodeProcess, stopped: Path):
    ran = haechi("mirror", "pin", node.url, "-f", "0" * 64, "--dir", stopped)
    assert ran.code == 7
    assert node.card.fingerprint() in ran.err
    assert not (stopped / "pins.json").exists()


def test_a_peer_is_mirrored_by_hand(node: NodeProcess, tmp_path: Path):
    folder = tmp_path / "uk"
    haechi(
        "init", folder, "--origin", "uk.example/log", "--issuer", "aisi.uk.example", "--name-en", "UK",
        "--name-ko", "영국", "--country", "GB", "--heads", tmp_path / "heads",
    )  # fmt: skip
    assert haechi("mirror", "sync", "--dir", folder).code == 5
    haechi("mirror", "pin", node.url, "-f", node.card.fingerprint(), "--dir", folder)
    ran = haechi("mirror", "sync", "--dir", folder, "--json")
    assert ran.code == 0
    assert [check["code"] for check in ran.data] == ["network.peer.synced"]
    text = haechi("mirror", "sync", "--dir", folder, lang="ko")
    assert node.card.origin in text.out
    assert text.err == ""


# Exit codes


ABSENT_NODE = ("log", "head", "--dir", "nowhere")
CODES: dict[str, tuple[int, str, Callable[[Place], tuple[object, ...]]]] = {
    "holds": (0, "", lambda place: ("verify", place.bundle, "--pins", place.pins)),
    "fails": (1, "", lambda place: ("verify", place.pins)),
    "no-such-option": (2, "cli.usage", lambda _: ("verify", "x", "--colour")),
    "no-such-command": (2, "cli.usage", lambda _: ("verfy",)),
    "argument-missing": (2, "cli.usage", lambda _: ("verify",)),
    "argument-too-many": (2, "cli.usage", lambda _: ("verify", "a", "b")),
    "option-missing": (2, "cli.usage", lambda place: ("mirror", "pin", "http://x", "--pins", place.pins)),
    "not-a-number": (2, "cli.usage", lambda _: ("node", "--port", "many")),
    "digest-without-node": (2, "cli.usage", lambda _: ("verify", "0" * 64)),
    "submit-without-node": (2, "cli.usage", lambda place: ("submit", place.statement)),
    "sign-without-key": (2, "cli.usage", lambda _: ("sign", "document", "x.json", "-i", "a", "-s", "b")),
    "undecided": (3, "", lambda place: ("verify", place.bundle)),
    "bad-input": (4, "network.pins", lambda place: ("verify", place.bundle, "--pins", place.bundle)),
    "bad-link": (4, "input", lambda _: ("verify", "http://127.0.0.1:1/x")),
    "unknown-kind": (4, "statement.kind-unknown", lambda _: ("sign", "horoscope", "--schema")),
    "no-file": (5, "cli.no-file", lambda _: ("verify", "nowhere.haechi")),
    "no-pins": (5, "cli.no-file", lambda place: ("verify", place.bundle, "--pins", "nowhere.json")),
    "no-node": (5, "node.absent", lambda _: ABSENT_NODE),
    "no-node-to-run": (5, "node.absent", lambda _: ("node", "--dir", "nowhere")),
    "no-key": (5, "not-found", lambda place: ("key", "show", "nobody", "--keys", place.keys)),
    "exists": (7, "statement.key-exists", lambda place: ("key", "new", "company", "--keys", place.keys)),
    "folder": (8, "cli.file", lambda place: ("verify", place.folder)),
    "no-peer": (
        8,
        "network.peer-unavailable",
        lambda _: ("verify", "0" * 64, "--node", "http://127.0.0.1:1"),
    ),
}


@pytest.mark.parametrize("case", CODES)
def test_exit_codes_are_those_documented(
    place: Place, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    code, error, arguments = CODES[case]
    en, ko = (haechi(*arguments(place), lang=lang) for lang in ("en", "ko"))
    assert (en.code, ko.code) == (code, code), en.err + en.out
    if error:
        assert en.out == ko.out == ""
        assert en.err.startswith(f"[{error}] ")
        assert en.err.splitlines()[1].startswith("hint: ")
        assert ko.err.splitlines()[1].startswith("도움말: ")
        assert any("가" <= char <= "힣" for char in ko.err.splitlines()[0])
        told = haechi(*arguments(place), "--json")
        if "node" not in arguments(place)[:1]:  # `haechi node` answers nothing that could be JSON
            assert told.data["error"].keys() == {"code", "message", "hint", "facts"}
            assert told.data["error"]["code"] == error
    else:
        assert en.err == ko.err == ""
        assert isinstance(haechi(*arguments(place), "--json").data, dict)
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_exit_codes_is_complete():
    from haechi.cli.out import EXIT_BY_ERROR, EXIT_BY_VERDICT, EXIT_USAGE

    codes = {*EXIT_BY_VERDICT.values(), EXIT_USAGE, *(code for _, code in EXIT_BY_ERROR)}
    assert codes == set(range(9))
    assert {code for code, _, _ in CODES.values()} | {6} == codes  # 6: refused by a policy, above


def test_json_of_everything_is_json(place: Place):
    for arguments in (("sign", "kinds"), ("key", "list", "--keys", place.keys), ("show", place.bundle)):
        assert json.loads(haechi(*arguments, "--json").out)


def test_red_content_is_sent_nowhere(tmp_path: Path):
    """The command refuses before it asks anybody: the address answers nothing, and nobody notices."""
    content, keys = tmp_path / "plan.txt", tmp_path / "keys"
    content.write_text("not yet")
    assert haechi("key", "new", "me", "--keys", keys).code == 0
    signed = ("--level", "red", "--key", "me", "--keys", keys, "--issuer", "a.example")
    assert haechi("sign", "document", "--file", content, *signed, "--out", tmp_path / "s.cose").code == 0
    ran = haechi(
        "submit", tmp_path / "s.cose", "-e", tmp_path / "s.kept", "--node", "http://127.0.0.1:9", "--json"
    )
    assert ran.code == 4
    assert "RED" in ran.json["error"]["message"]
