"""How much an image mark survives, how it looks and what it costs; peers in the same run.

    python -m benchmarks.mark_image [--set held-out|research|tuned|small] [--every 3] [--long 1024]
                                    [--psnr 42] [--forced 25] [--only "JPEG 50,combo"] [--peers 2]
                                    [--unmarked 20]

Writes benchmarks/results/mark_image.{json,md}, and beside them SVG plots: the share read for each change,
and the statistics of forced decodes of unmarked pictures against the bound; and crops at 100 %. `--every 3`
takes each third picture, `--peers 2` asks the peers about the first two (they are slow), `--long 0` keeps
the native size; `--forced 5000` with 20 unmarked pictures makes a hundred thousand decodes. What is
promised for each change is promised from 742 pixels on; smaller pictures have a row of their own.
"""

import argparse
import os
import sys
from pathlib import Path
from time import process_time
from typing import NamedTuple

import cv2
import numpy as np
from benchmarks._attacks import ATTACKS, PROMISED, SINGLE
from benchmarks._mark_peers import QUOTED, peers
from benchmarks._pictures import Picture, at_long_side, held_out, research, small, tuned
from benchmarks._plots import bars, survival
from benchmarks._table import RESULTS, Row, figure, report
from numpy.typing import NDArray
from PIL import Image

from haechi.mark.image import MarkKey, Payload, detect, embed, log10_p
from haechi.mark.image.detect import working_plane
from haechi.mark.image.layout import layout_of
from haechi.mark.image.reading import read_along, soft_data, word_of

SHRUNK = "size x0.25"  # leaves of a small picture too few pixels to promise anything
SMALL = 741  # pixels of the long side, at most
SETS = {"held-out": held_out, "research": research, "tuned": tuned, "small": small}


class Tally(NamedTuple):
    """What one engine did: reads by change, PSNR by picture, CPU seconds by what was done.

    small: for each picture whether its long side is at most 741 pixels.
    """

    reads: dict[str, list[bool]]
    small: list[bool]
    psnr_db: list[float]
    ssim: list[float]
    cost_ms: dict[str, list[float]]
    missed: list[str]


def main() -> None:
    asked = _arguments()
    cv2.setNumThreads(1)
    pictures = SETS[asked.set]()[:: asked.every]
    detect(np.zeros((300, 300), np.uint8))  # layouts and templates are made once a process
    chosen = asked.only.split(",") if asked.only else list(ATTACKS)
    ours = _ours(pictures, chosen, asked)
    rows = _rows(ours)
    rows += _unmarked(pictures[: asked.unmarked], asked)
    table = {"haechi": ours.reads}
    for name, tally in _peers(pictures[: asked.peers], chosen, asked).items():
        table[name] = tally.reads
        rows += _peer_rows(name, tally)
    rows += [Row(name=f"quoted, not measured: {name}: {what}") for name, what in QUOTED]
    report("mark_image", f"Image marks on {len(pictures)} pictures of '{asked.set}'", rows)
    _write(table, ours)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="held-out")
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--long", type=int, default=1024)
    parser.add_argument("--psnr", type=float, default=42.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", type=int, default=2)
    parser.add_argument("--unmarked", type=int, default=20)
    parser.add_argument("--forced", type=int, default=25, help="decodes of each unmarked picture")
    return parser.parse_args()


def _pixels(picture: Picture, asked: argparse.Namespace) -> NDArray[np.uint8]:
    pixels = picture.load()
    return at_long_side(pixels, asked.long) if asked.long else pixels


def _ours(pictures: list[Picture], chosen: list[str], asked: argparse.Namespace) -> Tally:
    tally = Tally({name: [] for name in chosen}, [], [], [], {}, [])
    rng = np.random.default_rng(1)
    for picture in pictures:
        pixels = _pixels(picture, asked)
        tally.small.append(max(pixels.shape[:2]) <= SMALL)
        payload = Payload(namespace=7, item=int(rng.integers(1 << 48)))
        begun = process_time()
        marked = embed(pixels, payload, psnr_db=asked.psnr)
        megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
        tally.cost_ms.setdefault("embed", []).append((process_time() - begun) * 1e3 / megapixels)
        tally.psnr_db.append(marked.psnr_db)
        _crop(picture.name, pixels, marked.pixels)
        tally.ssim.append(_ssim(pixels, marked.pixels))
        for name in chosen:
            changed = ATTACKS[name](marked.pixels)
            begun = process_time()
            found = detect(changed)
            took = (process_time() - begun) * 1e3
            tally.cost_ms.setdefault(name, []).append(took / megapixels if name == "none" else took)
            read = [mark.payload for mark in found.marks][:1] == [payload]
            tally.reads[name].append(read)
            if not read:
                tally.missed.append(f"{picture.name}: {name} ({found.best_statistic:.1f})")
        print(picture.name, sum(tally.reads[name][-1] for name in chosen), len(chosen), file=sys.stderr)
    return tally


def _rows(tally: Tally) -> list[Row]:
    rows = [
        figure("PSNR (mean)", float(np.mean(tally.psnr_db)), "dB"),
        figure("SSIM (mean)", float(np.mean(tally.ssim)), "", at_least=0.975),
        figure("embed, CPU", float(np.median(tally.cost_ms["embed"])), "ms/MP", at_most=80),
    ]
    limits = {"none": ("detect, CPU", "ms/MP", 40), "crop 50 %": ("detect after a crop, CPU", "ms", 200)}
    limits["turn 5"] = ("detect after a turn, CPU", "ms", 200)
    for name, (title, unit, limit) in limits.items():
        if name in tally.cost_ms:
            rows.append(figure(title, float(np.median(tally.cost_ms[name])), unit, at_most=limit))
    large = [at for at, is_small in enumerate(tally.small) if not is_small]
    for name, reads in tally.reads.items():
        promised = PROMISED.get(name)
        rows += _share(name, [reads[at] for at in large], None if promised is None else 100 * promised)
    single = [name for name in SINGLE if name in tally.reads]
    read = [tally.reads[name][at] for name in single for at in large]
    rows += _share("all single changes", read, 99.5)
    small = [at for at, is_small in enumerate(tally.small) if is_small]
    kept = [tally.reads[name][at] for name in single if name != SHRUNK for at in small]
    return rows + _share(f"up to {SMALL} px: all single changes but {SHRUNK}", kept, 97)


def _share(name: str, reads: list[bool], at_least: float | None) -> list[Row]:
    """The row for these reads, if there are any."""
    if not reads:
        return []
    return [figure(name, 100 * float(np.mean(reads)), f"% of {len(reads)}", at_least=at_least)]


def _unmarked(pictures: list[Picture], asked: argparse.Namespace) -> list[Row]:
    """False marks in whole searches, and the null distribution of forced decodes against the bound."""
    found, costs = 0, []
    statistics: list[float] = []
    layout = layout_of()
    rng = np.random.default_rng(2)
    for picture in pictures:
        pixels = _pixels(picture, asked)
        begun = process_time()
        found += len(detect(pixels).marks)
        costs.append(process_time() - begun)
        plane = working_plane(pixels)
        angle, size = rng.uniform(0, 6.28), rng.uniform(0.8, 1.5)
        turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        reading = read_along(plane, turn, layout)
        if reading is not None:
            soft = soft_data(reading, layout)
            keys = [MarkKey("null", rng.bytes(32)) for _ in range(asked.forced)]
            statistics += [word_of(soft, key).statistic for key in keys]
    if not costs:
        return []
    statistics.sort()
    curve = [(z, 1 - at / len(statistics)) for at, z in enumerate(statistics)]
    bound = [(float(z), 10 ** log10_p(float(z), 1)) for z in np.arange(6, 13, 0.1)]
    _save(
        "mark_image_null.svg",
        survival("Forced decodes of unmarked pictures", {"measured": curve, "bound": bound}),
    )
    return [
        figure("false marks in unmarked pictures", found, f"of {len(costs)}", at_most=0),
        figure("highest statistic of forced decodes", statistics[-1], f"of {len(statistics)}", at_most=11.6),
        figure("'no mark', CPU", float(np.median(costs)) * 1e3, "ms", at_most=1000),
    ]


def _peers(pictures: list[Picture], chosen: list[str], asked: argparse.Namespace) -> dict[str, Tally]:
    made: dict[str, Tally] = {}
    rng = np.random.default_rng(3)
    for peer in peers() if pictures else ():
        tally = Tally({name: [] for name in chosen}, [], [], [], {}, [])
        for picture in pictures:
            pixels = _pixels(picture, asked)
            payload = [int(bit) for bit in rng.integers(0, 2, peer.bits)]
            marked = peer.write(pixels, payload)
            tally.psnr_db.append(float(cv2.PSNR(pixels, marked)))
            tally.ssim.append(_ssim(pixels, marked))
            megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
            for name in chosen:
                changed = ATTACKS[name](marked)
                begun = process_time()
                try:
                    read = peer.read(changed) == payload
                except (ValueError, IndexError, RuntimeError, AssertionError, cv2.error):
                    read = False  # some give up on sizes they do not expect
                tally.cost_ms.setdefault(name, []).append((process_time() - begun) * 1e3 / megapixels)
                tally.reads[name].append(read)
        made[peer.name] = tally
        print(peer.name, "done", file=sys.stderr)
    return made


def _peer_rows(name: str, tally: Tally) -> list[Row]:
    reads = [read for each in tally.reads.values() for read in each]
    return [
        Row(name="PSNR (mean)", peer=name, peer_value=float(np.mean(tally.psnr_db)), unit="dB"),
        Row(name="SSIM (mean)", peer=name, peer_value=float(np.mean(tally.ssim)), unit=""),
        Row(name="detect, CPU", peer=name, peer_value=float(np.median(tally.cost_ms["none"])), unit="ms/MP"),
        Row(name="all changes asked", peer=name, peer_value=100 * float(np.mean(reads)), unit="% read"),
    ]


def _write(table: dict[str, dict[str, list[bool]]], ours: Tally) -> None:
    shares = {
        engine: {name: float(np.mean(reads)) for name, reads in by_change.items() if reads}
        for engine, by_change in table.items()
    }
    _save("mark_image.svg", bars("Pictures read after each change", shares))
    command = f"python -m benchmarks.mark_image {' '.join(sys.argv[1:])}".strip()
    lines = [
        f"Command: `{command}`",
        "",
        "| change | " + " | ".join(shares) + " |",
        "|---" * (len(shares) + 1) + "|",
    ]
    for name in shares["haechi"]:
        cells = [f"{100 * each[name]:.0f} %" if name in each else "" for each in shares.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "Not read (statistic):", "", *(f"- {missed}" for missed in ours.missed)]
    _save("mark_image.md", "\n".join(lines) + "\n")


def _save(name: str, text: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    Path(RESULTS / name).write_text(text)


def _crop(name: str, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
    """A piece at 100 %, to be looked at: original, marked, difference times 20."""
    height, width = before.shape[:2]
    top, left = max(0, height // 2 - 160), max(0, width // 2 - 160)
    piece = np.s_[top : top + 320, left : left + 320]
    difference = 128 + 20 * (after[piece].astype(np.int32) - before[piece])
    strip = np.hstack([before[piece], after[piece], np.clip(difference, 0, 255).astype(np.uint8)])
    folder = RESULTS / "mark_image_crops"
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(strip).save(folder / f"{name.replace('/', '-')}.png")


def _ssim(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Mean structural similarity over the channels: 7x7 boxes, as scikit-image counts it."""
    x, y = before.astype(np.float64), after.astype(np.float64)
    mean_x, mean_y = cv2.blur(x, (7, 7)), cv2.blur(y, (7, 7))
    unbiased = 49 / 48
    var_x = unbiased * (cv2.blur(x * x, (7, 7)) - mean_x**2)
    var_y = unbiased * (cv2.blur(y * y, (7, 7)) - mean_y**2)
    both = unbiased * (cv2.blur(x * y, (7, 7)) - mean_x * mean_y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    return float(np.mean((top / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)))[3:-3, 3:-3]))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
