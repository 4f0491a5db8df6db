"""Fourier transforms in single precision, with types. SciPy's use vector units: three times NumPy's pace."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haechi.mark.extra import require
from haechi.mark.image.plane import Plane, as_plane

Spectra = NDArray[np.complex64]

_fft = require("scipy.fft")


def half_plane(plane: Plane, size: tuple[int, int] | None = None) -> Spectra:
    """The half spectrum of a real plane, padded with zeros to `size`: (rows, columns // 2 + 1)."""
    return np.asarray(_fft.rfft2(plane, s=size), np.complex64)


def surface(half: NDArray[Any], size: tuple[int, int]) -> Plane:
    """The real plane of `size` that has this half spectrum."""
    return as_plane(_fft.irfft2(half, s=size))


def sparse_surface(half: NDArray[Any], size: tuple[int, int]) -> Plane:
    """Planes of `size` from the first few columns of their half spectra, (..., rows, few); the rest is 0."""
    down = _fft.ifft(half, axis=-2)
    return as_plane(_fft.irfft(down, n=size[1], axis=-1))


def tile_spectra(blocks: Plane, columns: int) -> Spectra:
    """(rows, TILE, columns, TILE) blocks to their spectra in the same places, the first `columns` across."""
    across = _fft.rfft(blocks, axis=3)[..., :columns]
    return np.asarray(_fft.fft(across, axis=1), np.complex64)
