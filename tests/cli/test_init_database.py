"""`haechi init --database`: a log that begins in PostgreSQL, ready for further fronts."""

import time
from pathlib import Path

from tests.cli.ran import haechi
from tests.databases import fresh_database
from tests.node.house import House

from haechi.node.cluster import join
from haechi.node.config import load_config


def test_a_node_begins_in_a_database_and_a_second_front_joins_it(tmp_path: Path) -> None:
    database = fresh_database()
    folder = tmp_path / "node"
    made = haechi(
        "init", folder, "--origin", "kr.example/log", "--issuer", "aisi.kr.example", "--name-en", "Korea",
        "--name-ko", "한국", "--country", "KR", "--heads", tmp_path / "heads",
        "--database", database.conninfo, "--schema", database.schema, "--json",
    )  # fmt: skip
    assert made.code == 0, made.out
    config = load_config(folder)
    assert config.cluster is not None
    assert (config.cluster.database, config.cluster.schema) == (database.conninfo, database.schema)
    assert (folder / "haechi.toml").stat().st_mode & 0o077 == 0  # it may hold a password
    house = House(folder)
    try:
        until = time.monotonic() + 60
        while not house.node.sequencer.leading:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert house.size == 2
    finally:
        house.close()
    join(tmp_path / "second", folder, tmp_path / "second-heads", 0, None)
    assert load_config(tmp_path / "second").cluster is not None


def test_a_database_that_is_not_there_leaves_no_node(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    made = haechi(
        "init", folder, "--origin", "kr.example/log", "--issuer", "aisi.kr.example", "--name-en", "Korea",
        "--name-ko", "한국", "--country", "KR", "--heads", tmp_path / "heads",
        "--database", "host=127.0.0.1 port=1 connect_timeout=1", "--json",
    )  # fmt: skip
    assert made.code == 8
    assert not (folder / "haechi.toml").exists()
