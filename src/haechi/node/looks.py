"""Looking at files that strangers send, within bounds that a node can afford. Nothing is kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from haechi.mark.extra import require
from haechi.node.pages.detect import LIMIT_MINUTES
from haechi.words import Lang

if TYPE_CHECKING:
    from haechi.mark.examine import Means

MOST_PIXELS = 30_000_000
MOST_SOUND_SAMPLES = LIMIT_MINUTES * 60 * 2 * 48_000
"""Over all channels, stereo at 48 kHz. Longer sounds are for `haechi detect`."""
MOST_FRAME_PIXELS = 9_500_000
"""4K. A decoder keeps up to sixteen frames at once."""
MOST_FILM_PIXELS = 3_000_000_000
"""Decoded from one film: 48 s of 1080p at 30 frames a second. A film that claims more is looked at through
the frames that were coded by themselves."""
MakeMeans = Callable[[], "Means"]


def at_picture(raw: bytes, *, means: MakeMeans, lang: Lang) -> dict[str, Any]:
    """What a picture tells; raises FileUnreadable, FileTooLarge, FileUnfit, ExtraMissing."""
    examine = require("haechi.mark.examine")
    examine.require_pixels(raw, MOST_PIXELS)
    return examine.examine(raw, means()).as_dict(lang)


def at_sound(raw: bytes, *, means: MakeMeans, lang: Lang) -> dict[str, Any]:
    """What a sound tells; raises SoundUnreadable, SoundTooLarge, ExtraMissing."""
    look = require("haechi.mark.audio.look")
    return look.look_at_sound(raw, means(), MOST_SOUND_SAMPLES).as_dict(lang)


def at_film(raw: bytes, *, means: MakeMeans, lang: Lang) -> dict[str, Any]:
    """What a film tells; raises VideoUnreadable, VideoTooLarge, VideoUnfit, ExtraMissing."""
    video = require("haechi.mark.video")
    bounds = video.Bounds(LIMIT_MINUTES * 60.0, MOST_FRAME_PIXELS, MOST_FILM_PIXELS)
    return video.look_at_video(raw, means(), bounds).as_dict(lang)
