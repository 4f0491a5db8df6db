"""Marking and reading picture files: the shell around the engine.

A marked file appears whole or not at all: it is written beside its place, flushed to the disk, read back,
and only then given its name.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from haechi.errors import BadInput, NotFound
from haechi.mark.file_errors import FILE_BYTES
from haechi.mark.image.codec import MOST_FILE_BYTES, FileTooLarge, encode_picture, open_picture
from haechi.mark.image.detect import Detection, detect
from haechi.mark.image.embed import embed
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.payload import Payload
from haechi.mark.whole import write_whole
from haechi.words import Text


class MarkNotHeld(BadInput):
    """The file was marked and its mark could not be read back; facts: statistic."""

    code: ClassVar[str] = "mark.file.not-held"
    what = Text(
        "the picture cannot hold a mark: it was read back with a statistic of only {statistic}",
        "그림이 마크를 담지 못합니다: 다시 읽은 통계량이 {statistic}에 그쳤습니다",
    )
    hint = Text(
        "nothing was written; raise the strength (a lower PSNR) or use a larger or less compressed picture",
        "기록된 것은 없습니다. 강도를 높이거나(더 낮은 PSNR) 더 크거나 덜 압축된 그림을 쓰세요",
    )


class MarkedFile(NamedTuple):
    """What was written: where, how strongly, what could not be carried over, and the mark as read back."""

    path: Path
    psnr_db: float
    left_behind: tuple[str, ...]
    detection: Detection


def mark_file(
    source: Path, target: Path, payload: Payload, key: MarkKey = PUBLIC_KEY, *, psnr_db: float | None = None
) -> MarkedFile:
    """Write the picture of `source`, marked, to `target` in the same format with its metadata kept.

    Raises NotFound, the errors of `open_picture` and `embed`, and MarkNotHeld. On any error nothing at
    `target` has changed.
    """
    opened = open_picture(_read(source))
    marked = embed(opened.pixels, payload, key, psnr_db=psnr_db)
    carried = encode_picture(opened, marked.pixels)
    again = detect(open_picture(carried.data).pixels, [key])
    if not any(mark.payload == payload for mark in again.marks):
        raise MarkNotHeld(statistic=round(again.best_statistic, 1))
    write_whole(target, carried.data)
    return MarkedFile(target, marked.psnr_db, carried.left_behind, again)


def detect_file(source: Path, keys: Sequence[MarkKey] = (PUBLIC_KEY,)) -> Detection:
    """The marks in a picture file; raises NotFound and the errors of `open_picture`."""
    return detect(open_picture(_read(source)).pixels, keys)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_FILE_BYTES:
            raise FileTooLarge(what_is=FILE_BYTES, limit=MOST_FILE_BYTES, got=size)
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=Text("picture file", "그림 파일"), name=str(path)) from error
