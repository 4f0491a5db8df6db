"""A stock C2SP witness cosigns our log, and our witness cosigns a stock log, over HTTP between processes."""

from collections.abc import Iterator
from pathlib import Path

import aics_tlog
import pytest
from aics_witness.feeder import WitnessClient, WitnessRejected, merge_cosignatures
from tests.node.house import House, house_at, make_node, numbered
from tests.node.processes import running
from tests.node.stock import NAME, ORIGIN, StockLog, StockWitness, stock_witness

from haechi.findings import Finding
from haechi.log.checkpoint import read_checkpoint
from haechi.log.note import NoteKey, SignatureType
from haechi.log.quorum import WitnessPolicy, check_quorum
from haechi.network.fork import Fork
from haechi.network.memory import Memory, signed_head
from haechi.node.keychain import load_keychain
from haechi.node.peers import mirror_name
from haechi.node.witness_policy import POLICY_FILE

# The log under test


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of a node."""
    return make_node(tmp_path / "node")


@pytest.fixture
def stock(made: Path, tmp_path: Path) -> Iterator[StockWitness]:
    """A stock witness that trusts the node's log by its Ed25519 key, named in the node's policy."""
    with house_at(made) as house:
        keys = house.runner.card.log_keys()
    vkey = next(key.vkey for key in keys if key.type is SignatureType.ED25519)
    with stock_witness(tmp_path, keys[0].name, vkey) as witness:
        lines = f"witness stock {witness.vkey} {witness.url}\nquorum stock\n"
        (made / POLICY_FILE).write_text(lines)
        yield witness


@pytest.fixture
def house(made: Path, stock: StockWitness) -> Iterator[House]:
    assert stock.vkey
    with house_at(made) as house:
        yield house


def say(house: House, number: int) -> None:
    assert house.register(numbered(number)).status == 201
    house.node.sequencer.publish(int(house.node.clock()))


def asked(house: House) -> Finding:
    """What the stock witness made of the newest checkpoint."""
    house.runner.witnessing.ask(int(house.node.clock()))
    return house.runner.witnessing.last[NAME]


def test_a_stock_witness_cosigns_our_log_as_it_grows_and_through_a_crash_of_its_own(
    house: House, stock: StockWitness
) -> None:
    policy = WitnessPolicy.parse(f"witness stock {stock.vkey}\nquorum stock\n".encode())
    for number in range(1, 4):
        if number == 3:
            stock.stop(at_once=True)
            stock.start()
        say(house, number)
        assert asked(house).code == "network.witnessed.cosigned"
        head, note = read_checkpoint(house.ask("GET", "/log/witnessed").body)
        assert head.size == house.size
        assert check_quorum(note, head, policy, int(house.node.clock()))[0].code == "log.quorum.met"


@pytest.mark.slow
def test_its_line_verifies_on_our_note_by_its_own_library_too(house: House, stock: StockWitness) -> None:
    say(house, 1)
    assert asked(house).code == "network.witnessed.cosigned"
    note = aics_tlog.parse_note(house.ask("GET", "/log/witnessed").body)
    key = next(key for key in house.runner.card.log_keys() if key.type is SignatureType.ED25519)
    witness = aics_tlog.parse_vkey(stock.vkey)
    read = aics_tlog.verify_checkpoint(note, aics_tlog.parse_vkey(key.vkey), [witness], quorum=1)
    assert (read.ok, read.size, read.witnesses) == (True, house.size, [NAME]), read.error


@pytest.mark.slow
def test_it_tells_a_log_that_was_rolled_back(house: House, stock: StockWitness) -> None:
    say(house, 1)
    before = house.node.store.published()
    say(house, 2)
    assert asked(house).code == "network.witnessed.cosigned"
    assert before is not None
    house.node.store.publish(before)
    asker = next(one for one in house.runner.witnessing._askers if one.name == NAME)
    told = asker.ask(signed_head(before.note), house.node.tree.consistency).finding
    assert told.code == "network.witnessed.ahead"
    assert stock.process is not None


# The witness under test


@pytest.fixture
def log() -> StockLog:
    return StockLog()


@pytest.fixture
def url(log: StockLog, tmp_path: Path) -> Iterator[str]:
    """The submission prefix of a running node that witnesses the stock log."""
    with running(tmp_path / "witness", policy=f"log {log.vkey}\nquorum none\n") as node:
        yield f"{node.url}/witness"


def our_vkey(folder: Path) -> str:
    """The Ed25519 key that our witness cosigns with: the only one that a stock client knows."""
    signers = load_keychain(folder / "keys").witness_signers("kr.example/log")
    return next(one.key.vkey for one in signers if one.type is SignatureType.COSIGNATURE_V1)


def test_our_witness_cosigns_a_stock_log_and_refuses_its_second_history(
    url: str, log: StockLog, tmp_path: Path
) -> None:
    vkey = our_vkey(tmp_path / "witness")
    with WitnessClient(url, vkey, state_path=tmp_path / "state.json") as client:
        for entries in ((b"one", b"two"), (b"three",), tuple(b"%d" % n for n in range(300))):
            note = log.grow(*entries)
            line = client.submit(note, log.tree.consistency_proof)  # it verifies what it gets
            whole = merge_cosignatures(note, line)
            head = aics_tlog.verify_checkpoint(aics_tlog.parse_note(whole), aics_tlog.parse_vkey(log.vkey))
            assert (head.ok, head.size) == (True, log.tree.size), head.error
        liar = StockLog(log.key)
        other = liar.grow(*(b"x%d" % n for n in range(log.tree.size)))
        with pytest.raises(WitnessRejected) as refused:
            client.submit(other, liar.tree.consistency_proof)
        assert refused.value.status == 422
    (evidence,) = Memory(tmp_path / "witness" / "mirrors" / mirror_name(ORIGIN)).forks()
    proven = Fork.from_json(evidence.read_bytes()).check([NoteKey.parse(log.vkey)])
    assert proven.code == "network.fork.proven"
