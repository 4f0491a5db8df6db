"""One pass over a film for all that is asked of it afterwards: pooled frames, stills, and what is heard.

Memory does not grow with the length: stretches are summed up, stills thinned out, and of the sound no more
than the first minutes are kept.
"""

import math
from dataclasses import dataclass
from typing import Any

import av
import av.error
import numpy as np

from haechi.mark.audio.embed import RATES
from haechi.mark.audio.feature import WORKING_RATE
from haechi.mark.audio.grid import Samples
from haechi.mark.video.pool import Pool
from haechi.mark.video.source import (
    WIDE,
    Bounds,
    Budget,
    Form,
    Source,
    VideoUnreadable,
    check_seconds,
    frames_in,
    opened,
    picture_of,
    size_of,
    sounds_of,
)
from haechi.mark.video.stills import Sampler, Still, pixels_of
from haechi.words import Text

MOST_POOLED = 480
MOST_STILLS, STILL_STEP_S = 48, 0.5
HEARD_S = 600.0
MOST_RAW_SAMPLES = 200_000_000
"""Over all channels, before they become one at 16 kHz: a small file may hold many channels at a high rate."""


@dataclass(slots=True)
class Watched:
    """What one pass gave. heard: one channel at 16 kHz, None without a track whose rate is within RATES;
    ends_s: of the pictures; whole: False where the pixels of the bounds ended before the film did.
    """

    form: Form
    pool: Pool
    stills: list[Still]
    heard: Samples | None
    ends_s: float
    frames: int
    whole: bool


def watch(source: Source, form: Form, most_pooled: int = MOST_POOLED, bounds: Bounds = WIDE) -> Watched:
    """Look at a film once, from its beginning to its end; raises VideoUnreadable, VideoTooLarge.

    A film that breaks off is looked at as far as it goes, one of more pixels than the bounds allow as far as
    they reach. most_pooled: predicted frames to be pooled, about.
    """
    with opened(source) as container:
        return _Pass(container, form, (size_of(source), bounds), most_pooled).run()


class _Pass:
    """One pass. Always true: a frame is pooled, or taken as a still, once."""

    def __init__(self, container: Any, form: Form, within: tuple[int, Bounds], most: int) -> None:  # noqa: ANN401  # PyAV's
        """within: the size of the file, and the bounds."""
        size, bounds = within
        self._container, self._form, self._bounds = container, form, bounds
        self._budget = Budget(size)
        self._picture = picture_of(container, bounds.frame_pixels)
        self._picture.thread_type = "AUTO"
        if _keys_alone(form, bounds):
            self._picture.codec_context.skip_frame = "NONKEY"
        self._step_s = form.seconds / most
        self._pool, self._sampler = Pool(), Sampler(MOST_STILLS, STILL_STEP_S)
        self._stills: list[Still] = []
        self._heard: list[Samples] = []
        self._heard_samples, self._raw_samples, self._frames = 0, 0, 0
        self._last_pooled_s, self._ends_s = -1e9, 0.0
        self._whole, self._starts_s = True, math.inf

    def run(self) -> Watched:
        """All of it."""
        sounds = [
            each for each in sounds_of(self._container) if _can_be_heard(each.codec_context.sample_rate)
        ]
        streams = [self._picture, *sounds[:1]]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=WORKING_RATE)
        for packet in self._container.demux(streams):
            if packet.stream.index == self._picture.index:
                for frame in frames_in(packet, self._picture, self._bounds.frame_pixels):
                    self._whole = self._whole and self._affords(frame)
                    if self._whole:
                        self._see(frame)
                if not self._whole:
                    break
            elif self._heard_samples < HEARD_S * WORKING_RATE and self._raw_samples < MOST_RAW_SAMPLES:
                self._hear(packet, resampler)
        if not self._frames:
            raise VideoUnreadable(why=Text("no frame can be decoded", "디코딩되는 프레임이 없음"))
        heard = None
        if sounds:
            heard = np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)
            heard = heard[: round(HEARD_S * WORKING_RATE)]
        return Watched(self._form, self._pool, self._stills, heard, self._ends_s, self._frames, self._whole)

    def _affords(self, frame: Any) -> bool:  # noqa: ANN401  # PyAV's
        """Whether the bounds allow one more frame; raises VideoTooLarge for a bomb."""
        self._budget.take(frame.width * frame.height)
        return self._bounds.pixels is None or self._budget.spent <= self._bounds.pixels

    def _see(self, frame: Any) -> None:  # noqa: ANN401  # PyAV's
        if (frame.width, frame.height) != (self._form.width, self._form.height):
            return  # another film spliced behind: the pool is of one size
        at_s = float(self._frames / self._form.rate if frame.time is None else frame.time)
        self._starts_s = min(self._starts_s, at_s)
        check_seconds(at_s - self._starts_s, self._bounds)
        self._frames += 1
        self._ends_s = max(self._ends_s, at_s + 1.0 / float(self._form.rate))
        kind = int(frame.pict_type)
        if kind == 1 or at_s >= self._last_pooled_s + self._step_s:
            self._pool.add(_luma(frame), at_s, kind)
            self._last_pooled_s = at_s
        if self._sampler.wants(at_s):
            self._stills.append(Still(at_s, pixels_of(frame)))
            kept = self._sampler.take(at_s)
            if kept is not None:
                self._stills = [self._stills[at] for at in kept]

    def _hear(self, packet: Any, resampler: Any) -> None:  # noqa: ANN401  # PyAV's
        try:
            for frame in packet.decode():
                # What is made of a frame goes by the seconds it claims, not by its bytes.
                if not _can_be_heard(frame.sample_rate) or frame.samples > HEARD_S * frame.sample_rate:
                    continue
                self._raw_samples += frame.samples * len(frame.layout.channels)
                for each in resampler.resample(frame):
                    samples = np.asarray(each.to_ndarray(), np.float32).reshape(-1)
                    self._heard.append(np.nan_to_num(samples, posinf=0.0, neginf=0.0))
                    self._heard_samples += len(samples)
        except (av.error.FFmpegError, ValueError):  # a broken packet, or sound that changes its form
            return


def _can_be_heard(rate: int) -> bool:
    return RATES[0] <= rate <= RATES[1]


def _keys_alone(form: Form, bounds: Bounds) -> bool:
    """Whether a film of this length is looked at through the frames that were coded by themselves alone."""
    claimed = form.width * form.height * (form.seconds or math.inf) * float(form.rate)
    return form.seconds > bounds.keys_alone_s or (bounds.pixels is not None and claimed > bounds.pixels)


def _luma(frame: Any) -> Any:  # noqa: ANN401  # PyAV's
    """The luma of a frame whatever its kind: of 8 bits, or of 16."""
    if (
        frame.format.name.startswith(("yuv4", "yuvj4", "nv12", "gray"))
        and frame.format.components[0].bits == 8
    ):
        plane = frame.planes[0]
        return np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].copy()
    if frame.format.components[0].bits > 8:
        return frame.reformat(format="gray16le").to_ndarray()
    return frame.reformat(format="gray").to_ndarray()
