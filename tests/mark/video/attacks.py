"""What films go through before somebody looks at them."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Film = list[Pixels]


class Coding(NamedTuple):
    """How a film is encoded again."""

    codec: str = "libx264"
    kind: str = "mp4"
    options: tuple[tuple[str, str], ...] = (("crf", "23"),)
    bits_a_pixel: float = 0.0


class Shown(NamedTuple):
    """A decoded film: frames as RGB, and how many are shown a second."""

    frames: Film
    rate: int


H264_23, H264_28 = Coding(), Coding(options=(("crf", "28"),))
_X265 = (("crf", "28"), ("preset", "veryfast"), ("x265-params", "log-level=error"))
H265_28 = Coding("libx265", options=_X265)
MPEG4 = Coding("mpeg4", bits_a_pixel=0.12, options=())
VP9 = Coding("libvpx-vp9", "webm", (("deadline", "realtime"), ("cpu-used", "8")), 0.06)


def shown(data: bytes) -> Shown:
    """Every frame of a film."""
    with av.open(BytesIO(data), "r") as container:
        rate = container.streams.video[0].average_rate
        frames = [np.asarray(each.to_ndarray(format="rgb24"), np.uint8) for each in container.decode(video=0)]
        return Shown(frames, round(float(rate or 25)))


def encoded(film: Shown, coding: Coding) -> bytes:
    """A file without any metadata, as a platform would make it."""
    out = BytesIO()
    with av.open(out, "w", format=coding.kind) as container:
        made: Any = container
        stream = made.add_stream(coding.codec, rate=film.rate, options=dict(coding.options))
        height, width = film.frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if coding.bits_a_pixel:
            stream.bit_rate = int(coding.bits_a_pixel * width * height * film.rate)
        for pixels in film.frames:
            made.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        made.mux(stream.encode(None))
    return out.getvalue()


def resized(film: Shown, share: float) -> Shown:
    """Every frame at another size, sides even."""
    height, width = film.frames[0].shape[:2]
    size = (round(width * share / 2) * 2, round(height * share / 2) * 2)
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    made = [np.asarray(cv2.resize(each, size, interpolation=way), np.uint8) for each in film.frames]
    return film._replace(frames=made)


def cropped(film: Shown, share: float) -> Shown:
    """This share cut off, half of it at each side."""
    height, width = film.frames[0].shape[:2]
    top, left = round(height * share / 4) * 2, round(width * share / 4) * 2
    return film._replace(
        frames=[np.ascontiguousarray(each[top : height - top, left : width - left]) for each in film.frames]
    )


def slower(film: Shown, rate: int) -> Shown:
    """At fewer frames a second, of the same length."""
    count = len(film.frames) * rate // film.rate
    return Shown([film.frames[at * film.rate // rate] for at in range(count)], rate)


def cut(film: Shown, start_s: float, seconds: float) -> Shown:
    """A part."""
    first = round(start_s * film.rate)
    return film._replace(frames=film.frames[first : first + round(seconds * film.rate)])


def brighter(film: Shown) -> Shown:
    """Lighter and with more contrast."""
    return film._replace(
        frames=[np.asarray(cv2.convertScaleAbs(each, alpha=1.15, beta=8)) for each in film.frames]
    )


def mirrored(film: Shown) -> Shown:
    """Left for right, as reposted films often are."""
    return film._replace(frames=[np.ascontiguousarray(each[:, ::-1]) for each in film.frames])


def boxed(film: Shown) -> Shown:
    """In a black frame, a quarter wider."""
    width = film.frames[0].shape[1]
    side = width // 16 * 2
    return film._replace(
        frames=[cv2.copyMakeBorder(each, 0, 0, side, side, cv2.BORDER_CONSTANT) for each in film.frames]
    )


def subtitled(film: Shown) -> Shown:
    """With words over the lower part."""
    made: Film = []
    for each in film.frames:
        height, width = each.shape[:2]
        drawn = each.copy()
        corners = (width // 10, height * 5 // 6), (width * 9 // 10, height * 15 // 16)
        cv2.rectangle(drawn, *corners, (0, 0, 0), -1)
        made.append(drawn)
    return film._replace(frames=made)


ATTACKS: dict[str, Callable[[Shown], bytes]] = {
    "H.264 CRF 23": lambda film: encoded(film, H264_23),
    "H.264 CRF 28": lambda film: encoded(film, H264_28),
    "H.264 CRF 28 twice": lambda film: encoded(shown(encoded(film, H264_28)), H264_28),
    "H.264 CRF 32": lambda film: encoded(film, Coding(options=(("crf", "32"),))),
    "H.265 CRF 28": lambda film: encoded(film, H265_28),
    "MPEG-4 Part 2": lambda film: encoded(film, MPEG4),
    "VP9": lambda film: encoded(film, VP9),
    "half the size": lambda film: encoded(resized(film, 0.5), H264_23),
    "half the size, CRF 28": lambda film: encoded(resized(film, 0.5), H264_28),
    "three quarters of the size, CRF 28": lambda film: encoded(resized(film, 0.75), H264_28),
    "larger by a half": lambda film: encoded(resized(film, 1.5), H264_28),
    "crop of 10 %": lambda film: encoded(cropped(film, 0.1), H264_23),
    "crop of 25 %, CRF 28": lambda film: encoded(cropped(film, 0.25), H264_28),
    "crop of 10 %, half the size": lambda film: encoded(resized(cropped(film, 0.1), 0.5), H264_23),
    "four frames of five": lambda film: encoded(slower(film, film.rate * 4 // 5), H264_23),
    "half the frames, CRF 28": lambda film: encoded(slower(film, film.rate // 2), H264_28),
    "cut to 3 s": lambda film: encoded(cut(film, 1.0, 3.0), H264_23),
    "cut to 1 s, CRF 28": lambda film: encoded(cut(film, 2.0, 1.0), H264_28),
    "brighter": lambda film: encoded(brighter(film), H264_23),
    "mirrored": lambda film: encoded(mirrored(film), H264_23),
    "black frame around": lambda film: encoded(boxed(film), H264_23),
    "words over it": lambda film: encoded(subtitled(film), H264_23),
}
"""Each gives a file that a platform might hand out: no metadata, no sound, and this done to the frames."""
