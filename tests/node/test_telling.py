"""What one front read, the other does not read again; what it cannot make sense of changes nothing."""

from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.node.house import numbered
from tests.node.test_cluster import fronts, moved

from haechi import __version__
from haechi.facts import load
from haechi.log.cluster.reader import PgView
from haechi.network.glance import glance_of
from haechi.node.telling import heard, tell
from haechi.statement.claims import claim_of

__all__ = ["moved"]  # a fixture

STATEMENT = numbered(1)
SAID = glance_of(STATEMENT, claim_of(STATEMENT, load()))
TOLD = tell(STATEMENT.digest, *SAID)


def test_what_is_told_is_heard():
    assert [*heard([b"\x91" + TOLD, b"\x90"])] == [(STATEMENT.digest, *SAID)]


def test_what_another_version_told_is_left_out():
    other = [f"{__version__}1", *msgspec.msgpack.decode(TOLD)[1:]]
    assert [*heard([msgspec.msgpack.encode([other]), b"\x91" + TOLD])] == [(STATEMENT.digest, *SAID)]


@given(st.one_of(st.binary(max_size=64), st.integers(0, len(TOLD)).map(lambda end: b"\x91" + TOLD[:end])))
def test_what_cannot_be_read_raises_nothing(raw: bytes):
    assert all(digest == STATEMENT.digest for digest, _, _ in heard([raw]))


def test_the_other_front_lists_a_statement_without_reading_it(moved: Path, monkeypatch: pytest.MonkeyPatch):
    with ExitStack() as stack:
        first, second = fronts(stack, moved)
        second.runner.follow()
        assert first.register(numbered(500)).status == 201

        def read(*_: object) -> None:
            raise AssertionError("it was read again")

        with monkeypatch.context() as patch:
            patch.setattr(PgView, "statement", read)
            patch.setattr(PgView, "statements", read)
            second.runner.follow()
        row = second.node.index.by_digest(numbered(500).digest)
        assert row is not None
        assert row.said == SAID[0]._replace(subject=numbered(500).about.subject)
