"""Video files as streams, within bounds: MP4, MOV, WebM, Matroska (the shell around PyAV).

What a file claims is checked before it is decoded, what is decoded is counted while it comes. The demuxer is
chosen by the first bytes and by nothing else: a playlist under the name of a video is never followed.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import av
import av.error
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition

from haechi.errors import NotFound
from haechi.mark.audio.codec import NO_DECODER
from haechi.mark.file_errors import FILE_BYTES, MediaTooLarge, MediaUnfit, MediaUnreadable, why_of
from haechi.mark.media import WHAT
from haechi.words import Text

Container = Literal["MP4", "MOV", "WEBM", "MKV"]
Source = Path | bytes
MEDIA_TYPES: dict[Container, str] = {
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "WEBM": "video/webm",
    "MKV": "video/x-matroska",
}
MOST_FILE_BYTES = 8 << 30
MOST_SIDE, MOST_FRAME_PIXELS = 8192, 36_000_000
MOST_SECONDS = 6 * 3600.0
MOST_TRACKS = 32
MOST_RATE = 1000
FREE_PIXELS, PIXELS_A_BYTE = 4_000_000_000, 100_000
"""What may be decoded from a small file, and from each of its bytes: a still for ten minutes in 1080p has
some 50,000 pixels a byte; a bomb has many times that."""
MOST_BROKEN = 100
BROKEN = (av.error.FFmpegError, OSError, ValueError, EOFError, IndexError, OverflowError, MemoryError)
_EBML = b"\x1a\x45\xdf\xa3"
_DEMUXERS: dict[Container, str] = {"MP4": "mov", "MOV": "mov", "WEBM": "matroska", "MKV": "matroska"}


class VideoUnreadable(MediaUnreadable, medium="video"):
    """Not a video file we can read; facts: why."""

    code: ClassVar[str] = "mark.video.unreadable"
    hint = Text(
        "give a whole MP4, MOV, WebM or MKV file; nothing was written",
        "온전한 MP4, MOV, WebM, MKV 파일을 주세요. 기록된 것은 없습니다",
    )


class VideoTooLarge(MediaTooLarge):
    """Beyond the bounds; facts: what_is, limit, got."""

    code: ClassVar[str] = "mark.video.too-large"
    hint = Text(
        "decoding stopped there and nothing was written; cut the video into parts or make it smaller",
        "거기서 디코딩을 멈췄고 기록된 것은 없습니다. 영상을 나누거나 줄이세요",
    )


class VideoUnfit(MediaUnfit, medium="video"):
    """A readable file that cannot be marked; facts: why."""

    code: ClassVar[str] = "mark.video.unfit"
    hint = Text(
        "convert it first, for example to H.264 in MP4, progressive, 4:2:0",
        "H.264 MP4(순차 주사, 4:2:0) 등으로 먼저 변환하세요",
    )


class Colour(NamedTuple):
    """The tags of ITU-T H.273: primaries, transfer, matrix, range."""

    primaries: int
    transfer: int
    matrix: int
    range: int


class Form(NamedTuple):
    """What a video is. pixel_format: FFmpeg's name; seconds: as claimed, 0 where nothing is; frames: as
    claimed; display: the display matrix as it is in the file, or None.
    """

    container: Container
    codec: str
    width: int
    height: int
    pixel_format: str
    colour: Colour
    rate: Fraction
    time_base: Fraction
    shape: Fraction | None
    display: tuple[int, ...] | None
    seconds: float
    frames: int
    sounds: int

    @property
    def media_type(self) -> str:
        """The media type of the container."""
        return MEDIA_TYPES[self.container]


class Bounds(NamedTuple):
    """How much of a film is looked at. frame_pixels: of one frame; pixels: after so many decoded in all the
    look ends there; keys_alone_s: beyond this length only frames that were coded by themselves are decoded.
    """

    seconds: float = MOST_SECONDS
    frame_pixels: int = MOST_FRAME_PIXELS
    pixels: int | None = None
    keys_alone_s: float = 300.0


WIDE = Bounds()
"""For somebody's own machine; a node that looks for strangers has narrower ones."""


class Budget:
    """How many pixels may still be decoded from one file. Always true: never below zero."""

    def __init__(self, size: int) -> None:
        """size: of the file in bytes."""
        self._limit = FREE_PIXELS + PIXELS_A_BYTE * size
        self.spent = 0

    def take(self, pixels: int) -> None:
        """Count a frame; raises VideoTooLarge."""
        self.spent += pixels
        if self.spent > self._limit:
            raise VideoTooLarge(
                what_is=Text("pixels decoded for a file of this size", "이 크기의 파일에서 디코딩하는 픽셀"),
                limit=self._limit,
                got=self.spent,
            )


def container_of(head: bytes) -> Container | None:
    """The container that the first bytes (64 are enough) speak of, or None.

    >>> container_of(bytes(4) + b"ftypisom")
    'MP4'
    """
    if head[4:8] == b"ftyp":
        return "MOV" if head[8:12] == b"qt  " else "MP4"
    if head[:4] == _EBML:
        return "WEBM" if b"webm" in head[:64] else "MKV"
    return None


def size_of(source: Source) -> int:
    """Bytes in all; raises NotFound, VideoTooLarge."""
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(what_is=WHAT["video"], name=str(source)) from error
    if size > MOST_FILE_BYTES:
        raise VideoTooLarge(what_is=FILE_BYTES, limit=MOST_FILE_BYTES, got=size)
    return size


@contextmanager
def opened(source: Source) -> Generator[Any]:
    """The container, for as long as the context lasts; raises VideoUnreadable, NotFound."""
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            kind = container_of(file.read(64))
            if kind is None:
                raise VideoUnreadable(why=Text("not a video of a known container", "알려진 영상 형식이 아님"))
            file.seek(0)
            with av.open(file, format=_DEMUXERS[kind], metadata_errors="replace") as container:
                yield container
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=WHAT["video"], name=str(source)) from error
    except BROKEN as error:
        raise VideoUnreadable(why=why_of(error)) from error


def picture_of(container: Any, most_pixels: int = MOST_FRAME_PIXELS) -> Any:  # noqa: ANN401  # PyAV's
    """The one track of pictures, whose decoder takes no larger frames; raises VideoUnfit, VideoUnreadable."""
    tracks = [each for each in container.streams.video if not is_cover(each)]
    if len(tracks) != 1:
        why = Text(f"{len(tracks)} picture tracks", f"그림 트랙 {len(tracks)}개")
        raise VideoUnfit(why=why)
    if tracks[0].codec_context is None:
        raise VideoUnreadable(why=NO_DECODER)
    # A frame in the middle of a stream may be larger than all before: the decoder meets it before we do. What
    # it counts is rounded up to whole blocks, so it gets a little more, and the frame is checked again.
    tracks[0].codec_context.options = {"max_pixels": str(most_pixels + 128 * MOST_SIDE)}
    return tracks[0]


def sounds_of(container: Any) -> list[Any]:  # noqa: ANN401  # PyAV's
    """The sound tracks that can be decoded: asked to decode one that cannot, PyAV crashes."""
    return [each for each in container.streams.audio if each.codec_context is not None]


def is_cover(stream: Any) -> bool:  # noqa: ANN401  # PyAV's
    """Whether a track is a still picture for the file's icon."""
    return bool(stream.disposition & Disposition.attached_pic)


def form_of(source: Source, bounds: Bounds = WIDE) -> Form:
    """What a video file is, as it claims and as its first frame shows.

    Raises VideoUnreadable, VideoTooLarge, VideoUnfit, NotFound.
    """
    size_of(source)
    head = source[:64] if isinstance(source, bytes) else _head(source)
    with opened(source) as container:
        stream = picture_of(container, bounds.frame_pixels)
        seconds = _claims(container, stream, bounds)
        frame = next(iter(decoded(container, stream)), None)
        if frame is None:
            raise VideoUnreadable(why=Text("no frame can be decoded", "디코딩되는 프레임이 없음"))
        context = stream.codec_context
        return Form(
            container_of(head) or "MP4",
            context.codec.canonical_name,
            frame.width,
            frame.height,
            frame.format.name,
            Colour(
                int(frame.color_primaries),
                int(frame.color_trc),
                int(frame.colorspace),
                int(frame.color_range),
            ),
            Fraction(stream.average_rate or stream.guessed_rate or 25),
            Fraction(stream.time_base or Fraction(1, 90_000)),
            stream.sample_aspect_ratio or None,
            _display(frame),
            seconds,
            int(stream.frames or 0),
            len(container.streams.audio),
        )


def decoded(container: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401  # PyAV's
    """Frames up to the end, or to where the file breaks off; raises VideoTooLarge before a huge one."""
    for packet in container.demux(stream):
        yield from frames_in(packet, stream)


def frames_in(packet: Any, stream: Any, most_pixels: int = MOST_FRAME_PIXELS) -> list[Any]:  # noqa: ANN401  # PyAV's
    """The frames that a packet gives; a broken one gives none. Raises VideoTooLarge."""
    check_size(stream.codec_context.width, stream.codec_context.height, most_pixels)
    try:
        frames = list(packet.decode())
    except av.error.InvalidDataError:
        return []
    for frame in frames:
        check_size(frame.width, frame.height, most_pixels)
    return frames


def check_size(width: int, height: int, most_pixels: int = MOST_FRAME_PIXELS) -> None:
    """Raise VideoTooLarge for frames beyond the bounds."""
    if max(width, height) > MOST_SIDE:
        what = Text("pixels on a side", "한 변의 픽셀")
        raise VideoTooLarge(what_is=what, limit=MOST_SIDE, got=max(width, height))
    if width * height > most_pixels:
        what = Text("pixels of a frame", "프레임의 픽셀")
        raise VideoTooLarge(what_is=what, limit=most_pixels, got=width * height)


def check_seconds(seconds: float, bounds: Bounds) -> None:
    """Raise VideoTooLarge for a film beyond the bounds, by its claim or by the time of a frame."""
    if not 0 <= seconds <= bounds.seconds:
        raise VideoTooLarge(what_is=Text("seconds", "초"), limit=int(bounds.seconds), got=round(seconds))


def _claims(container: Any, stream: Any, bounds: Bounds) -> float:  # noqa: ANN401  # PyAV's
    """The seconds claimed; raises VideoTooLarge, VideoUnreadable for what no film of ours may claim."""
    if len(container.streams) > MOST_TRACKS:
        what = Text("tracks", "트랙")
        raise VideoTooLarge(what_is=what, limit=MOST_TRACKS, got=len(container.streams))
    check_size(stream.codec_context.width, stream.codec_context.height, bounds.frame_pixels)
    base = stream.time_base
    if base is not None and not 0 < base <= 1:
        raise VideoUnreadable(why=Text(f"a time base of {base}", f"시간 단위 {base}"))
    own = float((stream.duration or 0) * (base or 0))
    seconds = max(own, float(container.duration or 0) / 1_000_000)
    check_seconds(seconds, bounds)
    if stream.average_rate is not None and stream.average_rate > MOST_RATE:
        what = Text("frames a second", "초당 프레임")
        raise VideoTooLarge(what_is=what, limit=MOST_RATE, got=int(stream.average_rate))
    return seconds


def _display(frame: Any) -> tuple[int, ...] | None:  # noqa: ANN401  # PyAV's
    told = frame.side_data.get(SideData.DISPLAYMATRIX)
    if told is None:
        return None
    raw = bytes(told)
    return tuple(int.from_bytes(raw[at : at + 4], "little", signed=True) for at in range(0, 36, 4))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise NotFound(what_is=WHAT["video"], name=str(path)) from error
