"""Evidence of two histories convinces whoever has the log's keys, and nothing else does."""

import pytest
from tests.network.world import ORIGIN, SIGNER, PeerLog, bodies, new_signer

from haechi.errors import BadInput
from haechi.findings import Verdict
from haechi.log.tiles import TileTree
from haechi.network.fork import MAX_FORK_BYTES, Begun, Fork


def tree_of(peer: PeerLog) -> TileTree:
    return TileTree(lambda level, n, width: peer.tiles[level, n][: width * 32])


def begun(peer: PeerLog, size: int) -> Begun:
    tree = tree_of(peer)
    path = tree.consistency(size, peer.size)
    return Begun(root=tree.root(size).hex(), path=tuple(node.hex() for node in path))


def pair(first: PeerLog, second: PeerLog, how: Begun | None = None, origin: str = ORIGIN) -> Fork:
    return Fork(origin=origin, first=first.note.decode(), second=second.note.decode(), begun=how)


ONE = PeerLog().grow(bodies(0, 100))
SAME_SIZE = ONE.fork(50).grow(bodies(50, 50, "other"))
LARGER = ONE.fork(50).grow(bodies(50, 150, "other"))
HONEST = ONE.fork(100).grow(bodies(100, 100))


@pytest.mark.parametrize("fork", [pair(ONE, SAME_SIZE), pair(ONE, LARGER, begun(LARGER, 100))])
def test_two_histories_are_proven_offline(fork: Fork) -> None:
    read = Fork.from_json(fork.to_json())
    assert read == fork
    finding = read.check(SIGNER.keys)
    assert finding.code == "network.fork.proven"
    assert finding.verdict is Verdict.FAILS


@pytest.mark.parametrize(
    ("fork", "code"),
    [
        (pair(ONE, HONEST, begun(HONEST, 100)), "network.fork.agree"),
        (pair(ONE, ONE), "network.fork.agree"),
        (pair(ONE, LARGER), "network.fork.unproven"),
        (pair(LARGER, ONE, begun(LARGER, 100)), "network.fork.unproven"),
        (pair(ONE, HONEST, begun(LARGER, 100)), "network.fork.unproven"),
        (pair(ONE, HONEST, Begun(root="00" * 32, path=begun(HONEST, 100).path)), "network.fork.unproven"),
        (pair(ONE, HONEST, Begun(root=begun(HONEST, 100).root, path=())), "network.fork.unproven"),
        (pair(ONE, LARGER, begun(LARGER, 100), "uk.example/log"), "log.checkpoint.wrong-origin"),
    ],
    ids=["agree", "same", "no proof", "reversed", "foreign proof", "made-up root", "no path", "other origin"],
)
def test_nothing_less_proves_a_fork(fork: Fork, code: str) -> None:
    assert fork.check(SIGNER.keys).code == code


def test_heads_that_others_signed_prove_nothing_against_the_log() -> None:
    stranger = PeerLog(new_signer()).grow(bodies(0, 100, "stranger"))
    assert pair(ONE, stranger).check(SIGNER.keys).code == "log.checkpoint.key-unknown"
    assert pair(stranger, ONE).check(SIGNER.keys).code == "log.checkpoint.key-unknown"


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b" " * (MAX_FORK_BYTES + 1)])
def test_what_is_no_evidence_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        Fork.from_json(raw)
