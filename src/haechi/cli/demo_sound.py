"""The marked voice of the demonstration: made by code, marked, played on, found again and named."""

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from haechi.cli.demo_mark import missing_extra
from haechi.cli.demo_studio import open_studio, publish
from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.extra import ExtraMissing, require
from haechi.words import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haechi.cli.demo_steps import Demonstration
    from haechi.mark.audio.produce import MarkedSoundFile

RATE = 16_000
SECONDS = 20
FASTER = 1.04

declare(
    "demo.sound",
    Text("Marked voice", "표시된 음성"),
    {
        "marked": (
            Verdict.HOLDS,
            Text("mark {payload}, {size} bytes", "마크 {payload}, {size}바이트"),
        ),
        "named": (
            Verdict.HOLDS,
            Text(
                "after MP3, a crop and 4 % more speed: marked by {maker}; tempo {tempo} was found",
                "MP3 압축, 자르기, 4 % 빠르게 재생한 뒤: {maker}이(가) 표시함. 찾은 빠르기 {tempo}",
            ),
        ),
        "unnamed": (
            Verdict.FAILS,
            Text("not found again: {state}", "다시 찾지 못함: {state}"),
        ),
    },
)


class SoundShow:
    """The steps around one clip. Always true: who is named was answered by the UK's node just then."""

    def __init__(self, demo: "Demonstration", issuer: str) -> None:
        self.demo = demo
        self.issuer = issuer
        self.produced: MarkedSoundFile

    def mark(self) -> list[Finding]:
        """The company marks a voice made by code, and registers the statement and the files beside it."""
        import numpy as np

        from haechi.mark.audio.produce import produce_sound
        from haechi.mark.image import Payload
        from haechi.mark.wish import Wish

        now = datetime.now(UTC)
        studio = open_studio(self.demo, self.issuer, "Demonstration Voice", "voice-studio", now)
        source = as_wave(voice(np.random.default_rng(20240522)))
        wish, payload = Wish(("KR", "EU", "CN"), notice=True), Payload.fresh(studio.maker.namespace)
        self.produced = produce_sound(source, "voice", studio, wish, payload, now)
        (self.demo.root / "marked.wav").write_bytes(self.produced.data)
        statement = publish(self.demo, self.produced, studio, now, "voice-")
        size = len(self.produced.data)
        told = found("demo.sound.marked", payload=self.produced.payload, size=size)
        return [told, statement.check_signature()]

    def find(self) -> list[Finding]:
        """A messenger compresses, somebody crops and speeds up; the mark names the maker at the UK's node."""
        import numpy as np

        from haechi.cli.marks_at import NodeRegistry
        from haechi.mark.audio import open_sound
        from haechi.mark.audio.look import look_at_sound
        from haechi.mark.audio.signals import resampled
        from haechi.mark.examine import Means

        samples = open_sound(as_mp3(open_sound(self.produced.data).samples[:, 0])).samples[:, 0]
        part = samples[5 * RATE : 17 * RATE]
        played = resampled(np.asarray(part, np.float32), round(100 * FASTER), 100)
        data = as_wave(played)
        (self.demo.root / "as-heard.wav").write_bytes(data)
        with self.demo.nodes["uk"].client() as client:
            pins = self.demo.pins("reader")
            institutes = {card.issuer for card in pins.nodes}
            registry = NodeRegistry(client, pins, institutes, self.demo.facts)
            look = look_at_sound(data, Means(registry=registry))
        read = next((each for each in look.layers if each.code == "mark.sound.read"), None)
        if read is None or look.record is None or look.record.issuer != self.issuer:
            return [found("demo.sound.unnamed", state=str(look.state))]
        return [found("demo.sound.named", maker=self.issuer, tempo=read.facts["tempo"])]


def voice(rng: Any, seconds: int = SECONDS) -> "NDArray[Any]":  # noqa: ANN401  # NumPy may be absent
    """Something like speech: syllables of a buzzing source through three resonances.

    rng: a NumPy generator.
    """
    import numpy as np

    lfilter = require("scipy.signal").lfilter
    parts: list[NDArray[Any]] = []
    total = 0
    while total < seconds * RATE:
        size = int(rng.uniform(0.09, 0.26) * RATE)
        sway: Any = np.sin(np.linspace(0.0, float(rng.uniform(1, 6)), size))
        pitch: Any = rng.uniform(95, 210) * (1 + 0.1 * sway)
        turns: Any = np.floor(np.cumsum(np.asarray(pitch, np.float64) / RATE))
        buzz: Any = np.diff(turns, prepend=0) - pitch / RATE
        source: Any = (buzz if rng.random() < 0.8 else rng.normal(0, 0.05, size)) + rng.normal(0, 0.003, size)
        for low, high in ((300, 800), (900, 2200), (2300, 3400)):
            centre, radius = rng.uniform(low, high), np.exp(-np.pi * rng.uniform(60, 160) / RATE)
            poles = [1, -2 * radius * np.cos(2 * np.pi * centre / RATE), radius * radius]
            source = source + 0.8 * lfilter([1 - radius], poles, source)
        parts.append(source * np.hanning(size))
        total += size
    sound = np.concatenate(parts)[: seconds * RATE]
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def as_wave(samples: "NDArray[Any]") -> bytes:
    """A mono WAV file of 16 bits."""
    import wave

    import numpy as np

    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "none"))
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def as_mp3(samples: "NDArray[Any]") -> bytes:
    """An MP3 file of 48 kbit/s."""
    import numpy as np

    av = require("av")
    out = BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.codec_context.layout = "mono"
        stream.codec_context.bit_rate = 48_000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=RATE)
        whole = np.asarray(samples, np.float32)[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="fltp", layout="mono")
        frame.sample_rate = RATE
        for each in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(each))
    return out.getvalue()


def sound_steps(demo: "Demonstration", issuer: str) -> None:
    """The steps with the voice; left out, silently after the picture said why, when the extra is absent."""
    if missing_extra() is not None or missing_sound() is not None:
        return
    show = SoundShow(demo, issuer)
    demo.step(
        Text(
            "The company marks a voice made by code and registers the mark in Korea",
            "기업이 코드로 만든 음성에 표시를 넣고 한국에 등록",
        ),
        show.mark,
    )
    demo.step(
        Text(
            "The voice comes back compressed, cropped and faster; the mark names its maker in the UK",
            "압축되고 잘리고 빨라진 음성에서 마크를 찾아 영국에서 제작자를 밝힘",
        ),
        show.find,
    )


def missing_sound() -> ExtraMissing | None:
    """Why sounds cannot be marked here; None when they can."""
    try:
        require("av")
        require("scipy.signal")
    except ExtraMissing as error:
        return error
    return None
