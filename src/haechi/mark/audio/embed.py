"""Writing a mark into sound: gains of a few per cent in cells of 12 ms by 125 Hz (audio-1, section 4).

The marker works at the sound's own rate, block by block, and adds nothing outside 469 to 3594 Hz. It never
looks ahead by more than a frame (16 ms), so that speech can be marked while it is being made.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.errors import BadInput
from haechi.mark.audio.grid import (
    BAND_HZ,
    BANDS,
    CHIP_HOPS,
    CHIPS,
    FRAME_HOPS,
    HOP_S,
    LOWEST_HZ,
    Indices,
    Reals,
    Samples,
    data_signs_of,
    grid_of,
)
from haechi.mark.audio.signals import Lines, frames_of, lines_of, power_of
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey
from haechi.mark.payload import Payload
from haechi.mark.trellis import encode
from haechi.words import Text

STRENGTH_DB = 2.2
STRENGTHS = (0.2, 6.0)
RATES = (8_000, 192_000)
MOST_CHANNELS = 16
BLOCK_FRAMES = 1024
SMOOTH = (0.1065, 0.787)
"""Edges of cells are rounded over three hops, so that they do not click."""
PAST_HOPS = 12
SHAPE_BASE, SHAPE_PER_DB, SHAPE_RANGE = 0.7, 0.1, (0.75, 1.15)


class SoundUnfit(BadInput):
    """Samples of a shape, rate or value that cannot be marked; facts: why."""

    code: ClassVar[str] = "mark.sound.unfit"
    what = Text("this sound cannot be used: {why}", "쓸 수 없는 소리입니다: {why}")
    hint = Text(
        "give 8 to 192 kHz, 1 to 16 channels, finite samples",
        "8~192 kHz, 1~16채널, 유한한 표본값을 주세요",
    )


class MarkedSound(NamedTuple):
    """The samples with the mark; snr_db: the sound against what was added (infinite for silence)."""

    samples: Samples
    snr_db: float


class Marker:
    """Marks sound as it comes, in blocks of any size, with a delay of one frame (16 ms).

    Always true: samples given out are the marked form of the samples taken in, in order; after `finish`
    as many have been given out as were taken in.
    """

    def __init__(
        self,
        rate: int,
        payload: Payload,
        key: MarkKey = PUBLIC_KEY,
        *,
        channels: int = 1,
        strength_db: float = STRENGTH_DB,
    ) -> None:
        """rate: samples a second; raises SoundUnfit."""
        check_form(rate, channels)
        if not STRENGTHS[0] <= strength_db <= STRENGTHS[1]:
            raise SoundUnfit(why=f"a strength of {strength_db} dB")
        self._hop = round(rate * HOP_S)
        self._frame = FRAME_HOPS * self._hop
        self._rate = rate
        self._bins = _bands_of_bins(rate, self._frame)
        grid = grid_of(key.pilots)
        self._pattern = strength_db * grid.pattern(data_signs_of(key.secret), encode(payload.bits))
        self._window = (hann(self._frame) / np.sqrt(1.5)).astype(np.float32)
        # A frame is centred on each hop; the first begins half a frame before the sound does.
        self._waiting = np.zeros((channels, self._frame // 2), np.float32)
        self._past = np.zeros((PAST_HOPS, BANDS))
        self._tail = np.zeros((channels, self._frame - self._hop), np.float32)
        self._lead = self._frame // 2
        self._frames = 0
        self._taken = 0
        self._given = 0

    def push(self, block: NDArray[Any]) -> Samples:
        """The marked samples that are ready. block: (n,) or (n, channels) floats; raises SoundUnfit."""
        given = np.asarray(block, np.float32)
        given = given[None] if given.ndim == 1 else given.T
        if given.shape[0] != self._waiting.shape[0]:
            raise SoundUnfit(why=f"{given.shape[0]} channels, expected {self._waiting.shape[0]}")
        if not np.isfinite(given).all():
            raise SoundUnfit(why="a sample is not a number")
        self._taken += given.shape[1]
        self._waiting = np.concatenate([self._waiting, given], axis=1)
        parts: list[Samples] = []
        while (ready := (self._waiting.shape[1] - self._frame) // self._hop + 1) > 0:
            parts.append(self._turned(min(ready, BLOCK_FRAMES)))
        done = np.concatenate(parts, axis=1) if parts else self._waiting[:, :0]
        return self._trimmed(done)

    def finish(self) -> Samples:
        """The rest: as many samples as are still owed."""
        owed = self._taken - self._given
        padded = np.zeros((owed + 2 * self._frame, self._waiting.shape[0]), np.float32)
        taken, rest = self._taken, self.push(padded)
        self._taken = taken
        self._given = taken
        return rest[:owed]

    def _turned(self, count: int) -> Samples:
        """`count` hops of output from the frames that begin in what is waiting."""
        hop, frame = self._hop, self._frame
        used = (count - 1) * hop + frame
        here = self._waiting[:, :used]
        cut = np.lib.stride_tricks.sliding_window_view(here, frame, axis=1)[:, ::hop]
        lines = lines_of(cut * self._window)
        lo, hi = int(self._bins[0]), int(self._bins[1])
        lines[:, :, :lo] = 0
        lines[:, :, hi:] = 0
        lines[:, :, lo:hi] *= self._gains(count, lines[:, :, lo:hi])
        added = frames_of(lines, frame) * self._window
        whole = np.zeros((here.shape[0], used), np.float32)
        whole[:, : frame - hop] = self._tail
        rows = added.reshape(added.shape[0], count, FRAME_HOPS, hop)
        for part in range(FRAME_HOPS):
            span = whole[:, part * hop : (part + count) * hop]
            span += rows[:, :, part].reshape(added.shape[0], -1)
        done = whole[:, : count * hop]
        self._tail = whole[:, count * hop :].copy()
        original = here[:, : count * hop]
        self._waiting = self._waiting[:, count * hop :]
        self._frames += count
        return original + done

    def _gains(self, count: int, lines: Lines) -> Samples:
        """(count, bins): what each line is to be multiplied with to give what is added."""
        at = np.arange(self._frames - 1, self._frames + count + 1)
        chip = np.floor((np.maximum(at, 0) * self._hop / self._rate / HOP_S + 0.5) / CHIP_HOPS)
        level = self._pattern[chip.astype(np.int64) % CHIPS]
        level = SMOOTH[0] * (level[:-2] + level[2:]) + SMOOTH[1] * level[1:-1]
        factor = 10.0 ** (level * self._shape(lines) / 20.0) - 1.0
        return factor.astype(np.float32)[:, self._bins[2:]]

    def _shape(self, lines: Lines) -> Samples:
        """(count, 25): how much of the gain each cell takes, by how lively the band has been.

        A change of level hides in a band whose level moves anyway, and is heard as roughness in a steady
        tone. Only the past is looked at, so that a stream and a file are marked alike.
        """
        power = power_of(lines).sum(axis=0)
        starts = np.searchsorted(self._bins[2:], np.arange(BANDS))
        levels = 10.0 * np.log10(np.add.reduceat(power, starts, axis=1) + 1e-12)
        seen = np.concatenate([self._past, levels])
        self._past = seen[-PAST_HOPS:]
        sums = np.cumsum(np.pad(np.stack([seen, seen**2]), ((0, 0), (1, 0), (0, 0))), axis=1)
        span = PAST_HOPS + 1
        mean, square = (sums[:, span:] - sums[:, :-span]) / span
        moves = np.sqrt(np.maximum(square - mean**2, 0.0))
        return np.clip(SHAPE_BASE + SHAPE_PER_DB * moves, *SHAPE_RANGE).astype(np.float32)

    def _trimmed(self, done: Samples) -> Samples:
        skip = min(self._lead, done.shape[1])
        self._lead -= skip
        done = done[:, skip:]
        self._given += done.shape[1]
        return done.T


def embed(
    samples: NDArray[Any],
    rate: int,
    payload: Payload,
    key: MarkKey = PUBLIC_KEY,
    *,
    strength_db: float = STRENGTH_DB,
) -> MarkedSound:
    """The samples with the mark, same shape. samples: (n,) or (n, channels) floats; rate: a second.

    Raises SoundUnfit. Digital silence stays silent, and carries nothing.
    """
    given = np.asarray(samples, np.float32)
    channels = 1 if given.ndim == 1 else given.shape[1]
    marker = Marker(rate, payload, key, channels=channels, strength_db=strength_db)
    marked = np.concatenate([marker.push(given), marker.finish()]).reshape(given.shape)
    added, held = float(np.square(marked - given).sum()), float(np.square(given).sum())
    snr_db = 10.0 * np.log10(held / added) if added > 0 else np.inf
    return MarkedSound(marked, float(snr_db))


def embed_stream(blocks: Iterable[NDArray[Any]], marker: Marker) -> Iterator[Samples]:
    """The marked form of blocks as they come, then the rest."""
    for block in blocks:
        yield marker.push(block)
    yield marker.finish()


def check_form(rate: int, channels: int) -> None:
    """Raise SoundUnfit for a rate or a number of channels out of bounds."""
    if not RATES[0] <= rate <= RATES[1]:
        raise SoundUnfit(why=f"{rate} samples a second")
    if not 1 <= channels <= MOST_CHANNELS:
        raise SoundUnfit(why=f"{channels} channels")


def hann(size: int) -> Reals:
    """A periodic Hann window; its squares at four shifts of a quarter add up to 1.5."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)


def _bands_of_bins(rate: int, frame: int) -> Indices:
    """First bin, end of bins, then the band of each bin between."""
    frequency = np.arange(frame // 2 + 1) * (rate / frame)
    band = np.floor((frequency - LOWEST_HZ) / BAND_HZ)
    inside = np.flatnonzero((band >= 0) & (band < BANDS))
    return np.concatenate([[inside[0], inside[-1] + 1], band[inside]]).astype(np.int64)
