"""A sound track of a film: decoded, marked as it comes, and encoded again at the same moments."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np

from haechi.mark.audio.codec import NO_DECODER, floats_of
from haechi.mark.audio.cue import rhythm_cue
from haechi.mark.audio.embed import STRENGTH_DB, Marker
from haechi.mark.audio.grid import Samples
from haechi.mark.image import MarkKey, Payload
from haechi.mark.video.source import Container, VideoUnfit
from haechi.words import Text

_ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "opus": "libopus", "flac": "flac", "vorbis": "libopus"}
_ELSE: dict[Container, str] = {"MP4": "aac", "MOV": "aac", "MKV": "aac", "WEBM": "libopus"}
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_DEFAULT_BIT_RATE = 160_000
_GAP_S = 0.1
"""A hole in the time stamps longer than this is filled with silence, so that the sound stays in step."""
_MOST_GAP_S = 600.0
UNDER_CUE = 0.25
"""How loud the film's own sound stays while the cue is heard."""


class SoundTrack:
    """One track on its way from the source to the target.

    Always true: samples go out in the order in which they came in, and as many of them.
    """

    def __init__(
        self,
        stream: Any,  # noqa: ANN401  # PyAV's
        container: Container,
        payload: Payload,
        key: MarkKey,
        *,
        cue: bool = False,
    ) -> None:
        """stream: of the source; cue: whether the rhythm is heard. Raises SoundUnfit, VideoUnfit."""
        context = stream.codec_context
        if context is None:
            raise VideoUnfit(why=Text(f"its sound is {NO_DECODER.en}", f"소리가 {NO_DECODER.ko}"))
        self.rate = int(context.sample_rate)
        self.layout = context.layout.name
        self.channels = len(context.layout.channels)
        self.encoder = _ENCODERS.get(context.codec.canonical_name, "")
        if not self.encoder or (self.encoder == "libmp3lame" and self.rate not in _MP3_RATES):
            self.encoder = _ELSE[container]
        if container == "WEBM":
            self.encoder = "libopus"
        self._bit_rate = int(stream.bit_rate or 0) or _DEFAULT_BIT_RATE
        self._marker = Marker(self.rate, payload, key, channels=self.channels, strength_db=STRENGTH_DB)
        self._cue = rhythm_cue(self.rate) if cue else np.zeros(0, np.float32)
        self._given = 0
        self._taken = 0
        self._start_s: float | None = None
        self.out: Any = None

    def open_in(self, made: Any) -> None:  # noqa: ANN401  # PyAV's
        """Add the track to the target; raises VideoUnfit."""
        rate = 48_000 if self.encoder == "libopus" else self.rate
        try:
            self.out = made.add_stream(self.encoder, rate=rate)
        except (ValueError, av.error.FFmpegError) as error:
            why = Text(f"no encoder {self.encoder} here", f"인코더 {self.encoder}가 없음")
            raise VideoUnfit(why=why) from error
        context = self.out.codec_context
        context.layout = self.layout
        context.time_base = Fraction(1, rate)
        if self.encoder == "flac":
            context.format = "s32"
        else:
            context.bit_rate = min(self._bit_rate, 256_000 * self.channels)
        self._resampler = av.AudioResampler(format=context.format, layout=self.layout, rate=rate)

    def feed(self, packet: Any) -> Iterator[Any]:  # noqa: ANN401  # PyAV's
        """Packets of the target that are ready once `packet` has been taken in."""
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            return
        for frame in frames:
            if frame.sample_rate != self.rate or len(frame.layout.channels) != self.channels:
                why = Text("the form of its sound changes", "소리의 형식이 중간에 바뀜")
                raise VideoUnfit(why=why)
            if self._start_s is None:
                self._start_s = float(frame.time or 0.0)
            yield from self._silence(frame)
            yield from self._pushed(floats_of(frame, self.channels))

    def finish(self) -> Iterator[Any]:
        """The rest."""
        if self._taken:
            yield from self._encoded(self._marker.finish())
            for each in self._resampler.resample(None):
                yield from self.out.encode(each)
        yield from self.out.encode(None)

    def _silence(self, frame: Any) -> Iterator[Any]:  # noqa: ANN401  # PyAV's
        """What fills a hole before this frame."""
        if frame.time is None or self._start_s is None:
            return
        missing = float(frame.time) - self._start_s - self._taken / self.rate
        if _GAP_S < missing < _MOST_GAP_S:
            left = round(missing * self.rate)
            while left > 0:
                size = min(left, self.rate)
                yield from self._pushed(np.zeros((size, self.channels), np.float32))
                left -= size

    def _pushed(self, samples: Samples) -> Iterator[Any]:
        cue = self._cue[self._taken : self._taken + len(samples)]
        if len(
            cue
        ):  # laid over the sound: put before it, it would shift all that is heard against the pictures
            samples = samples.copy()
            samples[: len(cue)] = UNDER_CUE * samples[: len(cue)] + cue[:, None]
        self._taken += len(samples)
        yield from self._encoded(self._marker.push(samples))

    def _encoded(self, samples: Samples) -> Iterator[Any]:
        if not len(samples):
            return
        planar = np.ascontiguousarray(np.clip(samples, -1.0, 1.0 - 2.0**-15).T.astype(np.float32))
        frame = av.AudioFrame.from_ndarray(planar, format="fltp", layout=self.layout)
        frame.sample_rate = self.rate
        frame.time_base = Fraction(1, self.rate)
        frame.pts = round((self._start_s or 0.0) * self.rate) + self._given
        self._given += len(samples)
        for each in self._resampler.resample(frame):
            yield from self.out.encode(each)
