"""Marking one film with all layers: label, watermark in every frame and in the sound, labels, credential,
print, and the statement's item. The film stays on disk; time and randomness are arguments.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from haechi.errors import BadInput
from haechi.findings import Finding
from haechi.mark.audio.detect import detect as detect_sound
from haechi.mark.audio.detect import prepared
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.prints import print_of
from haechi.mark.audio.produce import AUDIO_ALGORITHM
from haechi.mark.audio.produce import watermark_for as sound_watermark
from haechi.mark.credentials import MANIFEST_TYPE, MEDIA_TYPES, ToSign, read_credential, sign_file
from haechi.mark.image import LATTICE_ALGORITHM
from haechi.mark.labels import Layer, country_of, duty_findings, packet_of, served
from haechi.mark.payload import Payload
from haechi.mark.pipeline import SPEC
from haechi.mark.said import provenance_for, record_for, ref_to
from haechi.mark.studio import Studio
from haechi.mark.video.boxes import packet_in_video
from haechi.mark.video.detect import detect_in
from haechi.mark.video.overlay import FULL_RANGE, Overlay
from haechi.mark.video.prints import MEDIA_TYPE as PRINT_TYPE
from haechi.mark.video.prints import FilmPrint, Printer
from haechi.mark.video.rewrite import BITS, Asked, rewrite
from haechi.mark.video.source import Form, form_of
from haechi.mark.video.stills import Still, pixels_of
from haechi.mark.video.watch import Watched, watch
from haechi.mark.wish import Wish
from haechi.statement.kinds.content_mark import Extent, Fingerprints, Label, MarkedItem, Watermark
from haechi.words import Text

READ_BACK = 96
"""Predicted frames that are pooled to see whether the mark holds: fewer than a reader takes."""
PRINT, MANIFEST = "film.print", "manifest.c2pa"
Tick = Callable[[float], None]


class VideoMarkNotHeld(BadInput):
    """The film was marked and its mark could not be read back; facts: statistic."""

    code: ClassVar[str] = "mark.video.not-held"
    what = Text(
        "the film cannot hold a mark: it was read back with a statistic of only {statistic}",
        "영상이 마크를 담지 못합니다: 다시 읽은 통계량이 {statistic}에 그쳤습니다",
    )
    hint = Text(
        "nothing was written; give a longer film, larger frames, or a stronger mark with --psnr 40",
        "기록된 것은 없습니다. 더 길거나 큰 영상을 주거나 --psnr 40 으로 더 강하게 넣으세요",
    )


class MarkedVideo(NamedTuple):
    """A marked film and what belongs to it. path: where it lies, to be moved into place; manifest: empty
    where the container has no place for one; sound_held: of the sound, None without a track.
    """

    path: Path
    media_type: str
    payload: str
    item: MarkedItem
    manifest: bytes
    print: bytes
    psnr_db: float
    sound_held: bool | None
    left_behind: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> dict[str, bytes]:
        """What is to be sent along with the statement, by file name."""
        files = {PRINT: self.print}
        return {**files, MANIFEST: self.manifest} if self.manifest else files


class Order(NamedTuple):
    """What is to be marked and how. payload: fresh for each film; folder: where there is room for it."""

    source: Path
    folder: Path
    title: str
    wish: Wish
    payload: Payload
    now: datetime


def produce_video(order: Order, studio: Studio, tick: Tick = lambda _share: None) -> MarkedVideo:
    """The film marked with every layer that its container can carry, as a file in the folder of the order.

    Raises UnknownName (a country), VideoUnreadable, VideoTooLarge, VideoUnfit, VideoMarkNotHeld,
    PictureTooSmall, SoundUnfit, PacketMalformed, CredentialRefused, ExtraMissing, NotFound, OSError.
    """
    wish, payload = order.wish, order.payload
    for name in wish.countries:
        country_of(name)
    form = form_of(order.source)
    record = record_for(studio, wish, payload.hex, order.now)
    packet = packet_of(record, packet_in_video(order.source))
    printer, path = Printer(), order.folder / "marked"
    asked = Asked(payload, studio.key, wish.psnr_db, packet, _label(form, wish), _printing(printer))
    written = rewrite(order.source, path, form, asked, lambda share: tick(0.85 * share))
    seen = watch(path, form_of(path), READ_BACK)
    tick(0.95)
    held = _required(seen, payload, studio)
    done: set[Layer] = {"watermark", "metadata", "kept"}
    layers: tuple[tuple[Layer, bool], ...] = (("visible", wish.visible), ("notice", wish.notice))
    done.update(name for name, wanted in layers if wanted)
    manifest = b""
    if form.media_type in MEDIA_TYPES:
        done.add("credential")
        path, manifest = _with_credential(path, order, form, studio, sound=bool(held))
    duties = duty_findings(wish.countries, frozenset(done))
    kept = _print(printer, seen)
    maker = studio.maker
    item = MarkedItem(
        media_type=form.media_type,
        digest=_digest(path),
        size=path.stat().st_size,
        source_type=wish.source_type,
        generator=f"{maker.system} {maker.version}",
        made=record.made,
        label=Label(provider=record.provider, id=record.id, producer=record.producer, serves=served(duties)),
        watermark=Watermark(payload=payload.hex, algorithm=LATTICE_ALGORITHM, spec=SPEC, key=studio.key.id),
        further=(sound_watermark(payload, studio),) if held else (),
        fingerprints=Fingerprints(frames=kept.on_log, kept=ref_to(kept.to_bytes(), PRINT_TYPE, PRINT)),
        credential=ref_to(manifest, MANIFEST_TYPE, MANIFEST) if manifest else None,
        extent=Extent(amount=round(1000 * seen.ends_s), unit="millisecond"),
    )
    return MarkedVideo(
        path,
        form.media_type,
        payload.hex,
        item,
        manifest,
        kept.to_bytes(),
        written.psnr_db,
        held,
        written.left_behind,
        tuple(duties),
    )


def _printing(printer: Printer) -> Callable[[Any, float], None]:
    def look(frame: Any, at_s: float) -> None:  # noqa: ANN401  # PyAV's
        if printer.wants(at_s):
            printer.add(Still(at_s, pixels_of(frame)))

    return look


def _label(form: Form, wish: Wish) -> Overlay | None:
    if not wish.visible:
        return None
    full = form.colour.range == FULL_RANGE or form.pixel_format.startswith("yuvj")
    bits = BITS.get(form.pixel_format, 8)
    return Overlay.of(form.height, form.width, wish.countries, bits=bits, full=full)


def _required(seen: Watched, payload: Payload, studio: Studio) -> bool | None:
    """Whether the sound holds the mark (None without a track); raises VideoMarkNotHeld for the pictures."""
    found = detect_in(seen.pool, [studio.key], seen.ends_s)
    if not any(mark.payload == payload for mark in found.marks):
        raise VideoMarkNotHeld(statistic=round(found.best_statistic, 1))
    if seen.heard is None:
        return None
    told = detect_sound(seen.heard, WORKING_RATE, [studio.key], full=False)
    return any(mark.payload == payload for mark in told.marks)


def _with_credential(
    path: Path, order: Order, form: Form, studio: Studio, *, sound: bool
) -> tuple[Path, bytes]:
    """The file with a credential that keeps the one of the source, and the manifest apart."""
    wish, value = order.wish, order.payload.hex
    bindings = ((LATTICE_ALGORITHM, value), *(((AUDIO_ALGORITHM, value),) if sound else ()))
    says = provenance_for(order.title, studio, wish, value, bindings, watermarked=True)
    earlier = read_credential(order.source, form.media_type, ()).credential is not None
    signed = order.folder / "signed"
    with order.source.open("rb") as source:
        what = ToSign(form.media_type, says, source if earlier else None, wish.stamp_url)
        manifest = sign_file(path, signed, what, studio.authority)
    path.unlink()
    return signed, manifest


def _print(printer: Printer, seen: Watched) -> FilmPrint:
    heard = None if seen.heard is None or not len(seen.heard) else prepared(seen.heard, WORKING_RATE)
    return printer.print_with(None if heard is None else print_of(heard))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
