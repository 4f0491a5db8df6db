"""Films for the tests, made by seed: a camera over a textured scene, with a voice."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from tests.mark.audio.sounds import speech

Pixels = NDArray[np.uint8]
RATE, SOUND_RATE = 10, 16_000
SIZE = (384, 288)
_OPTIONS = {"crf": "18", "preset": "veryfast"}


class Track(NamedTuple):
    """A sound track to be muxed: mono samples and how they are coded."""

    samples: NDArray[Any]
    codec: str = "aac"


def scene(seed: int, width: int, height: int) -> Pixels:
    """Soft colour, patches, edges and grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 210, (9, 12, 3)).astype(np.float32)
    made = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(24):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        colour = tuple(int(each) for each in rng.integers(20, 235, 3))
        cv2.circle(made, centre, int(rng.integers(8, 50)), colour, -1, cv2.LINE_AA)
    fine = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.5)
    return np.clip(made + 60.0 * fine[..., None], 0, 255).astype(np.uint8)


def frames(seconds: float, seed: int = 1, *, pan: int = 1, size: tuple[int, int] = SIZE) -> Iterator[Pixels]:
    """A slow pan with an object that crosses the view and a cut in the middle."""
    width, height = size
    count = round(seconds * RATE)
    wide = [scene(seed + each, width + pan * count, height) for each in (0, 100)]
    for at in range(count):
        shown = wide[2 * at // count][:, pan * at : pan * at + width].copy()
        cv2.circle(shown, (20 + 3 * at, height // 2), 30, (200, 60, 60), -1, cv2.LINE_AA)
        yield shown


def film(
    pictures: Iterator[Pixels] | list[Pixels],
    sound: Track | None = None,
    *,
    kind: str = "mp4",
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    times: Callable[[int], int] | None = None,
    prepare: Callable[[Any, Any], None] | None = None,
) -> bytes:
    """A file. times: the place of a frame in its time base of a thousandth; prepare: is given the container
    and the picture track before anything is written.
    """
    out = BytesIO()
    with av.open(out, "w", format=kind) as container:
        made: Any = container
        stream: Any = None
        track: Any = None
        for at, pixels in enumerate(pictures):
            if stream is None:
                stream = made.add_stream(codec, rate=RATE, options=options or _OPTIONS)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, 1000)
                if sound is not None:
                    rate = 48_000 if sound.codec == "libopus" else SOUND_RATE
                    track = made.add_stream(sound.codec, rate=rate)
                    track.codec_context.layout = "mono"
                if prepare is not None:
                    prepare(made, stream)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = times(at) if times is not None else at * 1000 // RATE
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
        if sound is not None:
            _mux_sound(made, track, sound)
    return out.getvalue()


def _mux_sound(made: Any, track: Any, sound: Track) -> None:  # noqa: ANN401  # PyAV's
    frame = av.AudioFrame.from_ndarray(sound.samples[None].astype(np.float32), format="fltp", layout="mono")
    frame.sample_rate = SOUND_RATE
    frame.time_base = Fraction(1, SOUND_RATE)
    frame.pts = 0
    context = track.codec_context
    resampler = av.AudioResampler(format=context.format, layout="mono", rate=context.sample_rate)
    for each in (*resampler.resample(frame), *resampler.resample(None)):
        made.mux(track.encode(each))
    made.mux(track.encode(None))


def clip(seconds: float = 6.0, seed: int = 1) -> bytes:
    """A film with a voice."""
    return film(frames(seconds, seed), Track(speech(seconds, SOUND_RATE, seed)))


def shown(data: bytes) -> list[Pixels]:
    """Every frame as RGB."""
    with av.open(BytesIO(data), "r") as container:
        return [np.asarray(each.to_ndarray(format="rgb24"), np.uint8) for each in container.decode(video=0)]


def heard(data: bytes) -> NDArray[np.float32]:
    """The first sound track, at the rate of the tests."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SOUND_RATE)
    with av.open(BytesIO(data), "r") as container:
        parts = [
            each.to_ndarray()[0] for frame in container.decode(audio=0) for each in resampler.resample(frame)
        ]
    return np.concatenate(parts).astype(np.float32)
