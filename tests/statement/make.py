"""Keys, statements and forgeries for the tests of this room. Keys come from fixed seeds."""

from collections.abc import Iterator
from functools import cache

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

from haechi.facts import Facts, load
from haechi.statement.claims import AnyKind, encode_claim, kind_of
from haechi.statement.envelope import About, Statement, sign_statement
from haechi.statement.keys import Family, SigningKey
from haechi.statement.sign1 import encode_sign1, sig_structure

NOW = 1_790_000_000
SUBJECT = "urn:example:studio"
FACTS: Facts = load()


@cache
def key(family: Family = Family.ED25519, seed: int = 1) -> SigningKey:
    """The same key for the same family and seed."""
    raw = seed.to_bytes(32, "big")
    match family:
        case Family.ED25519:
            return SigningKey(family, ed25519.Ed25519PrivateKey.from_private_bytes(raw))
        case Family.ES256:
            return SigningKey(family, ec.derive_private_key(seed + (1 << 200), ec.SECP256R1()))
        case Family.ML_DSA_44:
            return SigningKey(family, mldsa.MLDSA44PrivateKey.from_seed_bytes(raw))
        case Family.ML_DSA_65:
            return SigningKey(family, mldsa.MLDSA65PrivateKey.from_seed_bytes(raw))


def about(kind: str = "withdraw", **changes: object) -> About:
    fields: dict[str, object] = {
        "issuer": "company.example",
        "subject": SUBJECT,
        "issued_at": NOW,
        "kind": kind,
    }
    return About(**(fields | changes))  # type: ignore[arg-type]  # tests hand in wrong types on purpose


def example_payload(kind: AnyKind) -> bytes:
    return encode_claim(kind, kind.example(), FACTS)


def example(kind: str = "withdraw", signer: SigningKey | None = None) -> Statement:
    """The kind's example, signed."""
    return sign_statement(signer or key(), about(kind), example_payload(kind_of(kind)))


def header_of(statement: Statement) -> dict[object, object]:
    """The protected header as a plain map, to be changed and signed again by `forged`."""
    return cbor2.loads(statement.envelope.protected_raw)


def forged(header: object, payload: bytes, signer: SigningKey | None = None) -> bytes:
    """An envelope that its key really signed, with whatever header; cbor2 keeps the order of keys."""
    raw = header if isinstance(header, bytes) else cbor2.dumps(header)
    return encode_sign1(raw, {}, payload, (signer or key()).sign(sig_structure(raw, payload)))


def flips(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Every byte changed once in its lowest, its highest and all of its bits, with its position."""
    for at, byte in enumerate(raw):
        for pattern in (0x01, 0x80, 0xFF):
            yield at, raw[:at] + bytes((byte ^ pattern,)) + raw[at + 1 :]
