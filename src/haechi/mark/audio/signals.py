"""The few calls of NumPy and SciPy that the engine needs for spectra and rates, with types."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from haechi.mark.audio.grid import Reals, Samples
from haechi.mark.extra import require

Lines = NDArray[np.complexfloating[Any, Any]]


def lines_of(frames: NDArray[Any], axis: int = -1) -> Lines:
    """The lines of a real signal, in the precision it came in."""
    return np.fft.rfft(frames, axis=axis)


def frames_of(lines: Lines, size: int, axis: int = -1) -> Reals:
    """The real signal with these lines."""
    return np.fft.irfft(lines, size, axis=axis)


def power_of(lines: Lines) -> Reals:
    """The power of each line."""
    return cast("Reals", np.square(lines.real) + np.square(lines.imag))


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """The sound at another rate, filtered so that nothing folds over."""
    if rate == wanted:
        return np.ascontiguousarray(samples)
    common = int(np.gcd(rate, wanted))
    return np.asarray(
        require("scipy.signal").resample_poly(samples, wanted // common, rate // common), np.float32
    )
