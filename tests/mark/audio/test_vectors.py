"""The published vectors hold: layout, signs, code word, marked samples, statistic."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haechi.mark.audio import detect, embed
from haechi.mark.audio.grid import data_signs_of, grid_of
from haechi.mark.image import MarkKey, Payload
from haechi.mark.trellis import encode

VECTORS = Path(__file__).parents[3] / "docs" / "spec" / "haechi-audio-1-vectors.json"


def scene(count: int) -> np.ndarray:
    """Sound that any language can make again: noise from a 32-bit generator, loud and soft by turns."""
    state, values = 1, np.empty(count)
    for at in range(count):
        state = (1664525 * state + 1013904223) % (1 << 32)
        values[at] = state / (1 << 31) - 1.0
    smooth = np.convolve(values, np.ones(4) / 4, mode="same")
    return (0.3 * smooth * (0.2 + np.abs(np.sin(np.arange(count) * 2 * np.pi / 9000)))).astype(np.float32)


def vectors_now() -> dict[str, Any]:
    key = MarkKey("vectors", sha256(b"haechi-audio-1 vectors").digest())
    payload = Payload.from_int(0x0123456789ABCDEF)
    grid = grid_of(key.pilots)
    sound = scene(128_000)
    marked = embed(sound, 16_000, payload, key).samples
    mark = detect(marked, 16_000, [key], full=False).marks[0]
    return {
        "secret": key.secret.hex(),
        "payload": payload.hex,
        "pilot_cells": grid.pilots[:8].tolist(),
        "pilot_signs": grid.signs[:8].astype(int).tolist(),
        "data_cells": grid.data[:8].tolist(),
        "data_signs": data_signs_of(key.secret)[:16].astype(int).tolist(),
        "code_word": "".join("0" if sign > 0 else "1" for sign in encode(payload.bits)),
        "sound_at_1000": [round(float(value), 6) for value in sound[1000:1004]],
        "added_at_50000": [round(float(value), 5) for value in (marked - sound)[50_000:50_008]],
        "statistic": round(mark.statistic, 2),
        "log10_p": round(mark.log10_p, 1),
    }


def test_the_published_vectors_hold():
    told, now = json.loads(VECTORS.read_text("utf-8")), vectors_now()
    assert now["statistic"] == pytest.approx(told.pop("statistic"), abs=0.05)
    assert now["log10_p"] == pytest.approx(told.pop("log10_p"), abs=1.0)
    for name in ("sound_at_1000", "added_at_50000"):
        assert now[name] == pytest.approx(told.pop(name), abs=2e-5)
    assert told == {name: now[name] for name in told}
