"""GREEN at a log with several fronts: what one took each hands out, and none once it was erased."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.node.house import House, house_at, make_node
from tests.node.test_cluster import fronts, settings, silent
from tests.node.test_green import FILE, LEVELS, UK, erasure, green, signed_get
from tests.node.test_sharing import put

from haechi.log.cluster.database import Database
from haechi.network.pins import Pins
from haechi.network.shared import SharedShelf
from haechi.network.shared_database import DatabaseFiles, DatabaseRows, database_shelf
from haechi.node.cluster import migrate
from haechi.node.config import load_config
from haechi.node.maintenance import take_levels
from haechi.node.open import PINS
from haechi.statement.envelope import Statement

LATER = b"name,score\nmodel,0.5\n"


class Place(NamedTuple):
    """Two fronts of Korea's log, and the UK's node, which Korea pinned."""

    fronts: tuple[House, House]
    uk: House
    before: Statement  # GREEN from the time when the log had one process


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    folder, before = make_node(tmp_path / "kr", cluster=None), green()
    take_levels(folder, LEVELS, None)
    with ExitStack() as stack:
        uk = stack.enter_context(house_at(tmp_path / "uk", **UK, cluster=None))
        Pins().add(uk.runner.card, uk.runner.card.fingerprint()).save(folder / PINS)
        with house_at(folder) as alone:
            assert alone.register(before).status == 201
            assert put(alone, FILE) == 201
            alone.node.shared.move("uk.example/log", 7)
        migrate(folder, settings(), None, silent)
        yield Place(fronts(stack, folder), uk, before)


def shown(place: Place, at: int, path: str) -> bytes | int:
    """What a front hands to the UK: the body, or the status of a refusal."""
    answer = signed_get(place.uk, place.fronts[at], path)
    return answer.body if answer.status == 200 else answer.status


def name_of(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def test_each_front_hands_out_what_any_took_and_what_was_there_before(place: Place) -> None:
    statement = green(LATER)
    assert place.fronts[0].register(statement).status == 201
    assert put(place.fronts[1], LATER) == 201
    for at in (0, 1):
        told = shown(place, at, "/shared")
        assert isinstance(told, bytes)
        assert told.index(place.before.digest_hex.encode()) < told.index(statement.digest_hex.encode())
        for one, file in ((place.before, FILE), (statement, LATER)):
            assert shown(place, at, f"/shared/statements/{one.digest_hex}") == one.raw
            assert shown(place, at, f"/shared/files/{name_of(file)}") == file
            assert place.fronts[at].ask("GET", f"/blobs/{name_of(file)}").status == 404
            assert place.fronts[at].ask("GET", f"/statements/{one.digest_hex}").status == 404
        assert place.fronts[at].ask("GET", "/shared").status == 401
    assert not (place.fronts[0].folder / "shared" / "shared.db").exists()


def test_what_is_erased_at_one_front_is_gone_at_each_and_from_their_copies(place: Place) -> None:
    first, second = place.fronts
    for at in (0, 1):
        assert shown(place, at, f"/shared/files/{name_of(FILE)}") == FILE  # both have a copy now
    assert first.register(erasure(first, place.before)).status == 201
    first.runner.settle()
    for at in (0, 1):
        assert shown(place, at, f"/shared/statements/{place.before.digest_hex}") == 404
        assert shown(place, at, f"/shared/files/{name_of(FILE)}") == 404
    second.runner.settle()
    for house in place.fronts:
        assert not [path for path in (house.folder / "shared").rglob("*") if path.is_file()]


@pytest.fixture
def shelf_at(tmp_path: Path) -> Iterator[tuple[SharedShelf, SharedShelf]]:
    cluster = settings()
    database = Database(cluster.database, cluster.schema)
    database.make_tables("kr.example/log", "own", bytes(32))
    shelves = [database_shelf(tmp_path / name, database) for name in "ab"]
    yield shelves[0], shelves[1]
    for one in shelves:
        one.close()


def test_serials_are_given_once_and_cursors_never_go_back(shelf_at: tuple[SharedShelf, SharedShelf]) -> None:
    one, other = shelf_at
    for number in range(6):
        statement = green(b"%d" % number)
        for shelf in (one, other):  # the second time changes nothing
            shelf.put(statement.digest, "kr.example/log", statement.raw, ())
        other.number([statement.digest])
    serials = [row.serial for row in other.all()]
    assert serials == sorted(set(serials))
    last = one.all()[-1]
    assert one.erase(last.digest)
    assert not other.erase(last.digest)
    statement = green(b"after the newest was erased")
    other.put(statement.digest, "kr.example/log", statement.raw, ())
    assert other.waiting("kr.example/log") == [statement.digest]
    one.number([statement.digest])
    assert one.all()[-1].serial > last.serial
    one.move("uk.example/log", 9)
    other.move("uk.example/log", 4)
    assert one.cursor("uk.example/log") == 9
    other.release(statement.digest, bytes(32))
    other.release(statement.digest, bytes([1]) * 32)
    assert one.is_released(statement.digest)
    assert one.released() == [(statement.digest, bytes([1]) * 32)]


def test_who_moves_to_a_database_goes_on_above_the_serials_of_its_file(tmp_path: Path) -> None:
    old, kept = SharedShelf.in_folder(tmp_path / "a"), [green(b"1"), green(b"2")]
    for statement in kept:
        old.put(statement.digest, "kr.example/log", statement.raw, ())
    old.go_on_above(1 << 50)  # a clock that was ahead
    old.number([statement.digest for statement in kept])
    cursor = old.last()
    old.close()
    cluster = settings()
    database = Database(cluster.database, cluster.schema)
    database.make_tables("kr.example/log", "own", bytes(32))
    with closing(database_shelf(tmp_path / "a", database)) as new:
        assert new.waiting("kr.example/log") == [statement.digest for statement in kept]
        new.number(new.waiting("kr.example/log"))
        listed = new.listed("kr.example/log", cursor)
        assert [row.digest for row in listed] == [statement.digest for statement in kept]
        new.go_on_above(listed[0].serial)  # another front's file, whose peers came further
        assert new.waiting("kr.example/log") == [kept[0].digest]


def test_a_large_file_comes_back_whole_at_another_front(shelf_at: tuple[SharedShelf, SharedShelf]) -> None:
    one, other = shelf_at
    data = bytes(range(256)) * 9000  # a little over two pieces
    digest = hashlib.sha256(data).digest()
    one.files.put(digest, len(data), [data])
    other.files.put(digest, len(data), [data])
    assert other.files.has(digest)
    other.files.prune()
    assert other.files.path(digest).read_bytes() == data
    assert one.files.erase(digest)
    assert not other.files.has(digest)
    other.files.prune()
    assert not list(other.files.folder.glob("??/*"))


def test_a_serial_is_not_given_again_on_one_machine_either(tmp_path: Path) -> None:
    given: list[int] = []
    for number in range(3):
        shelf, statement = SharedShelf.in_folder(tmp_path), green(b"%d" % number)
        shelf.put(statement.digest, "kr.example/log", statement.raw, ())
        shelf.number([statement.digest])
        given.append(shelf.all()[-1].serial)
        assert shelf.erase(statement.digest)
        shelf.close()
    assert given == sorted(set(given))


def test_settings_without_a_database_keep_it_in_the_folder(tmp_path: Path) -> None:
    folder = make_node(tmp_path / "kr", cluster=None)
    assert load_config(folder).cluster is None
    with house_at(folder) as house:
        assert (house.folder / "shared" / "shared.db").is_file()


def test_a_file_that_takes_long_holds_up_nobody(tmp_path: Path) -> None:
    """A pipe stands for a file of which the next piece has not come from the disk yet."""
    cluster = settings()
    database = Database(cluster.database, cluster.schema)
    database.make_tables("kr.example/log", "own", bytes(32))
    DatabaseRows(database).close()  # makes the tables of files too
    files = DatabaseFiles(database)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with closing(files), ThreadPoolExecutor(1) as pool:
        storing = pool.submit(files.put_new, "long", pipe)
        with pipe.open("wb") as slow:  # returns once the other end is being read
            assert not files.has("long")
            slow.write(b"piece")
        assert storing.result(timeout=30)
        assert b"".join(files.pieces("long")) == b"piece"
        assert not files.put_new("long", pipe)
