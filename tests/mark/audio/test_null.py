"""Keys that wrote nothing find nothing: in sounds with a mark of others and in sounds without."""

from hashlib import sha256

import pytest
from tests.mark.audio.sounds import music, speech

from haechi.mark.audio import detect, embed
from haechi.mark.bound import log10_p
from haechi.mark.image import MarkKey, Payload

BLOCKS, KEYS = 40, 250
MOST_PLACES = 3


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_ten_thousand_wrong_keys_find_nothing(block: int, key: MarkKey, payload: Payload):
    sound = (speech if block % 2 else music)(6.0, seed=block)
    if block % 4 < 2:
        sound = embed(sound, 16_000, payload, key).samples
    keys = [MarkKey(str(at), sha256(b"%d/%d" % (block, at)).digest()) for at in range(KEYS)]
    found = detect(sound, 16_000, keys, full=False)
    assert not found.marks
    # The best of all keys, as if it had been tried alone: so each of them stays above.
    assert log10_p(found.best_statistic, MOST_PLACES) > -4
