"""A log changes the keys of its checkpoints and receipts: readers follow, and a thief gains nothing."""

import base64
import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.ran import haechi
from tests.node.stopped import FACTS, WHY, made, opened, pinned, say, verified

from haechi.findings import Verdict
from haechi.log.checkpoint import check_checkpoint, read_checkpoint
from haechi.log.headstore import HeadMissing
from haechi.log.merkle import leaf_hash
from haechi.log.note import Note
from haechi.log.proof import TlogProof
from haechi.log.quorum import WitnessPolicy
from haechi.log.receipt import check_receipt
from haechi.network.bundle import read_manifest, write_bundle
from haechi.network.card import CardInvalid, NodeCard
from haechi.network.pins import Pins
from haechi.network.succession import HandoverRefused, Handovers, Succession
from haechi.network.verify import Quorum, Report, verify_bundle
from haechi.node import logkeys, turnover
from haechi.node.bundles import bundle_bytes
from haechi.node.keychain import Keychain, load_keychain
from haechi.node.logkeys import LogKeysChanged, OverlapOpen, change_log_keys
from haechi.node.pending import FILE as PENDING
from haechi.node.pending import ChangeUnfinished
from haechi.node.turnover import Ending, TurnoverRunning, turn_over
from haechi.statement.claims import Said
from haechi.statement.envelope import Statement, sign_statement
from haechi.statement.keyring import save_key
from haechi.statement.keys import SigningKey

ORIGIN = "kr.example/log"
ENDING = Ending(Said(en=WHY[0], ko=WHY[1]))
FOLLOWED = "network.handover.followed"


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return made(tmp_path / "node")


def amiss(report: Report) -> set[str]:
    """What does not hold, but for the file that the bundles here leave out."""
    wrong = {one.code for one in report.findings if one.verdict is not Verdict.HOLDS}
    return wrong - {"evidence.digest.absent"}


def rotated(folder: Path) -> LogKeysChanged:
    return change_log_keys(folder, ENDING, None)


def retire(folder: Path) -> None:
    assert haechi("key", "retire", "--dir", folder, "--reason", *WHY).code == 0


def keys_of(folder: Path) -> Keychain:
    return load_keychain(folder / "keys")


def checkpoint(folder: Path) -> bytes:
    runner = opened(folder)
    try:
        published = runner.node.store.published()
        assert published is not None
        return published.note
    finally:
        runner.stop()


def handovers(folder: Path) -> bytes:
    runner = opened(folder)
    try:
        return runner.handovers(ORIGIN).to_json()
    finally:
        runner.stop()


def bundle_of(folder: Path, statement: Statement) -> bytes:
    runner = opened(folder)
    try:
        return bundle_bytes(runner, statement.digest)
    finally:
        runner.stop()


def test_both_keys_sign_until_the_old_one_is_retired(node: Path):
    pins, before = pinned(node), say(node, "app:1")
    old_card = pins.node(ORIGIN)
    ran = haechi("key", "rotate", "--log", "--dir", node, "--reason", *WHY, "--json")
    assert ran.code == 0, ran.out
    assert (ran.data["overlap"], ran.data["until"]) == (True, 4)
    say(node, "app:2")
    note = checkpoint(node)
    assert len(read_checkpoint(note)[1].lines) == 4
    assert check_checkpoint(note, old_card.log_keys(), ORIGIN)[0].verdict is Verdict.HOLDS
    retire(node)
    say(node, "app:3")
    late = checkpoint(node)
    assert check_checkpoint(late, old_card.log_keys(), ORIGIN)[0].code == "log.checkpoint.key-unknown"
    assert check_checkpoint(late, pinned(node).log_keys(ORIGIN), ORIGIN)[0].verdict is Verdict.HOLDS
    assert haechi("log", "fsck", "--dir", node).code == 0
    assert not amiss(verified(node, before, pins))


def test_whoever_pinned_the_old_keys_can_verify_what_the_new_ones_sign(node: Path):
    pins = pinned(node)
    rotated(node)
    retire(node)
    after = say(node, "app:2")
    report = verified(node, after, pins)
    assert not amiss(report)
    assert FOLLOWED in {one.code for one in report.findings}
    # Without the handover nobody who pinned the old keys knows the new ones.
    raw = bundle_of(node, after)
    items = read_manifest(io.BytesIO(raw)).items
    bare = io.BytesIO()
    write_bundle(bare, [item for item in items if item.role != "key"])
    bare.seek(0)
    report = verify_bundle(bare, pins, FACTS)
    assert report.verdict is Verdict.UNDECIDED
    assert "log.checkpoint.key-unknown" in {one.code for one in report.findings}


def test_whoever_pins_the_new_keys_can_verify_what_the_old_ones_signed(node: Path):
    before = say(node, "app:1")
    raw = bundle_of(node, before)
    rotated(node)
    card = pinned(node).node(ORIGIN)
    assert [one.until for one in card.former] == [4]
    report = verify_bundle(io.BytesIO(raw), Pins().add(card, card.fingerprint()), FACTS)
    assert not amiss(report)


def test_a_change_of_both_kinds_of_keys_is_followed_through(node: Path):
    pins = pinned(node)
    turn_over(node, ENDING, None)
    rotated(node)
    retire(node)
    rotated(node)
    retire(node)
    after = say(node, "app:2")
    report = verified(node, after, pins)
    assert not amiss(report)
    succession = Succession(pins.node(ORIGIN), node.parent, FACTS)
    succession.learn(handovers(node))
    assert succession.card.vkeys == pinned(node).node(ORIGIN).vkeys
    assert [one.until for one in succession.card.former] == [
        one.until for one in pinned(node).node(ORIGIN).former
    ]
    again = Succession(pins.node(ORIGIN), node.parent, FACTS)
    assert again.card == succession.card


def test_a_thief_with_the_old_keys_signs_nothing_that_counts(node: Path):
    pins, thief = pinned(node), keys_of(node).checkpoint_signer(ORIGIN)
    succession = Succession(pins.node(ORIGIN), node.parent, FACTS)
    done = rotated(node)
    succession.learn(handovers(node))
    for keys in (succession.keys, pinned(node).node(ORIGIN).log_keys()):
        stolen = thief.sign(done.until + 1, bytes(32), 1)
        assert check_checkpoint(stolen, keys, ORIGIN)[0].code == "log.checkpoint.key-unknown"
    # Those who did not hear of it are told by the thief's own checkpoint being short of what others hold.
    assert check_checkpoint(stolen, pins.log_keys(ORIGIN), ORIGIN)[0].verdict is Verdict.HOLDS


def test_a_thief_with_the_old_keys_cannot_hand_the_log_over(node: Path):
    """Neither with a statement of another issuer nor with one whose keys nobody shows to hold."""
    pins, stolen = pinned(node), keys_of(node)
    rotated(node)
    told = Handovers.from_json(handovers(node))
    honest = told.handovers[0]
    event = Statement.from_bytes(honest.events[-1].raw()[0])
    forgeries: list[Callable[[], Handovers]] = [
        lambda: forged(told, stolen, issuer=SigningKey.generate()),
        lambda: told_with(told, proof=honest.events[-1].proof.replace("index 2", "index 1")),
        lambda: told_with(told, proof=only_old(honest.events[-1].proof, stolen)),
    ]
    assert event.kid == stolen.issuer.public.thumbprint
    for make in forgeries:
        fresh = Succession(pins.node(ORIGIN), node.parent / "nowhere", FACTS)
        with pytest.raises(HandoverRefused):
            fresh.learn(make().to_json())
        assert fresh.card == pins.node(ORIGIN)


def told_with(told: Handovers, **fields: str) -> Handovers:
    one = told.handovers[0]
    event = msgspec.structs.replace(one.events[-1], **fields)
    return Handovers(handovers=(msgspec.structs.replace(one, events=(event,)),))


def only_old(proof: str, stolen: Keychain) -> str:
    """The proof under the same checkpoint, with the lines of the old keys alone."""
    parsed = TlogProof.parse(proof.encode())
    note = read_checkpoint(parsed.checkpoint)[1]
    ids = {key.key_id for key in stolen.checkpoint_signer(ORIGIN).keys}
    bare = Note(note.text, tuple(line for line in note.lines if line.key_id in ids))
    return TlogProof(index=parsed.index, path=parsed.path, checkpoint=bare.encode()).encode().decode()


def forged(told: Handovers, stolen: Keychain, issuer: SigningKey) -> Handovers:
    """The thief's own log of one entry: an event for his own keys, signed by an issuer key of his own."""
    honest = Statement.from_bytes(told.handovers[0].events[-1].raw()[0])
    statement = sign_statement(issuer, honest.about, honest.payload)
    note = stolen.checkpoint_signer(ORIGIN).sign(1, leaf_hash(statement.digest), 1)
    proof = TlogProof(index=0, path=(), checkpoint=note).encode().decode()
    return told_with(told, statement=base64.b64encode(statement.raw).decode(), proof=proof)


def test_after_a_theft_the_old_keys_stop_at_once(node: Path):
    ran = haechi("key", "revoke", "--log", "--from", 2, "--dir", node, "--reason", *WHY, "--json")
    assert ran.code == 0, ran.out
    assert not ran.data["overlap"]
    say(node, "app:1")
    assert len(read_checkpoint(checkpoint(node))[1].lines) == 2
    assert haechi("key", "retire", "--dir", node, "--reason", *WHY).code == 5
    assert haechi("log", "fsck", "--dir", node).code == 0


def test_old_keys_in_a_restored_folder_go_on_from_nothing(node: Path, tmp_path: Path):
    shutil.copytree(node, tmp_path / "backup")
    rotated(node)
    with pytest.raises(HeadMissing):
        opened(tmp_path / "backup")


def test_an_overlap_is_ended_before_the_next_change(node: Path):
    rotated(node)
    with pytest.raises(OverlapOpen):
        rotated(node)
    retire(node)
    rotated(node)


def test_a_running_node_keeps_its_log_keys(node: Path):
    runner = opened(node)
    try:
        with pytest.raises(TurnoverRunning):
            rotated(node)
    finally:
        runner.stop()


@pytest.mark.parametrize(
    "writes", [1, 4, *(pytest.param(at, marks=pytest.mark.slow) for at in (0, 2, 3, 5, 6, 7, 8))]
)
def test_a_change_that_stopped_is_taken_up_again(node: Path, writes: int, monkeypatch: pytest.MonkeyPatch):
    """At every file it writes; the node starts in none of the states in between."""
    pins, write, left = pinned(node), logkeys.write_durably, writes

    def failing(path: Path, data: bytes) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        write(path, data)

    for module in (logkeys, turnover):
        monkeypatch.setattr(module, "write_durably", failing)
    stopped = False
    try:
        rotated(node)
    except KeyboardInterrupt:
        stopped = True
    monkeypatch.undo()
    assert stopped == (writes < 8)
    if stopped:
        if (node / PENDING).exists():
            with pytest.raises(ChangeUnfinished):
                opened(node)
        rotated(node)
    retire(node)
    report = verified(node, say(node, "app:1"), pins)
    assert not amiss(report)
    assert haechi("log", "fsck", "--dir", node).code == 0
    assert not list((node / "keys").glob("*-next*"))


def test_a_stale_next_key_is_not_used_twice(node: Path):
    done = rotated(node)
    retire(node)
    save_key(node / "keys", "receipt-next", keys_of(node).receipt)
    again = rotated(node)
    assert again.new != done.new


def test_receipts_of_both_keys_count_where_they_were_signed(node: Path):
    def receipt(statement: Statement) -> bytes:
        runner = opened(node)
        try:
            return runner.node.fresh_receipt(statement.digest)
        finally:
            runner.stop()

    def judged(raw: bytes, statement: Statement, size: int | None) -> str:
        keys = pinned(node).receipt_keys(ORIGIN, size)
        return check_receipt(raw, statement.digest, statement.about.subject, keys).code

    before = say(node, "app:1")
    old = receipt(before)
    done = rotated(node)
    after = say(node, "app:2")
    new = receipt(after)
    assert judged(old, before, 3) == "log.receipt.valid"
    assert judged(new, after, done.until + 1) == "log.receipt.valid"
    assert judged(old, before, done.until + 1) == "log.receipt.key-unknown"
    assert judged(new, after, done.until - 1) == "log.receipt.key-unknown"


def test_a_card_tells_former_keys_in_order_and_once(node: Path):
    rotated(node)
    card = pinned(node).node(ORIGIN)
    twice: dict[str, Any] = {"former": (*card.former, *card.former)}
    for fields in (twice, {"former": (msgspec.structs.replace(card.former[0], vkeys=card.vkeys),)}):
        with pytest.raises(CardInvalid):
            NodeCard.from_json(msgspec.structs.replace(card, **fields).to_json())


def witnessed(folder: Path, statement: Statement, pins: Pins) -> Report:
    """Verified by a reader who asks for the node's own witness."""
    policy = WitnessPolicy.parse((folder / "witness.policy").read_bytes())
    source = io.BytesIO(bundle_of(folder, statement))
    return verify_bundle(source, pins, FACTS, quorum=Quorum(policy, int(time.time())))  # the command's clock


def test_a_quorum_is_met_after_a_change_of_keys_too(node: Path):
    """Nobody cosigned the checkpoint of the handover: the log grew before a witness came by."""
    pins = pinned(node)
    ran = haechi("witness", "policy", "--dir", node, "--out", node / "witness.policy", "--quorum", "1")
    assert ran.code == 0, ran.out
    turn_over(node, ENDING, None)
    rotated(node)
    after = say(node, "app:2")
    before = witnessed(node, after, pins)
    assert before.verdict is Verdict.UNDECIDED
    assert {"log.quorum.unwitnessed", "network.key.enrolled-undecided"} <= amiss(before)
    assert haechi("witness", "ask", "--dir", node).code == 0
    report = witnessed(node, after, pins)
    assert not amiss(report)
    assert {FOLLOWED, "log.quorum.later"} <= {one.code for one in report.findings}
