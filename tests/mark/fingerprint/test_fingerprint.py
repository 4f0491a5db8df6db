"""A picture is known again after what pictures go through, and a copied mark is exposed."""

from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the extra `mark` is not installed")
pytest.importorskip("pdqhash", reason="the extra `mark` is not installed")

import cv2  # noqa: E402  # after the check above
from tests.mark.image.pictures import cropped, drawing, jpeg, photo, shrunk  # noqa: E402

from haechi.findings import Verdict  # noqa: E402
from haechi.mark.fingerprint import (  # noqa: E402
    FingerprintIndex,
    Kept,
    Signature,
    SignatureMalformed,
    check_content,
    dihedral_pdq,
    pdq_distance,
    prints_of,
    signature_of,
)
from haechi.mark.image import PUBLIC_KEY, Payload, detect, embed  # noqa: E402


def textured(seed: int):
    """Clouds with shapes on them: key points to find."""
    rng = np.random.default_rng(seed)
    made = photo(900, 700, seed)
    for _ in range(60):
        x, y = int(rng.integers(0, 880)), int(rng.integers(0, 680))
        colour = tuple(int(each) for each in rng.integers(0, 255, 3))
        cv2.rectangle(made, (x, y), (x + int(rng.integers(8, 90)), y + int(rng.integers(8, 70))), colour, -1)
    return made


ORIGINAL = textured(3)
MARKED = embed(ORIGINAL, Payload(7, 1), PUBLIC_KEY, psnr_db=42.0).pixels
KEPT = Kept(prints_of(MARKED).pdq, Signature.from_bytes(signature_of(MARKED).to_bytes()))
OTHER = textured(4)


def turned(pixels: Any, degrees: float):  # noqa: ANN401 - an array
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(pixels, matrix, (width, height))


CHANGES = {
    "none": lambda p: p,
    "jpeg": lambda p: jpeg(p, 40),
    "half": lambda p: shrunk(p, 0.5),
    "crop": lambda p: cropped(p, 0.5),
    "turn": lambda p: turned(p, 8),
    "mirror": lambda p: p[:, ::-1].copy(),
    "crop, turn, shrink, jpeg": lambda p: jpeg(shrunk(cropped(turned(p, 5), 0.6), 0.8), 60),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_marked_picture_is_known_again_after(name: str):
    changed = np.ascontiguousarray(CHANGES[name](MARKED))
    (mark,) = detect(changed).marks
    assert check_content(changed, KEPT, mark.geometry).code == "mark.content.same"


@pytest.mark.parametrize("name", ["none", "jpeg", "half", "mirror"])
def test_it_is_known_again_without_any_mark_after(name: str):
    changed = np.ascontiguousarray(CHANGES[name](ORIGINAL))
    assert check_content(changed, KEPT, None).code == "mark.content.same"


@pytest.mark.parametrize("name", ["none", "jpeg", "half", "turn"])
def test_a_mark_copied_onto_another_picture_is_exposed(name: str):
    forged = np.ascontiguousarray(CHANGES[name](embed(OTHER, Payload(7, 1), psnr_db=42.0).pixels))
    (mark,) = detect(forged).marks
    finding = check_content(forged, KEPT, mark.geometry)
    assert finding.code in ("mark.content.differs", "mark.content.too-little")
    if name in ("none", "jpeg", "half"):
        assert finding.verdict is Verdict.FAILS


def test_another_picture_without_a_mark_is_never_called_the_same():
    for seed in range(5, 9):
        assert check_content(textured(seed), KEPT, None).verdict is Verdict.UNDECIDED


def test_flat_art_is_undecided_rather_than_wrong():
    flat = drawing()
    kept = Kept(None, signature_of(flat))
    small = embed(flat, Payload(7, 2), psnr_db=42.0).pixels
    (mark,) = detect(small).marks
    assert check_content(small, kept, mark.geometry).verdict is not Verdict.FAILS
    assert check_content(small, Kept(None, None), mark.geometry).code == "mark.content.nothing-kept"


def test_a_watermark_hardly_changes_the_fingerprint():
    assert pdq_distance(prints_of(ORIGINAL).pdq, prints_of(MARKED).pdq) <= 8
    assert prints_of(MARKED).iscc.startswith("ISCC:EEA")


@pytest.mark.parametrize("kind", ["grey", "grey16", "rgba", "rgb16"])
def test_every_kind_of_pixels_has_fingerprints(kind: str):
    grey = cv2.cvtColor(ORIGINAL, cv2.COLOR_RGB2GRAY)
    pixels = {
        "grey": grey,
        "grey16": grey.astype(np.uint16) * 257,
        "rgba": np.dstack([ORIGINAL, np.full(grey.shape, 255, np.uint8)]),
        "rgb16": ORIGINAL.astype(np.uint16) * 257,
    }[kind]
    assert pdq_distance(prints_of(pixels).pdq, prints_of(ORIGINAL).pdq) <= 16


def test_quarter_turns_and_mirror_images_are_among_the_eight():
    own = prints_of(ORIGINAL).pdq
    for changed in (np.rot90(ORIGINAL), ORIGINAL[:, ::-1], np.rot90(ORIGINAL, 2)):
        eight = dihedral_pdq(np.ascontiguousarray(changed))
        assert len(eight) == 8
        assert min(pdq_distance(own, each) for each in eight) <= 20


def test_the_index_finds_the_nearest_first_with_and_without_faiss(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(5)
    hashes = [rng.bytes(32).hex() for _ in range(500)]
    near = f"{int(hashes[77], 16) ^ 0b111:064x}"
    for absent in (False, True):
        if absent:
            monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
        index = FingerprintIndex[int]()
        index.add(enumerate(hashes))
        assert index.near(near)[0] == (77, 3)
        assert index.near(hashes[77])[0] == (77, 0)
        assert index.near("00" * 32, most=20) == []
        assert FingerprintIndex[int]().near(near) == []


def test_a_signature_file_has_one_form():
    raw = signature_of(MARKED).to_bytes()
    again = Signature.from_bytes(raw)
    assert again.to_bytes() == raw
    for bad in (b"", raw[:-1], raw + b"\x00", b"x" + raw[1:]):
        with pytest.raises(SignatureMalformed):
            Signature.from_bytes(bad)
