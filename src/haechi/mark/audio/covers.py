"""Cover pictures of sound files, carried from one file into another (around PyAV).

FLAC, MP3 and M4A hold a cover as a stream of one packet. FFmpeg reads the cover of an Ogg file as such a
stream too and writes none, so there it goes into the comment `METADATA_BLOCK_PICTURE` (RFC 9639, section 8.8,
as base64).
"""

from base64 import b64encode
from typing import Any, NamedTuple

from av.stream import Disposition

PICTURE_TAG = "METADATA_BLOCK_PICTURE"
_FRONT = 3
_TYPES = {
    "mjpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
}


class Placed(NamedTuple):
    """Covers that wait for the file's head. whole: nothing was left out."""

    packets: tuple[Any, ...]
    whole: bool

    def write(self, container: Any) -> None:  # noqa: ANN401  # PyAV's
        """Put them into the file, before its sound."""
        for packet in self.packets:
            container.mux(packet)


def is_cover(stream: Any) -> bool:  # noqa: ANN401  # PyAV's
    """Whether a stream of pictures is a cover, not a film."""
    return bool(stream.disposition & Disposition.attached_pic)


def place_covers(original: Any, container: Any, file_format: str) -> Placed:  # noqa: ANN401  # PyAV's
    """Make room for all covers of one file in another: as streams, in Ogg as a comment."""
    packets: list[Any] = []
    comments: list[str] = []
    covers = [each for each in original.streams.video if is_cover(each)]
    for cover in covers:
        # The packet of a cover has no time; the one without bytes is the end.
        packet = next((each for each in original.demux(cover) if each.size), None)
        if packet is None:
            continue
        if file_format == "OGG":
            comments.append(_comment(cover, bytes(packet)))
            continue
        try:
            stream = container.add_stream_from_template(cover)
        except ValueError:
            continue
        stream.disposition = Disposition.attached_pic
        stream.metadata.update(cover.metadata)
        packet.stream = stream
        packets.append(packet)
    # One comment is one picture, and FFmpeg's tags are a table: the first is kept.
    if comments:
        container.metadata[PICTURE_TAG] = comments[0]
    return Placed(tuple(packets), len(packets) + len(comments[:1]) == len(covers))


def _comment(cover: Any, data: bytes) -> str:  # noqa: ANN401  # PyAV's
    context = cover.codec_context
    media_type = _TYPES.get(context.name, "image/").encode()
    size = (context.width, context.height, 0, 0)
    head = [_FRONT.to_bytes(4, "big"), len(media_type).to_bytes(4, "big"), media_type, bytes(4)]
    rest = [each.to_bytes(4, "big") for each in (*size, len(data))]
    return b64encode(b"".join([*head, *rest, data])).decode("ascii")
