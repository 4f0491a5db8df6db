"""How often a presence map calls genuine pictures partial, and replaced ones whole.

    python -m benchmarks.mark_presence [--set research|tuned|held-out|unseen] [--every 3] [--psnr 42]
                                       [--long 1024]

Each picture is marked under a key of its own, treated as networks treat it, and asked; then its middle is
replaced, as it is and after JPEG 70, and asked again. `unseen` are those of `held-out` that were not looked
at while the rule was settled. Writes benchmarks/results/mark_presence.{json,md}.
"""

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from benchmarks._attacks import ATTACKS
from benchmarks._pictures import Pixels, at_long_side, held_out, research, tuned
from benchmarks._table import Row, figure, report

from haechi.mark.image import MarkKey, Payload, detect, embed, presence

SETTLED_ON = 3  # each third picture of `held-out` was looked at
SETS = {
    "research": research,
    "tuned": tuned,
    "held-out": held_out,
    "unseen": lambda: [each for at, each in enumerate(held_out()) if at % SETTLED_ON],
}
TREATED = (
    *("none", "JPEG 70", "JPEG 30", "JPEG 10", "WebP 20", "AVIF 40", "social", "screenshot", "combo"),
    *("crop 50 %", "size x0.5", "blur 1", "noise 10", "brightness +30 %", "gamma 1.5", "turn 5", "scan"),
)
AREAS = (0.1, 0.25, 0.4)
SAVED = ("none", "JPEG 70")
Cover = Callable[[Pixels], Pixels]
COVERS: dict[str, Cover] = {
    "white": lambda place: np.full_like(place, 255),
    "grey": lambda place: np.full_like(place, 120),
    "noise": lambda place: np.random.default_rng(5).integers(0, 256, place.shape, dtype=np.uint8),
}


def main() -> None:
    asked = _arguments()
    cv2.setNumThreads(1)
    chosen = SETS[asked.set]()
    pictures = [at_long_side(each.load(), asked.long) for each in chosen]
    names = [each.name for each in chosen]
    genuine: dict[str, Counter[str]] = {name: Counter() for name in TREATED}
    replaced: dict[str, Counter[str]] = {name: Counter() for name in (*COVERS, "another picture")}
    for at in range(0, len(pictures), asked.every):
        key, marked = _marked(pictures[at], names[at], asked.psnr)
        for name in TREATED:
            genuine[name][_outcome(ATTACKS[name](marked), key)] += 1
        other = pictures[(at + 7) % len(pictures)]
        covers: dict[str, Cover] = {
            **COVERS,
            "another picture": lambda place, other=other: _fitted(other, place),
        }
        for name, cover in covers.items():
            for area in AREAS:
                for saved in SAVED:
                    replaced[name][_outcome(ATTACKS[saved](_replaced(marked, cover, area)), key)] += 1
        print(names[at], file=sys.stderr)
    report("mark_presence", f"Presence maps of pictures of '{asked.set}'", _rows(genuine, replaced))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="research")
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--psnr", type=float, default=42.0)
    parser.add_argument("--long", type=int, default=1024)
    return parser.parse_args()


def _marked(pixels: Pixels, name: str, psnr_db: float) -> tuple[MarkKey, Pixels]:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    key = MarkKey.generate("presence", rng.bytes)
    return key, embed(pixels, Payload.from_int(int(rng.integers(1 << 62))), key, psnr_db=psnr_db).pixels


def _replaced(pixels: Pixels, cover: Cover, area: float) -> Pixels:
    made = pixels.copy()
    height, width = made.shape[:2]
    down, across = (round(side * (1 - area**0.5) / 2) for side in (height, width))
    place = np.s_[down : height - down, across : width - across]
    made[place] = cover(made[place])
    return made


def _fitted(other: Pixels, place: Pixels) -> Pixels:
    return np.asarray(cv2.resize(other, place.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _outcome(pixels: Pixels, key: MarkKey) -> str:
    found = detect(pixels, (key,)).marks
    return presence(pixels, found[0], key).outcome if found else "unread"


def _rows(genuine: dict[str, Counter[str]], replaced: dict[str, Counter[str]]) -> list[Row]:
    rows = []
    for name, counts in genuine.items():
        read = counts.total() - counts["unread"]
        partial = _percent(counts["partial"], read)
        rows.append(figure(f"genuine, {name}: partial", partial, f"% of {read}", at_most=0))
        rows.append(figure(f"genuine, {name}: unclear", _percent(counts["unclear"], read), f"% of {read}"))
    for name, counts in replaced.items():
        read = counts.total() - counts["unread"]
        whole = _percent(counts["whole"], read)
        rows.append(figure(f"replaced by {name}: whole", whole, f"% of {read}", at_most=0))
        rows.append(figure(f"replaced by {name}: partial", _percent(counts["partial"], read), f"% of {read}"))
    return rows


def _percent(count: int, of: int) -> float:
    return 100 * count / max(1, of)


if __name__ == "__main__":
    main()
