"""Looking at a film: every layer in turn, then what they say together."""

from dataclasses import dataclass
from typing import Any

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.align import Warp
from haechi.mark.audio.detect import SoundMark, prepared
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.look import sound_layers
from haechi.mark.audio.prints import SoundPrintMalformed, check_sound, print_of
from haechi.mark.audio.produce import AUDIO_ALGORITHM
from haechi.mark.credentials import MEDIA_TYPES, CredentialReading
from haechi.mark.examine import (
    MOST_LIKE,
    Means,
    binding_findings,
    credential_reading,
    labels_read,
    log_finding,
)
from haechi.mark.fingerprint import SignatureMalformed, prints_of
from haechi.mark.image import LATTICE_ALGORITHM, Geometry
from haechi.mark.image.embed import SMALLEST_SIDE
from haechi.mark.labels import LabelsRead, PacketMalformed
from haechi.mark.records import LogRecord, Registry
from haechi.mark.verdict import Look, Region, State
from haechi.mark.video.boxes import packet_in_video
from haechi.mark.video.detect import VideoMark, detect_in, presence_in, row_of, seconds_of
from haechi.mark.video.prints import FilmPrint, FilmPrintMalformed, check_film, scaled
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
_UNNAMED = Text("somebody unknown here", "여기에 알려지지 않은 이")
_RANK = (State.AGREE, State.TOO_LITTLE, State.COPIED)
_DOUBTS = frozenset(
    {
        "mark.video.absent",
        "mark.video-presence.partial",
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

    @property
    def verdict(self) -> Verdict:
        """As for pictures, and HOLDS only where pictures and sound are both as they were marked."""
        codes = {layer.code for layer in self.layers}
        if "mark.video-sound.differs" in codes or "mark.sound-content.differs" in codes:
            return Verdict.FAILS
        base: Verdict = Look.verdict.__get__(self)
        return Verdict.UNDECIDED if base is Verdict.HOLDS and codes & _DOUBTS else base

    def say(self, lang: Lang) -> str:
        """The state in one sentence, with the maker's name."""
        if any(layer.code == "mark.video-sound.differs" for layer in self.layers):
            return _MIXED.say(lang)
        maker: object = _UNNAMED if self.record is None else self.record.issuer
        return VIDEO_STATES[self.state].say(lang, maker=maker)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        # The call by name: a slotted dataclass is made anew, and `super()` would not know it.
        return {"medium": "video", **Look.as_dict(self, lang), "stretch_s": self.stretch_s}


def look_at_video(source: Source, means: Means, bounds: Bounds = WIDE) -> VideoLook:
    """What a video file tells; raises VideoUnreadable, VideoTooLarge, VideoUnfit, NotFound, ExtraMissing."""
    form = form_of(source, bounds)
    seen = watch(source, form, bounds=bounds)
    layers, mark, rows, share = _pictures(seen, means)
    heard = None if seen.heard is None else prepared(seen.heard, WORKING_RATE)
    sound: SoundMark | None = None
    if heard is not None:
        told, sound, region = sound_layers(heard, means.keys)
        layers += told
        rows += () if region is None else region.rows
    state, record, about = _resolved(seen, mark, sound, heard, means.registry)
    layers += [*_together(mark, sound, record, heard=heard is not None), *about]
    reading = CredentialReading(found("mark.credential.absent"), None)
    if form.media_type in MEDIA_TYPES:
        reading = credential_reading(source, form.media_type, means, record)
    layers.append(reading.finding)
    payload = _payload(mark, sound)
    if reading.credential is not None:
        if mark is not None:
            layers += binding_findings(reading.credential, mark.payload.hex, LATTICE_ALGORITHM)
        elif sound is not None:
            layers += binding_findings(reading.credential, sound.payload.hex, AUDIO_ALGORITHM)
    labels, finding = _labels(source, payload)
    layers.append(finding)
    shown = Region(rows, share) if rows else None
    return VideoLook(
        state, tuple(layers), record, reading.credential, labels, shown, stretch_s=seen.pool.length_s
    )


def _payload(mark: VideoMark | None, sound: SoundMark | None) -> str | None:
    read = mark or sound
    return None if read is None else read.payload.hex


def _pictures(seen: Watched, means: Means) -> tuple[list[Finding], VideoMark | None, tuple[str, ...], float]:
    """The findings on the watermark of the pictures and its presence, the mark, its row and share of time."""
    detection = detect_in(seen.pool, means.keys, seen.ends_s)
    if not detection.marks:
        if min(seen.form.width, seen.form.height) < SMALLEST_SIDE // 2:
            return [found("mark.video.too-small")], None, (), 0.0
        return [found("mark.video.absent", keys=len(means.keys), frames=seen.pool.frames)], None, (), 0.0
    mark = detection.marks[0]
    read = found(
        "mark.video.read",
        payload=mark.payload.hex,
        key=mark.key_name,
        log10_p=round(mark.log10_p, 1),
        attempts=detection.attempts,
        statistic=round(mark.statistic, 2),
        frames=seen.pool.frames,
        seconds=f"{mark.start_s:g}-{mark.end_s:.3g} s",
    )
    key = next(each for each in means.keys if each.id == mark.key_id)
    row = row_of(seen.pool, presence_in(seen.pool, mark, key))
    told = sum(sign != "?" for sign in row)
    share = row.count("#") / told if told else 0.0
    facts: dict[str, object] = {
        "percent": round(100 * share),
        "seconds": seconds_of(row, seen.pool.length_s, seen.ends_s, "#") or "-",
    }
    if share >= WHOLE_SHARE:
        return [read, found("mark.video-presence.whole", **facts)], mark, (row,), share
    places = seconds_of(row, seen.pool.length_s, seen.ends_s, ".")
    return [read, found("mark.video-presence.partial", **facts, places=places)], mark, (row,), share


def _together(
    mark: VideoMark | None, sound: SoundMark | None, record: LogRecord | None, *, heard: bool
) -> list[Finding]:
    """Whether what is seen and what is heard carry the mark of one film."""
    if sound is not None:
        if mark is None:
            return [found("mark.video-sound.alone", payload=sound.payload.hex)]
        if mark.payload != sound.payload:
            expected, got = mark.payload.hex, sound.payload.hex
            return [found("mark.video-sound.differs", expected=expected, got=got)]
        return [found("mark.video-sound.agrees", payload=mark.payload.hex)]
    logged = record is not None and any(each.algorithm == AUDIO_ALGORITHM for each in record.item.marks)
    if mark is None or not logged:
        return []
    return [found("mark.video-sound.missing" if heard else "mark.video-sound.gone")]


def _resolved(
    seen: Watched,
    mark: VideoMark | None,
    sound: SoundMark | None,
    heard: Samples | None,
    registry: Registry,
) -> tuple[State, LogRecord | None, list[Finding]]:
    """State, record and the findings on log and content."""
    read = mark or sound
    geometry = None if mark is None else _geometry(seen, mark)
    if read is None:
        return _by_likeness(seen, registry)
    best: tuple[State, LogRecord, list[Finding]] | None = None
    for record in registry.by_mark(read.payload.hex):
        kept = _kept(record, registry)
        log, content = log_finding(record, read), check_film(kept, seen.stills, geometry)
        told = [log, content]
        if sound is not None and heard is not None and kept is not None and kept.sound is not None:
            told.append(check_sound(kept.sound, print_of(heard, Warp(sound.tempo, sound.pitch))))
        agree = content.verdict is Verdict.HOLDS and log.verdict is not Verdict.FAILS
        state = State.AGREE if agree else State.TOO_LITTLE
        if content.verdict is Verdict.FAILS:
            state = State.COPIED
        if best is None or _RANK.index(state) < _RANK.index(best[0]):
            best = (state, record, told)
    return best or (State.TOO_LITTLE, None, [found("mark.log.absent")])


def _geometry(seen: Watched, mark: VideoMark) -> Geometry:
    """For pixels of the stills' size."""
    width = seen.pool.stretches()[0].total.shape[1]
    return scaled(mark.geometry, seen.stills[0].pixels.shape[1] / width)


def _by_likeness(seen: Watched, registry: Registry) -> tuple[State, LogRecord | None, list[Finding]]:
    step = max(1, -(-len(seen.stills) // MOST_ASKED))
    hashes = [prints_of(each.pixels).pdq for each in seen.stills[::step]]
    for record in registry.by_likeness(hashes)[:MOST_LIKE]:
        kept = _kept(record, registry)
        if kept is None:
            continue
        content = check_film(kept, seen.stills, None)
        if content.verdict is Verdict.HOLDS:
            return State.LIKENESS, record, [log_finding(record, None), content]
    return State.NOTHING, None, [found("mark.log.absent")]


def _kept(record: LogRecord, registry: Registry) -> FilmPrint | None:
    prints = record.item.fingerprints
    raw = None if prints is None or prints.kept is None else registry.blob(prints.kept.digest)
    try:
        return None if raw is None else FilmPrint.from_bytes(raw)
    except (FilmPrintMalformed, SignatureMalformed, SoundPrintMalformed):
        return None


def _labels(source: Source, payload: str | None) -> tuple[LabelsRead, Finding]:
    try:
        return labels_read(packet_in_video(source), payload)
    except PacketMalformed as error:
        return LabelsRead(), found("mark.label.unreadable", why=str(error)[:200])
