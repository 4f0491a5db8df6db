"""The facts that a node answers with are a statement in its log, with the file beside it, asked by day."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.node.house import House, house_at, make_node

from haechi.answers.evidence import utc_day
from haechi.facts import Facts, FactsUnreadable, load
from haechi.facts.load import COMPILED, choose
from haechi.node.stated import (
    SUBJECT,
    NothingStated,
    StatedAlready,
    known_at,
    state_facts,
    stated_versions,
)


@pytest.fixture(scope="module")
def stated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = make_node(tmp_path_factory.mktemp("stated") / "node")
    state_facts(folder, None)
    with house_at(folder) as house:
        yield house


def test_the_statement_names_the_file_and_the_node_serves_it(stated: House) -> None:
    (found,) = stated_versions(stated.folder)
    assert found.version == load().version
    statement = stated.node.statement(found.statement)
    assert (statement.about.subject, statement.about.issuer) == (SUBJECT, stated.node.config.issuer)
    answer = stated.ask("GET", f"/blobs/{found.version}")
    assert answer.status == 200
    assert Facts.from_json(answer.body).version == found.version


def test_it_is_asked_by_day(stated: House) -> None:
    (found,) = stated_versions(stated.folder)
    assert known_at(stated.folder, found.day) == found
    assert known_at(stated.folder, found.day + timedelta(days=400)) == found
    with pytest.raises(NothingStated):
        known_at(stated.folder, found.day - timedelta(days=1))


def test_the_same_version_is_stated_once(tmp_path: Path) -> None:
    folder = make_node(tmp_path / "node")
    with pytest.raises(NothingStated):
        known_at(folder, date.max)
    first = state_facts(folder, None)
    with pytest.raises(StatedAlready):
        state_facts(folder, None)
    (found,) = stated_versions(folder)
    assert found.statement == first.digest
    assert found.day == utc_day(first.about.issued_at)


def test_a_command_may_answer_with_another_version_and_never_with_a_broken_file(tmp_path: Path) -> None:
    shipped = load().version
    other, broken = tmp_path / "other.json", tmp_path / "broken.json"
    other.write_bytes(COMPILED.read_bytes().replace(b"A notice in words or voice", b"A notice"))
    broken.write_bytes(COMPILED.read_bytes()[:-1])
    try:
        assert choose(other).version == load().version != shipped
        with pytest.raises(FactsUnreadable):
            choose(broken)
        assert load().version != shipped
    finally:
        choose(COMPILED)
    assert load().version == shipped
