"""Pins hold what an operator was told over another channel, and refuse everything else."""

import base64
import json
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haechi.errors import HaechiError, TooLarge
from haechi.findings import Verdict
from haechi.log.checkpoint import CheckpointSigner
from haechi.network.card import MAX_CARD_BYTES, CardInvalid, FormerKeys, Label, NodeCard, encode_key
from haechi.network.durable import DiskRefused
from haechi.network.pins import (
    MAX_PINS_BYTES,
    AlreadyPinned,
    FingerprintDiffers,
    IssuerUnpinned,
    NodeUnpinned,
    PinnedIssuer,
    Pins,
    PinsInvalid,
)
from haechi.statement.keys import Family, KeyMalformed, SigningKey
from haechi.statement.seal_keys import SealKey


def make_card(origin: str = "kr.example/log") -> NodeCard:
    signer = CheckpointSigner(origin, Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())
    return NodeCard(
        origin=origin,
        name=Label(en="Korea", ko="한국"),
        role="institute",
        country="KR",
        url="https://kr.example",
        vkeys=tuple(key.vkey for key in signer.keys),
        receipt_keys=(encode_key(SigningKey.generate(Family.ES256).public),),
        issuer="aisi.kr.example",
        issuer_keys=(encode_key(SigningKey.generate().public),),
    )


CARD = make_card()
OTHER = make_card("uk.example/log")
ISSUER = PinnedIssuer(issuer="company.example", name=Label(en="Company", ko="회사"), keys=("ab" * 32,))
PINS = Pins().add(CARD, CARD.fingerprint()).add_issuer(ISSUER)


def replaced(card: NodeCard, **fields: object) -> NodeCard:
    return msgspec.structs.replace(card, **fields)


def altered(raw: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(raw), **fields}).encode()


def test_pins_survive_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    assert Pins.load(path) == Pins()
    PINS.save(path)
    assert Pins.load(path) == PINS
    assert path.stat().st_mode & 0o777 == 0o600
    Pins().save(path)
    assert Pins.load(path) == Pins()
    assert [entry.name for entry in tmp_path.iterdir()] == ["pins.json"]


def test_a_failed_save_leaves_the_old_pins(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    path.mkdir()  # a rename over a folder fails after everything was written
    with pytest.raises(DiskRefused):
        PINS.save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pins.json"]


def test_pinned_keys_are_found_by_origin_and_issuer() -> None:
    assert [key.vkey for key in PINS.log_keys(CARD.origin)] == list(CARD.vkeys)
    assert [encode_key(key) for key in PINS.receipt_keys(CARD.origin)] == list(CARD.receipt_keys)
    assert PINS.speaks_for("company.example") == {bytes.fromhex("ab" * 32)}
    assert PINS.speaks_for("aisi.kr.example") == {key.thumbprint for key in CARD.issuer_public_keys()}
    assert PINS.speaks_for("nobody.example") == frozenset()
    with pytest.raises(NodeUnpinned):
        PINS.log_keys("uk.example/log")
    with pytest.raises(IssuerUnpinned):
        PINS.issuer("nobody.example")


def test_the_fingerprint_covers_everything_but_the_address() -> None:
    assert replaced(CARD, url="https://elsewhere.example").fingerprint() == CARD.fingerprint()
    changes: dict[str, object] = {
        "origin": "kr.example/log2",
        "name": Label(en="Korea", ko="대한민국"),
        "role": "company",
        "country": "UK",
        "vkeys": CARD.vkeys[:1],
        "receipt_keys": OTHER.receipt_keys,
        "issuer": "x",
        "issuer_keys": (),
        "witness_vkeys": OTHER.vkeys[:1],
        "mirror_vkeys": OTHER.vkeys[:1],
        "http_keys": OTHER.issuer_keys,
        "encryption_keys": (base64.b64encode(SealKey.generate().public.cose_key).decode(),),
        "former": (FormerKeys(vkeys=OTHER.vkeys, receipt_keys=OTHER.receipt_keys, until=9),),
    }
    assert set(changes) == set(CARD.__struct_fields__) - {"schema", "url"}
    prints = {replaced(CARD, **{field: value}).fingerprint() for field, value in changes.items()}
    assert len(prints | {CARD.fingerprint()}) == len(changes) + 1


def test_a_fingerprint_may_be_typed_as_it_was_read_out() -> None:
    told = " ".join(CARD.fingerprint()[at : at + 8].upper() for at in range(0, 64, 8))
    assert Pins().add(CARD, told).nodes == (CARD,)


def test_another_fingerprint_is_refused_with_both_values() -> None:
    told = "0" * 64
    with pytest.raises(FingerprintDiffers) as refusal:
        Pins().add(CARD, told)
    assert refusal.value.facts == {"origin": CARD.origin, "expected": told, "got": CARD.fingerprint()}


PARTS = {"none": "", "zeros": "0" * 63, "short": CARD.fingerprint()[:-1], "long": CARD.fingerprint() + "0"}


@pytest.mark.parametrize("told", PARTS.values(), ids=PARTS)
def test_part_of_a_fingerprint_is_not_enough(told: str) -> None:
    with pytest.raises(FingerprintDiffers):
        Pins().add(CARD, told)


def test_an_origin_is_pinned_once() -> None:
    again = replaced(OTHER, origin=CARD.origin, vkeys=make_card().vkeys)
    with pytest.raises(AlreadyPinned, match=CARD.origin):
        PINS.add(again, again.fingerprint())


def test_two_nodes_share_no_key() -> None:
    signer = CheckpointSigner("uk.example/log", Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())
    fresh = replaced(OTHER, vkeys=tuple(key.vkey for key in signer.keys))
    assert PINS.add(fresh, fresh.fingerprint()).node(fresh.origin) == fresh
    shared = replaced(fresh, receipt_keys=CARD.receipt_keys)
    with pytest.raises(AlreadyPinned, match="key"):
        PINS.add(shared, shared.fingerprint())


def test_an_issuer_is_pinned_once() -> None:
    with pytest.raises(AlreadyPinned):
        PINS.add_issuer(ISSUER)
    twice = PinnedIssuer(issuer="b", name=ISSUER.name, keys=("ab" * 32, "ab" * 32))
    with pytest.raises(AlreadyPinned):
        PINS.add_issuer(twice)


def test_pins_can_be_taken_back() -> None:
    assert PINS.without(CARD.origin).without_issuer("company.example") == Pins()
    with pytest.raises(NodeUnpinned):
        PINS.without("uk.example/log")
    with pytest.raises(IssuerUnpinned):
        PINS.without_issuer("nobody.example")


def test_a_card_survives_json() -> None:
    assert NodeCard.from_json(CARD.to_json()) == CARD


BAD_FIELDS: dict[str, dict[str, object]] = {
    "schema": {"schema": "haechi.node/2"},
    "unknown-field": {"note": "x"},
    "origin-scheme": {"origin": "https://kr.example/log"},
    "origin-upper": {"origin": "KR.example/log"},
    "country": {"country": "KOR"},
    "role": {"role": "king"},
    "url": {"url": "ftp://kr.example"},
    "url-control": {"url": "https://kr.example/\u001b[2J"},
    "name-one-language": {"name": {"en": "Korea"}},
    "name-bidi": {"name": {"en": "Korea\u202e", "ko": "한국"}},
    "no-vkeys": {"vkeys": []},
    "vkey-of-another-origin": {"vkeys": list(OTHER.vkeys)},
    "vkey-twice": {"vkeys": [CARD.vkeys[0], CARD.vkeys[0]]},
    "vkey-late-only": {"vkeys": [CARD.vkeys[1]]},
    "vkey-garbage": {"vkeys": ["kr.example/log+00000000+AAAA"]},
    "no-receipt-keys": {"receipt_keys": []},
    "receipt-key-twice": {"receipt_keys": [CARD.receipt_keys[0]] * 2},
    "receipt-key-not-base64": {"receipt_keys": ["*"]},
    "receipt-key-loose-base64": {"receipt_keys": [CARD.receipt_keys[0] + "\n"]},
    "receipt-key-not-cose": {"receipt_keys": ["AAAA"]},
    "issuer-empty": {"issuer": ""},
}


@pytest.mark.parametrize("fields", BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_a_card_with_one_wrong_field_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(HaechiError):
        NodeCard.from_json(altered(CARD.to_json(), **fields))


def test_weak_keys_are_refused_even_with_the_right_fingerprint() -> None:
    weak = "a3010120062158" + "20" + "00" * 32  # the all-zero Ed25519 key
    text = msgspec.json.decode(msgspec.json.encode(bytes.fromhex(weak)))
    card = replaced(CARD, receipt_keys=(text,))
    with pytest.raises(KeyMalformed):
        Pins().add(card, card.fingerprint())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema":"haechi.pins/2"}',
        b'{"schema":"haechi.pins/1","nodes":[],"nodes":[]}',
        b'{"schema":"haechi.pins/1","extra":NaN}',
        b"[" * 100_000,
        altered(msgspec.json.encode(PINS), issuers=[{**msgspec.to_builtins(ISSUER), "keys": ["AB" * 32]}]),
        altered(msgspec.json.encode(PINS), issuers=[msgspec.to_builtins(ISSUER)] * 2),
        altered(msgspec.json.encode(PINS), nodes=[msgspec.to_builtins(CARD)] * 2),
    ],
    ids=[
        "empty",
        "list",
        "bytes",
        "schema",
        "name-twice",
        "nan",
        "deep",
        "thumbprint",
        "issuer-twice",
        "node-twice",
    ],
)
def test_a_pins_file_with_one_fault_is_refused(raw: bytes) -> None:
    with pytest.raises((PinsInvalid, AlreadyPinned)):
        Pins.from_json(raw)


def test_bounds_come_before_reading(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        NodeCard.from_json(b" " * (MAX_CARD_BYTES + 1))
    (tmp_path / "pins.json").write_bytes(b" " * (MAX_PINS_BYTES + 1))
    with pytest.raises(TooLarge):
        Pins.load(tmp_path / "pins.json")


def test_a_shown_card_is_compared_with_the_pin() -> None:
    moved = replaced(CARD, url="http://127.0.0.1:8470")
    changed = replaced(CARD, receipt_keys=OTHER.receipt_keys)
    findings = [PINS.check_card(card) for card in (moved, changed, OTHER)]
    assert [finding.code for finding in findings] == [
        "network.pin.matches",
        "network.pin.differs",
        "network.pin.unpinned",
    ]
    assert [finding.verdict for finding in findings] == [Verdict.HOLDS, Verdict.FAILS, Verdict.UNDECIDED]
    assert CARD.fingerprint() in findings[1].say("ko")


def test_a_card_is_checked_however_it_was_made() -> None:
    card = replaced(CARD, url="ftp://x")
    with pytest.raises(CardInvalid):
        Pins().add(card, card.fingerprint())
