"""One call marks a file with every layer, a look agrees, and what happened to it is told by layers."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import cv2  # after the checks above
import numpy as np
from PIL import Image, ImageCms
from tests.mark.fingerprint.test_fingerprint import textured
from tests.statement.make import FACTS

from haechi.errors import BadInput, UnknownName
from haechi.findings import Verdict, found
from haechi.mark.credentials import anchors
from haechi.mark.examine import Means, examine
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload, detect, embed, open_picture
from haechi.mark.labels import packet_of, with_packet
from haechi.mark.pipeline import Produced, Wish, produce, statement_for
from haechi.mark.records import Book, LogRecord, records_of
from haechi.mark.said import subject_of
from haechi.mark.studio import Maker, Studio, StudioExists, StudioUnreadable, namespace_of
from haechi.mark.verdict import STATES, Look, State
from haechi.statement.kinds.content_mark import ContentMark
from haechi.words import LANGS, Text

NOW = datetime.now(UTC) - timedelta(minutes=2)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MAKER = Maker(
    issuer="company.example",
    provider="Example Company",
    system="Example Studio",
    version="2.1",
    country="KR",
    namespace=namespace_of("company.example"),
)
PIXELS = textured(3)[:600, :800]
CHANCE = Random()  # noqa: S311
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 93},
    "PNG": {},
    "WEBP": {"quality": 92},
    "TIFF": {"compression": "tiff_lzw"},
    "AVIF": {"quality": 90},
}


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio.create(tmp_path_factory.mktemp("maker") / "studio", MAKER, NOW, Random(7).randbytes)  # noqa: S311


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """A run that fails is seen again, whichever tests ran before it."""
    CHANCE.seed(7)


def file_of(pixels: Any, file_format: str, **more: Any) -> bytes:  # noqa: ANN401 - pixels of any kind
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    out = BytesIO()
    given = {"icc_profile": PROFILE, "exif": exif.tobytes(), **FORMATS.get(file_format, {}), **more}
    Image.fromarray(pixels).save(out, file_format, **given)
    return out.getvalue()


def made_by(studio: Studio, source: bytes, wish: Wish | None = None) -> Produced:
    return produce(
        source, "harbour", studio, wish or Wish(), Payload.fresh(MAKER.namespace, CHANCE.getrandbits), NOW
    )


def book_of(studio: Studio, *made: Produced, verdict: Verdict = Verdict.HOLDS) -> Book:
    book = Book()
    for each in made:
        statement = statement_for(ContentMark(item=each.item), subject_of(each.payload), studio, FACTS, NOW)
        checks = [statement.check_signature()]
        if verdict is not Verdict.HOLDS:
            checks.append(found("mark.batch.mismatch" if verdict is Verdict.FAILS else "mark.log.absent"))
        for record in records_of(statement, FACTS, "kr.example/log", checks, {}):
            book.add(record)
        for data in each.kept.values():
            book.add_blob(hashlib.sha256(data).digest(), data)
    return book


def seen(studio: Studio, data: bytes, book: Book | None = None, *keys: MarkKey) -> Look:
    trust = (anchors(Text("Korea", "한국"), studio.authority.root.pem),)
    return examine(data, Means((studio.key, *keys), trust, book or Book()))


def codes(look: Look) -> set[str]:
    return {layer.code for layer in look.layers}


ALL_HOLD = {
    "mark.watermark.read",
    "mark.presence.whole",
    "mark.log.found",
    "mark.content.same",
    "mark.credential.trusted",
    "mark.binding.agrees",
    "mark.label.agrees",
}


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_layer_holds_and_the_file_keeps_what_it_was(studio: Studio, file_format: str):
    source = file_of(PIXELS, file_format)
    made = made_by(studio, source, Wish(("KR", "EU", "CN", "US-CA"), notice=True))
    look = seen(studio, made.data, book_of(studio, made))
    assert codes(look) == ALL_HOLD
    assert (look.state, look.verdict) == (State.AGREE, Verdict.HOLDS)
    assert made.left_behind == ()
    assert hashlib.sha256(made.data).digest() == made.item.digest
    with Image.open(BytesIO(source)) as before, Image.open(BytesIO(made.data)) as after:
        assert (after.format, after.mode, after.size) == (before.format, before.mode, before.size)
        assert after.info.get("icc_profile") == PROFILE
        assert after.getexif().get(0x010E) == "a description"
        # Pillow turns a TIFF upright as it reads it; then there is nothing left to say.
        assert after.getexif().get(0x0112) == (None if file_format == "TIFF" else 6)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_alpha_is_kept(studio: Studio, file_format: str):
    alpha = np.tile(np.linspace(0, 255, 800).astype(np.uint8), (600, 1))
    more = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    source = file_of(np.dstack([PIXELS, alpha]), file_format, **more)
    made = made_by(studio, source)
    before, after = open_picture(source).pixels, open_picture(made.data).pixels
    assert after.shape == before.shape
    assert np.abs(after[..., 3].astype(int) - before[..., 3]).max() <= (6 if file_format == "AVIF" else 0)


@pytest.mark.parametrize("kind", ["grey", "rgb16", "cmyk"])
def test_other_kinds_of_pixels(studio: Studio, kind: str):
    if kind == "rgb16":
        deep = cv2.cvtColor(PIXELS.astype(np.uint16) * 257, cv2.COLOR_RGB2BGR)
        source = cv2.imencode(".png", deep)[1].tobytes()
    else:
        mode, file_format = ("L", "PNG") if kind == "grey" else ("CMYK", "JPEG")
        out = BytesIO()
        Image.fromarray(PIXELS).convert(mode).save(out, file_format)
        source = out.getvalue()
    made = made_by(studio, source)
    assert open_picture(made.data).pixels.dtype == open_picture(source).pixels.dtype
    assert seen(studio, made.data, book_of(studio, made)).state is State.AGREE


def test_requirements_that_were_served_stand_in_the_statement(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"), Wish(("KR", "EU"), notice=True))
    assert made.item.label.serves == ("KR.31.2", "EU.50.2", "EU.COP50.1", "EU.COP50.2")
    shown = made_by(studio, file_of(PIXELS, "PNG"), Wish(("KR", "CN"), visible=True))
    assert set(shown.item.label.serves) == {"KR.31.3", "CN.LBL.4", "CN.LBL.5"}
    with pytest.raises(UnknownName):
        made_by(studio, file_of(PIXELS, "PNG"), Wish(("XX",)))


def test_an_earlier_credential_is_kept_when_marked_again(studio: Studio):
    first = made_by(studio, file_of(PIXELS, "PNG"))
    second = made_by(studio, first.data)
    look = seen(studio, second.data, book_of(studio, first, second))
    assert look.state is State.AGREE
    assert look.credential is not None
    assert look.credential.ingredients == 1
    assert look.record is not None
    assert look.record.item.digest == second.item.digest


# The five states


def social(data: bytes) -> bytes:
    pixels = open_picture(data).pixels[50:-40, 60:-30]
    small = cv2.resize(pixels, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    out = BytesIO()
    Image.fromarray(small).save(out, "JPEG", quality=72)
    return out.getvalue()


def test_a_cropped_recompressed_stripped_copy_names_the_maker(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "JPEG"))
    look = seen(studio, social(made.data), book_of(studio, made))
    assert (look.state, look.verdict) == (State.AGREE, Verdict.HOLDS)
    assert "company.example" in look.say("ko")
    assert {"mark.credential.recovered", "mark.label.absent"} <= codes(look)


def test_what_is_silent_by_chance_in_a_genuine_copy_is_no_change(studio: Studio):
    """Under this key eight cells score as low as noise, in five places."""
    chance = np.random.default_rng(22)
    key = MarkKey.generate("crumbs", chance.bytes)
    marked = embed(PIXELS, Payload.from_int(int(chance.integers(1 << 62))), key).pixels
    look = seen(studio, social(file_of(marked, "JPEG")), None, key)
    assert "mark.presence.whole" in codes(look)


def test_a_part_painted_white_is_a_doubt(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    pixels = open_picture(made.data).pixels.copy()
    pixels[200:420, 260:560] = 255
    look = seen(studio, file_of(pixels, "PNG"), book_of(studio, made))
    assert codes(look) & {"mark.presence.unclear", "mark.presence.partial"}
    assert (look.state, look.verdict) == (State.AGREE, Verdict.UNDECIDED)
    assert not look.say("en").endswith("marked by company.example.")
    assert look.region is not None
    assert any(sign in row for row in look.region.rows for sign in "?.")


def test_a_mark_on_another_picture_is_called_a_possible_copy(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    forged = embed(textured(9)[:600, :800], Payload.from_int(int(made.payload, 16)), studio.key).pixels
    look = seen(studio, file_of(forged, "PNG"), book_of(studio, made))
    assert (look.state, look.verdict) == (State.COPIED, Verdict.FAILS)
    assert "mark.content.differs" in codes(look)


def test_a_mark_that_nobody_signed_for_is_no_evidence(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    look = seen(studio, made.data)
    assert (look.state, look.verdict) == (State.TOO_LITTLE, Verdict.UNDECIDED)
    assert "mark.log.absent" in codes(look)


def test_an_unmarked_copy_is_found_by_its_looks(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    look = seen(studio, file_of(PIXELS, "JPEG", quality=60), book_of(studio, made))
    assert (look.state, look.verdict) == (State.LIKENESS, Verdict.UNDECIDED)
    assert look.record is not None


def test_an_unknown_picture_says_nothing(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    look = seen(studio, file_of(textured(12)[:600, :800], "PNG"), book_of(studio, made))
    assert (look.state, look.verdict) == (State.NOTHING, Verdict.UNDECIDED)
    assert "nothing" in look.say("en")


def test_every_state_has_its_sentence_in_both_languages(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    told = seen(studio, made.data, book_of(studio, made))
    for state in State:
        for lang in LANGS:
            assert STATES[state].say(lang, maker="x")
    assert told.as_dict("ko")["layers"]
    assert told.as_dict("en")["state"] == "agree"


# What somebody may try (docs/limits.md)


def test_a_covered_part_shows_as_missing_and_the_credential_as_changed(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    pixels = open_picture(made.data).pixels.copy()
    pixels[200:360, 300:520] = textured(8)[200:360, 300:520]
    look = seen(studio, file_of(pixels, "PNG"), book_of(studio, made))
    assert look.state is State.AGREE
    assert look.verdict is Verdict.UNDECIDED
    assert "mark.presence.partial" in codes(look)
    assert look.say("en").endswith("But not all of it: a part carries no mark.")
    assert look.region is not None
    assert any("." in row for row in look.region.rows)


def test_forged_metadata_contradicts_the_mark(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    job = packet_of(_record("00ff00ff00ff00ff"))
    forged = with_packet(file_of(open_picture(made.data).pixels, "PNG"), "PNG", job)
    look = seen(studio, forged, book_of(studio, made))
    assert "mark.label.differs" in codes(look)
    assert look.verdict is Verdict.FAILS


def test_a_label_alone_is_nobodys_word(studio: Studio):
    forged = with_packet(
        file_of(textured(12)[:600, :800], "PNG"), "PNG", packet_of(_record("00ff00ff00ff00ff"))
    )
    look = seen(studio, forged)
    assert "mark.label.alone" in codes(look)
    assert look.verdict is Verdict.UNDECIDED


def _record(identity: str) -> Any:  # noqa: ANN401 - a LabelRecord
    from haechi.mark.labels import LabelRecord

    return LabelRecord("Somebody Else", "Other", "1", NOW, identity)


def test_another_key_reads_nothing(studio: Studio):
    secret = MarkKey.generate("own", CHANCE.randbytes)
    marked = embed(PIXELS, Payload(9, 9), secret).pixels
    look = seen(studio, file_of(marked, "PNG"))
    assert "mark.watermark.absent" in codes(look)
    assert seen(studio, file_of(marked, "PNG"), None, secret).state is State.TOO_LITTLE


def test_a_payload_under_another_key_than_was_signed_for_fails(studio: Studio):
    secret = MarkKey.generate("own", CHANCE.randbytes)
    made = made_by(studio, file_of(PIXELS, "PNG"))
    marked = embed(PIXELS, Payload.from_int(int(made.payload, 16)), secret).pixels
    look = seen(studio, file_of(marked, "PNG"), book_of(studio, made), secret)
    assert "mark.log.other-key" in codes(look)
    assert look.verdict is Verdict.FAILS


def test_a_statement_under_a_revoked_key_is_refuted(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    look = seen(studio, made.data, book_of(studio, made, verdict=Verdict.FAILS))
    assert "mark.log.refuted" in codes(look)
    assert look.verdict is Verdict.FAILS
    unsure = seen(studio, made.data, book_of(studio, made, verdict=Verdict.UNDECIDED))
    assert "mark.log.unverified" in codes(unsure)
    assert unsure.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seed", [3, 4])
def test_clipping_spectral_peaks_leaves_the_mark_readable(studio: Studio, seed: int):
    payload = Payload.fresh(7, CHANCE.getrandbits)
    marked = embed(textured(seed)[:600, :800], payload, studio.key, psnr_db=42.0).pixels
    clipped = np.empty(marked.shape)
    for channel in range(3):
        spectrum = np.fft.fft2(marked[..., channel].astype(float))
        size = np.abs(spectrum).astype(np.float32)
        around = cv2.blur(size, (15, 15), borderType=cv2.BORDER_REFLECT)
        shrink = np.minimum(1.0, 1.2 * around / np.maximum(size, 1e-6))
        shrink[0, 0] = 1.0
        clipped[..., channel] = np.real(np.fft.ifft2(spectrum * shrink))
    spoiled = np.clip(np.rint(clipped), 0, 255).astype(np.uint8)
    assert [mark.payload for mark in detect(spoiled, [studio.key]).marks] == [payload]


@pytest.mark.slow
def test_averaging_many_pictures_gives_a_number_that_nobody_signed_for(studio: Studio):
    total, payloads = np.zeros((600, 800, 3)), set[Payload]()
    for number in range(24):
        pixels = textured(100 + number)[:600, :800]
        payloads.add(payload := Payload.fresh(7, CHANCE.getrandbits))
        marked = embed(pixels, payload, studio.key, psnr_db=42.0).pixels
        total += marked.astype(float) - pixels
    mean = total / 24
    forged = np.clip(textured(50)[:600, :800] + 2.0 * mean, 0, 255).astype(np.uint8)
    assert not payloads & {mark.payload for mark in detect(forged, [PUBLIC_KEY]).marks}


# Hostile files


@cache
def hostile() -> dict[str, bytes]:
    good = file_of(PIXELS, "PNG")
    jpeg = file_of(PIXELS, "JPEG")
    tags = b"".join(b"\xff\xe1" + (8).to_bytes(2) + b"Exif\x00\x00" for _ in range(10_000))
    return {
        "empty": b"",
        "text": b"not a picture" * 100,
        "png cut": good[: len(good) // 2],
        "jpeg cut": jpeg[: len(jpeg) // 3],
        "jpeg head": b"\xff\xd8\xff" + bytes(200),
        "absurd size": good[:16] + (0x7FFFFFFF).to_bytes(4) * 2 + good[24:],
        "ten thousand segments": jpeg[:2] + tags + jpeg[2:],
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "gif": b"GIF89a" + bytes(400),
        "zip then png": b"PK\x03\x04" + good,
    }


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_ends_in_one_clear_error(studio: Studio, name: str):
    data = hostile()[name]
    with pytest.raises(BadInput) as refused:
        made_by(studio, data)
    assert refused.value.say("ko")
    if name != "ten thousand segments":  # reading passes over them; only carrying them on is refused
        with pytest.raises(BadInput):
            seen(studio, data)


def test_a_polyglot_is_marked_as_the_picture_it_is_and_loses_the_rest(studio: Studio):
    source = file_of(PIXELS, "PNG") + b"PK\x03\x04 an archive"
    made = made_by(studio, source)
    assert b"an archive" not in made.data
    assert seen(studio, made.data, book_of(studio, made)).state is State.AGREE


def test_metadata_that_cannot_be_read_stops_the_marking(studio: Studio):
    bad = with_packet(file_of(PIXELS, "PNG"), "PNG", b"<!DOCTYPE a><a/>")
    with pytest.raises(BadInput):
        made_by(studio, bad)
    assert "mark.label.unreadable" in codes(seen(studio, bad))


def test_a_picture_too_small_is_told_so(studio: Studio):
    with pytest.raises(BadInput):
        made_by(studio, file_of(PIXELS[:200, :200], "PNG"))
    assert "mark.watermark.too-small" in codes(seen(studio, file_of(PIXELS[:100, :100], "PNG")))


# Studios


def test_a_studio_is_never_overwritten_and_its_secrets_are_private(tmp_path: Path):
    folder = tmp_path / "studio"
    Studio.create(folder, MAKER, NOW, os.urandom)
    with pytest.raises(StudioExists):
        Studio.create(folder, MAKER, NOW, os.urandom)
    secrets = [path for path in folder.rglob("*") if path.suffix == ".key" or path.name == "statements.pem"]
    assert len(secrets) == 5
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets)
    assert Studio.open(folder).maker == MAKER
    (folder / "studio.json").write_text("{}")
    with pytest.raises(StudioUnreadable):
        Studio.open(folder)


def test_a_record_keeps_its_verdict(studio: Studio):
    made = made_by(studio, file_of(PIXELS, "PNG"))
    record = book_of(studio, made).by_mark(made.payload)[0]
    assert isinstance(record, LogRecord)
    assert record.verdict is Verdict.HOLDS
