"""What a sound sounds like: 24 bits for each tenth of a second, kept beside the log (audio-1, section 9).

A bit says whether the step between two neighbouring bands grew since a tenth of a second before. Copies
through codecs agree in most bits, other sounds in half of them; where one lies within the other is found by
trying every place.
"""

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.align import PLAIN, Warp
from haechi.mark.audio.feature import WORKING_RATE, band_levels, powers, stretched
from haechi.mark.audio.grid import BANDS, HOP_S, Samples
from haechi.mark.file_errors import PrintMalformed
from haechi.words import Text

MEDIA_TYPE = "application/vnd.haechi.sound-print"
HEAD = b"haechi-sound-print/1\n"
STEP_HOPS, SPAN_HOPS = 25, 64
BITS = BANDS - 1
MOST_STEPS = 80_000
PART_S = 60
SAME, OTHER = 0.68, 0.58
LEAST_STEPS, ENOUGH_STEPS = 25, 45
MOST_COMPARED = 600

declare(
    "mark.sound-content",
    Text("The sound is the one that was marked", "표시된 그 소리임"),
    {
        "same": (
            Verdict.HOLDS,
            Text(
                "same sound: {percent} % of the print agrees over {seconds} s",
                "같은 소리: {seconds}초에 걸쳐 지문의 {percent} %가 일치",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "another sound than the one that was marked ({percent} % of the print agrees over {seconds} "
                "s, chance is about 50): the mark may have been copied",
                "표시된 소리와 다른 소리임({seconds}초에 걸쳐 지문의 {percent} %만 일치, 우연이면 50 안팎). "
                "마크가 복사되었을 수 있음",
            ),
        ),
        "too-little": (
            Verdict.UNDECIDED,
            Text(
                "too little to compare ({percent} % of the print agrees over {seconds} s)",
                "비교할 내용이 부족함({seconds}초에 걸쳐 지문의 {percent} % 일치)",
            ),
        ),
        "nothing-kept": (
            Verdict.UNDECIDED,
            Text("no fingerprint was kept with the mark", "마크와 함께 보관된 지문이 없음"),
        ),
    },
)


class SoundPrintMalformed(PrintMalformed, medium="audio"):
    """Bytes that are no print of a sound; facts: why."""

    code: ClassVar[str] = "mark.sound.print-malformed"


class SoundPrint(NamedTuple):
    """bits: (steps, 24) of 0 and 1, one row for each tenth of a second."""

    bits: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """The file: a line that names it, then three bytes a step."""
        return HEAD + np.packbits(self.bits, axis=1).tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SoundPrint":
        """The print in a file; raises SoundPrintMalformed."""
        body = raw.removeprefix(HEAD)
        if len(body) == len(raw) or len(body) % 3 or len(body) > 3 * MOST_STEPS:
            raise SoundPrintMalformed(why=f"{len(raw)} bytes")
        rows = np.frombuffer(body, np.uint8).reshape(-1, 3)
        return cls(np.unpackbits(rows, axis=1))


class Likeness(NamedTuple):
    """agreement: share of equal bits at the best place; steps: how many were compared."""

    agreement: float
    steps: int


def print_of(sound: Samples, warp: Warp = PLAIN) -> SoundPrint:
    """The print of a sound at 16 kHz (see `prepared`). warp: what was done to it since it was marked."""
    size = PART_S * WORKING_RATE
    starts_s = range(0, max(1, len(sound)), size)
    parts = [
        band_levels(powers(sound[at : at + size]), warp.pitch)[: round(PART_S / HOP_S)] for at in starts_s
    ]
    levels = stretched(np.concatenate(parts), warp.tempo)
    sums = np.cumsum(np.pad(levels, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    count = max(0, (len(levels) - SPAN_HOPS) // STEP_HOPS + 1)
    starts = np.arange(min(count, MOST_STEPS + 1)) * STEP_HOPS
    mean = sums[starts + SPAN_HOPS] - sums[starts]
    steps = np.diff(mean, axis=1)
    return SoundPrint((np.diff(steps, axis=0) > 0).astype(np.uint8).reshape(-1, BITS))


def compared(kept: SoundPrint, seen: SoundPrint) -> Likeness:
    """How well the shorter of two prints agrees with the other, at its best place."""
    short, long = sorted((kept.bits[:MOST_STEPS], seen.bits[:MOST_STEPS]), key=len)
    best = Likeness(0.0, 0)
    for at in range(0, max(1, len(short) - MOST_COMPARED // 2), MOST_COMPARED):
        part = short[at : at + MOST_COMPARED]
        if len(part) < LEAST_STEPS:
            continue
        size = 1 << int(len(long) + len(part)).bit_length()
        one, other = (2.0 * each.astype(np.float32) - 1.0 for each in (part, long))
        lines = np.fft.rfft(other, size, axis=0) * np.conj(np.fft.rfft(one, size, axis=0))
        sums = np.fft.irfft(lines.sum(axis=1), size)
        # A part may reach beyond an end of the other: only what overlaps is counted.
        shifts = np.arange(size)
        shifts = np.where(shifts < len(long), shifts, shifts - size)
        over = np.minimum(shifts + len(part), len(long)) - np.maximum(shifts, 0)
        enough = over >= max(LEAST_STEPS, len(part) // 2)
        rates = np.where(enough, 0.5 + sums / (2.0 * BITS * np.maximum(over, 1)), 0.0)
        place = int(rates.argmax())
        if rates[place] > best.agreement:
            best = Likeness(float(rates[place]), int(over[place]))
    return best


def check_sound(kept: SoundPrint | None, seen: SoundPrint) -> Finding:
    """Whether a sound with a mark is the one that the mark was made for."""
    if kept is None:
        return found("mark.sound-content.nothing-kept")
    like = compared(kept, seen)
    facts: dict[str, object] = {
        "percent": round(100 * like.agreement),
        "seconds": round(like.steps * STEP_HOPS * HOP_S, 1),
    }
    if like.agreement >= SAME and like.steps >= LEAST_STEPS:
        return found("mark.sound-content.same", **facts)
    if like.agreement <= OTHER and like.steps >= ENOUGH_STEPS:
        return found("mark.sound-content.differs", **facts)
    return found("mark.sound-content.too-little", **facts)
