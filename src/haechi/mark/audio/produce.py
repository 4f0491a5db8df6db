"""Marking one sound with all layers: cue, watermark, labels, credential, print, and the statement's item.

Pure: bytes in, bytes out; time and randomness are arguments. Only the spoken notice asks another program.
"""

import hashlib
from datetime import datetime
from typing import NamedTuple

import numpy as np

from haechi.errors import BadInput
from haechi.findings import Finding
from haechi.mark.audio.codec import OpenedSound, encode_sound, open_sound
from haechi.mark.audio.cue import rhythm_cue, spoken_notice
from haechi.mark.audio.detect import detect, prepared
from haechi.mark.audio.embed import embed
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.iscc import NAME, audio_code
from haechi.mark.audio.labels import packet_in_sound
from haechi.mark.audio.prints import MEDIA_TYPE as PRINT_TYPE
from haechi.mark.audio.prints import print_of
from haechi.mark.credentials import MANIFEST_TYPE, MEDIA_TYPES, Provenance, read_credential, sign_credential
from haechi.mark.labels import Layer, country_of, duty_findings, packet_of, served
from haechi.mark.payload import Payload
from haechi.mark.said import provenance_for, record_for, ref_to
from haechi.mark.studio import Studio
from haechi.mark.wish import Wish
from haechi.statement.kinds.content_mark import Extent, Fingerprints, Label, MarkedItem, Watermark
from haechi.words import Text

AUDIO_ALGORITHM = "org.haechi.audio.1"
"""The name of the engine in soft bindings and statements."""
SPEC = "haechi-audio-1"
PRINT, MANIFEST = "sound.print", "manifest.c2pa"
_SUFFIXES = {"WAV": ".wav", "FLAC": ".flac", "MP3": ".mp3", "M4A": ".m4a", "OGG": ".ogg"}
_SPOKEN = {"KR": ("ko", "인공지능으로 만든 소리입니다."), "CN": ("zh", "人工智能生成。")}
_SPOKEN_ELSE = ("en", "This sound was made by artificial intelligence.")


class SoundMarkNotHeld(BadInput):
    """The sound was marked and its mark could not be read back; facts: statistic."""

    code = "mark.sound.not-held"
    what = Text(
        "the sound cannot hold a mark: it was read back with a statistic of only {statistic}",
        "소리가 마크를 담지 못합니다: 다시 읽은 통계량이 {statistic}에 그쳤습니다",
    )
    hint = Text(
        "nothing was written; give at least 5 seconds that are not silent, or a higher bit rate",
        "기록된 것은 없습니다. 무음이 아닌 5초 이상이나 더 높은 비트레이트로 주세요",
    )


class MarkedSoundFile(NamedTuple):
    """A marked file and what belongs to it. manifest: empty where the format has no place for one."""

    data: bytes
    media_type: str
    payload: str
    item: MarkedItem
    manifest: bytes
    print: bytes
    snr_db: float
    left_behind: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> dict[str, bytes]:
        """What is to be sent along with the statement, by file name."""
        files = {PRINT: self.print}
        return {**files, MANIFEST: self.manifest} if self.manifest else files


def produce_sound(
    source: bytes, title: str, studio: Studio, wish: Wish, payload: Payload, now: datetime
) -> MarkedSoundFile:
    """The sound file `source` marked with every layer that its format can carry; payload: fresh for each.

    wish.visible asks for what is heard: the rhythm cue, and words where a speaker is installed. Raises
    UnknownName (a country), SoundUnreadable, SoundTooLarge, SoundFileUnfit, SoundUnfit, SoundMarkNotHeld,
    PacketMalformed, CredentialRefused, ExtraMissing.
    """
    for name in wish.countries:
        country_of(name)
    opened = open_sound(source)
    samples = with_cue(opened, wish.countries) if wish.visible else opened.samples
    record = record_for(studio, wish, payload.hex, now)
    marked = embed(samples, opened.rate, payload, studio.key)
    carried = encode_sound(opened, marked.samples, packet_of(record, packet_in_sound(source)))
    heard = _heard_again(carried.data, payload, studio)
    done: set[Layer] = {"watermark", "metadata", "kept"}
    asked: tuple[tuple[Layer, bool], ...] = (("visible", wish.visible), ("notice", wish.notice))
    done.update(name for name, wanted in asked if wanted)
    data, manifest = carried.data, b""
    if opened.media_type in MEDIA_TYPES:
        done.add("credential")
        bindings = ((AUDIO_ALGORITHM, payload.hex),)
        says = provenance_for(title, studio, wish, payload.hex, bindings, watermarked=True)
        data, manifest = _with_credential(source, data, opened.media_type, says, studio, wish)
    duties = duty_findings(wish.countries, frozenset(done))
    kept = print_of(heard).to_bytes()
    iscc = audio_code(data, _SUFFIXES[opened.file_format])
    maker = studio.maker
    item = MarkedItem(
        media_type=opened.media_type,
        digest=hashlib.sha256(data).digest(),
        size=len(data),
        source_type=wish.source_type,
        generator=f"{maker.system} {maker.version}",
        made=record.made,
        label=Label(provider=record.provider, id=record.id, producer=record.producer, serves=served(duties)),
        watermark=watermark_for(payload, studio),
        fingerprints=Fingerprints(iscc=iscc, kept=ref_to(kept, PRINT_TYPE, PRINT)),
        credential=ref_to(manifest, MANIFEST_TYPE, MANIFEST) if manifest else None,
        extent=Extent(amount=round(1000 * len(samples) / opened.rate), unit="millisecond"),
    )
    return MarkedSoundFile(
        data,
        opened.media_type,
        payload.hex,
        item,
        manifest,
        kept,
        marked.snr_db,
        carried.left_behind + (() if iscc is not None else (NAME,)),
        tuple(duties),
    )


def _heard_again(data: bytes, payload: Payload, studio: Studio) -> Samples:
    """What a reader of the written file hears, prepared; raises SoundMarkNotHeld when the mark is lost."""
    again = open_sound(data)
    held = detect(again.samples, again.rate, [studio.key], full=False)
    if not any(mark.payload == payload for mark in held.marks):
        raise SoundMarkNotHeld(statistic=round(held.best_statistic, 1))
    return prepared(again.samples, again.rate)


def _with_credential(
    source: bytes, data: bytes, media_type: str, says: Provenance, studio: Studio, wish: Wish
) -> tuple[bytes, bytes]:
    """The file with a credential that keeps the one of `source`, and the manifest apart."""
    earlier = read_credential(source, media_type, ()).credential is not None
    parent = source if earlier else None
    signed = sign_credential(
        data, media_type, says, studio.authority, parent=parent, stamp_url=wish.stamp_url
    )
    return signed.data, signed.manifest


def with_cue(opened: OpenedSound, countries: tuple[str, ...]) -> Samples:
    """The samples with what is heard before them, on every channel."""
    language, words = next((_SPOKEN[each] for each in countries if each in _SPOKEN), _SPOKEN_ELSE)
    parts = [rhythm_cue(opened.rate)]
    spoken = spoken_notice(words, language, opened.rate)
    if spoken is not None:
        parts.append(spoken)
    before = np.repeat(np.concatenate(parts)[:, None], opened.samples.shape[1], axis=1)
    return np.concatenate([before, opened.samples])


def watermark_for(payload: Payload, studio: Studio) -> Watermark:
    """What the statement says of the mark."""
    return Watermark(payload=payload.hex, algorithm=AUDIO_ALGORITHM, spec=SPEC, key=studio.key.id)
