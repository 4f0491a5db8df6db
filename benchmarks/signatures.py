"""How long signatures take: strict Ed25519 beside OpenSSL's, one thread and two, and whole checkpoints.

    python -m benchmarks.signatures

Messages have 600 bytes, like a statement. OpenSSL's verifier accepts more than the strict profile does (see
docs/reference/ed25519-profile.md), so its figure is a peer's, not an alternative as it stands.
"""

import random
from collections.abc import Callable
from threading import Thread
from time import perf_counter

from benchmarks._table import Row, against, figure, report, timed
from cryptography import __version__ as cryptography_version
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from nacl import __version__ as nacl_version

from haechi.findings import Verdict
from haechi.log.checkpoint import CheckpointSigner, check_checkpoint
from haechi.log.merkle import inclusion_nodes, leaf_hash, root_from_inclusion
from haechi.log.proof import TlogProof, check_tlog_proof
from haechi.statement import ed25519 as strict

RUNS = 400
PEER = f"cryptography {cryptography_version}"


def _each_us(call: Callable[[], object], threads: int) -> float:
    """Microseconds for one call when `threads` threads make RUNS each; the best of five rounds."""

    def work() -> None:
        for _ in range(RUNS):
            call()

    rounds: list[float] = []
    for _ in range(5):
        team = [Thread(target=work) for _ in range(threads)]
        begun = perf_counter()
        for thread in team:
            thread.start()
        for thread in team:
            thread.join()
        rounds.append((perf_counter() - begun) / (RUNS * threads) * 1e6)
    return min(rounds)


def verifying(chance: random.Random) -> list[Row]:
    """One strict verification beside one by OpenSSL, on one thread and on two; the first sight of a key."""
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    message = chance.randbytes(600)
    signature, public = key.sign(message), key.public_key()
    raw = public.public_bytes_raw()
    rows = [
        against(
            f"strict Ed25519 verification, threads: {threads} (PyNaCl {nacl_version})",
            _each_us(lambda: strict.verify(raw, signature, message), threads),
            _each_us(lambda: public.verify(signature, message), threads),
            "µs",
            PEER,
        )
        for threads in (1, 2)
    ]
    seeds = [Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)) for _ in range(100)]
    fresh = [(seed.public_key().public_bytes_raw(),) for seed in seeds]
    return [*rows, figure("a key seen for the first time", timed(strict.check_public_key, fresh, 1).us, "µs")]


def checkpoints(chance: random.Random) -> list[Row]:
    """Signing and checking a checkpoint with both lines; checking a tlog proof at a million entries."""
    signer = CheckpointSigner(
        "kr.example/log",
        Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)),
        MLDSA44PrivateKey.from_seed_bytes(chance.randbytes(32)),
    )
    entry, index, size = chance.randbytes(32), 12_345, 1_000_000
    path = tuple(chance.randbytes(32) for _ in inclusion_nodes(index, size))
    root = root_from_inclusion(leaf_hash(entry), index, size, path)
    signing = timed(signer.sign, [(size, root, at) for at in range(RUNS)])
    checking = timed(check_checkpoint, [(raw, signer.keys, signer.origin) for raw in signing.results])
    proof = TlogProof(index, path, signing.results[0]).encode()
    proving = timed(check_tlog_proof, [(proof, entry, signer.keys, signer.origin)] * RUNS)
    if {finding.verdict for found in proving.results for finding in found} != {Verdict.HOLDS}:
        raise SystemExit("a proof that must hold does not")
    return [
        figure("checkpoint signed (Ed25519 and ML-DSA-44)", signing.us, "µs"),
        figure("checkpoint checked, both lines", checking.us, "µs"),
        figure("tlog proof checked, 1,000,000 entries", proving.us, "µs", at_most=1000),
        figure("checkpoint", len(signing.results[0]), "bytes"),
        figure("tlog proof, 1,000,000 entries", len(proof), "bytes"),
    ]


if __name__ == "__main__":
    chance = random.Random(914)
    report("signatures", "Signatures and checkpoints", [*verifying(chance), *checkpoints(chance)])
