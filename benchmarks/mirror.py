"""Catching up with a peer: copy a whole log over HTTP, verify its root, index it; then check the signatures.

    python -m benchmarks.mirror [--entries 1000000] [--check 20000]

A node process serves a log of real signed statements (about 420 bytes each, one evidence file each). A second
process mirrors it from nothing, as a late joiner does: every digest and every tile is hashed anew, and the
root must be the signed one; what is copied is indexed meanwhile. Both share the machine. The
copy's peak memory is that of its process until then. Signatures are checked after that, in threads; a sample
is enough for a rate.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import msgspec
from benchmarks._disk import fsyncs_per_second
from benchmarks._node import make_node
from benchmarks._table import Row, figure, report

from haechi.cli.processes import NodeProcess
from haechi.facts import load
from haechi.findings import Verdict
from haechi.log.sqlite import SqliteStore
from haechi.log.store import Entry, Role
from haechi.network.client import PeerClient
from haechi.network.index import Index
from haechi.network.mirror import Mirror, Source
from haechi.network.pins import NodeCard
from haechi.statement import cbor
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import About, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.document import Document
from haechi.statement.sign1 import encode_sign1, sig_structure
from haechi.words import Text

BATCH = 10_000
TARGET_SECONDS = 60
MIB = 1 << 20


class Copied(msgspec.Struct):
    """What the copying process found: seconds, its processor's seconds, and its peak memory in bytes."""

    copied_s: float
    caught_up_s: float
    cpu_s: float
    checked_per_s: float
    fetched_bytes: int
    peak_bytes: int


def main() -> None:
    """Build the log, serve it, copy it; print and save the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--check", type=int, default=20_000)
    parser.add_argument("--copy", type=Path, help=argparse.SUPPRESS)  # the second process
    asked = parser.parse_args()
    if asked.copy is not None:
        sys.stdout.write(msgspec.json.encode(copy(asked.copy, asked.check)).decode())
        return
    with tempfile.TemporaryDirectory(prefix="haechi-bench-", dir=Path.cwd()) as folder:
        title = f"Mirroring a peer of {asked.entries:,} entries from nothing"
        report("mirror", title, run(Path(folder), asked))


def run(folder: Path, asked: argparse.Namespace) -> list[Row]:
    """Start the node that is copied, copy it, stop it; the rows."""
    card = make_node(folder / "node")
    own_index_s = fill(folder / "node", asked.entries)
    node = NodeProcess(Text("node", "노드"), folder / "node", int(card.url.rpartition(":")[2]), card)
    (folder / "card.json").write_bytes(card.to_json())
    node.start()
    try:
        node.wait_ready()
        wait_published(node, asked.entries)
        probe = fsyncs_per_second(folder)
        command = [sys.executable, "-m", "benchmarks.mirror", "--copy", folder, "--check", str(asked.check)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    finally:
        node.stop()
    copied = msgspec.json.decode(done.stdout, type=Copied)
    whole = asked.entries == 1_000_000
    total = copied.caught_up_s
    return [
        figure("fsync probe just before", probe, "fsync/s"),
        figure("copied, root verified", copied.copied_s, "s"),
        figure("copied, root verified, indexed", total, "s", at_most=TARGET_SECONDS if whole else None),
        figure("the same", asked.entries / total, "entries/s"),
        figure("processor time of that", copied.cpu_s, "s"),
        figure("fetched", copied.fetched_bytes / MIB, "MiB"),
        figure("peak memory of the copying process", copied.peak_bytes / MIB, "MiB", at_most=512),
        figure("check signatures and claims", copied.checked_per_s, "statements/s"),
        figure("index the own log anew", own_index_s, "s"),
    ]


def fill(folder: Path, size: int) -> float:
    """Grow the log of a stopped node to `size` entries and index it; the seconds that indexing took."""
    key = SigningKey.generate()
    with SqliteStore(folder / "log") as store:
        begin = store.head().size
        for start in range(begin, size, BATCH):
            raws = [sign(key, number) for number in range(start, min(size, start + BATCH))]
            store.append([Entry(hashlib.sha256(raw).digest(), raw) for raw in raws])
        with Index(folder / "index.db") as index:
            began_s = time.perf_counter()
            index.follow(store, size, checked=True)
            return time.perf_counter() - began_s


_HEADERS: dict[bytes, bytes] = {}


def sign(key: SigningKey, number: int) -> bytes:
    """A signed statement of its own. The header is encoded once: making them is not what is measured."""
    claim = Document(
        title=Said(en=f"AI risk policy, revision {number}"),
        form="document.policy",
        dated=date(2026, 3, 1),
        files=(
            EvidenceRef(
                digest=hashlib.sha256(b"%d" % number).digest(),
                size=4096 + number,
                media_type="application/pdf",
                name="policy.pdf",
            ),
        ),
    )
    thumbprint = key.public.thumbprint
    if thumbprint not in _HEADERS:
        kind = kind_of("document")
        about = About(
            issuer="bench.example", subject="application:bench", issued_at=1_790_000_000, kind=kind.name
        )
        first = sign_statement(key, about, encode_claim(kind, claim, load()))
        _HEADERS[thumbprint] = first.envelope.protected_raw
    protected = _HEADERS[thumbprint]
    payload = cbor.encode(msgspec.to_builtins(claim, builtin_types=(bytes,)))
    return encode_sign1(protected, {}, payload, key.sign(sig_structure(protected, payload)))


def wait_published(node: NodeProcess, size: int) -> None:
    """Return when the node has signed a checkpoint of all its entries."""
    with node.client() as client:
        while client.fetch("/log/checkpoint", MIB).split(b"\n")[1] != str(size).encode():
            time.sleep(0.05)


def copy(folder: Path, check: int) -> Copied:
    """The second process: mirror, index, check."""
    card = NodeCard.from_json((folder / "card.json").read_bytes())
    mirror_folder = folder / "mirror"
    with (
        SqliteStore.create(mirror_folder, card.origin, Role.MIRROR) as store,
        PeerClient(card.url) as client,
        Index(folder / "index.db") as index,
    ):
        mirror = Mirror(store, mirror_folder, card.log_keys(), [Source("peer", client)])
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        with index.following(store) as progress:
            synced = mirror.sync(int(time.time()), progress)
        caught_up_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        if (
            synced.verdict is not Verdict.HOLDS
            or synced.absent
            or index.size(card.origin) != synced.head.size
        ):
            raise RuntimeError(json.dumps([finding.as_dict() for finding in synced.findings]))
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        began_s = time.perf_counter()
        checked = index.check(store, load(), limit=check)
        checked_per_s = checked / (time.perf_counter() - began_s)
    return Copied(synced.seconds, caught_up_s, cpu_s, checked_per_s, synced.fetched_bytes, peak_bytes)


if __name__ == "__main__":
    main()
