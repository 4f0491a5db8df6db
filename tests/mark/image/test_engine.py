"""What a mark promises: invisible enough, read back after anything usual, never seen where there is none."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.mark.image.pictures import cropped, drawing, jpeg, key_named, leaning, photo, shrunk, turned

from haechi.mark.bound import log10_counted
from haechi.mark.image import (
    LOG10_P_LIMIT,
    PUBLIC_KEY,
    MarkKey,
    Payload,
    PayloadOutOfRange,
    PictureTooSmall,
    PixelsUnfit,
    detect,
    embed,
    presence,
)
from haechi.mark.image.layout import TILE
from haechi.mark.image.pattern import tile_of

Change = Callable[[NDArray[Any]], NDArray[Any]]
PICTURES = {"photo": photo, "drawing": drawing}

SINGLE: dict[str, Change] = {
    "jpeg 50": lambda p: jpeg(p, 50),
    "half size": lambda p: shrunk(p, 0.5),
    "crop to half": lambda p: cropped(p, 0.5),
    "turned 5": lambda p: turned(p, 5),
    "quarter turn": lambda p: np.rot90(p).copy(),
    "mirrored": lambda p: p[:, ::-1].copy(),
    "crop, shrink, jpeg": lambda p: jpeg(shrunk(cropped(p, 0.75), 0.7), 60),
}
SWEEP: dict[str, Change] = {
    **{f"jpeg {q}": lambda p, q=q: jpeg(p, q) for q in (90, 70, 30)},
    **{f"size x{s}": lambda p, s=s: shrunk(p, s) for s in (0.3, 0.75, 2.0)},
    **{f"crop to {a}": lambda p, a=a: cropped(p, a) for a in (0.75, 0.25)},
    **{f"turned {d}": lambda p, d=d: turned(p, d) for d in (-2, 10, 45, 133, 180)},
    "upside down": lambda p: p[::-1].copy(),
    "noise": lambda p: _noisy(p, 15),
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 2),
    "darker": lambda p: np.rint(p * 0.7).astype(np.uint8),
    "inverted": lambda p: 255 - p,
    "grey": lambda p: p.mean(axis=2).astype(np.uint8),
    "squeezed": lambda p: cv2.resize(p, None, fx=1.15, fy=1.0, interpolation=cv2.INTER_CUBIC),
    "leaning": lambda p: leaning(p, 0.05),
    "turn, crop, shrink, jpeg": lambda p: jpeg(shrunk(cropped(turned(p, 7), 0.5), 0.7), 60),
    "mirror, turn, crop, jpeg": lambda p: jpeg(cropped(turned(p[:, ::-1].copy(), 33), 0.5), 70),
}


def _noisy(pixels: NDArray[Any], sigma: float) -> NDArray[Any]:
    rng = np.random.default_rng(5)
    return np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def marked(payload: Payload, key: MarkKey) -> dict[str, NDArray[Any]]:
    return {name: embed(draw(), payload, key, psnr_db=42).pixels for name, draw in PICTURES.items()}


@pytest.mark.parametrize("change", SINGLE)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_mark_is_read_after(
    marked: dict[str, NDArray[Any]], key: MarkKey, payload: Payload, picture: str, change: str
):
    found = detect(SINGLE[change](marked[picture]), [key])
    assert [mark.payload for mark in found.marks] == [payload]


@pytest.mark.slow
@pytest.mark.parametrize("change", SWEEP)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_mark_is_read_after_the_sweep(
    marked: dict[str, NDArray[Any]], key: MarkKey, payload: Payload, picture: str, change: str
):
    found = detect(SWEEP[change](marked[picture]), [key])
    assert [mark.payload for mark in found.marks] == [payload]


def _grain(height: int, width: int, strength: float, payload: Payload, key: MarkKey) -> NDArray[np.uint8]:
    """Sensor noise of 20 levels over a tile of so many: what is left of a mark in coarse texture."""
    rows, columns = np.mgrid[0:height, 0:width]
    tile = tile_of(payload, key, np.inf)[(rows + 31) % TILE, (columns + 17) % TILE]
    noisy = np.random.default_rng(4).normal(128, 20, (height, width)) + strength * tile
    return np.clip(noisy, 0, 255).round().astype(np.uint8)


def test_a_piece_whose_spectrum_shows_no_peak_is_read_by_the_phases(payload: Payload):
    found = detect(_grain(250, 330, 1.15, payload, PUBLIC_KEY))
    assert [mark.payload for mark in found.marks] == [payload]


def test_a_bend_grows_from_the_middle_where_no_group_of_tiles_is_clear(payload: Payload):
    corners = np.array([[0, 0], [700, 0], [700, 700], [0, 700]], np.float32)
    moved = corners + np.random.default_rng(3).uniform(-35, 35, (4, 2)).astype(np.float32)
    askew = cv2.getPerspectiveTransform(corners, moved)
    pixels = cv2.warpPerspective(
        _grain(700, 700, 1.8, payload, PUBLIC_KEY), askew, (700, 700), flags=cv2.INTER_CUBIC
    )
    found = detect(pixels)
    assert [mark.payload for mark in found.marks] == [payload]
    assert found.marks[0].geometry.bent
    assert presence(pixels, found.marks[0], PUBLIC_KEY).outcome == "unclear"


@pytest.mark.parametrize(
    ("kind", "channels"), [(np.uint8, 0), (np.uint8, 2), (np.uint8, 4), (np.uint16, 0), (np.uint16, 3)]
)
def test_every_kind_of_pixel_takes_a_mark_at_the_wanted_strength(
    payload: Payload, key: MarkKey, kind: type[Any], channels: int
):
    base = photo(640, 480)
    pixels = base[..., 0] if channels in {0, 2} else base
    if channels in {2, 4}:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 200, np.uint8)])
    pixels = pixels.astype(kind) * (257 if kind == np.uint16 else 1)
    made = embed(pixels, payload, key, psnr_db=43)
    assert made.pixels.shape == pixels.shape
    assert made.pixels.dtype == kind
    assert made.psnr_db == pytest.approx(43, abs=0.1)
    if channels in {2, 4}:
        assert (made.pixels[..., -1] == pixels[..., -1]).all()
    assert detect(made.pixels, [key]).marks[0].payload == payload


@pytest.mark.parametrize("side", [1024, 900])  # tiles of whole blocks, and not
def test_flat_art_is_read_after_the_strongest_compression(side: int, payload: Payload, key: MarkKey):
    marked = embed(drawing(side, side), payload, key, psnr_db=42).pixels
    found = detect(jpeg(marked, 10), [key])
    assert [mark.payload for mark in found.marks] == [payload]


def test_strength_goes_by_size_when_none_is_asked(payload: Payload):
    assert embed(photo(400, 300), payload).psnr_db == pytest.approx(42, abs=0.15)
    assert embed(photo(900, 800), payload).psnr_db == pytest.approx(45, abs=0.15)


def test_flat_art_shows_no_halo(payload: Payload, key: MarkKey):
    before = drawing()
    change = np.abs(embed(before, payload, key, psnr_db=42).pixels.astype(int) - before)[..., 0]
    edges = cv2.dilate(cv2.Canny(before, 50, 100), np.ones((9, 9), np.uint8)) > 0
    assert change[edges].mean() < 1.15 * change[~edges].mean()


def test_geometry_says_what_was_done(marked: dict[str, NDArray[Any]], key: MarkKey):
    mark = detect(turned(marked["photo"], 5), [key]).marks[0]
    assert mark.geometry.turn_degrees == pytest.approx(5, abs=0.1)
    assert not mark.geometry.mirrored
    mark = detect(marked["photo"][:, ::-1].copy(), [key]).marks[0]
    assert mark.geometry.mirrored
    mark = detect(255 - marked["photo"], [key]).marks[0]
    assert mark.geometry.inverted


def test_an_overpainted_region_shows_as_absent(marked: dict[str, NDArray[Any]], key: MarkKey):
    pixels = marked["photo"].copy()
    pixels[200:450, 400:700] = photo(300, 250, seed=9)
    turned_round = turned(pixels, 5)
    for seen, centre in ((pixels, (325, 550)), (turned_round, None)):
        mark = detect(seen, [key]).marks[0]
        there = presence(seen, mark, key)
        assert 0.6 < there.share < 0.95
        if centre:
            row = centre[0] * there.scores.shape[0] // seen.shape[0]
            column = centre[1] * there.scores.shape[1] // seen.shape[1]
            assert not there.present[row, column]
            assert there.present[row, 2]


def _noise(place: NDArray[Any]) -> NDArray[Any]:
    return np.random.default_rng(5).integers(0, 256, place.shape, dtype=np.uint8)


COVERS: dict[str, Change] = {
    "white": lambda place: np.full_like(place, 255),
    "black": np.zeros_like,
    "grey": lambda place: np.full_like(place, 120),
    "noise": _noise,
    "another": lambda place: photo(place.shape[1], place.shape[0], seed=9),
}


@pytest.mark.parametrize("area", [0.1, 0.25, 0.4])
@pytest.mark.parametrize("cover", COVERS.values(), ids=COVERS)
def test_a_replaced_middle_is_never_whole(
    marked: dict[str, NDArray[Any]], key: MarkKey, cover: Change, area: float
):
    pixels = marked["photo"].copy()
    height, width = pixels.shape[:2]
    down, across = (round(side * (1 - area**0.5) / 2) for side in (height, width))
    place = np.s_[down : height - down, across : width - across]
    pixels[place] = cover(pixels[place])
    there = presence(pixels, detect(pixels, [key]).marks[0], key)
    assert there.outcome in {"partial", "unclear"}
    rows, columns = there.present.shape
    middle = there.present[rows * 5 // 12 : rows * 7 // 12, columns * 5 // 12 : columns * 7 // 12]
    assert middle.mean() < 0.15  # by chance


def test_a_twenty_fifth_of_the_picture_replaced_is_partial(marked: dict[str, NDArray[Any]], key: MarkKey):
    pixels = marked["photo"].copy()
    height, width = pixels.shape[:2]
    down, across = height // 5, width // 5
    pixels[2 * down : 3 * down, 2 * across : 3 * across] = photo(across, down, seed=9)
    assert presence(pixels, detect(pixels, [key]).marks[0], key).outcome == "partial"


def _half_loud() -> NDArray[Any]:
    """Clouds over a ground that is too loud to show much of any mark."""
    pixels = photo(800, 640).astype(np.float64)
    pixels[400:] += np.random.default_rng(2).normal(0, 60, (240, 800, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("draw", [photo, drawing, _half_loud])
@pytest.mark.parametrize("quality", [75, 30])
def test_nothing_is_absent_from_a_genuine_picture(
    draw: Callable[[], NDArray[Any]], quality: int, payload: Payload, key: MarkKey
):
    seen = jpeg(shrunk(embed(draw(), payload, key, psnr_db=42).pixels, 0.9), quality)
    there = presence(seen, detect(seen, [key]).marks[0], key)
    assert there.outcome != "partial"
    assert np.count_nonzero(there.absent) <= 0.01 * there.absent.size


@pytest.mark.parametrize("draw", PICTURES.values())
def test_an_unmarked_picture_has_no_mark(draw: Callable[[], NDArray[Any]], key: MarkKey):
    found = detect(draw(), [key, PUBLIC_KEY])
    assert found.marks == ()
    assert found.best_log10_p > LOG10_P_LIMIT


def test_another_key_reads_nothing(marked: dict[str, NDArray[Any]]):
    found = detect(marked["photo"], [key_named("theirs"), PUBLIC_KEY])
    assert found.marks == ()


def test_the_right_key_is_found_among_many_and_the_others_are_counted(
    marked: dict[str, NDArray[Any]], key: MarkKey, payload: Payload
):
    keys = [key_named(f"key {number}") for number in range(30)]
    alone = detect(marked["photo"], [key]).marks[0]
    found = detect(marked["photo"], [*keys, key])
    assert [(mark.payload, mark.key_id) for mark in found.marks] == [(payload, key.id)]
    assert found.attempts == 31
    assert found.marks[0].log10_p == pytest.approx(alone.log10_p + np.log10(31), abs=1e-6)


def test_attempts_after_a_find_count_against_it(
    marked: dict[str, NDArray[Any]], key: MarkKey, monkeypatch: pytest.MonkeyPatch
):
    detector = import_module(detect.__module__)
    monkeypatch.setattr(detector, "WORTH_DECODING", 0.0)
    monkeypatch.setattr(detector, "MOST_GROWTHS", 0)
    other = MarkKey("private", key_named("private").secret, pilots=b"pilots of our own")
    piece = shrunk(marked["photo"], 0.5)
    alone = detect(piece, [key]).marks[0]
    assert alone.log10_p == log10_counted(alone.log10_tail, 1)
    monkeypatch.setattr(detector, "LOG10_P_LIMIT", alone.log10_p + 0.1)
    assert detect(piece, [key]).marks == (alone,)
    both = detect(piece, [key, other])
    assert both.attempts > 1
    assert both.marks == ()


def test_a_rotated_key_still_reads_what_the_old_one_wrote(payload: Payload):
    old, new = key_named("2026"), key_named("2027")
    pixels = embed(photo(), payload, old).pixels
    assert detect(pixels, [new, old]).marks[0].key_name == "2026"


def test_marks_of_two_issuers_stand_side_by_side(payload: Payload):
    first, second = key_named("first"), key_named("second")
    other = Payload(namespace=9, item=99)
    pixels = embed(embed(photo(), payload, first, psnr_db=42).pixels, other, second, psnr_db=42).pixels
    found = {mark.key_name: mark.payload for mark in detect(pixels, [first, second]).marks}
    assert found == {"first": payload, "second": other}


def test_marking_twice_under_one_key_leaves_the_later_mark(payload: Payload, key: MarkKey):
    later = Payload(namespace=9, item=99)
    pixels = embed(photo(), payload, key, psnr_db=42).pixels
    pixels = embed(pixels, later, key, psnr_db=40).pixels
    assert detect(pixels, [key]).marks[0].payload == later


def test_private_pilots_are_found_only_by_their_holder(payload: Payload):
    private = MarkKey("private", key_named("private").secret, pilots=b"pilots of our own")
    pixels = embed(photo(400, 400), payload, private).pixels
    assert detect(cropped(pixels, 0.5), [PUBLIC_KEY, private]).marks[0].payload == payload
    assert detect(pixels, [MarkKey("private", private.secret)]).marks == ()


def test_a_big_picture_is_marked_in_strips(payload: Payload, key: MarkKey):
    pixels = np.tile(photo(1000, 800), (4, 4, 1))
    made = embed(pixels, payload, key)
    assert made.psnr_db == pytest.approx(45, abs=0.1)
    assert detect(made.pixels, [key]).marks[0].payload == payload
    assert detect(shrunk(made.pixels, 0.2), [key]).marks[0].payload == payload


def test_what_cannot_be_marked_is_said(payload: Payload):
    with pytest.raises(PictureTooSmall, match="256"):
        embed(photo(300, 255), payload)
    for pixels in (
        np.zeros((300, 300, 5), np.uint8),
        np.zeros((300, 300), np.float32),
        np.zeros(9, np.uint8),
    ):
        with pytest.raises(PixelsUnfit):
            embed(pixels, payload)
    with pytest.raises(PixelsUnfit):
        embed(photo(300, 300), payload, psnr_db=80)
    with pytest.raises(PayloadOutOfRange):
        Payload(namespace=1 << 16, item=0)


def test_a_hopeless_picture_gives_an_answer_and_no_mark(key: MarkKey):
    for pixels in (np.zeros((20, 3000), np.uint8), np.full((300, 300, 3), 255, np.uint8), photo(40, 40)):
        assert detect(pixels, [key]).marks == ()


@pytest.mark.parametrize("shape", [(23_000, 45), (16, 65_000)])
def test_a_strip_is_looked_at_in_bounded_work(shape: tuple[int, int], key: MarkKey):
    """Longer than OpenCV reads maps from, and with maps along it without end."""
    strip = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert detect(strip, [key]).marks == ()
