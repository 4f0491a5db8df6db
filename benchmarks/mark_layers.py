"""What the layers around the watermark cost: credential, statement, a batch of 100,000, a search in 1 M.

    python -m benchmarks.mark_layers

Writes benchmarks/results/mark_layers.json. The watermark itself is measured by benchmarks.mark_image.
"""

import os
from datetime import UTC, datetime, timedelta
from io import BytesIO
from statistics import median
from time import perf_counter, process_time

import msgspec
import numpy as np
from benchmarks._table import Row, figure, report
from PIL import Image

from haechi.facts import load
from haechi.mark.batch import build_batch
from haechi.mark.credentials import Provenance, make_authority, read_credential, sign_credential
from haechi.mark.fingerprint import FingerprintIndex, prints_of, signature_of
from haechi.statement.claims import encode_claim
from haechi.statement.envelope import About, sign_statement
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.content_mark import KIND, MarkedItem

ROUNDS = 15
BATCH = 100_000
INDEXED = 1_000_000
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}


def main() -> None:
    report("mark_layers", "Layers around the watermark", [*credentials(), *batch(), *look_up()])


def credentials() -> list[Row]:
    authority = make_authority("Example Company", "KR", datetime.now(UTC) - timedelta(minutes=5))
    says = Provenance(
        "harbour", "Studio", "1", "trainedAlgorithmicMedia", (("org.haechi.lattice.1", "00" * 8),)
    )
    pixels = np.random.default_rng(1).integers(0, 255, (1024, 1280, 3), dtype=np.uint8)
    key, facts = SigningKey.generate(), load()
    about = About(issuer="company.example", subject="mark:0", issued_at=1_790_000_000, kind="content_mark")
    rows: list[Row] = []
    for media_type, name in FORMATS.items():
        out = BytesIO()
        Image.fromarray(pixels).save(out, name)
        source = out.getvalue()
        signed, read = [], []
        for _ in range(ROUNDS):
            began = perf_counter()
            made = sign_credential(source, media_type, says, authority)
            sign_statement(key, about, encode_claim(KIND, KIND.example(), facts))
            signed.append(1e3 * (perf_counter() - began))
            began = perf_counter()
            read_credential(made.data, media_type)
            read.append(1e3 * (perf_counter() - began))
        title = f"credential and statement, {name} 1280x1024"
        rows.append(figure(title, round(median(signed), 1), "ms", at_most=30))
        rows.append(figure(f"credential read and judged, {name}", round(median(read), 1), "ms"))
    prints = [_timed(lambda: prints_of(pixels)) for _ in range(5)]
    points = [_timed(lambda: signature_of(pixels)) for _ in range(5)]
    rows.append(figure("PDQ and ISCC, 1280x1024", round(median(prints), 1), "ms"))
    rows.append(figure("key points, 1280x1024", round(median(points), 1), "ms"))
    return rows


def batch() -> list[Row]:
    facts, example = load(), KIND.example().item
    assert example is not None
    items: list[MarkedItem] = []
    for number in range(BATCH):
        label = msgspec.structs.replace(example.label, id=f"{number:016x}")
        items.append(msgspec.structs.replace(example, digest=os.urandom(32), label=label))
    began = process_time()
    built = build_batch(items, facts)
    logged = process_time() - began
    began = process_time()
    size = sum(len(proof.to_bytes()) for proof in built.proofs(bytes(32)))
    proven = process_time() - began
    return [
        figure(f"{BATCH:,} marks as one statement", round(logged, 2), "s", at_most=5),
        figure(f"{BATCH:,} proof files made", round(proven, 2), "s"),
        figure("bytes of one proof file", round(size / BATCH), "B"),
    ]


def look_up() -> list[Row]:
    rng = np.random.default_rng(2)
    rows = rng.integers(0, 256, (INDEXED, 32), dtype=np.uint8)
    index = FingerprintIndex[int]()
    index.add_packed(range(INDEXED), rows)
    asked = [rows[int(at)].tobytes().hex() for at in rng.integers(0, INDEXED, ROUNDS)]
    times = []
    for pdq in asked:
        began = perf_counter()
        assert index.near(pdq)[0].distance == 0
        times.append(1e3 * (perf_counter() - began))
    return [figure(f"nearest of {INDEXED:,} fingerprints", round(median(times), 2), "ms", at_most=5)]


def _timed(work: object) -> float:
    began = perf_counter()
    work()  # type: ignore[operator]
    return 1e3 * (perf_counter() - began)


if __name__ == "__main__":
    main()
