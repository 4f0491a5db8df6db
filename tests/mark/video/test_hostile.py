"""Film files that mean harm: each ends in a clear error, or is looked at within the bounds."""

from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.mark.audio.sounds import speech
from tests.mark.video.films import SOUND_RATE, Track, film, frames, shown
from tests.mark.video.films import film as made_film
from tests.mark.video.marked import NOW, Marked

from haechi.errors import BadInput
from haechi.mark.audio.codec import SoundUnreadable, open_sound
from haechi.mark.bulk import mark_one
from haechi.mark.examine import Means
from haechi.mark.studio import Studio
from haechi.mark.video import VideoTooLarge, VideoUnfit, VideoUnreadable, look_at_video
from haechi.mark.video import source as sources
from haechi.mark.video import watch as watching
from haechi.mark.video.boxes import packet_in_video
from haechi.mark.video.source import Bounds, form_of
from haechi.mark.video.watch import Watched, watch
from haechi.mark.wish import Wish


def seen(data: bytes, bounds: Bounds | None = None) -> Watched:
    """One pass over a file, without the search for marks."""
    within = bounds or Bounds()
    return watch(data, form_of(data, within), bounds=within)


def with_tracks(data: bytes, add: Callable[[Any, Any], None]) -> bytes:
    """The same film in Matroska with further tracks. add: is given the container and the picture track."""
    out = BytesIO()
    with av.open(BytesIO(data), "r") as old, av.open(out, "w", format="matroska") as new:
        picture = new.add_stream_from_template(old.streams.video[0], opaque=True)
        add(new, old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = picture
                new.mux(packet)
    return out.getvalue()


def flat(width: int, height: int) -> list[bytes]:
    """Grey frames as they stand in an MP4 file, with their parameters before them."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "annexb=1:threads=1"}
    with av.open(BytesIO(), "w", format="h264") as container:
        made: Any = container
        stream = made.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        packets: list[Any] = []
        for at in range(4):
            frame.pts = at
            packets += stream.encode(frame)
        packets += stream.encode(None)
    return [_with_lengths(bytes(each)) for each in packets]


def _with_lengths(units: bytes) -> bytes:
    parts = units.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return b"".join(len(part).to_bytes(4) + part for part in parts if part)


def that_grows(width: int, height: int) -> bytes:
    """A film of half a second with larger frames behind it that its header says nothing of."""
    out = BytesIO()
    with av.open(BytesIO(film(frames(0.5))), "r") as old, av.open(out, "w", format="mp4") as new:
        made: Any = new
        track = made.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                made.mux(packet)
        for at, raw in enumerate(flat(width, height)):
            packet = av.Packet(raw)
            packet.stream, packet.time_base = track, Fraction(1, 1000)
            packet.pts = packet.dts = 600 + 100 * at
            packet.is_keyframe = at == 0
            made.mux(packet)
    return out.getvalue()


def without_a_decoder(data: bytes) -> bytes:
    """The same file whose AAC track is named as a kind of sound that does not exist."""
    kind = data.index(b"esds") + 21
    assert data[kind] == 0x40
    changed = bytearray(data.replace(b"mp4a", b"zz9z"))
    changed[kind] = 0xE5
    return bytes(changed)


def test_a_track_that_nothing_decodes_is_left_out_or_refused(studio: Studio, tmp_path: Path):
    data = film(frames(0.3), Track(speech(0.3, SOUND_RATE)))
    mute = without_a_decoder(data)
    assert seen(mute).heard is None
    with pytest.raises(VideoUnreadable, match="nothing here decodes"):
        look_at_video(data.replace(b"avc1", b"zz9z"), Means())
    path = tmp_path / "in.mp4"
    path.write_bytes(mute)
    with pytest.raises(VideoUnfit, match="nothing here decodes"):
        mark_one(path, tmp_path / "out.mp4", studio, Wish(), NOW)
    out = BytesIO()
    with av.open(out, "w", format="ipod") as container:
        made: Any = container
        stream = made.add_stream("aac", rate=SOUND_RATE)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate = SOUND_RATE
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    with pytest.raises(SoundUnreadable, match="nothing here decodes"):
        open_sound(without_a_decoder(out.getvalue()))


def test_frames_that_grow_on_the_way_are_left_out_or_stopped():
    data = that_grows(640, 480)
    assert seen(data).pool.frames == 5, "another size is another film"
    with pytest.raises(VideoTooLarge, match="pixels of a frame"):
        seen(data, Bounds(frame_pixels=384 * 288))


@pytest.mark.slow
def test_frames_that_grow_beyond_all_bounds_are_not_decoded():
    with pytest.raises(VideoTooLarge, match="got 65536000"):
        seen(that_grows(8192, 8000))


def test_too_many_tracks_and_two_of_pictures_are_refused():
    def words(container: Any, _picture: Any) -> None:  # noqa: ANN401  # PyAV's
        for _ in range(sources.MOST_TRACKS):
            container.add_mux_stream("subrip", rate=1)

    def twice(container: Any, picture: Any) -> None:  # noqa: ANN401  # PyAV's
        container.add_stream_from_template(picture, opaque=True)

    data = film(frames(0.3))
    with pytest.raises(VideoTooLarge, match="tracks"):
        form_of(with_tracks(data, words))
    with pytest.raises(VideoUnfit, match="2 picture tracks"):
        look_at_video(with_tracks(data, twice), Means())


def test_a_frame_rate_beyond_bounds_is_refused(monkeypatch: pytest.MonkeyPatch):
    data = film(frames(0.3))
    monkeypatch.setattr(sources, "MOST_RATE", 9)
    with pytest.raises(VideoTooLarge, match="frames a second"):
        form_of(data)


def test_sound_that_swells_is_heard_no_further(monkeypatch: pytest.MonkeyPatch):
    data = film(frames(2.0), Track(speech(2.0, SOUND_RATE)))
    whole = seen(data).heard
    assert whole is not None
    monkeypatch.setattr(watching, "MOST_RAW_SAMPLES", SOUND_RATE // 2)
    part = seen(data).heard
    assert part is not None
    assert 0.3 * len(whole) > len(part) > 0


def with_raw_sound(rate: int, count: int) -> bytes:
    """A film with silence of one byte a sample, in one packet."""

    def add(container: Any, _picture: Any) -> None:  # noqa: ANN401  # PyAV's
        track = container.add_stream("pcm_u8", rate=rate)
        track.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.full((1, count), 128, np.uint8), format="u8", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        container.mux(track.encode(frame))

    return with_tracks(film(frames(0.3)), add)


def test_sound_whose_few_bytes_claim_much_time_is_left_out(monkeypatch: pytest.MonkeyPatch):
    assert seen(with_raw_sound(8, 2000)).heard is None, "four million samples at the working rate"
    data = with_raw_sound(8000, 4000)
    whole = seen(data).heard
    assert whole is not None
    assert len(whole) == pytest.approx(8000, abs=50)
    monkeypatch.setattr(watching, "HEARD_S", 0.4)
    long = seen(data).heard
    assert long is not None
    assert len(long) == 0, "one packet of more than is heard of a film"


@pytest.mark.parametrize(
    "head",
    [
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<!doctype html><video src='x'>",
        b"PK\x03\x04" + bytes(26),
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0AVI LIST",
        b"\0\0\0\x18ftypisom" + b"#EXTM3U\nhttp://127.0.0.1/x.ts\n" * 9,
        b"\x1a\x45\xdf\xa3" + b"\xff" * 60,
    ],
)
def test_what_only_looks_like_a_film_is_refused(head: bytes):
    tail = film(frames(0.3))
    for data in (head, head + tail):
        with pytest.raises(VideoUnreadable):
            look_at_video(data, Means())


def test_a_film_with_another_file_behind_it_is_that_film():
    data = film(frames(0.3))
    for tail in (b"PK\x05\x06" + bytes(18), b"<script>alert(1)</script>", bytes(4096), b"\xff" * 99):
        assert seen(data + tail).frames == seen(data).frames
        assert packet_in_video(data + tail) is None


@pytest.mark.parametrize("kind", ["mp4", "matroska"])
def test_cut_or_changed_anywhere_it_is_seen_or_refused_and_nothing_else(kind: str):
    data = film(frames(0.3), Track(speech(0.3, SOUND_RATE)), kind=kind)
    rng = np.random.default_rng(5)
    broken = [data[:end] for end in range(0, len(data), len(data) // 25)]
    for _ in range(60):
        changed = bytearray(data)
        for at in rng.integers(0, len(data), 4).tolist():
            changed[at] = int(rng.integers(0, 256))
        broken.append(bytes(changed))
    told = [outcome(each) for each in broken]
    assert 5 <= sum(isinstance(each, BadInput) for each in told) < len(told)
    for each in told:
        assert isinstance(each, BadInput) or 0 < each <= 3


def outcome(data: bytes) -> BadInput | int:
    """The frames seen in a file, or how it is refused."""
    try:
        return seen(data).frames
    except BadInput as error:
        return error


@pytest.mark.parametrize(
    ("kind", "codec", "options", "length"),
    [
        ("webm", "libvpx", {"deadline": "realtime", "g": "20", "live": "1"}, 0.0),
        ("mp4", "libx264", {"g": "1"}, 6.0),
    ],
)
def test_a_film_of_unknown_length_or_of_key_frames_alone_is_seen_as_far_as_the_pixels_reach(
    kind: str, codec: str, options: dict[str, str], length: float
):
    data = film(frames(6.0), kind=kind, codec=codec, options=options)
    if not length:
        at = data.index(b"\x44\x89\x88")  # a recorder in a browser writes no duration
        data = data[:at] + b"\xec\x89\x88" + bytes(8) + data[at + 11 :]
    form = form_of(data)
    assert form.seconds == length
    pixels = form.width * form.height
    part = seen(data, Bounds(pixels=2 * pixels))
    assert (part.frames, part.whole) == (2, False)
    whole = seen(data, Bounds(pixels=60 * pixels))
    assert whole.whole
    assert whole.frames == (60 if length else 3)
    with pytest.raises(VideoTooLarge, match="seconds"):
        seen(data, Bounds(seconds=1.0)) if length else seen(data, Bounds(seconds=1.0, pixels=60 * pixels))


def test_what_was_not_looked_at_is_not_said_to_be_whole(film: Marked):
    form = form_of(film.data)
    bounds = Bounds(pixels=2 * form.width * form.height)
    look = look_at_video(made_film(shown(film.data), options={"g": "1", "crf": "18"}), Means(), bounds)
    (covers,) = [each for each in look.layers if each.check == "mark.video-presence"]
    assert covers.code == "mark.video-presence.so-far"
    assert "100 % of the first 0.2 s carries it" in covers.say("en")
    assert "처음 0.2초의 100 %에 있음" in covers.say("ko")
