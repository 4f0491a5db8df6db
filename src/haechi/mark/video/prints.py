"""What a film looks like: a PDQ hash for each half second, key points of some frames, the print of its sound.

One file beside the log. Whole copies are known by the hashes, crops by the key points, the sound by itself.
An ISCC Video-Code would need MPEG-7 frame signatures, for which no library here has an extractor.
"""

import struct
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import ClassVar, NamedTuple

import numpy as np

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.prints import HEAD as SOUND_HEAD
from haechi.mark.audio.prints import MOST_STEPS, SoundPrint
from haechi.mark.file_errors import PrintMalformed
from haechi.mark.fingerprint import (
    PDQ_SAME,
    Kept,
    Signature,
    check_content,
    dihedral_pdq,
    pdq_distance,
    prints_of,
    signature_of,
)
from haechi.mark.fingerprint.upright import upright
from haechi.mark.image import Geometry
from haechi.mark.image.layout import CANONICAL
from haechi.mark.video.stills import Sampler, Still
from haechi.words import Text

MEDIA_TYPE = "application/vnd.haechi.film-print"
HEAD = b"haechi-film-print/1\n"
MOST_MOMENTS, MOST_SIGNED, ON_LOG = 1024, 32, 32
FIRST_STEP_S = 0.5
OTHER_PDQ, NEAR_PDQ, LEAST_COMPARED = 90, 60, 4
DENSE_S = 1.0
MOST_COMPARED, MOST_BY_POINTS = 24, 8
SAME_SHARE = 0.25
_MOMENT = struct.Struct(">I32sI")
_MOST_SIGNATURE = 64 * 1024

declare(
    "mark.video-content",
    Text("The film is the one that was marked", "표시된 그 영상임"),
    {
        "same": (
            Verdict.HOLDS,
            Text(
                "same film: {same} of {compared} frames looked at are in the kept print",
                "같은 영상: 살펴본 프레임 {compared}개 중 {same}개가 보관된 지문에 있음",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "another film than the one that was marked (none of {compared} frames is in the kept print, "
                "PDQ distance {distance} in the middle): the mark may have been copied",
                "표시된 영상과 다른 영상임(프레임 {compared}개 중 보관된 지문에 있는 것이 없음, "
                "PDQ 거리 중앙값 {distance}). 마크가 복사되었을 수 있음",
            ),
        ),
        "too-little": (
            Verdict.UNDECIDED,
            Text(
                "too little to compare ({same} of {compared} frames are in the kept print)",
                "비교할 내용이 부족함(프레임 {compared}개 중 {same}개가 보관된 지문에 있음)",
            ),
        ),
        "nothing-kept": (
            Verdict.UNDECIDED,
            Text("no fingerprint was kept with the mark", "마크와 함께 보관된 지문이 없음"),
        ),
    },
)


class FilmPrintMalformed(PrintMalformed, medium="video"):
    """Bytes that are no print of a film; facts: why."""

    code: ClassVar[str] = "mark.video.print-malformed"


class Moment(NamedTuple):
    """One frame: when it is shown, in milliseconds, its PDQ hash, and its key points where they were kept."""

    at_ms: int
    pdq: str
    signature: Signature | None


class FilmPrint(NamedTuple):
    """moments: in order; sound: of the first sound track, if there is one."""

    moments: tuple[Moment, ...]
    sound: SoundPrint | None

    @property
    def on_log(self) -> tuple[str, ...]:
        """Hashes of frames spread over the film, for a look-up by likeness; each once."""
        step = max(1, -(-len(self.moments) // ON_LOG))
        return tuple(dict.fromkeys(each.pdq for each in self.moments[::step]))

    @property
    def step_s(self) -> float:
        """The usual time between two moments."""
        times = [each.at_ms for each in self.moments]
        steps = [later - one for one, later in pairwise(times)]
        return float(median(steps)) / 1000.0 if steps else FIRST_STEP_S

    def to_bytes(self) -> bytes:
        """The file: a line that names it, how many moments, each of them, then the print of the sound."""
        parts = [HEAD, len(self.moments).to_bytes(4)]
        for each in self.moments:
            signature = b"" if each.signature is None else each.signature.to_bytes()
            parts += [_MOMENT.pack(each.at_ms, bytes.fromhex(each.pdq), len(signature)), signature]
        parts.append(b"" if self.sound is None else self.sound.to_bytes())
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "FilmPrint":
        """The print in a file; raises FilmPrintMalformed, SignatureMalformed, SoundPrintMalformed."""
        at = len(HEAD) + 4
        count = int.from_bytes(raw[len(HEAD) : at])
        if not raw.startswith(HEAD) or len(raw) < at or count > MOST_MOMENTS:
            raise FilmPrintMalformed(why=f"{len(raw)} bytes")
        moments: list[Moment] = []
        for _ in range(count):
            if at + _MOMENT.size > len(raw):
                raise FilmPrintMalformed(why=f"cut off at byte {at}")
            at_ms, pdq, size = _MOMENT.unpack_from(raw, at)
            at += _MOMENT.size
            if size > _MOST_SIGNATURE or at + size > len(raw):
                raise FilmPrintMalformed(why=f"a signature of {size} bytes")
            signature = Signature.from_bytes(raw[at : at + size]) if size else None
            moments.append(Moment(at_ms, pdq.hex(), signature))
            at += size
        rest = raw[at:]
        if len(rest) > len(SOUND_HEAD) + 3 * MOST_STEPS:
            raise FilmPrintMalformed(why=f"{len(rest)} bytes after the moments")
        return cls(tuple(moments), SoundPrint.from_bytes(rest) if rest else None)


class Printer:
    """The moments of a film as its frames pass by."""

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._all = Sampler(MOST_MOMENTS, FIRST_STEP_S)
        self._signed = Sampler(MOST_SIGNED, FIRST_STEP_S)
        self._with: list[Moment] = []

    def wants(self, at_s: float) -> bool:
        """Whether a frame at this second is looked at."""
        return self._all.wants(at_s)

    def add(self, still: Still) -> None:
        """Look at it."""
        signs = self._signed.wants(still.at_s)
        signature = signature_of(still.pixels) if signs else None
        moment = Moment(round(1000 * max(still.at_s, 0.0)), prints_of(still.pixels).pdq, signature)
        self._moments.append(moment)
        kept = self._all.take(still.at_s)
        if kept is not None:
            self._moments = [self._moments[at] for at in kept]
        if signs:
            self._with.append(moment)
            kept = self._signed.take(still.at_s)
            if kept is not None:
                self._with = [self._with[at] for at in kept]

    def print_with(self, sound: SoundPrint | None) -> FilmPrint:
        """The print; of key points only those that were kept to the end."""
        signed = {each.at_ms: each for each in self._with}
        plain = {each.at_ms: each._replace(signature=None) for each in self._moments}
        every = {**plain, **signed}
        return FilmPrint(tuple(every[at] for at in sorted(every)[:MOST_MOMENTS]), sound)


def check_film(kept: FilmPrint | None, stills: Sequence[Still], geometry: Geometry | None) -> Finding:
    """Whether a film is the one that was marked, by some of its frames.

    geometry: as the mark tells it, for pixels of the stills' size; None: no mark was read. A part of a film,
    or a crop, is never called another film; that is said only of whole frames against a dense print.
    """
    if kept is None or not kept.moments:
        return found("mark.video-content.nothing-kept")
    step = max(1, -(-len(stills) // MOST_COMPARED))
    chosen = list(stills[::step])
    if not chosen:
        return found("mark.video-content.too-little", same=0, compared=0)
    nearest = [_nearest(kept, still, geometry) for still in chosen]
    same = sum(distance <= PDQ_SAME for distance, _moment in nearest)
    if same < SAME_SHARE * len(chosen):
        same = max(same, _by_points(kept, chosen, nearest, geometry))
    facts: dict[str, object] = {"same": same, "compared": len(chosen)}
    if same >= max(1.0, SAME_SHARE * len(chosen)):
        return found("mark.video-content.same", **facts)
    middle = float(median(distance for distance, _moment in nearest))
    least = min(distance for distance, _moment in nearest)
    apart = middle >= OTHER_PDQ and least >= NEAR_PDQ and same == 0
    if geometry is not None and apart and _comparable(kept, chosen, geometry):
        return found("mark.video-content.differs", compared=len(chosen), distance=round(middle))
    return found("mark.video-content.too-little", **facts)


def _comparable(kept: FilmPrint, stills: Sequence[Still], geometry: Geometry) -> bool:
    """Whether unlike frames mean another film: whole frames, enough of them, and no gaps in the print."""
    height, width = stills[0].pixels.shape[:2]
    share = height * width / abs(float(np.linalg.det(np.array(geometry.placement)))) / CANONICAL**2
    turn = abs(geometry.turn_degrees) % 90.0
    whole = 0.95 <= share <= 1.05 and min(turn, 90.0 - turn) < 0.5
    return whole and len(stills) >= LEAST_COMPARED and kept.step_s <= DENSE_S


def _nearest(kept: FilmPrint, still: Still, geometry: Geometry | None) -> tuple[int, Moment]:
    seen = dihedral_pdq(still.pixels)
    if geometry is not None:
        seen.append(prints_of(upright(still.pixels, geometry, 512.0 / CANONICAL).pixels).pdq)
    return min(
        ((min(pdq_distance(each, moment.pdq) for each in seen), moment) for moment in kept.moments),
        key=lambda pair: pair[0],
    )


def _by_points(
    kept: FilmPrint,
    stills: Sequence[Still],
    nearest: Sequence[tuple[int, Moment]],
    geometry: Geometry | None,
) -> int:
    """How many frames agree in key points with the kept frame nearest in time or looks, scaled to all."""
    signed = [each for each in kept.moments if each.signature is not None]
    step = max(1, -(-len(stills) // MOST_BY_POINTS))
    places = range(0, len(stills), step)
    same = 0
    for at in places:
        at_ms = nearest[at][1].at_ms
        close = sorted(signed, key=lambda each: abs(each.at_ms - at_ms))[:2]
        close += sorted(signed, key=lambda each: abs(each.at_ms - 1000 * stills[at].at_s))[:1]
        same += any(
            check_content(stills[at].pixels, Kept(None, each.signature), geometry).verdict is Verdict.HOLDS
            for each in close
        )
    return same * step if same else 0


def scaled(geometry: Geometry, factor: float) -> Geometry:
    """The geometry for the same picture at `factor` times the size."""
    (a, b), (c, d) = geometry.placement
    placement = ((a * factor, b * factor), (c * factor, d * factor))
    return replace(geometry, scale=geometry.scale * factor, placement=placement)
