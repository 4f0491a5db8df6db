"""A marked film with the book in which its statement stands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from haechi.facts import load
from haechi.mark.examine import Means
from haechi.mark.image import Payload
from haechi.mark.pipeline import statement_for
from haechi.mark.records import Book, records_of
from haechi.mark.said import subject_of
from haechi.mark.studio import Studio
from haechi.mark.video import MarkedVideo, Order, VideoLook, look_at_video, produce_video
from haechi.mark.wish import Wish
from haechi.statement.kinds.content_mark import ContentMark

NOW = datetime(2026, 9, 20, 4, 30, tzinfo=UTC)


class Marked(NamedTuple):
    """The film as it came out, and who knows of it."""

    made: MarkedVideo
    data: bytes
    means: Means

    def look(self, data: bytes | None = None) -> VideoLook:
        """What a file (this one: None) tells somebody with the book."""
        return look_at_video(self.data if data is None else data, self.means)


def marked(
    studio: Studio,
    source: bytes,
    folder: Path,
    wish: Wish | None = None,
    *,
    item: int = 1,
    suffix: str = "mp4",
) -> Marked:
    """Mark it and put its statement into a book."""
    path = folder / f"source.{suffix}"
    path.write_bytes(source)
    order = Order(path, folder, "clip", wish or Wish(), Payload(namespace=7, item=item), NOW)
    made = produce_video(order, studio)
    data = made.path.read_bytes()
    return Marked(made, data, Means(registry=book_of(studio, made)))


def book_of(studio: Studio, made: MarkedVideo) -> Book:
    """A book with the statement of one film."""
    book = Book()
    statement = statement_for(ContentMark(item=made.item), subject_of(made.payload), studio, load(), NOW)
    prints = made.item.fingerprints
    refs = [ref for ref in (made.item.credential, prints and prints.kept) if ref]
    for ref in refs:
        book.add_blob(ref.digest, made.kept[ref.name or ""])
    for record in records_of(statement, load(), "here", [statement.check_signature()], {}):
        book.add(record)
    return book


def codes(look: VideoLook) -> set[str]:
    """The codes of all layers."""
    return {layer.code for layer in look.layers}
