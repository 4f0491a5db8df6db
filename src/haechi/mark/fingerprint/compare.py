"""Whether a picture with a mark is the picture that the mark was made for: the answer to a copied mark."""

from typing import Any, NamedTuple

from numpy.typing import NDArray

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.fingerprint.keypoints import (
    ASKED,
    SIZE,
    Match,
    Signature,
    free_match,
    shifted_match,
    signature_of,
)
from haechi.mark.fingerprint.prints import PDQ_SAME, dihedral_pdq, pdq_distance, prints_of
from haechi.mark.fingerprint.upright import upright
from haechi.mark.image import Geometry
from haechi.mark.image.layout import CANONICAL
from haechi.words import Text

SAME_POINTS = 10
FREE_POINTS = 12
ENOUGH_POINTS = 60
WHOLE = 0.6
STRAY_POINTS = 5
PDQ_OTHER = 80

declare(
    "mark.content",
    Text("The content is the one that was marked", "표시된 그 콘텐츠임"),
    {
        "same": (
            Verdict.HOLDS,
            Text(
                "same picture: PDQ distance {distance}, {points} key points agree",
                "같은 그림: PDQ 거리 {distance}, 일치하는 특징점 {points}개",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text(
                "another picture than the one that was marked (PDQ distance {distance}, {points} key points "
                "agree): the mark may have been copied",
                "표시된 그림과 다른 그림임(PDQ 거리 {distance}, 일치하는 특징점 {points}개). 마크가 "
                "복사되었을 수 있음",
            ),
        ),
        "too-little": (
            Verdict.UNDECIDED,
            Text(
                "too little to compare (PDQ distance {distance}, {points} key points agree)",
                "비교할 내용이 부족함(PDQ 거리 {distance}, 일치하는 특징점 {points}개)",
            ),
        ),
        "nothing-kept": (
            Verdict.UNDECIDED,
            Text("no fingerprint was kept with the mark", "마크와 함께 보관된 지문이 없음"),
        ),
    },
)


class Kept(NamedTuple):
    """What the log holds of a marked picture: its PDQ hash, and its key points when they are at hand."""

    pdq: str | None
    signature: Signature | None


def check_content(pixels: NDArray[Any], kept: Kept, geometry: Geometry | None) -> Finding:
    """Whether the picture is the one that was marked.

    geometry: as the mark tells it, and then the picture is put upright first; None: no mark was read, and
    any map is allowed. A crop that leaves little is undecided, never called another picture.
    """
    if kept.pdq is None and kept.signature is None:
        return found("mark.content.nothing-kept")
    distance = _distance(pixels, kept, geometry)
    match, share, seen = _points(pixels, kept, geometry)
    facts: dict[str, object] = {"distance": "-" if distance is None else distance, "points": match.same}
    needed = SAME_POINTS if geometry is not None else FREE_POINTS
    if (distance is not None and distance <= PDQ_SAME) or match.same >= needed:
        return found("mark.content.same", **facts)
    if geometry is None:
        return found("mark.content.too-little", **facts)
    other = distance is not None and distance >= PDQ_OTHER
    # Both have detail that could agree, and next to nothing does; or, in flat pictures, nothing was cut off.
    detailed = kept.signature is not None and len(kept.signature.words) >= ENOUGH_POINTS <= seen
    apart = share >= WHOLE and match.same <= STRAY_POINTS if detailed else _untouched(geometry, share)
    if other and apart:
        return found("mark.content.differs", **facts)
    return found("mark.content.too-little", **facts)


def _untouched(geometry: Geometry, share: float) -> bool:
    """Whether nothing was cut off or added around: the whole frame, at most turned by quarters."""
    turn = abs(geometry.turn_degrees) % 90.0
    return 0.95 <= share <= 1.05 and min(turn, 90.0 - turn) < 0.5


def _distance(pixels: NDArray[Any], kept: Kept, geometry: Geometry | None) -> int | None:
    """The least PDQ distance of the picture as it is, upright, and in quarter turns and mirror images."""
    if kept.pdq is None:
        return None
    seen = dihedral_pdq(pixels)
    if geometry is not None:
        turned = upright(pixels, geometry, 512.0 / CANONICAL)
        seen.append(prints_of(turned.pixels).pdq)
    return min(pdq_distance(kept.pdq, each) for each in seen)


def _points(pixels: NDArray[Any], kept: Kept, geometry: Geometry | None) -> tuple[Match, float, int]:
    """Agreement of key points, the share of the marked picture that is here, and key points seen."""
    if geometry is None:
        if kept.signature is None:
            return Match(0, 0), 1.0, 0
        seen = signature_of(pixels, ASKED)
        mirrored = signature_of(pixels[:, ::-1], ASKED)
        best = max(free_match(kept.signature, each) for each in (seen, mirrored))
        return best, 1.0, len(seen.words)
    turned = upright(pixels, geometry, SIZE / CANONICAL)
    if kept.signature is None:
        return Match(0, 0), turned.share, 0
    seen = signature_of(turned.pixels, ASKED, scale=1.0)
    return shifted_match(kept.signature, seen), turned.share, len(seen.words)
