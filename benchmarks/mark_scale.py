"""What an image mark costs by size: CPU a megapixel and memory, from a quarter of a megapixel to 100.

    python -m benchmarks.mark_scale [--most 100]

Each size runs in a process of its own, so that the memory is its own: the highest resident size while it
works less what the process held before there was a picture, over the decoded picture's bytes.
Writes benchmarks/results/mark_scale.json.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from time import process_time

import numpy as np
from benchmarks._table import Row, figure, report

SIZES_MP = (0.25, 1, 4, 12, 25, 50, 100)
BOUNDED_MP = 25  # above it memory beyond the picture and its copy should not grow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--most", type=float, default=100)
    parser.add_argument("--child", type=float, default=0)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(_measured(asked.child)))
        return
    rows: list[Row] = []
    beyond: list[tuple[float, float]] = []
    for megapixels in [size for size in SIZES_MP if size <= asked.most]:
        words = [sys.executable, "-m", "benchmarks.mark_scale", "--child", str(megapixels)]
        told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        at = f"{megapixels:g} MP"
        rows.append(
            figure(f"embed, {at}, CPU", told["embed_ms"], "ms/MP", at_most=80 if megapixels >= 1 else None)
        )
        rows.append(
            figure(f"detect, {at}, CPU", told["detect_ms"], "ms/MP", at_most=40 if megapixels >= 1 else None)
        )
        rows.append(
            figure(f"memory, {at}", told["memory"], "x decoded", at_most=12 if megapixels >= 1 else None)
        )
        beyond.append((megapixels, told["beyond_mb"]))
    rows += [figure(f"memory beyond picture and copy, {size:g} MP", extra, "MB") for size, extra in beyond]
    report("mark_scale", "Image marks by size of the picture", rows)


def _measured(megapixels: float) -> dict[str, float]:
    import cv2

    from haechi.mark.image import Payload, detect, embed

    cv2.setNumThreads(1)
    # Libraries are loaded, layouts and templates made, once a process.
    detect(np.random.default_rng(0).integers(0, 255, (300, 300), np.uint8))
    Path("/proc/self/clear_refs").write_text("5")  # the highest resident size from here on (proc(5))
    before = _status("VmRSS")
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    pixels = np.empty((height, height * 4 // 3, 3), np.uint8)
    rng = np.random.default_rng(1)
    for top in range(0, height, 64):  # strip by strip: noise is made in wide integers
        shape = pixels[top : top + 64].shape
        pixels[top : top + 64] = (
            rng.integers(60, 190, (-(-shape[0] // 4), -(-shape[1] // 4), 3))
            .repeat(4, 0)
            .repeat(4, 1)[: shape[0], : shape[1]]
        )
    true_mp = pixels.shape[0] * pixels.shape[1] / 1e6
    payload = Payload(namespace=7, item=1)
    begun = process_time()
    marked = embed(pixels, payload).pixels
    embedded = process_time()
    found = detect(marked)
    detected = process_time()
    if not found.marks:
        raise SystemExit("the mark was not read")
    high = _status("VmHWM") - before
    return {
        "embed_ms": (embedded - begun) * 1e3 / true_mp,
        "detect_ms": (detected - embedded) * 1e3 / true_mp,
        "memory": high / pixels.nbytes,
        "beyond_mb": (high - 2 * pixels.nbytes) / 1e6,
    }


def _status(name: str) -> int:
    """Bytes that the kernel reports of this process."""
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
