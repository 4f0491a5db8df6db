"""Files keep their tags, and hostile ones end in a clear error within bounds."""

import struct
from base64 import b64encode
from contextlib import suppress
from io import BytesIO
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray
from PIL import Image
from tests.mark.audio.sounds import speech

from haechi.mark.audio import SoundTooLarge, SoundUnreadable, detect, embed, encode_sound, open_sound
from haechi.mark.audio.codec import format_of
from haechi.mark.image import MarkKey, Payload

TAGS = {"title": "제목 title", "artist": "Somebody", "comment": "kept"}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">made by a model</x:xmpmeta>'
KINDS = {
    "FLAC": ("flac", "flac", 44_100, {}),
    "MP3": ("mp3", "libmp3lame", 44_100, {"bit_rate": 96_000}),
    "M4A": ("ipod", "aac", 44_100, {"bit_rate": 96_000}),
    "OGG": ("ogg", "libopus", 48_000, {"bit_rate": 48_000}),
}


def wav(samples: NDArray[Any], rate: int, *, extra: bytes = b"", bits: int = 16, channels: int = 1) -> bytes:
    data = np.rint(samples * (2 ** (bits - 1) - 1)).astype("<i2" if bits == 16 else "<i4").tobytes()
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, bits)
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + extra
    body += b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def made(kind: str, seconds: float = 8.0, cover: bytes = b"") -> bytes:
    muxer, encoder, rate, options = KINDS[kind]
    out = BytesIO()
    with av.open(out, "w", format="mp4" if cover and kind == "M4A" else muxer) as container:
        stream = container.add_stream(encoder, rate=rate)
        stream.codec_context.layout = "mono"
        for name, value in options.items():
            setattr(stream.codec_context, name, value)
        container.metadata.update(TAGS)
        if cover:
            _put_cover(container, kind, cover)
        sound = speech(seconds, rate)[None]
        form = "fltp"
        if encoder == "flac":
            sound, form = np.rint(sound * 32000).astype(np.int16), "s16"
            stream.codec_context.format = "s16"
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        frame = av.AudioFrame.from_ndarray(sound, format=form, layout="mono")
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(part))
    return out.getvalue()


def _put_cover(container: Any, kind: str, cover: bytes) -> None:  # noqa: ANN401  # PyAV's
    """A PNG of 8 by 8 pixels as other programs put it there, without our own writer of covers."""
    if kind == "OGG":
        told = b"".join(each.to_bytes(4, "big") for each in (8, 8, 24, 0, len(cover)))
        block = bytes(3) + b"\x03" + bytes(3) + b"\x09image/png" + bytes(4) + told + cover
        container.metadata["METADATA_BLOCK_PICTURE"] = b64encode(block).decode()
        return
    picture: Any = av.open(BytesIO(cover))
    held = container.add_stream_from_template(picture.streams.video[0])
    held.disposition = Disposition.attached_pic
    packet = next(iter(picture.demux()))
    packet.stream = held
    container.mux(packet)


def _tags(data: bytes) -> dict[str, str]:
    with av.open(BytesIO(data)) as container:
        return {**dict(container.streams.audio[0].metadata), **dict(container.metadata)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_marked_and_keeps_its_tags(kind: str, key: MarkKey, payload: Payload):
    opened = open_sound(made(kind))
    assert opened.file_format == kind
    marked = embed(opened.samples, opened.rate, payload, key)
    carried = encode_sound(opened, marked.samples, XMP)
    again = open_sound(carried.data)
    assert (again.file_format, again.rate, again.codec) == (kind, opened.rate, opened.codec)
    assert [each.payload for each in detect(again.samples, again.rate, [key], full=False).marks] == [payload]
    assert TAGS.items() <= _tags(carried.data).items()
    assert b"made by a model" in carried.data
    assert abs(len(again.samples) - len(opened.samples)) < 4096


def _covers(data: bytes) -> list[bytes]:
    with av.open(BytesIO(data)) as opened:
        container: Any = opened
        return [bytes(next(packet for packet in container.demux(each))) for each in container.streams.video]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cover_comes_along_unchanged(kind: str):
    held = BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(held, "PNG")
    source = made(kind, 2.0, held.getvalue())
    assert _covers(source) == [held.getvalue()]
    opened = open_sound(source)
    carried = encode_sound(opened, opened.samples, XMP)
    assert carried.left_behind == ()
    assert _covers(carried.data) == [held.getvalue()]
    assert _covers(encode_sound(open_sound(carried.data), opened.samples).data) == [held.getvalue()]


def test_flac_changes_by_the_mark_alone():
    opened = open_sound(made("FLAC", 2.0))
    again = open_sound(encode_sound(opened, opened.samples).data)
    np.testing.assert_array_equal(again.samples, opened.samples)


@pytest.mark.parametrize("bits", [16, 32])
def test_every_chunk_of_a_wav_file_stays(bits: int, key: MarkKey, payload: Payload):
    extra = b"bext" + (5).to_bytes(4, "little") + b"hello\x00" + b"LIST" + (4).to_bytes(4, "little") + b"INFO"
    source = wav(speech(6.0), 16_000, extra=extra, bits=bits)
    opened = open_sound(source)
    assert encode_sound(opened, opened.samples).data == source
    carried = encode_sound(opened, embed(opened.samples, 16_000, payload, key).samples, XMP).data
    assert extra in carried
    assert b"_PMX" in carried
    assert len(carried) == len(source) + 8 + len(XMP) + len(XMP) % 2
    again = open_sound(carried)
    assert detect(again.samples, again.rate, [key], full=False).marks[0].payload == payload


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_cut_file_is_read_as_far_as_it_goes_or_refused(kind: str, share: float):
    source = made(kind, 3.0)
    try:
        opened = open_sound(source[: int(len(source) * share)])
    except SoundUnreadable:
        assert share < 0.6 or kind == "M4A"  # whose index stands at the end
    else:
        assert 0 < len(opened.samples) <= 3.1 * opened.rate


@pytest.mark.parametrize("seed", range(12))
def test_broken_bytes_never_end_in_anything_but_our_errors(seed: int):
    rng = np.random.default_rng(seed)
    source = bytearray(made(list(KINDS)[seed % 4], 1.0))
    for at in rng.integers(0, min(len(source), 4000), 40):
        source[at] = rng.integers(0, 256)
    with suppress(SoundUnreadable, SoundTooLarge):
        assert open_sound(bytes(source)).samples.ndim == 2


def test_claims_are_refused_before_anything_is_decoded():
    small = np.zeros(400)
    assert open_sound(wav(small, 16_000)).rate == 16_000
    for rate in (1, 2_000_000_000, 192_001):
        with pytest.raises((SoundTooLarge, SoundUnreadable)):
            open_sound(wav(small, rate))
    with pytest.raises(SoundTooLarge) as refused:
        open_sound(wav(small, 16_000, channels=20))
    assert refused.value.say("ko") == "채널: 최대 16, 받은 값 20"


def test_a_bomb_is_stopped_while_it_decodes():
    source = made("FLAC", 5.0)
    assert len(open_sound(source).samples) == 220_500
    with pytest.raises(SoundTooLarge):
        open_sound(source, most_samples=100_000)


@pytest.mark.parametrize(
    "source", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVE", b"OggS" + bytes(100), b"\x89PNG\r\n"]
)
def test_what_is_no_sound_is_said(source: bytes):
    with pytest.raises(SoundUnreadable):
        open_sound(source)
    assert format_of(b"fLaC") == "FLAC"


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_a_reader_may_ask_for_less_than_all(kind: str):
    raw = wav(speech(3.0), 16_000) if kind == "WAV" else made(kind, 3.0)
    length = open_sound(raw).samples.size
    assert open_sound(raw, length).samples.size == length
    with pytest.raises(SoundTooLarge):
        open_sound(raw, length - 1)
