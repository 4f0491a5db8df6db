"""A node that mirrors another serves its log, statements, proofs and files, also when that one is gone."""

import hashlib
import io
import time
from collections.abc import Iterator

import pytest
from tests.network.parties import FACTS, FILE, evidence
from tests.node.house import House, make_node, numbered
from tests.node.processes import running

from haechi.findings import Verdict
from haechi.log.checkpoint import check_checkpoint
from haechi.log.proof import check_tlog_proof
from haechi.network.card import NodeCard
from haechi.network.pins import Pins
from haechi.network.verify import verify_bundle
from haechi.node.open import PINS

pytestmark = pytest.mark.e2e
STATEMENT = numbered(0)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, NodeCard]]:
    """A British node that mirrored a Korean one, which is stopped by now; and the Korean card."""
    folder = tmp_path_factory.mktemp("mirror")
    made = make_node(folder / "uk", origin="uk.example/log", issuer="aisi.uk.example", mirror_seconds=3600.0)
    (folder / "run.csv").write_bytes(FILE)
    with running(folder / "kr") as korea:
        Pins().add(korea.card, korea.card.fingerprint()).save(made / PINS)
        with korea.client() as client:
            client.post("/entries", STATEMENT.raw, "application/cose")
            client.put_file(f"/blobs/{evidence().digest.hex()}", folder / "run.csv")
            client.fetch(f"/bundles/{STATEMENT.digest_hex}", 1 << 20)  # a checkpoint covers it by then
        house = House(made)
        house.runner.sync(house.runner.peers.of(korea.card.origin), int(time.time()))
        card = korea.card
    yield house, card
    house.close()


def prefix(card: NodeCard) -> str:
    return f"/mirrors/{hashlib.sha256(card.origin.encode()).hexdigest()}"


def test_the_mirrored_checkpoint_is_the_peers_own(mirror: tuple[House, NodeCard]):
    house, card = mirror
    answer = house.ask("GET", f"{prefix(card)}/checkpoint")
    finding, checkpoint = check_checkpoint(answer.body, card.log_keys(), card.origin)
    assert finding.verdict is Verdict.HOLDS
    assert checkpoint is not None
    assert checkpoint.size == 4


def test_mirrored_tiles_are_served(mirror: tuple[House, NodeCard]):
    house, card = mirror
    assert len(house.ask("GET", f"{prefix(card)}/tile/0/000.p/4").body) == 4 * 32
    assert STATEMENT.digest in house.ask("GET", f"{prefix(card)}/tile/entries/000.p/4").body
    assert STATEMENT.raw in house.ask("GET", f"{prefix(card)}/tile/statements/000.p/4").body
    assert house.ask("GET", f"{prefix(card)}/tile/0/000.p/5").status == 404
    assert house.ask("GET", "/mirrors/" + "0" * 64 + "/checkpoint").status == 404


def test_a_mirrored_statement_its_proof_and_its_file_are_served(mirror: tuple[House, NodeCard]):
    house, card = mirror
    assert house.ask("GET", f"/statements/{STATEMENT.digest_hex}").body == STATEMENT.raw
    assert house.ask("GET", f"/blobs/{evidence().digest.hex()}").body == FILE
    proof = house.ask("GET", f"/proofs/{STATEMENT.digest_hex}").body
    found = check_tlog_proof(proof, STATEMENT.digest, card.log_keys(), card.origin)
    assert {each.verdict for each in found} == {Verdict.HOLDS}


def test_a_bundle_of_a_mirrored_statement_holds_with_the_peers_pin_alone(mirror: tuple[House, NodeCard]):
    house, card = mirror
    raw = house.ask("GET", f"/bundles/{STATEMENT.digest_hex}").body
    report = verify_bundle(io.BytesIO(raw), Pins().add(card, card.fingerprint()), FACTS, STATEMENT.digest)
    assert report.verdict is Verdict.HOLDS, [each.code for each in report.findings]


def test_a_mirror_signs_no_receipts(mirror: tuple[House, NodeCard]):
    house, _ = mirror
    assert house.ask("GET", f"/entries/{STATEMENT.digest_hex}").status == 404


def test_files_are_taken_for_statements_of_the_own_log_alone(mirror: tuple[House, NodeCard]):
    house, _ = mirror
    (house.folder / "blobs" / evidence().digest.hex()[:2] / evidence().digest.hex()).unlink()
    assert house.ask("PUT", f"/blobs/{evidence().digest.hex()}", FILE).status == 404
