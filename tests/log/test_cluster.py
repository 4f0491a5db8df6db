"""What a shared log promises: one history whoever writes, nothing said before it is durable, no way back."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.log.clusters import LEASE_S, PATIENCE_S, Cluster, cluster_at
from tests.log.logs import GENESIS, ORIGIN, SIGNER, entries, entry

from haechi.errors import Unavailable
from haechi.findings import Verdict, overall
from haechi.log.backlog import SequencerStopped, Tuning
from haechi.log.checkpoint import open_checkpoint
from haechi.log.cluster.leader import forget_old
from haechi.log.cluster.lease import LeaseHeld, LeaseLost
from haechi.log.cluster.parcel import ParcelMalformed, decode_parcel, encode_parcel
from haechi.log.cluster.store import Change, PgStore
from haechi.log.fsck import fsck
from haechi.log.merkle import check_inclusion, leaf_hash
from haechi.log.sequencer import RolledBack
from haechi.log.store import Entry, StoreFailed, StoreLocked, StoreMoved, Terms, TermsChanged
from haechi.log.tiles import TileTree


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_at(tmp_path) as made:
        yield made


def sound(cluster: Cluster) -> None:
    front = cluster.leader()
    findings = fsck(front.log, front.heads.current(), SIGNER.keys)
    assert overall(findings) is not Verdict.FAILS, findings


def test_two_fronts_make_one_history(cluster: Cluster):
    fronts = [cluster.front("a"), cluster.front("b")]
    for number in range(10):
        front = fronts[number % 2]
        place = front.place(entry(number))
        assert place.index == number + 2
        assert place.head == front.heads.current()
        path = TileTree(front.log.tile).inclusion(place.index, place.head.size)
        leaf = leaf_hash(entry(number).digest)
        found = check_inclusion(leaf, place.index, place.head.size, path, place.head.root)
        assert found.code == "log.inclusion.valid"
    assert fronts[0].places(entries(5, 300)) == list(range(7, 302))
    assert fronts[1].places(entries(5, 300)) == list(range(7, 302))
    assert sum(front.sequencer.leading for front in fronts) == 1
    sound(cluster)


def test_a_large_job_is_placed_in_its_order_over_several_parcels(cluster: Cluster):
    front = cluster.front("a", Tuning(max_batch=100))
    doubled = [*entries(0, 950), entry(3), *GENESIS]
    assert front.places(doubled) == [*range(2, 952), 5, 0, 1]


def test_what_is_signed_is_what_everybody_has(cluster: Cluster):
    fronts = [cluster.front("a"), cluster.front("b")]
    fronts[1].places(entries(0, 50))
    for front in fronts:
        published = front.sequencer.publish(1_800_000_000)
        assert published is not None
        opened = open_checkpoint(published.note, SIGNER.keys, ORIGIN).checkpoint
        assert (opened.size, opened.root) == front.log.head()


def test_a_leader_that_leaves_hands_over_at_once(cluster: Cluster):
    first, second = cluster.front("a"), cluster.front("b")
    first.place(entry(0))
    leader = cluster.leader()
    other = second if leader is first else first
    epoch = leader.log.lease_row()[1]
    leader.sequencer.close()
    with pytest.raises(SequencerStopped):
        leader.place(entry(1))
    assert other.place(entry(1)).index == 3
    assert other.log.lease_row()[1] > epoch
    sound(cluster)


def test_a_killed_leader_loses_nothing_acknowledged_and_another_goes_on(cluster: Cluster, tmp_path: Path):
    command = [sys.executable, "-m", "tests.log.front_child", str(tmp_path / "child")]
    where = [cluster.database.conninfo, cluster.database.schema]
    with subprocess.Popen([*command, *where], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(20)]
        other = cluster.front("b")
        epoch = other.log.lease_row()[1]
        assert not other.sequencer.leading
        child.kill()
        said += child.stdout.readlines()
    acknowledged = [tuple(map(int, line.split())) for line in said if line.endswith("\n")]
    placed = other.place(entry(10**6)).index
    assert other.sequencer.leading
    assert other.log.lease_row()[1] > epoch
    assert placed > max(index for _, index in acknowledged)
    for number, index in acknowledged:
        assert other.log.index_of(entry(number).digest) == index
    sound(cluster)


def test_a_lease_keeps_others_out_until_it_is_over(cluster: Cluster):
    with PgStore(cluster.database, "a", 60) as store:
        with pytest.raises(LeaseHeld, match="a writes"):
            PgStore(cluster.database, "b")
        store.renew()
    with PgStore(cluster.database, "b"):
        pass


def test_a_writer_that_slept_is_fenced_off(cluster: Cluster):
    with PgStore(cluster.database, "sleeper", 60) as sleeper:
        sleeper.append(entries(0, 10))
        cluster.ask("UPDATE lease SET expires = TIMESTAMPTZ 'epoch'")
        with PgStore(cluster.database, "next", 60) as following:
            for _ in range(2):
                with pytest.raises(LeaseLost):
                    sleeper.append(entries(10, 20))
            with pytest.raises(LeaseLost):
                sleeper.renew()
            assert following.append(entries(20, 30)).size == 22
            assert following.index_of(entry(10).digest) is None


def test_a_lease_that_was_over_is_kept_when_nobody_came(cluster: Cluster):
    with PgStore(cluster.database, "alone", 60) as store:
        cluster.ask("UPDATE lease SET expires = TIMESTAMPTZ 'epoch'")
        assert store.append(entries(0, 10)).size == 12
        store.renew()
        with pytest.raises(LeaseHeld):
            PgStore(cluster.database, "other")


def test_a_front_itself_appends_nothing(cluster: Cluster):
    with pytest.raises(StoreLocked):
        cluster.front("a").log.append(entries(0, 1))


def test_an_entry_admitted_by_old_terms_gets_no_place(cluster: Cluster):
    front, other = cluster.front("a"), cluster.front("b")
    assert front.place(entry(0), Terms(1, sets=False)).index == 2
    assert other.place(entry(1), Terms(1, sets=True)).index == 3
    with pytest.raises(TermsChanged):
        front.place(entry(2), Terms(1, sets=False))
    assert front.log.index_of(entry(2).digest) is None
    assert front.told[-1] == 3
    assert front.place(entry(2), Terms(3, sets=False)).index == 4
    # What is in the log already keeps its place whatever the terms are now.
    assert other.place(entry(0), Terms(1, sets=False)).index == 2


def test_terms_that_come_in_one_batch_with_entries_are_in_force_from_their_place(cluster: Cluster):
    front = cluster.front("a")
    one, two, three = entries(0, 3)
    batch = [
        Entry(one.digest, one.statement, Terms(-1, sets=False)),
        Entry(two.digest, two.statement, Terms(-1, sets=True)),
        Entry(three.digest, three.statement, Terms(-1, sets=False)),
    ]
    with pytest.raises(TermsChanged):
        front.places(batch)
    assert [front.log.index_of(each.digest) for each in batch] == [2, 3, None]


def test_a_row_that_no_front_wrote_stops_nobody(cluster: Cluster):
    front = cluster.front("a")
    front.place(entry(0))
    cluster.ask("INSERT INTO parcel VALUES (0, 'stranger', '\\xc1c1c1')")
    assert front.place(entry(1)).index == 3
    assert cluster.ask("SELECT count(*) FROM parcel") == [(0,)]
    sound(cluster)


def test_a_front_whose_memory_is_newer_than_the_database_stops(cluster: Cluster, tmp_path: Path):
    front = cluster.front("a")
    front.places(entries(0, 20))
    front.close()
    restored = Cluster(tmp_path / "restored")
    (tmp_path / "restored" / "a").mkdir()
    for path in (tmp_path / "a").iterdir():
        (tmp_path / "restored" / "a" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(RolledBack):
        restored.front("a")
    # Grown again beyond the remembered size, it is another history, and still refused.
    with PgStore(restored.database) as store:
        store.append(entries(100, 200))
    with pytest.raises(RolledBack):
        restored.front("a")


def test_a_database_rolled_back_under_a_running_front_stops_it(cluster: Cluster):
    front = cluster.front("a")
    front.places(entries(0, 20))
    cluster.ask("UPDATE head SET size = 2")
    waited = threading.Event()
    for _ in range(int(PATIENCE_S * 100)):
        if front.sequencer.stopped:
            break
        waited.wait(0.01)
    assert "rolled back" in str(front.sequencer.stopped)
    with pytest.raises(SequencerStopped):
        front.place(entry(50))


def test_connections_cut_at_any_moment_lose_nothing_that_was_answered(cluster: Cluster):
    fronts = [cluster.front("a"), cluster.front("b")]
    rng = random.Random(11)  # noqa: S311  # chance, not secrecy
    answered: dict[int, int] = {}
    done = threading.Event()

    def send(front_number: int, first: int) -> None:
        number = first
        while not done.is_set():
            try:
                answered[number] = fronts[front_number].place(entry(number)).index
                number += 1
            except Unavailable:
                continue

    threads = [threading.Thread(target=send, args=(at % 2, at * 10_000)) for at in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        done.wait(rng.uniform(0.02, 0.3))
        cluster.cut_connections()
    done.wait(LEASE_S)
    done.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(answered) > 20
    leader = cluster.leader()
    for number, index in answered.items():
        assert leader.log.digest(index) == entry(number).digest
    assert len({*answered.values()}) == len(answered)
    sound(cluster)


def test_a_commit_that_is_cut_off_is_found_or_was_never_there(cluster: Cluster):
    with PgStore(cluster.database, "a", 60) as store:
        for number in range(6):
            before = store.head().size
            batch = entries(number * 10, number * 10 + 10)
            if number % 2 == 0:
                assert store.append(batch).size == before + 10
                continue
            with cluster.cut_while_writing(), pytest.raises(StoreFailed):
                store.append(batch)
            assert store.append([]).size == before
        assert overall(fsck(store, None, ())) is not Verdict.FAILS


def test_nothing_of_a_batch_is_written_when_the_head_is_another(cluster: Cluster):
    with PgStore(cluster.database, "a", 60) as store:
        cluster.ask("UPDATE head SET size = size + 1")
        change = Change("INSERT INTO meta SELECT 'change', 'made' WHERE EXISTS (SELECT 1 FROM moved)", ())
        with pytest.raises(StoreMoved):
            store.append(entries(0, 10), also=[change])
        cluster.ask("UPDATE head SET size = size - 1")
        for table in ("statement", "place"):
            assert cluster.ask(f"SELECT count(*) FROM {table}") == [(2,)]  # noqa: S608  # two names of ours
        assert store.append(entries(0, 10), also=[change]).size == 12
        assert cluster.ask("SELECT value FROM meta WHERE name = 'change'") == [("made",)]


def test_what_a_front_read_is_told_to_the_others_while_it_is_new(cluster: Cluster):
    front, other = cluster.front("a"), cluster.front("b")
    said = [
        Entry(one.digest, one.statement, None, bytes([number])) for number, one in enumerate(entries(0, 3))
    ]
    front.places([*said, entry(3)])
    other.place(entry(4))
    size = front.log.head().size
    assert other.sequencer.told(2, size) == [b"\x93\x00\x01\x02"]
    assert front.sequencer.told(2, size) == other.sequencer.told(6, size) == other.sequencer.told(2, 5) == []
    cluster.ask("UPDATE told SET at = at - INTERVAL '2 minutes'")
    front.close()
    other.close()
    with PgStore(cluster.database, "c", 60) as store:
        forget_old(store)
    assert cluster.ask("SELECT count(*) FROM told") == [(0,)]


GOOD = encode_parcel([entry(1), Entry(entry(2).digest, None, Terms(7, sets=True))])


def test_a_parcel_brings_what_was_put_in():
    one, two = decode_parcel(GOOD)
    assert (one.digest, one.statement) == (entry(1).digest, entry(1).statement)
    assert (two.digest, two.statement, two.under, two.sets) == (entry(2).digest, None, 7, True)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_parcel_is_refused_or_still_consistent(at: int, bits: int):
    raw = GOOD[:at] + bytes([GOOD[at] ^ bits]) + GOOD[at + 1 :]
    try:
        carried = decode_parcel(raw)
    except ParcelMalformed:
        return
    # Only what is no statement can differ: a digest without bytes, the terms.
    assert carried[0].statement in (None, entry(1).statement)
