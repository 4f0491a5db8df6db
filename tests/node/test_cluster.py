"""Nodes on a shared log: moved from a file, joined by further fronts, one policy for all of them."""

import shutil
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from tests.cli.ran import haechi
from tests.databases import fresh_database
from tests.network.parties import COMPANY
from tests.node.house import OPERATOR, ORIGIN, House, make_node, numbered

from haechi.errors import HaechiError
from haechi.findings import Verdict, overall
from haechi.log.checkpoint import read_checkpoint
from haechi.log.cluster.database import Database
from haechi.log.sqlite import SqliteStore
from haechi.log.store import StoreMoved, StoreRetired
from haechi.network.add_checkpoint import AddCheckpoint
from haechi.node.cluster import (
    AlreadyShared,
    CopyDamaged,
    FrontsDiffer,
    NotShared,
    WitnessFileMissing,
    join,
    migrate,
    restore_witness,
    status,
)
from haechi.node.config import Cluster, config_text, load_config
from haechi.node.create import FolderInUse
from haechi.node.maintenance import grant, revoke, run_fsck
from haechi.node.peers import mirror_name
from haechi.node.witnessing import witness_file
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, sign_statement
from haechi.statement.keys import SigningKey


def settings() -> Cluster:
    database = fresh_database()
    return Cluster(database=database.conninfo, schema=database.schema, lease_seconds=1.0)


def silent(_done: int, _total: int) -> None:
    pass


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A node with 30 statements, moved into a database."""
    folder = make_node(tmp_path / "node", cluster=None)
    fill(folder, 0, 30)
    migrate(folder, settings(), None, silent)
    return folder


def fill(folder: Path, start: int, end: int) -> None:
    house = House(folder)
    try:
        for number in range(start, end):
            assert house.register(numbered(number)).status == 201
    finally:
        house.close()


def fronts(stack: ExitStack, first: Path) -> tuple[House, House]:
    second = first.parent / "second"
    join(second, first, first.parent / "second-heads", 0, None)
    houses = House(first), House(second)
    for house in houses:
        stack.callback(house.close)
    return houses


def test_a_moved_log_has_the_same_root_and_is_sound(tmp_path: Path):
    folder = make_node(tmp_path / "node", cluster=None)
    fill(folder, 0, 30)
    with SqliteStore(folder / "log") as store:
        before = store.head()
    head, findings = migrate(folder, settings(), None, silent)
    assert head == before
    assert overall(findings) is Verdict.HOLDS
    with ExitStack() as stack:
        house = House(folder)
        stack.callback(house.close)
        assert house.size == before.size
        answer = house.register(numbered(7))
        assert (answer.status, house.size) == (201, before.size)
        assert house.register(numbered(1000)).status == 201
        assert house.node.store.index_of(numbered(1000).digest) == before.size
    assert overall(run_fsck(folder, None, silent)) is Verdict.HOLDS


def test_the_old_log_signs_nothing_any_more(moved: Path):
    with pytest.raises(StoreRetired):
        SqliteStore(moved / "log")
    shared = load_config(moved)
    backup = moved.parent / "backup"
    shutil.copytree(moved, backup)
    (backup / "haechi.toml").write_text(config_text(msgspec.structs.replace(shared, cluster=None)))
    with pytest.raises(StoreRetired):
        House(backup)


def test_moving_twice_is_refused_and_a_broken_off_move_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder, cluster = make_node(tmp_path / "node", cluster=None), settings()
    fill(folder, 0, 5)

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("fsck", "retire", "write_durably"):
        with monkeypatch.context() as patch:
            patch.setattr(f"haechi.node.cluster.{name}", power_cut)
            with pytest.raises(KeyboardInterrupt):
                migrate(folder, cluster, None, silent)
    assert load_config(folder).cluster is None
    migrate(folder, cluster, None, silent)
    with pytest.raises(AlreadyShared):
        migrate(folder, cluster, None, silent)
    fill(folder, 5, 10)


def test_a_damaged_log_is_not_moved(tmp_path: Path):
    folder = make_node(tmp_path / "node", cluster=None)
    fill(folder, 0, 5)
    with sqlite3.connect(folder / "log" / "log.db") as db:
        db.execute("UPDATE statement SET body = zeroblob(9) WHERE idx = 3")
    db.close()
    with pytest.raises(CopyDamaged):
        migrate(folder, settings(), None, silent)
    assert load_config(folder).cluster is None
    SqliteStore(folder / "log").close()


def test_a_log_is_not_moved_over_another(tmp_path: Path, moved: Path):
    other = make_node(tmp_path / "other", head_folder=str(tmp_path / "other-heads"), cluster=None)
    shared = load_config(moved).cluster
    assert shared is not None
    with pytest.raises(StoreMoved):
        migrate(other, shared, None, silent)


def test_two_fronts_answer_for_one_log(moved: Path):
    with ExitStack() as stack:
        first, second = fronts(stack, moved)
        size = first.size
        assert second.register(numbered(2000)).status == 201
        assert first.register(numbered(2001)).status == 201
        for house in (first, second):
            assert house.size == size + 2
            for number in (2000, 2001):
                assert house.ask("GET", f"/entries/{numbered(number).digest_hex}").status == 200
                assert house.ask("GET", f"/proofs/{numbered(number).digest_hex}").status == 200
        now = status(moved)
        assert (now.size, now.waiting) == (size + 2, 0)
        assert now.holder


def test_a_policy_set_at_one_front_binds_the_other(moved: Path):
    with ExitStack() as stack:
        first, second = fronts(stack, moved)
        assert second.register(numbered(1)).status == 201
        new = first.node.policies.index
        taken_away = _without_company(first)
        assert taken_away > new
        refused = second.register(numbered(3000))
        assert refused.status == 400, refused
        assert second.node.policies.index == taken_away
        assert second.node.store.index_of(numbered(3000).digest) is None


def _without_company(house: House) -> int:
    """Register a policy without the company through this front; its index."""
    now = house.node.policies.current
    policy = msgspec.structs.replace(now, grants=tuple(one for one in now.grants if one.issuer != COMPANY))
    about = About(
        issuer=OPERATOR,
        subject=f"log:{house.node.config.origin}",
        issued_at=int(time.time()),
        kind="policy",
    )
    payload = encode_claim(kind_of("policy"), policy, house.node.facts)
    assert house.register(sign_statement(house.node.keys.issuer, about, payload)).status == 201
    return house.node.policies.index


def test_grants_work_with_a_shared_log(moved: Path):
    key = SigningKey.generate()
    grant(moved, "new.example", key.public.thumbprint, ("document",), None)
    with ExitStack() as stack:
        _first, second = fronts(stack, moved)
        assert any(one.issuer == "new.example" for one in second.node.policies.current.grants)
    revoke(moved, "new.example", key.public.thumbprint, None)


def test_a_front_joins_only_a_shared_log_and_only_an_empty_folder(tmp_path: Path, moved: Path):
    alone = make_node(tmp_path / "alone", head_folder=str(tmp_path / "alone-heads"), cluster=None)
    with pytest.raises(NotShared):
        join(tmp_path / "b", alone, tmp_path / "b-heads", None, None)
    with pytest.raises(NotShared):
        status(alone)
    with pytest.raises(FolderInUse):
        join(moved / "keys", moved, tmp_path / "b-heads", None, None)
    with pytest.raises(HaechiError):
        join(moved, moved, tmp_path / "b-heads", None, None)


def test_a_node_can_begin_in_a_database(tmp_path: Path):
    folder = make_node(tmp_path / "node", cluster=settings())
    fill(folder, 0, 3)
    assert overall(run_fsck(folder, None, silent)) is Verdict.HOLDS
    assert load_config(folder).cluster is not None


def test_the_fronts_are_one_witness(moved: Path):
    with ExitStack() as stack:
        first, second = fronts(stack, moved)
        origin, signer = first.node.config.origin, first.node.keys.checkpoint_signer(first.node.config.origin)
        size, root = first.node.store.head()
        good = AddCheckpoint(0, (), signer.sign(size, root, 1)).encode()
        liar = AddCheckpoint(0, (), signer.sign(size, bytes(32), 1)).encode()
        assert first.ask("POST", "/witness/add-checkpoint", good).status == 200
        told = second.ask("POST", "/witness/add-checkpoint", liar)
        assert (told.status, told.body) == (409, b"%d\n" % size)
        again = liar.replace(b"old 0", b"old %d" % size)
        assert second.ask("POST", "/witness/add-checkpoint", again).status == 422
        shown = second.ask("GET", f"/witness/{mirror_name(origin)}/checkpoint").body
        assert read_checkpoint(shown)[0].root == root


def test_a_restored_database_is_told_what_the_fronts_cosigned(moved: Path, tmp_path: Path):
    with ExitStack() as stack:
        first, second = fronts(stack, moved)
        assert first.register(numbered(2000)).status == 201
        first.node.sequencer.publish(int(first.node.clock()))
        first.runner.witnessing.ask(int(first.node.clock()))
        folders = [first.folder, second.folder]
    assert restore_witness(folders) == []
    with _database_of(moved).connect() as db:
        kept = db.execute("SELECT size FROM cosigned").fetchone()
        db.execute("DELETE FROM cosigned")
    unsaid = haechi("cluster", "restore-witness", *folders)
    assert unsaid.code == 4
    assert "--every-front" in unsaid.err
    assert kept is not None
    told = haechi("cluster", "restore-witness", *folders, "--every-front", "--json")
    assert (told.code, told.data) == (0, [{"origin": ORIGIN, "before": 0, "now": kept[0]}])
    again = haechi("cluster", "restore-witness", *folders, "--every-front", lang="ko")
    assert (again.code, again.out.strip()) == (0, "데이터베이스가 잊은 것이 없습니다")
    alone = make_node(tmp_path / "alone", head_folder=str(tmp_path / "alone-heads"), cluster=None)
    with pytest.raises(NotShared):
        restore_witness([moved, alone])
    elsewhere = make_node(
        tmp_path / "elsewhere", head_folder=str(tmp_path / "else-heads"), cluster=settings()
    )
    with pytest.raises(FrontsDiffer):
        restore_witness([moved, elsewhere])
    witness_file(load_config(folders[1])).unlink()
    with pytest.raises(WitnessFileMissing):
        restore_witness(folders)


def _database_of(folder: Path) -> Database:
    cluster = load_config(folder).cluster
    assert cluster is not None
    return Database(cluster.database, cluster.schema)
