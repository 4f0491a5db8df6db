"""Real nodes that witness each other, catch one that shows two histories, and say so everywhere."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.parties import FACTS, about_target
from tests.world.town import NOW, Town

from haechi.findings import Verdict
from haechi.log.checkpoint import read_checkpoint
from haechi.log.quorum import check_quorum
from haechi.network.add_checkpoint import AddCheckpoint
from haechi.network.fork import Fork
from haechi.network.pins import Pins
from haechi.network.verify import Quorum, verify_bundle, verify_fork
from haechi.network.witnesses import pinned_policy
from haechi.node.logkeys import change_log_keys, end_overlap
from haechi.node.peers import mirror_name
from haechi.node.service import Node
from haechi.node.turnover import Ending
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement

KR = "kr.example/log"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, "kr", "uk", "sg")
    yield town
    town.close()


def say(node: Node, subject: str) -> Statement:
    """Something that the node's operator says, registered."""
    about = About(issuer=node.config.issuer, subject=subject, issued_at=NOW, kind="dispute")
    payload = encode_claim(kind_of("dispute"), about_target("dispute", bytes(32)), FACTS)
    statement = sign_statement(node.keys.issuer, about, payload)
    node.register(statement.raw)
    node.sequencer.publish(NOW)
    return statement


def pins_of(town: Town) -> Pins:
    pins = Pins()
    for card in town.cards.values():
        pins = pins.add(card, card.fingerprint())
    return pins


def test_a_quorum_of_nodes_witnesses_a_log_and_a_reader_can_ask_for_it(town: Town):
    kr = town.houses["kr"]
    said = say(kr.node, "app:first")
    policy, pins = pinned_policy(list(town.cards.values()), 3), pins_of(town)
    before = verify_bundle(
        io.BytesIO(kr.ask("GET", f"/bundles/{said.digest_hex}").body), pins, FACTS, None, Quorum(policy, NOW)
    )
    assert "log.quorum.unwitnessed" in {finding.code for finding in before.findings}
    assert before.verdict is Verdict.UNDECIDED
    town.round("kr")
    after = verify_bundle(
        io.BytesIO(kr.ask("GET", f"/bundles/{said.digest_hex}").body), pins, FACTS, None, Quorum(policy, NOW)
    )
    assert {"log.quorum.met", "log.fresh.recent"} <= {finding.code for finding in after.findings}
    assert after.verdict is Verdict.HOLDS
    later = verify_bundle(
        io.BytesIO(kr.ask("GET", f"/bundles/{said.digest_hex}").body),
        pins,
        FACTS,
        None,
        Quorum(policy, NOW + 10**8),
    )
    assert "log.fresh.aged" in {finding.code for finding in later.findings}
    assert later.verdict is Verdict.HOLDS


def test_publishing_does_not_wait_for_witnesses_that_are_cut_off(town: Town):
    town.cut |= {frozenset({"kr", "uk"}), frozenset({"kr", "sg"})}
    said = say(town.houses["kr"].node, "app:alone")
    town.round("kr")
    page = json.loads(town.houses["kr"].ask("GET", f"/en/statement/{said.digest_hex}.json").body)
    assert page["verdict"] == "UNDECIDED"
    town.cut.clear()
    town.round("kr")
    page = json.loads(town.houses["kr"].ask("GET", f"/en/statement/{said.digest_hex}.json").body)
    assert page["verdict"] == "HOLDS"


def test_a_mirror_cosigns_what_it_holds_and_the_log_collects_it(town: Town):
    say(town.houses["kr"].node, "app:mirrored")
    town.round("uk")
    note = town.houses["uk"].ask("GET", f"/mirrors/{mirror_name(KR)}/checkpoint").body
    names = {line.name for line in read_checkpoint(note)[1].lines}
    assert names == {KR, "uk.example/log/mirror"}
    town.round("kr")
    own = town.houses["kr"].ask("GET", "/log/witnessed").body
    assert {line.name for line in read_checkpoint(own)[1].lines} == {
        KR,
        "kr.example/log/witness",
        "uk.example/log/witness",
        "sg.example/log/witness",
        "uk.example/log/mirror",
    }
    town.round("uk")
    held = town.houses["uk"].ask("GET", f"/mirrors/{mirror_name(KR)}/witnessed").body
    head, lines = read_checkpoint(held)
    assert (
        check_quorum(lines, head, pinned_policy(list(town.cards.values())), NOW)[0].verdict is Verdict.HOLDS
    )


def test_the_statuses_of_the_protocol_are_answered_over_http(town: Town):
    kr, uk = town.houses["kr"], town.houses["uk"]
    say(kr.node, "app:status")
    note = kr.ask("GET", "/log/checkpoint").body
    stranger = note.replace(b"kr.example/log", b"xx.example/log")
    forged = note.replace(b"\n3\n", b"\n4\n")
    asks = [
        (b"nonsense", 400),
        (AddCheckpoint(0, (), stranger).encode(), 404),
        (AddCheckpoint(0, (), forged).encode(), 403),
        (AddCheckpoint(7, (), note).encode(), 400),
        (AddCheckpoint(2, (), note).encode(), 409),
        (AddCheckpoint(0, (bytes(32),), note).encode(), 422),
        (b"old 0\n\n" + note + b"x" * (256 << 10), 413),
        (AddCheckpoint(0, (), note).encode(), 200),
    ]
    assert [uk.ask("POST", "/witness/add-checkpoint", body).status for body, _ in asks] == [
        s for _, s in asks
    ]
    conflict = uk.ask("POST", "/witness/add-checkpoint", AddCheckpoint(0, (), note).encode())
    assert (conflict.status, conflict.body, conflict.headers["content-type"]) == (
        409,
        b"3\n",
        "text/x.tlog.size",
    )
    shown = uk.ask("GET", f"/witness/{mirror_name(KR)}/checkpoint")
    assert read_checkpoint(shown.body)[0] == read_checkpoint(note)[0]
    assert uk.ask("GET", f"/witness/{mirror_name('xx')}/checkpoint").status == 404


def test_a_node_that_shows_two_histories_is_caught_frozen_and_named_everywhere(town: Town, tmp_path: Path):
    early = say(town.houses["kr"].node, "app:common")
    for name in ("kr", "uk", "sg"):
        town.round(name)
    twin = town.clone("kr", "kr2")
    town.shown["sg", "kr"] = "kr2"
    one, other = say(town.houses["kr"].node, "app:for-the-uk"), say(twin.node, "app:for-singapore")
    say(twin.node, "app:for-singapore-too")
    town.round("uk")
    town.round("sg")  # sees its own history of Korea's log, then the UK's mirror of the other one
    town.round("uk")
    town.round("sg")
    for name in ("uk", "sg"):
        house = town.houses[name]
        peers = json.loads(house.ask("GET", "/en/peers.json").body)["peers"]
        assert [peer["origin"] for peer in peers if peer["frozen"]] == [KR]
        log = house.ask("GET", f"/en/log.json?origin={KR}").body
        assert json.loads(log)["log"]["forked"] == f"/equivocations/{mirror_name(KR)}"
        evidence = house.ask("GET", f"/equivocations/{mirror_name(KR)}").body
        report = verify_fork(evidence, pins_of(town))
        assert [finding.code for finding in report.findings] == [
            "network.fork.proven",
            "network.accused.pinned",
        ]
        unpinned = verify_fork(evidence, Pins())
        assert [finding.code for finding in unpinned.findings] == [
            "network.fork.proven",
            "network.accused.unpinned",
        ]
        changed = evidence.replace(b'"root": "', b'"root": "0', 1).replace(b'", \n', b'",\n')
        assert verify_fork(changed, pins_of(town)).findings[0].code != "network.fork.proven"
        said = house.node.index.by_kind("equivocation", 10)
        assert {place.origin for row in said for place in row.places} == {"uk.example/log", "sg.example/log"}
    late = town.houses["uk"].ask("GET", f"/en/statement/{one.digest_hex}.json").body
    assert "network.log.forked" in codes_of(late)
    soon = town.houses["uk"].ask("GET", f"/en/statement/{early.digest_hex}.json").body
    assert "network.log.forked-later" in codes_of(soon)
    bundle = town.houses["uk"].ask("GET", f"/bundles/{one.digest_hex}").body
    assert "network.log.forked" in {
        f.code for f in verify_bundle(io.BytesIO(bundle), pins_of(town), FACTS).findings
    }
    assert town.houses["sg"].ask("GET", f"/statements/{other.digest_hex}").status == 200
    # Nothing more is taken from the log, and nothing more of it is cosigned.
    before = town.houses["uk"].runner.peers.of(KR).store.head().size
    say(town.houses["kr"].node, "app:after")
    town.round("uk")
    assert town.houses["uk"].runner.peers.of(KR).store.head().size == before
    asked = town.houses["kr"].runner.witnessing.ask(NOW)
    assert "network.witnessed.refused" in {finding.code for finding in asked}


def codes_of(page: bytes) -> set[str]:
    return {finding["code"] for part in json.loads(page)["checks"] for finding in part["findings"]}


def test_an_old_checkpoint_in_a_readers_hands_convicts_a_log(town: Town):
    twin = town.clone("kr", "kr2")
    say(twin.node, "app:kept-by-a-reader")
    kept = twin.ask("GET", "/log/checkpoint").body
    say(town.houses["kr"].node, "app:other")
    say(town.houses["kr"].node, "app:more")
    town.round("uk")
    uk = town.houses["uk"]
    honest = uk.ask("POST", "/checkpoints", town.houses["kr"].ask("GET", "/log/checkpoint").body)
    assert json.loads(honest.body)["code"] == "network.mirror.agrees"
    told = json.loads(uk.ask("POST", "/checkpoints", kept).body)
    assert told["code"] == "network.mirror.forked"
    evidence = Fork.from_json(uk.ask("GET", f"/equivocations/{mirror_name(KR)}").body)
    assert evidence.check(town.cards["kr"].log_keys()).verdict is Verdict.FAILS
    # The log itself, confronted with it, admits it too.
    assert (
        json.loads(town.houses["kr"].ask("POST", "/checkpoints", kept).body)["code"]
        == "network.mirror.forked"
    )
    assert uk.ask("POST", "/checkpoints", b"nonsense").status == 400
    assert uk.ask("POST", "/checkpoints", kept.replace(b"kr.example", b"xx.example")).status == 404


def test_a_log_restored_from_a_backup_is_told_by_its_witness(town: Town):
    twin = town.clone("kr", "kr2")  # the backup, head store and all
    say(town.houses["kr"].node, "app:lost")
    town.round("kr")
    findings = {finding.code for finding in twin.runner.witnessing.ask(NOW)}
    assert "network.witnessed.ahead" in findings


def test_a_town_follows_a_log_that_changes_its_keys_and_no_thief_of_the_old_ones(town: Town):
    say(town.houses["kr"].node, "app:before")
    for name in ("kr", "uk", "sg"):
        town.round(name)
    stolen = town.houses["kr"].node.keys.checkpoint_signer(KR)
    why = Ending(Said(en="yearly", ko="해마다"))
    town.houses.pop("kr").close()
    done = change_log_keys(town.folder / "kr", why, None)
    end_overlap(town.folder / "kr", why, None)
    kr = town.open("kr")
    late = say(kr.node, "app:after")
    for name in ("uk", "sg", "kr"):
        town.round(name)
    for name in ("uk", "sg"):
        peer = town.houses[name].runner.peers.of(KR)
        assert peer.card == kr.runner.card
        assert peer.store.head() == kr.node.store.head()
        assert town.houses[name].ask("GET", f"/mirrors/{mirror_name(KR)}/handovers").status == 200
    witnessed = read_checkpoint(kr.ask("GET", "/log/witnessed").body)[1]
    assert {line.name for line in witnessed.lines} > {"uk.example/log/witness", "sg.example/log/witness"}
    # Whoever pinned the old card reads what the new keys sign, from a mirror too.
    for name in ("kr", "uk"):
        bundle = town.houses[name].ask("GET", f"/bundles/{late.digest_hex}").body
        report = verify_bundle(io.BytesIO(bundle), pins_of(town), FACTS)
        assert report.verdict is Verdict.HOLDS, [one.code for one in report.findings]
    # The thief's checkpoint is of no log that the others know; theirs goes on.
    size = kr.node.store.head().size
    forged = stolen.sign(size + 1, bytes(32), NOW)
    ask = AddCheckpoint(size, (), forged).encode()
    assert town.houses["uk"].ask("POST", "/witness/add-checkpoint", ask).status == 403
    told = town.houses["uk"].ask("POST", "/checkpoints", forged)
    assert json.loads(told.body)["code"] == "log.checkpoint.key-unknown"
    assert not town.houses["uk"].runner.witnessing.frozen
    assert done.until < size
