"""What a film goes through on its way to somebody who asks: the mark is read, and leads to the statement."""

import pytest
from tests.mark.audio.sounds import speech
from tests.mark.video.attacks import ATTACKS, Coding, Shown, encoded, resized, shown
from tests.mark.video.films import SOUND_RATE, Track, frames
from tests.mark.video.films import film as made_film
from tests.mark.video.marked import Marked, codes, marked

from haechi.findings import Verdict
from haechi.mark.studio import Studio

pytestmark = pytest.mark.slow

SURVIVED = (
    "H.264 CRF 23",
    "H.264 CRF 28",
    "MPEG-4 Part 2",
    "VP9",
    "half the size",
    "crop of 10 %",
    "four frames of five",
    "cut to 3 s",
    "brighter",
    "mirrored",
    "black frame around",
    "words over it",
)


@pytest.fixture(scope="module")
def large(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Marked:
    """Five seconds in 720 by 544, of a camera that moves."""
    source = made_film(frames(5.0, seed=3, pan=2, size=(720, 544)), Track(speech(5.0, SOUND_RATE)))
    return marked(studio, source, tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def copy(large: Marked) -> Shown:
    return shown(large.data)


@pytest.mark.parametrize("attack", SURVIVED)
def test_the_mark_leads_to_the_maker(large: Marked, copy: Shown, attack: str):
    look = large.look(ATTACKS[attack](copy))
    assert {"mark.video.read", "mark.log.found", "mark.video-sound.gone"} <= codes(look)
    assert look.record is not None
    # Nobody is accused: the content is known again, or left undecided, but never called another film.
    assert "mark.video-content.differs" not in codes(look)
    assert look.verdict is Verdict.UNDECIDED  # its sound is gone


def test_what_is_promised_is_among_the_attacks():
    assert set(SURVIVED) < set(ATTACKS)


def test_compressed_to_nothing_it_says_nothing(large: Marked, copy: Shown):
    small = resized(copy, 0.2)
    look = large.look(encoded(small, Coding(options=(("crf", "40"),))))
    assert "mark.video.read" not in codes(look)
    assert look.verdict is Verdict.UNDECIDED
