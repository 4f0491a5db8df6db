"""Where a mark is put: into texture as far as likeness needs it, never around an outline."""

import numpy as np
import pytest
from tests.mark.image.pictures import drawing

from haechi.mark.image.mask import mask_of
from haechi.mark.image.plane import as_plane, luma

POWER = 4.1  # 42 dB


def _half_textured(amplitude: float, side: int = 512):
    plane = np.full((side, side), 128.0) + np.random.default_rng(1).normal(0.0, 0.4, (side, side))
    plane[:, side // 2 :] += np.random.default_rng(2).normal(0.0, amplitude, (side, side // 2))
    return as_plane(plane)


def test_texture_takes_more_than_a_calm_place():
    mask = mask_of(_half_textured(3.0), POWER)
    assert mask[:, 300:].mean() > 2.0 * mask[:, :200].mean()


def test_a_fainter_mark_needs_less_of_the_texture():
    plane = _half_textured(3.0)
    ratios = [
        mask[:, 300:].mean() / mask[:, :200].mean() for mask in (mask_of(plane, 0.4), mask_of(plane, POWER))
    ]
    assert ratios[0] < 0.6 * ratios[1]


def test_an_outline_in_a_calm_picture_is_no_texture():
    plane = _half_textured(0.0)
    plane[:, 254:257] = 0.0
    mask = mask_of(plane, POWER)
    assert mask[:, 254:257].mean() == pytest.approx(mask[:, :200].mean(), rel=0.3)


def test_flat_art_and_text_stay_even():
    mask = mask_of(luma(drawing()), POWER)
    assert mask.max() < 1.2
    assert mask.mean() < 1.02
