"""The marked film of the demonstration: made by code, marked, passed on, found again and named."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haechi.cli.demo_mark import missing_extra, scene
from haechi.cli.demo_sound import RATE as SOUND_RATE
from haechi.cli.demo_sound import missing_sound, voice
from haechi.cli.demo_studio import open_studio, publish
from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.extra import require
from haechi.words import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haechi.cli.demo_steps import Demonstration
    from haechi.mark.video import MarkedVideo

SIZE = (480, 352)
"""Columns and rows."""
RATE, SECONDS = 10, 6
MOST_ANSWER_BYTES = 1 << 20

declare(
    "demo.film",
    Text("Marked film", "표시된 영상"),
    {
        "marked": (
            Verdict.HOLDS,
            Text(
                "mark {payload} in pictures and sound, {psnr_db} dB, {size} bytes",
                "화면과 소리에 마크 {payload}, {psnr_db} dB, {size}바이트",
            ),
        ),
        "named": (
            Verdict.HOLDS,
            Text(
                "cropped and compressed again: marked by {maker}; pictures and sound carry one number",
                "잘리고 다시 압축된 뒤: {maker}이(가) 표시함. 화면과 소리의 번호가 같음",
            ),
        ),
        "unnamed": (Verdict.FAILS, Text("not found again: {state}", "다시 찾지 못함: {state}")),
    },
)


class FilmShow:
    """The steps around one film. Always true: who is named was answered by the UK's node just then."""

    def __init__(self, demo: "Demonstration", issuer: str) -> None:
        self.demo = demo
        self.issuer = issuer
        self.made: MarkedVideo

    def mark(self) -> list[Finding]:
        """The company marks a film made by code, and registers the statement and the files beside it."""
        import numpy as np

        from haechi.mark.image import Payload
        from haechi.mark.video import Order, produce_video
        from haechi.mark.wish import Wish

        now = datetime.now(UTC)
        studio = open_studio(self.demo, self.issuer, "Demonstration Camera", "film-studio", now)
        source = self.demo.root / "film.mp4"
        sound = voice(np.random.default_rng(7), SECONDS)
        source.write_bytes(as_film(panned(scene(np.random.default_rng(20240522))), sound, crf=18))
        wish, payload = Wish(("KR", "EU", "CN"), notice=True), Payload.fresh(studio.maker.namespace)
        order = Order(source, self.demo.root, "film", wish, payload, now)
        self.made = produce_video(order, studio)
        self.made.path.rename(self.demo.root / "marked.mp4")
        statement = publish(self.demo, self.made, studio, now, "film-")
        facts = {"psnr_db": round(self.made.psnr_db, 1), "size": self.made.item.size}
        told = found("demo.film.marked", payload=self.made.payload, **facts)
        return [told, statement.check_signature()]

    def find(self) -> list[Finding]:
        """Somebody crops it, compresses it again and loses every label; the UK's node names the maker."""
        pictures, sound = taken_apart(self.demo.root / "marked.mp4")
        columns, rows = SIZE
        cut = (each[rows // 16 : -rows // 16, columns // 16 : -columns // 16] for each in pictures)
        data = as_film(cut, sound, crf=26)
        (self.demo.root / "as-found.mp4").write_bytes(data)
        with self.demo.nodes["uk"].client() as client:
            body = client.post("/marks/film", data, "application/octet-stream", MOST_ANSWER_BYTES).body
        told = json.loads(body)
        codes = {layer["code"] for layer in told["layers"]}
        if told["maker"] != self.issuer or "mark.video-sound.agrees" not in codes:
            return [found("demo.film.unnamed", state=told["state"])]
        return [found("demo.film.named", maker=self.issuer)]


def panned(picture: "NDArray[Any]") -> Iterator["NDArray[Any]"]:
    """A camera that moves slowly across a picture: a view for each frame."""
    columns, rows = SIZE
    for at in range(RATE * SECONDS):
        yield picture[2 * at : 2 * at + rows, 3 * at : 3 * at + columns]


def as_film(pictures: Iterator["NDArray[Any]"], sound: "NDArray[Any]", *, crf: int) -> bytes:
    """An MP4 file of RGB pictures and mono sound, both compressed."""
    import numpy as np

    av = require("av")
    out = BytesIO()
    with av.open(out, "w", format="mp4") as container:
        track = container.add_stream("aac", rate=SOUND_RATE)
        track.codec_context.layout = "mono"
        stream: Any = container.add_stream("libx264", rate=RATE, options={"crf": str(crf), "preset": "fast"})
        for at, pixels in enumerate(pictures):
            if at == 0:
                stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))))
        container.mux(stream.encode(None))
        whole = np.ascontiguousarray(np.asarray(sound, np.float32)[None])
        frame = av.AudioFrame.from_ndarray(whole, format="fltp", layout="mono")
        frame.sample_rate = SOUND_RATE
        resampler = av.AudioResampler(format=track.codec_context.format, layout="mono", rate=SOUND_RATE)
        for each in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(track.encode(each))
    return out.getvalue()


def taken_apart(path: Path) -> tuple[Iterator["NDArray[Any]"], "NDArray[Any]"]:
    """The frames of a film as RGB, and its sound."""
    import numpy as np

    av = require("av")
    with av.open(str(path)) as container:
        pictures = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SOUND_RATE)
    with av.open(str(path)) as container:
        parts = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    return iter(pictures), np.concatenate([each.to_ndarray()[0] for each in parts])


def film_steps(demo: "Demonstration", issuer: str) -> None:
    """The steps with the film; left out, silently after the picture said why, when the extra is absent."""
    if missing_extra() is not None or missing_sound() is not None:
        return
    show = FilmShow(demo, issuer)
    demo.step(
        Text(
            "The company marks a film made by code, pictures and sound, and registers the mark in Korea",
            "기업이 코드로 만든 영상의 화면과 소리에 표시를 넣고 한국에 등록",
        ),
        show.mark,
    )
    demo.step(
        Text(
            "The film comes back cropped and compressed again; the UK's node names its maker",
            "잘리고 다시 압축된 영상에서 영국 노드가 마크를 찾아 제작자를 밝힘",
        ),
        show.find,
    )
