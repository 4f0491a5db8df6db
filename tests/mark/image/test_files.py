"""Files keep everything but their pixels, and hostile ones end in a clear error with nothing written."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from tests.mark.image.pictures import drawing, photo

from haechi.errors import HaechiError, NotFound
from haechi.mark.image import (
    FileTooLarge,
    FileUnfit,
    FileUnreadable,
    MarkKey,
    MarkNotHeld,
    Payload,
    detect_file,
    mark_file,
    open_picture,
)
from haechi.mark.image.segments import png_chunk

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>made by a model</x:xmpmeta>"


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn right to view
    exif[0x010E] = "a description"
    return exif.tobytes()


def _saved(path: Path, image: Image.Image, **options: Any) -> Path:  # noqa: ANN401 - as Pillow takes them
    image.save(path, **options)
    return path


KINDS: dict[str, dict[str, Any]] = {
    "a.jpg": {"exif": _exif(), "icc_profile": PROFILE, "xmp": XMP, "quality": 93, "comment": b"hello"},
    "a.png": {"exif": _exif(), "icc_profile": PROFILE},
    "a.webp": {"exif": _exif(), "icc_profile": PROFILE, "xmp": XMP, "quality": 90},
    "lossless.webp": {"exif": _exif(), "icc_profile": PROFILE, "lossless": True},
    "a.tif": {"icc_profile": PROFILE, "compression": "tiff_lzw", "description": "a description"},
    "a.avif": {"exif": _exif(), "icc_profile": PROFILE, "quality": 90},
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_marked_and_keeps_profile_metadata_and_orientation(
    tmp_path: Path, key: MarkKey, payload: Payload, name: str
):
    source = _saved(tmp_path / name, Image.fromarray(photo(640, 480)), **KINDS[name])
    made = mark_file(source, tmp_path / f"marked-{name}", payload, key)
    assert made.left_behind == ()
    assert [mark.payload for mark in detect_file(made.path, [key]).marks] == [payload]
    with Image.open(source) as before, Image.open(made.path) as after:
        assert (after.format, after.mode, after.size) == (before.format, before.mode, before.size)
        assert after.info.get("icc_profile") == before.info["icc_profile"]
        assert dict(after.getexif()) == dict(before.getexif()) or name.endswith("tif")
        assert after.getexif().get(0x010E) == "a description"
        for field in ("xmp", "comment"):
            assert after.info.get(field) == before.info.get(field)
        if name.endswith("jpg"):
            assert getattr(after, "quantization") == getattr(before, "quantization")  # noqa: B009


def test_png_text_resolution_and_alpha_are_kept(tmp_path: Path, key: MarkKey, payload: Payload):
    pixels = np.dstack([photo(640, 480), np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))])
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "서울", zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    source = _saved(tmp_path / "a.png", Image.fromarray(pixels), pnginfo=text, dpi=(300, 300))
    made = mark_file(source, tmp_path / "b.png", payload, key)
    with Image.open(made.path) as after:
        after.load()
        assert after.info["Title"] == "서울"
        assert after.info["XML:com.adobe.xmp"] == XMP.decode()
        assert after.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert (np.asarray(after)[..., 3] == pixels[..., 3]).all()


def test_cmyk_and_grey_jpeg(tmp_path: Path, key: MarkKey, payload: Payload):
    for mode in ("CMYK", "L"):
        source = _saved(tmp_path / f"{mode}.jpg", Image.fromarray(photo(640, 480)).convert(mode), quality=95)
        made = mark_file(source, tmp_path / f"{mode}-b.jpg", payload, key)
        with Image.open(made.path) as after:
            assert after.mode == mode
        assert detect_file(made.path, [key]).marks[0].payload == payload


def test_sixteen_bits_stay_sixteen(tmp_path: Path, key: MarkKey, payload: Payload):
    import cv2

    deep = photo(640, 480).astype(np.uint16) * 257 + 7
    source = tmp_path / "deep.png"
    source.write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    made = mark_file(source, tmp_path / "b.png", payload, key)
    back = open_picture(made.path.read_bytes()).pixels
    assert back.dtype == np.uint16
    change = back.astype(float) - deep[..., ::-1]
    assert np.sqrt(np.mean(change**2)) == pytest.approx(65535 / 10 ** (42 / 20), rel=0.02)
    grey = _saved(tmp_path / "grey.png", Image.fromarray(deep[..., 0]))
    made = mark_file(grey, tmp_path / "c.png", payload, key)
    assert open_picture(made.path.read_bytes()).pixels.dtype == np.uint16


def test_a_palette_picture_and_a_wrong_name(tmp_path: Path, key: MarkKey, payload: Payload):
    source = _saved(tmp_path / "flat.png", Image.fromarray(drawing(640, 480)).convert("P"))
    misnamed = source.rename(tmp_path / "flat.jpg")
    made = mark_file(misnamed, tmp_path / "b.jpg", payload, key)
    with Image.open(made.path) as after:
        assert (after.format, after.mode) == ("PNG", "RGB")


def test_a_manifest_over_the_old_pixels_is_left_behind_and_named(
    tmp_path: Path, key: MarkKey, payload: Payload
):
    out = BytesIO()
    Image.fromarray(photo(640, 480)).save(out, "PNG")
    raw = out.getvalue()
    source = tmp_path / "signed.png"
    source.write_bytes(raw[:33] + png_chunk(b"caBX", b"a manifest") + raw[33:])
    made = mark_file(source, tmp_path / "b.png", payload, key)
    assert made.left_behind == ("c2pa",)
    assert b"caBX" not in made.path.read_bytes()


def test_a_file_that_loses_its_mark_at_once_is_refused(tmp_path: Path, key: MarkKey, payload: Payload):
    source = _saved(tmp_path / "a.jpg", Image.fromarray(drawing(300, 300)), quality=3)
    target = tmp_path / "b.jpg"
    with pytest.raises(MarkNotHeld):
        mark_file(source, target, payload, key, psnr_db=50)
    assert not target.exists()


def _png(width: int, height: int, body: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head)
    return start + png_chunk(b"IDAT", body or zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")


def _good_jpeg() -> bytes:
    out = BytesIO()
    Image.fromarray(photo(400, 300)).save(out, "JPEG")
    return out.getvalue()


def _exif_of(count: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", 0xC000 + i % 9000, 3, 1, i) for i in range(count))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", count) + entries


def _many_tags(name: str) -> bytes:
    """Ten thousand tags; in a JPEG segment of 64 KiB only half as many find room."""
    out = BytesIO()
    count = 5000 if name.endswith("jpg") else 10_000
    Image.fromarray(photo(400, 300)).save(
        out, Image.registered_extensions()[Path(name).suffix], exif=_exif_of(count)
    )
    assert len(out.getvalue()) > 12 * count
    return out.getvalue()


def _two_frames() -> bytes:
    out = BytesIO()
    frames = [Image.fromarray(photo(300, 300, seed)) for seed in (1, 2)]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


HOSTILE: dict[str, tuple[bytes, type[HaechiError]]] = {
    "empty": (b"", FileUnreadable),
    "text": (b"not a picture at all", FileUnreadable),
    "truncated jpeg": (_good_jpeg()[:3000], FileUnreadable),
    "truncated png": (_png(400, 300)[:60], FileUnreadable),
    "broken pixels": (_png(400, 300, b"\x78\x9c garbage"), FileUnreadable),
    "absurd dimensions": (_png(60_000, 60_000), FileTooLarge),
    "absurd side": (_png(2_000_000, 2), FileTooLarge),
    "a zip bomb of a png": (_png(30_000, 30_000, zlib.compress(b"\0" * 10_000_000)), FileTooLarge),
    "two frames": (_two_frames(), FileUnfit),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FileUnreadable),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_clear_error_and_writes_nothing(
    tmp_path: Path, key: MarkKey, payload: Payload, name: str
):
    data, error = HOSTILE[name]
    source, target = tmp_path / "in.bin", tmp_path / "out.bin"
    source.write_bytes(data)
    target.write_bytes(b"what was there before")
    with pytest.raises(error) as caught:
        mark_file(source, target, payload, key)
    assert caught.value.say("ko") != caught.value.say("en")
    assert target.read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.bin", "out.bin"]


@pytest.mark.parametrize("name", ["tags.jpg", "tags.png", "tags.webp", "poly.jpg"])
def test_many_tags_and_a_polyglot_are_read_for_their_picture(
    tmp_path: Path, key: MarkKey, payload: Payload, name: str
):
    source = tmp_path / name
    source.write_bytes(_good_jpeg() + b"PK\x03\x04 a zip" if name == "poly.jpg" else _many_tags(name))
    made = mark_file(source, tmp_path / f"b-{name}", payload, key)
    assert b"PK\x03\x04" not in made.path.read_bytes()
    assert detect_file(made.path, [key]).marks[0].payload == payload
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"b-{name}"])


def test_a_missing_file_is_not_found(tmp_path: Path, payload: Payload):
    with pytest.raises(NotFound):
        mark_file(tmp_path / "no.jpg", tmp_path / "b.jpg", payload)
