"""Encrypted private keys as PKCS #8 files that other tools open, with enough rounds of PBKDF2.

The library's own writer stops at 2048 rounds, which a graphics card tries a million times a second. The file
is the ordinary one: EncryptedPrivateKeyInfo with PBES2, PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018
sections 6.2 and A). Reading it back is the library's business.
"""

import base64
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

ROUNDS = 600_000  # a fifth of a second for the owner; OWASP's figure for PBKDF2 with SHA-256

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA_256 = bytes.fromhex("06082a864886f70d02090500")  # with its NULL parameters
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def private_pem(private: "PrivateKeyTypes", passphrase: bytes | None) -> bytes:
    """The PKCS #8 PEM of a private key, encrypted when a passphrase is given."""
    # Key files take ciphers, SSH formats and more: 50 ms of imports that no verification needs.
    from cryptography.hazmat.primitives import serialization

    der_or_pem = serialization.Encoding.DER if passphrase else serialization.Encoding.PEM
    plain = private.private_bytes(der_or_pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return encrypted_pem(plain, passphrase) if passphrase else plain


def encrypted_pem(private_key_info: bytes, passphrase: bytes, *, rounds: int = ROUNDS) -> bytes:
    """The PEM of a DER PrivateKeyInfo, encrypted under `passphrase` with fresh salt."""
    salt, vector = os.urandom(16), os.urandom(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, rounds).derive(passphrase)
    padder = PKCS7(128).padder()
    padded = padder.update(private_key_info) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(padded) + encryptor.finalize()
    derivation = _der(_SEQUENCE, _PBKDF2, _derivation_parameters(salt, rounds))
    scheme = _der(_SEQUENCE, derivation, _der(_SEQUENCE, _AES_256_CBC, _der(_OCTETS, vector)))
    algorithm = _der(_SEQUENCE, _PBES2, scheme)
    return _pem(_der(_SEQUENCE, algorithm, _der(_OCTETS, sealed)))


def _derivation_parameters(salt: bytes, rounds: int) -> bytes:
    number = rounds.to_bytes(rounds.bit_length() // 8 + 1, "big")
    return _der(_SEQUENCE, _der(_OCTETS, salt), _der(_INTEGER, number), _der(_SEQUENCE, _HMAC_SHA_256))


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join(
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, b"-----END ENCRYPTED PRIVATE KEY-----", b"")
    )
