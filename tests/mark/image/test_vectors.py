"""The published vectors hold for both detectors, and the bound holds against real decodes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mark.image.pictures import drawing, key_named, photo
from tests.mark.image.scenes import marked, parts

from haechi.mark.bound import LOG10_P_LIMIT, log10_p, log10_sign_sum_tail
from haechi.mark.image import MarkKey, Payload, detect
from haechi.mark.image.detect import working_plane
from haechi.mark.image.layout import layout_of
from haechi.mark.image.reading import read_along, soft_data, words_of
from haechi.mark.trellis import decode, decode_each, encode

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs/spec/haechi-lattice-1-vectors.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text())
SCENES = {scene["name"]: scene for scene in VECTORS["scenes"]}
FEW = ("whole", "crop", "half size", "turned 7")


def test_the_parts_are_as_published():
    payload = Payload.from_int(int(VECTORS["parts"]["payload"], 16))
    made = parts(bytes.fromhex(VECTORS["secrets"]["public"]), payload)
    assert made == {name: VECTORS["parts"][name] for name in made}
    for statistic, attempts, expected in VECTORS["bound"]:
        assert log10_p(statistic, attempts) == pytest.approx(expected, abs=0.002)
    for count, fall, statistic, attempts, expected in VECTORS["bound_of_weights"]:
        made = log10_p(statistic, attempts, np.arange(1.0, count + 1) ** -fall)
        assert made == pytest.approx(expected, abs=0.002)


def test_the_sharper_bound_holds_for_every_sum_of_signs():
    rng = np.random.default_rng(11)
    for weights in (np.ones(14), rng.uniform(0.1, 1, 14), np.arange(1.0, 15) ** -0.7):
        signs = 1.0 - 2.0 * (np.arange(1 << 14)[:, None] >> np.arange(14) & 1)
        sums = np.sort(signs @ weights / np.linalg.norm(weights))
        for place in (-1, -2, -20, -400):
            share = np.mean(sums >= sums[place] - 1e-12)
            assert log10_sign_sum_tail(float(sums[place]), weights) >= np.log10(share)
    assert log10_sign_sum_tail(9.8, np.ones(100)) < log10_sign_sum_tail(9.8) - 5


def _check(scene: dict[str, Any]) -> None:
    pixels = marked(scene)
    assert int(pixels.sum()) == scene["pixels_sum"]
    found = detect(pixels, [MarkKey("", bytes.fromhex(scene["secret"]))])
    if not scene["payload"]:
        assert found.marks == ()
        return
    assert found.marks[0].payload.hex == scene["payload"]
    assert found.marks[0].statistic == pytest.approx(scene["statistic"], abs=1.0)


@pytest.mark.parametrize("name", FEW)
def test_a_published_scene_is_read(name: str):
    _check(SCENES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_every_published_scene_is_read(name: str):
    _check(SCENES[name])


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine: the JavaScript detector was not run")
    return node


def _javascript(tmp_path: Path, scenes: list[dict[str, Any]]) -> dict[str, Any]:
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps({**VECTORS, "scenes": scenes}))
    script = Path(__file__).with_name("check_vectors.mjs")
    folder = ROOT / "src/haechi/mark/image/js"
    done = subprocess.run(
        [_node(), str(script), str(folder), str(file)],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return json.loads(done.stdout)


def _check_javascript(tmp_path: Path, names: list[str]) -> None:
    made = _javascript(tmp_path, [SCENES[name] for name in names])
    assert made["parts"] == {name: VECTORS["parts"][name] for name in made["parts"]}
    assert made["bound"] == pytest.approx([expected for _, _, expected in VECTORS["bound"]], abs=0.002)
    sharper = [expected for *_, expected in VECTORS["bound_of_weights"]]
    assert made["sharper"] == pytest.approx(sharper, abs=0.002)
    for found in made["scenes"]:
        scene = SCENES[found["name"]]
        assert found["pixels_sum"] == scene["pixels_sum"]
        assert found["payload"] == scene["payload"]
        if scene["payload"]:
            assert found["statistic"] == pytest.approx(scene["statistic"], abs=1.0)


def test_the_javascript_detector_reads_published_scenes(tmp_path: Path):
    _check_javascript(tmp_path, ["whole", "half size"])


@pytest.mark.slow
def test_the_javascript_detector_reads_every_published_scene(tmp_path: Path):
    _check_javascript(tmp_path, list(SCENES))


def test_the_code_corrects_what_noise_does():
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2, (20, 64)).astype(np.uint8)
    soft = np.stack([encode(each) for each in bits]) + rng.normal(0, 0.9, (20, 192))
    assert (decode_each(soft) == bits).all()  # sixteen together and four alone
    for each, values in zip(bits[:4], soft, strict=False):
        assert (decode(values) == each).all()


def _null_statistics(count: int, first: int = 0) -> list[float]:
    """Statistics of decodes forced on unmarked pictures along wrong geometries, under many keys."""
    layout = layout_of()
    found: list[float] = []
    for seed in range(first, first + max(1, count // 40)):
        plane = working_plane(drawing(500, 400) if seed % 2 else photo(500, 400, seed + 50))
        reading = read_along(plane, np.eye(2) * (0.6 + 0.01 * (seed % 90)), layout)
        assert reading is not None
        soft = soft_data(reading, layout)
        found += [
            word.statistic for word in words_of(soft, [key_named(f"null {seed} {k}") for k in range(40)])
        ]
    return found


def test_forced_decodes_of_unmarked_pictures_stay_under_the_bound():
    highest = max(_null_statistics(80))
    assert highest < 10.5
    assert log10_p(highest, 80) > -6


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_hundred_thousand_forced_decodes_stay_under_the_bound(part: int):
    statistics = np.array(_null_statistics(10_000, first=250 * part))
    assert len(statistics) == 10_000
    assert log10_p(float(statistics.max()), 1) > LOG10_P_LIMIT
    for limit in (9.0, 10.0, 10.5):
        assert np.mean(statistics >= limit) <= max(10 ** log10_p(limit, 1), 0.0) + 3 / len(statistics)
