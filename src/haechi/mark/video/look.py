"""Looking at a film: every layer in turn, then what they say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.align import Warp
from haechi.mark.audio.detect import SoundMark, prepared
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.look import sound_layers, where_heard
from haechi.mark.audio.prints import check_sound, print_of
from haechi.mark.audio.produce import AUDIO_ALGORITHM
from haechi.mark.credentials import MEDIA_TYPES, CredentialReading
from haechi.mark.examine import Means, binding_findings, credential_reading
from haechi.mark.fingerprint import prints_of
from haechi.mark.fit import (
    Fit,
    Significant,
    best_fit,
    first_alike,
    further_findings,
    kept_in,
    known_first,
    labels_read,
)
from haechi.mark.image import LATTICE_ALGORITHM, Geometry
from haechi.mark.image.embed import SMALLEST_SIDE
from haechi.mark.records import LogRecord, Registry
from haechi.mark.verdict import Look, Region, State
from haechi.mark.video.boxes import packet_in_video
from haechi.mark.video.detect import VideoMark, detect_in, presence_in, row_of, seconds_of
from haechi.mark.video.prints import FilmPrint, check_film, scaled
from haechi.mark.video.source import WIDE, Bounds, Source, form_of
from haechi.mark.video.watch import Watched, watch
from haechi.words import Lang, Text

WHOLE_SHARE = 0.97
MOST_ASKED = 16

VIDEO_STATES: dict[State, Text] = {
    State.AGREE: Text(
        "Mark, log and content agree: this film was marked by {maker}.",
        "마크, 로그, 콘텐츠가 일치합니다. 이 영상은 {maker}이(가) 표시한 것입니다.",
    ),
    State.COPIED: Text(
        "The mark is genuine, and the film is another one than {maker} marked: it may have been copied.",
        "마크는 실재하지만 {maker}이(가) 표시한 영상이 아닙니다. 마크가 복사되었을 수 있습니다.",
    ),
    State.TOO_LITTLE: Text(
        "A mark was read; there is too little at hand to compare it with what was marked.",
        "마크를 읽었으나, 표시된 원본과 비교할 자료나 내용이 부족합니다.",
    ),
    State.LIKENESS: Text(
        "No mark was read; the film looks like one that {maker} logged as marked.",
        "마크는 읽히지 않았으나, {maker}이(가) 로그에 남긴 영상과 닮았습니다.",
    ),
    State.NOTHING: Text(
        "No mark and no known likeness. That says nothing about how the film was made.",
        "마크도, 알려진 닮은 영상도 없습니다. 영상이 어떻게 만들어졌는지는 알 수 없습니다.",
    ),
}
_MIXED = Text(
    "Pictures and sound carry different marks: they were put together after they were marked.",
    "화면과 소리의 마크가 서로 다릅니다. 표시된 뒤에 합쳐진 것입니다.",
)
_DOUBTS = frozenset(
    {
        "mark.video.absent",
        "mark.video.absent-so-far",
        "mark.video-presence.partial",
        "mark.video-presence.so-far",
        "mark.video-sound.missing",
        "mark.video-sound.gone",
    }
)

declare(
    "mark.video",
    Text("Watermark of the pictures", "화면 워터마크"),
    {
        "read": (
            Verdict.HOLDS,
            Text(
                "read: {payload}, key {key}, from {frames} frames laid over each other ({seconds}); chance "
                "of such a mark by accident at most 10^{log10_p}, {attempts} decodes counted",
                "읽음: {payload}, 키 {key}. 프레임 {frames}개를 겹쳐서({seconds}). 우연히 나타날 확률은 "
                "10^{log10_p} 이하(복호 {attempts}회 보정)",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text(
                "none found with {keys} key(s) in {frames} frames",
                "프레임 {frames}개에서 키 {keys}개로 찾지 못함",
            ),
        ),
        "absent-so-far": (
            Verdict.UNDECIDED,
            Text(
                "none found with {keys} key(s) in {frames} frames of the first {ends} s; "
                "the rest of the film was not looked at",
                "처음 {ends}초의 프레임 {frames}개에서 키 {keys}개로 찾지 못함. 그 뒤는 살펴보지 않음",
            ),
        ),
        "too-small": (
            Verdict.UNDECIDED,
            Text("the frames are too small to hold one", "프레임이 너무 작아 담을 수 없음"),
        ),
    },
)
declare(
    "mark.video-presence",
    Text("The mark covers the film", "마크가 영상 전체에 있음"),
    {
        "whole": (
            Verdict.HOLDS,
            Text("{percent} % of the time carries it: {seconds}", "시간의 {percent} %에 있음: {seconds}"),
        ),
        "partial": (
            Verdict.UNDECIDED,
            Text(
                "{percent} % of the time carries it: {seconds}; not: {places}",
                "시간의 {percent} %에 있음: {seconds}. 없는 곳: {places}",
            ),
        ),
        "so-far": (
            Verdict.UNDECIDED,
            Text(
                "{percent} % of the first {ends} s carries it: {seconds}; "
                "the rest of the film was not looked at",
                "처음 {ends}초의 {percent} %에 있음: {seconds}. 그 뒤는 살펴보지 않음",
            ),
        ),
    },
)
declare(
    "mark.video-sound",
    Text("Pictures and sound belong together", "화면과 소리가 서로 맞음"),
    {
        "agrees": (Verdict.HOLDS, Text("both carry {payload}", "둘 다 {payload}을(를) 담음")),
        "differs": (
            Verdict.FAILS,
            Text(
                "the pictures carry {expected}, the sound {got}: one was put to the other later",
                "화면은 {expected}, 소리는 {got}을(를) 담음. 나중에 합쳐진 것임",
            ),
        ),
        "missing": (
            Verdict.UNDECIDED,
            Text(
                "the sound was marked too, and this one carries no mark: replaced, or changed too much",
                "소리에도 마크가 있었으나 이 소리에는 없음. 바뀌었거나 너무 많이 달라짐",
            ),
        ),
        "gone": (
            Verdict.UNDECIDED,
            Text(
                "the sound was marked too, and this file has no sound",
                "소리에도 마크가 있었으나 이 파일에는 소리가 없음",
            ),
        ),
        "alone": (
            Verdict.UNDECIDED,
            Text("only the sound carries a mark: {payload}", "소리에만 마크가 있음: {payload}"),
        ),
    },
)


@dataclass(frozen=True, slots=True)
class VideoLook(Look):
    """The outcome of a look at one film. region: rows of signs, a sign for each `stretch_s` seconds; the
    first of the pictures, a second (a sign a second) of the sound.
    """

    stretch_s: float = 1.0
    states: ClassVar[Mapping[State, Text]] = VIDEO_STATES

    @property
    def verdict(self) -> Verdict:
        """As for pictures, and HOLDS only where pictures and sound are both as they were marked."""
        codes = {layer.code for layer in self.layers}
        if "mark.video-sound.differs" in codes or "mark.sound-content.differs" in codes:
            return Verdict.FAILS
        base: Verdict = Look.verdict.__get__(self)
        return Verdict.UNDECIDED if base is Verdict.HOLDS and codes & _DOUBTS else base

    def say(self, lang: Lang) -> str:
        """The state in one sentence, with the maker's name, and another where it is not all true of."""
        if any(layer.code == "mark.video-sound.differs" for layer in self.layers):
            return _MIXED.say(lang)
        return Look.say(self, lang)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        # The call by name: a slotted dataclass is made anew, and `super()` would not know it.
        return {"medium": "video", **Look.as_dict(self, lang), "stretch_s": self.stretch_s}


class _Seen(NamedTuple):
    """What the watermark of the pictures tells, as of a sound; rows: of the first mark."""

    layers: list[Finding]
    marks: tuple[VideoMark, ...]
    rows: tuple[str, ...]
    share: float


def look_at_video(source: Source, means: Means, bounds: Bounds = WIDE) -> VideoLook:
    """What a video file tells; raises VideoUnreadable, VideoTooLarge, VideoUnfit, NotFound, ExtraMissing."""
    form = form_of(source, bounds)
    watched = watch(source, form, bounds=bounds)
    layers, marks, rows, share = _pictures(watched, means)
    mark = marks[0] if marks else None
    heard = None if watched.heard is None else prepared(watched.heard, WORKING_RATE)
    sounds: tuple[SoundMark, ...] = ()
    if heard is not None:
        told, sounds, region = sound_layers(heard, means)
        layers += told
        rows += () if region is None else region.rows
    sound = _belonging(mark, sounds)
    state, record, about = _resolved(watched, mark, sound, heard, means.registry)
    layers += [*_together(marks, sounds, record, heard=heard is not None), *about]
    layers += _further(watched, marks, sounds, sound, means)
    read, algorithm = (mark, LATTICE_ALGORITHM) if mark is not None else (sound, AUDIO_ALGORITHM)
    payload = None if read is None else read.payload.hex
    reading = CredentialReading(found("mark.credential.absent"), None)
    if form.media_type in MEDIA_TYPES:
        reading = credential_reading(source, form.media_type, means, record)
    layers.append(reading.finding)
    if reading.credential is not None and payload is not None:
        layers += binding_findings(reading.credential, payload, algorithm)
    labels, finding = labels_read(partial(packet_in_video, source), payload)
    layers.append(finding)
    shown = Region(rows, share) if rows else None
    return VideoLook(
        state, tuple(layers), record, reading.credential, labels, shown, stretch_s=watched.pool.length_s
    )


def _pictures(watched: Watched, means: Means) -> _Seen:
    detection = detect_in(watched.pool, means.keys, watched.ends_s)
    if not detection.marks:
        if min(watched.form.width, watched.form.height) < SMALLEST_SIDE // 2:
            return _Seen([found("mark.video.too-small")], (), (), 0.0)
        tried: dict[str, object] = {"keys": len(means.keys), "frames": watched.pool.frames}
        if watched.whole:
            return _Seen([found("mark.video.absent", **tried)], (), (), 0.0)
        return _Seen([found("mark.video.absent-so-far", **tried, ends=_ends(watched))], (), (), 0.0)
    marks = known_first(detection.marks, means.registry)
    mark = marks[0]
    read = found(
        "mark.video.read",
        payload=mark.payload.hex,
        key=mark.key_name,
        log10_p=round(mark.log10_p, 1),
        attempts=detection.attempts,
        statistic=round(mark.statistic, 2),
        frames=watched.pool.frames,
        seconds=f"{mark.start_s:g}-{mark.end_s:.3g} s",
    )
    row = _row(watched, mark, means)
    covers, share = _covered(watched, row)
    return _Seen([read, covers], marks, (row,), share)


def _covered(watched: Watched, row: str) -> tuple[Finding, float]:
    """Which seconds carry the mark, and the share of what can be told."""
    told = sum(sign != "?" for sign in row)
    share = row.count("#") / told if told else 0.0
    facts: dict[str, object] = {"percent": round(100 * share), "seconds": _spans(watched, row, "#") or "-"}
    if not watched.whole:
        return found("mark.video-presence.so-far", **facts, ends=_ends(watched)), share
    if share >= WHOLE_SHARE:
        return found("mark.video-presence.whole", **facts), share
    return found("mark.video-presence.partial", **facts, places=_spans(watched, row, ".")), share


def _ends(watched: Watched) -> str:
    return f"{watched.ends_s:.3g}"


def _row(watched: Watched, mark: VideoMark, means: Means) -> str:
    key = next(each for each in means.keys if each.id == mark.key_id)
    return row_of(watched.pool, presence_in(watched.pool, mark, key))


def _spans(watched: Watched, row: str, sign: str) -> str:
    return seconds_of(row, watched.pool.length_s, watched.ends_s, sign)


def _belonging(mark: VideoMark | None, sounds: Sequence[SoundMark]) -> SoundMark | None:
    """The mark of the sound that is that of the pictures, else its strongest."""
    same = (each for each in sounds if mark is not None and each.payload == mark.payload)
    return next(same, sounds[0] if sounds else None)


def _together(
    marks: Sequence[VideoMark], sounds: Sequence[SoundMark], record: LogRecord | None, *, heard: bool
) -> list[Finding]:
    """Whether what is seen and what is heard carry the marks of the same films."""
    if sounds and not marks:
        return [found("mark.video-sound.alone", payload=sounds[0].payload.hex)]
    seen = [each.payload for each in marks]
    stray = [each.payload for each in sounds if each.payload not in seen]
    if stray:
        return [found("mark.video-sound.differs", expected=seen[0].hex, got=stray[0].hex)]
    if seen and any(each.payload == seen[0] for each in sounds):
        return [found("mark.video-sound.agrees", payload=seen[0].hex)]
    logged = record is not None and any(each.algorithm == AUDIO_ALGORITHM for each in record.item.marks)
    if not marks or not logged:
        return []
    return [found("mark.video-sound.missing" if heard else "mark.video-sound.gone")]


def _further(
    watched: Watched,
    marks: Sequence[VideoMark],
    sounds: Sequence[SoundMark],
    told: SoundMark | None,
    means: Means,
) -> list[Finding]:
    """Whose the other marks are, of pictures and sound, and in which seconds."""
    places: list[tuple[Significant, Text]] = []
    for each in marks[1:]:
        seconds = _spans(watched, _row(watched, each, means), "#") or f"{each.start_s:g}-{each.end_s:.3g} s"
        places.append((each, Text(f"pictures, {seconds}", f"화면, {seconds}")))
    places += [(each, where_heard(each)) for each in sounds if each is not told]
    return further_findings(places, means.registry)


def _resolved(
    watched: Watched,
    mark: VideoMark | None,
    sound: SoundMark | None,
    heard: Samples | None,
    registry: Registry,
) -> Fit:
    """The statement that fits best."""
    read = mark or sound
    if read is None:
        return _by_likeness(watched, registry)
    geometry = None if mark is None else _geometry(watched, mark)

    def compare(record: LogRecord) -> list[Finding]:
        kept = _kept(record, registry)
        told = [check_film(kept, watched.stills, geometry)]
        if sound is not None and heard is not None and kept is not None and kept.sound is not None:
            told.append(check_sound(kept.sound, print_of(heard, Warp(sound.tempo, sound.pitch))))
        return told

    return best_fit(read, registry, compare)


def _geometry(watched: Watched, mark: VideoMark) -> Geometry:
    """For pixels of the stills' size."""
    width = watched.pool.stretches()[0].total.shape[1]
    return scaled(mark.geometry, watched.stills[0].pixels.shape[1] / width)


def _by_likeness(watched: Watched, registry: Registry) -> Fit:
    step = max(1, -(-len(watched.stills) // MOST_ASKED))
    hashes = [prints_of(each.pixels).pdq for each in watched.stills[::step]]
    return first_alike(
        registry.by_likeness(hashes),
        lambda record: check_film(_kept(record, registry), watched.stills, None),
    )


def _kept(record: LogRecord, registry: Registry) -> FilmPrint | None:
    prints = record.item.fingerprints
    return kept_in(None if prints is None else prints.kept, registry, FilmPrint.from_bytes)
