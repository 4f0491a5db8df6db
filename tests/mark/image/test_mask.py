"""Where a mark is put: into texture as far as likeness needs it, never around an outline."""

import numpy as np
import pytest
from tests.mark.image.pictures import drawing

from haechi.mark.image.mask import mask_of
from haechi.mark.image.plane import Plane, as_plane, luma

POWER = 4.1  # 42 dB


def _textured_edge(amplitude: float, side: int = 512) -> Plane:
    """Calm, with a tenth of texture at the right."""
    rng = np.random.default_rng(1)
    plane = np.full((side, side), 128.0) + rng.normal(0.0, 0.4, (side, side))
    plane[:, 460:] += rng.normal(0.0, amplitude, (side, side - 460))
    return as_plane(plane)


def test_texture_takes_more_than_a_calm_place_and_leaves_it_enough():
    mask = mask_of(_textured_edge(6.0), POWER)
    assert mask[:, 480:].mean() > 2.0 * mask[:, :400].mean()
    assert mask[:, :400].mean() > 0.42 * np.sqrt(np.mean(mask**2))


def test_a_fainter_mark_needs_less_of_the_texture():
    plane = _textured_edge(6.0)
    faint, strong = (mask_of(plane, power)[:, 480:].mean() for power in (0.4, POWER))
    assert faint < 0.9 * strong


def test_an_outline_in_a_calm_picture_is_no_texture():
    plane = _textured_edge(0.0)
    plane[:, 254:257] = 0.0
    mask = mask_of(plane, POWER)
    assert mask[:, 254:257].mean() == pytest.approx(mask[:, :200].mean(), rel=0.3)


def test_flat_art_and_text_stay_even():
    mask = mask_of(luma(drawing()), POWER)
    assert mask.max() < 1.2
    assert mask.mean() < 1.02
