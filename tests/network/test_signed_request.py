"""Signed requests: one form, for one node, once, by a listed key."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.network.parties import ed25519_key, es256_key

from haechi.network.signed_request import (
    NONCE_BYTES,
    WINDOW_S,
    Asked,
    Gate,
    Listed,
    RequestUnlisted,
    RequestUnsigned,
    sign_request,
    signature_base,
)

KEY, STRANGER = ed25519_key("aisi.uk.example"), ed25519_key("stranger")
KR, UK = "kr.example/log", "uk.example/log"
NOW = 1_790_000_000
PATH, QUERY = "/shared", "after=7"


def gate() -> Gate:
    return Gate(KR, [Listed(UK, KEY.public), Listed("co.example/log", es256_key("x").public)])


def asked(headers: dict[str, str], method: str = "GET", path: str = PATH, query: str = QUERY) -> Asked:
    return Asked(method, path, query, {name.lower(): [value] for name, value in headers.items()})


def signed(nonce: bytes = bytes(NONCE_BYTES), **changes: object) -> dict[str, str]:
    given = {"key": KEY, "target": f"{PATH}?{QUERY}", "to": KR, "now": NOW, "nonce": nonce} | changes
    return sign_request(**given)  # type: ignore[arg-type]


def test_a_listed_node_is_let_in_once():
    door = gate()
    assert door.admit(asked(signed()), NOW) == UK
    with pytest.raises(RequestUnsigned):
        door.admit(asked(signed()), NOW)
    assert door.admit(asked(signed(bytes(15) + b"\1")), NOW) == UK


@pytest.mark.parametrize("late_s", [-WINDOW_S - 1, WINDOW_S + 1])
def test_the_clocks_may_differ_by_five_minutes(late_s: int):
    edge = late_s - (1 if late_s > 0 else -1)
    assert gate().admit(asked(signed()), NOW + edge) == UK
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(signed()), NOW + late_s)


CHANGES = {
    "another method": {"method": "PUT"},
    "another path": {"path": "/shared/statements/00"},
    "another query": {"query": "after=8"},
    "no query": {"query": ""},
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_covered_cannot_be_changed(case: str):
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(signed(), **CHANGES[case]), NOW)


def test_a_request_to_one_node_is_worth_nothing_at_another():
    headers = signed(to=UK)
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(headers), NOW)
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(headers | {"haechi-to": KR}), NOW)


def test_strangers_are_told_apart_from_forgers():
    with pytest.raises(RequestUnlisted):
        gate().admit(asked(signed(key=STRANGER)), NOW)
    mine, theirs = signed(), signed(key=STRANGER)
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(mine | {"Signature": theirs["Signature"]}), NOW)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Signature-Input", "sig=", "sig1="),
        ("Signature-Input", '"@path" ', ""),
        ("Signature-Input", 'alg="ed25519"', 'alg="hmac-sha256"'),
        ("Signature-Input", 'tag="haechi-shared"', 'tag="other"'),
        ("Signature-Input", ";created", ";expires=1;created"),
        ("Signature-Input", '"haechi-shared"', '"haechi-shared", b=()'),
        ("Signature", "sig=:", "sig=:A"),
        ("Signature", "sig=:", "b=:AA==:, sig=:"),
    ],
)
def test_one_form_and_no_other(name: str, old: str, new: str):
    headers = signed()
    assert old in headers[name]
    with pytest.raises(RequestUnsigned):
        gate().admit(asked(headers | {name: headers[name].replace(old, new, 1)}), NOW)


@pytest.mark.parametrize("name", ["Signature-Input", "Signature", "haechi-to"])
def test_a_header_too_few_or_too_many_is_refused(name: str):
    good = asked(signed())
    for values in ([], [*good.headers[name.lower()]] * 2):
        with pytest.raises(RequestUnsigned):
            gate().admit(good._replace(headers={**good.headers, name.lower(): values}), NOW)


def test_any_changed_byte_of_the_signature_is_refused():
    headers = signed()
    raw = base64.b64decode(headers["Signature"][5:-1])
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        text = f"sig=:{base64.b64encode(changed).decode()}:"
        with pytest.raises(RequestUnsigned):
            gate().admit(asked(headers | {"Signature": text}), NOW)


def test_the_signature_base_is_that_of_the_standard():
    """RFC 9421, appendix B.2.6: its own Ed25519 key, message and signature."""
    private = base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    expected = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert Ed25519PrivateKey.from_private_bytes(private).sign(base) == base64.b64decode(expected)
