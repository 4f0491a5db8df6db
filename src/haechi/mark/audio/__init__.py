"""The audio watermark: 64 bits in a sound that survive what sounds go through (haechi-audio-1).

>>> from haechi.mark.audio import STRENGTH_DB
>>> STRENGTH_DB
2.2

Needs the extra `mark` (numpy, SciPy; PyAV for files). Arrays go through `embed` and `detect`, streams through
`Marker`, files through `open_sound` and `encode_sound`.
"""

from haechi.mark.audio.codec import (
    OpenedSound,
    SoundFileUnfit,
    SoundTooLarge,
    SoundUnreadable,
    encode_sound,
    open_sound,
)
from haechi.mark.audio.detect import SoundDetection, SoundMark, detect
from haechi.mark.audio.embed import STRENGTH_DB, MarkedSound, Marker, SoundUnfit, embed, embed_stream

__all__ = [
    "STRENGTH_DB",
    "MarkedSound",
    "Marker",
    "OpenedSound",
    "SoundDetection",
    "SoundFileUnfit",
    "SoundMark",
    "SoundTooLarge",
    "SoundUnfit",
    "SoundUnreadable",
    "detect",
    "embed",
    "embed_stream",
    "encode_sound",
    "open_sound",
]
