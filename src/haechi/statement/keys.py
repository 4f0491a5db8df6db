"""Keys for statements and receipts: made, stored, shown as thumbprints, bound to their algorithms.

    BadInput
    └── KeyMalformed      not a key we take, or an algorithm that does not fit the key
    Refused
    └── KeyLocked         the key file needs another passphrase

A key of one family verifies only under that family's algorithm numbers, so an attacker cannot choose
the algorithm. Thumbprints are COSE Key Thumbprints (RFC 9679) with SHA-256, shown as lower-case hex.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from haechi.errors import BadInput, Refused
from haechi.statement import cbor
from haechi.statement import ed25519 as strict
from haechi.statement.sentence import Sentence, reason_of
from haechi.words import Text

_COORDINATE = 32  # bytes of a P-256 coordinate
_P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_ECDSA = ec.ECDSA(hashes.SHA256())
_MAX_KEY_BYTES = 4096


class Family(StrEnum):
    """The kinds of key taken: Ed25519 signs by default, ES256 receipts, ML-DSA for the years to come."""

    ED25519 = "Ed25519"
    ES256 = "ES256"
    ML_DSA_44 = "ML-DSA-44"
    ML_DSA_65 = "ML-DSA-65"


# RFC 9864 made -19 and -9 of -8 and -7; makers still send both. RFC 9964 numbers ML-DSA.
ALGS: dict[Family, tuple[int, ...]] = {
    Family.ED25519: (-19, -8),
    Family.ES256: (-9, -7),
    Family.ML_DSA_44: (-48,),
    Family.ML_DSA_65: (-49,),
}
# What we write: Ed25519 by its own number; ES256 as -7, which every receipt verifier knows.
SIGNING_ALG = {Family.ED25519: -19, Family.ES256: -7, Family.ML_DSA_44: -48, Family.ML_DSA_65: -49}
_AKP_SIZES = {Family.ML_DSA_44: 1312, Family.ML_DSA_65: 1952}

PrivateKey = (
    ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey
)


class KeyMalformed(BadInput):
    """Not a key that Haechi takes; facts: why."""

    code = "statement.key"
    what = Sentence("not an acceptable key: {why}", "사용할 수 없는 키입니다: {why}")
    hint = Text("make a key with `haechi key new`", "`haechi key new` 로 키를 만드세요")


class KeyLocked(Refused):
    """The private key is encrypted and the passphrase does not open it; facts: what_is, why."""

    code = "statement.key-locked"
    what = Sentence("the {what_is} is locked: {why}", "{what_is}이(가) 잠겨 있습니다: {why}")
    hint = Text(
        "give the passphrase in HAECHI_PASSPHRASE or at the prompt; for a key that has none, unset it",
        "HAECHI_PASSPHRASE 나 입력 창에 암호 문구를 넣고, 암호 문구가 없는 키라면 변수를 지우세요",
    )


@dataclass(frozen=True)
class PublicKey:
    """A public key of one family. `raw`: 32 bytes Ed25519, 64 bytes P-256 x‖y, or the ML-DSA key."""

    family: Family
    raw: bytes

    @cached_property
    def thumbprint(self) -> bytes:
        """32 bytes: SHA-256 over the required members of the COSE key (RFC 9679 section 4)."""
        return hashlib.sha256(self.cose_key).digest()

    @cached_property
    def cose_key(self) -> bytes:
        """The COSE_Key with its required members only, deterministically encoded (RFC 9052 section 7)."""
        if self.family is Family.ED25519:
            return cbor.encode({1: 1, -1: 6, -2: self.raw})
        if self.family is Family.ES256:
            return cbor.encode({1: 2, -1: 1, -2: self.raw[:_COORDINATE], -3: self.raw[_COORDINATE:]})
        return cbor.encode({1: 7, 3: ALGS[self.family][0], -1: self.raw})

    def verifies(self, alg: int, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message`; False too when `alg` is not of the family."""
        if alg not in ALGS[self.family]:
            return False
        if self.family is Family.ED25519:
            return strict.verify(self.raw, signature, message)
        try:
            if self.family is Family.ES256:
                self._verify_es256(signature, message)
            else:
                self._ml_dsa.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify_es256(self, signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * _COORDINATE:
            raise InvalidSignature
        r = int.from_bytes(signature[:_COORDINATE], "big")
        s = int.from_bytes(signature[_COORDINATE:], "big")
        self._p256.verify(encode_dss_signature(r, s), message, _ECDSA)

    def loaded(
        self,
    ) -> (
        ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey
    ):
        """The key as the cryptography library has it."""
        if self.family is Family.ED25519:
            return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)
        return self._p256 if self.family is Family.ES256 else self._ml_dsa

    @cached_property
    def _p256(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.raw)

    @cached_property
    def _ml_dsa(self) -> mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey:
        if self.family is Family.ML_DSA_44:
            return mldsa.MLDSA44PublicKey.from_public_bytes(self.raw)
        return mldsa.MLDSA65PublicKey.from_public_bytes(self.raw)

    @classmethod
    def from_raw(cls, family: Family, raw: bytes) -> "PublicKey":
        """A checked key from its raw bytes; raises KeyMalformed for weak or misencoded points."""
        key = cls(family, raw)
        try:
            if family is Family.ED25519:
                strict.check_public_key(raw)
            elif family is Family.ES256:
                _require_size(family, raw, 2 * _COORDINATE)
                _ = key._p256
            else:
                _require_size(family, raw, _AKP_SIZES[family])
                _ = key._ml_dsa
        except strict.WeakPublicKey as error:
            raise KeyMalformed(why=reason_of(error)) from error
        except ValueError as error:
            why = Text(f"not a valid {family} key", f"올바른 {family} 키가 아님")
            raise KeyMalformed(why=why) from error
        return key

    @classmethod
    def from_cose(cls, raw: bytes) -> "PublicKey":
        """The key in a COSE_Key that holds its required members only, in deterministic encoding."""
        members = cbor.decode(raw, where="COSE key", max_bytes=_MAX_KEY_BYTES)
        if not isinstance(members, dict):
            raise KeyMalformed(why=Text("a COSE key is a map", "COSE 키는 맵이어야 함"))
        match cast("dict[object, object]", members):
            case {1: 1, -1: 6, -2: bytes(x)}:
                key = cls.from_raw(Family.ED25519, x)
            case {1: 2, -1: 1, -2: bytes(x), -3: bytes(y)}:
                key = cls.from_raw(Family.ES256, x + y)
            case {1: 7, 3: -48, -1: bytes(x)}:
                key = cls.from_raw(Family.ML_DSA_44, x)
            case {1: 7, 3: -49, -1: bytes(x)}:
                key = cls.from_raw(Family.ML_DSA_65, x)
            case _:
                raise KeyMalformed(why=_NOT_A_FAMILY)
        # Members too many, a coordinate of 31 bytes beside one of 33, `true` for 1: all end here.
        if key.cose_key != raw:
            raise KeyMalformed(
                why=Text("a COSE key here has its required members only", "COSE 키에는 필수 항목만 있어야 함")
            )
        return key


def _require_size(family: Family, raw: bytes, size: int) -> None:
    if len(raw) != size:
        raise KeyMalformed(
            why=Text(
                f"an {family} key has {size} bytes, not {len(raw)}",
                f"{family} 키는 {len(raw)}바이트가 아니라 {size}바이트임",
            )
        )


def is_low_s(signature: bytes) -> bool:
    """Whether an ES256 signature (r‖s) is 64 bytes and s is the lower of the two values that verify."""
    return (
        len(signature) == 2 * _COORDINATE
        and int.from_bytes(signature[_COORDINATE:], "big") <= _P256_ORDER // 2
    )


def low_s(signature: bytes) -> bytes:
    """The same ES256 signature (r‖s) with s the lower of its two values: one signature has one form."""
    s = int.from_bytes(signature[_COORDINATE:], "big")
    return signature[:_COORDINATE] + min(s, _P256_ORDER - s).to_bytes(_COORDINATE, "big")


@lru_cache(maxsize=1024)  # strangers fill this: an ML-DSA-65 key weighs 8 KB
def key_from_cose(raw: bytes) -> PublicKey:
    """`PublicKey.from_cose`, remembered: a log sees the same few keys again and again."""
    return PublicKey.from_cose(raw)


@dataclass(frozen=True)
class SigningKey:
    """A private key that signs statements or receipts. Its repr never shows the secret."""

    family: Family
    private: PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.family}, {self.public.thumbprint.hex()[:16]})"

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            return PublicKey(
                self.family, b"".join(n.to_bytes(_COORDINATE, "big") for n in (numbers.x, numbers.y))
            )
        return PublicKey(self.family, public.public_bytes_raw())

    @property
    def alg(self) -> int:
        """The COSE algorithm number this key signs with."""
        return SIGNING_ALG[self.family]

    def sign(self, message: bytes) -> bytes:
        """The signature in COSE form (ES256: r‖s, 64 bytes, s the lower of its two values)."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.private.sign(message, _ECDSA))
            return r.to_bytes(_COORDINATE) + min(s, _P256_ORDER - s).to_bytes(_COORDINATE)
        return self.private.sign(message)

    @classmethod
    def generate(cls, family: Family = Family.ED25519) -> "SigningKey":
        """A fresh key from the operating system's randomness."""
        if family is Family.ED25519:
            return cls(family, ed25519.Ed25519PrivateKey.generate())
        if family is Family.ES256:
            return cls(family, ec.generate_private_key(ec.SECP256R1()))
        if family is Family.ML_DSA_44:
            return cls(family, mldsa.MLDSA44PrivateKey.generate())
        return cls(family, mldsa.MLDSA65PrivateKey.generate())

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """PKCS #8 PEM, encrypted when a passphrase is given (see `pkcs8.py`)."""
        from haechi.statement.pkcs8 import private_pem

        return private_pem(self.private, passphrase)

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> "SigningKey":
        """The key in a PKCS #8 PEM; raises KeyLocked for a wrong passphrase, KeyMalformed otherwise."""
        from cryptography.hazmat.primitives import serialization

        try:
            private = serialization.load_pem_private_key(pem, passphrase)
        except TypeError as error:  # a passphrase is missing, or given for a key that has none
            needed = b"ENCRYPTED" in pem
            why = _PASSPHRASE_MISSING if needed else _PASSPHRASE_NEEDLESS
            raise KeyLocked(what_is=_PRIVATE_KEY, why=why) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            if b"ENCRYPTED" in pem:
                raise KeyLocked(what_is=_PRIVATE_KEY, why=_PASSPHRASE_WRONG) from error
            raise KeyMalformed(why=_NOT_A_PEM) from error
        for family, kind in _PRIVATE_TYPES.items():
            if isinstance(private, kind):
                if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name != "secp256r1":
                    break
                return cls(family, private)
        raise KeyMalformed(why=_NOT_A_FAMILY)


_NOT_A_FAMILY = Text(
    "the key type is not Ed25519, P-256, ML-DSA-44 or ML-DSA-65",
    "키 종류가 Ed25519, P-256, ML-DSA-44, ML-DSA-65 중 하나가 아님",
)
_PRIVATE_KEY = Text("private key", "개인 키")
_NOT_A_PEM = Text("not a PKCS #8 PEM private key", "PKCS #8 PEM 개인 키가 아님")
_PASSPHRASE_MISSING = Text("it needs a passphrase", "암호 문구가 필요함")
_PASSPHRASE_NEEDLESS = Text(
    "a passphrase was given, and it has none", "암호 문구 없는 키에 암호 문구가 주어짐"
)
_PASSPHRASE_WRONG = Text("the passphrase does not open it", "암호 문구가 맞지 않음")

_PRIVATE_TYPES: dict[
    Family,
    type[ed25519.Ed25519PrivateKey]
    | type[ec.EllipticCurvePrivateKey]
    | type[mldsa.MLDSA44PrivateKey]
    | type[mldsa.MLDSA65PrivateKey],
] = {
    Family.ED25519: ed25519.Ed25519PrivateKey,
    Family.ES256: ec.EllipticCurvePrivateKey,
    Family.ML_DSA_44: mldsa.MLDSA44PrivateKey,
    Family.ML_DSA_65: mldsa.MLDSA65PrivateKey,
}
