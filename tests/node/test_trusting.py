"""A node goes by the list that its operator installed: it says so in its log, shows it, and passes it on."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from tests.cli.ran import haechi
from tests.network.parties import COMPANY, Operator, ed25519_key
from tests.network.trust.ceremonies import Ceremony, renamed
from tests.network.trust.lists import COMPANY_LISTED, LISTED, statement_key
from tests.node.house import KEY, ORIGIN, House, house_at, make_node
from tests.node.processes import running

from haechi.network.answer import PeerRefused
from haechi.network.card import encode_key
from haechi.network.pins import Pins
from haechi.network.signed_request import sign_request
from haechi.network.succession import FILE as HANDOVERS
from haechi.network.trust import package
from haechi.network.trust.keys import KeyStatus
from haechi.network.trust.listing import TrustList
from haechi.network.trust.metadata import fingerprint, update
from haechi.node.open import PINS
from haechi.node.peers import mirror_name
from haechi.node.trusting import listed_cards
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement, sign_statement
from haechi.statement.kinds.trust_list import TrustListLogged


@pytest.fixture
def made() -> Ceremony:
    from datetime import UTC, datetime

    made = Ceremony(now=datetime.now(UTC))
    key = statement_key(KEY, history=(KeyStatus(log=ORIGIN, from_index=9, status="retired"),))
    company = msgspec.structs.replace(COMPANY_LISTED, keys=(key,), parties=("naver",))
    others = tuple(one for one in LISTED.organisations if one.issuer != COMPANY)
    made.publish(msgspec.structs.replace(LISTED, organisations=(*others, company)))
    return made


def repository(made: Ceremony, folder: Path) -> Path:
    for name, raw in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def installed(folder: Path, made: Ceremony, tmp_path: Path) -> str:
    source = repository(made, tmp_path / "repository")
    root = ("--root", source / "1.root.json", "-f", fingerprint(made.given))
    ran = haechi("trust", "install", *root, "--from", source, "--trust", folder, "--json")
    assert ran.code == 0, ran.out
    return ran.data["logged"]


def test_a_node_shows_and_passes_on_the_list_it_goes_by(
    house_with_list: tuple[House, Ceremony, str],
) -> None:
    house, made, _digest = house_with_list
    answer = house.ask("GET", f"/en/issuer/{COMPANY}.json")
    page = json.loads(answer.body)
    assert page["listed"]["role"]["en"] == "start-up"
    assert page["listed"]["parties"] == ["naver"]
    assert page["listed"]["version"] == 1
    reasons = [
        voucher["listed"]["ko"] for key in page["keys"] for voucher in key["vouchers"] if voucher["listed"]
    ]
    assert reasons == [f"{ORIGIN}의 9번 항목부터 종료"]
    shown = house.ask("GET", f"/ko/issuer/{COMPANY}").body.decode()
    assert "스타트업" in shown
    assert "신뢰 목록에 있음" in shown

    def fetch(name: str, limit: int) -> bytes | None:
        answer = house.ask("GET", f"/trust/{name}")
        return answer.body[:limit] if answer.status == 200 else None

    got = update(made.given, None, fetch, made.now)
    assert got.held == made.verified.held  # type: ignore[union-attr]
    assert house.ask("GET", "/trust/../haechi.toml").status == 404


def test_the_version_is_said_in_the_log_with_its_files(house_with_list: tuple[House, Ceremony, str]) -> None:
    house, made, digest = house_with_list
    statement = Statement.from_bytes(house.ask("GET", f"/statements/{digest}").body)
    claim = claim_of(statement, house.node.facts)
    assert isinstance(claim, TrustListLogged)
    assert claim.first_root.hex() == fingerprint(made.given)
    blob = house.ask("GET", f"/blobs/{claim.package.digest.hex()}")
    assert blob.status == 200
    assert package.from_bytes(blob.body) == made.verified.held  # type: ignore[union-attr]


def test_a_broken_file_leaves_the_list_before_in_use(house_with_list: tuple[House, Ceremony, str]) -> None:
    house, _made, _digest = house_with_list
    path = house.folder / "trust.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert house.node.trusting.trust.organisation(COMPANY) is not None
    path.write_bytes(whole)
    path.unlink()
    assert house.node.trusting.trust.organisation(COMPANY) is None


def test_a_node_without_a_list_serves_none(make_house) -> None:  # noqa: ANN001  # a fixture
    assert make_house().ask("GET", "/trust/timestamp.json").status == 404


def test_listed_logs_are_mirrored_with_the_keys_in_use() -> None:
    cards = {card.origin: card for card in listed_cards(LISTED)}
    for operator in (Operator("kr"), Operator("uk")):
        assert cards[operator.origin].vkeys == operator.card().vkeys
        cards[operator.origin].check()


@pytest.fixture
def house_with_list(made: Ceremony, tmp_path: Path):
    folder = tmp_path / "node"
    with house_at(folder):
        pass
    digest = installed(folder, made, tmp_path)
    house = House(folder)
    yield house, made, digest
    house.close()


def go_by(house: House, made: Ceremony, listed: TrustList) -> None:
    """Install another version of the list."""
    package.save(house.folder / "trust.json", made.publish(listed).held)


def with_history(listed: TrustList, scope: str, status: str) -> TrustList:
    """The list with every key of this scope of the UK's node at this status."""
    uk = listed.node(Operator("uk").origin)
    told = (KeyStatus(log=uk.origin, from_index=5, status=status),)  # type: ignore[arg-type]
    keys = tuple(msgspec.structs.replace(key, history=told) if key.scope == scope else key for key in uk.keys)
    changed = msgspec.structs.replace(uk, keys=keys)
    others = tuple(one for one in listed.nodes if one.origin != uk.origin)
    return msgspec.structs.replace(listed, nodes=(*others, changed))


@pytest.fixture
def outsider(tmp_path: Path) -> Iterator[House]:
    """A node that is in no list and has pinned nobody."""
    with house_at(tmp_path / "node", origin="jp.example/log") as house:
        yield house


def signed_get(house: House, nonce: bytes) -> int:
    """The answer to the UK's node asking for GREEN content."""
    key = ed25519_key("uk http")
    headers = sign_request(key, "/shared", "jp.example/log", int(house.node.clock()), nonce)
    return house.ask("GET", "/shared", b"", **headers).status


def test_green_is_served_by_the_list_in_use(made: Ceremony, outsider: House) -> None:
    assert signed_get(outsider, bytes(16)) == 403
    go_by(outsider, made, LISTED)
    assert signed_get(outsider, bytes(16)) == 200
    go_by(outsider, made, renamed("Another name"))
    assert signed_get(outsider, bytes(16)) == 401  # sent before, whatever list came in between
    assert signed_get(outsider, bytes([1] * 16)) == 200
    go_by(outsider, made, with_history(LISTED, "http", "revoked"))
    assert signed_get(outsider, bytes([2] * 16)) == 403


def test_a_pin_does_not_open_for_a_key_that_the_list_revoked(made: Ceremony, tmp_path: Path) -> None:
    folder = make_node(tmp_path / "node", origin="jp.example/log")
    http = encode_key(ed25519_key("uk http").public)
    card = msgspec.structs.replace(Operator("uk").card(), http_keys=(http,), url="http://127.0.0.1:9")
    Pins().add(card, card.fingerprint()).save(folder / PINS)
    with house_at(folder) as house:
        assert signed_get(house, bytes(16)) == 200
        go_by(house, made, with_history(LISTED, "http", "revoked"))
        assert signed_get(house, bytes([1] * 16)) == 403


@pytest.mark.parametrize("withdrawal", ["revoked", "retired", "no list"])
def test_a_withdrawn_log_is_neither_visited_nor_cosigned(
    made: Ceremony, outsider: House, withdrawal: str
) -> None:
    kr, uk = Operator("kr").origin, Operator("uk").origin
    go_by(outsider, made, LISTED)
    outsider.runner.follow_list()
    witnessing = outsider.runner.witnessing
    assert [key.vkey for key in witnessing.log_keys(uk)] == list(Operator("uk").card().vkeys)
    assert {peer.card.origin for peer in outsider.runner.vouched()} == {kr, uk}
    if withdrawal == "no list":
        (outsider.folder / "trust.json").unlink()
    else:
        go_by(outsider, made, with_history(LISTED, "checkpoint", withdrawal))
    outsider.runner.follow_list()
    assert not witnessing.log_keys(uk)
    assert witnessing.known_keys(uk)  # what it signed before can still be held against it
    assert uk not in {peer.card.origin for peer in outsider.runner.vouched()}
    assert bool(witnessing.log_keys(kr)) is (withdrawal != "no list")
    assert uk in {peer.card.origin for peer in outsider.runner.peers}  # the copy is still shown


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address where nothing is found, and the paths that it was asked for."""
    paths: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()
        thread.join()


def test_a_listed_node_that_moved_is_asked_at_its_new_address(
    made: Ceremony, outsider: House, asked: tuple[str, list[str]]
) -> None:
    url, paths = asked
    uk = LISTED.node(Operator("uk").origin)
    go_by(outsider, made, LISTED)
    outsider.runner.follow_list()
    peer = outsider.runner.peers.of(uk.origin)
    assert peer.client.url == uk.url
    others = tuple(one for one in LISTED.nodes if one.origin != uk.origin)
    moved = msgspec.structs.replace(uk, url=url)
    go_by(outsider, made, msgspec.structs.replace(LISTED, nodes=(*others, moved)))
    outsider.runner.follow_list()
    assert outsider.runner.peers.of(uk.origin) is peer
    assert peer.card.url == url
    peer.sync(int(outsider.node.clock()))
    assert paths == ["/log/checkpoint"]


def test_a_log_that_cannot_be_taken_holds_up_no_other(made: Ceremony, tmp_path: Path) -> None:
    with house_at(tmp_path / "node", origin="jp.example/log") as house:
        bad, good = (Operator(name).origin for name in ("kr", "uk"))
        folder = house.folder / "mirrors" / mirror_name(bad)
        folder.mkdir(parents=True)
        (folder / HANDOVERS).write_text("damaged")
        go_by(house, made, LISTED)
        house.runner.follow_list()
        assert [peer.card.origin for peer in house.runner.peers] == [good]
        (folder / HANDOVERS).unlink()
        house.runner.follow_list()
        assert {peer.card.origin for peer in house.runner.peers} == {bad, good}


@pytest.mark.e2e
def test_a_running_node_takes_the_version_through_its_own_door(made: Ceremony, tmp_path: Path) -> None:
    with running(tmp_path / "node") as node:
        digest = installed(node.folder, made, tmp_path)
        with node.client() as client:
            statement = Statement.from_bytes(client.fetch(f"/statements/{digest}", 1 << 16))
            assert statement.about.kind == "trust_list"
            blob = hashlib.sha256(package.to_bytes(made.verified.held)).hexdigest()  # type: ignore[union-attr]
            assert client.fetch(f"/blobs/{blob}", 1 << 20) == package.to_bytes(made.verified.held)  # type: ignore[union-attr]
            about = msgspec.structs.replace(statement.about, issuer=COMPANY)
            forged = sign_statement(KEY, about, statement.payload)  # the same words in the company's name
            with pytest.raises(PeerRefused):
                client.post("/entries", forged.raw, "application/cose")
