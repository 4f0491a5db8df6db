"""Looking at a picture: every layer in turn, then what they say together. Pure but for the registry."""

import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image

from haechi.findings import Finding, found
from haechi.mark.credentials import Credential, CredentialReading, TrustSource, official_list, read_credential
from haechi.mark.extra import ExtraMissing
from haechi.mark.fingerprint import Kept, Signature, check_content, dihedral_pdq
from haechi.mark.fit import Fit, best_fit, first_alike, further_findings, kept_in, known_first, labels_read
from haechi.mark.image import (
    LATTICE_ALGORITHM,
    PUBLIC_KEY,
    Engine,
    EngineMark,
    FileTooLarge,
    FileUnreadable,
    Mark,
    MarkKey,
    detect,
    open_picture,
    presence,
    read_with,
)
from haechi.mark.image.codec import FORMATS
from haechi.mark.image.embed import SMALLEST_SIDE
from haechi.mark.labels import packet_in
from haechi.mark.pipeline import MEDIA_TYPES
from haechi.mark.records import LogRecord, Nowhere, Registry
from haechi.mark.verdict import Look, Region
from haechi.words import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PICTURE = Text("in the picture", "그림 안")


@dataclass(frozen=True, slots=True)
class Means:
    """What a reader brings: mark keys, whose credentials to recognise, and where statements are looked up.

    engines: other watermark engines, asked in turn when ours reads nothing.
    """

    keys: tuple[MarkKey, ...] = (PUBLIC_KEY,)
    trust: tuple[TrustSource, ...] = field(default_factory=lambda: (official_list(),))
    registry: Registry = field(default_factory=Nowhere)
    engines: tuple[Engine, ...] = ()


def examine(source: bytes, means: Means) -> Look:
    """What the picture file `source` tells; raises FileUnreadable, FileTooLarge, FileUnfit, ExtraMissing."""
    opened = open_picture(source)
    media_type = MEDIA_TYPES[opened.file_format]
    detection = detect(opened.pixels, means.keys)
    marks = known_first(detection.marks, means.registry)
    mark = marks[0] if marks else read_with(means.engines, opened.pixels)
    layers: list[Finding] = [_watermark(opened.pixels, mark, means)]
    region = None
    if isinstance(mark, Mark):
        region, covers = _region(opened.pixels, mark, means.keys)
        layers.append(covers)
    state, record, told = _resolve(opened.pixels, mark, means.registry)
    layers += told
    layers += further_findings(((each, _PICTURE) for each in marks[1:]), means.registry)
    reading = credential_reading(source, media_type, means, record)
    layers.append(reading.finding)
    if reading.credential is not None and mark is not None:
        layers += binding_findings(reading.credential, mark.payload.hex, _algorithm(mark))
    labels, finding = labels_read(partial(packet_in, source), None if mark is None else mark.payload.hex)
    layers.append(finding)
    return Look(state, tuple(layers), record, reading.credential, labels, region)


def require_pixels(source: bytes, most: int) -> None:
    """Raise FileTooLarge for a picture that claims more pixels than `most`, before any is decoded."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(source), formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            count = image.size[0] * image.size[1]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, struct.error) as error:
        raise FileUnreadable(why=str(error)[:160]) from error
    if count > most:
        raise FileTooLarge(what_is=Text("pixels", "픽셀"), limit=most, got=count)


AnyMark: TypeAlias = Mark | EngineMark


def _algorithm(mark: AnyMark) -> str:
    """The soft-binding name of the engine that read it."""
    return mark.algorithm if isinstance(mark, EngineMark) else LATTICE_ALGORITHM


def _watermark(pixels: "NDArray[Any]", mark: AnyMark | None, means: Means) -> Finding:
    if isinstance(mark, EngineMark):
        log10_p = round(mark.log10_p, 1)
        return found("mark.watermark.read", payload=mark.payload.hex, key=mark.algorithm, log10_p=log10_p)
    if mark is not None:
        return found(
            "mark.watermark.read",
            payload=mark.payload.hex,
            key=mark.key_name,
            log10_p=round(mark.log10_p, 1),
            statistic=round(mark.statistic, 2),
            turn_degrees=round(mark.geometry.turn_degrees, 1),
            scale=round(mark.geometry.scale, 4),
            mirrored=mark.geometry.mirrored,
        )
    if min(pixels.shape[:2]) < SMALLEST_SIDE // 2:
        return found("mark.watermark.too-small")
    return found("mark.watermark.absent", keys=len(means.keys))


def _region(pixels: "NDArray[Any]", mark: Mark, keys: Sequence[MarkKey]) -> tuple[Region, Finding]:
    """The presence map, and what it says."""
    there = presence(pixels, mark, next(each for each in keys if each.id == mark.key_id))
    facts = {"percent": round(100 * there.share), "silent": round(100 * there.silent_share)}
    return Region(there.rows, there.share), found(f"mark.presence.{there.outcome}", **facts)


def _resolve(pixels: "NDArray[Any]", mark: AnyMark | None, registry: Registry) -> Fit:
    if mark is None:
        alike = registry.by_likeness(dihedral_pdq(pixels))
        return first_alike(alike, lambda record: check_content(pixels, _kept(record, registry), None))
    return best_fit(
        mark, registry, lambda record: [check_content(pixels, _kept(record, registry), mark.geometry)]
    )


def _kept(record: LogRecord, registry: Registry) -> Kept:
    prints = record.item.fingerprints
    if prints is None:
        return Kept(None, None)
    return Kept(prints.pdq, kept_in(prints.orb, registry, Signature.from_bytes))


def credential_reading(
    source: bytes | Path, media_type: str, means: Means, record: LogRecord | None
) -> CredentialReading:
    """The credential in the file, else the one that was kept for its mark."""
    try:
        reading = read_credential(source, media_type, means.trust)
        kept = None if record is None else record.item.credential
        if reading.credential is None and kept is not None:
            manifest = means.registry.blob(kept.digest)
            if manifest is not None:
                return read_credential(source, media_type, means.trust, manifest)
        return reading
    except ExtraMissing:
        return CredentialReading(found("mark.credential.not-checked"), None)


def binding_findings(credential: Credential, payload: str, algorithm: str) -> list[Finding]:
    """Whether the credential names the payload that was read under this soft-binding algorithm."""
    named = [value for name, value in credential.bindings if name == algorithm]
    if not named:
        return []
    if payload in named:
        return [found("mark.binding.agrees", payload=payload)]
    return [found("mark.binding.differs", expected=named[0], got=payload)]
