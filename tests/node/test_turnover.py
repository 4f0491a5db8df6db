"""A node changes its issuer key: old statements stay good, new ones count, and bundles say why."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.ran import haechi
from tests.node.stopped import WHY, made, opened, pinned, say, verified

from haechi.findings import Verdict
from haechi.network.verify import Report
from haechi.node.pages.source import Found
from haechi.node.pages.statement import StatementPage, statement_page
from haechi.node.turnover import NEXT, Ending, TurnoverRunning, turn_over
from haechi.node.view import View
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, sign_statement
from haechi.statement.keyring import key_path, load_key, save_key
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.withdraw import Withdraw


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return made(tmp_path / "node")


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
    # The policy in force was signed anew with the new key, and stands as well.
    assert verified(node, after, pins).verdict is not Verdict.FAILS
    assert key_path(node / "keys", ran.data["kept"]).exists()
    assert not key_path(node / "keys", NEXT).exists()
    assert haechi("log", "fsck", "--dir", node).code == 0


def test_the_page_shows_a_withdrawal_with_the_new_key(node: Path) -> None:
    before = say(node, "app:1")
    turn_over(node, Ending(Said(en=WHY[0], ko=WHY[1])), None)
    runner = opened(node)
    try:
        about = About(issuer="kr.example", subject="app:1", issued_at=2, kind="withdraw")
        claim = Withdraw(target=before.digest, reason=Said(en="wrong", ko="틀림"))
        gone = sign_statement(
            runner.node.keys.issuer, about, encode_claim(kind_of("withdraw"), claim, runner.node.facts)
        )
        assert gone.kid != before.kid
        runner.node.register(gone.raw)
        runner.node.sequencer.publish(1_790_000_001)
        runner.follow()
        view = View(runner)
        shown = view.statement(before.digest)
        assert isinstance(shown, Found)
        assert shown.standing.withdrawn_by == gone.digest
        page = statement_page(view, before.digest, 1_790_000_001)
        assert isinstance(page, StatementPage)
        assert page.verdict is Verdict.FAILS
        view.close()
    finally:
        runner.stop()


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


def test_fsck_names_a_damaged_cosignature(node: Path) -> None:
    """Readers who know the witness refuse the checkpoint, so its operator must hear of it."""
    assert haechi("witness", "ask", "--dir", node).code == 0
    assert haechi("log", "fsck", "--dir", node).code == 0
    with closing(sqlite3.connect(node / "log" / "log.db")) as db, db:
        ((size, note),) = db.execute(
            "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchall()
        at = note.index(b"/witness ") + 60
        other = b"A" if note[at : at + 1] != b"A" else b"B"
        db.execute(
            "UPDATE checkpoint SET note = ? WHERE size = ?", (note[:at] + other + note[at + 1 :], size)
        )
    ran = haechi("log", "fsck", "--dir", node, "--json")
    assert ran.code == 1
    assert [one["code"] for one in ran.json if one["verdict"] == "FAILS"] == ["log.quorum.invalid"]
