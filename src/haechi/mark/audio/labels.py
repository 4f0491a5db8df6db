"""XMP packets in sound files: a WAV chunk, an ID3 private frame, a box of M4A, a comment of FLAC or Ogg."""

import re
from io import BytesIO

import av
import av.error

from haechi.mark.audio import wave
from haechi.mark.audio.codec import XMP_TAGS, format_of
from haechi.mark.boxes import xmp_in_boxes
from haechi.mark.labels.xmp import MAX_PACKET_BYTES, PacketMalformed

_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_MOST_BOXES = 1000


def packet_in_sound(source: bytes) -> bytes | None:
    """The XMP packet of a sound file (or of an MP4 video), or None; raises PacketMalformed."""
    try:
        found = _found(source)
    except (ValueError, OSError, av.error.FFmpegError) as error:
        raise PacketMalformed(why=str(error)[:160]) from error
    if found is not None and len(found) > MAX_PACKET_BYTES:
        raise PacketMalformed(why=f"{len(found)} bytes")
    return found


def _found(source: bytes) -> bytes | None:
    match format_of(source):
        case "WAV":
            return wave.parsed(source).body(wave.XMP_CHUNK)
        case "M4A":
            return xmp_in_boxes(BytesIO(source), most_boxes=_MOST_BOXES, most_bytes=len(source))
        case "MP3":
            tag = _tag(source, XMP_TAGS["MP3"])
            return None if tag is None else _unescaped(tag)
        case "FLAC" | "OGG":
            tag = _tag(source, "XMP")
            return None if tag is None else tag.encode()
        case _:
            return None


def _tag(source: bytes, name: str) -> str | None:
    with av.open(BytesIO(source), metadata_errors="replace") as container:
        tags = {**dict(container.metadata)}
        if container.streams.audio:
            tags = {**dict(container.streams.audio[0].metadata), **tags}
    return next((value for key, value in tags.items() if key.lower() == name.lower()), None)


def _unescaped(text: str) -> bytes:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1", "replace")
