"""Keys that content is encrypted to: X25519 for HPKE (RFC 9180), on disk like every other key.

    BadInput
    └── RecipientMalformed    not a key to encrypt to

They sign nothing, and a signing key opens nothing: two duties never share a key. A public half is written as
`x25519:` and 43 characters, short enough to be told over the telephone and compared.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from haechi.errors import BadInput
from haechi.statement import cbor
from haechi.statement.keys import KeyLocked, KeyMalformed
from haechi.words import Text

PREFIX = "x25519:"
_TEXT = re.compile(r"x25519:([A-Za-z0-9_-]{43})\Z")
_P = 2**255 - 19
_PROBE = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"haechi probe of a public key").digest())


class RecipientMalformed(BadInput):
    """Not a key that content can be encrypted to; facts: got."""

    code = "statement.recipient"
    what = Text(
        "not a key to encrypt to: {got!r}",
        "암호화에 쓸 수 있는 키가 아닙니다: {got!r}",
    )
    hint = Text(
        "ask the recipient for the line that `haechi key new NAME --for encryption` printed (x25519:…)",
        "받는 쪽에 `haechi key new NAME --for encryption` 이 출력한 줄(x25519:…)을 요청하세요",
    )


@dataclass(frozen=True)
class Recipient:
    """The public half: 32 bytes of a point that is canonical and not of small order."""

    raw: bytes

    @classmethod
    def from_raw(cls, raw: bytes) -> "Recipient":
        """The checked key; raises RecipientMalformed."""
        if len(raw) != 32 or int.from_bytes(raw, "little") >= _P:
            raise RecipientMalformed(got=raw.hex()[:80])
        try:
            # A point of small order gives a shared secret that everybody knows; the library refuses it.
            _PROBE.exchange(X25519PublicKey.from_public_bytes(raw))
        except ValueError as error:
            raise RecipientMalformed(got=raw.hex()) from error
        return cls(raw)

    @classmethod
    def from_text(cls, text: str) -> "Recipient":
        """The key written as `x25519:…`; raises RecipientMalformed."""
        found = _TEXT.match(text)
        raw = base64.urlsafe_b64decode(f"{found[1]}=") if found else b""
        if found is None or _base64url(raw) != found[1]:
            raise RecipientMalformed(got=text[:80])
        return cls.from_raw(raw)

    @classmethod
    def from_cose(cls, raw: bytes) -> "Recipient":
        """The key in a COSE_Key with its required members only (OKP, X25519); raises RecipientMalformed."""
        members = cbor.decode(raw, where="COSE key", max_bytes=256)
        match cast("dict[object, object]", members) if isinstance(members, dict) else {}:
            case {1: 1, -1: 4, -2: bytes(x)}:
                key = cls.from_raw(x)
            case _:
                raise RecipientMalformed(got=raw.hex()[:80])
        if key.cose_key != raw:
            raise RecipientMalformed(got=raw.hex()[:80])
        return key

    @property
    def text(self) -> str:
        """As people hand it on: `x25519:` and base64url."""
        return PREFIX + _base64url(self.raw)

    @cached_property
    def cose_key(self) -> bytes:
        """The COSE_Key with its required members only."""
        return cbor.encode({1: 1, -1: 4, -2: self.raw})

    @cached_property
    def thumbprint(self) -> bytes:
        """32 bytes: the COSE key thumbprint (RFC 9679)."""
        return hashlib.sha256(self.cose_key).digest()

    @cached_property
    def point(self) -> X25519PublicKey:
        """The key as the library takes it."""
        return X25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True)
class SealKey:
    """The private half. Its repr never shows the secret."""

    private: X25519PrivateKey

    def __repr__(self) -> str:
        return f"SealKey({self.public.thumbprint.hex()[:16]})"

    @cached_property
    def public(self) -> Recipient:
        """The public half."""
        return Recipient(self.private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "SealKey":
        """A fresh key from the operating system's randomness."""
        return cls(X25519PrivateKey.generate())

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """PKCS #8 PEM, encrypted when a passphrase is given (see `pkcs8.py`)."""
        from haechi.statement.pkcs8 import private_pem

        return private_pem(self.private, passphrase)

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> "SealKey":
        """The key in a PKCS #8 PEM; raises KeyLocked for a wrong passphrase, KeyMalformed otherwise."""
        from cryptography.hazmat.primitives import serialization

        encrypted = b"ENCRYPTED" in pem
        try:
            private = serialization.load_pem_private_key(pem, passphrase if encrypted else None)
        except TypeError as error:
            raise KeyLocked(what_is=_PRIVATE, why=_MISSING) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            if encrypted:
                raise KeyLocked(what_is=_PRIVATE, why=_WRONG) from error
            raise KeyMalformed(why=_NOT_A_PEM) from error
        if not isinstance(private, X25519PrivateKey):
            raise KeyMalformed(why=_NOT_FOR_IT)
        return cls(private)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_PRIVATE = Text("private key", "개인 키")
_MISSING = Text("it needs a passphrase", "암호 문구가 필요함")
_WRONG = Text("the passphrase does not open it", "암호 문구가 맞지 않음")
_NOT_A_PEM = Text("not a PKCS #8 PEM private key", "PKCS #8 PEM 개인 키가 아님")
_NOT_FOR_IT = Text(
    "it is not an encryption key (X25519); make one with `haechi key new NAME --for encryption`",
    "암호화 키(X25519)가 아님. `haechi key new NAME --for encryption` 으로 만드세요",
)
