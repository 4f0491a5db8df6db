"""One kind holds marks of every medium: several in a file, marks without a number, prints of text."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.statement.make import FACTS, about, key

from haechi.statement.claims import ClaimMalformed, claim_of, encode_claim, kind_of
from haechi.statement.envelope import Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.content_mark import (
    KIND,
    MINHASH_BYTES,
    ContentMark,
    Extent,
    Fingerprints,
    Label,
    MarkedItem,
    Watermark,
)

WORDS = Watermark(
    algorithm="org.haechi.text.1", spec="haechi-text-1", key="3f1c2a7788aa0011", profile=bytes(range(32))
)
FRAMES = Watermark(payload="0007000000000001", algorithm="frames", spec="haechi-lattice-1", key="00aa")
SOUND = replace(FRAMES, algorithm="sound", spec="haechi-audio-1")
TEXT = MarkedItem(
    media_type="text/plain",
    digest=bytes(32),
    size=1200,
    source_type="trainedAlgorithmicMedia",
    generator="Example Writer 1",
    made=datetime(2026, 9, 20, 4, 30, tzinfo=UTC),
    label=Label(provider="Example Company", id="0001"),
    watermark=WORDS,
    fingerprints=Fingerprints(iscc="ISCC:EAAYBQ2C3ZSRIPV2", minhash=bytes(MINHASH_BYTES)),
    extent=Extent(amount=212, unit="word"),
)
TRACKS = EvidenceRef(digest=bytes(32), size=77, media_type="application/octet-stream", name="sound.prints")
FILM = replace(
    TEXT,
    media_type="video/mp4",
    watermark=FRAMES,
    further=(SOUND,),
    fingerprints=Fingerprints(pdq="f0" * 32, kept=TRACKS),
    extent=Extent(amount=9500, unit="millisecond"),
)


@pytest.mark.parametrize("item", [TEXT, FILM], ids=["text", "film"])
def test_text_and_film_are_signed_and_read_back(item: MarkedItem):
    claim = ContentMark(item=item)
    signed = sign_statement(key(), about("content_mark"), encode_claim(kind_of("content_mark"), claim, FACTS))
    assert claim_of(Statement.from_bytes(signed.raw), FACTS) == claim


def test_a_reader_sees_every_mark_and_the_extent():
    rows = KIND.read(ContentMark(item=FILM), FACTS).rows
    said = [row.value.en for row in rows]
    assert [row.label.en for row in rows].count("Watermark") == 2
    assert "9.5 s" in said
    assert KIND.evidence(ContentMark(item=FILM)) == (TRACKS,)
    korean = [row.value.ko for row in KIND.read(ContentMark(item=TEXT), FACTS).rows]
    assert "212 단어" in korean
    assert WORDS.profile is not None
    assert WORDS.profile.hex() in korean


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FILM, further=(FRAMES,)),
        replace(FILM, watermark=None),
        replace(TEXT, watermark=None, fingerprints=None),
    ],
    ids=["twice", "no first one", "nothing at all"],
)
def test_what_makes_no_sense_is_refused(wrong: MarkedItem):
    with pytest.raises(ClaimMalformed):
        KIND.check(ContentMark(item=wrong), FACTS)
