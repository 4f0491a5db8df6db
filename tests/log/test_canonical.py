"""Base64 in its one spelling."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.log.canonical import decode_base64, decode_hashes, encode_base64


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


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=4), st.data())
def test_hashes_are_lines_of_32_bytes_each_in_their_one_spelling(hashes: list[bytes], data: st.DataObject):
    lines = "".join(f"{encode_base64(one)}\n" for one in hashes)
    assert decode_hashes(lines) == hashes
    at = data.draw(st.integers(0, len(lines)))
    put = data.draw(st.text("ABab01+/=-_\n\r \x00é", max_size=3))
    changed = lines[:at] + put + lines[at + data.draw(st.integers(0, 45)) :]
    *whole, rest = changed.split("\n")
    read = [decode_base64(line) for line in whole]
    fits = not rest and all(one is not None and len(one) == 32 for one in read)
    assert decode_hashes(changed) == (read if fits else None)
