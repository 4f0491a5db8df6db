"""Clips of speech and music for the audio benchmark, from packages that Debian ships, and their attacks.

    apt-get install pocketsphinx-testdata fillets-ng-data-nl planetblupi-music-ogg singularity-music \\
        espeak-ng ffmpeg sox
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

RATE = 44_100
SECONDS = 30
SPHINX = Path("/usr/share/pocketsphinx/test/data/librivox")
FILLETS = Path("/usr/share/games/fillets-ng/sound")
BLUPI = Path("/usr/share/planetblupi/music")
SINGULARITY = Path("/usr/share/games/singularity/music")
ENGLISH = (
    "The city council met on Tuesday evening to discuss the new bridge across the river. Engineers presented "
    "three designs, each with its own costs and benefits. Residents asked how long the work would take, and "
    "whether the old ferry would keep running. The mayor promised an answer within two weeks, and said that "
    "safety came first. After a long debate the members agreed to visit the site together."
)
KOREAN = (
    "서울에서 열린 회의에서 각국 대표들은 인공지능 안전에 대해 논의했습니다. 참가국은 안전과 혁신과 포용을 "
    "함께 추구하기로 했습니다. 다음 회의는 프랑스에서 열릴 예정입니다. 기업들은 자발적 약속을 발표했고 "
    "연구소들은 협력하기로 했습니다. 시민들도 의견을 낼 수 있습니다."
)
Sound = NDArray[np.float64]


class Clip(NamedTuple):
    """A mono clip at 44.1 kHz; study: one of the ten of the study, else one of ten more."""

    name: str
    samples: Sound
    study: bool


def clips() -> Iterator[Clip]:
    """The twenty clips, those whose package is installed."""
    books = sorted(SPHINX.glob("*.wav"))
    plan: list[tuple[str, list[Path], float]] = [("librivox", books[:5], 0)]
    folders = ("briefcase", "keys", "electromagnet")
    plan += [(f"fillets {name}", sorted((FILLETS / name / "nl").glob("*.ogg")), 0) for name in folders]
    plan += [(f"blupi {at}", [BLUPI / f"music00{at}.ogg"], 20 if at in (0, 3, 6) else 40) for at in _BLUPI]
    plan += [(name, [SINGULARITY / f"{name}.ogg"], 30 if name in _FIRST else 45) for name in _SONGS]
    with tempfile.TemporaryDirectory() as folder:
        for language, words in (("en", ENGLISH), ("ko", KOREAN)):
            path = Path(folder) / f"{language}.wav"
            subprocess.run(["espeak-ng", "-v", language, "-s", "150", "-w", path, words], check=False)
            plan.append((f"espeak {language}", [path], 0))
        for name, paths, start in plan:
            present = [path for path in paths if path.exists()]
            if present:
                whole = np.concatenate([_decoded(path) for path in present])
                first = round(start * RATE)
                yield Clip(name, whole[first : first + SECONDS * RATE], name in _STUDY)


_BLUPI = (0, 3, 6, 1, 2, 5, 8)
_FIRST = ("Nebula", "Awakening", "Enemy Unknown")
_SONGS = (*_FIRST, "A New Journey", "Through Space", "Coherence", "Media Threat")
_STUDY = {
    *("librivox", "fillets briefcase", "espeak en", "espeak ko", "blupi 0", "blupi 3", "blupi 6"),
    *_FIRST,
}


def _decoded(path: Path) -> Sound:
    command = ["ffmpeg", "-loglevel", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).astype(np.float64)


def _through(samples: Sound, suffix: str, *options: str) -> Sound:
    """What FFmpeg makes of the sound and back."""
    given = samples.astype(np.float32).tobytes()
    head = ["ffmpeg", "-loglevel", "error", "-y"]
    plain = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / f"x.{suffix}")
        subprocess.run([*head, *plain, "-i", "-", *options, path], input=given, check=True)
        back = subprocess.run([*head, "-i", path, *plain, "-"], capture_output=True, check=True).stdout
    return np.frombuffer(back, np.float32).astype(np.float64)


def sox(samples: Sound, *effects: str) -> Sound:
    """What SoX makes of the sound."""
    form = ["-t", "f32", "-r", str(RATE), "-c", "1", "-"]
    command = ["sox", "-V1", *form, *form, *effects]
    made = subprocess.run(
        command, input=samples.astype(np.float32).tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(made.stdout, np.float32).astype(np.float64)


def _faster(samples: Sound, by: str) -> Sound:
    return sox(samples, "speed", by, "rate", str(RATE))


def _noisy(samples: Sound, below_db: float) -> Sound:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return samples + noise * np.sqrt(np.square(samples).mean() / 10 ** (below_db / 10))


def _cut(samples: Sound, start: float, seconds: float) -> Sound:
    return samples[round(start * RATE) : round((start + seconds) * RATE)]


def _telephone(samples: Sound) -> Sound:
    return np.asarray(sosfilt(butter(8, 3400, fs=RATE, output="sos"), samples))


ATTACKS: dict[str, Callable[[Sound], Sound]] = {
    "none": lambda x: x,
    "MP3 128": lambda x: _through(x, "mp3", "-b:a", "128k"),
    "MP3 64": lambda x: _through(x, "mp3", "-b:a", "64k"),
    "MP3 32": lambda x: _through(x, "mp3", "-b:a", "32k"),
    "AAC 64": lambda x: _through(x, "m4a", "-b:a", "64k"),
    "AAC 32": lambda x: _through(x, "m4a", "-b:a", "32k"),
    "Opus 32": lambda x: _through(x, "opus", "-c:a", "libopus", "-b:a", "32k"),
    "Opus 16": lambda x: _through(x, "opus", "-c:a", "libopus", "-b:a", "16k"),
    "at 16 kHz": lambda x: _through(x, "wav", "-ar", "16000"),
    "at 8 kHz": lambda x: _through(x, "wav", "-ar", "8000"),
    "noise 20 dB": lambda x: _noisy(x, 20),
    "noise 10 dB": lambda x: _noisy(x, 10),
    "crop 10 s": lambda x: _cut(x, 7.3, 10),
    "crop 5 s": lambda x: _cut(x, 7.3, 5),
    **{
        f"speed {percent:+d} %": (lambda x, by=str(1 + percent / 100): sox(x, "speed", by, "rate", str(RATE)))
        for percent in (1, -1, 5, -5, 10, -10)
    },
    "tempo +5 %": lambda x: sox(x, "tempo", "1.05"),
    "pitch +1": lambda x: sox(x, "pitch", "100"),
    "pitch -1": lambda x: sox(x, "pitch", "-100"),
    "low-pass 3.4 kHz": _telephone,
    "echo": lambda x: sox(x, "echo", "0.8", "0.7", "60", "0.4"),
    "-6 dB": lambda x: 0.5 * x,
    "8 bits": lambda x: np.round(x * 127) / 127,
    "MP3 64 + crop 10 s": lambda x: _cut(_through(x, "mp3", "-b:a", "64k"), 7.3, 10),
}
CROPS = (2.0, 9.7, 17.1)


def crops(samples: Sound) -> list[Sound]:
    """Five seconds from three places."""
    return [_cut(samples, start, 5) for start in CROPS]
