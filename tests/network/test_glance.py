"""A glance never refuses what the strict reading takes, and never raises."""

from hypothesis import given
from hypothesis import strategies as st

from haechi.errors import BadInput
from haechi.facts import load
from haechi.network.glance import NO_REFERENCES, Body, glance, glance_of, references
from haechi.statement.claims import claim_of, encode_claim, kind_names, kind_of
from haechi.statement.envelope import (
    MAX_STATEMENT_BYTES,
    About,
    HashEnvelope,
    Sharing,
    Statement,
    sign_statement,
)
from haechi.statement.keys import SigningKey

FACTS = load()
KEY = SigningKey.generate()
EXAMPLES = [
    sign_statement(
        KEY,
        About(
            issuer="issuer.example",
            subject="application:x",
            issued_at=5,
            kind=name,
            sharing=Sharing.GREEN,
        ),
        encode_claim(kind_of(name), kind_of(name).example(), FACTS),
    )
    for name in kind_names()
]


def test_every_kind_is_seen_as_the_strict_reading_sees_it() -> None:
    for statement in EXAMPLES:
        seen = glance(statement.raw)
        assert seen is not None
        said, body = seen
        about = statement.about
        assert said == (
            about.kind,
            about.issuer,
            about.subject,
            about.issued_at,
            statement.kid,
            about.sharing,
        )
        assert body == Body(statement.payload, None)
        kind = kind_of(about.kind)
        claim = kind.example()
        refers = references(about.kind, body)
        assert refers.targets == kind.targets(claim)
        assert [(ref.digest, ref.size) for ref in refers.files] == [
            (ref.digest, ref.size) for ref in kind.evidence(claim)
        ]


def test_what_was_read_strictly_is_told_as_a_glance_would_tell_it() -> None:
    digest = sign_statement(
        KEY,
        About(issuer="issuer.example", subject="application:x", issued_at=5, kind="document"),
        bytes(32),
        hash_envelope=HashEnvelope("application/pdf"),
    )
    for statement in [*EXAMPLES, digest]:
        seen = glance(statement.raw)
        assert seen is not None
        said, body = seen
        told = glance_of(statement, claim_of(statement, FACTS))
        assert told == (said, references(said.kind, body))


@given(st.data())
def test_no_bytes_make_it_raise_and_what_is_strict_is_always_seen(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(EXAMPLES)).raw)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    seen = glance(bytes(raw))
    try:
        Statement.from_bytes(bytes(raw))
    except BadInput:
        return
    assert seen is not None


@given(st.binary(max_size=300))
def test_garbage_is_nothing(raw: bytes) -> None:
    assert glance(b"\xd2" + raw) is None
    assert references("document", Body(raw, None)) == NO_REFERENCES
    assert references("from_the_future", Body(raw, None)) == NO_REFERENCES


def test_the_bound_comes_first() -> None:
    assert glance(b"\xd2" + bytes(MAX_STATEMENT_BYTES)) is None
