"""Looking at a sound: every layer in turn, then what they say together. Pure but for the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.align import Warp
from haechi.mark.audio.codec import MOST_SAMPLES, open_sound
from haechi.mark.audio.detect import LEAST_SECONDS, SoundMark, detect, prepared
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.labels import packet_in_sound
from haechi.mark.audio.presence import SoundPresence, presence
from haechi.mark.audio.prints import SoundPrint, check_sound, print_of
from haechi.mark.audio.produce import AUDIO_ALGORITHM
from haechi.mark.credentials import MEDIA_TYPES, CredentialReading
from haechi.mark.examine import Means, binding_findings, credential_reading
from haechi.mark.fit import Fit, best_fit, further_findings, kept_in, known_first, labels_read
from haechi.mark.records import LogRecord, Registry
from haechi.mark.verdict import Look, Region, State
from haechi.words import Lang, Text

WHOLE_SHARE = 0.97

SOUND_STATES: dict[State, Text] = {
    State.AGREE: Text(
        "Mark, log and content agree: this sound was marked by {maker}.",
        "마크, 로그, 콘텐츠가 일치합니다. 이 소리는 {maker}이(가) 표시한 것입니다.",
    ),
    State.COPIED: Text(
        "The mark is genuine, and the sound is another one than {maker} marked: it may have been copied.",
        "마크는 실재하지만 {maker}이(가) 표시한 소리가 아닙니다. 마크가 복사되었을 수 있습니다.",
    ),
    State.TOO_LITTLE: Text(
        "A mark was read; there is too little at hand to compare it with what was marked.",
        "마크를 읽었으나, 표시된 원본과 비교할 자료나 내용이 부족합니다.",
    ),
    State.LIKENESS: Text(
        "No mark was read; the sound is like one that {maker} logged as marked.",
        "마크는 읽히지 않았으나, {maker}이(가) 로그에 남긴 소리와 닮았습니다.",
    ),
    State.NOTHING: Text(
        "No mark was found. That says nothing about how the sound was made.",
        "마크를 찾지 못했습니다. 소리가 어떻게 만들어졌는지는 알 수 없습니다.",
    ),
}

declare(
    "mark.sound",
    Text("Audio watermark", "오디오 워터마크"),
    {
        "read": (
            Verdict.HOLDS,
            Text(
                "read: {payload}, key {key}; chance of such a mark by accident at most 10^{log10_p}, "
                "{attempts} decodes counted; tempo {tempo}, pitch {pitch}",
                "읽음: {payload}, 키 {key}. 우연히 나타날 확률은 10^{log10_p} 이하(복호 {attempts}회 보정). "
                "빠르기 {tempo}, 높낮이 {pitch}",
            ),
        ),
        "absent": (
            Verdict.UNDECIDED,
            Text("none found with {keys} key(s)", "키 {keys}개로 찾지 못함"),
        ),
        "too-short": (
            Verdict.UNDECIDED,
            Text("{seconds} s are too short to hold one", "{seconds}초는 너무 짧아 담을 수 없음"),
        ),
    },
)
declare(
    "mark.sound-presence",
    Text("The mark covers the sound", "마크가 소리 전체에 있음"),
    {
        "whole": (Verdict.HOLDS, Text("{percent} % of the seconds carry it", "전체 초의 {percent} %에 있음")),
        "partial": (
            Verdict.UNDECIDED,
            Text(
                "{percent} % of the seconds carry it; not: {places}",
                "전체 초의 {percent} %에 있음. 없는 곳: {places}",
            ),
        ),
    },
)


@dataclass(frozen=True, slots=True)
class SoundLook(Look):
    """The outcome of a look at one sound. region: one row, a sign for each second."""

    states: ClassVar[Mapping[State, Text]] = SOUND_STATES

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        # The call by name: a slotted dataclass is made anew, and `super()` would not know it.
        return {"medium": "audio", **Look.as_dict(self, lang)}


class Heard(NamedTuple):
    """What the watermark of a sound tells: findings on it and its presence, the marks, the strongest first,
    and where that one is.
    """

    layers: list[Finding]
    marks: tuple[SoundMark, ...]
    region: Region | None


def look_at_sound(source: bytes, means: Means, most_samples: int = MOST_SAMPLES) -> SoundLook:
    """What the sound file `source` tells; raises SoundUnreadable, SoundTooLarge, ExtraMissing."""
    opened = open_sound(source, most_samples)
    sound = prepared(opened.samples, opened.rate)
    layers, marks, region = sound_layers(sound, means)
    mark = marks[0] if marks else None
    state, record, told = resolve_sound(sound, mark, means.registry)
    layers += told
    layers += further_findings(((each, where_heard(each)) for each in marks[1:]), means.registry)
    reading = CredentialReading(found("mark.credential.absent"), None)
    if opened.media_type in MEDIA_TYPES:
        reading = credential_reading(source, opened.media_type, means, record)
    layers.append(reading.finding)
    if reading.credential is not None and mark is not None:
        layers += binding_findings(reading.credential, mark.payload.hex, AUDIO_ALGORITHM)
    packet = partial(packet_in_sound, source)
    labels, finding = labels_read(packet, None if mark is None else mark.payload.hex)
    layers.append(finding)
    return SoundLook(state, tuple(layers), record, reading.credential, labels, region)


def sound_layers(sound: Samples, means: Means) -> Heard:
    """What the watermark tells of a sound as `prepared` gives it."""
    seconds = len(sound) / WORKING_RATE
    if seconds < LEAST_SECONDS:
        return Heard([found("mark.sound.too-short", seconds=round(seconds, 1))], (), None)
    detection = detect(sound, WORKING_RATE, means.keys)
    if not detection.marks:
        return Heard([found("mark.sound.absent", keys=len(means.keys))], (), None)
    marks = known_first(detection.marks, means.registry)
    mark = marks[0]
    read = found(
        "mark.sound.read",
        payload=mark.payload.hex,
        key=mark.key_name,
        log10_p=round(mark.log10_p, 1),
        attempts=detection.attempts,
        statistic=round(mark.statistic, 2),
        tempo=round(mark.tempo, 4),
        pitch=round(mark.pitch, 4),
    )
    there = presence(sound, mark, next(key for key in means.keys if key.id == mark.key_id))
    return Heard([read, _presence(there)], marks, Region((there.row,), there.share))


def where_heard(mark: SoundMark) -> Text:
    """The part of the sound that a mark was read from."""
    span = f"{mark.start_s:.0f}-{mark.end_s:.0f} s"
    return Text(f"sound, {span}", f"소리, {span}")


def resolve_sound(sound: Samples, mark: SoundMark | None, registry: Registry) -> Fit:
    """The statement that fits the mark of a sound best. Sounds without one are not looked up by likeness."""
    if mark is None:
        return Fit(State.NOTHING, None, [found("mark.log.absent")])
    seen = cache(lambda: print_of(sound, Warp(mark.tempo, mark.pitch)))
    return best_fit(mark, registry, lambda record: [check_sound(_kept(record, registry), seen())])


def _kept(record: LogRecord, registry: Registry) -> SoundPrint | None:
    prints = record.item.fingerprints
    return kept_in(None if prints is None else prints.kept, registry, SoundPrint.from_bytes)


def _presence(there: SoundPresence) -> Finding:
    percent = round(100 * there.share)
    if there.share >= WHOLE_SHARE:
        return found("mark.sound-presence.whole", percent=percent)
    return found("mark.sound-presence.partial", percent=percent, places=_places(there.row))


def _places(row: str) -> str:
    """The seconds without a mark, as spans: at most six are named.

    >>> _places("##..#.")
    '2-4 s, 5-6 s'
    """
    spans: list[str] = []
    at = 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == ".":
            end += 1
        if end > at:
            spans.append(f"{at}-{end} s")
        at = max(end, at + 1)
    return ", ".join([*spans[:6], "…"] if len(spans) > 6 else spans)
