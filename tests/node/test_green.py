"""GREEN between two nodes, releases and erasures: who gets what, and what stays."""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.network.parties import COMPANY, FACTS, ed25519_key
from tests.node.house import KEY, Answer, House, house_at, make_node
from tests.node.test_sharing import READER, claim, encrypted, put, said

from haechi.errors import BadInput, NotFound
from haechi.findings import Verdict, overall
from haechi.network.answer import PeerLacks, PeerRefused
from haechi.network.client import Headers
from haechi.network.pins import Pins
from haechi.network.shared import SharedShelf
from haechi.network.signed_request import sign_request
from haechi.network.verify import verify_bundle
from haechi.node.gathering import gather_bundle
from haechi.node.maintenance import erase, grant, run_fsck, take_levels
from haechi.node.open import PINS
from haechi.node.peers import Peer
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import Sharing, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.document import Document
from haechi.statement.kinds.erasure import Erasure
from haechi.statement.kinds.policy import Grant
from haechi.statement.kinds.release import Release
from haechi.statement.kinds.withdraw import Withdraw
from haechi.statement.parcel import Parcel
from haechi.statement.sharing import open_content, sign_kept

LEVELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
UK = {
    "origin": "uk.example/log",
    "issuer": "aisi.uk.example",
    "country": "GB",
    "url": "http://127.0.0.1:8471",
}
FILE = b"name,score\nmodel,0.4\n"
WHY = Said(en="It named a person.")


def file_ref(file: bytes) -> EvidenceRef:
    digest = hashlib.sha256(file).digest()
    return EvidenceRef(digest=digest, size=len(file), media_type="text/csv", name="scores.csv")


def green(file: bytes = FILE) -> Statement:
    ref = file_ref(file)
    example = cast("Document", kind_of("document").example())
    made = Document(title=Said(en="For the network"), form=example.form, dated=example.dated, files=(ref,))
    return sign_statement(
        KEY, said(Sharing.GREEN, "app:green"), encode_claim(kind_of("document"), made, FACTS)
    )


def issued(kind: str, made: Any, level: Sharing = Sharing.CLEAR, key: SigningKey = KEY) -> Statement:  # noqa: ANN401
    about = msgspec.structs.replace(said(level, f"urn:uuid:{os.urandom(4).hex()}"), kind=kind)
    return sign_statement(key, about, encode_claim(kind_of(kind), made, FACTS))


@contextmanager
def two(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Korea and the UK, each of which has pinned the other."""
    kr, uk = make_node(tmp_path / "kr"), make_node(tmp_path / "uk", **UK)
    take_levels(kr, LEVELS, None)
    grant(kr, COMPANY, KEY.public.thumbprint, ("release",), None)
    cards = {}
    for folder in (kr, uk):
        with house_at(folder) as made:
            cards[folder] = made.runner.card
    for folder, other in ((kr, uk), (uk, kr)):
        Pins().add(cards[other], cards[other].fingerprint()).save(folder / PINS)
    with house_at(kr) as first, house_at(uk) as second:
        yield first, second


class Wire:
    """A client that asks a house instead of a socket; counts what it asked for."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.paths: list[str] = []

    def fetch(
        self,
        path: str,
        _max_bytes: int,
        _type: str | None = None,
        *,
        headers: Headers | None = None,
    ) -> bytes:
        target = path if path.startswith("/") else f"/{path}"
        self.paths.append(target)
        made = {} if headers is None else headers(target)
        answer = cast("Any", self.house).ask("GET", target, **made)
        if answer.status in (401, 403):
            raise PeerRefused(url=target, status=answer.status, title="", detail="")
        if answer.status == 404:
            raise PeerLacks(what_is="answer", name=target)
        assert answer.status == 200, answer
        return answer.body

    def close(self) -> None:
        """Nothing is open."""

    @contextmanager
    def stream(self, path: str, max_bytes: int, *, headers: Headers | None = None) -> Iterator[Any]:
        yield iter([self.fetch(path, max_bytes, headers=headers)])


def mirrored(kr: House, uk: House) -> Peer:
    """The UK's copy of Korea's log, brought up to date over the wire that does not leave this process."""
    peer = uk.runner.peers.of(kr.node.config.origin)
    wire = Wire(kr)
    peer.client = cast("Any", wire)
    mirror = cast("Any", peer.mirror)
    mirror._sources = [replace(mirror._sources[0], transport=wire)]
    kr.runner.node.publish_up_to(kr.size - 1)
    uk.runner.sync(peer, int(uk.node.clock()))
    return peer


def signed_get(asker: House, asked: House, path: str, **changes: Any) -> Answer:  # noqa: ANN401
    given: dict[str, Any] = {
        "key": asker.node.keys.requests,
        "target": path,
        "to": asked.node.config.origin,
        "now": int(asked.node.clock()),
        "nonce": os.urandom(16),
    }
    return cast("Any", asked).ask("GET", path, **sign_request(**{**given, **changes}))


def test_green_goes_to_listed_nodes_that_sign_and_to_nobody_else(tmp_path: Path):
    statement = green()
    with two(tmp_path) as (kr, uk):
        assert kr.register(statement).status == 201
        assert put(kr, FILE) == 201
        name = hashlib.sha256(FILE).hexdigest()
        paths = ["/shared", f"/shared/statements/{statement.digest_hex}", f"/shared/files/{name}"]
        for path in paths:
            assert kr.ask("GET", path).problem[0] == "network.request-unsigned"
            assert signed_get(uk, kr, path, key=ed25519_key("stranger")).status == 403
            assert signed_get(uk, kr, path, to="another.example/log").status == 401
            assert signed_get(uk, kr, path).status == 200
        assert signed_get(uk, kr, paths[1]).body == statement.raw
        assert signed_get(uk, kr, paths[2]).body == FILE
        assert signed_get(uk, kr, paths[1]).headers["cache-control"] == "private, no-store"
        for path in (f"/statements/{statement.digest_hex}", f"/blobs/{name}"):
            assert kr.ask("GET", path).status == 404
        twin = kr.ask("GET", f"/ko/statement/{statement.digest_hex}.json").body
        assert b'"why":"shared"' in twin.replace(b" ", b"")
        assert b"For the network" not in twin


def test_a_listed_node_fetches_what_is_shared_with_it_and_keeps_it_apart(tmp_path: Path):
    statement = green()
    with two(tmp_path) as (kr, uk):
        kr.register(statement)
        put(kr, FILE)
        peer = mirrored(kr, uk)
        row = uk.node.shared.get(statement.digest)
        assert row is not None
        assert (row.raw, row.origin) == (statement.raw, "kr.example/log")
        assert uk.node.shared.files.path(hashlib.sha256(FILE).digest()).read_bytes() == FILE
        assert uk.ask("GET", f"/statements/{statement.digest_hex}").status == 404
        assert signed_get(kr, uk, f"/shared/statements/{statement.digest_hex}").status == 404
        asked = len(cast("Any", peer.client).paths)
        uk.runner.sync(peer, int(uk.node.clock()))
        again = cast("Any", peer.client).paths[asked:]
        assert not any("/shared/statements" in path for path in again)


def test_who_holds_a_green_statement_can_prove_it_to_others(tmp_path: Path):
    """From either node: what the statement says comes from its holder, what proves it is public."""
    statement, evidence = green(), tmp_path / "scores.csv"
    evidence.write_bytes(FILE)
    with two(tmp_path) as (kr, uk):
        kr.register(statement)
        later = issued("document", kind_of("document").example())
        kr.register(later)
        mirrored(kr, uk)
        pins = Pins().add(kr.runner.card, kr.runner.card.fingerprint())
        for house in (kr, uk):
            gathered = io.BytesIO()
            gather_bundle(statement, Wire(house), gathered, [evidence])
            raw = gathered.getvalue()
            report = verify_bundle(io.BytesIO(raw), pins, FACTS)
            assert report.verdict is Verdict.HOLDS, [one.code for one in report.findings]
            codes = {one.code for one in report.sections[0].findings}
            assert {"log.inclusion.valid", "log.registration.granted", "evidence.digest.matches"} <= codes
        with pytest.raises(NotFound):
            gather_bundle(green(b"another"), Wire(uk), io.BytesIO())
        other = tmp_path / "other"
        other.write_bytes(b"another")
        with pytest.raises(BadInput):
            gather_bundle(statement, Wire(uk), io.BytesIO(), [other])


def test_a_withdrawal_comes_along_with_a_gathered_bundle(tmp_path: Path):
    statement = green()
    with two(tmp_path) as (kr, uk):
        kr.register(statement)
        gone = issued("withdraw", Withdraw(target=statement.digest, reason=WHY))
        assert kr.register(gone).status == 201
        mirrored(kr, uk)
        gathered = io.BytesIO()
        gather_bundle(statement, Wire(uk), gathered)
        gathered.seek(0)
        pins = Pins().add(kr.runner.card, kr.runner.card.fingerprint())
        report = verify_bundle(gathered, pins, FACTS)
        assert report.verdict is Verdict.FAILS
        assert "network.standing.withdrawn" in {one.code for one in report.sections[0].findings}


def test_what_is_not_mirrored_yet_is_asked_for_again(tmp_path: Path):
    statement = green()
    with two(tmp_path) as (kr, uk):
        peer = mirrored(kr, uk)
        kr.register(statement)
        assert uk.runner.sharing.fetch(peer) == 0  # told of, and not in the mirrored log yet
        assert uk.node.shared.get(statement.digest) is None
        mirrored(kr, uk)
        assert uk.node.shared.get(statement.digest) is not None


def test_what_a_peer_calls_shared_must_stand_in_its_log(tmp_path: Path):
    stray = green(b"never logged")
    with two(tmp_path) as (kr, uk):
        kr.node.shared.put(stray.digest, "kr.example/log", stray.raw, ())
        assert signed_get(uk, kr, f"/shared/statements/{stray.digest_hex}").status == 404
        mirrored(kr, uk)
        assert uk.node.shared.get(stray.digest) is None


def test_green_released_is_served_counted_and_mirrored_like_any_other(tmp_path: Path):
    statement = green()
    release = issued("release", Release(target=statement.digest, level="CLEAR"))
    with two(tmp_path) as (kr, uk):
        kr.register(statement)
        put(kr, FILE)
        mirrored(kr, uk)
        assert kr.register(release).status == 201
        kr.runner.settle()
        mirrored(kr, uk)
        for house in (kr, uk):
            assert house.ask("GET", f"/statements/{statement.digest_hex}").body == statement.raw
            twin = house.ask("GET", f"/en/statement/{statement.digest_hex}.json").body.replace(b" ", b"")
            assert b'"released":true' in twin
            assert (
                house.node.index.counts()["document"].own + house.node.index.counts()["document"].mirrored
                == 1
            )
            assert house.node.shared.get(statement.digest) is None
        assert kr.ask("GET", f"/blobs/{hashlib.sha256(FILE).hexdigest()}").body == FILE
        folder = kr.folder
    (folder / "index.db").unlink()  # derived: built anew, releases included
    with house_at(folder) as again:
        assert again.node.index.counts()["document"].own == 1
        assert again.ask("GET", f"/statements/{statement.digest_hex}").status == 200


def counts_of(house: House) -> tuple[int, int]:
    count = house.node.index.counts()["document"]
    return count.own, count.mirrored


def test_only_its_issuer_releases_and_nothing_narrows(tmp_path: Path):
    other = ed25519_key("other")
    statement, open_one = green(), sign_statement(KEY, said(Sharing.CLEAR, "app:open"), claim("open"))
    with two(tmp_path) as (kr, _uk):
        kr.register(statement)
        kr.register(open_one)
        grant_to(kr, other)
        good = Release(target=statement.digest, level="CLEAR")
        assert kr.register(issued("release", good, key=other)).problem[0] == "node.statement-refused"
        narrow = Release(target=open_one.digest, level="GREEN")
        assert kr.register(issued("release", narrow, Sharing.GREEN)).problem[0] == "node.statement-refused"
        mislabelled = Release(target=statement.digest, level="GREEN")
        assert kr.register(issued("release", mislabelled)).problem[0] == "node.statement-refused"
        assert kr.register(issued("release", good)).status == 201


def grant_to(house: House, key: SigningKey) -> None:
    terms = house.node.policies.current
    added = Grant(issuer=COMPANY, kinds=("release",), keys=(key.public.thumbprint,))
    changed = msgspec.structs.replace(terms, grants=(*terms.grants, added))
    about = msgspec.structs.replace(
        said(Sharing.CLEAR, "log:x"), kind="policy", issuer=house.node.config.issuer
    )
    payload = encode_claim(kind_of("policy"), changed, FACTS)
    assert house.register(sign_statement(house.node.keys.issuer, about, payload)).status == 201


def test_an_encrypted_claim_whose_key_was_given_away_is_read_on_its_page(tmp_path: Path):
    statement = encrypted("now for everybody")
    key = open_content(statement, None, [READER]).key
    with two(tmp_path) as (kr, _uk):
        kr.register(statement)
        before = kr.ask("GET", f"/en/statement/{statement.digest_hex}.json").body
        assert b"now for everybody" not in before
        wrong = Release(target=statement.digest, level="CLEAR", content_key=bytes(32))
        kr.register(issued("release", wrong))
        kr.runner.settle()
        assert b"now for everybody" not in kr.ask("GET", f"/en/statement/{statement.digest_hex}.json").body
        kr.register(issued("release", Release(target=statement.digest, level="CLEAR", content_key=key)))
        kr.runner.settle()
        for path in ("/en/statement/{}.json", "/ko/statement/{}"):
            page = kr.ask("GET", path.format(statement.digest_hex))
            assert b"now for everybody" in page.body


def test_what_was_kept_is_published_with_its_release(tmp_path: Path):
    kept = sign_kept(KEY, said(Sharing.RED), Parcel("text/plain", "a.txt", b"not yet"))
    ref = EvidenceRef(
        digest=kept.statement.payload,
        size=len(kept.file),
        media_type="application/vnd.haechi.parcel+cbor",
        name="a.kept",
    )
    release = Release(target=kept.statement.digest, level="CLEAR", signed=kept.statement.raw, file=ref)
    with two(tmp_path) as (kr, _uk):
        kr.register(kept.statement)
        assert put(kr, kept.file) == 404
        assert kr.register(issued("release", release)).status == 201
        assert put(kr, kept.file) == 201
        assert kr.ask("GET", f"/blobs/{kept.statement.payload.hex()}").body == kept.file


@pytest.mark.parametrize("running", [True, False])
def test_an_erased_statement_is_gone_its_commitment_stays_and_the_reason_is_logged(
    tmp_path: Path, *, running: bool
):
    folder = make_node(tmp_path / "node")
    statement = sign_statement(KEY, said(Sharing.CLEAR, "app:gone"), claim("a person's name"))
    with house_at(folder) as house:
        house.register(statement)
        made = erasure(house, statement)
        if running:
            house.register(made)
            house.runner.settle()
    if not running:
        made = erase(folder, (statement.digest,), statement.digest, WHY, None)
        with pytest.raises(NotFound):
            erase(folder, (bytes(32),), bytes(32), WHY, None)
    with house_at(folder) as house:
        assert house.ask("GET", f"/statements/{statement.digest_hex}").status == 404
        assert house.ask("GET", f"/proofs/{statement.digest_hex}").status == 200
        twin = house.ask("GET", f"/en/statement/{statement.digest_hex}.json").body.replace(b" ", b"")
        assert b'"why":"erased"' in twin
        assert made.digest_hex.encode() in twin
        page = house.ask("GET", f"/ko/statement/{statement.digest_hex}").body.decode()
        assert "지우고 그 사실과 이유를 기록했습니다" in page
    assert overall(run_fsck(folder, None, lambda _done, _all: None)) is Verdict.HOLDS
    assert not any(b"a person's name" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def erasure(house: House, statement: Statement, *also: bytes) -> Statement:
    made = Erasure(
        target=statement.digest,
        origin=house.node.config.origin,
        erased=also or (statement.digest,),
        reason=WHY,
    )
    about = msgspec.structs.replace(
        said(Sharing.CLEAR, "log:x"), kind="erasure", issuer=house.node.config.issuer
    )
    return sign_statement(house.node.keys.issuer, about, encode_claim(kind_of("erasure"), made, FACTS))


def test_a_mirror_learns_of_an_erasure_and_erases_too(tmp_path: Path):
    statement = sign_statement(KEY, said(Sharing.CLEAR, "app:gone"), claim("to be forgotten"))
    with two(tmp_path) as (kr, uk):
        kr.register(statement)
        peer = mirrored(kr, uk)
        assert uk.ask("GET", f"/statements/{statement.digest_hex}").status == 200
        kr.register(erasure(kr, statement))
        kr.runner.settle()
        mirrored(kr, uk)
        assert uk.ask("GET", f"/statements/{statement.digest_hex}").status == 404
        assert peer.store.index_of(statement.digest) is not None
        twin = uk.ask("GET", f"/en/statement/{statement.digest_hex}.json").body.replace(b" ", b"")
        assert b'"why":"erased"' in twin


def test_a_file_alone_is_erased_and_its_statement_stays(tmp_path: Path):
    ref = EvidenceRef(
        digest=hashlib.sha256(FILE).digest(), size=len(FILE), media_type="text/csv", name="a.csv"
    )
    example = cast("Document", kind_of("document").example())
    made = Document(title=Said(en="x"), form=example.form, dated=example.dated, files=(ref,))
    statement = sign_statement(
        KEY, said(Sharing.CLEAR, "app:file"), encode_claim(kind_of("document"), made, FACTS)
    )
    folder = make_node(tmp_path / "node")
    with house_at(folder) as house:
        house.register(statement)
        put(house, FILE)
        house.register(erasure(house, statement, ref.digest))
        house.runner.settle()
        assert house.ask("GET", f"/blobs/{ref.digest.hex()}").status == 404
        assert house.ask("GET", f"/statements/{statement.digest_hex}").body == statement.raw


def test_nobody_but_the_operator_erases(tmp_path: Path):
    statement = sign_statement(KEY, said(Sharing.CLEAR, "app:stays"), claim("stays"))
    folder = make_node(tmp_path / "node")
    grant(folder, COMPANY, KEY.public.thumbprint, ("erasure",), None)
    with house_at(folder) as house:
        house.register(statement)
        made = Erasure(
            target=statement.digest, origin="kr.example/log", erased=(statement.digest,), reason=WHY
        )
        assert house.register(issued("erasure", made)).problem[0] == "node.erasure-refused"
        elsewhere = Erasure(
            target=statement.digest, origin="uk.example/log", erased=(statement.digest,), reason=WHY
        )
        assert house.register(issued("erasure", elsewhere)).status == 400
        house.runner.settle()
        assert house.ask("GET", f"/statements/{statement.digest_hex}").status == 200


def test_what_enters_the_log_late_is_listed_after_what_was_asked_for_meanwhile(tmp_path: Path):
    late, quick = green(), green(b"name,score\nmodel,0.5\n")
    folder = make_node(tmp_path / "kr")
    take_levels(folder, LEVELS, None)
    with house_at(folder) as house:
        sharing = house.runner.sharing
        house.node.shelve(late)  # its commit fails
        assert house.register(quick).status == 201
        first = sharing.listing(0)
        assert [entry.digest for entry in first.statements] == [quick.digest_hex]
        assert house.register(late).status == 201
        after = first.statements[-1].serial
        assert [entry.digest for entry in sharing.listing(after).statements] == [late.digest_hex]
        again = sharing.listing(0)
        assert [entry.digest for entry in again.statements] == [quick.digest_hex, late.digest_hex]


def test_a_number_given_before_the_log_had_it_is_given_anew(tmp_path: Path):
    early, quick = green(), green(b"name,score\nmodel,0.5\n")
    folder = make_node(tmp_path / "kr")
    take_levels(folder, LEVELS, None)
    with house_at(folder) as house:
        house.node.shelve(early)
        house.node.shared.number([early.digest])
        assert house.register(quick).status == 201
        after = house.runner.sharing.listing(0).statements[-1].serial
        assert house.register(early).status == 201
        told = house.runner.sharing.listing(after)
        assert [entry.digest for entry in told.statements] == [early.digest_hex]


def test_a_shelf_restored_from_a_backup_gives_no_serial_again(tmp_path: Path):
    shelf, backup = SharedShelf.in_folder(tmp_path / "a"), SharedShelf.in_folder(tmp_path / "b")
    for one in (green(b"1"), green(b"2")):
        shelf.put(one.digest, "kr.example/log", one.raw, ())
        shelf.number([one.digest])
    seen = shelf.last()
    time.sleep(0.01)
    new = green(b"3")
    backup.put(new.digest, "kr.example/log", new.raw, ())
    backup.number([new.digest])
    assert [row.digest for row in backup.listed("kr.example/log", seen)] == [new.digest]
    shelf.close()
    backup.close()


def test_the_shelf_survives_the_disk_and_forgets_what_it_erased(tmp_path: Path):
    statement = green()
    shelf = SharedShelf.in_folder(tmp_path / "shared")
    shelf.put(statement.digest, "kr.example/log", statement.raw, ())
    shelf.move("kr.example/log", 7)
    shelf.close()
    again = SharedShelf.in_folder(tmp_path / "shared")
    row = again.get(statement.digest)
    assert row is not None
    assert (row.raw, again.cursor("kr.example/log"), again.cursor("x")) == (statement.raw, 7, 0)
    assert (tmp_path / "shared" / "shared.db").stat().st_mode & 0o777 == 0o600
    assert again.erase(statement.digest)
    assert not again.erase(statement.digest)
    again.close()
    data = b"".join(path.read_bytes() for path in (tmp_path / "shared").glob("shared.db*"))
    assert b"For the network" not in data
