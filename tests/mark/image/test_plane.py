"""The quick ways to blur and to scale a plane give what the plain ones give."""

import cv2
import numpy as np
import pytest
from tests.mark.image.pictures import photo

from haechi.mark.image.plane import luma, scaled, smooth, warped


@pytest.mark.parametrize("shape", [(300, 400), (301, 399)])
@pytest.mark.parametrize("sigma", [4.0, 20.0])
def test_a_wide_blur_is_the_same_at_half_the_size(shape: tuple[int, int], sigma: float):
    plane = luma(photo(400, 301, 1))[: shape[0], : shape[1]]
    apart = np.abs(smooth(plane, sigma) - cv2.GaussianBlur(plane, (0, 0), sigma))
    within = int(3 * sigma)
    assert apart[within:-within, within:-within].max() < 0.05
    assert apart.max() < 5.0  # the edges are reflected at either size


@pytest.mark.parametrize("step", [0.31, 0.83, 1.07, 1.9])
def test_scaling_reads_the_places_that_warping_reads(step: float):
    plane = smooth(luma(photo(400, 300, 1)), 1.5)
    width, height = int(400 / step), int(300 / step)
    half = 0.5 * step - 0.5
    matrix = np.array([[step, 0.0, half], [0.0, step, half]])
    apart = np.abs(scaled(plane, step, step, width, height) - warped(plane, matrix, width, height))
    assert apart[4:-4, 4:-4].max() < 1.0  # warping knows places to a thirty-second of a pixel
    assert apart[4:-4, 4:-4].mean() < 0.1
