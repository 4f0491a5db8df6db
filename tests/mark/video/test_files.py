"""What a film file keeps when it is marked, and what becomes of files that are broken or mean harm."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type as SideData
from tests.mark.video.films import film, frames, scene
from tests.mark.video.marked import NOW, marked

from haechi.errors import BadInput, NotFound
from haechi.mark.bulk import Task, Way, mark_many, mark_one
from haechi.mark.examine import Means
from haechi.mark.image import Payload, PictureTooSmall
from haechi.mark.labels import PacketMalformed, read_labels
from haechi.mark.studio import Studio
from haechi.mark.video import (
    Order,
    VideoMarkNotHeld,
    VideoTooLarge,
    VideoUnfit,
    VideoUnreadable,
    look_at_video,
    produce_video,
)
from haechi.mark.video import rewrite as rewriting
from haechi.mark.video import source as sources
from haechi.mark.video.boxes import packet_in_video
from haechi.mark.video.pool import MOST_STRETCHES, Pool, pooled
from haechi.mark.video.prints import FilmPrint, Moment, Sampler
from haechi.mark.video.source import form_of
from haechi.mark.video.watch import watch
from haechi.mark.wish import Wish

SECONDS = 1.5
MADE = "2025-05-21T00:00:00.000000Z"
TAGS = ("title", "artist", "creation_time")
OPTIONS = {
    "libx265": {"x265-params": "log-level=error", "preset": "ultrafast"},
    "mpeg4": {"qscale": "2"},
    "mjpeg": {"q": "2"},
}
ODD = (0, 40, 190, 230, 500, 510, 700, 760, 900, 1000, 1001, 1200, 1300, 1404, 1450)


def _dressed(container: Any, stream: Any) -> None:  # noqa: ANN401  # PyAV's
    context = stream.codec_context
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
    context.sample_aspect_ratio = Fraction(4, 3)
    stream.set_display_rotation(90)
    stream.metadata["language"] = "kor"
    container.metadata.update(
        {"title": "봄날", "artist": "누구", "creation_time": "2025-05-21T00:00:00.000000Z"}
    )
    container.set_chapters(
        [{"id": 1, "start": 0, "end": 700, "time_base": Fraction(1, 1000), "metadata": {"title": "하나"}}]
    )


def _with_words(data: bytes) -> bytes:
    """The same film with a subtitle track."""
    out = BytesIO()
    with av.open(BytesIO(data), "r") as old, av.open(out, "w", format="mp4") as new:
        made: Any = new
        picture = made.add_stream_from_template(old.streams.video[0], opaque=True)
        words = made.add_mux_stream("mov_text", rate=1)
        made.metadata.update(dict(old.metadata))
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = picture
                made.mux(packet)
        packet = av.Packet(b"\x00\x06" + "봄날".encode())
        packet.stream, packet.time_base = words, Fraction(1, 1000)
        packet.pts = packet.dts = 100
        packet.duration = 800
        made.mux(packet)
    return out.getvalue()


def _display(frame: Any) -> bytes:  # noqa: ANN401  # PyAV's
    return bytes(frame.side_data[SideData.DISPLAYMATRIX])


def _look(data: bytes) -> dict[str, Any]:
    with av.open(BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        made = list(container.decode(stream))
        return {
            "size": (stream.width, stream.height, stream.format.name),
            "times": [round(1000 * float(frame.time or 0)) for frame in made],
            "colour": (int(made[0].color_primaries), int(made[0].color_trc), int(made[0].colorspace)),
            "range": int(made[0].color_range),
            "shape": stream.sample_aspect_ratio,
            "display": _display(made[0]),
            "tags": {
                name: dict(container.metadata).get(name) for name in ("title", "artist", "creation_time")
            },
            "language": stream.metadata.get("language"),
            "chapters": [each["metadata"].get("title") for each in container.chapters()],
            "tracks": Counter(each.type for each in container.streams),
        }


def test_what_a_film_is_stays(studio: Studio, tmp_path: Path):
    pictures = list(frames(SECONDS))
    source = film(pictures, times=ODD.__getitem__, prepare=_dressed)
    made = marked(studio, source, tmp_path)
    before, after = _look(source), _look(made.data)
    assert before["times"] == list(ODD)
    assert before["shape"] == Fraction(4, 3)
    assert before["chapters"] == ["하나"]
    assert after == before


def test_other_tracks_are_copied(studio: Studio, tmp_path: Path):
    made = marked(studio, _with_words(film(frames(SECONDS))), tmp_path)
    assert made.made.left_behind == ()
    with av.open(BytesIO(made.data), "r") as container:
        words = [bytes(each) for each in container.demux(container.streams.subtitles[0]) if each.size]
    assert any("봄날".encode() in each for each in words)


@pytest.mark.slow
@pytest.mark.parametrize(("codec", "kept"), [("libx265", "hevc"), ("mpeg4", "h264"), ("mjpeg", "h264")])
def test_codecs(studio: Studio, tmp_path: Path, codec: str, kept: str):
    def full(_container: Any, stream: Any) -> None:  # noqa: ANN401  # PyAV's
        stream.pix_fmt = "yuvj420p"

    prepare = full if codec == "mjpeg" else None
    source = film(frames(1.0), codec=codec, options=OPTIONS[codec], prepare=prepare)
    made = marked(studio, source, tmp_path)
    assert form_of(made.data).codec == kept
    assert made.made.left_behind == (() if codec == "libx265" else (codec,))


@pytest.mark.slow
def test_ten_bits_stay_ten_bits(studio: Studio, tmp_path: Path):
    def deep(_container: Any, stream: Any) -> None:  # noqa: ANN401  # PyAV's
        stream.pix_fmt = "yuv420p10le"

    source = film(frames(1.0), prepare=deep)
    assert form_of(source).pixel_format == "yuv420p10le"
    made = marked(studio, source, tmp_path, Wish(countries=("EU",), visible=True))
    assert form_of(made.data).pixel_format == "yuv420p10le"


def _broken(source: bytes) -> dict[str, bytes]:
    moov = source.index(b"moov")
    return {
        "empty": b"",
        "words": b"this is no film" * 9,
        "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "cut": source[: len(source) // 2],
        "no index": source[: moov - 4],
        "brand alone": source[:40],
        "zeros": source[:32] + bytes(4000),
    }


@pytest.mark.parametrize("what", ["empty", "words", "playlist", "cut", "no index", "brand alone", "zeros"])
def test_broken_files_are_refused_and_nothing_is_written(studio: Studio, tmp_path: Path, what: str):
    path, target = tmp_path / "in.mp4", tmp_path / "out" / "in.mp4"
    path.write_bytes(_broken(film(frames(0.5)))[what])
    with pytest.raises(VideoUnreadable):
        look_at_video(path, Means())
    with pytest.raises(VideoUnreadable):
        mark_one(path, target, studio, Wish(), NOW)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.mp4"]


def test_a_film_that_breaks_off_is_not_marked_in_part(studio: Studio, tmp_path: Path):
    whole = film(frames(6.0), kind="mp4", options={"crf": "18", "preset": "veryfast", "g": "5"})
    path = tmp_path / "in.mp4"
    first = index_first(whole, path)
    path.write_bytes(first[: len(first) * 2 // 3])
    with pytest.raises(VideoUnreadable, match="breaks off"):
        mark_one(path, tmp_path / "out.mp4", studio, Wish(), NOW)
    assert [each.name for each in tmp_path.iterdir()] == ["in.mp4"]
    assert 10 < watch(path, form_of(path)).frames < 60  # looked at as far as it goes


def index_first(data: bytes, path: Path) -> bytes:
    """The same film with its index before the frames."""
    options = {"movflags": "faststart"}
    with av.open(BytesIO(data), "r") as old, av.open(str(path), "w", format="mp4", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return path.read_bytes()


def test_bombs_are_stopped(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flat = [np.full((288, 384, 3), 90, np.uint8)] * 60
    path = tmp_path / "in.mp4"
    path.write_bytes(film(flat))
    monkeypatch.setattr(sources, "FREE_PIXELS", 20 * 288 * 384)
    monkeypatch.setattr(sources, "PIXELS_A_BYTE", 1)
    with pytest.raises(VideoTooLarge, match="pixels decoded"):
        look_at_video(path, Means())
    with pytest.raises(VideoTooLarge):
        mark_one(path, tmp_path / "out.mp4", studio, Wish(), NOW)
    monkeypatch.setattr(sources, "MOST_SIDE", 383)
    with pytest.raises(VideoTooLarge, match="side"):
        look_at_video(path, Means())
    monkeypatch.setattr(sources, "MOST_FILE_BYTES", 100)
    with pytest.raises(VideoTooLarge, match="bytes"):
        look_at_video(path, Means())
    assert [each.name for each in tmp_path.iterdir()] == ["in.mp4"]


def test_a_claimed_length_beyond_bounds_is_refused():
    # Nine hours between the first and the second frame.
    with pytest.raises(VideoTooLarge, match="seconds"):
        form_of(film(frames(0.3), times=lambda at: at * 33_000_000))


@pytest.mark.parametrize("error", [PictureTooSmall, VideoMarkNotHeld, VideoUnfit])
def test_what_cannot_hold_a_mark_is_refused(studio: Studio, tmp_path: Path, error: type[Exception]):
    source = {
        PictureTooSmall: lambda: film(frames(0.5, size=(320, 240))),
        VideoMarkNotHeld: lambda: film(list(frames(1.0))[:1]),
        VideoUnfit: lambda: film(frames(0.5), codec="ffv1", kind="matroska", options={}, prepare=_packed),
    }
    path = tmp_path / "in.mkv"
    path.write_bytes(source[error]())
    wish = Wish(psnr_db=60.0 if error is VideoMarkNotHeld else None)
    with pytest.raises(error):
        mark_one(path, tmp_path / "out.mkv", studio, wish, NOW)
    assert [each.name for each in tmp_path.iterdir()] == ["in.mkv"]


def _packed(_container: Any, stream: Any) -> None:  # noqa: ANN401  # PyAV's
    stream.pix_fmt = "bgr0"


def test_a_missing_encoder_is_named(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(rewriting._ENCODERS, "h264", "h264_nowhere")
    monkeypatch.setitem(rewriting._OPTIONS, "h264_nowhere", {})
    path = tmp_path / "in.mp4"
    path.write_bytes(film(frames(0.3)))
    with pytest.raises(VideoUnfit, match="h264_nowhere"):
        mark_one(path, tmp_path / "out.mp4", studio, Wish(), NOW)


def test_a_file_that_is_not_there(studio: Studio, tmp_path: Path):
    with pytest.raises(NotFound):
        look_at_video(tmp_path / "none.mp4", Means())
    order = Order(tmp_path / "none.mp4", tmp_path, "a", Wish(), Payload(namespace=1, item=1), NOW)
    with pytest.raises(NotFound):
        produce_video(order, studio)


def test_on_disk_it_is_resumed_and_progress_is_told(studio: Studio, tmp_path: Path):
    folder = Path(tmp_path / "studio")
    from haechi.mark.studio import Studio as Opened

    Opened.create(folder, studio.maker, datetime(2026, 9, 20, tzinfo=UTC), bytes)
    source, target, shares = tmp_path / "in.mp4", tmp_path / "out" / "in.mp4", list[float]()
    source.write_bytes(film(frames(SECONDS)))
    (ended,) = mark_many([Task(source, target)], folder, Wish(), NOW, way=Way(tick=shares.append))
    assert ended.error is None
    assert ended.item is not None
    assert ended.item.digest == hashlib.sha256(target.read_bytes()).digest()
    assert shares == sorted(shares)
    assert len(set(shares)) > 5
    assert 0 <= shares[0] <= shares[-1] <= 1
    assert sorted(each.name for each in target.parent.iterdir()) == ["in.mp4", "in.mp4.records"]
    (again,) = mark_many([Task(source, target)], folder, Wish(), NOW)
    assert again.skipped


def test_labels_in_the_container(studio: Studio, tmp_path: Path):
    made = marked(studio, film(frames(0.5)), tmp_path, Wish(countries=("CN",)))
    packet = packet_in_video(made.data)
    assert packet is not None
    labels = read_labels(packet)
    assert labels.source_type == "trainedAlgorithmicMedia"
    assert labels.id == made.made.payload
    assert labels.aigc is not None
    assert f'"ProduceID":"{made.made.payload}"' in labels.aigc
    huge = made.data + (1 << 21).to_bytes(4) + b"uuid" + made.data[-1:]
    assert packet_in_video(huge) == packet


def test_a_huge_packet_is_refused(studio: Studio, tmp_path: Path):
    from haechi.mark.boxes import xmp_box

    with pytest.raises(PacketMalformed):
        packet_in_video(film(frames(0.3)) + xmp_box(b" " * (2 << 20)))


def test_the_print_file():
    moments = tuple(Moment(500 * at, f"{at:064x}", None) for at in range(70))
    told = FilmPrint(moments, None)
    raw = told.to_bytes()
    assert FilmPrint.from_bytes(raw) == told
    assert len(told.on_log) == 24
    assert told.step_s == 0.5
    for bad in (
        b"",
        raw[:30],
        raw[:-1],
        raw.replace(b"/1", b"/2"),
        raw[:21] + b"\xff" * 3 + raw[24:],
        raw + b"x",
    ):
        with pytest.raises(BadInput):
            FilmPrint.from_bytes(bad)


def test_samples_stay_bounded_and_even():
    sampler = Sampler(10, 0.5)
    kept: list[float] = []
    for at in range(10_000):
        if sampler.wants(at * 0.1):
            kept.append(at * 0.1)
            places = sampler.take(at * 0.1)
            kept = kept if places is None else [kept[each] for each in places]
    assert 5 <= len(kept) <= 10
    steps = np.diff(kept)
    assert float(steps.max()) <= 1.1 * float(steps.min())


def test_a_pool_stays_bounded_and_forgets_nothing():
    pool, rng = Pool(), np.random.default_rng(1)
    planes = [scene(3, 300, 260)[..., 0], rng.integers(0, 255, (260, 300), dtype=np.uint8)]
    for at in range(200):
        pool.add(planes[at % 2], at * 0.9, 1)
    stretches = pool.stretches()
    assert pool.frames == 200
    assert len(stretches) <= MOST_STRETCHES
    assert sum(each.weight for each in stretches) == pytest.approx(6.0 * 200)
    assert [each.start_s for each in stretches] == sorted({each.start_s for each in stretches})
    even = Pool()
    even.add(planes[0], 0.0, 1)
    even.add(planes[1], 0.1, 1)
    assert np.abs(pooled(stretches) - pooled(even.stretches())).max() < 0.01
