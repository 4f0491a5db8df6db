"""Marking one picture with all layers, in the order that keeps everything valid.

Visible label and watermark go into the pixels, labels into the metadata, the credential is signed last over
all of it; then the fingerprints of what came out, and the statement that ties them together. Pure: bytes in,
bytes out; time and randomness are arguments.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from haechi.facts import Facts
from haechi.findings import Finding
from haechi.mark.credentials import MANIFEST_TYPE, read_credential, sign_credential
from haechi.mark.fingerprint import SIGNATURE_TYPE, prints_of, signature_of
from haechi.mark.image import (
    LATTICE_ALGORITHM,
    EngineUnfit,
    Marked,
    MarkNotHeld,
    Payload,
    detect,
    embed,
    encode_picture,
    open_picture,
    read_with,
    write_with,
)
from haechi.mark.labels import (
    LabelRecord,
    Layer,
    Wording,
    country_of,
    draw_label,
    duty_findings,
    packet_in,
    packet_of,
    served,
    with_packet,
)
from haechi.mark.labels.visible import SMALLEST_SHARE
from haechi.mark.said import provenance_for, record_for, ref_to
from haechi.mark.studio import Studio
from haechi.mark.wish import Wish
from haechi.statement.claims import encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.kinds.content_mark import (
    NAME,
    ContentMark,
    Fingerprints,
    Label,
    MarkedItem,
    Watermark,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEC = "haechi-lattice-1"
_PLAIN: tuple[Wording, ...] = ("AI",)
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}


class Produced(NamedTuple):
    """A marked file and what belongs to it. manifest, signature: to be kept beside the log, by digest."""

    data: bytes
    media_type: str
    payload: str
    item: MarkedItem
    manifest: bytes
    signature: bytes
    psnr_db: float
    left_behind: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> dict[str, bytes]:
        """What is to be sent along with the statement, by file name."""
        return {"manifest.c2pa": self.manifest, "keypoints.orb": self.signature}


@dataclass(frozen=True, slots=True)
class _Job:
    """One picture on its way."""

    title: str
    studio: Studio
    wish: Wish
    payload: Payload
    now: datetime
    done: set[Layer] = field(default_factory=set[Layer])

    @property
    def algorithm(self) -> str:
        """The soft-binding name of the engine that marks."""
        return LATTICE_ALGORITHM if self.wish.engine is None else self.wish.engine.algorithm

    @property
    def record(self) -> LabelRecord:
        """What all labels say."""
        return record_for(self.studio, self.wish, self.payload.hex, self.now)


def produce(
    source: bytes, title: str, studio: Studio, wish: Wish, payload: Payload, now: datetime
) -> Produced:
    """The picture file `source` marked with every layer; payload: fresh for each picture.

    Raises UnknownName (a country), FileUnreadable, FileTooLarge, FileUnfit, PictureTooSmall, MarkNotHeld,
    PacketMalformed, CredentialRefused, EngineUnfit, ExtraMissing.
    """
    for name in wish.countries:
        country_of(name)
    job = _Job(title, studio, wish, payload, now)
    opened = open_picture(source)
    media_type = MEDIA_TYPES[opened.file_format]
    earlier = read_credential(source, media_type, ()).credential is not None
    carrier = with_packet(source, opened.file_format, packet_of(job.record, packet_in(source)))
    pixels = labelled(opened.pixels, wish.countries) if wish.visible else opened.pixels
    marked = _watermarked(pixels, job)
    carried = encode_picture(opened._replace(source=carrier), marked.pixels)
    again = open_picture(carried.data).pixels
    _require_held(again, job)
    asked: tuple[tuple[Layer, bool], ...] = (("visible", wish.visible), ("notice", wish.notice))
    job.done.update({"watermark", "metadata", "credential", "kept"})
    job.done.update(name for name, wanted in asked if wanted)
    bindings = ((job.algorithm, payload.hex),)
    says = provenance_for(title, studio, wish, payload.hex, bindings, watermarked=True)
    signed = sign_credential(
        carried.data,
        media_type,
        says,
        studio.authority,
        parent=source if earlier else None,
        stamp_url=wish.stamp_url,
    )
    duties = duty_findings(wish.countries, frozenset(job.done))
    signature = signature_of(again).to_bytes()
    item = _item(job, signed.data, media_type, (signed.manifest, signature), served(duties), again)
    left = tuple(each for each in carried.left_behind if each != "c2pa")
    return Produced(
        signed.data,
        media_type,
        payload.hex,
        item,
        signed.manifest,
        signature,
        marked.psnr_db,
        left,
        tuple(duties),
    )


def statement_for(claim: ContentMark, subject: str, studio: Studio, facts: Facts, now: datetime) -> Statement:
    """The signed statement over an item or a batch."""
    about = About(issuer=studio.maker.issuer, subject=subject, issued_at=int(now.timestamp()), kind=NAME)
    return sign_statement(studio.signer, about, encode_claim(kind_of(NAME), claim, facts))


def _watermarked(pixels: "NDArray[Any]", job: _Job) -> Marked:
    engine = job.wish.engine
    if engine is None:
        return embed(pixels, job.payload, job.studio.key, psnr_db=job.wish.psnr_db)
    made = write_with(engine, pixels, job.payload)
    error = float(np.mean((made.astype(np.float64) - pixels) ** 2))
    peak = float(np.iinfo(pixels.dtype).max)
    return Marked(made, 99.0 if error == 0 else float(10 * np.log10(peak**2 / error)))


def _require_held(pixels: "NDArray[Any]", job: _Job) -> None:
    """Raise MarkNotHeld unless the mark is read from the file as it was encoded."""
    engine = job.wish.engine
    if engine is None:
        held = detect(pixels, [job.studio.key])
        if not any(mark.payload == job.payload for mark in held.marks):
            raise MarkNotHeld(statistic=round(held.best_statistic, 1))
        return
    read = read_with([engine], pixels)
    if read is None or read.payload != job.payload:
        raise EngineUnfit(algorithm=engine.algorithm, why="the mark could not be read back")


def labelled(pixels: "NDArray[Any]", countries: tuple[str, ...]) -> "NDArray[Any]":
    """The pixels with the visible labels of all countries, one above the other; raises UnknownName."""
    asked: list[Wording] = [country_of(name).wording for name in countries]
    wordings: tuple[Wording, ...] = tuple(dict.fromkeys(asked))
    made, free = pixels.copy(), pixels.shape[0]
    shortest = min(pixels.shape[:2])
    for wording in wordings or _PLAIN:
        part = made[:free]
        drawn = draw_label(part, wording, SMALLEST_SHARE * shortest / max(1, min(part.shape[:2])))
        made[:free] = drawn.pixels
        free -= 2 * drawn.letter_height + drawn.letter_height // 3
        if free < shortest // 4:
            break
    return made


def _item(
    job: _Job,
    data: bytes,
    media_type: str,
    kept: Sequence[bytes],
    serves: tuple[str, ...],
    pixels: "NDArray[Any]",
) -> MarkedItem:
    manifest, signature = kept
    prints, record, maker = prints_of(pixels), job.record, job.studio.maker
    return MarkedItem(
        media_type=media_type,
        digest=hashlib.sha256(data).digest(),
        size=len(data),
        source_type=record.source_type,
        generator=f"{maker.system} {maker.version}",
        made=record.made,
        label=Label(provider=record.provider, id=record.id, producer=record.producer, serves=serves),
        watermark=Watermark(
            payload=job.payload.hex,
            algorithm=job.algorithm,
            spec=SPEC if job.wish.engine is None else job.algorithm,
            key=job.studio.key.id if job.wish.engine is None else job.algorithm,
        ),
        fingerprints=Fingerprints(
            pdq=prints.pdq, iscc=prints.iscc, orb=ref_to(signature, SIGNATURE_TYPE, "keypoints.orb")
        ),
        credential=ref_to(manifest, MANIFEST_TYPE, "manifest.c2pa"),
    )
