"""Sounds for the tests, made by seed: something like speech, something like music."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

Sound = NDArray[np.float32]


def speech(seconds: float = 8.0, rate: int = 16_000, seed: int = 1) -> Sound:
    """Voiced and unvoiced syllables with moving formants and pauses."""
    rng = np.random.default_rng(seed)
    parts: list[NDArray[Any]] = []
    total = 0
    while total < seconds * rate:
        size = int(rng.uniform(0.08, 0.25) * rate)
        pitch = rng.uniform(90, 220) * (1 + 0.1 * np.sin(np.linspace(0, rng.uniform(1, 6), size)))
        phase = np.cumsum(pitch / rate)
        voiced = rng.random() < 0.75
        source = np.diff(np.floor(phase), prepend=0) - pitch / rate if voiced else rng.normal(0, 0.05, size)
        source = source + rng.normal(0, 0.004, size)
        for centre in (rng.uniform(300, 800), rng.uniform(900, 2200), rng.uniform(2300, 3400)):
            radius = np.exp(-np.pi * rng.uniform(60, 160) / rate)
            poles = [1, -2 * radius * np.cos(2 * np.pi * centre / rate), radius * radius]
            source = source + 0.8 * np.asarray(lfilter([1 - radius], poles, source))
        parts.append(source * np.hanning(size))
        total += size
        if rng.random() < 0.3:
            parts.append(rng.normal(0, 1e-4, int(rng.uniform(0.03, 0.2) * rate)))
            total += len(parts[-1])
    sound = np.concatenate(parts)[: int(seconds * rate)]
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def music(seconds: float = 8.0, rate: int = 16_000, seed: int = 1) -> Sound:
    """Plucked chords over a soft noise of brushes."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 0.01, int(seconds * rate))
    time = np.arange(rate) / rate
    for start in np.arange(0, seconds - 1, 0.25):
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        for harmonic in range(1, 14):
            tone = np.sin(2 * np.pi * root * harmonic * time + rng.uniform(0, 6)) * np.exp(
                -3 * harmonic**0.5 * time
            )
            at = int(start * rate)
            sound[at : at + rate] += tone[: len(sound) - at] / harmonic
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def faster(sound: NDArray[Any], percent: int) -> Sound:
    """Played faster: pitch and tempo together."""
    return np.asarray(resample_poly(sound, 100, 100 + percent), np.float32)
