"""Base64 in its one spelling."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.log.canonical import decode_base64, encode_base64


def spelled_back(value: str) -> bytes | None:
    """The definition: what decodes, and encodes to the same text again."""
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return raw if encode_base64(raw) == value else None


@given(st.binary(max_size=40), st.data())
def test_a_changed_character_is_read_exactly_when_it_is_the_one_spelling(raw: bytes, data: st.DataObject):
    text = encode_base64(raw)
    assert decode_base64(text) == raw
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.text("ABab01+/=-_\n\r \x00é", max_size=3))
    changed = text[:at] + put + text[at + data.draw(st.integers(0, 3)) :]
    assert decode_base64(changed) == spelled_back(changed)


@pytest.mark.parametrize(
    "text", ["AA", "AB==", "AAB=", "AA==AAAA", "A===", "====", "AAAA\n", "A AAA", "ＡAAA"]
)
def test_another_spelling_is_not_read(text: str):
    assert decode_base64(text) is None
