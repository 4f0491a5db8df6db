"""What fsck promises: silence over a sound log, and the right name for every flipped bit."""

import random
import sqlite3
from pathlib import Path

import pytest
from tests.log.logs import ORIGIN, SIGNER, entries, entry, open_log, publisher, small_runs

from haechi.findings import CATALOGUE, Finding, Verdict, overall
from haechi.log import runs
from haechi.log.fsck import fsck
from haechi.log.headstore import peek
from haechi.log.reader import SqliteReads
from haechi.log.store import Entry, Head
from haechi.log.tiles import TileTree

SIZE = 9000
SOUND = {
    "log.fsck.storage.sound",
    "log.fsck.entries.sound",
    "log.fsck.tiles.sound",
    "log.fsck.root.agrees",
    "log.fsck.heads.agrees",
    "log.checkpoint.signed",
    "log.fsck.checkpoint.covered",
    "log.fsck.checkpoints.covered",
    "log.fsck.statements.match",
    "log.fsck.index.complete",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory):
    """A log of 9,000 entries with three parts of the index, two of them merged; never written to."""
    with pytest.MonkeyPatch.context() as patch:
        small_runs(patch, run=4096, fan_in=2)
        folder = tmp_path_factory.mktemp("sound")
        with open_log(folder, publish=publisher()) as log:
            for at in range(0, SIZE, 1000):
                log.sequencer.submit_many(entries(at, at + 1000)).result(60)
            log.sequencer.publish(1_800_000_000)
        yield folder


@pytest.fixture
def copy(sound: Path, tmp_path: Path):
    for part in ("data", "heads"):
        (tmp_path / part).mkdir()
        for path in (sound / part).iterdir():
            (tmp_path / part / path.name).write_bytes(path.read_bytes())
    return tmp_path


def check(folder: Path) -> list[Finding]:
    with SqliteReads(folder / "data") as store:
        return fsck(store, peek(folder / "heads", ORIGIN), SIGNER.keys)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings if finding.verdict is not Verdict.HOLDS}


def facts(findings: list[Finding], code: str) -> dict[str, object]:
    return next(dict(finding.facts) for finding in findings if finding.code == code)


def change(folder: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(folder / "data" / "log.db") as db:
        assert db.execute(sql, values).rowcount >= 1
    db.close()


def flip(folder: Path, table: str, key: int, at: int) -> None:
    with sqlite3.connect(folder / "data" / "log.db") as db:
        # `rowid` is another name of every table's integer key.
        (body,) = db.execute(f"SELECT body FROM {table} WHERE rowid = ?", (key,)).fetchone()  # noqa: S608
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        db.execute(f"UPDATE {table} SET body = ? WHERE rowid = ?", (flipped, key))  # noqa: S608
    db.close()


def test_a_sound_log_has_nothing_but_good_findings(sound: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    steps: list[tuple[int, int]] = []
    with SqliteReads(sound / "data") as store:
        findings = fsck(
            store, peek(sound / "heads", ORIGIN), SIGNER.keys, lambda done, total: steps.append((done, total))
        )
    assert {finding.code for finding in findings} == SOUND
    assert overall(findings) is Verdict.HOLDS
    assert steps[-1] == (SIZE + 2, SIZE + 2)
    assert facts(findings, "log.fsck.statements.match") == {"held": SIZE + 2, "missing": 0}
    for finding in findings:
        assert finding.say("en")
        assert finding.say("ko") != finding.say("en")


@pytest.mark.usefixtures("each_store")
def test_a_running_log_can_be_checked(tmp_path: Path):
    with open_log(tmp_path) as log:
        log.sequencer.submit_many(entries(0, 300)).result(60)
        findings = fsck(log.store, log.heads.current(), ())
    assert codes(findings) == {"log.fsck.checkpoint.none"}


def test_an_empty_mirror_is_sound(tmp_path: Path):
    from haechi.log.sqlite import SqliteStore
    from haechi.log.store import Role

    with SqliteStore.create(tmp_path / "data", ORIGIN, Role.MIRROR) as store:
        assert codes(fsck(store, None, ())) == {"log.fsck.checkpoint.none"}


def test_withdrawn_statements_are_counted_and_are_no_fault(copy: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    with open_log(copy) as log:
        for index in (0, 77, 8999):
            assert log.store.withdraw(index)
    findings = check(copy)
    assert codes(findings) == set()
    assert facts(findings, "log.fsck.statements.match") == {"held": SIZE - 1, "missing": 3}


LAST_TILE = SIZE // 256


@pytest.mark.parametrize("n", [0, 17, LAST_TILE], ids=["first", "middle", "partial"])
def test_a_flipped_bit_in_a_tile_is_named(copy: Path, n: int, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    flip(copy, "tile", n, 100)
    findings = check(copy)
    assert "log.fsck.tiles.damaged" in codes(findings)
    unclear = {"log.fsck.checkpoint.differs", "log.fsck.checkpoints.unchecked"}
    assert codes(findings) <= {"log.fsck.tiles.damaged", *unclear}
    damage = facts(findings, "log.fsck.tiles.damaged")
    assert damage["count"] == 1
    assert str(damage["first"]).startswith(f"tile/0/{n:03d}")


def test_a_flipped_bit_in_an_upper_tile_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    flip(copy, "tile", 1 << 55, 5)
    findings = check(copy)
    assert codes(findings) == {"log.fsck.tiles.damaged"}
    assert facts(findings, "log.fsck.tiles.damaged") == {"count": 1, "first": "tile/1/000.p/35"}


@pytest.mark.parametrize("n", [0, 17, LAST_TILE], ids=["first", "middle", "partial"])
@pytest.mark.parametrize("at", [1, 50], ids=["length", "digest"])
def test_a_flipped_bit_in_an_entry_is_named(copy: Path, n: int, at: int, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    flip(copy, "bundle", n, at)
    findings = check(copy)
    # The index over damaged entries cannot be judged; everything else still is.
    assert codes(findings) - {"log.fsck.index.unchecked"} == {"log.fsck.entries.damaged"}
    damage = facts(findings, "log.fsck.entries.damaged")
    assert damage["count"] == 1
    assert str(damage["first"]).startswith(f"tile/entries/{n:03d}")
    assert facts(findings, "log.fsck.statements.match")["held"] == SIZE + 2


def test_an_entry_and_its_tile_changed_together_are_caught_by_the_root(
    copy: Path, monkeypatch: pytest.MonkeyPatch
):
    small_runs(monkeypatch, run=4096, fan_in=2)
    flip(copy, "bundle", 3, 40)
    flip(copy, "tile", 3, 40)
    found = codes(check(copy))
    assert {"log.fsck.tiles.damaged", "log.fsck.root.differs"} <= found


def test_a_flipped_bit_in_a_statement_is_named(copy: Path):
    flip(copy, "statement", 4321, 3)
    findings = check(copy)
    assert "log.fsck.statements.differ" in codes(findings)
    assert facts(findings, "log.fsck.statements.differ") == {"count": 1, "first": "4321"}


@pytest.mark.parametrize("at", [0, 5, 7, 9, 12])
def test_a_flipped_bit_in_the_index_is_named(copy: Path, at: int, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    key = _a_chunk(copy)
    flip(copy, "chunk", key, 13 * 20 + at)
    assert codes(check(copy)) == {"log.fsck.index.damaged"}


def test_a_lost_part_of_the_index_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch):
    small_runs(monkeypatch, run=4096, fan_in=2)
    change(copy, "DELETE FROM chunk WHERE id = ?", _a_chunk(copy))
    assert codes(check(copy)) == {"log.fsck.index.damaged"}


def test_a_chunk_under_another_key_is_named(copy: Path):
    change(copy, "UPDATE chunk SET id = id + 1 WHERE id = ?", _a_chunk(copy))
    findings = check(copy)
    assert "log.fsck.storage.damaged" in codes(findings)
    assert "index" in str(facts(findings, "log.fsck.storage.damaged")["why"])


def _a_chunk(folder: Path) -> int:
    with SqliteReads(folder / "data") as store, store.snapshot() as view:
        run = runs.live_runs(view.db)[0]
        keys = [row[0] for row in view.db.execute("SELECT id FROM chunk ORDER BY id")]
    return next(key for key in keys[3:] if key >> 48 == run.slot)


def test_a_missing_tile_and_a_missing_bundle_are_named(copy: Path):
    change(copy, "DELETE FROM tile WHERE id = 5")
    change(copy, "DELETE FROM bundle WHERE n = 9")
    findings = check(copy)
    assert facts(findings, "log.fsck.tiles.damaged")["first"] == "tile/0/005"
    assert facts(findings, "log.fsck.entries.damaged")["first"] == "tile/entries/009"


def test_a_wrong_middle_of_a_tile_is_named_and_proofs_do_without(copy: Path):
    with SqliteReads(copy / "data") as store:
        sound = store.tile(0, 1, 256) or b""
    change(copy, "UPDATE tile SET body = ? WHERE id = 1", sound + bytes(512))
    with SqliteReads(copy / "data") as store:
        size = store.head().size
        assert TileTree(store.tree_tile).inclusion(300, size) == TileTree(store.tile).inclusion(300, size)
    findings = check(copy)
    assert codes(findings) == {"log.fsck.tiles.damaged"}
    assert facts(findings, "log.fsck.tiles.damaged") == {"count": 1, "first": "tile/0/001"}


def test_tiles_kept_without_a_middle_are_sound(copy: Path):
    change(copy, "UPDATE tile SET body = CAST(substr(body, 1, 8192) AS BLOB)")
    assert codes(check(copy)) == set()


@pytest.mark.parametrize(
    "stored",
    [Head(SIZE + 3, bytes(32)), Head(SIZE + 2, bytes(32)), Head(500, bytes(32))],
    ids=["ahead", "same size", "older"],
)
def test_a_stored_head_that_the_log_does_not_have_is_named(sound: Path, stored: Head):
    with SqliteReads(sound / "data") as store:
        findings = fsck(store, stored, ())
    assert "log.fsck.heads.differs" in codes(findings)


def test_a_stored_head_that_a_crash_left_behind_is_in_the_log(sound: Path):
    with SqliteReads(sound / "data") as store:
        behind = Head(500, TileTree(store.tile).root(500))
        assert "log.fsck.heads.agrees" in {finding.code for finding in fsck(store, behind, ())}


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (SIGNER.sign(SIZE + 3, bytes(32), 1), "log.fsck.checkpoint.differs"),
        (SIGNER.sign(700, bytes(32), 1), "log.fsck.checkpoint.differs"),
        (b"no note at all", "log.checkpoint.malformed"),
        (
            SIGNER.sign(2, bytes(32), 1).replace(b"kr.example/log\n", b"jp.example/log\n", 1),
            "log.checkpoint.wrong-origin",
        ),
    ],
    ids=["ahead", "another root", "malformed", "another origin"],
)
def test_a_checkpoint_that_the_log_does_not_have_is_named(copy: Path, note: bytes, code: str):
    change(copy, "UPDATE checkpoint SET note = ? WHERE size = (SELECT max(size) FROM checkpoint)", note)
    findings = check(copy)
    assert code in codes(findings)
    assert not any("only" in finding.say("ko") for finding in findings)


@pytest.mark.parametrize("at", [20, 60, -40], ids=["size", "root", "signature"])
def test_a_flipped_byte_in_an_older_checkpoint_is_named(copy: Path, at: int):
    with SqliteReads(copy / "data") as store:
        kept = store.checkpoints()
    old = kept[len(kept) // 2]
    assert 0 < old.size < kept[0].size
    note = bytearray(old.note)
    note[at] ^= 1
    change(copy, "UPDATE checkpoint SET note = ? WHERE size = ?", bytes(note), old.size)
    findings = check(copy)
    assert codes(findings) == {"log.fsck.checkpoints.differ"}
    assert facts(findings, "log.fsck.checkpoints.differ") == {"count": 1, "first": str(old.size)}


def test_older_checkpoints_are_none_the_worse_for_changed_keys(copy: Path):
    with SqliteReads(copy / "data") as store:
        findings = fsck(store, None, ())
        count = len(store.checkpoints()) - 1
    told = facts(findings, "log.fsck.checkpoints.covered")
    assert (told["count"], told["signed"]) == (count, 0)
    assert facts(check(copy), "log.fsck.checkpoints.covered")["signed"] == count


def test_damaged_pages_are_named_and_do_not_end_in_a_traceback(copy: Path):
    path = copy / "data" / "log.db"
    good = path.read_bytes()
    rng = random.Random(11)  # noqa: S311  # chance, not secrecy
    named = 0
    for _ in range(25):
        at = rng.randrange(4096, len(good))
        path.write_bytes(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1 :])
        named += bool(codes(check(copy)))
    # Unused space in pages may hold anything; most of the file is used.
    assert named >= 15


def test_a_log_of_statements_kept_elsewhere_is_sound(tmp_path: Path):
    with open_log(tmp_path) as log:
        log.sequencer.submit_many([Entry(entry(at).digest, None) for at in range(500)]).result(60)
        findings = fsck(log.store, log.heads.current(), ())
    assert facts(findings, "log.fsck.statements.match") == {"held": 2, "missing": 500}


def test_every_code_has_a_sentence_in_both_languages():
    for code in (code for code in CATALOGUE if code.startswith("log.fsck.")):
        sentence = CATALOGUE[code].sentence
        assert sentence.en
        assert sentence.ko
        assert sentence.en != sentence.ko
