"""A node goes by the list that its operator installed: it says so in its log, shows it, and passes it on."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from tests.cli.ran import haechi
from tests.network.parties import COMPANY, Operator
from tests.network.trust.ceremonies import Ceremony
from tests.network.trust.lists import COMPANY_LISTED, LISTED, statement_key
from tests.node.house import KEY, ORIGIN, House, house_at
from tests.node.processes import running

from haechi.network.answer import PeerRefused
from haechi.network.succession import FILE as HANDOVERS
from haechi.network.trust import package
from haechi.network.trust.keys import KeyStatus
from haechi.network.trust.listing import TrustList
from haechi.network.trust.metadata import fingerprint, update
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
