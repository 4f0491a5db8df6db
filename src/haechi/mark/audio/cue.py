"""Notices that are heard: the rhythm of GB 45438-2025 (short long, short short: "A I"), and spoken words."""

import shutil
import subprocess
from typing import Final

import numpy as np

from haechi.mark.audio import wave
from haechi.mark.audio.grid import Samples
from haechi.mark.audio.signals import resampled

UNIT_S: Final = 0.09
TONE_HZ: Final = 880.0
LEVEL: Final = 0.2
EDGE_S: Final = 0.008
RHYTHM: Final = (".-", "..")
"""Morse for A and I: what the standard describes as short long, short short."""
SPEAKER: Final = "espeak-ng"
_MOST_LETTERS: Final = 300
_VOICES: Final = {"ko": "ko", "en": "en", "zh": "cmn", "ja": "ja", "fr": "fr", "de": "de", "es": "es"}


def rhythm_cue(rate: int) -> Samples:
    """(n,) the cue: tones of one and three units, a unit apart, three units between the letters.

    >>> len(rhythm_cue(1000))
    1170
    """
    parts: list[Samples] = []
    for at, letter in enumerate(RHYTHM):
        if at:
            parts.append(_silence(3, rate))
        for place, sign in enumerate(letter):
            if place:
                parts.append(_silence(1, rate))
            parts.append(_tone(3 if sign == "-" else 1, rate))
    parts.append(_silence(2, rate))
    return np.concatenate(parts)


def spoken_notice(words: str, language: str, rate: int) -> Samples | None:
    """(n,) the words spoken by eSpeak NG, or None where that is not installed or does not speak.

    language: such as "ko" or "en"; at most 300 characters are spoken.
    """
    program = shutil.which(SPEAKER)
    if program is None or language not in _VOICES:
        return None
    try:
        made = subprocess.run(  # noqa: S603  # a fixed program, the words as standard input
            [program, "-v", _VOICES[language], "--stdin", "--stdout"],
            input=words[:_MOST_LETTERS].encode(),
            capture_output=True,
            timeout=20,
            check=True,
        ).stdout
        apart = wave.parsed(made)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    samples = wave.samples_of(apart).mean(axis=1).astype(np.float32)
    return resampled(samples, apart.rate, rate)


def _tone(units: int, rate: int) -> Samples:
    count = round(units * UNIT_S * rate)
    time = np.arange(count) / rate
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / EDGE_S)
    return (LEVEL * edge * np.sin(2.0 * np.pi * TONE_HZ * time)).astype(np.float32)


def _silence(units: int, rate: int) -> Samples:
    return np.zeros(round(units * UNIT_S * rate), np.float32)
