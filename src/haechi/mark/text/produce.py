"""Marking a text that a machine has written: notice, credential, fingerprints, and the statement's item.

The watermark gets into a text while it is sampled, or never; here it is looked for under the maker's own
profiles, and the item says whether it is there.
"""

import hashlib
import unicodedata
from datetime import UTC, datetime
from typing import NamedTuple

from haechi.findings import Finding
from haechi.mark.credentials import MANIFEST_TYPE
from haechi.mark.labels import Layer, country_of, duty_findings, served
from haechi.mark.said import provenance_for, ref_to
from haechi.mark.studio import Studio
from haechi.mark.text.credential import sign_text
from haechi.mark.text.detect import detect_text
from haechi.mark.text.files import decoded
from haechi.mark.text.frame import FrameMalformed, without_frame
from haechi.mark.text.notice import with_notice
from haechi.mark.text.prints import prints_of_text
from haechi.mark.text.profiles import HaechiProfile
from haechi.mark.text.words import words_of
from haechi.mark.wish import Wish
from haechi.statement.kinds.content_mark import (
    Extent,
    Fingerprints,
    Label,
    MarkedItem,
    Watermark,
)
from haechi.words import Text

TEXT_ALGORITHM = "org.haechi.text.1"
ISCC_ALGORITHM = "io.iscc.v0"
SPEC = "haechi-text-1"
MANIFEST = "manifest.c2pa"


class MarkedText(NamedTuple):
    """A marked text and what belongs to it. payload: its content id; manifest: to be kept, by digest."""

    data: bytes
    media_type: str
    payload: str
    item: MarkedItem
    manifest: bytes
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> dict[str, bytes]:
        """What is to be sent along with the statement, by file name."""
        return {MANIFEST: self.manifest}

    @property
    def left_behind(self) -> tuple[str, ...]:
        """Nothing: a text has no tags to carry over."""
        return ()


class TextFile(NamedTuple):
    """A text as it comes: its bytes, what to call it, and its media type."""

    data: bytes
    title: str
    media_type: str = "text/plain"


def produce_text(source: TextFile, studio: Studio, wish: Wish, content_id: str, now: datetime) -> MarkedText:
    """The text `source` with everything that a text can carry, as UTF-8 in NFC.

    Raises UnknownName (a country), TooLarge, TextUnreadable, FrameMalformed (it has a credential already),
    CredentialRefused, ExtraMissing.
    """
    for name in wish.countries:
        country_of(name)
    text = unicodedata.normalize("NFC", decoded(source.data).text)
    if without_frame(text) is not None:
        raise FrameMalformed(why=Text("there is one already", "이미 하나가 들어 있음"))
    done: set[Layer] = {"credential", "kept"}
    if wish.visible:
        text = with_notice(text, wish.countries)
        done.add("visible")
    if wish.notice:
        done.add("notice")
    mark = _mark_in(text, studio)
    if mark is not None:
        done.add("watermark")
    prints = prints_of_text(text)
    bindings = [(ISCC_ALGORITHM, prints.iscc)]
    if mark is not None:
        bindings.append((TEXT_ALGORITHM, mark.payload or mark.key))
    says = provenance_for(
        source.title, studio, wish, content_id, tuple(bindings), watermarked=mark is not None
    )
    signed = sign_text(text, says, studio.authority)
    duties = duty_findings(wish.countries, frozenset(done))
    data, maker = signed.text.encode(), studio.maker
    item = MarkedItem(
        media_type=source.media_type,
        digest=hashlib.sha256(data).digest(),
        size=len(data),
        source_type=wish.source_type,
        generator=f"{maker.system} {maker.version}",
        made=now.astimezone(UTC).replace(microsecond=0),
        label=Label(provider=maker.provider, id=content_id, producer=maker.producer, serves=served(duties)),
        watermark=mark,
        fingerprints=Fingerprints(iscc=prints.iscc, minhash=prints.minhash),
        credential=ref_to(signed.manifest, MANIFEST_TYPE, MANIFEST),
        extent=Extent(amount=len(words_of(text)), unit="word"),
    )
    return MarkedText(data, source.media_type, content_id, item, signed.manifest, tuple(duties))


def _mark_in(text: str, studio: Studio) -> Watermark | None:
    """The mark of one of the maker's own profiles, if the text carries it."""
    words = [each for each in studio.profiles if isinstance(each, HaechiProfile) and each.space == "word"]
    found = detect_text(text, [profile.asked for profile in words])
    if not found.marks:
        return None
    best = min(found.marks, key=lambda each: each.log10_p)
    profile = next(each for each in words if each.secret == best.key.secret)
    payload = None if best.payload is None else f"{best.payload:04x}"
    return Watermark(
        payload=payload, algorithm=TEXT_ALGORITHM, spec=SPEC, key=best.key.id, profile=profile.digest
    )
