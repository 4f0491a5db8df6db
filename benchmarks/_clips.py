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
                yield Clip(name, whole[first : first + SECONDS * RATE].copy(), name in _STUDY)


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


def _mixed(samples: Sound, below_db: float) -> Sound:
    """The sound with chords over it that change twice a second."""
    at = np.arange(len(samples)) / RATE
    notes = np.array([220.0, 262.0, 294.0, 330.0, 392.0, 440.0])
    chord = np.random.default_rng(0).choice(notes, (3, 2 * len(samples) // RATE + 2))
    tones = [
        np.sin(2 * np.pi * row[(2 * at).astype(int)] * part * at) / part
        for row in chord
        for part in (1, 2, 3)
    ]
    over = np.sum(tones, axis=0) * np.exp(-4 * (2 * at % 1))
    return samples + over * np.sqrt(
        np.square(samples).mean() / np.square(over).mean() / 10 ** (below_db / 10)
    )


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
MORE: dict[str, Callable[[Sound], Sound]] = {
    "telephone, 300 to 3,400 Hz": lambda x: sox(x, "sinc", "300-3400"),
    "room with echoes": lambda x: sox(x, "reverb", "60", "50", "80"),
    "compressed dynamics": lambda x: sox(
        x, "compand", "0.02,0.2", "6:-60,-50,-30,-20,-12,0,-8", "0", "-20", "0.05"
    ),
    "0.5 dB over full scale": lambda x: np.clip(x / np.abs(x).max() * 10 ** (0.5 / 20), -1, 1),
    "6 dB over full scale": lambda x: np.clip(x / np.abs(x).max() * 2, -1, 1),
    "a melody 10 dB below": lambda x: _mixed(x, 10),
    "a melody 3 dB below": lambda x: _mixed(x, 3),
    "speed -7 %": lambda x: _faster(x, "0.93"),
    "tempo -7 %": lambda x: sox(x, "tempo", "0.93"),
    "tempo +6 %, pitch -0.6": lambda x: sox(x, "tempo", "1.06", "pitch", "-60"),
    "3 s cut out of the middle": lambda x: np.concatenate([_cut(x, 0, 8), _cut(x, 11, SECONDS)]),
    "every fifth second silent": lambda x: np.where(np.arange(len(x)) // RATE % 5 == 2, 0.0, x),
    "Vorbis, quality 0": lambda x: _through(x, "ogg", "-c:a", "libvorbis", "-q:a", "0"),
    "high-pass 1 kHz": lambda x: sox(x, "sinc", "1000"),
    "MP3 48, AAC 48, Opus 24": lambda x: _through(
        _through(_through(x, "mp3", "-b:a", "48k"), "m4a", "-b:a", "48k"),
        "opus",
        "-c:a",
        "libopus",
        "-b:a",
        "24k",
    ),
}
"""Attacks beyond those of the study."""
CROPS = (2.0, 9.7, 17.1)


def crops(samples: Sound) -> list[Sound]:
    """Five seconds from three places."""
    return [_cut(samples, start, 5) for start in CROPS]
