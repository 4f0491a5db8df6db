"""A witness under load: add-checkpoint requests a second beside aics-witness, and the check of a quorum.

Both witnesses get the same requests (Ed25519 logs that grow by one entry, consistency proofs included), each
durable before it is answered, from the same number of threads, without HTTP around either. They take turns of
about the same length, one after the other, so that a busy neighbour meets both. The best turn of each counts;
below stand the medians, and the processor time of a request. The peer syncs the disk at each request and goes
with it; ours shares two cores with whatever else runs. The process collects garbage as a node does.
"""

import importlib.util
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks._disk import fsyncs_per_second
from benchmarks._table import Row, absent, against, figure, peer_name, rate_against, report, timed
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.log import note as notes_of
from haechi.log.checkpoint import Checkpoint, read_checkpoint
from haechi.log.cosignature import cosign
from haechi.log.merkle import leaf_hashes
from haechi.log.note import Note, NoteKey, NoteSigner, SignatureType
from haechi.log.quorum import check_quorum, policy_of_nodes
from haechi.log.tiles import Edge, TileTree, grow
from haechi.network.add_checkpoint import AddCheckpoint
from haechi.network.witness import Witness
from haechi.network.witness_store import SqliteWitnessStore
from haechi.node.settled import settle_memory

LOGS = 32
STEPS = 96
SHORT = STEPS // 4
"""Steps of each log in a turn of the peer, and of both where one connection waits for the disk each time."""
TURNS = 7
NOW = 1_800_000_000


class Load(NamedTuple):
    """The keys of each log, and what each log sends in turn."""

    keys: dict[str, list[NoteKey]]
    sent: list[list[bytes]]

    def of(self, steps: int) -> "Load":
        """The same logs, each with its first steps alone."""
        return Load(self.keys, [bodies[:steps] for bodies in self.sent])


class Turn(NamedTuple):
    """Requests a second, and the processor time of this process for each (microseconds)."""

    rate: float
    cpu_us: float


def load(steps: int, *, late: bool) -> Load:
    """Logs that have grown by so many steps. late: signed with ML-DSA-44 too."""
    keys: dict[str, list[NoteKey]] = {}
    sent: list[list[bytes]] = []
    for number in range(LOGS):
        origin = f"log{number}.example/log"
        signers = [NoteSigner(origin, SignatureType.ED25519, Ed25519PrivateKey.generate())]
        if late:
            signers.append(NoteSigner(origin, SignatureType.ML_DSA_44, MLDSA44PrivateKey.generate()))
        keys[origin] = [signer.key for signer in signers]
        sent.append(history(origin, signers, steps))
    return Load(keys, sent)


def read(tiles: dict[tuple[int, int], bytes], level: int, n: int, width: int) -> bytes:
    return tiles[level, n][: width * 32]


def history(origin: str, signers: list[NoteSigner], steps: int) -> list[bytes]:
    """A log of 1,000 entries that grows by one entry a step."""
    tiles: dict[tuple[int, int], bytes] = {}
    edge, bodies, old = Edge(), [], 0
    for step in range(steps):
        count = 1000 if step == 0 else 1
        leaves = leaf_hashes([f"{origin} {step} {at}".encode() for at in range(count)])
        edge, made = grow(edge, leaves)
        tiles |= {(tile.level, tile.n): tile.data for tile in made}
        tree = TileTree(partial(read, tiles))
        head = Checkpoint(origin, old + count, edge.root())
        lines = [
            signer.line(signer.sign(head.text))
            if signer.type is SignatureType.ED25519
            else cosign(head, signer, NOW)
            for signer in signers
        ]
        proof = tuple(tree.consistency(old, head.size)) if old else ()
        bodies.append(AddCheckpoint(old, proof, Note(head.text, tuple(lines)).encode()).encode())
        old = head.size
    return bodies


def turn(add: Callable[[bytes], object], sent: list[list[bytes]], threads: int) -> Turn:
    """One turn, when the logs are spread over `threads` threads, each log in its order."""
    began = threading.Barrier(threads + 1)
    failed: list[BaseException] = []

    def send(first: int) -> None:
        began.wait()
        try:
            for step in zip(*sent[first::threads], strict=True):
                for body in step:
                    add(body)
        except BaseException as error:
            failed.append(error)
            raise

    workers = [threading.Thread(target=send, args=(at,)) for at in range(threads)]
    for worker in workers:
        worker.start()
    began.wait()
    start_s, cpu_start_s = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.join()
    took_s, worked_s = time.perf_counter() - start_s, time.process_time() - cpu_start_s
    if failed:
        raise failed[0]
    count = sum(map(len, sent))
    return Turn(count / took_s, worked_s / count * 1e6)


def ours(folder: Path, threads: int, asked: Load) -> Turn:
    """A turn of our witness, with a store that is empty."""
    signers = [
        NoteSigner("w.example/w", SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate()),
        NoteSigner("w.example/w", SignatureType.ML_DSA_44, MLDSA44PrivateKey.generate()),
    ]
    path = Path(tempfile.mkdtemp(dir=folder)) / "ours.db"
    with SqliteWitnessStore(path) as store:
        witness = Witness(signers, lambda origin: asked.keys[origin], store, lambda _: None, lambda _: False)
        return turn(lambda body: witness.add_checkpoint(body, NOW), asked.sent, threads)


def theirs(folder: Path, threads: int, asked: Load) -> Turn:
    """A turn of aics-witness, with a store that is empty."""
    parse_vkey = import_module("aics_tlog").parse_vkey
    config, service, store_of = (
        import_module(f"aics_witness.{name}") for name in ("config", "service", "store")
    )
    logs = [config.LogConfig(origin, (parse_vkey(pair[0].vkey),)) for origin, pair in asked.keys.items()]
    path = Path(tempfile.mkdtemp(dir=folder)) / "theirs.db"
    with store_of.WitnessStore(path, create=True) as store:
        witness = service.Witness("w.example/w", Ed25519PrivateKey.generate(), store, logs)
        return turn(witness.add_checkpoint, asked.sent, threads)


def quorum_rows() -> list[Row]:
    """7 of 10 witnesses, each with both keys and both lines on the checkpoint."""
    rows: list[Row] = []
    nodes: list[list[NoteSigner]] = []
    for number in range(10):
        name = f"w{number}.example/w"
        pair = [
            NoteSigner(name, SignatureType.COSIGNATURE_V1, Ed25519PrivateKey.generate()),
            NoteSigner(name, SignatureType.ML_DSA_44, MLDSA44PrivateKey.generate()),
        ]
        nodes.append(pair)
    for what, kept in (
        ("Ed25519", slice(0, 1)),
        ("ML-DSA-44", slice(1, 2)),
        ("both keys of each", slice(0, 2)),
    ):
        policy = policy_of_nodes(
            ((f"n{at}", [signer.key for signer in pair[kept]], "") for at, pair in enumerate(nodes)), 7
        )
        notes = [noted(number, nodes, kept) for number in range(40)]

        def check(raw: bytes, policy=policy) -> None:  # noqa: ANN001
            checkpoint, note = read_checkpoint(raw)
            assert check_quorum(note, checkpoint, policy, NOW)[0].code == "log.quorum.met"

        def check_anew(raw: bytes, check=check) -> None:  # noqa: ANN001
            notes_of._SEEN._seen.clear()  # noqa: SLF001  # what verified is remembered otherwise
            check(raw)

        first_ms = timed(check_anew, [(raw,) for raw in notes]).us / 1000
        rows.append(
            figure(f"quorum 7 of 10 checked, {what}, note not seen before", first_ms, "ms", at_most=2.0)
        )
        began_s = time.process_time()
        for raw in notes:
            check_anew(raw)
        worked_ms = (time.process_time() - began_s) / len(notes) * 1000
        rows.append(figure("the same in processor time of all threads", worked_ms, "ms"))
        again_ms = timed(check, [(notes[-1],)] * 40).us / 1000
        rows.append(figure(f"quorum 7 of 10 checked, {what}, once more", again_ms, "ms", at_most=2.0))
    return rows


def noted(number: int, nodes: list[list[NoteSigner]], kept: slice) -> bytes:
    """A checkpoint that all ten witnesses cosigned with the kept keys."""
    head = Checkpoint("kr.example/log", 100_000 + number, bytes(32))
    return Note(head.text, tuple(cosign(head, one, NOW) for pair in nodes for one in pair[kept])).encode()


def primitive_rows() -> list[Row]:
    """What the library takes for one signature, in this thread's own time: the floor under all of this."""
    key = MLDSA44PrivateKey.generate()
    public, message = key.public_key(), bytes(150)
    signature = key.sign(message)
    return [
        figure(
            "ML-DSA-44: one bare signature (mean; rejection sampling)",
            cpu_us(lambda: key.sign(message)),
            "us",
        ),
        figure("ML-DSA-44: one bare check", cpu_us(lambda: public.verify(signature, message)), "us"),
    ]


def cpu_us(call: Callable[[], object], times: int = 300) -> float:
    """Microseconds of this thread's processor time a call."""
    began_s = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - began_s) / times * 1e6


def beside(folder: Path, threads: int, asked: Load, *, installed: bool) -> list[Row]:
    """Turns of each witness, one after the other."""
    what = f"add-checkpoint, {threads} connection(s), durable"
    short = asked.of(SHORT)
    mine: list[Turn] = []
    peers: list[Turn] = []
    for _ in range(TURNS):
        mine.append(ours(folder, threads, asked if threads > 1 else short))
        if installed:
            peers.append(theirs(folder, threads, short))
    # One connection waits for one sync at a time: the disk decides, and the row before all says so.
    rows = [figure(what, best(mine), "/s", at_least=500 if threads > 1 else None)]
    if not installed:
        return [*rows, absent(f"{what}, beside", "aics-witness")]
    name = peer_name("aics-witness") or "aics-witness"
    at_least = 5 if threads > 1 else None
    cpu_us = [median(one.cpu_us for one in turns) for turns in (mine, peers)]
    return [
        *rows,
        rate_against(f"{what}, beside", best(mine), best(peers), "/s", name, at_least=at_least),
        rate_against("the same, median of the turns", middle(mine), middle(peers), "/s", name),
        against("the same, processor time a request", cpu_us[0], cpu_us[1], "us", name),
    ]


def best(turns: list[Turn]) -> float:
    return max(one.rate for one in turns)


def middle(turns: list[Turn]) -> float:
    return median(one.rate for one in turns)


def main() -> None:
    settle_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [figure("disk: durable 4 KiB writes a second", fsyncs_per_second(folder), "/s")]
        installed = importlib.util.find_spec("aics_witness") is not None
        plain = load(STEPS, late=False)
        for threads in (1, 16, LOGS):
            rows += beside(folder, threads, plain, installed=installed)
        late = load(SHORT, late=True)
        rows.append(
            figure(
                "add-checkpoint, both algorithms, 16 connections",
                best([ours(folder, 16, late) for _ in range(3)]),
                "/s",
                at_least=500,
            )
        )
    report("witness", "Witness", [*rows, *primitive_rows(), *quorum_rows()])


if __name__ == "__main__":
    main()
