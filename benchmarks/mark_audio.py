"""The audio watermark against the study's 28 attacks, on clips that Debian packages.

    python -m benchmarks.mark_audio [--wrong-keys 1000]

Recovered: exactly the 64 bits, at log10 p <= -9. Times are of the processor, one core. The figures of other
systems are quoted from an earlier study of such clips, and say so. Writes benchmarks/results/mark_audio.json.
"""

import argparse
from hashlib import sha256
from statistics import mean, median
from time import process_time

from benchmarks._clips import ATTACKS, RATE, Clip, clips, crops
from benchmarks._table import Row, figure, report
from pesq import pesq
from scipy.signal import resample_poly

from haechi.mark.audio import detect, embed
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload

PAYLOAD = Payload(namespace=7, item=123_456_789)
FIVE = ("librivox", "fillets briefcase", "espeak en", "blupi 0", "Nebula")
QUOTED = (("audiowmark s10 (quoted)", 117), ("audiowmark s10, 5-s crops (quoted)", 22))


class Tally:
    """What was measured so far. Always true: times are of the clip they name, in seconds of processor."""

    def __init__(self) -> None:
        self.right: dict[tuple[str, str], bool] = {}
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
        if clip.study:
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

    def recovered(self, names: tuple[str, ...]) -> tuple[int, int]:
        """How many of the cases of these clips were read, and how many there were."""
        outcomes = [right for (clip, _attack), right in self.right.items() if clip in names]
        return sum(outcomes), len(outcomes)


def reads(samples: object) -> bool:
    """Whether exactly our bits are read."""
    return any(mark.payload == PAYLOAD for mark in detect(samples, RATE).marks)  # type: ignore[arg-type]


def wrong_keys(some: list[Clip], runs: int) -> float:
    """The smallest log10 p that keys which wrote nothing found, in marked and unmarked clips."""
    lowest = 0.0
    for at in range(runs):
        clip = some[at % len(some)]
        part = clip.samples[: 8 * RATE]
        sound = embed(part, RATE, PAYLOAD).samples if at % 2 else part
        key = MarkKey(str(at), sha256(b"wrong %d" % at).digest(), PUBLIC_KEY.pilots)
        lowest = min(lowest, detect(sound, RATE, [key], full=False).best_log10_p)
    return lowest


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--wrong-keys", type=int, default=1000)
    options.add_argument("--clips", type=int, default=20)
    given = options.parse_args()
    some = sorted(clips(), key=lambda clip: (clip.name not in FIVE, not clip.study))[: given.clips]
    tally = Tally()
    for clip in some:
        tally.clip(clip)
    report("mark_audio", "Audio marks", rows_of(tally, some, given.wrong_keys))


def quoted(ours: float, peer: str, value: float) -> Row:
    """Our figure beside one that was not measured in this run."""
    return Row(name="the same", value=ours, peer=peer, peer_value=value, ratio=ours / value)


def rows_of(tally: Tally, some: list[Clip], runs: int) -> list[Row]:
    """All figures."""
    right, cases = tally.recovered(FIVE)
    everything, all_cases = tally.recovered(tuple(clip.name for clip in some))
    lost = [f"{clip}: {attack}" for (clip, attack), held in tally.right.items() if not held]
    return [
        figure(f"recovered of {cases} (five clips, 28 attacks, 64 bits)", right, "", at_least=138),
        Row(
            name="the same",
            value=right,
            peer=QUOTED[0][0],
            peer_value=QUOTED[0][1],
            ratio=right / QUOTED[0][1],
        ),
        figure(f"recovered of {all_cases} (all {len(some)} clips)", everything, ""),
        figure(f"crops of 5 s of {len(tally.crops)}", sum(tally.crops), "", at_least=28),
        quoted(sum(tally.crops), *QUOTED[1]),
        figure("PESQ, mean", round(mean(tally.quality), 3), "", at_least=4.5),
        figure("PESQ, lowest", round(min(tally.quality), 3), "", at_least=4.3),
        figure("marking", round(median(tally.speed)), "x real time", at_least=100),
        figure("plain detection of 30 s", round(median(tally.plain), 3), "s", at_most=0.15),
        figure("full search of 30 s without a mark", round(median(tally.full), 2), "s", at_most=3),
        figure(f"lowest log10 p of {runs} wrong keys", round(wrong_keys(some, runs), 2), "", at_least=-4),
        *(Row(name=f"lost: {each}") for each in lost),
    ]


if __name__ == "__main__":
    main()
