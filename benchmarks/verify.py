"""Offline verification of a bundle: in process, part by part, and as the command `haechi verify`.

    python -m benchmarks.verify

The bundle holds one statement with its receipt and proof, the policy that admits its issuer, and one evidence
file of 4 KiB; the reader pinned the log by its fingerprint and nothing else. A node makes the bundle.
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from benchmarks._table import Row, figure, report, timed

from haechi.facts import Facts, load
from haechi.findings import Verdict
from haechi.log.checkpoint import check_checkpoint
from haechi.log.proof import TlogProof
from haechi.log.receipt import check_receipt
from haechi.network.bundle import read_manifest, sum_files
from haechi.network.pins import Pins
from haechi.network.verify import verify_bundle
from haechi.node.bundles import bundle_bytes
from haechi.node.config import Config
from haechi.node.maintenance import grant
from haechi.node.open import create_node, open_node
from haechi.statement.claims import check_claim, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.document import Document

ISSUER, ORIGIN = "bench.example", "bench.example/log"
FILE = os.urandom(4096)
RUNS = 10


class Made(NamedTuple):
    """A bundle, and the pins of a reader who trusts its log."""

    raw: bytes
    pins: Pins


def main() -> None:
    """Measure; print and save the table."""
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as name:
        folder, facts = Path(name), load()
        made = make(folder / "node", facts)
        rows = [*in_process(made, facts), *as_command(folder, made)]
    report("verify", "Offline verification of a bundle", rows)


def make(folder: Path, facts: Facts) -> Made:
    """A node with one registered document and its file, and what it exports."""
    config = Config(
        origin=ORIGIN,
        issuer="node.bench.example",
        name_en="Benchmark",
        name_ko="성능 측정",
        role="academia",
        country="KR",
        head_folder=str(folder.parent / "heads"),
    )
    card = create_node(folder, config, None, int(time.time()))
    key = SigningKey.generate()
    grant(folder, ISSUER, key.public.thumbprint, ("document",), None)
    kind = kind_of("document")
    ref = EvidenceRef(
        digest=hashlib.sha256(FILE).digest(),
        size=len(FILE),
        media_type="application/octet-stream",
        name="evidence.bin",
    )
    example = kind.example()
    if not isinstance(example, Document):
        raise TypeError(type(example).__name__)
    claim = msgspec.structs.replace(example, files=(ref,))
    about = About(issuer=ISSUER, subject="bench:verify", issued_at=int(time.time()), kind=kind.name)
    statement = sign_statement(key, about, encode_claim(kind, claim, facts))
    runner = open_node(folder, clock=time.time)
    try:
        runner.node.register(statement.raw)
        runner.node.sequencer.publish(int(time.time()))
        runner.node.blobs.put(ref.digest, ref.size, [FILE])
        raw = bundle_bytes(runner, statement.digest)
    finally:
        runner.stop()
    return Made(raw, Pins().add(card, card.fingerprint()))


def in_process(made: Made, facts: Facts) -> list[Row]:
    """The whole verification, then its parts, each on its own."""

    def whole() -> Verdict:
        return verify_bundle(io.BytesIO(made.raw), made.pins, facts).verdict

    done = timed(whole, [()] * 40, tries=25)
    if set(done.results) != {Verdict.HOLDS}:
        raise RuntimeError(done.results[0])
    manifest = read_manifest(io.BytesIO(made.raw))
    subject = manifest.items[0]
    statement = Statement.from_bytes(subject.statement)
    proof = TlogProof.parse(subject.proof)
    keys, receipt_keys = made.pins.log_keys(ORIGIN), made.pins.receipt_keys(ORIGIN)

    def files() -> object:
        stream = io.BytesIO(made.raw)
        return sum_files(stream, read_manifest(stream))

    parts: dict[str, Callable[[], object]] = {
        "  read manifest, hash file": files,
        "  decode a statement (twice)": lambda: Statement.from_bytes(subject.statement),
        "  its Ed25519 signature (twice)": statement.check_signature,
        "  its claim (twice)": lambda: check_claim(statement, facts),
        "  its receipt, ES256": lambda: check_receipt(
            statement.receipts[0], statement.digest, statement.about.subject, receipt_keys
        ),
        "  proof text (twice)": lambda: TlogProof.parse(subject.proof),
        "  checkpoint, Ed25519 and ML-DSA-44": lambda: check_checkpoint(proof.checkpoint, keys, ORIGIN),
    }
    rows = [figure(f"in process, bundle of {len(made.raw):,} bytes", done.us / 1000, "ms", at_most=1)]
    rows += [figure(name, timed(call, [()] * 40, tries=25).us, "µs") for name, call in parts.items()]
    return rows


def as_command(folder: Path, made: Made) -> list[Row]:
    """`haechi verify BUNDLE --pins P` as a process of its own, beside a Python that does nothing.

    An installed program has its bytecode beside it; here it has a folder of its own, whatever the environment
    of the benchmark says of keeping it. What a first start costs, with nothing compiled, is printed too.
    """
    path, pins = folder / "report.haechi", folder / "pins.json"
    path.write_bytes(made.raw)
    made.pins.save(pins)
    words = [sys.executable, "-m", "haechi", "verify", str(path), "--pins", str(pins)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    anew = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(folder / "nothing")}
    return [
        figure(f"haechi verify, median of {RUNS}", _process_s(words, kept), "s", at_most=0.4),
        figure("haechi verify --json", _process_s([*words, "--json"], kept), "s"),
        figure("haechi verify, compiled anew each time", _process_s(words, anew), "s"),
        figure("  python that imports nothing", _process_s([sys.executable, "-c", "pass"], kept), "s"),
    ]


def _process_s(words: list[str], environment: dict[str, str]) -> float:
    took: list[float] = []
    for _ in range(RUNS + 1):
        began_s = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)
        took.append(time.perf_counter() - began_s)
    return median(took[1:])  # the first one warms the disk's cache, and leaves its bytecode


if __name__ == "__main__":
    main()
