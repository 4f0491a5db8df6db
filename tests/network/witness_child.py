"""A witness of several logs that grow at the same time; it says what it cosigned, and what it could not.

Each answered request is a line `log size root` on standard output, written after the answer was there; a disk
that refused is a line `refused`. Run as `python -m tests.network.witness_child FOLDER`.
"""

import os
import sys
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.network.world import PeerLog, bodies, new_signer

from haechi.log.note import NoteSigner, SignatureType
from haechi.log.store import StoreFailed
from haechi.log.tiles import TileTree
from haechi.network.add_checkpoint import AddCheckpoint, OldSizeDiffers
from haechi.network.witness import Witness
from haechi.network.witness_store import SqliteWitnessStore

LOGS = 4
NOW = 1_800_000_000
NAME = "uk.example/log/witness"


def origin_of(number: int) -> str:
    return f"log{number}.example/log"


def grown(log: PeerLog, number: int) -> PeerLog:
    """The log with one entry more; alike in every process but for its keys."""
    return log.grow(bodies(log.size, 1, origin_of(number)))


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def feed(witness: Witness, log: PeerLog, number: int, old: int) -> None:
    """Have the log cosigned entry by entry, for ever; go on from what the witness holds."""
    while True:
        if log.size <= old:
            log = grown(log, number)
            continue
        tree = TileTree(lambda level, n, width, log=log: log.tiles[level, n][: width * 32])
        proof = tuple(tree.consistency(old, log.size)) if old else ()
        try:
            assert witness.add_checkpoint(AddCheckpoint(old, proof, log.note).encode(), NOW)
        except OldSizeDiffers as error:
            old = int(str(error.facts["expected"]))
            continue
        except StoreFailed:
            say("refused")
            continue
        say(f"{number} {log.size} {tree.root(log.size).hex()}")
        old = log.size


def main(folder: Path) -> None:
    signers = [new_signer(origin_of(number)) for number in range(LOGS)]
    keys = {origin_of(number): signer.keys for number, signer in enumerate(signers)}
    own = [NoteSigner(NAME, SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate())]
    with SqliteWitnessStore(folder / "witness.db") as store:
        witness = Witness(own, lambda origin: keys.get(origin, ()), store, lambda _: None, lambda _: False)
        say("ready")
        threads: list[threading.Thread] = []
        for number, signer in enumerate(signers):
            held = store.held(origin_of(number))
            old = 0 if held is None else held.head.size
            threads.append(threading.Thread(target=feed, args=(witness, PeerLog(signer), number, old)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
