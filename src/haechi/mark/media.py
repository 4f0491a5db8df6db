"""Which medium a file is of, by its name: what to do with it, and what it is called."""

from pathlib import Path
from typing import Literal

from haechi.words import Text

Medium = Literal["image", "text", "audio", "video"]
TEXT_TYPES = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif"})
SOUNDS = frozenset({".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"})
FILMS = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv"})
SUFFIXES = PICTURES | SOUNDS | FILMS | TEXT_TYPES.keys()
STDIN = Path("-")
WHAT: dict[Medium, Text] = {
    "image": Text("picture file", "그림 파일"),
    "text": Text("text file", "텍스트 파일"),
    "audio": Text("sound file", "소리 파일"),
    "video": Text("video file", "영상 파일"),
}


def medium_of(path: Path) -> Medium:
    """The medium of a file: text by its name and on standard input, sound and film by its name, else a
    picture.
    """
    suffix = path.suffix.lower()
    if suffix in FILMS:
        return "video"
    if suffix in SOUNDS:
        return "audio"
    return "text" if path == STDIN or suffix in TEXT_TYPES else "image"
