"""The index says what the logs hold, as far as it was checked, and forgets what was erased."""

import hashlib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.network.world import MemoryStore

from haechi.facts import load
from haechi.log.store import Entry, NotStored, Role, Store
from haechi.network.blobs import Wishes
from haechi.network.glance import glance_of
from haechi.network.index import Index
from haechi.network.lookup import Count, Evidence, Place, Row, State
from haechi.network.report import Progress
from haechi.network.shelf import IndexFailed
from haechi.statement import cbor
from haechi.statement.claims import Claim, Said, claim_of, encode_claim, kind_of
from haechi.statement.envelope import About, HashEnvelope, Sharing, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import PublicKey, SigningKey
from haechi.statement.kinds.dispute import Dispute
from haechi.statement.kinds.document import Document
from haechi.statement.kinds.withdraw import Withdraw
from haechi.statement.sign1 import encode_sign1, sig_structure

FACTS = load()
KEY = SigningKey.generate()
OWN, MIRROR = "own.example/log", "peer.example/log"


def signed(kind: str, claim: Claim, issuer: str = "a.example", sharing: Sharing = Sharing.CLEAR) -> bytes:
    payload = encode_claim(kind_of(kind), claim, FACTS)
    about = About(issuer=issuer, subject="thing", issued_at=1_790_000_000, kind=kind, sharing=sharing)
    return sign_statement(KEY, about, payload).raw


def digest_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def document(title: str, issuer: str = "a.example", sharing: Sharing = Sharing.CLEAR) -> bytes:
    claim = Document(
        title=Said(en=title),
        form="document.policy",
        dated=date(2026, 1, 1),
        files=(
            EvidenceRef(digest=digest_of(title.encode()), size=len(title), media_type="text/plain", name="f"),
        ),
    )
    return signed("document", claim, issuer, sharing)


def envelope(kind: str, payload: bytes) -> bytes:
    about = About(issuer="a.example", subject="thing", issued_at=1, kind=kind)
    return sign_statement(KEY, about, payload).raw


FIRST = document("first")
WITHDRAWAL = signed("withdraw", Withdraw(target=digest_of(FIRST), reason=Said(en="leaked")))
DISPUTE = signed("dispute", Dispute(target=digest_of(FIRST), grounds="other", why=Said(en="no")), "b.example")
GREEN = document("green", sharing=Sharing.GREEN)
HASHED = sign_statement(
    KEY,
    About(issuer="a.example", subject="file", issued_at=2, kind="document"),
    digest_of(b"file"),
    hash_envelope=HashEnvelope("application/pdf"),
).raw
FORGED = FIRST[:-1] + bytes((FIRST[-1] ^ 1,))
UNKNOWN_KIND = envelope("from_the_future", cbor.encode({"a": 1}))
BAD_CLAIM = envelope("withdraw", cbor.encode({"target": b"short"}))
GARBAGE = b"\xd2\x84garbage"
WITH_RECEIPT = Statement.from_bytes(FIRST).with_receipts([b"receipt"])

EXPECTED: dict[bytes, tuple[State, str | None]] = {
    FIRST: (State.CHECKED, None),
    document("second", "b.example"): (State.CHECKED, None),
    WITHDRAWAL: (State.CHECKED, None),
    DISPUTE: (State.CHECKED, None),
    GREEN: (State.CHECKED, None),
    HASHED: (State.CHECKED, "statement.claim.withheld"),
    UNKNOWN_KIND: (State.CHECKED, "statement.claim.kind-unknown"),
    FORGED: (State.FAILED, "statement.signature.invalid"),
    BAD_CLAIM: (State.FAILED, "statement.claim.invalid"),
    GARBAGE: (State.UNREADABLE, "statement.format.malformed"),
    WITH_RECEIPT: (State.UNREADABLE, "statement.format.malformed"),
}
POOL = list(EXPECTED)


def entry(raw: bytes, *, held: bool = True) -> Entry:
    return Entry(digest_of(raw), raw if held else None)


def as_store(store: MemoryStore) -> Store:
    return cast("Store", store)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "index.db") as made:
        yield made


def mirror_of(*raws: bytes, origin: str = MIRROR) -> MemoryStore:
    store = MemoryStore(origin, Role.MIRROR)
    store.append(entry(raw) for raw in raws)
    return store


def indexed(index: Index, store: MemoryStore) -> MemoryStore:
    index.follow(as_store(store), store.head().size)
    index.check(as_store(store), FACTS)
    return store


def row_of(index: Index, raw: bytes) -> Row:
    row = index.by_digest(digest_of(raw))
    assert row is not None
    return row


@pytest.mark.parametrize("raw", POOL, ids=range(len(POOL)))
def test_each_statement_ends_in_the_state_it_deserves(index: Index, raw: bytes) -> None:
    indexed(index, mirror_of(raw))
    row = row_of(index, raw)
    assert (row.state, row.code) == EXPECTED[raw]
    assert row.places == (Place(MIRROR, 0, own=False),)


def test_what_is_not_yet_checked_is_in_no_list(index: Index) -> None:
    store = mirror_of(FIRST, WITHDRAWAL)
    assert index.follow(as_store(store), 2) == 2
    assert row_of(index, FIRST).state is State.UNCHECKED
    lists = [index.recent(9), index.by_issuer("a.example", 9), index.by_kind("document", 9)]
    assert lists == [[], [], []]
    assert (index.about(digest_of(FIRST), 9), index.counts(), index.issuers(9)) == ([], {}, [])
    assert index.evidence(digest_of(b"first")) == []
    assert index.check(as_store(store), FACTS) == 2
    assert [row.digest for row in index.recent(9)] == [digest_of(WITHDRAWAL), digest_of(FIRST)]
    assert [row.digest for row in index.about(digest_of(FIRST), 9)] == [digest_of(WITHDRAWAL)]
    assert index.counts() == {"document": Count(0, 1), "withdraw": Count(0, 1)}


@pytest.mark.parametrize("foreseen", [False, True])
def test_the_own_log_is_listed_at_once(index: Index, *, foreseen: bool) -> None:
    store = MemoryStore(OWN, Role.OWN)
    store.append([entry(FIRST), entry(WITHDRAWAL)])
    for raw in (FIRST, WITHDRAWAL) if foreseen else ():
        statement = Statement.from_bytes(raw)
        index.foresee(statement.digest, *glance_of(statement, claim_of(statement, FACTS)))
    index.follow(as_store(store), 2, checked=True)
    assert [row.digest for row in index.about(digest_of(FIRST), 9)] == [digest_of(WITHDRAWAL)]
    assert index.counts() == {"document": Count(1, 0), "withdraw": Count(1, 0)}
    assert index.evidence(digest_of(b"first")) == [
        Evidence(digest_of(b"first"), 5, "text/plain", digest_of(FIRST), Sharing.CLEAR)
    ]


def test_what_was_erased_is_not_listed_though_it_was_foreseen(index: Index) -> None:
    store = MemoryStore(OWN, Role.OWN)
    store.append([entry(FIRST), entry(WITHDRAWAL)])
    for raw in (FIRST, WITHDRAWAL):
        statement = Statement.from_bytes(raw)
        index.foresee(statement.digest, *glance_of(statement, claim_of(statement, FACTS)))
    store.put(0, None)
    index.follow(as_store(store), 2, checked=True)
    assert [row.digest for row in index.recent(9)] == [digest_of(WITHDRAWAL)]
    assert row_of(index, FIRST).state is State.ABSENT


def test_a_statement_in_two_logs_is_one_statement_with_two_places(index: Index) -> None:
    indexed(index, mirror_of(FIRST))
    own = MemoryStore(OWN, Role.OWN)
    own.append([entry(WITHDRAWAL), entry(FIRST)])
    index.follow(as_store(own), 2, checked=True)
    assert row_of(index, FIRST).places == (Place(OWN, 1, own=True), Place(MIRROR, 0, own=False))
    assert index.counts() == {"document": Count(1, 0), "withdraw": Count(1, 0)}
    assert index.log_counts(MIRROR) == {"document": 1}
    assert index.issuers(9) == [("a.example", 2)]
    assert index.issuer_count("a.example") == 2


def test_what_is_not_clear_is_found_by_its_digest_alone(index: Index) -> None:
    indexed(index, mirror_of(GREEN))
    assert row_of(index, GREEN).state is State.CHECKED
    assert (index.recent(9), index.by_issuer("a.example", 9), index.by_kind("document", 9)) == ([], [], [])
    assert (index.counts(), index.issuers(9), index.about(digest_of(b"green"), 9)) == ({}, [], [])
    assert index.wished(MIRROR, 9) == []
    assert [one.sharing for one in index.evidence(digest_of(b"green"))] == [Sharing.GREEN]


def test_a_hash_envelope_asks_for_a_file_of_any_size(index: Index) -> None:
    indexed(index, mirror_of(HASHED))
    assert index.evidence(digest_of(b"file")) == [
        Evidence(digest_of(b"file"), None, "application/pdf", digest_of(HASHED), Sharing.CLEAR)
    ]


def test_statements_about_a_file_are_found_by_the_files_digest(index: Index) -> None:
    indexed(index, mirror_of(FIRST))
    assert [row.digest for row in index.about(digest_of(b"first"), 9)] == [digest_of(FIRST)]


def test_a_key_that_travels_apart_is_taken_from_the_caller(index: Index) -> None:
    statement = Statement.from_bytes(FIRST)
    claims = {1: "a.example", 2: "thing", 6: 1}
    header: dict[object, object] = {
        1: -19,
        3: "application/vnd.haechi.document+cbor",
        4: KEY.public.thumbprint,
    }
    header |= {15: claims, "haechi": {"kind": "document", "tlp": "CLEAR"}}
    protected = cbor.encode(header)
    raw = encode_sign1(
        protected, {}, statement.payload, KEY.sign(sig_structure(protected, statement.payload))
    )
    indexed(index, mirror_of(raw))
    assert (row_of(index, raw).state, row_of(index, raw).code) == (
        State.UNDECIDED,
        "statement.signature.key-unknown",
    )
    keys: dict[bytes, PublicKey] = {KEY.public.thumbprint: KEY.public}
    store = mirror_of(raw, origin="third.example/log")
    index.refresh(as_store(store), 0)
    index.follow(as_store(store), 1)
    assert index.check(as_store(store), FACTS, keys=keys) == 1
    assert row_of(index, raw).state is State.CHECKED


def test_following_goes_on_where_it_ended_after_reopening(tmp_path: Path) -> None:
    store = mirror_of(*[document(str(n)) for n in range(5)])
    with Index(tmp_path / "index.db") as first:
        assert first.follow(as_store(store), 3) == 3
        assert first.check(as_store(store), FACTS, limit=2) == 2
    with Index(tmp_path / "index.db") as second:
        assert second.size(MIRROR) == 3
        assert second.follow(as_store(store), 5) == 2
        assert second.check(as_store(store), FACTS) == 3
        assert second.check(as_store(store), FACTS) == 0
        assert len(second.recent(9)) == 5
        assert second.follow(as_store(store), 4) == 0


def test_a_mirror_is_followed_while_it_is_copied(index: Index) -> None:
    store = mirror_of(*[document(str(n)) for n in range(9)])
    with index.following(as_store(store)) as progress:
        for entries in (3, 9):
            progress(Progress(entries, 9, 0))
    assert index.size(MIRROR) == 9
    with pytest.raises(NotStored), index.following(as_store(store)) as progress:
        progress(Progress(10, 10, 0))


def test_an_index_of_another_history_is_not_continued(tmp_path: Path) -> None:
    with Index(tmp_path / "index.db") as first:
        first.follow(as_store(mirror_of(FIRST)), 1)
    for other in (mirror_of(DISPUTE, FIRST), mirror_of()):
        with Index(tmp_path / "index.db") as second, pytest.raises(IndexFailed, match="not of this log"):
            second.follow(as_store(other), other.head().size)


def test_an_index_of_another_version_is_built_anew(tmp_path: Path) -> None:
    with Index(tmp_path / "index.db") as first:
        indexed(first, mirror_of(FIRST))
    with sqlite3.connect(tmp_path / "index.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with Index(tmp_path / "index.db") as second:
        assert second.size(MIRROR) == 0
        assert second.follow(as_store(mirror_of(FIRST)), 1) == 1


def test_a_file_that_is_no_index_says_so(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(IndexFailed):
        Index(tmp_path / "index.db")


def test_pages_go_on_without_gap_or_repeat(index: Index) -> None:
    raws = [document(str(n)) for n in range(7)]
    indexed(index, mirror_of(*raws))
    wanted = [digest_of(raw) for raw in reversed(raws)]
    for ask in (
        lambda before: index.recent(3, before),
        lambda before: index.by_issuer("a.example", 3, before),
        lambda before: index.by_kind("document", 3, before),
    ):
        got: list[bytes] = []
        before: int | None = None
        while rows := ask(before):
            got += [row.digest for row in rows]
            before = rows[-1].serial
        assert got == wanted
    assert [row.digest for row in index.entries(MIRROR, None, 99)] == wanted
    assert [row.digest for row in index.entries(MIRROR, 2, 99)] == wanted[-2:]


def test_files_are_wished_for_until_they_are_here_in_turn(index: Index) -> None:
    indexed(index, mirror_of(document("x"), document("yy"), document("zzz")))
    wishes: Wishes = index.files(MIRROR)
    x, y, z = wishes
    wishes.tried(x, held=False)
    wishes.tried(y, held=True)
    assert list(wishes) == [z, x]
    wishes.tried(z, held=True)
    wishes.tried(x, held=True)
    assert list(wishes) == []


def test_an_entry_repeated_endlessly_shows_its_first_places_only(index: Index) -> None:
    indexed(index, mirror_of(*[FIRST] * 500))
    assert len(row_of(index, FIRST).places) == 64
    assert index.counts() == {"document": Count(0, 1)}
    assert index.log_counts(MIRROR) == {"document": 500}


def test_no_question_reads_a_whole_table(index: Index) -> None:
    store = indexed(index, mirror_of(*POOL))
    asked: list[str] = []
    with index._shelf.reading() as db:  # the one idle connection: all questions below use it
        db.set_trace_callback(asked.append)
    digest = digest_of(FIRST)
    index.by_digest(digest)
    index.by_serial(1)
    index.entries(MIRROR, 5, 9)
    index.recent(9)
    index.by_issuer("a.example", 9)
    index.by_kind("document", 9)
    index.about(digest, 9)
    index.issuer_count("a.example")
    index.evidence(digest)
    index.wished(MIRROR, 9)
    index.check(as_store(store), FACTS)
    with index._shelf.reading() as db:
        db.set_trace_callback(None)
        for sql in asked:
            if sql.startswith("SELECT"):
                plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
                scans = [step for step in plan if step.startswith("SCAN")]
                assert scans in ([], ["SCAN s USING INDEX unchecked"]), sql


class Model(RuleBasedStateMachine):
    """Two logs grow, lose and regain statements while the index follows and checks at will."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.index = Index(Path(self.folder.name) / "index.db")
        self.stores = {OWN: MemoryStore(OWN, Role.OWN), MIRROR: MemoryStore(MIRROR, Role.MIRROR)}
        self.followed = {OWN: 0, MIRROR: 0}
        self.states: dict[bytes, State] = {}

    def teardown(self) -> None:
        self.index.close()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        self.stores[MIRROR].append(entry(raw) for raw in (FIRST, WITHDRAWAL, FORGED))
        self.follow(MIRROR, 0)

    @rule(raws=st.lists(st.tuples(st.sampled_from(POOL), st.booleans()), min_size=1, max_size=5))
    def peer_grows(self, raws: list[tuple[bytes, bool]]) -> None:
        self.stores[MIRROR].append(entry(raw, held=held) for raw, held in raws)

    @rule(raw=st.sampled_from([FIRST, WITHDRAWAL, DISPUTE, GREEN, HASHED]))
    def own_grows(self, raw: bytes) -> None:
        if raw not in [one.statement for one in self.stores[OWN].held]:
            self.stores[OWN].append([entry(raw)])

    @rule(origin=st.sampled_from([OWN, MIRROR]), back=st.sampled_from([0, 0, 2]))
    def follow(self, origin: str, back: int) -> None:
        store = self.stores[origin]
        until = max(self.followed[origin], store.head().size - back)
        self.index.follow(as_store(store), until, checked=origin == OWN)
        for one in store.held[self.followed[origin] : until]:
            known = self.states.get(one.digest, State.ABSENT)
            if known is State.ABSENT:
                self.states[one.digest] = self._first_state(one, origin)
        self.followed[origin] = until

    def _first_state(self, one: Entry, origin: str) -> State:
        if one.statement is None:
            return State.ABSENT
        if one.statement == GARBAGE:
            return State.UNREADABLE
        return State.CHECKED if origin == OWN else State.UNCHECKED

    @rule(limit=st.none() | st.integers(1, 3))
    def check(self, limit: int | None) -> None:
        self.index.check(as_store(self.stores[MIRROR]), FACTS, limit=limit)
        for raw, (state, _) in EXPECTED.items():
            row = self.index.by_digest(digest_of(raw))
            if (
                row is not None
                and self.states[row.digest] is State.UNCHECKED
                and row.state != State.UNCHECKED
            ):
                assert row.state is (State.ABSENT if self._gone(row.digest) else state)
                self.states[row.digest] = row.state
        if limit is None:
            held = {one.digest for one in self.stores[MIRROR].held[: self.followed[MIRROR]]}
            assert State.UNCHECKED not in {state for digest, state in self.states.items() if digest in held}

    def _gone(self, digest: bytes) -> bool:
        """A check reads the first place of the statement in its log."""
        places = [one for one in self.stores[MIRROR].held if one.digest == digest]
        return places[0].statement is None

    @precondition(lambda self: self.followed[MIRROR])
    @rule(data=st.data())
    def entry_changes(self, data: st.DataObject) -> None:
        store = self.stores[MIRROR]
        at = data.draw(st.integers(0, self.followed[MIRROR] - 1))
        raw = next(raw for raw in POOL if digest_of(raw) == store.digest(at))
        store.put(at, raw if store.statement(at) is None else None)
        self.index.refresh(as_store(store), at)
        self.states[store.digest(at)] = self._first_state(store.held[at], MIRROR)

    @invariant()
    def index_says_what_the_model_says(self) -> None:
        for digest, state in self.states.items():
            row = self.index.by_digest(digest)
            assert row is not None
            assert row.state is state
            assert (row.said is None) == (state in (State.ABSENT, State.UNREADABLE))
        listed = {raw for raw in POOL if self.states.get(digest_of(raw)) is State.CHECKED and raw != GREEN}
        assert {row.digest for row in self.index.recent(99)} == {digest_of(raw) for raw in listed}
        targets = {digest_of(raw) for raw in (WITHDRAWAL, DISPUTE) if raw in listed}
        assert {row.digest for row in self.index.about(digest_of(FIRST), 99)} == targets
        kinds = Counter(Statement.from_bytes(raw).about.kind for raw in listed)
        counts = self.index.counts()
        assert {kind: count.own + count.mirrored for kind, count in counts.items()} == kinds
        own = {one.digest for one in self.stores[OWN].held[: self.followed[OWN]]}
        for kind, count in counts.items():
            assert count.own == sum(
                digest_of(raw) in own for raw in listed if Statement.from_bytes(raw).about.kind == kind
            )


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
