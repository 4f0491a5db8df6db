"""The tile that a payload and a key stand for (lattice-1, section 5)."""

import numpy as np

from haechi.mark.image.keys import MarkKey
from haechi.mark.image.layout import TILE
from haechi.mark.image.plane import Plane, Reals
from haechi.mark.payload import Payload
from haechi.mark.trellis import encode

PILOT_SHARE = 0.3
SLOPE = 0.9


def tile_of(payload: Payload, key: MarkKey, highest_radius: float) -> Plane:
    """TILE x TILE values of unit power: pilots and data on their lines.

    highest_radius: lines above it are left out, for a picture too small to hold them; their power goes to
    the others.
    """
    layout = key.layout
    coded = encode(payload.bits)[layout.interleaver] * key.signs
    symbols = (coded[0::2] + 1j * coded[1::2]) / np.sqrt(2.0)
    spectrum = np.zeros((TILE, TILE // 2 + 1), np.complex128)
    data = _amplitudes(layout.data.radius, highest_radius, 1.0 - PILOT_SHARE)
    pilots = _amplitudes(layout.pilots.radius, highest_radius, PILOT_SHARE)
    spectrum[layout.data.v % TILE, layout.data.u] = symbols * data
    spectrum[layout.pilots.v % TILE, layout.pilots.u] = layout.phases * pilots
    return np.fft.irfft2(spectrum * TILE * TILE, s=(TILE, TILE)).astype(np.float32)


def _amplitudes(radius: Reals, highest_radius: float, share: float) -> Reals:
    """Amplitudes falling with radius, of total power `share` (a line and its mirror: 2 |c|^2)."""
    fall = np.where(radius <= highest_radius, radius**-SLOPE, 0.0)
    return fall * np.sqrt(share / (2.0 * np.sum(fall**2)))
