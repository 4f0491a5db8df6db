"""The audio watermark against the study's 28 attacks, on clips that Debian packages.

    python -m benchmarks.mark_audio [--set study|further|all] [--wrong-keys 10000] [--peer-clips 5]

Study: the ten clips that the engine was made on; further: ten that it never saw. Recovered: exactly the 64
bits, at log10 p <= -9. Times are of the processor, one core. resemble-perth runs over the same clips where
it and torch are installed (`_torch_peers.py`); it has no bits, so it counts as recovered where it is surer of
the marked clip than of any clip without a mark after the same attack. The figures of other systems are quoted
from an earlier study of such clips, and say so. Writes benchmarks/results/mark_audio.json.
"""

import argparse
from hashlib import sha256
from statistics import mean, median
from time import process_time

import numpy as np
from benchmarks._clips import ATTACKS, MORE, RATE, Clip, clips, crops, sox
from benchmarks._table import Row, absent, figure, rate_against, report
from benchmarks._torch_peers import NEEDS_SOUND, perth
from pesq import pesq
from scipy.signal import resample_poly

from haechi.mark.audio import detect, embed
from haechi.mark.bound import log10_p
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload

PAYLOAD = Payload(namespace=7, item=123_456_789)
FIVE = ("librivox", "fillets briefcase", "espeak en", "blupi 0", "Nebula")
QUOTED = (("audiowmark s10 (quoted)", 117), ("audiowmark s10, 5-s crops (quoted)", 22))
AWARE = "AWARE (quoted): of 20 bits wrong 0-3 after codecs, 10-12 after speed ±5 %, 12 after a shifted pitch"
KEYS_AT_ONCE = 250
MOST_PLACES = 3


class Tally:
    """What was measured so far. Always true: times are of the clip they name, in seconds of processor."""

    def __init__(self) -> None:
        self.right: dict[tuple[str, str], bool] = {}
        self.more: dict[tuple[str, str], bool] = {}
        self.quality: list[float] = []
        self.speed: list[float] = []
        self.plain: list[float] = []
        self.full: list[float] = []
        self.crops: list[bool] = []

    def clip(self, clip: Clip) -> None:
        """Mark one clip, and read it after every attack."""
        began = process_time()
        marked = embed(clip.samples, RATE, PAYLOAD).samples.astype("float64")
        self.speed.append(len(clip.samples) / RATE / max(process_time() - began, 1e-9))
        before, after = (resample_poly(each, 160, 441) for each in (clip.samples, marked))
        self.quality.append(float(pesq(16_000, before, after, "wb")))
        self.crops += [reads(part) for part in crops(marked)]
        began = process_time()
        detect(marked, RATE, full=False)
        self.plain.append(30 * RATE / len(marked) * (process_time() - began))
        began = process_time()
        detect(clip.samples, RATE)
        self.full.append(30 * RATE / len(marked) * (process_time() - began))
        for name, attack in ATTACKS.items():
            self.right[clip.name, name] = reads(attack(marked))
        for name, attack in MORE.items():
            self.more[clip.name, name] = reads(attack(marked))

    def recovered(self, names: tuple[str, ...]) -> tuple[int, int]:
        """How many of the cases of these clips were read, and how many there were."""
        outcomes = [right for (clip, _attack), right in self.right.items() if clip in names]
        return sum(outcomes), len(outcomes)


def reads(samples: object) -> bool:
    """Whether exactly our bits are read."""
    return any(mark.payload == PAYLOAD for mark in detect(samples, RATE).marks)  # type: ignore[arg-type]


def wrong_keys(some: list[Clip], runs: int) -> float:
    """The smallest log10 p that keys which wrote nothing found, each by itself, in marked and unmarked clips.

    Keys are tried together on one sound, and the best of them is rated as if it had been tried alone.
    """
    lowest = 0.0
    for at in range(0, runs, KEYS_AT_ONCE):
        clip = some[at // KEYS_AT_ONCE % len(some)]
        part = clip.samples[: 8 * RATE]
        sound = embed(part, RATE, PAYLOAD).samples if at // KEYS_AT_ONCE % 2 else part
        keys = [
            MarkKey(str(one), sha256(b"wrong %d" % one).digest(), PUBLIC_KEY.pilots)
            for one in range(at, min(at + KEYS_AT_ONCE, runs))
        ]
        best = detect(sound, RATE, keys, full=False).best_statistic
        lowest = min(lowest, log10_p(best, MOST_PLACES))
    return lowest


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--wrong-keys", type=int, default=10_000)
    options.add_argument("--clips", type=int, default=20)
    options.add_argument("--peer-clips", type=int, default=5)
    options.add_argument("--set", choices=("study", "further", "all"), default="all")
    given = options.parse_args()
    wanted = {"study": {True}, "further": {False}, "all": {True, False}}[given.set]
    all_clips = sorted(clips(), key=lambda clip: (clip.name not in FIVE, not clip.study))
    some = [clip for clip in all_clips if clip.study in wanted][: given.clips]
    rows: list[Row] = []
    if given.wrong_keys:
        lowest = round(wrong_keys(some, given.wrong_keys), 2)
        rows.append(figure(f"lowest log10 p of {given.wrong_keys} wrong keys", lowest, "", at_least=-4))
        print(f"{given.wrong_keys} wrong keys: {lowest}", flush=True)
    for name, study in (("study", True), ("further", False)):
        part = [clip for clip in some if clip.study is study]
        if part:
            rows += rows_of(name, part)
        elif study in wanted:
            rows.append(absent(f"{name} clips", "Debian packages of benchmarks/_clips.py"))
    rows += deep_search(some) if some else []
    rows += peer_rows(some[: given.peer_clips])
    report("mark_audio", "Audio marks", rows)


def deep_search(some: list[Clip]) -> list[Row]:
    """The thorough search, for tempo and pitch that were changed apart from each other."""
    clip = next((each for each in some if len(each.samples) >= 20 * RATE), some[0])
    marked = embed(clip.samples, RATE, PAYLOAD).samples.astype("float64")
    changed = sox(marked, "tempo", "1.06", "pitch", "-60")
    began = process_time()
    found = detect(changed, RATE, thorough=True)
    took = process_time() - began
    right = any(mark.payload == PAYLOAD for mark in found.marks)
    began = process_time()
    detect(clip.samples, RATE, thorough=True)
    name = f"{clip.name}, tempo +6 % and pitch -0.6 semitones"
    return [
        figure(f"thorough search: {name}, recovered", float(right), "", at_least=1),
        figure("the same, time where the mark is there", round(took, 1), "s"),
        figure("the same, time where none is", round(process_time() - began, 1), "s"),
    ]


def quoted(ours: float, peer: str, value: float) -> Row:
    """Our figure beside one that was not measured in this run."""
    return Row(name="the same", value=ours, peer=peer, peer_value=value, ratio=ours / value)


def rows_of(name: str, some: list[Clip]) -> list[Row]:
    """The figures of some clips; bars are for the study's."""
    tally = Tally()
    for clip in some:
        tally.clip(clip)
        print(f"{name}: {clip.name}, {sum(tally.right.values())} of {len(tally.right)} so far", flush=True)
    right, cases = tally.recovered(tuple(clip.name for clip in some))
    lost = [f"{clip}: {attack}" for (clip, attack), held in tally.right.items() if not held]
    rows = five_rows(tally) if name == "study" else []
    lost += [f"{clip}: {attack}" for (clip, attack), held in tally.more.items() if not held]
    kept = sum(tally.crops)
    return [
        *rows,
        figure(f"recovered of {cases} ({len(some)} {name} clips)", right, ""),
        figure(f"recovered of {len(tally.more)} ({len(MORE)} more attacks)", sum(tally.more.values()), ""),
        figure(f"{name}: crops of 5 s of {len(tally.crops)}", kept, "", at_least=28 * len(tally.crops) / 30),
        *([quoted(kept, *QUOTED[1])] if name == "study" else []),
        figure(f"{name}: PESQ, mean", round(mean(tally.quality), 3), "", at_least=4.5),
        figure(f"{name}: PESQ, lowest", round(min(tally.quality), 3), "", at_least=4.3),
        figure(f"{name}: marking", round(median(tally.speed)), "x real time", at_least=100),
        figure(f"{name}: plain detection of 30 s", round(median(tally.plain), 3), "s", at_most=0.15),
        figure(f"{name}: full search of 30 s unmarked", round(median(tally.full), 2), "s", at_most=3),
        *(Row(name=f"{name}, lost: {each}") for each in lost),
    ]


def peer_rows(some: list[Clip]) -> list[Row]:
    """resemble-perth on the same clips, where it is installed, and what is known of AWARE."""
    engine = perth()
    if engine is None or not some:
        return [absent("resemble-perth", NEEDS_SOUND), Row(name=AWARE)]
    marked = [engine.write(clip.samples, RATE) for clip in some]
    ours = [embed(clip.samples, RATE, PAYLOAD).samples.astype("float64") for clip in some]
    right = [0, 0]
    for attack in ATTACKS.values():
        sure = [engine.read(attack(each), RATE) for each in marked]
        clean = max(engine.read(attack(clip.samples), RATE) for clip in some)
        right[0] += sum(reads(attack(each)) for each in ours)
        right[1] += sum(each > clean for each in sure)
    name = f"recovered of {len(ATTACKS) * len(some)} ({len(some)} clips)"
    before = [_at_16(clip.samples) for clip in some]
    return [
        rate_against(name, right[0], max(right[1], 1e-9), "", "resemble-perth"),
        rate_against("PESQ, mean", _likeness(before, ours), _likeness(before, marked), "", "resemble-perth"),
        Row(name=AWARE),
    ]


def _at_16(samples: np.ndarray) -> np.ndarray:
    return resample_poly(samples, 160, 441)


def _likeness(before: list[np.ndarray], after: list[np.ndarray]) -> float:
    return mean(pesq(16_000, one, _at_16(other), "wb") for one, other in zip(before, after, strict=True))


def five_rows(tally: Tally) -> list[Row]:
    """The five clips whose figures others were quoted for."""
    right, cases = tally.recovered(FIVE)
    first = figure(f"recovered of {cases} (five clips, 28 attacks, 64 bits)", right, "", at_least=138)
    return [first, quoted(right, *QUOTED[0])]


if __name__ == "__main__":
    main()
