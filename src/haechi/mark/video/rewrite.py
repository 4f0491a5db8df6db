"""A film written again with its marks: frames and sound as they come, other tracks copied, times kept.

Nothing but a handful of frames is in memory at a time. Frame times, rotation, shape of pixels, colour tags,
chapters, and tags of file and tracks stay as they are, as far as the container has a place for them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.error
import numpy as np
from av.codec.codec import Codec
from numpy.typing import NDArray

from haechi.mark.file_errors import why_of
from haechi.mark.image import MarkKey, Payload
from haechi.mark.video.boxes import XMP_TAG, append_packet
from haechi.mark.video.field import Painter
from haechi.mark.video.overlay import Overlay
from haechi.mark.video.soundtrack import SoundTrack
from haechi.mark.video.source import (
    BROKEN,
    Budget,
    Container,
    Form,
    VideoUnfit,
    VideoUnreadable,
    frames_in,
    is_cover,
    opened,
    picture_of,
    size_of,
)
from haechi.words import Text

BITS = {
    **dict.fromkeys(("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gray"), 8),
    **dict.fromkeys(("yuv420p10le", "yuv422p10le", "yuv444p10le", "gray10le"), 10),
    **dict.fromkeys(("yuv420p12le", "yuv422p12le", "yuv444p12le"), 12),
}
"""Kinds of pixels whose first plane is luma, with the bits of a sample."""
GOP_S = 2.0
"""Seconds between frames that are coded by themselves: those carry the mark best, and a cut finds one."""
_MUXERS: dict[Container, str] = {"MP4": "mp4", "MOV": "mov", "WEBM": "webm", "MKV": "matroska"}
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "vp8": "libvpx", "av1": "libsvtav1"}
_ELSE = "libx264"
_OPTIONS = {
    "libx264": {"crf": "19", "preset": "fast"},
    "libx265": {"crf": "21", "preset": "fast", "x265-params": "log-level=error"},
    "libvpx-vp9": {"crf": "26", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    "libvpx": {"crf": "8", "b": "20M", "deadline": "good", "cpu-used": "4"},
    "libsvtav1": {"crf": "26", "preset": "8", "svtav1-params": "lookahead=32"},
}
_PLAIN_TAGS = frozenset(
    {
        *("title", "artist", "album", "album_artist", "comment", "date", "genre", "copyright"),
        *("description", "synopsis", "composer", "lyrics", "creation_time", "language", "encoder"),
        *("major_brand", "minor_version", "compatible_brands"),
    }
)
"""What plain MP4 has a place for."""
_OWN_TAGS = frozenset({"encoder", "major_brand", "minor_version", "compatible_brands", "duration", XMP_TAG})
_LEAST_SHARE = 0.97


class Asked(NamedTuple):
    """What is to be written into a film. packet: XMP; label: what is drawn on every frame, or None;
    on_frame: is given each marked frame and its second.
    """

    payload: Payload
    key: MarkKey
    psnr_db: float | None
    packet: bytes
    label: Overlay | None
    on_frame: Callable[[Any, float], None]


class Rewritten(NamedTuple):
    """How it went: luma PSNR, seconds and frames written, and what could not be carried over."""

    psnr_db: float
    seconds: float
    frames: int
    left_behind: tuple[str, ...]


def rewrite(source: Path, target: Path, form: Form, asked: Asked, tick: Callable[[float], None]) -> Rewritten:
    """Write `source` with its marks to `target`, which must not exist. tick: is told the share that is done.

    Raises VideoUnreadable, VideoTooLarge, VideoUnfit, SoundUnfit, PictureTooSmall.
    """
    if form.pixel_format not in BITS:
        why = Text(f"pixels of kind {form.pixel_format}", f"{form.pixel_format} 형식의 픽셀")
        raise VideoUnfit(why=why)
    with opened(source) as original:
        try:
            with av.open(
                str(target), "w", format=_MUXERS[form.container], options=_muxing(original, form.container)
            ) as made:
                work = _Work(original, made, form, asked, Budget(size_of(source)))
                done = work.run(tick)
        except BROKEN as error:
            raise VideoUnfit(why=why_of(error)) from error
    if form.container in ("MP4", "MOV"):
        append_packet(target, asked.packet)
    return done


def _muxing(original: Any, container: Container) -> dict[str, str]:  # noqa: ANN401  # PyAV's
    """Options of the muxer: the index first, and tags of any name where there are such."""
    if container not in ("MP4", "MOV"):
        return {}
    flags = "+faststart"
    if {name.lower() for name in original.metadata} - _PLAIN_TAGS:
        flags += "+use_metadata_tags"
    return {"movflags": flags}


class _Work:
    """One film on its way. Always true: all tracks were added before the first packet was written."""

    def __init__(self, original: Any, made: Any, form: Form, asked: Asked, budget: Budget) -> None:  # noqa: ANN401
        self._original, self._made = original, made
        self._form, self._asked, self._budget = form, asked, budget
        self._picture = picture_of(original)
        self._painter = Painter(asked.payload, asked.key, BITS[form.pixel_format], asked.psnr_db)
        self._sounds: dict[int, SoundTrack] = {}
        self._copies: dict[int, Any] = {}
        self._left: list[str] = []
        self._frames, self._last_s = 0, 0.0
        self._out = self._video_track()
        for stream in original.streams:
            if stream.index != self._picture.index:
                self._add(stream)
        self._tags()

    def run(self, tick: Callable[[float], None]) -> Rewritten:
        """Write it all."""
        claimed = self._form.seconds
        for packet in self._original.demux():
            for ready in self._taken(packet):
                self._made.mux(ready)
            if claimed > 0:
                tick(min(1.0, self._last_s / claimed))
        for ready in self._out.encode(None):
            self._made.mux(ready)
        for track in self._sounds.values():
            for ready in track.finish():
                self._made.mux(ready)
        if not self._frames or self._frames < _LEAST_SHARE * self._form.frames - 4:
            got, of = self._frames, self._form.frames
            why = Text(f"it breaks off after {got} of {of} frames", f"{of}개 중 {got}번째 프레임에서 끊김")
            raise VideoUnreadable(why=why)
        seconds = max(self._form.seconds, self._last_s)
        return Rewritten(self._painter.psnr_db, seconds, self._frames, tuple(self._left))

    def _taken(self, packet: Any) -> Iterator[Any]:  # noqa: ANN401  # PyAV's
        index = packet.stream.index
        if index == self._picture.index:
            for frame in frames_in(packet, self._picture):
                yield from self._out.encode(self._marked(frame))
        elif index in self._sounds:
            yield from self._sounds[index].feed(packet)
        elif index in self._copies and packet.dts is not None:
            packet.stream = self._copies[index]
            yield packet

    def _marked(self, frame: Any) -> Any:  # noqa: ANN401  # PyAV's
        form = self._form
        if (frame.width, frame.height, frame.format.name) != (form.width, form.height, form.pixel_format):
            why = Text("the size or kind of its frames changes", "프레임의 크기나 형식이 중간에 바뀜")
            raise VideoUnfit(why=why)
        if frame.interlaced_frame:
            raise VideoUnfit(why=Text("interlaced frames", "비월 주사 프레임"))
        self._budget.take(frame.width * frame.height)
        frame.make_writable()  # decoders read what they gave out
        if self._asked.label is not None:
            self._asked.label.draw([plane_at(frame, at) for at in range(len(frame.planes))])
        self._painter.paint(plane_of(frame))
        frame.pict_type = 0  # the encoder decides anew
        if frame.time is not None:
            self._last_s = max(self._last_s, float(frame.time))
        self._frames += 1
        self._asked.on_frame(frame, self._last_s)
        return frame

    def _video_track(self) -> Any:  # noqa: ANN401  # PyAV's
        form = self._form
        name = _ENCODERS.get(form.codec, _ELSE)
        if form.codec not in _ENCODERS and form.container == "WEBM":
            name = "libvpx-vp9"
        if form.codec not in _ENCODERS:
            self._left.append(form.codec)
        try:
            codec: Any = Codec(name, "w")
            kinds = {each.name for each in codec.video_formats or ()}
            stream: Any = self._made.add_stream(name, rate=form.rate, options=_OPTIONS[name])
        except (ValueError, av.error.FFmpegError) as error:
            why = Text(f"PyAV brings no encoder {name} here", f"여기 PyAV에 인코더 {name}가 없음")
            raise VideoUnfit(why=why) from error
        if form.pixel_format not in kinds:
            why = Text(
                f"{name} takes no pixels of kind {form.pixel_format}",
                f"{name}는 {form.pixel_format} 형식의 픽셀을 받지 않음",
            )
            raise VideoUnfit(why=why)
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, form.pixel_format
        context = stream.codec_context
        context.time_base = form.time_base
        context.gop_size = max(1, round(GOP_S * float(form.rate)))
        context.color_primaries, context.color_trc = form.colour.primaries, form.colour.transfer
        context.colorspace, context.color_range = form.colour.matrix, form.colour.range
        if form.shape is not None:
            context.sample_aspect_ratio = form.shape
        if form.display is not None:
            stream.set_display_matrix(form.display)
        self._picture.thread_type = "AUTO"
        return stream

    def _add(self, stream: Any) -> None:  # noqa: ANN401  # PyAV's
        if stream.type == "audio":
            asked, cue = self._asked, self._asked.label is not None
            track = SoundTrack(stream, self._form.container, asked.payload, asked.key, cue=cue)
            track.open_in(self._made)
            self._sounds[stream.index] = track
            return
        if stream.type not in ("subtitle", "video", "attachment"):
            # Chapters and time codes come as tracks of data too, and are written anew from what they say.
            if not (self._original.chapters() or "timecode" in stream.metadata):
                self._left.append(stream.type)
            return
        try:
            copy = self._made.add_stream_from_template(stream, opaque=True)
        except (*BROKEN, TypeError, RuntimeError):
            self._left.append(stream.type)
            return
        if is_cover(stream):
            copy.disposition = stream.disposition
        self._copies[stream.index] = copy

    def _tags(self) -> None:
        tags = {name: value for name, value in dict(self._original.metadata).items() if name not in _OWN_TAGS}
        if self._form.container in ("WEBM", "MKV"):
            tags[XMP_TAG] = self._asked.packet.decode("utf-8")
        self._made.metadata.update(tags)
        pairs = [(self._picture, self._out)]
        pairs += [(self._original.streams[at], track.out) for at, track in self._sounds.items()]
        pairs += [(self._original.streams[at], copy) for at, copy in self._copies.items()]
        for old, new in pairs:
            new.metadata.update(
                {name: value for name, value in dict(old.metadata).items() if name.lower() not in _OWN_TAGS}
            )
        chapters = self._original.chapters()
        if chapters:
            self._made.set_chapters(chapters)


def plane_of(frame: Any) -> NDArray[Any]:  # noqa: ANN401  # PyAV's
    """The luma of a frame, as it lies in the frame: writing to it writes to the frame."""
    return plane_at(frame, 0)


def plane_at(frame: Any, at: int) -> NDArray[Any]:  # noqa: ANN401  # PyAV's
    """One plane of a frame, as it lies in the frame."""
    plane = frame.planes[at]
    kind = np.uint8 if BITS.get(frame.format.name, 8) == 8 else np.dtype("<u2")
    flat = np.frombuffer(plane, kind)
    return flat.reshape(plane.height, -1)[:, : plane.width]
