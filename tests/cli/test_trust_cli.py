"""Three countries make a list, a reader takes it from a root they were given, and verifies with it."""

import json
from pathlib import Path

import pytest
from tests.cli.ran import Ran, haechi
from tests.network.parties import FILE, Case, bundle

from haechi.network.trust.metadata import fingerprint

NAMES = ("kr", "uk", "sg")


class Desk:
    """A folder with the keys of three signers and an online key, two node cards and a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys, self.repository = folder / "keys", folder / "repository"
        self.list, self.trust = folder / "nodes.json", folder / "trust.json"
        self.case = Case()
        for name in (*NAMES, "online", "thief"):
            self.good("key", "new", name, "--keys", self.keys)
        for operator in (self.case.korea, self.case.britain):
            card = operator.card()
            path = folder / f"{operator.name}.json"
            path.write_bytes(card.to_json())
            self.good("trust", "add", self.list, "--card", path, "-f", card.fingerprint())

    @property
    def root(self) -> Path:
        return self.repository / "1.root.json"

    def good(self, *arguments: object) -> Ran:
        ran = haechi(*arguments)
        assert ran.code == 0, ran.err
        return ran

    def public(self, name: str) -> str:
        return self.good("key", "show", name, "--keys", self.keys, "--json").data["cose_key"]

    def signers(self, *names: str) -> list[str]:
        return [part for name in names for part in ("--signer", self.public(name))]

    def create(self) -> None:
        online = ("--online", self.public("online"))
        signers = (*self.signers(*NAMES), "--threshold", "2", *online)
        self.good("trust", "create", self.repository, "--list", self.list, *signers)

    def sign(self, *names: str, where: Path | None = None) -> Ran:
        for name in names[:-1]:
            self.good("trust", "sign", where or self.repository, "-k", name, "--keys", self.keys)
        return haechi(
            "trust", "sign", where or self.repository, "-k", names[-1], "--keys", self.keys, "--json"
        )

    def publish(self) -> Ran:
        return haechi("trust", "publish", self.repository, "-k", "online", "--keys", self.keys, "--json")

    def install(self, **instead: str) -> Ran:
        told = instead.get("told", fingerprint(self.root.read_bytes()))
        given = ("--root", self.root, "-f", told, "--from", self.repository, "--trust", self.trust)
        return haechi("trust", "install", *given, "--json")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def made(desk: Desk) -> Desk:
    desk.create()
    assert desk.sign("kr", "uk").data["complete"]
    assert desk.publish().code == 0
    return desk


def test_a_list_from_the_first_draft_to_a_verified_bundle(desk: Desk) -> None:
    desk.create()
    assert not desk.sign("kr").data["complete"]
    refused = desk.publish()
    assert (refused.code, refused.json["error"]["code"]) == (6, "network.trust.threshold")
    assert desk.sign("sg").data["complete"]
    assert desk.publish().data["version"] == 1
    assert desk.install().data == {
        "file": str(desk.trust),
        "version": 1,
        "root": 1,
        "expires": desk.install().data["expires"],
        "organisations": 2,
        "nodes": 2,
        "logged": None,
    }
    path = desk.folder / "evidence.haechi"
    path.write_bytes(bundle(desk.case.items(), FILE))
    assert haechi("verify", path).code == 3
    ran = haechi("verify", path, "--trust", desk.trust, "--json")
    assert (ran.code, ran.data["verdict"]) == (0, "HOLDS")
    codes = [check["code"] for section in ran.data["sections"] for check in section["checks"]]
    assert "network.list.current" in codes
    assert "log.registration.granted" in codes


def test_status_tells_of_the_draft_and_then_of_what_is_published(desk: Desk) -> None:
    desk.create()
    desk.sign("kr")
    assert not desk.good("trust", "status", desk.repository, "--json").data["complete"]
    desk.sign("uk")
    desk.publish()
    told = desk.good("trust", "status", desk.repository, "--json").data["published"]
    assert (told["version"], told["root"], told["expired"]) == (1, 1, False)
    for role in ("root", "targets"):
        part = told["roles"][role]
        assert (part["threshold"], len(part["keys"]), len(part["signed"])) == (2, 3, 2)
        assert set(part["signed"]) < set(part["keys"])
    assert len(told["roles"]["timestamp"]["signed"]) == 1
    words = desk.good("trust", "status", desk.repository).out
    assert words.count("✔") == 6
    nothing = haechi("trust", "status", desk.folder / "empty", "--json")
    assert nothing.json["error"]["code"] == "network.trust.no-draft"


def test_signatures_made_apart_merge(desk: Desk) -> None:
    desk.create()
    stick = desk.folder / "stick"
    (stick / "draft").mkdir(parents=True)
    for path in (desk.repository / "draft").iterdir():
        (stick / "draft" / path.name).write_bytes(path.read_bytes())
    desk.sign("kr")
    desk.sign("uk", where=stick)
    assert desk.good("trust", "merge", desk.repository, stick, "--json").data["complete"]
    assert desk.publish().code == 0


def test_a_stranger_signs_and_installs_nothing(desk: Desk) -> None:
    desk.create()
    unsigned = desk.publish()
    assert (unsigned.code, unsigned.json["error"]["code"]) == (6, "network.trust.threshold")
    stranger = desk.sign("thief")
    assert (stranger.code, stranger.json["error"]["code"]) == (6, "network.trust.foreign-key")
    made(desk)
    other = desk.install(told="ab" * 32)
    assert (other.code, other.json["error"]["code"]) == (4, "network.trust.root-differs")
    assert not desk.trust.exists()
    unasked = haechi("trust", "update", "--from", desk.repository, "--trust", desk.trust, "--json")
    assert (unasked.code, unasked.json["error"]["code"]) == (6, "network.trust.no-root")
    assert not desk.trust.exists()


def test_a_list_that_a_node_cannot_log_is_not_in_use(desk: Desk) -> None:
    made(desk)
    node = desk.folder / "node"
    told = ("--origin", "kr.example/log", "--issuer", "kr.example", "--name-en", "K", "--name-ko", "한국")
    desk.good("init", node, *told, "--country", "KR", "--heads", desk.folder / "heads")
    install = ("trust", "install", "--root", desk.root, "-f", fingerprint(desk.root.read_bytes()))
    where = ("--from", desk.repository, "--trust", node, "--json")
    locked = haechi(*install, *where, variables={"HAECHI_PASSPHRASE": "another"})
    assert locked.json["error"]["code"] == "statement.key-locked"
    assert not (node / "trust.json").exists()
    assert haechi(*install, *where).data["logged"] is not None


def test_a_key_ends_signers_change_and_readers_follow(desk: Desk) -> None:
    made(desk)
    assert desk.install().code == 0
    korea = desk.case.korea
    thumbprint = korea.key.public.thumbprint.hex()
    told = ("--owner", korea.issuer, "-k", thumbprint, "--log", korea.origin, "--at", "1", "--revoke")
    before = desk.folder / "before.json"
    before.write_bytes(desk.list.read_bytes())
    desk.good("trust", "end", desk.list, *told)
    changes = desk.good("trust", "diff", before, desk.list, "--json").data
    assert [change["how"] for change in changes] == ["changed"]
    assert "revoked from entry 1" in changes[0]["detail"]
    forgetful = haechi("trust", "end", desk.list, *told, "--json")
    assert forgetful.json["error"]["code"] == "network.trust.form"

    desk.good("trust", "propose", desk.repository, "--list", desk.list)
    desk.sign("uk", "sg")
    assert desk.publish().data["version"] == 2
    others = (*desk.signers("uk", "sg"), "--threshold", "2", "--online", desk.public("online"))
    desk.good("trust", "rotate", desk.repository, *others)
    assert desk.sign("uk", "sg").data["complete"]
    assert desk.publish().data["root"] == 2

    reader = desk.folder / "reader.json"
    reader.write_bytes(desk.trust.read_bytes())
    told_signers = desk.good("trust", "update", "--from", desk.repository, "--trust", reader).out
    assert desk.good("key", "show", "sg", "--keys", desk.keys, "--json").data["thumbprint"] in told_signers
    updated = haechi("trust", "update", "--from", desk.repository, "--trust", desk.trust, "--json").data
    assert (updated["version"], updated["root"]) == (3, 2)
    cut = haechi("trust", "propose", desk.repository, "--list", before, "--json")
    assert cut.json["error"]["code"] == "network.trust.history-cut"
    path = desk.folder / "evidence.haechi"
    path.write_bytes(bundle(desk.case.items(), FILE))
    ran = haechi("verify", path, "--trust", desk.trust, "--json")
    assert ran.code == 1
    codes = [check["code"] for section in ran.data["sections"] for check in section["checks"]]
    assert "network.key.revoked" in codes  # Korea's second policy stands after the revocation


def test_verify_names_the_attack(desk: Desk) -> None:
    made(desk)
    asked = ("trust", "verify", "--from", desk.repository, "--root", desk.root, "--json")
    assert haechi(*asked).code == 0
    path = desk.repository / "timestamp.json"
    told = json.loads(path.read_bytes())
    told["signed"]["version"] = 9
    path.write_text(json.dumps(told))
    ran = haechi(*asked)
    assert (ran.code, ran.data[0]["code"]) == (1, "network.list.refused")
    assert ran.data[0]["facts"]["refusal"] == "network.trust.threshold"


@pytest.mark.parametrize(("lang", "word"), [("en", "good until"), ("ko", "유효 기한")])
def test_inspect_speaks_both_languages(desk: Desk, lang: str, word: str) -> None:
    made(desk)
    assert desk.install().code == 0
    ran = haechi("trust", "inspect", "--trust", desk.trust, lang=lang)
    assert ran.code == 0
    assert word in ran.out
    assert desk.case.korea.origin in ran.out


def test_without_a_draft_there_is_nothing_to_sign(desk: Desk) -> None:
    made(desk)
    ran = desk.sign("kr")
    assert (ran.code, ran.json["error"]["code"]) == (7, "network.trust.no-draft")
