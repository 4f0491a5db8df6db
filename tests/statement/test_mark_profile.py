"""A mark profile is committed to before anybody asks, and leads to whom to ask."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.statement.make import FACTS

from haechi.statement.claims import ClaimMalformed, decode_claim, encode_claim
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.mark_profile import KIND, PROFILE_TYPE, MarkProfile

GOOD = KIND.example()
FILE = EvidenceRef(digest=GOOD.commitment, size=300, media_type=PROFILE_TYPE, name="text.profile")


def test_a_published_profile_is_the_one_committed_to_and_said_to_be_forgeable():
    published = replace(GOOD, published=FILE)
    assert decode_claim(KIND, encode_claim(KIND, published, FACTS), FACTS) == published
    assert KIND.evidence(published) == (FILE,)
    assert "Published: anybody can read and forge" in [
        row.label.en for row in KIND.read(published, FACTS).rows
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, until=datetime(2026, 8, 31, tzinfo=UTC)),
        replace(GOOD, service=None),
        replace(GOOD, published=EvidenceRef(digest=bytes(32), size=1, media_type=PROFILE_TYPE, name="x")),
        replace(GOOD, since=datetime(1, 1, 1, tzinfo=UTC)),
    ],
    ids=["ends first", "signpost to nowhere", "another file", "year 1"],
)
def test_what_makes_no_sense_is_refused(wrong: MarkProfile):
    KIND.check(GOOD, FACTS)
    with pytest.raises(ClaimMalformed):
        KIND.check(wrong, FACTS)
