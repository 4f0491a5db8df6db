"""What every medium says of a marked item: in its labels, in its credential, in its statement."""

import hashlib
from datetime import UTC, datetime

from haechi.mark.credentials import Provenance
from haechi.mark.labels import LabelRecord
from haechi.mark.studio import Studio
from haechi.mark.wish import Wish
from haechi.statement.evidence import EvidenceRef


def subject_of(id_: str) -> str:
    """What a statement about one marked item is about. id_: its payload or content id."""
    return f"mark:{id_}"


def record_for(studio: Studio, wish: Wish, id_: str, now: datetime) -> LabelRecord:
    """What all labels say."""
    maker = studio.maker
    return LabelRecord(
        provider=maker.provider,
        system=maker.system,
        version=maker.version,
        made=now.astimezone(UTC).replace(microsecond=0),
        id=id_,
        source_type=wish.source_type,
        producer=maker.producer,
    )


def provenance_for(
    title: str,
    studio: Studio,
    wish: Wish,
    id_: str,
    bindings: tuple[tuple[str, str], ...],
    *,
    watermarked: bool,
) -> Provenance:
    """What the credential says. bindings: (algorithm, value) of each soft binding."""
    maker = studio.maker
    return Provenance(
        title=title,
        system=maker.system,
        version=maker.version,
        source_type=wish.source_type,
        bindings=bindings,
        log=(("issuer", maker.issuer), ("subject", subject_of(id_))),
        watermarked=watermarked,
    )


def ref_to(data: bytes, media_type: str, name: str) -> EvidenceRef:
    """The reference to a file that is kept beside the log."""
    digest = hashlib.sha256(data).digest()
    return EvidenceRef(digest=digest, size=len(data), media_type=media_type, name=name)
