"""Sound files as samples and back: WAV, FLAC, MP3, M4A, Ogg (Opus, Vorbis), within bounds (around PyAV).

What a file claims is checked before it is decoded, and what is decoded is counted while it comes. The format
is what the bytes are, whatever the name says.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, ClassVar, NamedTuple

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from haechi.mark.audio import wave
from haechi.mark.audio.covers import is_cover, place_covers
from haechi.mark.audio.embed import MOST_CHANNELS, RATES
from haechi.mark.audio.grid import Samples
from haechi.mark.boxes import xmp_box
from haechi.mark.file_errors import FILE_BYTES, MediaTooLarge, MediaUnfit, MediaUnreadable, why_of
from haechi.words import Text

MOST_FILE_BYTES = 512 << 20
MOST_SAMPLES = 200_000_000
MEDIA_TYPES = {
    "WAV": "audio/wav",
    "FLAC": "audio/flac",
    "MP3": "audio/mpeg",
    "M4A": "audio/mp4",
    "OGG": "audio/ogg",
}
_MUXERS = {"FLAC": "flac", "MP3": "mp3", "M4A": "mp4", "OGG": "ogg"}
# FFmpeg's own muxer for M4A takes no covers; the other one does, and writes the same file under this brand.
_MUXER_OPTIONS = {"M4A": {"brand": "M4A "}}
_ENCODERS = {"flac": "flac", "mp3": "libmp3lame", "aac": "aac", "opus": "libopus"}
_RATES = {
    "libopus": (48_000,),
    "libmp3lame": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
}
_DEFAULT_BIT_RATE = 128_000
NO_DECODER = Text("of a kind that nothing here decodes", "여기에 디코더가 없는 종류임")
_BROKEN = (av.error.FFmpegError, OSError, ValueError, EOFError, IndexError, OverflowError, MemoryError)


class SoundUnreadable(MediaUnreadable, medium="audio"):
    """Not a sound file we can read; facts: why."""

    code: ClassVar[str] = "mark.sound.unreadable"
    hint = Text(
        "give a whole WAV, FLAC, MP3, M4A or Ogg file; nothing was written",
        "온전한 WAV, FLAC, MP3, M4A, Ogg 파일을 주세요. 기록된 것은 없습니다",
    )


class SoundTooLarge(MediaTooLarge):
    """Beyond the bounds; facts: what_is, limit, got."""

    code: ClassVar[str] = "mark.sound.too-large"
    hint = Text(
        "decoding stopped there; cut the sound into parts", "거기서 디코딩을 멈췄습니다. 나누어 주세요"
    )


class SoundFileUnfit(MediaUnfit, medium="audio"):
    """A readable file that cannot be written again; facts: why."""

    code: ClassVar[str] = "mark.sound.file-unfit"
    hint = Text("convert it first, for example to FLAC", "FLAC 등으로 먼저 변환하세요")


class OpenedSound(NamedTuple):
    """A decoded file. samples: (n, channels) floats; codec, bit_rate: as the file has them."""

    samples: Samples
    rate: int
    file_format: str
    codec: str
    bit_rate: int
    sample_format: str
    layout: str
    source: bytes

    @property
    def media_type(self) -> str:
        """The media type of the format."""
        return MEDIA_TYPES[self.file_format]


class CarriedSound(NamedTuple):
    """An encoded file, and what of the original could not be carried over."""

    data: bytes
    left_behind: tuple[str, ...]


def format_of(source: bytes) -> str | None:
    """The format that the first bytes speak of, or None.

    >>> format_of(b"fLaC" + bytes(8))
    'FLAC'
    """
    head = source[:12]
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"fLaC":
        return "FLAC"
    if head[:4] == b"OggS":
        return "OGG"
    if head[4:8] == b"ftyp":
        return "M4A"
    if head[:3] == b"ID3" and _after_id3(source)[:4] == b"fLaC":
        return "FLAC"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "MP3"
    return None


def _after_id3(source: bytes) -> bytes:
    """What follows an ID3v2 tag, which credentials put before FLAC too; its length has seven bits a byte."""
    size = 0
    for byte in source[6:10]:
        size = size << 7 | byte & 0x7F
    return source[10 + size : 14 + size]


def open_sound(source: bytes, most_samples: int = MOST_SAMPLES) -> OpenedSound:
    """The samples of a sound file, at most so many over all channels.

    Raises SoundUnreadable, SoundTooLarge, SoundFileUnfit.
    """
    if len(source) > MOST_FILE_BYTES:
        raise SoundTooLarge(what_is=FILE_BYTES, limit=MOST_FILE_BYTES, got=len(source))
    file_format = format_of(source)
    if file_format is None:
        raise SoundUnreadable(why="not a sound of a known format")
    try:
        if file_format == "WAV":
            return _open_wave(source, most_samples)
        with av.open(BytesIO(source), metadata_errors="replace") as container:
            return _decoded(container, file_format, source, most_samples)
    except _BROKEN as error:
        raise SoundUnreadable(why=why_of(error)) from error


def encode_sound(opened: OpenedSound, samples: NDArray[Any], xmp: bytes | None = None) -> CarriedSound:
    """A file like the one opened, with other samples of the same shape, its tags and this XMP packet.

    Raises SoundFileUnfit.
    """
    try:
        if opened.file_format == "WAV":
            return CarriedSound(wave.with_samples(wave.parsed(opened.source), samples, xmp), ())
        made = _encoded(opened, samples, xmp)
    except _BROKEN as error:
        raise SoundFileUnfit(why=why_of(error)) from error
    return made


def check_claims(rate: int, channels: int, length: int, most_samples: int = MOST_SAMPLES) -> None:
    """Raise SoundTooLarge or SoundUnreadable for what a file claims before it is decoded."""
    if channels > MOST_CHANNELS:
        raise SoundTooLarge(what_is=Text("channels", "채널"), limit=MOST_CHANNELS, got=channels)
    if rate > RATES[1]:
        raise SoundTooLarge(what_is=Text("samples a second", "초당 샘플"), limit=RATES[1], got=rate)
    if rate < RATES[0] or channels < 1:
        raise SoundUnreadable(why=f"{channels} channels at {rate} samples a second")
    if length * channels > most_samples:
        raise SoundTooLarge(what_is=Text("samples", "샘플"), limit=most_samples, got=length * channels)


def _open_wave(source: bytes, most_samples: int) -> OpenedSound:
    apart = wave.parsed(source)
    length = len(apart.body(b"data") or b"") // max(1, apart.channels * apart.bits // 8)
    check_claims(apart.rate, apart.channels, length, most_samples)
    if not length:
        raise SoundUnreadable(why="no samples")
    samples = wave.samples_of(apart)
    if not np.isfinite(samples).all():
        raise SoundUnreadable(why="a sample is not a number")
    return OpenedSound(samples, apart.rate, "WAV", "pcm", 0, str(apart.bits), "", source)


def _decoded(
    container: Any,  # noqa: ANN401  # PyAV's
    file_format: str,
    source: bytes,
    most_samples: int,
) -> OpenedSound:
    if not container.streams.audio:
        raise SoundUnreadable(why="no sound in it")
    if file_format == "M4A" and any(not is_cover(each) for each in container.streams.video):
        raise SoundUnreadable(why="a video")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:  # PyAV crashes when it is asked to decode such a stream
        raise SoundUnreadable(why=NO_DECODER)
    claimed = int(float(stream.duration or 0) * float(stream.time_base or 0) * context.sample_rate)
    check_claims(context.sample_rate, context.channels, claimed, most_samples)
    rate, channels, layout = context.sample_rate, context.channels, context.layout.name
    kept = context.format.name if context.format is not None else "fltp"
    parts: list[Samples] = []
    count = 0
    for frame in _frames(container, stream):
        if frame.sample_rate != rate or len(frame.layout.channels) != channels:
            raise SoundUnreadable(why="the form of the sound changes within the file")
        count += frame.samples
        if count * channels > most_samples:
            raise SoundTooLarge(what_is=Text("samples", "샘플"), limit=most_samples, got=count * channels)
        parts.append(floats_of(frame, channels))
    if not count:
        raise SoundUnreadable(why="no samples")
    samples = np.concatenate(parts)
    if not np.isfinite(samples).all():
        raise SoundUnreadable(why="a sample is not a number")
    bit_rate = int(stream.bit_rate or container.bit_rate or 0)
    return OpenedSound(samples, rate, file_format, context.name, bit_rate, kept, layout, source)


def _frames(container: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401  # PyAV's
    """Frames up to the end, or to where the file breaks off."""
    broken = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            broken += 1
            if broken > 100:
                raise


def floats_of(frame: Any, channels: int) -> Samples:  # noqa: ANN401  # PyAV's
    """(n, channels) floats of a decoded frame."""
    array = frame.to_ndarray()
    planar = frame.format.is_planar
    floats = array.astype(np.float32)
    if array.dtype.kind in "iu":
        floats = (floats - (128.0 if array.dtype == np.uint8 else 0.0)) / 2.0 ** (8 * array.itemsize - 1)
    return np.ascontiguousarray(floats.T) if planar else floats.reshape(-1, channels)


def _encoded(opened: OpenedSound, samples: NDArray[Any], xmp: bytes | None) -> CarriedSound:
    encoder = _ENCODERS.get(opened.codec.removesuffix("float"))
    if encoder is None:
        raise SoundFileUnfit(why=f"sound coded as {opened.codec}")
    if opened.rate not in _RATES.get(encoder, (opened.rate,)):
        raise SoundFileUnfit(why=f"{opened.codec} at {opened.rate} samples a second")
    out = BytesIO()
    with (
        av.open(BytesIO(opened.source), metadata_errors="replace") as original,
        av.open(
            out, "w", format=_MUXERS[opened.file_format], options=_MUXER_OPTIONS.get(opened.file_format, {})
        ) as made,
    ):
        container: Any = made
        target = _stream_for(container, encoder, opened)
        tags = {**dict(original.streams.audio[0].metadata), **dict(original.metadata)}
        tags.pop("encoder", None)
        container.metadata.update(_labelled(tags, opened.file_format, xmp))
        covers = place_covers(original, container, opened.file_format)
        left = () if covers.whole else ("cover",)
        covers.write(container)
        for packet in _packets(target, opened, samples):
            container.mux(packet)
    data = out.getvalue()
    if opened.file_format == "M4A" and xmp is not None:
        data += xmp_box(xmp)
    return CarriedSound(data, left)


def _stream_for(container: Any, encoder: str, opened: OpenedSound) -> Any:  # noqa: ANN401  # PyAV's
    stream = container.add_stream(encoder, rate=opened.rate)
    context = stream.codec_context
    context.layout = opened.layout
    if encoder == "flac":
        context.format = "s16" if opened.sample_format.startswith("s16") else "s32"
    else:
        context.bit_rate = opened.bit_rate or _DEFAULT_BIT_RATE
    return stream


def _packets(stream: Any, opened: OpenedSound, samples: NDArray[Any]) -> Iterator[Any]:  # noqa: ANN401
    context = stream.codec_context
    form = context.format.name if stream.name == "flac" else "fltp"
    size = context.frame_size or 1024
    resampler = av.AudioResampler(format=context.format, layout=opened.layout, rate=opened.rate)
    limit = 1.0 if opened.codec != "flac" else 1.0 - 2.0**-15
    for at in range(0, len(samples), size * 64):
        part = np.clip(np.asarray(samples[at : at + size * 64], np.float32), -1.0, limit)
        frame = av.AudioFrame.from_ndarray(_as(form, part), format=form, layout=opened.layout)
        frame.sample_rate = opened.rate
        frame.pts = None
        for each in resampler.resample(frame):
            yield from stream.encode(each)
    for each in resampler.resample(None):
        yield from stream.encode(each)
    yield from stream.encode(None)


def _as(form: str, part: Samples) -> NDArray[Any]:
    """Samples as an array of PyAV's: planar floats, or interleaved integers, rounded."""
    match form:
        case "s16":
            return np.rint(part * 2.0**15).clip(-(2**15), 2**15 - 1).astype(np.int16).reshape(1, -1)
        case "s32":
            # FFmpeg's FLAC encoder keeps the upper 24 bits.
            whole = np.rint(part.astype(np.float64) * 2.0**23).clip(-(2**23), 2**23 - 1).astype(np.int32)
            return (whole << 8).reshape(1, -1)
        case _:
            return np.ascontiguousarray(part.T)


XMP_TAGS = {"MP3": "id3v2_priv.XMP", "FLAC": "XMP", "OGG": "XMP"}


def _labelled(tags: dict[str, str], file_format: str, xmp: bytes | None) -> dict[str, str]:
    name = XMP_TAGS.get(file_format)
    if name is None or xmp is None:
        return tags
    text = xmp.decode("utf-8")
    if file_format == "MP3":  # FFmpeg writes private frames from escaped text
        text = "".join(chr(byte) if 32 <= byte <= 126 and byte != 0x5C else f"\\x{byte:02x}" for byte in xmp)
    return {**{key: value for key, value in tags.items() if key != name}, name: text}
