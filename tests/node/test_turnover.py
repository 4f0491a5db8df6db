"""A node changes its issuer key: old statements stay good, new ones count, and bundles say why."""

import io
from pathlib import Path

import pytest
from tests.cli.ran import haechi

from haechi.facts import load
from haechi.findings import Verdict
from haechi.network.card import NodeCard
from haechi.network.pins import Pins
from haechi.network.verify import Report, verify_bundle
from haechi.node.bundles import bundle_bytes
from haechi.node.open import card_of, open_node
from haechi.node.runner import Runner
from haechi.node.turnover import NEXT, Ending, TurnoverRunning, turn_over
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.keyring import key_path, load_key, save_key
from haechi.statement.keys import SigningKey

WHY = ("yearly change", "해마다 교체")
FACTS = load()


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    told = ("--origin", "kr.example/log", "--issuer", "kr.example", "--name-en", "K", "--name-ko", "한국")
    assert haechi("init", folder, *told, "--country", "KR", "--heads", tmp_path / "heads").code == 0
    return folder


def opened(folder: Path) -> Runner:
    return open_node(folder, clock=lambda: 1_790_000_000)


def pinned(folder: Path) -> Pins:
    runner = opened(folder)
    runner.stop()
    card: NodeCard = card_of(runner.node.config, runner.node.keys)
    return Pins().add(card, card.fingerprint())


def say(folder: Path, subject: str, key: SigningKey | None = None) -> Statement:
    runner = opened(folder)
    try:
        kind = kind_of("document")
        about = About(issuer="kr.example", subject=subject, issued_at=1, kind="document")
        raw = sign_statement(
            key or runner.node.keys.issuer, about, encode_claim(kind, kind.example(), FACTS)
        ).raw
        return runner.node.register(raw)[0]
    finally:
        runner.stop()


def verified(folder: Path, statement: Statement, pins: Pins) -> Report:
    runner = opened(folder)
    try:
        raw = bundle_bytes(runner, statement.digest)
    finally:
        runner.stop()
    return verify_bundle(io.BytesIO(raw), pins, FACTS)


def codes(report: Report) -> set[str]:
    return {one.code for one in report.sections[0].findings if one.check in ("network.key", "network.issuer")}


def test_a_rotation_keeps_the_old_and_carries_the_new(node: Path) -> None:
    pins, before = pinned(node), say(node, "app:1")
    ran = haechi("key", "rotate", "--dir", node, "--reason", *WHY, "--json")
    assert ran.code == 0, ran.out
    assert len(ran.data["events"]) == 2
    after = say(node, "app:2")
    assert codes(verified(node, before, pins)) == {"network.issuer.pinned", "network.key.in-use"}
    assert codes(verified(node, after, pins)) == {"network.key.enrolled", "network.key.in-use"}
    assert key_path(node / "keys", ran.data["kept"]).exists()
    assert not key_path(node / "keys", NEXT).exists()
    assert haechi("log", "fsck", "--dir", node).code == 0


def test_the_log_refuses_the_old_key_afterwards(node: Path) -> None:
    old = load_key(key_path(node / "keys", "issuer"))
    turn_over(node, Ending(Said(en=WHY[0], ko=WHY[1])), None)
    with pytest.raises(Exception, match="policy does not admit"):
        say(node, "app:3", old)


def test_a_revocation_leaves_doubt_since_the_theft(node: Path) -> None:
    pins, before = pinned(node), say(node, "app:1")
    stolen = say(node, "app:2")
    ran = haechi("key", "revoke", "--dir", node, "--from", 3, "--reason", *WHY, "--json")
    assert ran.code == 0, ran.out
    after = say(node, "app:3")
    assert "network.key.in-use" in codes(verified(node, before, pins))
    assert "network.key.doubtful" in codes(verified(node, stolen, pins))
    # The stolen key enrolled the new one, and so could the thief: the reader needs a new pin or list.
    assert codes(verified(node, after, pins)) == {"network.issuer.other-key"}
    assert verified(node, after, pinned(node)).sections[0].verdict is not Verdict.FAILS


def test_a_stopped_turnover_is_taken_up_again(node: Path) -> None:
    new = SigningKey.generate()
    save_key(node / "keys", NEXT, new)
    done = turn_over(node, Ending(Said(en=WHY[0], ko=WHY[1])), None)
    assert done.new == new.public.thumbprint.hex()


def test_a_running_node_keeps_its_key(node: Path) -> None:
    runner = opened(node)
    try:
        with pytest.raises(TurnoverRunning):
            turn_over(node, Ending(Said(en=WHY[0], ko=WHY[1])), None)
    finally:
        runner.stop()
