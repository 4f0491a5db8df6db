"""A mark is read back from what sounds go through, and never from a sound that has none."""

from collections.abc import Callable
from hashlib import sha256

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from tests.mark.audio.sounds import Sound, faster, music, speech

from haechi.mark.audio import Marker, SoundUnfit, detect, embed, embed_stream
from haechi.mark.audio.detect import word_of
from haechi.mark.bound import LOG10_P_LIMIT
from haechi.mark.image import MarkKey, Payload

RATE = 16_000


def _reads(samples: Sound, rate: int, key: MarkKey, payload: Payload, *, full: bool = False) -> bool:
    found = detect(samples, rate, [key], full=full)
    return any(mark.payload == payload for mark in found.marks)


@pytest.mark.parametrize("made", [speech, music])
def test_a_marked_sound_is_read_and_sounds_the_same(
    made: Callable[[float], Sound], key: MarkKey, payload: Payload
):
    sound = made(10.0)
    marked = embed(sound, RATE, payload, key)
    found = detect(marked.samples, RATE, [key])
    assert [mark.payload for mark in found.marks] == [payload]
    assert found.marks[0].log10_p < -20
    assert marked.samples.shape == sound.shape
    assert marked.snr_db > 14
    assert not detect(sound, RATE, [key], full=False).marks


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 192_000])
def test_every_rate(rate: int, key: MarkKey, payload: Payload):
    sound = speech(7.0, min(rate, 48_000))
    sound = np.repeat(sound, 4) if rate > 48_000 else sound
    assert _reads(embed(sound, rate, payload, key).samples, rate, key, payload)


def test_stereo_keeps_its_sides_and_each_side_carries_the_mark(key: MarkKey, payload: Payload):
    both = np.stack([speech(8.0), music(8.0)], axis=1)
    marked = embed(both, RATE, payload, key).samples
    assert marked.shape == both.shape
    assert _reads(marked, RATE, key, payload)
    assert _reads(marked[:, 0], RATE, key, payload)
    assert _reads(marked[:, 1], RATE, key, payload)


def test_sides_that_cancel_each_other_are_read(key: MarkKey, payload: Payload):
    sound = music(8.0)
    marked = embed(np.stack([sound, -sound], axis=1), RATE, payload, key).samples
    assert _reads(marked, RATE, key, payload)


def test_a_stream_is_marked_as_a_file_is_whatever_the_blocks(key: MarkKey, payload: Payload):
    sound = speech(5.0)
    whole = embed(sound, RATE, payload, key).samples
    cuts = np.cumsum(np.random.default_rng(3).integers(1, 3000, 200))
    blocks = np.split(sound, cuts[cuts < len(sound)])
    parts = list(embed_stream(blocks, Marker(RATE, payload, key)))
    joined = np.concatenate(parts)[:, 0]
    assert len(joined) == len(sound)
    np.testing.assert_allclose(joined, whole, atol=1e-5)


def test_a_stream_waits_for_no_more_than_a_frame(key: MarkKey, payload: Payload):
    marker = Marker(RATE, payload, key)
    sound = speech(2.0)
    given = 0
    for at in range(0, len(sound), 160):
        given += len(marker.push(sound[at : at + 160]))
        assert at + 160 - given <= 0.02 * RATE


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[int(1.7 * RATE) : int(6.7 * RATE)],
        lambda x: 0.3 * x,
        lambda x: -x,
        lambda x: np.rint(x * 127) / 127,
        lambda x: x + np.random.default_rng(1).normal(0, np.sqrt(np.mean(x**2) / 100), len(x)),
        lambda x: sosfilt(butter(8, 3400, fs=RATE, output="sos"), x),
        lambda x: x + 0.4 * np.concatenate([np.zeros(960), x[:-960]]),
        lambda x: np.concatenate([music(4.0, seed=9), x]),
    ],
    ids=["crop", "quieter", "inverted", "8 bit", "noise 20 dB", "telephone", "echo", "behind other sound"],
)
def test_what_sounds_go_through(change: Callable[[Sound], Sound], key: MarkKey, payload: Payload):
    marked = embed(speech(12.0), RATE, payload, key).samples
    assert _reads(change(marked), RATE, key, payload)


@pytest.mark.parametrize("percent", [-8, 3, 10])
def test_other_speeds_are_found_and_told(percent: int, key: MarkKey, payload: Payload):
    marked = embed(speech(12.0), RATE, payload, key).samples
    played = faster(marked, percent)
    assert not detect(played, RATE, [key], full=False).marks
    found = detect(played, RATE, [key])
    assert found.marks[0].payload == payload
    assert found.marks[0].tempo == pytest.approx(1 + percent / 100, abs=0.002)


def test_other_keys_read_nothing_and_every_decode_counts(key: MarkKey, payload: Payload):
    marked = embed(speech(8.0), RATE, payload, key).samples
    others = [MarkKey(str(at), sha256(bytes([at])).digest()) for at in range(20)]
    none = detect(marked, RATE, others, full=False)
    assert not none.marks
    assert none.attempts >= 20
    assert none.best_log10_p > -3
    among = detect(marked, RATE, [*others, key], full=False)
    alone = detect(marked, RATE, [key], full=False)
    assert [mark.key_name for mark in among.marks] == ["test"]
    assert among.marks[0].log10_p > alone.marks[0].log10_p


def test_two_marks_one_after_the_other_are_both_found(key: MarkKey, payload: Payload):
    second = Payload(namespace=9, item=9)
    joined = np.concatenate(
        [
            embed(speech(32.0), RATE, payload, key).samples,
            embed(speech(32.0, seed=4), RATE, second, key).samples,
        ]
    )
    assert {mark.payload for mark in detect(joined, RATE, [key], full=False).marks} == {payload, second}


def test_the_statistic_of_noise_stays_below_the_limit(key: MarkKey):
    rng = np.random.default_rng(11)
    best = max(word_of(rng.normal(size=6400).astype(np.float32), key)[1] for _ in range(40))
    assert 6 < best < 11.5  # 64 bits fitted to noise always show something
    assert LOG10_P_LIMIT == -9


def test_silence_and_short_sounds_say_nothing(key: MarkKey, payload: Payload):
    silent = np.zeros(5 * RATE, np.float32)
    assert np.array_equal(embed(silent, RATE, payload, key).samples, silent)
    assert not detect(silent, RATE, [key]).marks
    assert not detect(silent[:100], RATE, [key]).marks
    assert not detect(silent[:0], RATE, [key]).marks


@pytest.mark.parametrize(
    ("samples", "rate", "strength"),
    [
        (np.zeros(100), 7_999, 2.0),
        (np.zeros(100), 192_001, 2.0),
        (np.zeros((100, 17)), RATE, 2.0),
        (np.full(100, np.nan), RATE, 2.0),
        (np.zeros(100), RATE, 9.0),
    ],
)
def test_what_cannot_be_marked_is_said(
    samples: Sound, rate: int, strength: float, key: MarkKey, payload: Payload
):
    assert len(embed(np.zeros(100), RATE, payload, key, strength_db=2.0).samples) == 100
    with pytest.raises(SoundUnfit):
        embed(samples, rate, payload, key, strength_db=strength)
