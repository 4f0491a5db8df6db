"""Looking at a sound: every layer in turn, then what they say together. Pure but for the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.audio.align import Warp
from haechi.mark.audio.codec import MOST_SAMPLES, open_sound
from haechi.mark.audio.detect import LEAST_SECONDS, SoundMark, detect, prepared
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.labels import packet_in_sound
from haechi.mark.audio.presence import SoundPresence, presence
from haechi.mark.audio.prints import SoundPrint, SoundPrintMalformed, check_sound, print_of
from haechi.mark.audio.produce import AUDIO_ALGORITHM
from haechi.mark.credentials import MEDIA_TYPES, CredentialReading
from haechi.mark.examine import Means, binding_findings, credential_reading, labels_read, log_finding
from haechi.mark.image.keys import MarkKey
from haechi.mark.labels import LabelsRead, PacketMalformed
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
_UNNAMED = Text("somebody unknown here", "여기에 알려지지 않은 이")

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

    def say(self, lang: Lang) -> str:
        """The state in one sentence, with the maker's name."""
        maker: object = _UNNAMED if self.record is None else self.record.issuer
        return SOUND_STATES[self.state].say(lang, maker=maker)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON form."""
        # The call by name: a slotted dataclass is made anew, and `super()` would not know it.
        return {"medium": "audio", **Look.as_dict(self, lang)}


def look_at_sound(source: bytes, means: Means, most_samples: int = MOST_SAMPLES) -> SoundLook:
    """What the sound file `source` tells; raises SoundUnreadable, SoundTooLarge, ExtraMissing."""
    opened = open_sound(source, most_samples)
    heard = prepared(opened.samples, opened.rate)
    layers, mark, region = sound_layers(heard, means.keys)
    state, record, told = resolve_sound(heard, mark, means.registry)
    layers += told
    reading = CredentialReading(found("mark.credential.absent"), None)
    if opened.media_type in MEDIA_TYPES:
        reading = credential_reading(source, opened.media_type, means, record)
    layers.append(reading.finding)
    if reading.credential is not None and mark is not None:
        layers += binding_findings(reading.credential, mark.payload.hex, AUDIO_ALGORITHM)
    labels, finding = sound_labels(source, None if mark is None else mark.payload.hex)
    layers.append(finding)
    return SoundLook(state, tuple(layers), record, reading.credential, labels, region)


def sound_layers(
    heard: Samples, keys: Sequence[MarkKey]
) -> tuple[list[Finding], SoundMark | None, Region | None]:
    """The findings on watermark and presence, the mark, and where it is."""
    seconds = len(heard) / WORKING_RATE
    if seconds < LEAST_SECONDS:
        return [found("mark.sound.too-short", seconds=round(seconds, 1))], None, None
    detection = detect(heard, WORKING_RATE, keys)
    if not detection.marks:
        return [found("mark.sound.absent", keys=len(keys))], None, None
    mark = detection.marks[0]
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
    there = presence(heard, mark, next(key for key in keys if key.id == mark.key_id))
    return [read, _presence(there)], mark, Region((there.row,), there.share)


def resolve_sound(
    heard: Samples, mark: SoundMark | None, registry: Registry
) -> tuple[State, LogRecord | None, list[Finding]]:
    """State, record and the findings on log and content."""
    records = () if mark is None else registry.by_mark(mark.payload.hex)
    if mark is None or not records:
        state = State.NOTHING if mark is None else State.TOO_LITTLE
        return state, None, [found("mark.log.absent")]
    seen = print_of(heard, Warp(mark.tempo, mark.pitch))
    best: tuple[State, LogRecord, list[Finding]] | None = None
    for record in records:
        log, content = log_finding(record, mark), check_sound(_kept(record, registry), seen)
        agree = content.verdict is Verdict.HOLDS and log.verdict is not Verdict.FAILS
        state = State.AGREE if agree else State.TOO_LITTLE
        if content.verdict is Verdict.FAILS:
            state = State.COPIED
        if best is None or _RANK.index(state) < _RANK.index(best[0]):
            best = (state, record, [log, content])
    return best or (State.TOO_LITTLE, None, [found("mark.log.absent")])


_RANK = (State.AGREE, State.TOO_LITTLE, State.COPIED)


def sound_labels(source: bytes, payload: str | None) -> tuple[LabelsRead, Finding]:
    """The labels in a sound file, and whether they agree with its mark."""
    try:
        return labels_read(packet_in_sound(source), payload)
    except PacketMalformed as error:
        return LabelsRead(), found("mark.label.unreadable", why=str(error)[:200])


def _kept(record: LogRecord, registry: Registry) -> SoundPrint | None:
    prints = record.item.fingerprints
    raw = None if prints is None or prints.kept is None else registry.blob(prints.kept.digest)
    try:
        return None if raw is None else SoundPrint.from_bytes(raw)
    except SoundPrintMalformed:
        return None


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
