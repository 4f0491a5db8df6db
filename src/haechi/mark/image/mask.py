"""How much mark each place can hide (lattice-1, section 6).

Texture hides a mark, a lonely edge does not: activity is what changes in every direction alike, by the
eigenvalues of the structure tensor. An outline changes across, hardly along, so flat art next to it keeps
the even amplitude of flat art, and no halo appears. How far texture is preferred is settled for each picture:
as little as keeps it looking like itself, for a mark that is spread evenly is the hardest to remove.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from haechi.mark.image.plane import Plane, as_plane, interpolated, lowest_around, mean_around, resized, smooth

GAIN = 0.4  # of a Sobel gradient: grey levels that the step between two pixels may hide
AROUND = 11
ERODE = 7
BLUR_SIGMA = 2.5
FLATTEST = 0.35  # grey levels: below this activity a place counts as flat
BUSIEST = 4.0  # grey levels: beyond this more texture allows no more mark
COARSER = 4
STRIP = 64  # rows

LEAST_EXPONENT = 0.25
GRAPHIC_EXPONENT = 0.05
STEPS = 8  # halvings of the range: so fine that frames of a film do not flicker
GRAPHIC_SHARE = (0.3, 0.6)  # of the picture without any activity: a photograph, a drawing
NO_ACTIVITY = 0.05
WINDOW = 7
LIKENESS_CONSTANT = (0.03 * 255.0) ** 2
SEEN_BY_WINDOW = 0.8  # of the mark's power: the rest is slower than a window


class Leaning(NamedTuple):
    """How far a mark may prefer texture.

    most: the greatest exponent; calm_share: of an even mark's amplitude, what calm places keep: a crop of
    them must still be read; likeness: what to reach, where these two let it.
    """

    most: float
    calm_share: float
    likeness: float


OF_PICTURES = Leaning(most=1.3, calm_share=0.45, likeness=0.985)
OF_FILMS = Leaning(most=1.0, calm_share=0.7, likeness=0.98)
"""Calmer: what texture a moving place has changes from look to look, and the mark with it."""


class _Places(NamedTuple):
    """A picture at a quarter of the canonical size.

    texture: ln of the activity over the flattest; spread: variance in a window; lifeless: share of the
    picture without any activity.
    """

    texture: Plane
    spread: Plane
    lifeless: float

    def exponent(self, power: float, leaning: Leaning) -> float:
        """The least preference for texture at which a mark of this power leaves the picture like itself."""
        low, high = LEAST_EXPONENT, leaning.most
        first, last = GRAPHIC_SHARE
        graphic = min(1.0, max(0.0, (self.lifeless - first) / (last - first)))
        high += (GRAPHIC_EXPONENT - high) * graphic
        low = min(low, high)
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            unlike = self.likeness(middle, power) < leaning.likeness
            if unlike and self.calm_share(middle) > leaning.calm_share:
                low = middle
            else:
                high = middle
        return low

    def calm_share(self, exponent: float) -> float:
        """What a calm place keeps of the amplitude that an even mark of the same power has."""
        return 1.0 / math.sqrt(float(np.mean(np.exp(2.0 * exponent * self.texture))))

    def likeness(self, exponent: float, power: float) -> float:
        """Structural similarity to expect (Wang et al. 2004, eq. 13), for a mark that is like noise."""
        share = np.exp(2.0 * exponent * self.texture)
        noise = SEEN_BY_WINDOW * power / float(np.mean(share)) * share
        return 1.0 - float(np.mean(noise / (2.0 * self.spread + LIKENESS_CONSTANT + noise)))


def mask_of(plane: Plane, power: float, leaning: Leaning = OF_PICTURES) -> Plane:
    """Relative amplitude for each canonical pixel: 1 in flat places, more in texture.

    power: mean square of the mark to come, grey levels of 255.
    """
    height, width = plane.shape
    places = _places(plane, -(-width // COARSER), -(-height // COARSER))
    return interpolated(np.exp(np.float32(places.exponent(power, leaning)) * places.texture), width, height)


def _places(plane: Plane, width: int, height: int) -> _Places:
    lowest = lowest_around(_activity(plane), ERODE)
    # a plane this smooth loses nothing at a quarter of the size
    calm = smooth(resized(lowest, width, height), BLUR_SIGMA / COARSER)
    texture = np.log(np.clip(calm, FLATTEST, BUSIEST) / np.float32(FLATTEST))
    mean = mean_around(plane, WINDOW)
    spread = resized(as_plane(mean_around(plane * plane, WINDOW) - mean * mean), width, height)
    lifeless = float(np.mean(lowest < NO_ACTIVITY))
    return _Places(texture, np.maximum(spread, np.float32(0)), lifeless)


def _activity(plane: Plane) -> Plane:
    """Strip by strip, so that a dozen planes of intermediate values stay in the processor's cache."""
    height = len(plane)
    made = np.empty_like(plane)
    halo = AROUND // 2 + 1
    for top in range(0, height, STRIP):
        first, last = max(0, top - halo), min(height, top + STRIP + halo)
        bottom = min(height, top + STRIP)
        made[top:bottom] = _activity_of(plane[first:last])[top - first : bottom - first]
    return made


def _activity_of(rows: Plane) -> Plane:
    across = as_plane(cv2.Sobel(rows, cv2.CV_32F, 1, 0, scale=GAIN))
    down = as_plane(cv2.Sobel(rows, cv2.CV_32F, 0, 1, scale=GAIN))
    both = across * down
    both += both
    across *= across
    down *= down
    # sum and difference of the eigenvalues of the averaged tensor
    total = mean_around(across + down, AROUND)
    across -= down
    apart = as_plane(cv2.magnitude(mean_around(across, AROUND), mean_around(both, AROUND)))
    lesser = total - apart
    total += apart
    # the lesser eigenvalue over the root of the greater: a bent outline is far from a texture of its contrast
    total *= np.float32(0.5)
    total += np.float32(1e-3)
    lesser *= np.float32(0.5)
    np.maximum(lesser, np.float32(0), out=lesser)
    lesser /= np.sqrt(total, out=total)
    return lesser
