"""Marks that say "made by AI" and can be checked by anybody: watermark, credential, fingerprint and label.

    import haechi.mark
    haechi.mark.mark("in.png", "out.png", haechi.mark.open_studio("studio"))
    print(haechi.mark.detect("out.png").say("en"))

Needs the extra `mark`, which is imported when something is marked or looked at.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haechi.mark.bulk import MarkedOnDisk
    from haechi.mark.pipeline import Wish
    from haechi.mark.studio import Studio
    from haechi.mark.verdict import Look

__all__ = ["detect", "mark", "open_studio"]


def open_studio(folder: str | Path) -> "Studio":
    """The maker whose settings and keys are in `folder` (made by `haechi mark --init`)."""
    from haechi.mark.studio import Studio

    return Studio.open(Path(folder))


def mark(
    source: str | Path, target: str | Path, studio: "Studio", wish: "Wish | None" = None
) -> "MarkedOnDisk":
    """Mark one picture with all layers and write it, its statement and its kept files; see `Wish`.

    The statement lies beside the picture in `<target>.records/`, ready for `haechi submit`. Nothing is
    written when anything fails. Raises what `haechi.mark.pipeline.produce` raises, and FileAbsent's kin.
    """
    from datetime import UTC, datetime

    from haechi.mark.extra import require

    require("haechi.mark.bulk")
    from haechi.mark.bulk import mark_one
    from haechi.mark.pipeline import Wish

    return mark_one(Path(source), Path(target), studio, wish or Wish(), datetime.now(UTC))


def detect(source: str | Path, *, records: str | Path | None = None) -> "Look":
    """What a picture tells, with the public key and the records in a folder (none: only the file itself).

    Raises NotFound, FileUnreadable, FileTooLarge, FileUnfit, ExtraMissing.
    """
    from haechi.facts import load
    from haechi.mark.extra import require

    require("haechi.mark.bulk")
    from haechi.mark.bulk import read_picture
    from haechi.mark.examine import Means, examine
    from haechi.mark.records import Nowhere, read_folder

    registry = Nowhere() if records is None else read_folder(Path(records), load())
    return examine(read_picture(Path(source)), Means(registry=registry))
